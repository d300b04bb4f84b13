//! ARNs: `arn:PARTITION:states:REGION:ACCOUNT:…`, taken apart and put together.

/// Whose resources these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// `aws`, `aws-cn`, …
    pub partition: String,
    /// `us-east-1`, …
    pub region: String,
    /// Twelve digits.
    pub account: String,
}
