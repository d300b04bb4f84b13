//! `towpath worker` against an endpoint that the test plays itself.
//!
//! No test sleeps: each waits for the request that must come, and the endpoint never answers before
//! the test says so.

// Lints allow it in test functions; here what they share is a test, too.
#![allow(clippy::unwrap_used)]

mod fake_endpoint;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use fake_endpoint::{Call, FakeEndpoint};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:states:eu-west-1:123456789012:activity:a";

/// A worker that asks an endpoint, and is ended with the test.
struct Worker {
    process: Child,
    lines: Receiver<String>,
    said: String,
}

impl Worker {
    fn start(endpoint: &str, options: &[&str], command: &[&str]) -> Worker {
        let mut worker = Command::new(env!("CARGO_BIN_EXE_towpath"));
        worker
            .args([
                "worker",
                "--activity",
                ARN,
                "--endpoint-url",
                endpoint,
                "--name",
                "w",
            ])
            .args(options)
            .arg("--")
            .args(command)
            // What a developer's shell says about AWS is not part of the test.
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut process = worker.spawn().unwrap();
        let stderr = BufReader::new(process.stderr.take().unwrap());
        let (sender, lines) = mpsc::channel();
        // Read all along: a worker whose stderr is full waits for its reader.
        thread::spawn(move || {
            stderr
                .lines()
                .try_for_each(|line| sender.send(line.unwrap()))
        });
        Worker {
            process,
            lines,
            said: String::new(),
        }
    }

    fn shell(endpoint: &str, options: &[&str], script: &str) -> Worker {
        Worker::start(endpoint, options, &["sh", "-c", script])
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits until it has said `words` on stderr.
    fn wait_for_words(&mut self, words: &str) {
        while !self.said.contains(words) {
            match self.lines.recv() {
                Ok(line) => self.said.extend([line.as_str(), "\n"]),
                Err(_) => panic!("it ended without the words; it said: {}", self.said),
            }
        }
    }

    /// The exit code and what was said on stderr, once it has ended by itself.
    fn ended(mut self) -> (Option<i32>, String) {
        self.said
            .extend(self.lines.iter().flat_map(|line| [line, "\n".to_owned()]));
        (
            self.process.wait().unwrap().code(),
            std::mem::take(&mut self.said),
        )
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn task(token: &str, input: &Value) -> Value {
    json!({ "taskToken": token, "input": input.to_string() })
}

/// The poll that must come next is answered with a task.
fn hand_out(endpoint: &FakeEndpoint, token: &str, input: &Value) {
    endpoint
        .next_of("GetActivityTask")
        .answer(200, &task(token, input));
}

fn exception(call: Call, name: &str) {
    let kind = format!("com.amazonaws.swf.service.v2.model#{name}");
    call.answer(
        400,
        &json!({ "__type": kind, "message": "said by the test" }),
    );
}

/// The output of one task that `script` worked on.
fn output_of(script: &str, input: &Value) -> Value {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], script);
    hand_out(&endpoint, "t", input);
    let report = endpoint.next_of("SendTaskSuccess");
    assert_eq!(report.input["taskToken"], "t");
    let output = serde_json::from_str(report.input["output"].as_str().unwrap()).unwrap();
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
    output
}

/// Error and cause of one task that `script` worked on.
fn failure_of(script: &str) -> (String, String) {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], script);
    hand_out(&endpoint, "t", &json!({}));
    let report = endpoint.next_of("SendTaskFailure");
    let text = |member: &str| report.input[member].as_str().unwrap().to_owned();
    let (error, cause) = (text("error"), text("cause"));
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
    (error, cause)
}

#[test]
fn a_poll_names_the_activity_and_the_worker_and_is_signed() {
    let endpoint = FakeEndpoint::start();
    let _worker = Worker::shell(endpoint.url(), &[], "true");
    let poll = endpoint.next_of("GetActivityTask");
    assert_eq!(poll.input, json!({ "activityArn": ARN, "workerName": "w" }));
    assert_eq!(poll.header("content-type"), "application/x-amz-json-1.0");
    let authorization = poll.header("authorization");
    assert!(
        authorization.starts_with("AWS4-HMAC-SHA256 Credential="),
        "{authorization}"
    );
    assert!(
        authorization.contains("/eu-west-1/states/aws4_request"),
        "{authorization}"
    );
}

#[test]
fn the_input_comes_on_stdin_and_json_goes_out_as_it_is() {
    let input = json!({ "order": 7, "names": ["ä", "\"b\""] });
    assert_eq!(output_of("cat", &input), input);
}

#[test]
fn an_input_that_the_command_does_not_read_is_no_failure() {
    let large = json!("x".repeat(500_000));
    assert_eq!(output_of("echo done", &large), json!("done"));
}

#[test]
fn text_goes_out_as_a_json_string_without_its_line_break() {
    assert_eq!(
        output_of("echo 'two  words'", &json!({})),
        json!("two  words")
    );
}

#[test]
fn the_command_is_told_its_token_activity_and_worker() {
    let script = r#"echo "$TOWPATH_TASK_TOKEN $TOWPATH_ACTIVITY_ARN $TOWPATH_WORKER_NAME""#;
    assert_eq!(output_of(script, &json!({})), json!(format!("t {ARN} w")));
}

#[test]
fn an_output_that_a_left_over_process_holds_open_still_ends() {
    assert_eq!(
        output_of("sleep 1000 & echo done", &json!({})),
        json!("done")
    );
}

#[test]
fn a_failure_has_the_exit_code_and_the_end_of_stderr() {
    let (error, cause) = failure_of("echo no; echo why >&2; exit 3");
    assert_eq!((error.as_str(), cause.as_str()), ("ExitCode.3", "why"));
}

#[test]
fn a_long_stderr_is_cut_at_its_beginning() {
    let (_, cause) = failure_of("yes äää | head -n 20000 >&2; echo end >&2; exit 1");
    assert_eq!(cause.chars().count(), 32_768);
    assert!(
        cause.ends_with("äää\nend"),
        "{}",
        &cause[cause.len() - 20..]
    );
}

#[test]
fn a_command_that_a_signal_ended_fails_with_its_name() {
    assert_eq!(failure_of("kill -9 $$").0, "Signal.SIGKILL");
}

#[test]
fn a_command_names_its_own_error() {
    let (error, cause) = failure_of(r#"echo '{"Error":"Card.Declined","Cause":"no"}'; exit 1"#);
    assert_eq!((error.as_str(), cause.as_str()), ("Card.Declined", "no"));
}

#[test]
fn an_output_that_is_too_large_is_a_failure_that_says_so() {
    let (error, cause) = failure_of("head -c 300000 /dev/zero | tr '\\0' x");
    assert_eq!(error, "Worker.OutputTooLarge");
    assert!(cause.contains("300000"), "{cause}");
}

#[test]
fn an_output_that_the_service_refuses_fails_the_task_rather_than_hang_it() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], "echo 1");
    hand_out(&endpoint, "t", &json!({}));
    exception(endpoint.next_of("SendTaskSuccess"), "InvalidOutput");
    let report = endpoint.next_of("SendTaskFailure");
    assert_eq!(report.input["error"], "Worker.OutputRefused");
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
}

#[test]
fn heartbeats_are_sent_while_the_command_runs_and_not_after() {
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("gate");
    assert!(
        Command::new("mkfifo")
            .arg(&gate)
            .status()
            .unwrap()
            .success()
    );
    let endpoint = FakeEndpoint::start();
    let script = format!("read line < {}; echo \"$line\"", gate.display());
    let worker = Worker::shell(endpoint.url(), &["--once", "--heartbeat", "0.05"], &script);
    hand_out(&endpoint, "t", &json!({}));
    for _ in 0..3 {
        let beat = endpoint.next_of("SendTaskHeartbeat");
        assert_eq!(beat.input, json!({ "taskToken": "t" }));
        beat.answer(200, &json!({}));
    }
    // One that fails does not end the command.
    endpoint
        .next_of("SendTaskHeartbeat")
        .answer(500, &json!({ "__type": "InternalFailure" }));
    endpoint
        .next_of("SendTaskHeartbeat")
        .answer(200, &json!({}));
    std::fs::write(&gate, "opened\n").unwrap();
    let report = endpoint.next_but("SendTaskHeartbeat");
    assert_eq!(report.input["output"], "\"opened\"");
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
}

#[test]
fn a_command_whose_task_is_over_is_ended_and_not_reported() {
    for name in ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"] {
        let endpoint = FakeEndpoint::start();
        let worker = Worker::shell(
            endpoint.url(),
            &["--once", "--heartbeat", "0.05"],
            "sleep 1000",
        );
        hand_out(&endpoint, "t", &json!({}));
        exception(endpoint.next_of("SendTaskHeartbeat"), name);
        let (code, said) = worker.ended();
        assert_eq!(code, Some(0), "{said}");
        assert!(said.contains(name), "{said}");
        endpoint.assert_nothing_more();
    }
}

#[test]
fn a_command_that_ignores_sigterm_is_killed() {
    let endpoint = FakeEndpoint::start();
    let options = ["--once", "--heartbeat", "0.05", "--kill-after", "0.05"];
    let worker = Worker::shell(
        endpoint.url(),
        &options,
        "trap '' TERM; sleep 1000; sleep 1000",
    );
    hand_out(&endpoint, "t", &json!({}));
    exception(endpoint.next_of("SendTaskHeartbeat"), "TaskTimedOut");
    assert_eq!(worker.ended().0, Some(0));
}

#[test]
fn a_server_that_is_not_there_yet_is_asked_again() {
    let address = FakeEndpoint::free_address();
    let mut worker = Worker::shell(&format!("http://{address}"), &["--once"], "echo 1");
    // The first poll was refused before the server is there: the worker has said so.
    worker.wait_for_words("cannot poll, will ask again");
    let endpoint = FakeEndpoint::start_at(&address);
    hand_out(&endpoint, "t", &json!({}));
    endpoint.next_of("SendTaskSuccess").answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
}

#[test]
fn a_result_is_reported_until_it_is_accepted() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], "echo 1");
    hand_out(&endpoint, "t", &json!({}));
    endpoint.next_of("SendTaskSuccess").hang_up();
    endpoint
        .next_of("SendTaskSuccess")
        .answer(503, &json!({ "__type": "ServiceUnavailable" }));
    exception(endpoint.next_of("SendTaskSuccess"), "ThrottlingException");
    let report = endpoint.next_of("SendTaskSuccess");
    assert_eq!(report.input["output"], "1");
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
    endpoint.assert_nothing_more();
}

#[test]
fn a_result_that_nobody_waits_for_is_not_sent_again() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], "echo 1");
    hand_out(&endpoint, "t", &json!({}));
    exception(endpoint.next_of("SendTaskSuccess"), "TaskTimedOut");
    let (code, said) = worker.ended();
    assert_eq!(code, Some(0));
    assert!(said.contains("was not needed any more"), "{said}");
    endpoint.assert_nothing_more();
}

#[test]
fn an_empty_poll_is_followed_by_another() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--once"], "echo 1");
    for empty in [
        json!({}),
        json!({ "taskToken": null, "input": null }),
        json!({ "taskToken": "" }),
    ] {
        endpoint.next_of("GetActivityTask").answer(200, &empty);
    }
    hand_out(&endpoint, "t", &json!({}));
    endpoint.next_of("SendTaskSuccess").answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
}

#[test]
fn an_activity_that_is_not_there_ends_the_worker() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::shell(endpoint.url(), &["--concurrency", "2"], "true");
    exception(endpoint.next_of("GetActivityTask"), "ActivityDoesNotExist");
    let (code, said) = worker.ended();
    assert_eq!(code, Some(1));
    assert!(
        said.contains("ActivityDoesNotExist: said by the test"),
        "{said}"
    );
}

#[test]
fn a_command_that_is_not_there_ends_the_worker_before_it_takes_a_task() {
    let endpoint = FakeEndpoint::start();
    let worker = Worker::start(endpoint.url(), &[], &["no-such-command-anywhere"]);
    assert_eq!(worker.ended().0, Some(127));
    endpoint.assert_nothing_more();
}

#[test]
fn as_many_tasks_run_at_once_as_there_are_slots_and_no_more_than_asked_for_are_taken() {
    let endpoint = FakeEndpoint::start();
    let options = ["--concurrency", "2", "--max-tasks", "3"];
    let worker = Worker::shell(endpoint.url(), &options, "cat");
    let first = endpoint.next_of("GetActivityTask");
    let second = endpoint.next_of("GetActivityTask");
    first.answer(200, &task("1", &json!(1)));
    let report = endpoint.next_of("SendTaskSuccess");
    second.answer(200, &task("2", &json!(2)));
    let another = endpoint.next_of("SendTaskSuccess");
    report.answer(200, &json!({}));
    another.answer(200, &json!({}));
    hand_out(&endpoint, "3", &json!(3));
    endpoint.next_of("SendTaskSuccess").answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
    endpoint.assert_nothing_more();
}

#[test]
fn sigterm_lets_the_command_finish_and_reports_it() {
    for signal in [Signal::TERM, Signal::INT] {
        let endpoint = FakeEndpoint::start();
        let options = ["--heartbeat", "0.05", "--concurrency", "2"];
        let folder = tempfile::tempdir().unwrap();
        let gate = folder.path().join("gate");
        assert!(
            Command::new("mkfifo")
                .arg(&gate)
                .status()
                .unwrap()
                .success()
        );
        let script = format!("read line < {}; echo \"$line\"", gate.display());
        let mut worker = Worker::shell(endpoint.url(), &options, &script);
        hand_out(&endpoint, "t", &json!({}));
        // The other slot's poll stays open and must not keep the worker.
        let _open = endpoint.next_of("GetActivityTask");
        endpoint
            .next_of("SendTaskHeartbeat")
            .answer(200, &json!({}));
        worker.signal(signal);
        worker.wait_for_words("takes no more tasks; 1 at work");
        endpoint
            .next_of("SendTaskHeartbeat")
            .answer(200, &json!({}));
        std::fs::write(&gate, "finished\n").unwrap();
        let report = endpoint.next_but("SendTaskHeartbeat");
        assert_eq!(
            (report.operation.as_str(), &report.input["output"]),
            ("SendTaskSuccess", &json!("\"finished\""))
        );
        report.answer(200, &json!({}));
        assert_eq!(worker.ended().0, Some(0));
        endpoint.assert_nothing_more();
    }
}

#[test]
fn a_drain_can_wait_for_open_polls_and_run_what_they_bring() {
    let endpoint = FakeEndpoint::start();
    let mut worker = Worker::shell(endpoint.url(), &["--open-polls", "wait"], "echo 1");
    let open = endpoint.next_of("GetActivityTask");
    worker.signal(Signal::TERM);
    worker.wait_for_words("takes no more tasks");
    open.answer(200, &task("t", &json!({})));
    endpoint.next_of("SendTaskSuccess").answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(0));
    endpoint.assert_nothing_more();
}

#[test]
fn a_second_signal_ends_the_command_and_gives_the_task_back_as_failed() {
    let endpoint = FakeEndpoint::start();
    let mut worker = Worker::shell(endpoint.url(), &["--heartbeat", "0.05"], "sleep 1000");
    hand_out(&endpoint, "t", &json!({}));
    // Until now the task could still be on its way, and the worker free to leave.
    endpoint
        .next_of("SendTaskHeartbeat")
        .answer(200, &json!({}));
    worker.signal(Signal::TERM);
    worker.wait_for_words("takes no more tasks");
    worker.signal(Signal::TERM);
    let report = endpoint.next_but("SendTaskHeartbeat");
    assert_eq!(report.operation, "SendTaskFailure");
    assert_eq!(report.input["error"], "Worker.Stopped");
    report.answer(200, &json!({}));
    assert_eq!(worker.ended().0, Some(128 + 15));
}
