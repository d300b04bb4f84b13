//! Counts what passed and what failed, over test runners that each say it their own way.

use std::fmt;
use std::ops::AddAssign;

/// How many tests passed and failed. Skipped tests are in neither.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that passed.
    pub passed: u64,
    /// Tests that failed.
    pub failed: u64,
}

impl Tally {
    /// One check with one outcome.
    pub fn one(passed: bool) -> Self {
        Self {
            passed: u64::from(passed),
            failed: u64::from(!passed),
        }
    }

    /// Sums the `test result:` lines of `cargo test`.
    pub fn of_cargo_test(output: &str) -> Option<Self> {
        let mut sum = None;
        for line in output.lines() {
            let Some((_, counts)) = line.split_once("test result: ") else {
                continue;
            };
            let sum = sum.get_or_insert_with(Self::default);
            *sum += Self {
                passed: number_before(counts, " passed")?,
                failed: number_before(counts, " failed")?,
            };
        }
        sum
    }

    /// Reads the closing lines of Python's `unittest`.
    pub fn of_unittest(output: &str) -> Option<Self> {
        let ran = output
            .lines()
            .rev()
            .find_map(|line| line.strip_prefix("Ran ")?.split(' ').next()?.parse().ok());
        let ran: u64 = ran?;
        let verdict = output
            .lines()
            .rev()
            .find(|line| line.starts_with("OK") || line.starts_with("FAILED"))?;
        let count = |key: &str| number_after(verdict, key).unwrap_or(0);
        // Several errors may come from one test, and errors of a module's set-up from none.
        let failed = count("failures=") + count("errors=") + count("unexpected successes=");
        let out = failed + count("skipped=") + count("expected failures=");
        Some(Self {
            passed: ran.saturating_sub(out),
            failed,
        })
    }

    /// Reads the last line that is `N passed, N failed` and nothing else.
    pub fn of_closing_line(output: &str) -> Option<Self> {
        output.lines().rev().find_map(|line| {
            let (passed, failed) = line.trim().split_once(" passed, ")?;
            Some(Self {
                passed: passed.parse().ok()?,
                failed: failed.strip_suffix(" failed")?.parse().ok()?,
            })
        })
    }

    /// These counts, if the program's own exit code agrees with them; a program that fails
    /// without a failed test, or that says nothing of tests, is one failed test itself.
    pub fn agreeing_with(counts: Option<Self>, success: bool) -> Self {
        match (counts, success) {
            (Some(counts), true) => counts,
            (Some(counts), false) if counts.failed > 0 => counts,
            (Some(counts), false) => Self {
                passed: counts.passed,
                failed: 1,
            },
            (None, _) => Self::one(false),
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

fn number_before(text: &str, word: &str) -> Option<u64> {
    let head = &text[..text.find(word)?];
    let digits = head
        .rfind(|c: char| !c.is_ascii_digit())
        .map_or(0, |i| i + 1);
    head[digits..].parse().ok()
}

fn number_after(text: &str, word: &str) -> Option<u64> {
    // "failures=" also ends "expected failures=": the match must start a word of its own.
    let start = text.match_indices(word).find_map(|(at, _)| {
        let before = &text[..at];
        let alone = before.ends_with('(') || before.ends_with(", ");
        alone.then_some(at + word.len())
    })?;
    let tail = &text[start..];
    let end = tail
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(tail.len());
    tail[..end].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::Tally;

    fn tally(passed: u64, failed: u64) -> Tally {
        Tally { passed, failed }
    }

    #[test]
    fn sums_every_binary_of_cargo_test() {
        let output = "\
test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out
running 3 tests
test result: FAILED. 2 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        assert_eq!(Tally::of_cargo_test(output), Some(tally(14, 1)));
        assert_eq!(Tally::of_cargo_test("error: could not compile"), None);
    }

    #[test]
    fn reads_unittest_with_skips_and_failures() {
        let ok = "...\nRan 7 tests in 1.2s\n\nOK (skipped=2)\n";
        assert_eq!(Tally::of_unittest(ok), Some(tally(5, 0)));
        let bad = "Ran 7 tests in 1.2s\n\nFAILED (failures=1, errors=2, expected failures=1)";
        assert_eq!(Tally::of_unittest(bad), Some(tally(3, 3)));
        let set_up = "Ran 0 tests in 0.0s\n\nFAILED (errors=1)";
        assert_eq!(Tally::of_unittest(set_up), Some(tally(0, 1)));
        assert_eq!(Tally::of_unittest("Traceback"), None);
    }

    #[test]
    fn reads_only_a_line_that_stands_alone() {
        let output = "seed 4: 3 passed, 9 failed before\n 10 passed, 2 failed \nbye";
        assert_eq!(Tally::of_closing_line(output), Some(tally(10, 2)));
        assert_eq!(Tally::of_closing_line("all passed, none failed"), None);
    }

    #[test]
    fn a_failing_exit_code_is_never_a_pass() {
        assert_eq!(Tally::agreeing_with(Some(tally(3, 0)), false), tally(3, 1));
        assert_eq!(Tally::agreeing_with(Some(tally(3, 2)), false), tally(3, 2));
        assert_eq!(Tally::agreeing_with(None, true), tally(0, 1));
        assert_eq!(tally(3, 2).to_string(), "3 passed, 2 failed");
    }
}
