//! `towpath validate`: what there is to say about definitions, as a compiler would say it.
//!
//! Nothing is judged here: [`asl::parse`] finds, [`place`] looks up where in the text that is, [`help`]
//! adds what one can do about it, and [`print`] writes it for people, programs or GitHub.

mod help;
mod place;
mod print;

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl::{Diagnostic, MachineType, Severity};
use clap::{Args, ValueEnum};

use place::Place;

/// Something was found that counts.
const EXIT_FOUND: u8 = 1;
/// A file could not be read. The same number that clap uses for a wrong command line.
const EXIT_UNREADABLE: u8 = 2;

/// Check definitions of state machines, without a server
///
/// Prints what Step Functions would say about each FILE, with the place in the text. Exits with 0 when
/// nothing was found that counts (see --severity), 1 when something was, 2 when a file cannot be read.
#[derive(Debug, Args)]
pub struct ValidateArgs {
    /// Definitions in the Amazon States Language; - is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// How to print: for people, for programs, or as commands that annotate a change on GitHub
    #[arg(long, value_enum, default_value_t = Format::Text)]
    format: Format,
    /// What kind of state machine the definitions are for
    #[arg(long = "type", value_enum, default_value_t = TypeArg::Standard, ignore_case = true)]
    machine_type: TypeArg,
    /// What counts for the exit code; warnings are printed in any case
    #[arg(long, value_enum, default_value_t = SeverityArg::Error, ignore_case = true)]
    severity: SeverityArg,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
    Github,
}

/// `--type`, spelled as in `CreateStateMachine`.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum TypeArg {
    /// Durable, up to a year.
    #[value(name = "STANDARD")]
    Standard,
    /// Up to five minutes.
    #[value(name = "EXPRESS")]
    Express,
}

impl From<TypeArg> for MachineType {
    fn from(argument: TypeArg) -> MachineType {
        match argument {
            TypeArg::Standard => MachineType::Standard,
            TypeArg::Express => MachineType::Express,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum SeverityArg {
    Error,
    Warning,
}

/// One definition and what was found in it.
pub struct Report {
    file: String,
    text: String,
    findings: Vec<Finding>,
}

/// A diagnostic, where it is, and what to do about it.
struct Finding {
    diagnostic: Diagnostic,
    place: Option<Place>,
    help: Option<String>,
}

impl Report {
    /// Looks at one definition.
    pub fn new(
        file: String,
        text: String,
        machine_type: MachineType,
        diagnostics: Vec<Diagnostic>,
    ) -> Report {
        let finding = |diagnostic: Diagnostic| Finding {
            place: diagnostic
                .offset
                .map(|offset| place::of_offset(&text, offset)),
            help: help::of(&diagnostic, &text, machine_type),
            diagnostic,
        };
        let findings = diagnostics.into_iter().map(finding).collect();
        Report {
            file,
            text,
            findings,
        }
    }

    fn count(&self, severity: Severity) -> usize {
        let findings = self.findings.iter();
        findings
            .filter(|finding| finding.diagnostic.severity == severity)
            .count()
    }

    /// As text for people.
    pub fn to_text(&self) -> String {
        print::text(self)
    }
}

/// Looks at every file, whatever the others say.
pub fn run(args: ValidateArgs) -> ExitCode {
    let mut reports = Vec::new();
    let mut all_read = true;
    for path in &args.files {
        let file = match path.to_str() {
            Some("-") => "<stdin>".to_owned(),
            _ => path.display().to_string(),
        };
        match read(path) {
            Ok(text) => {
                let machine_type = args.machine_type.into();
                let parsed = asl::parse(&text, machine_type);
                reports.push(Report::new(file, text, machine_type, parsed.diagnostics));
            }
            Err(error) => {
                all_read = false;
                // A closed stderr must not turn a finding into a panic.
                let _ = writeln!(std::io::stderr(), "towpath validate: {file}: {error}");
            }
        }
    }
    let printed = match args.format {
        Format::Text => reports.iter().map(print::text).collect(),
        Format::Github => reports.iter().map(print::github).collect(),
        Format::Json => print::json(&reports),
    };
    let _ = std::io::stdout().write_all(printed.as_bytes());

    let counts = |report: &Report| match args.severity {
        SeverityArg::Error => report.count(Severity::Error) > 0,
        SeverityArg::Warning => !report.findings.is_empty(),
    };
    if !all_read {
        ExitCode::from(EXIT_UNREADABLE)
    } else if reports.iter().any(counts) {
        ExitCode::from(EXIT_FOUND)
    } else {
        ExitCode::SUCCESS
    }
}

/// The text of a file, or of standard input when its name is `-`.
pub fn read(path: &Path) -> std::io::Result<String> {
    if path.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin().lock().read_to_string(&mut text)?;
        Ok(text)
    } else {
        std::fs::read_to_string(path)
    }
}
