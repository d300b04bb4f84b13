//! Log lines: one event, one line, on standard error.
//!
//! Payloads, task tokens and keys are never given to this module. What a client chose (names, ARNs)
//! may be, so every text is escaped and cut.

use std::fmt::{Display, Write as _};
use std::io::Write as _;
use std::sync::OnceLock;

/// How lines look.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// For eyes.
    Text,
    /// One JSON object a line.
    Json,
}

/// How much a line matters.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum, serde::Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Somebody has to act.
    Error,
    /// Somebody may want to act.
    Warn,
    /// What happens to the server.
    Info,
    /// What happens to each request.
    Debug,
}

impl Format {
    /// As in settings.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
        }
    }
}

impl Level {
    /// As in settings.
    pub fn name(self) -> &'static str {
        match self {
            Level::Error => "error",
            Level::Warn => "warn",
            Level::Info => "info",
            Level::Debug => "debug",
        }
    }
}

/// Most characters of one field: what a client chose must not fill the disk.
const FIELD_CHARS_MAX: usize = 1024;

static LOGGER: OnceLock<(Format, Level)> = OnceLock::new();

/// Sets format and level, once. Until then only errors are written, as text.
pub fn start(format: Format, level: Level) {
    // A second start would be a second server in one process; the first one's settings stay.
    let _ = LOGGER.set((format, level));
}

/// Whether such a line would be written.
pub fn enabled(level: Level) -> bool {
    level <= LOGGER.get().map_or(Level::Error, |(_, most)| *most)
}

/// Writes a line: what happened, and with what.
pub fn line(level: Level, what: &str, fields: &[(&str, &dyn Display)]) {
    if !enabled(level) {
        return;
    }
    let format = LOGGER.get().map_or(Format::Text, |(format, _)| *format);
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |passed| passed.as_millis() as i64);
    let mut text = render(format, level, &crate::clock::iso_8601(now), what, fields);
    text.push('\n');
    // One write, so that lines of several threads do not mix. Nobody can be told when it fails.
    let _ = std::io::stderr().lock().write_all(text.as_bytes());
}

fn render(
    format: Format,
    level: Level,
    ts: &str,
    what: &str,
    fields: &[(&str, &dyn Display)],
) -> String {
    let mut text = String::with_capacity(128);
    match format {
        Format::Text => {
            let _ = write!(text, "{ts} {:5} {}", level.name(), escaped(what));
            for (name, value) in fields {
                let value = escaped(&value.to_string());
                if value.contains(' ') || value.is_empty() {
                    let _ = write!(text, " {name}=\"{value}\"");
                } else {
                    let _ = write!(text, " {name}={value}");
                }
            }
        }
        Format::Json => {
            let _ = write!(
                text,
                r#"{{"ts":"{ts}","level":"{}","msg":"{}""#,
                level.name(),
                escaped(what)
            );
            for (name, value) in fields {
                let _ = write!(text, r#","{name}":"{}""#, escaped(&value.to_string()));
            }
            text.push('}');
        }
    }
    text
}

/// Escapes as JSON does, which is enough for terminals too: no control character remains.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for (count, character) in text.chars().enumerate() {
        if count == FIELD_CHARS_MAX {
            safe.push('…');
            break;
        }
        match character {
            '"' => safe.push_str("\\\""),
            '\\' => safe.push_str("\\\\"),
            '\n' => safe.push_str("\\n"),
            // Separators that some viewers break lines at, and marks that turn text around.
            '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                let _ = write!(safe, "\\u{:04x}", u32::from(character));
            }
            _ if character.is_control() => {
                let _ = write!(safe, "\\u{:04x}", u32::from(character));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_client_says_stays_in_one_line() {
        let hostile = "a\nb\r\u{1b}[31m\"\\\u{2028}\u{202e}\u{0}";
        for format in [Format::Text, Format::Json] {
            let text = render(format, Level::Warn, "T", hostile, &[("name", &hostile)]);
            assert!(
                !text.chars().any(|character| character.is_control()),
                "{text:?}"
            );
            assert!(!text.contains('\u{2028}') && !text.contains('\u{202e}'));
        }
        let text = render(
            Format::Json,
            Level::Warn,
            "T",
            hostile,
            &[("name", &hostile)],
        );
        let read: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(read["name"], hostile);
        assert_eq!(read["level"], "warn");
    }

    #[test]
    fn long_fields_are_cut() {
        let text = render(
            Format::Text,
            Level::Info,
            "T",
            "m",
            &[("name", &"é".repeat(5000))],
        );
        assert!(text.chars().count() < FIELD_CHARS_MAX + 50);
    }
}
