//! Whose template it is: the stack's name, the account and region it would be deployed to, and the
//! names that follow from them.

use sha2::{Digest, Sha256};

/// Characters of the part of a generated name that tells stacks and resources apart.
const HASH_CHARS: usize = 12;
/// Digits and capitals, as CloudFormation's own generated names have them.
const HASH_ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The stack as which a template is imported.
#[derive(Clone, Debug)]
pub(super) struct Stack {
    pub name: String,
    pub account: String,
    pub region: String,
}

impl Stack {
    /// `aws`, or the partition that the region lies in. Source: botocore, `partitions.json`.
    pub fn partition(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "aws-cn"
        } else if self.region.starts_with("us-gov-") {
            "aws-us-gov"
        } else {
            "aws"
        }
    }

    /// What host names end with in the region's partition.
    pub fn url_suffix(&self) -> &'static str {
        if self.region.starts_with("cn-") {
            "amazonaws.com.cn"
        } else {
            "amazonaws.com"
        }
    }

    /// `AWS::StackId`.
    pub fn id(&self) -> String {
        let Stack {
            name,
            account,
            region,
        } = self;
        let partition = self.partition();
        let hash = self.hash("AWS::StackId");
        format!("arn:{partition}:cloudformation:{region}:{account}:stack/{name}/{hash}")
    }

    /// The ARN of a resource of Step Functions.
    pub fn states_arn(&self, kind: &str, name: &str) -> String {
        let (partition, region, account) = (self.partition(), &self.region, &self.account);
        format!("arn:{partition}:states:{region}:{account}:{kind}:{name}")
    }

    /// The name of a resource that is given none: stack, logical id and a hash of both.
    ///
    /// CloudFormation draws its last part at random. This one must be found again by the next import,
    /// so it is a hash. A name that would be too long loses characters in the middle.
    pub fn generated_name(&self, logical: &str, chars_max: usize) -> String {
        let hash = self.hash(logical);
        let front = format!("{}-{logical}", self.name);
        let room = chars_max.saturating_sub(HASH_CHARS + 1);
        let front: String = front.chars().take(room).collect();
        format!("{front}-{hash}")
    }

    fn hash(&self, logical: &str) -> String {
        let digest = Sha256::digest(format!("{}/{logical}", self.name));
        let character = |byte: &u8| char::from(HASH_ALPHABET[usize::from(byte % 32)]);
        digest.iter().take(HASH_CHARS).map(character).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Stack;

    fn stack(region: &str) -> Stack {
        Stack {
            name: "shop".to_owned(),
            account: "000000000000".to_owned(),
            region: region.to_owned(),
        }
    }

    #[test]
    fn a_generated_name_is_found_again_and_fits() {
        let stack = stack("eu-west-1");
        let name = stack.generated_name("Order", 80);
        assert!(name.starts_with("shop-Order-"), "{name}");
        assert_eq!(name, stack.generated_name("Order", 80));
        assert_ne!(name, stack.generated_name("Orders", 80));
        let long = "L".repeat(200);
        assert_eq!(stack.generated_name(&long, 80).len(), 80);
        let longer = "L".repeat(201);
        assert_ne!(
            stack.generated_name(&long, 80),
            stack.generated_name(&longer, 80)
        );
    }

    #[test]
    fn a_region_lies_in_its_partition() {
        assert_eq!(
            stack("cn-north-1").states_arn("activity", "a"),
            "arn:aws-cn:states:cn-north-1:000000000000:activity:a"
        );
        assert_eq!(stack("us-gov-west-1").partition(), "aws-us-gov");
        assert_eq!(stack("us-east-1").url_suffix(), "amazonaws.com");
    }
}
