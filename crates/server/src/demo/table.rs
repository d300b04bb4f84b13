//! The findings as a table.

use std::fmt::Write as _;

use super::verify::Findings;

/// Most lines about what is wrong.
const WRONG_SHOWN_MAX: usize = 20;

/// The table, with a verdict as its last line.
pub(super) fn text(findings: &Findings) -> String {
    let mut out = String::from("\n");
    let mut row = |name: &str, value: String, remark: String| {
        let line = format!("{name:<22}{value:>9}  {remark}");
        writeln!(out, "{}", line.trim_end()).expect("a String takes every write");
    };
    let around = findings.kill.map_or_else(String::new, |kill| {
        let before = kill.acknowledged_before;
        let after = findings.acknowledged.saturating_sub(before);
        format!("{before} acknowledged before the kill, {after} after it")
    });
    let open = findings.kill.map_or_else(String::new, |kill| {
        let open = kill.acknowledged_before.saturating_sub(kill.closed_before);
        format!(
            "{open} were open at the kill; the server was away for {:.2} s",
            kill.away.as_secs_f64()
        )
    });
    row("executions", findings.acknowledged.to_string(), around);
    row("succeeded", findings.succeeded.to_string(), open);
    row(
        "failed",
        findings.failed.to_string(),
        "files that are no text, by way of Catch".to_owned(),
    );
    let reasons = format!(
        "{} attempts failed on purpose, {} were in flight at the kill",
        findings.failed_on_purpose, findings.timed_out
    );
    row("retried", findings.retried.to_string(), reasons);
    let waits = "from schedule to hand-out, queue and kill included".to_owned();
    row(
        "p50",
        milliseconds(percentile(&findings.hand_outs, 50)),
        waits,
    );
    row(
        "p99",
        milliseconds(percentile(&findings.hand_outs, 99)),
        String::new(),
    );
    row(
        "lost",
        findings.lost.to_string(),
        "acknowledged, and not there any more".to_owned(),
    );
    row(
        "counted twice",
        findings.twice.to_string(),
        "listed, ended or handed out more than once".to_owned(),
    );
    row(
        "took",
        format!("{:.1} s", findings.took.as_secs_f64()),
        String::new(),
    );

    out.push('\n');
    for wrong in findings.wrong.iter().take(WRONG_SHOWN_MAX) {
        writeln!(out, "wrong: {wrong}").expect("a String takes every write");
    }
    let more = findings.wrong.len().saturating_sub(WRONG_SHOWN_MAX);
    if more > 0 {
        writeln!(out, "wrong: {more} more").expect("a String takes every write");
    }
    out.push_str(match findings.holds() {
        true => "Nothing was lost: every start that was acknowledged is there, closed, and counted once.\n",
        false => "This is not as it should be.\n",
    });
    out
}

/// The smallest value that is not exceeded by `percent` of the values, which are in order of size.
fn percentile(sorted: &[f64], percent: usize) -> Option<f64> {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

fn milliseconds(value: Option<f64>) -> String {
    value.map_or_else(|| "-".to_owned(), |value| format!("{value:.0} ms"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<f64> = (1..=100).map(f64::from).collect();
        assert_eq!(percentile(&hundred, 50), Some(50.0));
        assert_eq!(percentile(&hundred, 99), Some(99.0));
        assert_eq!(percentile(&[7.0], 99), Some(7.0));
        assert_eq!(percentile(&[], 50), None);
    }

    #[test]
    fn the_verdict_follows_the_findings() {
        let mut findings = Findings {
            acknowledged: 3,
            succeeded: 3,
            ..Findings::default()
        };
        assert!(text(&findings).contains("Nothing was lost"));
        findings.lost = 1;
        assert!(text(&findings).contains("not as it should be"));
        let wrong = (0..30).map(|number| format!("number {number}")).collect();
        let findings = Findings {
            wrong,
            ..Findings::default()
        };
        assert!(text(&findings).contains("wrong: 10 more"));
    }
}
