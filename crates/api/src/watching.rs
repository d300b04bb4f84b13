//! Log records and status events: what leaves without having been asked for.

use engine::StatusChange;
use engine::arn::Owner;
use interpreter::Event;

use crate::events;
use crate::operations::status_name;
use crate::write::{self, Object};

/// One event of an execution as a record of its log: JSON in one line, without the line's end.
///
/// The shape was recorded from AWS: numbers of events, times and counts are strings.
pub fn log_record(
    event: &Event,
    include_data: bool,
    execution_arn: &str,
    redrive_count: u32,
) -> Vec<u8> {
    write::object(|out| {
        out.text("id", &event.id.to_string());
        events::write_logged(out, event, include_data);
        out.text("previous_event_id", &event.previous.to_string());
        out.text("event_timestamp", &event.timestamp_ms.to_string());
        out.text("execution_arn", execution_arn);
        out.text("redrive_count", &redrive_count.to_string());
    })
}

/// Most bytes of input and output of a status event together, escaped.
///
/// Source: AWS Developer Guide, "Step Functions status changes in EventBridge". An event of EventBridge
/// has 256 KiB.
const PAYLOAD_BYTES_MAX: usize = 248 << 10;

/// A change of status as an event of EventBridge: JSON in one line. `id` is the event's own, and
/// `time` the moment of the change as ISO 8601.
pub fn status_event(change: &StatusChange, owner: &Owner, id: &str, time: &str) -> Vec<u8> {
    let arn = &change.birth.execution_arn;
    write::object(|out| {
        out.text("version", "0");
        out.text("id", id);
        out.text("detail-type", "Step Functions Execution Status Change");
        out.text("source", "aws.states");
        out.text("account", &owner.account);
        out.text("time", time);
        out.text("region", &owner.region);
        out.texts("resources", [&**arn]);
        out.object("detail", |out| detail(out, change));
    })
}

fn detail(out: &mut Object<'_>, change: &StatusChange) {
    let birth = &change.birth;
    out.text("executionArn", &birth.execution_arn);
    out.text("stateMachineArn", &birth.state_machine_arn);
    out.text("name", &birth.name);
    out.text("status", status_name(change.status));
    out.milliseconds("startDate", change.start_ms);
    match change.stop_ms {
        Some(ms) => out.milliseconds("stopDate", ms),
        None => out.null("stopDate"),
    }

    // Too much of both: the input goes first, it is known to whoever started the execution.
    let escaped = |text: &str| text.chars().map(write::escaped_bytes).sum::<usize>();
    let input = change.input.text();
    let output = change.output.as_ref().map(|document| &**document.text());
    let output_bytes = output.map_or(0, escaped);
    let input_fits = escaped(input) + output_bytes <= PAYLOAD_BYTES_MAX;
    let output_fits = output_bytes <= PAYLOAD_BYTES_MAX;
    payload(out, "input", "inputDetails", Some(input), input_fits);
    payload(out, "output", "outputDetails", output, output_fits);

    let text = |text: &Option<std::sync::Arc<str>>| text.as_deref().map(str::to_owned);
    let failure = change.failure.as_ref();
    let error = failure.and_then(|failure| text(&failure.error));
    let cause = failure.and_then(|failure| text(&failure.cause));
    out.text_or_null("error", error.as_deref());
    out.text_or_null("cause", cause.as_deref());
    out.text_or_null(
        "stateMachineVersionArn",
        birth.state_machine_version_arn.as_deref(),
    );
    out.text_or_null(
        "stateMachineAliasArn",
        birth.state_machine_alias_arn.as_deref(),
    );
    out.number("redriveCount", change.redrive_count.into());
    match change.redrive_ms {
        Some(ms) => out.milliseconds("redriveDate", ms),
        None => out.null("redriveDate"),
    }
    let redrive_status = match change.not_redrivable {
        Some(_) => "NOT_REDRIVABLE",
        None => "REDRIVABLE",
    };
    out.text("redriveStatus", redrive_status);
    out.text_or_null("redriveStatusReason", change.not_redrivable.as_deref());
}

fn payload(out: &mut Object<'_>, member: &str, details: &str, text: Option<&str>, fits: bool) {
    out.text_or_null(member, text.filter(|_| fits));
    match text {
        Some(_) => out.object(details, |out| out.boolean("included", fits)),
        None => out.null(details),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use interpreter::history::{Failure, StateType};
    use interpreter::{Birth, Document, EventDetails, Status};
    use serde_json::{Value, json};

    use super::*;

    const ARN: &str = "arn:aws:states:us-east-1:000000000000:execution:m:e";

    fn logged(details: EventDetails, include_data: bool) -> Value {
        let event = Event {
            id: 3,
            previous: 2,
            timestamp_ms: 1_700_000_000_123,
            details,
        };
        let record = log_record(&event, include_data, ARN, 0);
        assert!(!record.contains(&b'\n'), "one record, one line");
        assert!(record.len() < 256 << 10, "{} bytes", record.len());
        serde_json::from_slice(&record).unwrap()
    }

    fn entered(input: String) -> EventDetails {
        EventDetails::StateEntered {
            state_type: StateType::Pass,
            name: "S".into(),
            input: Document::from_text(input),
        }
    }

    #[test]
    fn a_record_has_texts_for_numbers_and_details_without_a_prefix() {
        assert_eq!(
            logged(entered("{\"a\":1}\n".into()), true),
            json!({
                "id": "3",
                "type": "PassStateEntered",
                "details": {
                    "name": "S",
                    "input": "{\"a\":1}\n",
                    "inputDetails": { "truncated": false },
                },
                "previous_event_id": "2",
                "event_timestamp": "1700000000123",
                "execution_arn": ARN,
                "redrive_count": "0",
            })
        );
        assert_eq!(
            logged(entered("{}".into()), false)["details"],
            json!({ "name": "S" })
        );
        let alone = logged(EventDetails::ParallelStateStarted, true);
        assert_eq!(alone["details"], json!({}));
    }

    #[test]
    fn parameters_are_data_in_a_log() {
        let scheduled = || EventDetails::TaskScheduled {
            resource_type: "lambda".into(),
            resource: "invoke".into(),
            region: "us-east-1".into(),
            parameters: Document::from_text("{\"secret\":1}"),
            timeout_in_seconds: None,
            heartbeat_in_seconds: None,
            task_role_arn: None,
        };
        assert_eq!(
            logged(scheduled(), true)["details"]["parameters"],
            "{\"secret\":1}"
        );
        assert_eq!(
            logged(scheduled(), false)["details"].get("parameters"),
            None
        );
    }

    #[test]
    fn what_is_larger_than_a_record_is_cut_at_a_character() {
        // Each é takes two bytes, each quote two when escaped.
        for unit in ["é", "\"", "\u{1}"] {
            let text = unit.repeat(200_000);
            let record = logged(entered(text.clone()), true);
            let details = &record["details"];
            assert_eq!(details["inputDetails"]["truncated"], true);
            let shown = details["input"].as_str().unwrap();
            assert!(text.starts_with(shown) && shown.len() > 20_000);
        }
        let exited = EventDetails::StateExited {
            state_type: StateType::Pass,
            name: "S".into(),
            output: Document::from_text("x".repeat(250_000)),
            assigned_variables: vec![
                ("a".into(), "1".into()),
                ("b".into(), "y".repeat(10_000).into()),
            ],
        };
        let details = &logged(exited, true)["details"];
        assert_eq!(details["outputDetails"]["truncated"], false);
        assert_eq!(details["assignedVariablesDetails"]["truncated"], true);
        assert_eq!(details["assignedVariables"]["a"], "1");
    }

    fn change(status: Status, input: &str, output: Option<&str>) -> StatusChange {
        StatusChange {
            birth: Birth {
                execution_arn: ARN.into(),
                name: "e".into(),
                state_machine_arn: "arn:m".into(),
                state_machine_name: "m".into(),
                role_arn: "r".into(),
                machine: 1,
                machine_revision: 1,
                seed: 1,
                trace_header: None,
                state_machine_version_arn: None,
                state_machine_alias_arn: None,
                child: None,
            },
            status,
            at_ms: 5,
            start_ms: 1_551_225_146_847,
            stop_ms: (status != Status::Running).then_some(1_551_225_151_881),
            input: Document::from_text(input),
            output: output.map(Document::from_text),
            failure: (status == Status::Failed).then(|| Failure {
                error: Some(Arc::from("E")),
                cause: None,
            }),
            redrive_count: 0,
            redrive_ms: None,
            not_redrivable: (status != Status::Failed)
                .then(|| "Execution is RUNNING and cannot be redriven".to_owned()),
        }
    }

    fn told(change: &StatusChange) -> Value {
        let owner = Owner {
            partition: "aws".into(),
            region: "us-east-2".into(),
            account: "000000000000".into(),
        };
        let event = status_event(change, &owner, "i", "2019-02-26T19:42:21Z");
        assert!(event.len() < 256 << 10, "{} bytes", event.len());
        serde_json::from_slice(&event).unwrap()
    }

    #[test]
    fn an_event_shows_null_for_what_is_not_there() {
        assert_eq!(
            told(&change(Status::Running, "{}", None)),
            json!({
                "version": "0",
                "id": "i",
                "detail-type": "Step Functions Execution Status Change",
                "source": "aws.states",
                "account": "000000000000",
                "time": "2019-02-26T19:42:21Z",
                "region": "us-east-2",
                "resources": [ARN],
                "detail": {
                    "executionArn": ARN,
                    "stateMachineArn": "arn:m",
                    "name": "e",
                    "status": "RUNNING",
                    "startDate": 1_551_225_146_847_i64,
                    "stopDate": null,
                    "input": "{}",
                    "inputDetails": { "included": true },
                    "output": null,
                    "outputDetails": null,
                    "error": null,
                    "cause": null,
                    "stateMachineVersionArn": null,
                    "stateMachineAliasArn": null,
                    "redriveCount": 0,
                    "redriveDate": null,
                    "redriveStatus": "NOT_REDRIVABLE",
                    "redriveStatusReason": "Execution is RUNNING and cannot be redriven",
                },
            })
        );
        let failed = &told(&change(Status::Failed, "{}", None))["detail"];
        assert_eq!(failed["error"], "E");
        assert_eq!(failed["cause"], Value::Null);
        assert_eq!(failed["stopDate"], 1_551_225_151_881_i64);
        assert_eq!(failed["redriveStatus"], "REDRIVABLE");
    }

    #[test]
    fn too_much_leaves_out_the_input_and_then_the_output() {
        let (small, large) = ("1".repeat(100), "1".repeat(150_000));
        let huge = "\"".repeat(130_000);
        for (input, output, with_input, with_output) in [
            (&small, &large, true, true),
            (&large, &large, false, true),
            (&huge, &small, false, true),
            (&small, &huge, false, false),
        ] {
            let event = told(&change(Status::Succeeded, input, Some(output)));
            let detail = &event["detail"];
            assert_eq!(detail["inputDetails"]["included"], with_input);
            assert_eq!(detail["outputDetails"]["included"], with_output);
            assert_eq!(detail["input"].is_null(), !with_input);
            assert_eq!(detail["output"].is_null(), !with_output);
        }
    }
}
