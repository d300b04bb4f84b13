//! The three ways to print what was found.

use std::fmt::Write as _;

use asl::Severity;
use serde_json::json;

use super::place::Place;
use super::{Finding, Report};

/// Most characters of a line of source that are shown; a definition may be one long line.
const SHOWN_CHARACTERS_MAX: usize = 120;
/// How many characters are shown before the place, when a line is cut.
const SHOWN_BEFORE: usize = 40;

fn severity(finding: &Finding) -> &'static str {
    match finding.diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// The message without Jackson's place in the second line, which is said better in front.
fn headline(finding: &Finding) -> &str {
    let message = &finding.diagnostic.message;
    message.split('\n').next().unwrap_or(message)
}

/// As a compiler prints it.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        text_of_finding(report, finding, &mut out);
    }
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let (errors, warnings) = (
        report.count(Severity::Error),
        report.count(Severity::Warning),
    );
    let verdict = match (errors, warnings) {
        (0, 0) => "valid".to_owned(),
        (0, warnings) => format!("valid, {}", count(warnings, "warning")),
        (errors, 0) => count(errors, "error"),
        (errors, warnings) => {
            format!("{}, {}", count(errors, "error"), count(warnings, "warning"))
        }
    };
    push(&mut out, format_args!("{}: {verdict}\n", report.file));
    out
}

fn text_of_finding(report: &Report, finding: &Finding, out: &mut String) {
    let (severity, code) = (severity(finding), finding.diagnostic.code);
    let (file, message) = (&report.file, headline(finding));
    let Some(place) = &finding.place else {
        push(
            out,
            format_args!("{file}: {severity}[{code}]: {message}\n\n"),
        );
        return;
    };
    let (line, column) = (place.line, place.column);
    push(
        out,
        format_args!("{file}:{line}:{column}: {severity}[{code}]: {message}\n"),
    );
    let margin = " ".repeat(line.to_string().len());
    let (source, padding, carets) = excerpt(&report.text, place);
    push(
        out,
        format_args!("{margin} |\n{line} | {source}\n{margin} | {padding}{carets}\n"),
    );
    if let Some(location) = finding.diagnostic.location.as_deref()
        && location.starts_with('/')
    {
        push(out, format_args!("{margin} = at {location}\n"));
    }
    if let Some(help) = &finding.help {
        push(out, format_args!("help: {help}\n"));
    }
    out.push('\n');
}

/// The line of source, cut if need be, what stands before the carets, and the carets.
fn excerpt(text: &str, place: &Place) -> (String, String, String) {
    // What a terminal would obey is no part of a definition.
    let shown = |c: char| {
        if c.is_control() && c != '\t' {
            '\u{fffd}'
        } else {
            c
        }
    };
    let source: Vec<char> = text[place.line_bytes.clone()].chars().map(shown).collect();
    let at = place.column - 1;
    let is_cut = source.len() > SHOWN_CHARACTERS_MAX;
    let from = if is_cut {
        at.saturating_sub(SHOWN_BEFORE)
    } else {
        0
    };
    let to = source.len().min(from + SHOWN_CHARACTERS_MAX);
    let from = from.min(to);
    let mut shown = String::new();
    let mut padding = String::new();
    if from > 0 {
        shown.push('…');
        padding.push(' ');
    }
    // Tabs stay tabs below them, so that the caret stands where the place is.
    shown.extend(&source[from..to]);
    let before = source[from..to].iter().take(at - from.min(at));
    padding.extend(before.map(|c| if *c == '\t' { '\t' } else { ' ' }));
    if to < source.len() {
        shown.push('…');
    }
    let room = (to + 1).saturating_sub(at).max(1);
    (shown, padding, "^".repeat(place.length.min(room)))
}

/// Workflow commands that annotate the lines of a change.
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for finding in &report.findings {
        let (line, column) = finding
            .place
            .as_ref()
            .map_or((1, 1), |place| (place.line, place.column));
        let mut message = headline(finding).to_owned();
        if let Some(help) = &finding.help {
            push(&mut message, format_args!("\nhelp: {help}"));
        }
        push(
            &mut out,
            format_args!(
                "::{} file={},line={line},col={column},title={}::{}\n",
                severity(finding),
                escape_property(&report.file),
                escape_property(finding.diagnostic.code),
                escape_data(&message)
            ),
        );
    }
    out
}

/// Source: GitHub's documentation of workflow commands, and `@actions/core`, `escapeData`.
fn escape_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn escape_property(text: &str) -> String {
    escape_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// One JSON value for all files.
pub fn json(reports: &[Report]) -> String {
    let finding = |finding: &Finding| {
        json!({
            "severity": severity(finding).to_uppercase(),
            "code": finding.diagnostic.code,
            "message": finding.diagnostic.message,
            "location": finding.diagnostic.location,
            "line": finding.place.as_ref().map(|place| place.line),
            "column": finding.place.as_ref().map(|place| place.column),
            "offset": finding.place.as_ref().map(|place| place.offset),
            "help": finding.help,
        })
    };
    let report = |report: &Report| {
        let findings: Vec<_> = report.findings.iter().map(finding).collect();
        json!({
            "file": report.file,
            "result": if report.count(Severity::Error) > 0 { "FAIL" } else { "OK" },
            "diagnostics": findings,
        })
    };
    let files: Vec<_> = reports.iter().map(report).collect();
    format!("{:#}\n", json!({ "files": files }))
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    out.write_fmt(text).expect("memory takes any text");
}

#[cfg(test)]
mod tests {
    use asl::{Diagnostic, MachineType};

    use super::*;

    #[test]
    fn every_place_can_be_printed() {
        let long = format!("{{\"é\": \"{}\"\r\n\t\u{1b}\r}}\r\n", "ü".repeat(300));
        for offset in 0..long.len() + 2 {
            let diagnostic = Diagnostic {
                severity: Severity::Error,
                code: "SCHEMA_VALIDATION_FAILED",
                message: "words".to_owned(),
                location: None,
                offset: Some(offset),
            };
            let report = Report::new(
                "f".to_owned(),
                long.clone(),
                MachineType::Standard,
                vec![diagnostic],
            );
            let printed = super::text(&report);
            assert!(printed.contains('^') && !printed.contains(['\u{1b}', '\r']));
            let longest = printed.lines().map(|line| line.chars().count()).max();
            assert!(longest < Some(SHOWN_CHARACTERS_MAX + 10), "{printed}");
        }
    }
}
