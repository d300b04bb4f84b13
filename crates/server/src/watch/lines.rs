//! What was seen, in words.

use super::pace::Paces;
use super::sight::{Execution, MapRun, Sight};

/// Cells of a bar.
const BAR_CELLS: u64 = 24;

/// Most map runs that are shown; the last ones are.
const MAP_RUNS_MAX: usize = 20;

/// One line: for a terminal with a bar, elsewhere without.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) bar: Option<String>,
    /// What it is about.
    pub(super) name: String,
    /// What only time has changed in is not worth a line.
    pub(super) essence: String,
    pub(super) more: String,
}

/// Lines for what was seen: the execution, its map runs, and why it ended.
pub(super) fn of(sight: &Sight, paces: &Paces) -> Vec<Line> {
    let mut lines = Vec::new();
    lines.extend(sight.execution.as_ref().map(execution));
    let hidden = sight.map_runs.len().saturating_sub(MAP_RUNS_MAX);
    if hidden > 0 {
        lines.push(plain("map runs", &format!("{hidden} before these"), ""));
    }
    let shown = &sight.map_runs[hidden..];
    lines.extend(shown.iter().map(|run| map_run(run, paces.of(&run.arn))));
    if let Some(execution) = &sight.execution
        && sight.is_over() == Some(false)
    {
        for (name, value) in [("error", &execution.error), ("cause", &execution.cause)] {
            lines.extend(value.as_ref().map(|value| plain(name, value, "")));
        }
    }
    lines
}

fn plain(name: &str, essence: &str, more: &str) -> Line {
    Line {
        bar: None,
        name: name.to_owned(),
        essence: essence.to_owned(),
        more: more.to_owned(),
    }
}

fn execution(execution: &Execution) -> Line {
    let mut essence = execution.status.clone();
    if let Some(state) = &execution.state {
        essence += &format!(" in {state}");
    }
    let time = format!(", {}", time(execution.seconds));
    plain(&execution.name, &essence, &time)
}

fn map_run(run: &MapRun, pace: Option<f64>) -> Line {
    let items = run.items;
    let mut essence = format!("{} of {} items", items.done(), items.total);
    for (count, word) in [(items.failed, "failed"), (items.running, "running")] {
        if count > 0 {
            essence += &format!(", {count} {word}");
        }
    }
    let mut more = String::new();
    if run.is_over() {
        essence = format!("{} {essence}", run.status);
    } else if let Some(pace) = pace.filter(|pace| *pace > 0.0) {
        more = format!(", {}/s", rounded(pace));
        // Where none are waiting, more may be on their way from a reader.
        if items.pending > 0 {
            let left = items.total.saturating_sub(items.done()) as f64 / pace;
            more += &format!(", {} left", time(left));
        }
    }
    let full = (items.done() * BAR_CELLS)
        .checked_div(items.total)
        .unwrap_or(0);
    let full = full.min(BAR_CELLS) as usize;
    let bar = format!(
        "[{}{}]",
        "#".repeat(full),
        ".".repeat(BAR_CELLS as usize - full)
    );
    Line {
        bar: Some(bar),
        name: run.name(),
        essence,
        more,
    }
}

fn rounded(pace: f64) -> String {
    match pace < 10.0 {
        true => format!("{pace:.1}"),
        false => format!("{pace:.0}"),
    }
}

/// `5 s`, `2 min 5 s`, `3 h 2 min`, `2 d 3 h`.
fn time(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{minutes} min {} s", seconds % 60),
        3_600..86_400 => format!("{hours} h {} min", minutes % 60),
        _ => format!("{days} d {} h", hours % 24),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sight::Counts;
    use super::*;

    fn text(line: &Line) -> String {
        let bar = line.bar.as_deref().unwrap_or_default();
        format!("{bar}{}: {}{}", line.name, line.essence, line.more)
    }

    fn counts(total: u64, running: u64, succeeded: u64, failed: u64) -> Counts {
        Counts {
            total,
            pending: total.saturating_sub(running + succeeded + failed),
            running,
            succeeded,
            failed,
        }
    }

    #[test]
    fn a_map_run_has_a_bar_a_pace_and_time_left() {
        let mut run = MapRun {
            arn: "arn:aws:states:us-east-1:000000000000:mapRun:m/Rows:0123456789ab".to_owned(),
            status: "RUNNING".to_owned(),
            items: counts(1_000, 40, 490, 10),
        };
        let line = text(&map_run(&run, Some(4.0)));
        let expected = "[############............]Rows 01234567: 500 of 1000 items, 10 failed, \
                        40 running, 4.0/s, 2 min 5 s left";
        assert_eq!(line, expected);
        run.items = counts(540, 40, 490, 10);
        let line = text(&map_run(&run, Some(4.0)));
        assert!(
            line.ends_with("500 of 540 items, 10 failed, 40 running, 4.0/s"),
            "{line}"
        );
        run.status = "FAILED".to_owned();
        run.items = counts(0, 0, 0, 0);
        let line = text(&map_run(&run, Some(4.0)));
        assert_eq!(
            line,
            "[........................]Rows 01234567: FAILED 0 of 0 items"
        );
    }

    #[test]
    fn an_execution_that_failed_says_why() {
        let execution = Execution {
            name: "e".to_owned(),
            status: "FAILED".to_owned(),
            seconds: 59.4,
            state: None,
            error: Some("E".to_owned()),
            cause: Some("why".to_owned()),
        };
        let sight = Sight {
            execution: Some(execution),
            map_runs: Vec::new(),
        };
        let lines: Vec<String> = of(&sight, &Paces::default()).iter().map(text).collect();
        assert_eq!(lines, ["e: FAILED, 59 s", "error: E", "cause: why"]);
    }

    #[test]
    fn times_are_told_in_two_units() {
        for (seconds, expected) in [
            (0.2, "0 s"),
            (60.0, "1 min 0 s"),
            (3_725.0, "1 h 2 min"),
            (200_000.0, "2 d 7 h"),
        ] {
            assert_eq!(time(seconds), expected);
        }
    }
}
