//! Execution logs and status events, as they arrive where the operator wants them.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::process::{PATIENCE, ROLE, Server, towpath};

const GROUP: &str = "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders:*";
const GROUP_FILE: &str = "+aws+vendedlogs+orders.jsonl";

/// A state that exits, and one that fails.
fn definition() -> Value {
    json!({
        "StartAt": "A",
        "States": {
            "A": { "Type": "Pass", "Result": { "x": 1 }, "Next": "B" },
            "B": { "Type": "Fail", "Error": "E", "Cause": "C" },
        },
    })
}

fn create(server: &Server, name: &str, level: &str, include_data: bool) -> String {
    let made = server.ok(
        "CreateStateMachine",
        json!({
            "name": name,
            "roleArn": ROLE,
            "definition": definition().to_string(),
            "loggingConfiguration": {
                "level": level,
                "includeExecutionData": include_data,
                "destinations": [{ "cloudWatchLogsLogGroup": { "logGroupArn": GROUP } }],
            },
        }),
    );
    made["stateMachineArn"].as_str().unwrap().to_owned()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn stop(server: &mut Server) {
    server.signal(Signal::TERM);
    assert!(server.wait().success());
}

/// The records of an execution's history, as a log would have them.
fn as_logged(server: &Server, execution: &str) -> Vec<Value> {
    let record = |event: &Value| {
        let details = event.as_object().unwrap().iter();
        let mut details = details
            .filter(|(name, _)| name.ends_with("EventDetails"))
            .map(|(_, details)| details.clone());
        let ms = (event["timestamp"].as_f64().unwrap() * 1000.0).round();
        json!({
            "id": event["id"].to_string(),
            "type": event["type"],
            "details": details.next().unwrap(),
            "previous_event_id": event["previousEventId"].to_string(),
            "event_timestamp": (ms as i64).to_string(),
            "execution_arn": execution,
            "redrive_count": "0",
        })
    };
    server.history(execution).iter().map(record).collect()
}

#[test]
fn logs_say_what_the_history_says_by_level_and_without_data_when_told_so() {
    let mut server = Server::start(&[]);
    let all = server.start_execution(&create(&server, "all", "ALL", true), json!({"s": 1}));
    let bare = server.start_execution(&create(&server, "bare", "ALL", false), json!({"s": 1}));
    let error = server.start_execution(&create(&server, "error", "ERROR", true), json!({}));
    let fatal = server.start_execution(&create(&server, "fatal", "FATAL", true), json!({}));
    let off = server.start_execution(&create(&server, "off", "OFF", true), json!({}));
    let whole = as_logged(&server, &all);
    assert_eq!(server.await_end(&off)["status"], "FAILED");
    stop(&mut server);

    let mut found: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for record in lines(&server.data.join("execution-logs").join(GROUP_FILE)) {
        let execution = record["execution_arn"].as_str().unwrap().to_owned();
        found.entry(execution).or_default().push(record);
    }
    assert_eq!(found[&all], whole);
    let types = |execution: &String| -> Vec<&str> {
        let records = found[execution].iter();
        records
            .map(|record| record["type"].as_str().unwrap())
            .collect()
    };
    assert_eq!(types(&bare), types(&all));
    assert_eq!(found[&bare][0]["details"], json!({ "roleArn": ROLE }));
    assert_eq!(found[&bare][2]["details"], json!({ "name": "A" }));
    assert_eq!(types(&error), ["FailStateEntered", "ExecutionFailed"]);
    assert_eq!(types(&fatal), ["ExecutionFailed"]);
    assert!(!found.contains_key(&off));
}

#[test]
fn logs_go_to_standard_output_and_metrics_count_them() {
    let mut command = towpath();
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--in-memory"])
        .args(["--execution-logs", "stdout"])
        .stdout(Stdio::piped());
    let mut server = Server::spawn(command, Path::new("."));
    let mut lines = BufReader::new(server.stdout()).lines();
    let execution = server.start_execution(&create(&server, "m", "ALL", true), json!({}));
    for expected in as_logged(&server, &execution) {
        let line = lines.next().unwrap().unwrap();
        assert_eq!(serde_json::from_str::<Value>(&line).unwrap(), expected);
    }
    server.await_metric("execution_log_records_total{result=\"written\"}", 5.0);
    stop(&mut server);
}

/// Takes events until the server stops; the first is refused at first.
fn receiver() -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/events", listener.local_addr().unwrap());
    let (say, said) = mpsc::channel();
    std::thread::spawn(move || {
        let mut refused = false;
        for stream in listener.incoming() {
            let mut reader = BufReader::new(stream.unwrap());
            let mut length = 0;
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok() && line.trim() != "" {
                if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                    length = value.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let status = match std::mem::replace(&mut refused, true) {
                false => "503 Service Unavailable",
                true => {
                    let _ = say.send(serde_json::from_slice(&body).unwrap());
                    "200 OK"
                }
            };
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            let _ = reader.into_inner().write_all(answer.as_bytes());
        }
    });
    (url, said)
}

#[test]
fn status_events_reach_the_webhook_and_the_file_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("events.jsonl");
    let (url, said) = receiver();
    let mut server = Server::start(&[
        "--status-events-webhook",
        &url,
        "--status-events-file",
        file.to_str().unwrap(),
    ]);
    let machine = create(&server, "m", "OFF", false);
    let execution = server.start_execution(&machine, json!({"s": 1}));
    let shown = server.await_end(&execution);
    let posted: Vec<Value> = (0..2)
        .map(|_| said.recv_timeout(PATIENCE).unwrap())
        .collect();
    stop(&mut server);
    assert_eq!(lines(&file), posted, "the same events, under the same ids");

    let ms = |name: &str| (shown[name].as_f64().unwrap() * 1000.0).round() as i64;
    for (event, status) in posted.iter().zip(["RUNNING", "FAILED"]) {
        assert_eq!(event["resources"], json!([execution]));
        assert_eq!(event["detail"]["executionArn"], *execution);
        assert_eq!(event["detail"]["stateMachineArn"], *machine);
        assert_eq!(event["detail"]["status"], status);
        assert_eq!(event["detail"]["input"], r#"{"s":1}"#);
        assert_eq!(event["detail"]["startDate"], ms("startDate"));
    }
    assert_eq!(posted[0]["detail"]["stopDate"], Value::Null);
    assert_eq!(posted[1]["detail"]["stopDate"], ms("stopDate"));
    assert_eq!(posted[1]["detail"]["error"], "E");
    assert_eq!(posted[1]["detail"]["cause"], "C");
}
