//! What became of every execution, asked from the API when all is over.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{CALL_TIMEOUT, Client, ClientError};

use super::DemoError;
use super::definition::NOT_TEXT;
use super::files::{self, DemoFile, Facts};
use super::play::{Kill, Listed};
use super::starts::{Acknowledged, execution_name};

/// Threads that ask.
const ASKERS: usize = 4;

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Findings {
    /// Starts that were acknowledged.
    pub acknowledged: usize,
    /// Executions that succeeded.
    pub succeeded: usize,
    /// Executions that failed.
    pub failed: usize,
    /// Executions whose task was scheduled more than once.
    pub retried: usize,
    /// Attempts that failed on purpose.
    pub failed_on_purpose: usize,
    /// Attempts that timed out: their task was on the way to a worker at the kill.
    pub timed_out: usize,
    /// Acknowledged starts of which nothing is left.
    pub lost: usize,
    /// Executions, starts, ends or hand-outs that are there more than once.
    pub twice: usize,
    /// From each `ActivityScheduled` to its `ActivityStarted`, in milliseconds, in order of size.
    pub hand_outs: Vec<f64>,
    /// What else is not as it should be, in words.
    pub wrong: Vec<String>,
    /// What happened around the kill.
    pub kill: Option<Kill>,
    /// The time from beginning to end.
    pub took: Duration,
}

impl Findings {
    /// Whether everything is as it should be.
    pub(super) fn holds(&self) -> bool {
        self.lost == 0 && self.twice == 0 && self.wrong.is_empty()
    }

    fn add(&mut self, other: Findings) {
        self.succeeded += other.succeeded;
        self.failed += other.failed;
        self.retried += other.retried;
        self.failed_on_purpose += other.failed_on_purpose;
        self.timed_out += other.timed_out;
        self.lost += other.lost;
        self.twice += other.twice;
        self.hand_outs.extend(other.hand_outs);
        self.wrong.extend(other.wrong);
    }
}

/// Asks for every acknowledged execution, and compares the list of all with them.
pub(super) fn verify(
    client: &Client,
    files: &[DemoFile],
    acknowledged: &[Acknowledged],
    listed: &[Listed],
    interrupted: &AtomicBool,
) -> Result<Findings, DemoError> {
    let mut findings = compare(files.len(), acknowledged, listed);
    let next = AtomicUsize::new(0);
    let ask = || {
        let mut found = Findings::default();
        while !interrupted.load(Ordering::Relaxed) {
            let Some(start) = acknowledged.get(next.fetch_add(1, Ordering::Relaxed)) else {
                break;
            };
            found.add(examine(client, &files[start.file], start));
        }
        found
    };
    thread::scope(|scope| {
        let askers: Vec<_> = (0..ASKERS).map(|_| scope.spawn(ask)).collect();
        for asker in askers {
            findings.add(asker.join().expect("an asker does not panic"));
        }
    });
    if interrupted.load(Ordering::Relaxed) {
        return Err(DemoError::Interrupted);
    }
    findings.hand_outs.sort_by(f64::total_cmp);
    Ok(findings)
}

/// The list must have each acknowledged execution once and no other.
fn compare(files: usize, acknowledged: &[Acknowledged], listed: &[Listed]) -> Findings {
    let mut findings = Findings {
        acknowledged: acknowledged.len(),
        ..Findings::default()
    };
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in listed {
        *times.entry(&entry.name).or_default() += 1;
    }
    findings.twice = times.values().map(|times| times - 1).sum();
    let expected: BTreeSet<String> = acknowledged
        .iter()
        .map(|start| execution_name(start.file))
        .collect();
    for missing in expected
        .iter()
        .filter(|name| !times.contains_key(name.as_str()))
    {
        findings
            .wrong
            .push(format!("{missing} is not in ListExecutions"));
    }
    for strange in times.keys().filter(|name| !expected.contains(**name)) {
        findings.wrong.push(format!(
            "{strange} is in ListExecutions and was never acknowledged"
        ));
    }
    if acknowledged.len() < files {
        findings.wrong.push(format!(
            "{} files have no execution",
            files - acknowledged.len()
        ));
    }
    findings
}

fn examine(client: &Client, file: &DemoFile, start: &Acknowledged) -> Findings {
    let mut findings = Findings::default();
    let name = execution_name(start.file);
    let input = json!({ "executionArn": start.execution_arn });
    match client.call("DescribeExecution", &input, CALL_TIMEOUT) {
        Ok(described) => {
            if let Err(why) = closed_as_it_should(&described, file, start, &mut findings) {
                findings
                    .wrong
                    .push(format!("{name} ({}): {why}", file.path));
            }
        }
        Err(error) if error.exception() == Some("ExecutionDoesNotExist") => {
            findings.lost = 1;
            return findings;
        }
        Err(error) => findings
            .wrong
            .push(format!("{name}: DescribeExecution: {error}")),
    }
    match history(client, &start.execution_arn) {
        Ok(events) => read_history(&name, &events, &mut findings),
        Err(error) => findings
            .wrong
            .push(format!("{name}: GetExecutionHistory: {error}")),
    }
    findings
}

fn closed_as_it_should(
    described: &Value,
    file: &DemoFile,
    start: &Acknowledged,
    findings: &mut Findings,
) -> Result<(), String> {
    let text = |member: &str| described[member].as_str().unwrap_or_default();
    let started = described["startDate"].as_f64();
    // Answered to the millisecond, so half of one is not a difference.
    let differs = |told: f64| started.is_none_or(|started| (started - told).abs() > 0.0005);
    if start.start_date.is_some_and(differs) {
        return Err(format!(
            "startDate was {:?} and is {started:?}",
            start.start_date
        ));
    }
    // A file that changed meanwhile may have been read before or after.
    let now = files::read(&file.path).ok();
    match text("status") {
        "SUCCEEDED" => {
            findings.succeeded += 1;
            let output: Option<Facts> = serde_json::from_str(text("output")).ok();
            if output.is_none() || (output != file.facts && output != now) {
                return Err(format!("the output is {}", text("output")));
            }
        }
        "FAILED" => {
            findings.failed += 1;
            let readable = file.facts.is_some() && now.is_some();
            if readable || text("error") != NOT_TEXT {
                return Err(format!("failed with {}: {}", text("error"), text("cause")));
            }
        }
        other => return Err(format!("the status is {other}")),
    }
    Ok(())
}

fn history(client: &Client, execution_arn: &str) -> Result<Vec<Value>, ClientError> {
    let mut events = Vec::new();
    let mut input = json!({ "executionArn": execution_arn, "maxResults": 1000 });
    loop {
        let mut answer = client.call("GetExecutionHistory", &input, CALL_TIMEOUT)?;
        if let Some(Value::Array(page)) = answer.get_mut("events").map(Value::take) {
            events.extend(page);
        }
        match answer.get("nextToken").filter(|token| !token.is_null()) {
            Some(token) => input["nextToken"] = token.clone(),
            None => return Ok(events),
        }
    }
}

/// Checks that the events are without gap and without double, and takes the times from them.
fn read_history(name: &str, events: &[Value], findings: &mut Findings) {
    let kind = |event: &Value| event["type"].as_str().unwrap_or_default().to_owned();
    let count = |wanted: &str| events.iter().filter(|event| kind(event) == wanted).count();

    let ids = events.iter().map(|event| event["id"].as_u64());
    if !ids.eq((1..).map(Some).take(events.len())) {
        findings.wrong.push(format!(
            "{name}: the ids of its history are not 1, 2, 3, ..."
        ));
    }
    let ends = count("ExecutionSucceeded") + count("ExecutionFailed");
    let surplus = |times: usize| times.saturating_sub(1);
    findings.twice +=
        surplus(count("ExecutionStarted")) + surplus(ends) + surplus(count("ActivitySucceeded"));
    let last = events.last().map(kind).unwrap_or_default();
    if count("ExecutionStarted") == 0
        || !matches!(last.as_str(), "ExecutionSucceeded" | "ExecutionFailed")
    {
        findings
            .wrong
            .push(format!("{name}: its history ends with '{last}'"));
    }

    let mut scheduled = BTreeMap::new();
    for event in events {
        let at = event["timestamp"].as_f64().unwrap_or(f64::NAN) * 1000.0;
        match kind(event).as_str() {
            "ActivityScheduled" => drop(scheduled.insert(event["id"].as_u64(), at)),
            // A schedule is taken out when it is handed out: a second hand-out of it finds none.
            "ActivityStarted" => match scheduled.remove(&event["previousEventId"].as_u64()) {
                Some(since) => findings.hand_outs.push(at - since),
                None => findings.twice += 1,
            },
            "ActivityTimedOut" => findings.timed_out += 1,
            "ActivityFailed" if event["activityFailedEventDetails"]["error"] == "ExitCode.75" => {
                findings.failed_on_purpose += 1;
            }
            _ => {}
        }
    }
    if count("ActivityScheduled") > 1 {
        findings.retried += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events(kinds: &[(&str, u64)]) -> Vec<Value> {
        let event = |(index, (kind, previous)): (usize, &(&str, u64))| json!({ "id": index + 1, "type": kind, "previousEventId": previous, "timestamp": 1.0 + index as f64 });
        kinds.iter().enumerate().map(event).collect()
    }

    fn found(kinds: &[(&str, u64)]) -> Findings {
        let mut findings = Findings::default();
        read_history("x", &events(kinds), &mut findings);
        findings
    }

    const ONE_RETRY: [(&str, u64); 8] = [
        ("ExecutionStarted", 0),
        ("TaskStateEntered", 0),
        ("ActivityScheduled", 2),
        ("ActivityStarted", 3),
        ("ActivityTimedOut", 4),
        ("ActivityScheduled", 5),
        ("ActivityStarted", 6),
        ("ExecutionSucceeded", 7),
    ];

    #[test]
    fn a_history_tells_retries_and_the_time_to_each_hand_out() {
        let findings = found(&ONE_RETRY);
        assert!(findings.holds(), "{findings:?}");
        assert_eq!((findings.retried, findings.timed_out), (1, 1));
        assert_eq!(findings.hand_outs, [1000.0, 1000.0]);
    }

    #[test]
    fn a_task_that_was_handed_out_twice_is_seen() {
        let mut kinds = ONE_RETRY;
        kinds[4] = ("ActivityStarted", 3);
        assert_eq!(found(&kinds).twice, 1);
    }

    #[test]
    fn a_second_end_a_gap_and_a_missing_end_are_seen() {
        let mut twice = ONE_RETRY.to_vec();
        twice.push(("ExecutionFailed", 8));
        assert_eq!(found(&twice).twice, 1);
        assert!(!found(&ONE_RETRY[..7]).holds());
        let mut findings = Findings::default();
        let mut gap = events(&ONE_RETRY);
        gap.remove(3);
        read_history("x", &gap, &mut findings);
        assert!(!findings.holds());
    }

    #[test]
    fn the_list_must_have_each_start_once_and_no_other() {
        let start = |file| Acknowledged {
            file,
            execution_arn: String::new(),
            start_date: None,
        };
        let entry = |file| Listed {
            name: execution_name(file),
            status: "SUCCEEDED".to_owned(),
        };
        let acknowledged = [start(0), start(1)];
        assert!(compare(2, &acknowledged, &[entry(1), entry(0)]).holds());
        assert_eq!(
            compare(2, &acknowledged, &[entry(1), entry(0), entry(1)]).twice,
            1
        );
        assert!(!compare(2, &acknowledged, &[entry(1)]).holds());
        assert!(!compare(2, &acknowledged, &[entry(0), entry(1), entry(2)]).holds());
        assert!(!compare(3, &acknowledged, &[entry(0), entry(1)]).holds());
    }
}
