//! `bedrock:invokeModel`.
//!
//! Source: AWS developer guide, "Invoke and customize Amazon Bedrock models with Step Functions".

use serde_json::{Map, Value, json};

use crate::outbound::Outbound;
use crate::s3;

/// What is sent: the body as JSON, or as it lies in S3.
pub(super) async fn parameters(
    outbound: &Outbound,
    given: &Value,
) -> Result<Value, (String, String)> {
    let mut members = match given {
        Value::Object(members) => members.clone(),
        _ => Map::new(),
    };
    members.shift_remove("Output");
    if let Some(input) = members.shift_remove("Input") {
        let (bucket, key) = place(&input)?;
        let asked = json!({"Bucket": bucket, "Key": key});
        let object = s3::get_object(outbound, &asked, None).await;
        let object = object.map_err(|error| (error.error, error.cause))?;
        let text = String::from_utf8_lossy(&object.bytes).into_owned();
        members.insert("Body".to_owned(), Value::String(text));
    }
    if members.get("ContentType").is_none_or(Value::is_null) {
        members.insert("ContentType".to_owned(), "application/json".into());
    }
    Ok(Value::Object(members))
}

/// The result: a body of JSON as such, or put where the parameters say.
pub(super) async fn result(
    outbound: &Outbound,
    given: &Value,
    mut answer: Value,
) -> Result<Value, (String, String)> {
    let Some(members) = answer.as_object_mut() else {
        return Ok(answer);
    };
    let Some(Value::String(text)) = members.shift_remove("Body") else {
        return Ok(answer);
    };
    match given.get("Output").filter(|output| !output.is_null()) {
        Some(output) => {
            let (bucket, key) = place(output)?;
            let kind = members.get("ContentType").cloned();
            let asked = json!({"Bucket": bucket, "Key": key, "ContentType": kind});
            let put = s3::put_object(outbound, &asked, text.into_bytes()).await;
            put.map_err(|error| (error.error, error.cause))?;
            members.insert("Body".to_owned(), format!("s3://{bucket}/{key}").into());
        }
        None => {
            let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
            members.insert("Body".to_owned(), body);
        }
    }
    Ok(answer)
}

/// Bucket and key of `{"S3Uri": "s3://BUCKET/KEY"}`.
fn place(of: &Value) -> Result<(String, String), (String, String)> {
    let uri = of.get("S3Uri").and_then(Value::as_str).unwrap_or_default();
    let found = uri
        .strip_prefix("s3://")
        .and_then(|rest| rest.split_once('/'));
    match found.filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty()) {
        Some((bucket, key)) => Ok((bucket.to_owned(), key.to_owned())),
        None => {
            let cause = format!("The S3Uri '{uri}' is not of the form s3://BUCKET/KEY.");
            Err(("States.Runtime".to_owned(), cause))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_bucket_and_a_key() {
        let read = |uri: &str| place(&json!({ "S3Uri": uri })).ok();
        assert_eq!(read("s3://b/a/c"), Some(("b".to_owned(), "a/c".to_owned())));
        for wrong in ["", "b/a", "s3://b", "s3:///k", "s3://b/"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
