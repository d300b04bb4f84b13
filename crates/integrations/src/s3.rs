//! Objects of S3 as bytes, for those who read items from it and write results to it.
//!
//! A state that calls S3 itself does so as it calls any service: `aws-sdk:s3:getObject`.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::aws::{self, Ask, Words};
use crate::outbound::Outbound;
pub use crate::requests::NotDone;

/// An object, or a part of it.
#[derive(Clone, Debug)]
pub struct Object {
    /// What was asked for.
    pub bytes: Bytes,
    /// Bytes of the whole object, where S3 said it.
    pub total: Option<u64>,
    /// `ContentType`, `ETag`, `LastModified` and so on, as a definition sees them.
    pub head: Map<String, Value>,
}

/// `GetObject`, of all bytes or of those from `first` to `last`, both included. An answer has at most 8 MB:
/// larger objects are read in parts. Parameters are those of the operation, such as `Bucket` and `Key`.
pub async fn get_object(
    outbound: &Outbound,
    parameters: &Value,
    range: Option<(u64, u64)>,
) -> Result<Object, NotDone> {
    let mut parameters = parameters.clone();
    if let (Some((first, last)), Value::Object(members)) = (range, &mut parameters) {
        members.insert("Range".to_owned(), format!("bytes={first}-{last}").into());
    }
    let answer = answer(outbound, "GetObject", &parameters, None).await?;
    let Value::Object(head) = aws::show(&answer.output.datum, Words::Sdk) else {
        return Ok(Object {
            bytes: answer.into_bytes(),
            total: None,
            head: Map::new(),
        });
    };
    // `bytes 0-9/443`
    let range = head.get("ContentRange").and_then(Value::as_str);
    let total = match range.and_then(|range| range.rsplit_once('/')) {
        Some((_, total)) => total.parse().ok(),
        None => head.get("ContentLength").and_then(Value::as_u64),
    };
    Ok(Object {
        bytes: answer.into_bytes(),
        total,
        head,
    })
}

/// `ListObjectsV2`: one page, as a definition sees it, with `Contents`, `IsTruncated` and
/// `NextContinuationToken`.
pub async fn list_objects_v2(outbound: &Outbound, parameters: &Value) -> Result<Value, NotDone> {
    ask(outbound, "ListObjectsV2", parameters, None).await
}

/// `PutObject` of these bytes. A type of theirs goes with the parameters, as `ContentType`.
pub async fn put_object(
    outbound: &Outbound,
    parameters: &Value,
    bytes: Vec<u8>,
) -> Result<Value, NotDone> {
    ask(outbound, "PutObject", parameters, Some(bytes)).await
}

/// Any action: its answer as a definition sees it. `bytes` are the body, where it has one.
pub(crate) async fn ask(
    outbound: &Outbound,
    action: &str,
    parameters: &Value,
    bytes: Option<Vec<u8>>,
) -> Result<Value, NotDone> {
    let answer = answer(outbound, action, parameters, bytes).await?;
    Ok(answer.shown(Words::Sdk))
}

async fn answer(
    outbound: &Outbound,
    action: &str,
    parameters: &Value,
    bytes: Option<Vec<u8>>,
) -> Result<aws::Answer, NotDone> {
    let ask = Ask {
        service: "s3",
        action,
        parameters,
        key: None,
        bytes,
    };
    let answer = aws::ask(outbound, ask).await;
    answer.map_err(|failure| NotDone::of("S3", parameters, failure))
}
