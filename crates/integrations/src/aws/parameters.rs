//! The parameters of a state, read as the input of an operation.
//!
//! Texts of what is refused: as users of AWS report them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;
use service_models::{Kind, Reference, Service, Shape};

use super::datum::Datum;
use super::moment::Moment;
use super::names;

/// Blobs that services give out as bytes nobody reads, so that definitions hand them on in base64. Every
/// other text is taken for the bytes themselves.
///
/// Which members AWS decodes is not published; these could not be used otherwise.
pub(super) const IN_BASE64: &[&str] = &[
    "B",
    "BS",
    "Bytes",
    "CiphertextBlob",
    "CiphertextForRecipient",
    "PublicKey",
    "SecretBinary",
    "Signature",
    "ZipFile",
];

/// Reads `given` as the operation's input. What does not fit is told all at once, as AWS does.
pub(super) fn read(
    service: &Service,
    input: Option<&Reference>,
    given: &Value,
) -> Result<Datum, Vec<String>> {
    let mut reader = Reader {
        service,
        problems: Vec::new(),
    };
    let datum = match (input, given) {
        (_, Value::Null) => Some(Datum::Structure(Vec::new())),
        (Some(input), Value::Object(_)) => reader.datum("Parameters", input, given),
        (None, Value::Object(members)) => {
            members.keys().for_each(|name| reader.unknown(name));
            Some(Datum::Structure(Vec::new()))
        }
        _ => reader.must_be("Parameters", "an OBJECT"),
    };
    match datum {
        Some(datum) if reader.problems.is_empty() => Ok(datum),
        _ => Err(reader.problems),
    }
}

struct Reader<'m> {
    service: &'m Service,
    problems: Vec<String>,
}

impl Reader<'_> {
    /// `name` is for people. `None` when a problem was noted.
    fn datum(&mut self, name: &str, reference: &Reference, given: &Value) -> Option<Datum> {
        let Some(shape) = self.service.shape(reference) else {
            return Some(Datum::Document(given.clone()));
        };
        if given.is_null() {
            return Some(Datum::Null);
        }
        if shape.document {
            return Some(Datum::Document(given.clone()));
        }
        match shape.kind {
            Kind::Structure => self.structure(name, shape, given),
            Kind::List => self.list(name, shape, given),
            Kind::Map => self.map(name, shape, given),
            Kind::String | Kind::Character => self.text(name, given),
            // Recorded from AWS: the body of an object is the parameter's JSON, quotes of a text included.
            Kind::Blob if reference.streaming || shape.streaming => {
                Some(Datum::Bytes(given.to_string().into_bytes()))
            }
            Kind::Blob => Some(Datum::Bytes(bytes(name, given))),
            Kind::Boolean => match given {
                Value::Bool(value) => Some(Datum::Boolean(*value)),
                _ => self.must_be(name, "a BOOLEAN"),
            },
            Kind::Timestamp => self.moment(name, given),
            Kind::Float | Kind::Double | Kind::BigDecimal => match given {
                Value::Number(number) => Some(Datum::Number(number.clone())),
                Value::String(text) if matches!(&**text, "NaN" | "Infinity" | "-Infinity") => {
                    Some(Datum::Text(text.clone()))
                }
                _ => self.must_be(name, "a NUMBER"),
            },
            Kind::Integer | Kind::Long | Kind::BigInteger => match given {
                Value::Number(number) => Some(Datum::Number(number.clone())),
                _ => self.must_be(name, "a NUMBER"),
            },
        }
    }

    fn structure(&mut self, name: &str, shape: &Shape, given: &Value) -> Option<Datum> {
        let Value::Object(given) = given else {
            return self.must_be(name, "an OBJECT");
        };
        let mut members = Vec::with_capacity(given.len());
        for (name, value) in given {
            let Some((member, reference)) = member_of(shape, name) else {
                self.unknown(name);
                continue;
            };
            // What is null is not given.
            if value.is_null() {
                continue;
            }
            if let Some(datum) = self.datum(name, reference, value) {
                members.push((member.to_owned(), datum));
            }
        }
        Some(Datum::Structure(members))
    }

    fn list(&mut self, name: &str, shape: &Shape, given: &Value) -> Option<Datum> {
        let (Value::Array(given), Some(member)) = (given, &shape.member) else {
            return self.must_be(name, "an ARRAY");
        };
        let items = given
            .iter()
            .filter_map(|value| self.datum(name, member, value));
        Some(Datum::List(items.collect()))
    }

    fn map(&mut self, name: &str, shape: &Shape, given: &Value) -> Option<Datum> {
        let (Value::Object(given), Some(reference)) = (given, &shape.value) else {
            return self.must_be(name, "an OBJECT");
        };
        let mut entries = Vec::with_capacity(given.len());
        for (key, value) in given {
            if let Some(datum) = self.datum(key, reference, value) {
                entries.push((key.clone(), datum));
            }
        }
        Some(Datum::Map(entries))
    }

    /// Objects and arrays become JSON texts, as AWS was seen to do with messages, bodies and inputs; not
    /// so in items of DynamoDB, which have types of their own.
    fn text(&mut self, name: &str, given: &Value) -> Option<Datum> {
        let is_item = self.service.metadata.service_id == "DynamoDB";
        match given {
            Value::String(text) => Some(Datum::Text(text.clone())),
            Value::Object(_) | Value::Array(_) if !is_item => Some(Datum::Text(given.to_string())),
            _ => self.must_be(name, "a STRING"),
        }
    }

    fn moment(&mut self, name: &str, given: &Value) -> Option<Datum> {
        let moment = match given {
            Value::String(text) => Moment::read(text),
            Value::Number(number) => number.as_f64().and_then(Moment::of_seconds),
            _ => None,
        };
        match moment {
            Some(moment) => Some(Datum::Moment(moment)),
            None => self.must_be(name, "a TIMESTAMP, such as 2024-01-31T12:00:00Z"),
        }
    }

    fn must_be(&mut self, name: &str, what: &str) -> Option<Datum> {
        let problem = format!("The value for the field '{name}' must be {what}");
        self.problems.push(problem);
        None
    }

    fn unknown(&mut self, name: &str) {
        let problem = format!("The field '{name}' is not supported by Step Functions");
        self.problems.push(problem);
    }
}

/// A member as definitions of either kind of integration spell it, or as the model does.
fn member_of<'m>(shape: &'m Shape, given: &str) -> Option<(&'m str, &'m Reference)> {
    if let Some((name, reference)) = shape.members.get_key_value(given) {
        return Some((name, reference));
    }
    let same = |name: &str| names::member(name) == given || names::capital(name) == given;
    let mut members = shape.members.iter();
    let (name, reference) = members.find(|(name, _)| same(name))?;
    Some((name, reference))
}

fn bytes(name: &str, given: &Value) -> Vec<u8> {
    match given {
        Value::String(text) if IN_BASE64.contains(&name) => {
            let decoded = BASE64.decode(text);
            decoded.unwrap_or_else(|_| text.clone().into_bytes())
        }
        Value::String(text) => text.clone().into_bytes(),
        other => other.to_string().into_bytes(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use service_models::bundled;

    use super::*;

    fn input(service: &str, operation: &str, given: Value) -> Result<Datum, Vec<String>> {
        let service = bundled(service).unwrap();
        let operation = service.operation(operation).unwrap();
        read(service, operation.input.as_ref(), &given)
    }

    #[test]
    fn members_are_known_by_the_names_of_the_sdk_and_of_the_model() {
        for name in ["DbClusterIdentifier", "DBClusterIdentifier"] {
            let read = input("rds", "stopDBCluster", json!({name: "c"})).unwrap();
            let id = Datum::Text("c".to_owned());
            assert_eq!(read.member("DBClusterIdentifier"), Some(&id), "{name}");
        }
        for name in ["ClusterArn", "clusterArn"] {
            let name = name
                .replace("ClusterArn", "Cluster")
                .replace("clusterArn", "cluster");
            assert!(input("ecs", "listTasks", json!({ name: "c" })).is_ok());
        }
    }

    #[test]
    fn all_that_does_not_fit_is_told() {
        let given = json!({"TableName": 1, "Item": {"a": {"N": 5}}, "Tabel": null});
        let problems = input("dynamodb", "putItem", given).unwrap_err();
        assert_eq!(
            problems,
            [
                "The value for the field 'TableName' must be a STRING",
                "The value for the field 'N' must be a STRING",
                "The field 'Tabel' is not supported by Step Functions",
            ]
        );
        let problems = input("s3", "listBuckets", json!([])).unwrap_err();
        assert_eq!(
            problems,
            ["The value for the field 'Parameters' must be an OBJECT"]
        );
    }

    #[test]
    fn blobs_are_their_text_or_the_json_of_what_is_none() {
        for (given, expected) in [(json!("a"), "a"), (json!({"a": 1}), r#"{"a":1}"#)] {
            let read = input("kinesis", "putRecord", json!({"Data": given})).unwrap();
            let bytes = Datum::Bytes(expected.as_bytes().to_vec());
            assert_eq!(read.member("Data"), Some(&bytes));
        }
        for (given, expected) in [
            (json!("a b"), "\"a b\""),
            (json!(false), "false"),
            (json!(["x"]), r#"["x"]"#),
        ] {
            let read = input("s3", "putObject", json!({"Body": given})).unwrap();
            let bytes = Datum::Bytes(expected.as_bytes().to_vec());
            assert_eq!(read.member("Body"), Some(&bytes));
        }
        let read = input("kms", "decrypt", json!({"CiphertextBlob": "AAE="})).unwrap();
        assert_eq!(
            read.member("CiphertextBlob"),
            Some(&Datum::Bytes(vec![0, 1]))
        );
    }

    #[test]
    fn texts_may_be_given_as_json_and_moments_as_texts() {
        let given = json!({"QueueUrl": "q", "MessageBody": {"a": [1]}});
        let read = input("sqs", "sendMessage", given).unwrap();
        let body = Datum::Text(r#"{"a":[1]}"#.to_owned());
        assert_eq!(read.member("MessageBody"), Some(&body));
        let given = json!({"StartTime": "1970-01-01T00:00:01Z", "EndTime": 1.5});
        let read = input("cloudtrail", "lookupEvents", given).unwrap();
        assert_eq!(read.member("StartTime"), Some(&Datum::Moment(Moment(1000))));
        assert_eq!(read.member("EndTime"), Some(&Datum::Moment(Moment(1500))));
        assert!(input("cloudtrail", "lookupEvents", json!({"EndTime": "soon"})).is_err());
    }

    #[test]
    fn what_is_null_is_not_given() {
        let read = input("sqs", "sendMessage", json!({"QueueUrl": null})).unwrap();
        assert_eq!(read, Datum::Structure(Vec::new()));
        assert_eq!(
            input("sts", "getCallerIdentity", Value::Null).unwrap(),
            read
        );
    }
}
