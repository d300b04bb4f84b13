//! Names as AWS's SDK for Java, version 2, makes them of those in models: Step Functions speaks to other
//! services through it, and shows its names to definitions.
//!
//! Source: the naming strategy of the SDK's code generator, known by its published results:
//! `DynamoDbException`, `DbInstanceNotFoundException`, `dbClusterIdentifier`, `eTag`.

/// `DynamoDb` of `DynamoDB`, `SecretsManager` of `Secrets Manager`, `SesV2` of `SESv2`.
pub(crate) fn class(name: &str) -> String {
    let mut class = String::with_capacity(name.len());
    for word in words(name) {
        let mut letters = word.chars();
        class.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        class.extend(letters.map(|letter| letter.to_ascii_lowercase()));
    }
    class
}

/// `QueueDoesNotExistException` of `QueueDoesNotExist`, `DbInstanceNotFoundException` of
/// `DBInstanceNotFoundFault`.
pub(crate) fn exception(shape: &str) -> String {
    if let Some(base) = shape.strip_suffix("Fault").filter(|base| !base.is_empty()) {
        return class(base) + "Exception";
    }
    let class = class(shape);
    match class.ends_with("Exception") {
        true => class,
        false => class + "Exception",
    }
}

/// A member as definitions spell it: `DbClusterIdentifier` of `DBClusterIdentifier`, `ClusterArn` of
/// `clusterArn`, `ETag` of `ETag`.
///
/// The SDK puts the capitals at the beginning into small letters, but for one that begins a word; Step
/// Functions then begins with a capital.
pub(crate) fn member(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let is = |at: usize, test: fn(&char) -> bool| letters.get(at).is_some_and(test);
    let mut small = 1;
    while is(small, char::is_ascii_uppercase) && !is(small + 1, char::is_ascii_lowercase) {
        small += 1;
    }
    let mut member = String::with_capacity(name.len());
    for (at, letter) in letters.into_iter().enumerate() {
        member.push(match at {
            0 => letter.to_ascii_uppercase(),
            _ if at < small => letter.to_ascii_lowercase(),
            _ => letter,
        });
    }
    member
}

/// With a capital first and nothing else changed, as version 1 of the SDK has it.
pub(crate) fn capital(name: &str) -> String {
    let mut letters = name.chars();
    let first = letters.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// Splits at everything but letters and digits, before a capital that follows a small letter, before the
/// last of several capitals that a small letter follows, after digits, and before the `v` of a version.
fn words(name: &str) -> Vec<String> {
    let letters: Vec<char> = name.chars().collect();
    let is = |place: Option<usize>, test: fn(&char) -> bool| {
        place.and_then(|place| letters.get(place)).is_some_and(test)
    };
    let not = |place: Option<usize>, test: fn(&char) -> bool| {
        place
            .and_then(|place| letters.get(place))
            .is_some_and(|letter| !test(letter))
    };
    // `v2` after two letters that are not small, `V2` after two that are no capitals.
    let is_version = |place: usize| {
        let other: fn(&char) -> bool = match letters.get(place) {
            Some('v') => char::is_ascii_lowercase,
            Some('V') => char::is_ascii_uppercase,
            _ => return false,
        };
        is(Some(place + 1), char::is_ascii_digit)
            && not(place.checked_sub(1), other)
            && not(place.checked_sub(2), other)
    };
    let mut words = vec![String::new()];
    for (place, &letter) in letters.iter().enumerate() {
        if !letter.is_ascii_alphanumeric() {
            words.push(String::new());
            continue;
        }
        let (before, after) = (place.checked_sub(1), Some(place + 1));
        let after_small =
            is(before, char::is_ascii_lowercase) && is(after, char::is_ascii_alphanumeric);
        let last_capital = is(before, char::is_ascii_uppercase)
            && is(after, char::is_ascii_lowercase)
            && !is_version(place + 1);
        let after_digits = letter.is_ascii_alphabetic() && is(before, char::is_ascii_digit);
        if letter.is_ascii_uppercase() && (after_small || last_capital)
            || after_digits
            || is_version(place)
        {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(letter);
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_have_the_names_of_their_clients() {
        for (id, expected) in [
            ("DynamoDB", "DynamoDb"),
            ("SQS", "Sqs"),
            ("SFN", "Sfn"),
            ("S3", "S3"),
            ("EC2", "Ec2"),
            ("CloudWatch Logs", "CloudWatchLogs"),
            ("Secrets Manager", "SecretsManager"),
            ("EventBridge", "EventBridge"),
            ("SESv2", "SesV2"),
            ("WAFV2", "Wafv2"),
            ("ApiGatewayV2", "ApiGatewayV2"),
            ("Elastic Load Balancing v2", "ElasticLoadBalancingV2"),
            ("Route 53", "Route53"),
            ("EMR containers", "EmrContainers"),
            ("IoT Data Plane", "IotDataPlane"),
            ("FSx", "FSx"),
            ("MediaConvert", "MediaConvert"),
        ] {
            assert_eq!(class(id), expected);
        }
    }

    #[test]
    fn exceptions_end_so() {
        for (shape, expected) in [
            ("NoSuchKey", "NoSuchKeyException"),
            ("QueueDoesNotExist", "QueueDoesNotExistException"),
            ("ResourceNotFoundException", "ResourceNotFoundException"),
            ("DBInstanceNotFoundFault", "DbInstanceNotFoundException"),
            ("KMSInternalException", "KmsInternalException"),
        ] {
            assert_eq!(exception(shape), expected);
        }
    }

    #[test]
    fn members_are_those_of_the_sdk_with_a_capital() {
        for (name, expected) in [
            ("DBClusterIdentifier", "DbClusterIdentifier"),
            ("clusterArn", "ClusterArn"),
            ("ETag", "ETag"),
            ("ACL", "Acl"),
            ("SSEKMSKeyId", "SsekmsKeyId"),
            ("ChecksumCRC32", "ChecksumCRC32"),
            ("MD5OfMessageBody", "Md5OfMessageBody"),
            ("S", "S"),
            ("NS", "Ns"),
            ("", ""),
        ] {
            assert_eq!(member(name), expected);
        }
        assert_eq!(capital("clusterArn"), "ClusterArn");
        assert_eq!(capital("MD5OfBody"), "MD5OfBody");
    }
}
