//! Calls to integrations: made, come back, given up.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::Message;
use engine::operations::*;
use engine::{Request, Response};
use interpreter::{Document, Status};
use store::ExecutionId;
use support::Driver;

/// Executions of two calls side by side.
fn ready(call: &str) -> (Driver, String) {
    let mut driver = Driver::new();
    let state = format!(
        r#"{{"StartAt":"C","States":{{"C":{{"Type":"Task","Resource":"arn:aws:states:::{call}","End":true}}}}}}"#
    );
    let definition = format!(
        r#"{{"StartAt":"P","States":{{"P":{{"Type":"Parallel","Branches":[{state},{}],"End":true}}}}}}"#,
        state.replace("\"C\"", "\"D\"")
    );
    let machine = driver.create_machine("m", &definition).unwrap();
    (driver, machine)
}

fn done(driver: &mut Driver, call: (ExecutionId, u32), result: Result<&str, &str>) {
    driver.tell(Message::CallDone {
        execution: call.0,
        task: call.1,
        result: result
            .map(Document::from_text)
            .map_err(|error| (error.to_owned(), String::new())),
    });
}

#[test]
fn a_stop_gives_up_the_calls_that_have_not_come_back() {
    let (mut driver, machine) = ready("sqs:sendMessage");
    let arn = driver.start(&machine, None, "{}").unwrap();
    let calls: Vec<_> = driver.calls.iter().copied().collect();
    assert_eq!(calls.len(), 2);
    done(&mut driver, calls[0], Ok("1"));
    assert!(driver.cancelled.is_empty(), "it came back by itself");
    driver.stop(&arn).unwrap();
    assert_eq!(Vec::from_iter(driver.cancelled.clone()), calls[1..]);
    // It was too late to give it up: nobody waits for what it says.
    let history = driver.history(&arn, 100, false);
    done(&mut driver, calls[1], Ok("2"));
    assert_eq!(driver.history(&arn, 100, false), history);
}

#[test]
fn a_failure_gives_up_the_calls_beside_it() {
    let (mut driver, machine) = ready("sqs:sendMessage");
    let arn = driver.start(&machine, None, "{}").unwrap();
    let calls: Vec<_> = driver.calls.iter().copied().collect();
    done(&mut driver, calls[1], Err("Broken"));
    assert_eq!(driver.status(&arn), Status::Failed);
    assert_eq!(Vec::from_iter(driver.cancelled.clone()), calls[..1]);
}

#[test]
fn a_call_that_was_accepted_is_not_under_way_any_more() {
    let (mut driver, machine) = ready("sqs:sendMessage.waitForTaskToken");
    let arn = driver.start(&machine, None, "{}").unwrap();
    let calls: Vec<_> = driver.calls.iter().copied().collect();
    for call in &calls {
        done(&mut driver, *call, Ok("{}"));
    }
    driver.stop(&arn).unwrap();
    assert!(driver.cancelled.is_empty());
}

#[test]
fn what_a_call_began_is_watched_to_its_end_and_never_begun_again() {
    let mut driver = Driver::new();
    let definition = r#"{"StartAt":"S","States":{"S":{"Type":"Task","End":true,
        "Resource":"arn:aws:states:::states:startExecution.sync","Parameters":{}}}}"#;
    let machine = driver.create_machine("m", definition).unwrap();
    let arn = driver.start(&machine, None, "{}").unwrap();
    let call = *driver.calls.first().unwrap();
    assert_eq!(driver.watched, [], "it is made first");
    let mut driver = driver.crash();
    assert_eq!(driver.watched, [], "and made again");
    done(&mut driver, call, Ok(r#"{"Began":1}"#));
    assert_eq!(driver.watched, [(call, r#"{"Began":1}"#.to_owned())]);
    let mut driver = driver.crash();
    let again = (call, r#"{"Began":1}"#.to_owned());
    assert_eq!(driver.watched, [again], "after a crash as well");
    done(&mut driver, call, Ok(r#"{"Ended":1}"#));
    assert_eq!(driver.status(&arn), Status::Succeeded);
    assert_eq!(driver.crash().watched, []);
}

#[test]
fn a_stop_gives_up_watching() {
    let (mut driver, machine) = ready("ecs:runTask.sync");
    let arn = driver.start(&machine, None, "{}").unwrap();
    let calls: Vec<_> = driver.calls.iter().copied().collect();
    done(&mut driver, calls[0], Ok("{}"));
    driver.stop(&arn).unwrap();
    assert_eq!(Vec::from_iter(driver.cancelled.clone()), calls);
}

#[test]
fn stopping_what_is_closed_answers_with_the_time_it_closed() {
    let (mut driver, machine) = ready("sqs:sendMessage");
    let arn = driver.start(&machine, None, "{}").unwrap();
    let stop_ms = |response| match response {
        Ok(Response::StopExecution(response)) => response.stop_ms,
        other => panic!("{other:?}"),
    };
    let first = stop_ms(driver.stop(&arn));
    driver.pass(10_000);
    let mut driver = driver.crash();
    assert_eq!(stop_ms(driver.stop(&arn)), first, "also after a restart");
    let missing = driver.stop(&format!("{arn}-missing")).unwrap_err();
    assert_eq!(missing.name, engine::ErrorName::ExecutionDoesNotExist);
    let delete = delete_state_machine::Request {
        state_machine_arn: machine,
    };
    driver.ask(Request::DeleteStateMachine(delete)).unwrap();
    let late = stop_ms(driver.stop(&arn));
    assert_eq!(late, first, "also without its machine");
}
