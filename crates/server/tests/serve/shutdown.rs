//! Coming to an end, and coming back (R17, R47).

use std::io::Write;
use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::Server;
use crate::wire::{connect, is_closed, read_answer, request};

#[test]
fn a_signal_answers_polls_and_ends_in_time() {
    for signal in [Signal::TERM, Signal::INT] {
        let mut server = Server::start(&[]);
        let activity = server.create_activity("work");
        let poll = request(
            server.address,
            "GetActivityTask",
            &json!({"activityArn": activity}),
        );
        let mut polls: Vec<_> = (0..20)
            .map(|_| {
                let mut stream = connect(server.address);
                stream.write_all(&poll).unwrap();
                stream
            })
            .collect();
        let mut idle = connect(server.address);
        server.await_metric("activity_pollers", 20.0);
        let began = Instant::now();
        server.signal(signal);
        for poll in &mut polls {
            let answer = read_answer(poll).expect("an answer, not a broken connection");
            let body: Value = serde_json::from_str(&answer.body).unwrap();
            assert_eq!(answer.status, 200);
            assert!(body["taskToken"].is_null());
            assert!(is_closed(poll));
        }
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        assert!(is_closed(&mut idle));
        assert_eq!(server.wait().code(), Some(0));
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[test]
fn a_task_in_a_workers_hands_survives_the_end() {
    for signal in [Signal::TERM, Signal::KILL] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut server = Server::start_on(&data, &[]);
        let activity = server.create_activity("work");
        let task = json!({"Type": "Task", "Resource": activity, "End": true});
        let machine = server.create_machine("m", json!({"StartAt": "A", "States": {"A": task}}));
        let execution = server.start_execution(&machine, json!({}));
        let task = server.ok(
            "GetActivityTask",
            json!({"activityArn": activity, "workerName": "w"}),
        );
        server.signal(signal);
        server.wait();

        let server = Server::start_on(&data, &[]);
        let token = task["taskToken"].as_str().unwrap();
        server.ok(
            "SendTaskSuccess",
            json!({"taskToken": token, "output": "7"}),
        );
        assert_eq!(server.await_end(&execution)["output"], "7");
        let again = server.call(
            "SendTaskSuccess",
            json!({"taskToken": token, "output": "7"}),
        );
        assert_eq!(again.status, 400);
    }
}

#[test]
fn names_are_remembered() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let pass =
        json!({"StartAt": "A", "States": {"A": {"Type": "Wait", "Seconds": 3600, "End": true}}});
    let mut server = Server::start_on(&data, &[]);
    let machine = server.create_machine("m", pass);
    let start = json!({"stateMachineArn": machine, "name": "n", "input": "{}"});
    let first = server.ok("StartExecution", start.clone());
    assert_eq!(server.ok("StartExecution", start.clone()), first);
    server.signal(Signal::TERM);
    server.wait();
    let server = Server::start_on(&data, &[]);
    assert_eq!(server.ok("StartExecution", start.clone()), first);
    let other = json!({"stateMachineArn": machine, "name": "n", "input": "{\"other\":1}"});
    assert_eq!(
        server.call("StartExecution", other).exception(),
        "ExecutionAlreadyExists"
    );
}
