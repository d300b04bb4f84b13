//! The context object, `$$`.

use asl::StateMachine;
use asl::definition::StateKind;
use serde_json::{Map, Value, json};

use super::Asked;
use crate::execution::Execution;
use crate::frame::FrameId;

/// Builds the context object for the state a frame stands in. `input` gives the value of the
/// execution's input, which [`reclaim_input`] takes back.
pub(crate) fn build(
    execution: &Execution,
    machine: &StateMachine,
    id: FrameId,
    asked: Asked<'_>,
    input: impl FnOnce() -> Value,
) -> Value {
    if let Some(given) = execution.trial.as_ref().and_then(|it| it.context.as_ref()) {
        let mut context = given.clone();
        add_item(&mut context, asked);
        return context;
    }
    let birth = &execution.birth;
    let frame = execution.frame(id);
    let mut state = Map::new();
    state.insert("Name".to_owned(), Value::from(&*frame.state_name));
    state.insert(
        "EnteredTime".to_owned(),
        Value::from(timestamp(frame.visit.entered_ms)),
    );
    if has_retry_count(&machine.state(frame.state).kind) {
        state.insert("RetryCount".to_owned(), Value::from(frame.visit.retries));
    }
    let mut context = json!({
        "Execution": {
            "Id": &*birth.execution_arn,
            "Input": Value::Null,
            "StartTime": timestamp(execution.start_ms),
            "Name": &*birth.name,
            "RoleArn": &*birth.role_arn,
            "RedriveCount": execution.redrives.count,
        },
        "StateMachine": {
            "Id": &*birth.state_machine_arn,
            "Name": &*birth.state_machine_name,
        },
        "State": state,
    });
    // Put in by hand: `json!` would copy it.
    context["Execution"]["Input"] = input();
    if let Some(redrive_ms) = execution.redrives.last_ms {
        context["Execution"]["RedriveTime"] = Value::from(timestamp(redrive_ms));
    }
    if let Some(token) = asked.token {
        context["Task"] = json!({ "Token": token });
    }
    if execution.trial.is_some() {
        as_tried(&mut context["Execution"]);
    }
    add_item(&mut context, asked);
    context
}

/// The value of the execution's input, out of a context object that is needed no more.
pub(crate) fn reclaim_input(mut context: Value) -> Option<Value> {
    context.pointer_mut("/Execution/Input").map(Value::take)
}

fn add_item(context: &mut Value, asked: Asked<'_>) {
    if let (Some(item), Value::Object(context)) = (asked.item, context) {
        let mut seen = Map::new();
        seen.insert("Index".to_owned(), Value::from(item.index));
        if let Some(key) = item.key {
            seen.insert("Key".to_owned(), Value::from(key));
        }
        seen.insert("Value".to_owned(), item.value.clone());
        if let Some(source) = item.source {
            seen.insert("Source".to_owned(), Value::from(source));
        }
        context.insert("Map".to_owned(), json!({ "Item": seen }));
    }
}

/// A state that is tried is of no execution that could be redriven, and need not have a role.
fn as_tried(execution: &mut Value) {
    if let Value::Object(execution) = execution {
        execution.shift_remove("RedriveCount");
        if execution.get("RoleArn").is_some_and(|role| role == "") {
            execution.insert("RoleArn".to_owned(), Value::Null);
        }
    }
}

fn has_retry_count(kind: &StateKind) -> bool {
    matches!(
        kind,
        StateKind::Task(_) | StateKind::Parallel(_) | StateKind::Map(_)
    )
}

/// ISO-8601 with as many digits of fraction as are needed, as recorded from AWS.
fn timestamp(epoch_ms: i64) -> String {
    let full = asl::timestamp::format(epoch_ms);
    let trimmed = full.trim_end_matches('Z').trim_end_matches('0');
    format!("{}Z", trimmed.strip_suffix('.').unwrap_or(trimmed))
}

#[cfg(test)]
mod tests {
    use super::timestamp;

    #[test]
    fn timestamps_drop_trailing_zeros_of_the_fraction_only() {
        assert_eq!(timestamp(1_700_000_000_000), "2023-11-14T22:13:20Z");
        assert_eq!(timestamp(1_700_000_000_120), "2023-11-14T22:13:20.12Z");
        assert_eq!(timestamp(1_700_000_000_005), "2023-11-14T22:13:20.005Z");
    }
}
