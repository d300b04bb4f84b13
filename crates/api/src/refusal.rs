//! Why a request goes no further than the door.

use engine::Rejection;

/// A refusal at the door. The two kinds differ in the namespace of `__type`: the framework around
/// the service refuses what breaks the model, the service itself what breaks its own rules.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The body is not JSON, or not of the right types.
    Serialization(String),
    /// Constraints of the model are broken; each in its own words, at least one.
    Constraints(Vec<String>),
    /// A rule of the service.
    Rejected(Rejection),
}

impl From<Rejection> for Refusal {
    fn from(rejection: Rejection) -> Refusal {
        Refusal::Rejected(rejection)
    }
}
