//! `sqs:sendMessage`.

use serde_json::Value;

/// The body as text. A URL that names no queue on its host fails as it does on AWS, where the SDK turns to
/// that host and there is none of this name; here calls go where the operator says.
pub(super) fn parameters(given: &Value) -> Result<Value, String> {
    let url = given.get("QueueUrl").and_then(Value::as_str);
    if let Some((_, host)) = url.and_then(|url| url.split_once("://"))
        && !host.contains('/')
    {
        let cause = format!("Unable to execute HTTP request: {host}: Name or service not known");
        return Err(cause);
    }
    Ok(super::with_text(given, "MessageBody"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_body_is_sent_as_text() {
        for (body, text) in [
            (json!({"a": 1}), r#"{"a":1}"#),
            (json!("x"), "x"),
            (json!(5), "5"),
        ] {
            let given = json!({"QueueUrl": "http://sqs/1/q", "MessageBody": body});
            assert_eq!(parameters(&given).unwrap()["MessageBody"], text);
        }
    }

    #[test]
    fn what_is_no_url_of_a_queue_is_told() {
        let cause = parameters(&json!({"QueueUrl": "http://no-such"})).unwrap_err();
        assert!(cause.contains("no-such: Name or service"), "{cause}");
    }
}
