//! Long polls: who gets a task, and who does not (R13 to R18).

use std::io::Write;
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Server, eventually};
use crate::wire::{connect, read_answer, request};

struct Bench {
    server: Server,
    activity: String,
    machine: String,
}

fn bench(flags: &[&str]) -> Bench {
    let server = Server::start(flags);
    let activity = server.create_activity("work");
    let task = json!({"Type": "Task", "Resource": activity, "End": true});
    let machine = server.create_machine("m", json!({"StartAt": "A", "States": {"A": task}}));
    Bench {
        server,
        activity,
        machine,
    }
}

impl Bench {
    /// Sends a poll and waits until it is parked.
    fn park(&self, worker: &str) -> TcpStream {
        let before = self.server.metric("activity_pollers");
        let mut stream = connect(self.server.address);
        stream.write_all(&self.poll(worker)).unwrap();
        self.server.await_metric("activity_pollers", before + 1.0);
        stream
    }

    fn poll(&self, worker: &str) -> Vec<u8> {
        let input = json!({"activityArn": self.activity, "workerName": worker});
        request(self.server.address, "GetActivityTask", &input)
    }
}

fn answer(stream: &mut TcpStream) -> Value {
    let answer = read_answer(stream).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    serde_json::from_str(&answer.body).unwrap()
}

/// Names of the workers that `ActivityStarted` names.
fn workers(history: &[Value]) -> Vec<&str> {
    let named = |event: &'_ Value| event["type"] == "ActivityStarted";
    history
        .iter()
        .filter(|event| named(event))
        .map(|event| {
            event["activityStartedEventDetails"]["workerName"]
                .as_str()
                .unwrap()
        })
        .collect()
}

#[test]
fn a_parked_poll_gets_the_task_when_there_is_one() {
    let bench = bench(&[]);
    let mut poll = bench.park("w");
    let execution = bench
        .server
        .start_execution(&bench.machine, json!({"n": 1}));
    let task = answer(&mut poll);
    assert_eq!(task["input"], "{\"n\":1}");
    let output = json!({"taskToken": task["taskToken"], "output": "\"done\""});
    bench.server.ok("SendTaskSuccess", output);
    assert_eq!(bench.server.await_end(&execution)["output"], "\"done\"");
    assert_eq!(workers(&bench.server.history(&execution)), ["w"]);
}

#[test]
fn a_poll_whose_client_closed_gets_nothing() {
    for half in [true, false] {
        let bench = bench(&[]);
        let gone = bench.park("gone");
        let began = Instant::now();
        if half {
            gone.shutdown(Shutdown::Write).unwrap();
        } else {
            drop(gone);
        }
        bench.server.await_metric("activity_pollers", 0.0);
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "{:?}",
            began.elapsed()
        );
        let execution = bench.server.start_execution(&bench.machine, json!({}));
        let mut here = connect(bench.server.address);
        here.write_all(&bench.poll("here")).unwrap();
        assert!(answer(&mut here)["taskToken"].is_string());
        assert_eq!(workers(&bench.server.history(&execution)), ["here"]);
        assert_eq!(bench.server.metric("activity_redelivered_total"), 0.0);
        assert_eq!(bench.server.metric("activity_poll_abandoned_total"), 1.0);
    }
}

#[test]
fn a_poll_whose_connection_was_reset_gets_nothing() {
    let bench = bench(&[]);
    let mut gone = connect(bench.server.address);
    // An answer that the client never reads turns its close into a reset.
    write!(gone, "GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    let mut peeked = [0; 1];
    assert_eq!(gone.peek(&mut peeked).unwrap(), 1);
    gone.write_all(&bench.poll("gone")).unwrap();
    bench.server.await_metric("activity_pollers", 1.0);
    drop(gone);
    bench.server.await_metric("activity_pollers", 0.0);
    let execution = bench.server.start_execution(&bench.machine, json!({}));
    let mut here = connect(bench.server.address);
    here.write_all(&bench.poll("here")).unwrap();
    assert!(answer(&mut here)["taskToken"].is_string());
    assert_eq!(workers(&bench.server.history(&execution)), ["here"]);
}

#[test]
fn a_client_that_sent_more_before_it_left_does_not_lose_the_task() {
    let bench = bench(&[]);
    let mut gone = bench.park("gone");
    // Bytes that nobody reads yet hide the end of the stream from reading, but not from asking.
    gone.write_all(b"GET /").unwrap();
    drop(gone);
    let mut here = bench.park("here");
    let execution = bench.server.start_execution(&bench.machine, json!({}));
    assert!(answer(&mut here)["taskToken"].is_string());
    let history = bench.server.history(&execution);
    assert_eq!(workers(&history).last(), Some(&"here"), "{history:#?}");
    let running = bench
        .server
        .ok("DescribeExecution", json!({"executionArn": execution}));
    assert_eq!(running["status"], "RUNNING");
}

#[test]
fn an_empty_poll_ends_in_time() {
    let bench = bench(&["--in-memory", "--poll-hold-seconds", "0.5"]);
    let began = Instant::now();
    let mut poll = connect(bench.server.address);
    poll.write_all(&bench.poll("w")).unwrap();
    let task = answer(&mut poll);
    assert!(task["taskToken"].is_null(), "{task}");
    let took = began.elapsed();
    assert!(
        took >= Duration::from_millis(500) && took < Duration::from_millis(1500),
        "{took:?}"
    );
    // The same connection polls again.
    let execution = bench.server.start_execution(&bench.machine, json!({}));
    poll.write_all(&bench.poll("w")).unwrap();
    assert!(answer(&mut poll)["taskToken"].is_string());
    assert_eq!(workers(&bench.server.history(&execution)), ["w"]);
}

#[test]
fn hundreds_of_polls_leave_nothing_behind() {
    let bench = bench(&["--in-memory"]);
    for _ in 0..3 {
        let polls: Vec<TcpStream> = (0..200)
            .map(|_| {
                let mut stream = connect(bench.server.address);
                stream.write_all(&bench.poll("w")).unwrap();
                stream
            })
            .collect();
        bench.server.await_metric("activity_pollers", 200.0);
        drop(polls);
        bench.server.await_metric("activity_pollers", 0.0);
        // The one that asks, and the one that asked before.
        eventually("connections are gone", || {
            bench.server.metric("connections_open") <= 2.0
        });
    }
}
