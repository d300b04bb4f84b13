//! What a command left behind, read as the outcome of its task.

use std::os::unix::process::ExitStatusExt;

use integrations::command::Remains;
use integrations::command::tail::last;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::args::Reading;

/// Most bytes of a task's output, as UTF-8. Source: AWS API reference, `SendTaskSuccess`.
pub(super) const OUTPUT_BYTES_MAX: usize = 262_144;
/// Most characters of a failure's error. Source: AWS API reference, `SendTaskFailure`.
const ERROR_CHARS_MAX: usize = 256;
/// Most characters of a failure's cause. Source: AWS API reference, `SendTaskFailure`.
const CAUSE_CHARS_MAX: usize = 32_768;
/// Bytes of stderr that can hold the longest cause: three for each character that counts as one.
pub(super) const STDERR_BYTES_KEPT: usize = 3 * CAUSE_CHARS_MAX;

/// What will be reported of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// `SendTaskSuccess`
    Success {
        /// JSON text.
        output: String,
    },
    /// `SendTaskFailure`
    Failure {
        /// What `Retry` and `Catch` match.
        error: String,
        /// What a person reads.
        cause: String,
    },
}

/// The error and the cause that a command chose, spelled as a state's error output spells them.
#[derive(Deserialize)]
struct Chosen {
    #[serde(rename = "Error")]
    error: String,
    #[serde(rename = "Cause")]
    cause: Option<Value>,
}

impl Outcome {
    /// A failure with both texts within the service's limits.
    pub(super) fn failure(error: &str, cause: &str) -> Outcome {
        let cut = error
            .char_indices()
            .map(|(index, _)| index)
            .nth(ERROR_CHARS_MAX);
        Outcome::Failure {
            error: error[..cut.unwrap_or(error.len())].to_owned(),
            cause: last(cause, CAUSE_CHARS_MAX).to_owned(),
        }
    }

    /// Reads what a command left behind.
    pub(super) fn of(remains: Remains, reading: Reading) -> Outcome {
        if !remains.status.success() {
            return failed(remains);
        }
        if remains.stdout_bytes > OUTPUT_BYTES_MAX as u64 {
            return too_large(remains.stdout_bytes);
        }
        let Ok(text) = String::from_utf8(remains.stdout) else {
            let cause = "the command's stdout is not UTF-8; encode bytes, for example as Base64";
            return Outcome::failure("Worker.OutputNotUtf8", cause);
        };
        let json = match reading {
            Reading::Text => None,
            Reading::Auto | Reading::Json => match serde_json::from_str::<&RawValue>(&text) {
                Ok(json) => Some(json.get().to_owned()),
                Err(error) if reading == Reading::Json => {
                    return Outcome::failure("Worker.OutputNotJson", &error.to_string());
                }
                Err(_) => None,
            },
        };
        let output = json.unwrap_or_else(|| Value::from(without_line_break(&text)).to_string());
        // Quotes and escapes can make the text longer than what was printed.
        match output.len() {
            0..=OUTPUT_BYTES_MAX => Outcome::Success { output },
            more => too_large(more as u64),
        }
    }
}

fn too_large(bytes: u64) -> Outcome {
    let cause = format!(
        "the command's output has {bytes} bytes; a task's output has at most {OUTPUT_BYTES_MAX}. \
         Put it somewhere and print where it is."
    );
    Outcome::failure("Worker.OutputTooLarge", &cause)
}

fn failed(mut remains: Remains) -> Outcome {
    let name = match (remains.status.code(), remains.status.signal()) {
        (Some(code), _) => format!("ExitCode.{code}"),
        (None, Some(signal)) => match signal_hook::low_level::signal_name(signal) {
            Some(name) => format!("Signal.{name}"),
            None => format!("Signal.{signal}"),
        },
        (None, None) => "ExitCode.Unknown".to_owned(),
    };
    let stderr = remains.stderr.text(CAUSE_CHARS_MAX);
    let said = match stderr.is_empty() {
        true => format!("{}, with nothing on stderr", remains.status),
        false => stderr,
    };
    let Ok(chosen) = serde_json::from_slice::<Chosen>(&remains.stdout) else {
        return Outcome::failure(&name, &said);
    };
    // `States.` is the service's own: a command cannot claim a time-out that did not happen.
    let allowed = !chosen.error.is_empty() && !chosen.error.starts_with("States.");
    let error = if allowed { &chosen.error } else { &name };
    match chosen.cause {
        Some(Value::String(cause)) => Outcome::failure(error, &cause),
        Some(other) if !other.is_null() => Outcome::failure(error, &other.to_string()),
        _ => Outcome::failure(error, &said),
    }
}

fn without_line_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use std::process::ExitStatus;

    use integrations::command::tail::Tail;

    use super::*;

    /// `code` as a shell has it: above 128 is a signal.
    fn remains(code: i32, stdout: &[u8], stderr: &str) -> Remains {
        let raw = if code > 128 { code - 128 } else { code << 8 };
        let mut tail = Tail::new(STDERR_BYTES_KEPT);
        tail.push(stderr.as_bytes());
        Remains {
            status: ExitStatus::from_raw(raw),
            stdout: stdout.to_owned(),
            stdout_bytes: stdout.len() as u64,
            stderr: tail,
        }
    }

    fn output(stdout: &str, reading: Reading) -> String {
        match Outcome::of(remains(0, stdout.as_bytes(), "noise"), reading) {
            Outcome::Success { output } => output,
            Outcome::Failure { error, .. } => error,
        }
    }

    fn failure(code: i32, stdout: &str, stderr: &str) -> (String, String) {
        match Outcome::of(remains(code, stdout.as_bytes(), stderr), Reading::Auto) {
            Outcome::Failure { error, cause } => (error, cause),
            Outcome::Success { output } => panic!("a success: {output}"),
        }
    }

    #[test]
    fn json_stays_as_it_was_printed_and_text_becomes_a_string() {
        assert_eq!(
            output(
                " {\"b\": 1.0, \"a\": 12345678901234567890}\n",
                Reading::Auto
            ),
            "{\"b\": 1.0, \"a\": 12345678901234567890}"
        );
        assert_eq!(output("42\n", Reading::Auto), "42");
        assert_eq!(output("42\n", Reading::Text), "\"42\"");
        assert_eq!(output("a \"b\"\n", Reading::Auto), r#""a \"b\"""#);
        assert_eq!(output("two\nlines\r\n", Reading::Auto), r#""two\nlines""#);
        assert_eq!(output("007", Reading::Auto), "\"007\"");
        assert_eq!(output("", Reading::Auto), "\"\"");
        assert_eq!(output("{} {}", Reading::Auto), "\"{} {}\"");
        assert_eq!(output("plain", Reading::Json), "Worker.OutputNotJson");
    }

    #[test]
    fn the_output_may_have_as_many_bytes_as_the_service_takes() {
        let longest = "x".repeat(OUTPUT_BYTES_MAX - 2);
        assert_eq!(output(&longest, Reading::Auto).len(), OUTPUT_BYTES_MAX);
        let quotes_do_not_fit = "x".repeat(OUTPUT_BYTES_MAX - 1);
        assert_eq!(
            output(&quotes_do_not_fit, Reading::Auto),
            "Worker.OutputTooLarge"
        );
        let escapes_do_not_fit = "\"".repeat(OUTPUT_BYTES_MAX / 2);
        assert_eq!(
            output(&escapes_do_not_fit, Reading::Auto),
            "Worker.OutputTooLarge"
        );
    }

    #[test]
    fn what_went_by_counts_too() {
        let mut large = remains(0, b"{}", "");
        large.stdout_bytes = 5_000_000;
        let Outcome::Failure { error, cause } = Outcome::of(large, Reading::Auto) else {
            panic!("a success")
        };
        assert_eq!(error, "Worker.OutputTooLarge");
        assert!(
            cause.contains("5000000") && cause.contains("262144"),
            "{cause}"
        );
    }

    #[test]
    fn bytes_that_are_no_text_are_a_failure() {
        let Outcome::Failure { error, .. } = Outcome::of(remains(0, b"\xff", ""), Reading::Auto)
        else {
            panic!("a success")
        };
        assert_eq!(error, "Worker.OutputNotUtf8");
    }

    #[test]
    fn a_failure_is_named_after_how_the_command_ended() {
        assert_eq!(failure(3, "", "why\n"), ("ExitCode.3".into(), "why".into()));
        assert_eq!(failure(137, "", "").0, "Signal.SIGKILL");
        assert!(failure(3, "", "").1.contains("exit status: 3"));
    }

    #[test]
    fn a_command_may_choose_error_and_cause() {
        let chosen = r#"{"Error":"No.Such.Order","Cause":"order 7"}"#;
        assert_eq!(
            failure(1, chosen, "noise"),
            ("No.Such.Order".into(), "order 7".into())
        );
        assert_eq!(
            failure(1, r#"{"Error":"E"}"#, "said"),
            ("E".into(), "said".into())
        );
        let object = r#"{"Error":"E","Cause":{"id":7}}"#;
        assert_eq!(failure(1, object, ""), ("E".into(), r#"{"id":7}"#.into()));
        assert_eq!(
            failure(1, r#"{"Error":"States.Timeout"}"#, "s").0,
            "ExitCode.1"
        );
        // A command that succeeds has an output, whatever its members are called.
        assert_eq!(
            output(r#"{"Error":"E"}"#, Reading::Auto),
            r#"{"Error":"E"}"#
        );
    }

    #[test]
    fn both_texts_are_kept_within_the_limits_of_the_service() {
        let (_, cause) = failure(1, "", &format!("{}end", "é".repeat(40_000)));
        assert_eq!(cause.chars().count(), 32_768);
        assert!(cause.ends_with("éend"));
        let (error, _) = failure(1, &format!(r#"{{"Error":"{}"}}"#, "e".repeat(300)), "");
        assert_eq!(error.chars().count(), 256);
    }
}
