//! Draws over what was drawn at a terminal, and writes what has changed anywhere else.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

use super::lines::Line;

/// Between two plain lines about the same thing, unless it is the last.
const LINE_INTERVAL: Duration = Duration::from_secs(2);

/// Columns of a terminal that does not say how many it has.
const COLUMNS: usize = 80;

pub(super) struct Screen {
    at_terminal: bool,
    /// Lines that the next drawing takes the place of.
    drawn: usize,
    /// What was written last about each thing, and when.
    written: BTreeMap<String, (String, Instant)>,
    /// What has changed and was not written yet.
    held_back: BTreeMap<String, String>,
}

impl Screen {
    pub(super) fn new() -> Screen {
        Screen {
            at_terminal: std::io::stdout().is_terminal(),
            drawn: 0,
            written: BTreeMap::new(),
            held_back: BTreeMap::new(),
        }
    }

    pub(super) fn show(&mut self, lines: &[Line]) {
        if !self.at_terminal {
            let now = Instant::now();
            lines.iter().for_each(|line| self.write_line(line, now));
            return;
        }
        let columns = columns();
        let mut out = self.erased();
        for Line {
            bar,
            name,
            essence,
            more,
        } in lines
        {
            let text = match bar {
                Some(bar) => format!("{bar} {name}  {essence}{more}"),
                None => format!("{name}  {essence}{more}"),
            };
            // A line that wraps could not be drawn over.
            writeln!(out, "{}", fitted(&text, columns)).expect("a String takes every write");
        }
        self.drawn = lines.len();
        write(&out);
    }

    /// Something to know that takes the place of everything until there is more to see.
    pub(super) fn note(&mut self, text: &str) {
        let line = Line {
            bar: None,
            name: "towpath watch".to_owned(),
            essence: text.to_owned(),
            more: String::new(),
        };
        self.show(&[line]);
    }

    /// Writes what was held back; what is drawn stays.
    pub(super) fn finish(&mut self) {
        self.drawn = 0;
        for (_, text) in std::mem::take(&mut self.held_back) {
            write(&format!("{text}\n"));
        }
    }

    fn write_line(&mut self, line: &Line, now: Instant) {
        let Line {
            name,
            essence,
            more,
            ..
        } = line;
        let text = format!("{name}: {}{more}", visible(essence));
        match self.written.get(name) {
            Some((before, _)) if before == essence => return,
            Some((_, at)) if now.duration_since(*at) < LINE_INTERVAL && line.bar.is_some() => {
                self.held_back.insert(name.clone(), text);
                return;
            }
            _ => {}
        }
        self.held_back.remove(name);
        self.written.insert(name.clone(), (essence.clone(), now));
        write(&format!("{text}\n"));
    }

    /// Back to the first line, and clear from there on.
    fn erased(&mut self) -> String {
        match std::mem::take(&mut self.drawn) {
            0 => String::new(),
            lines => format!("\x1b[{lines}A\r\x1b[J"),
        }
    }
}

/// What fits into one line of a terminal.
fn fitted(text: &str, columns: usize) -> String {
    visible(text)
        .chars()
        .take(columns.saturating_sub(1))
        .collect()
}

/// Names and causes are anybody's: no line break of theirs breaks a line, and nothing of theirs moves the
/// cursor.
fn visible(text: &str) -> String {
    let shown = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(shown).collect()
}

fn columns() -> usize {
    let size = rustix::termios::tcgetwinsize(std::io::stdout());
    match size {
        Ok(size) if size.ws_col > 0 => usize::from(size.ws_col),
        _ => COLUMNS,
    }
}

/// A closed stdout is no reason to end: the exit code still says how it went.
fn write(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_wrote_cannot_move_the_cursor() {
        assert_eq!(fitted("a\nb\x1b[2Jc", 80), "a b [2Jc");
        assert_eq!(fitted("äöüß", 3), "äö");
        assert_eq!(fitted("a", 0), "");
    }
}
