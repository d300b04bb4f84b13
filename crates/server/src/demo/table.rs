//! The findings as a table.

use std::fmt::{Display, Write as _};

use super::verify::Findings;

/// Most lines about what is wrong.
const WRONG_SHOWN_MAX: usize = 20;

/// The table, with a verdict as its last line.
pub(super) fn text(findings: &Findings) -> String {
    let mut out = String::from("\n");
    let mut row = |name: &str, value: &dyn Display, remark: &str| {
        let line = format!("{name:<22}{:>9}  {remark}", value.to_string());
        writeln!(out, "{}", line.trim_end()).expect("a String takes every write");
    };
    if let Some(kill) = findings.kill {
        let before = kill.acknowledged_before;
        let after = findings.acknowledged.saturating_sub(before);
        let around = format!("{before} acknowledged before the kill, {after} after it");
        row("executions", &findings.acknowledged, &around);
        let open = before.saturating_sub(kill.closed_before);
        let away = kill.away.as_secs_f64();
        let remark = format!("the server was away for {away:.2} s");
        row("open at the kill", &open, &remark);
    } else {
        row("executions", &findings.acknowledged, "");
    }
    row("succeeded", &findings.succeeded, "");
    let caught = "files that are no text, by way of Catch";
    row("failed", &findings.failed, caught);
    let reasons = format!(
        "attempts that failed on purpose: {}, that timed out: {}",
        findings.failed_on_purpose, findings.timed_out
    );
    row("retried", &findings.retried, &reasons);
    let p50 = milliseconds(percentile(&findings.hand_outs, 50));
    let p99 = milliseconds(percentile(&findings.hand_outs, 99));
    let waits = "from schedule to hand-out, queue and kill included";
    row("p50", &p50, waits);
    row("p99", &p99, "");
    let gone = "acknowledged, and not there any more";
    row("lost", &findings.lost, gone);
    let double = "listed, ended or handed out more than once";
    row("counted twice", &findings.twice, double);
    let seconds = format!("{:.1} s", findings.took.as_secs_f64());
    row("took", &seconds, "");

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
    match value {
        None => "-".to_owned(),
        // The history tells milliseconds, so no difference means less than one.
        Some(value) if value < 0.5 => "< 1 ms".to_owned(),
        Some(value) => format!("{value:.0} ms"),
    }
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
