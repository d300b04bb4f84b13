//! `events:putEvents`.

use serde_json::Value;

/// One entry that failed fails the task. Source: AWS developer guide, "Add EventBridge events with Step
/// Functions": `EventBridge.FailedEntry`.
pub(super) fn checked(result: Value) -> Result<Value, (String, String)> {
    let failed = result.get("FailedEntryCount").and_then(Value::as_u64);
    match failed {
        None | Some(0) => Ok(result),
        Some(_) => Err(("EventBridge.FailedEntry".to_owned(), result.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn one_failed_entry_fails_the_task() {
        assert!(checked(json!({"FailedEntryCount": 0, "Entries": []})).is_ok());
        let (error, cause) = checked(json!({"FailedEntryCount": 1})).unwrap_err();
        assert_eq!(error, "EventBridge.FailedEntry");
        assert_eq!(cause, r#"{"FailedEntryCount":1}"#);
    }
}
