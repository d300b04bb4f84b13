//! `towpath doctor`: why a client does not get through, and what to do about it.
//!
//! It changes nothing. Each check looks at one thing and says one line; those that need no server are
//! functions of the environment.

mod endpoint;
mod environment;
mod machine;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use serde_json::json;

use crate::client::Environment;
use crate::exit;

/// Find out why a client does not get through
///
/// Looks at the environment as the AWS CLI and the SDKs see it, at the server, at this machine and, with
/// --data, at a server's folder. Exits with 1 when a check failed; warnings do not count.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Where the server listens [default: AWS_ENDPOINT_URL_SFN, AWS_ENDPOINT_URL,
    /// http://127.0.0.1:8083]
    #[arg(long, alias = "endpoint-url", value_name = "URL")]
    endpoint: Option<String>,
    /// Folder of a server on this machine, to be looked at too
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// How to print: for people or for programs
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Ok,
    Warn,
    Fail,
}

impl Verdict {
    fn name(self) -> &'static str {
        match self {
            Verdict::Ok => "ok",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

/// One line: what was looked at, what was found, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Finding {
    check: &'static str,
    verdict: Verdict,
    found: String,
    advice: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, found: impl Into<String>) -> Finding {
        Finding {
            check,
            verdict: Verdict::Ok,
            found: found.into(),
            advice: None,
        }
    }

    fn warn(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Warn,
            advice: Some(advice.into()),
            ..Finding::ok(check, found)
        }
    }

    fn fail(check: &'static str, found: impl Into<String>, advice: impl Into<String>) -> Finding {
        Finding {
            verdict: Verdict::Fail,
            ..Finding::warn(check, found, advice)
        }
    }
}

/// Looks at everything and prints it.
pub fn run(args: &DoctorArgs) -> ExitCode {
    let environment = Environment::of_process();
    let (endpoint, url) = environment::endpoint(args.endpoint.as_deref(), &environment);
    let mut findings = vec![
        endpoint,
        environment::region(&environment),
        environment::credentials(&environment, &url),
    ];
    findings.extend(endpoint::look(&url, &environment));
    findings.push(machine::open_files());
    if let Some(folder) = &args.data {
        findings.extend(machine::data_folder(folder));
    }
    let worst = findings.iter().map(|finding| finding.verdict).max();
    let worst = worst.unwrap_or(Verdict::Ok);
    let text = match args.format {
        Format::Text => text(&findings),
        Format::Json => as_json(&findings, worst),
    };
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Ok(()) if worst < Verdict::Fail => ExitCode::SUCCESS,
        _ => ExitCode::from(exit::FAILED),
    }
}

fn text(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let (verdict, check) = (finding.verdict.name(), finding.check);
        text.push_str(&format!("{verdict:4}  {check:12}  {}\n", finding.found));
        for line in finding.advice.iter().flat_map(|advice| advice.lines()) {
            text.push_str(&format!("{:20}{line}\n", ""));
        }
    }
    text
}

fn as_json(findings: &[Finding], worst: Verdict) -> String {
    let checks: Vec<_> = findings
        .iter()
        .map(|finding| {
            json!({
                "check": finding.check,
                "status": finding.verdict.name(),
                "found": finding.found,
                "advice": finding.advice,
            })
        })
        .collect();
    format!("{}\n", json!({ "status": worst.name(), "checks": checks }))
}
