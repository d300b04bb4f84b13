//! How an execution went, for people and for programs.

use std::fmt::Write as _;

use asl::timestamp;
use interpreter::Status;
use serde_json::{Value, json};

use super::play::Ended;
use super::trail::{Ending, Visit};

const TIME_WIDTH_MIN: usize = 6;

/// A table of states, and then how the execution ended.
pub fn text(ended: &Ended, is_stuck: bool) -> String {
    let rows: Vec<[String; 4]> = ended
        .visits
        .iter()
        .map(|visit| row(visit, ended.start_ms))
        .collect();
    let head = ["TIME", "STATE", "ATTEMPTS", "ENDED"].map(str::to_owned);
    let width = |column: usize| {
        let rows = rows.iter().chain([&head]);
        let widths = rows.map(|row| row[column].chars().count());
        widths.max().unwrap_or_default()
    };
    let (time, state, attempts) = (width(0).max(TIME_WIDTH_MIN), width(1), width(2));
    let mut out = String::new();
    for row in [&head].into_iter().chain(&rows) {
        let line = format!(
            "{:<time$}  {:<state$}  {:<attempts$}  {}",
            row[0], row[1], row[2], row[3]
        );
        push(&mut out, format_args!("{}\n", line.trim_end()));
    }
    let status = if is_stuck {
        "NOT FINISHED"
    } else {
        status_name(ended.status)
    };
    push(
        &mut out,
        format_args!(
            "\n{status} after {}, {} events\n",
            duration(ended.duration_ms),
            ended.events
        ),
    );
    if let Some(failure) = &ended.failure {
        for (name, text) in [("error", &failure.error), ("cause", &failure.cause)] {
            if let Some(text) = text {
                push(&mut out, format_args!("{name}: {text}\n"));
            }
        }
    }
    if let Some(output) = &ended.output {
        push(&mut out, format_args!("{}\n", output.text()));
    }
    out
}

fn row(visit: &Visit, start_ms: i64) -> [String; 4] {
    let item = visit.item.map(|item| format!("[{item}] "));
    let state = format!(
        "{}{}{}",
        "  ".repeat(visit.depth),
        item.unwrap_or_default(),
        visit.name
    );
    let (word, error) = ending(&visit.ending);
    let ended = match error {
        Some(error) => format!("{word} {error}"),
        None => word.to_owned(),
    };
    let at = visit.ended_ms.unwrap_or(visit.entered_ms);
    [
        duration(at - start_ms),
        state,
        visit.attempts.to_string(),
        ended,
    ]
}

fn ending(ending: &Ending) -> (&'static str, Option<&str>) {
    match ending {
        Ending::Open => ("open", None),
        Ending::Succeeded => ("succeeded", None),
        Ending::Caught(error) => ("caught", error.as_deref()),
        Ending::Failed(error) => ("failed", error.as_deref()),
        Ending::Aborted => ("aborted", None),
    }
}

/// The same as one JSON value.
pub fn json(ended: &Ended) -> String {
    let states: Vec<Value> = ended.visits.iter().map(visit_json).collect();
    let failure = ended.failure.clone().unwrap_or_default();
    let value = json!({
        "status": status_name(ended.status),
        "output": ended.output.as_ref().map(|output| output.value().clone()),
        "error": failure.error,
        "cause": failure.cause,
        "startDate": timestamp::format(ended.start_ms),
        "durationMilliseconds": ended.duration_ms,
        "events": ended.events,
        "states": states,
    });
    format!("{value}\n")
}

fn visit_json(visit: &Visit) -> Value {
    let (word, error) = ending(&visit.ending);
    json!({
        "name": visit.name,
        "type": visit.state_type,
        "depth": visit.depth,
        "item": visit.item,
        "attempts": visit.attempts,
        "ended": word,
        "error": error,
        "enteredAt": timestamp::format(visit.entered_ms),
        "endedAt": visit.ended_ms.map(timestamp::format),
    })
}

fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
        Status::PendingRedrive => "PENDING_REDRIVE",
    }
}

/// `1.5s`, `2m 3s`, `365d 0h 0m 1s`.
pub fn duration(ms: i64) -> String {
    let (seconds, rest_ms) = (ms / 1000, ms % 1000);
    let mut out = String::new();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    for (count, unit) in [(days, "d"), (hours, "h"), (minutes, "m")] {
        if count > 0 || !out.is_empty() {
            push(&mut out, format_args!("{count}{unit} "));
        }
    }
    push(&mut out, format_args!("{}", seconds % 60));
    if rest_ms != 0 {
        let fraction = format!("{rest_ms:03}");
        push(
            &mut out,
            format_args!(".{}", fraction.trim_end_matches('0')),
        );
    }
    out.push('s');
    out
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes any text");
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_are_read_at_a_glance() {
        for (ms, text) in [
            (0, "0s"),
            (1_500, "1.5s"),
            (60_000, "1m 0s"),
            (31_536_000_001, "365d 0h 0m 0.001s"),
        ] {
            assert_eq!(duration(ms), text);
        }
    }
}
