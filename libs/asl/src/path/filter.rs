//! Filters: `[?(@.a > 1 && @.b)]`, read and judged as Jayway JsonPath 2.0.0 does.
//!
//! The operators of that release are `== != < <= > >= =~ && || !`; `in`, `size` and `empty` came later.
//! Parentheses do not group there: they are trimmed, and `&&` binds tighter than `||` whatever they say.

use std::cmp::Ordering;

use regex_lite::{Regex, RegexBuilder};
use serde_json::Value;

use super::compile::compile_in_filter;
use super::step::Steps;
use super::{decimal, java};

/// Most bytes of a compiled regular expression.
///
/// Source: ours. Most patterns people write take 256 to 2,048.
const PATTERN_BYTES_MAX: usize = 32 << 10;

/// How many bytes of a pattern, times bytes of text, are paid as one visit.
///
/// Source: ours, measured. The engine is linear but tries every part of the pattern at every
/// character in the worst case; at this price a spent budget is under 100 ms of it.
const MATCH_BYTES_PER_VISIT: usize = 560;

/// `/…/` or `/…/i`, which must match a whole text.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Regex,
    /// At most this many bytes compiled, and more than half of it.
    bytes: usize,
}

impl Pattern {
    fn parse(text: &str, ignore_case: bool) -> Result<Pattern, String> {
        let whole = format!(r"\A(?:{text})\z");
        let mut bytes = 256;
        // The engine does not tell the size of what it made, only whether it is within a limit.
        loop {
            let built = RegexBuilder::new(&whole)
                .case_insensitive(ignore_case)
                .size_limit(bytes)
                .build();
            match built {
                Ok(regex) => return Ok(Pattern { regex, bytes }),
                Err(error) if bytes >= PATTERN_BYTES_MAX => return Err(error.to_string()),
                Err(_) => bytes *= 2,
            }
        }
    }

    /// How many visits it takes to match a text of `length` bytes.
    pub(super) fn visits(&self, length: usize) -> usize {
        1 + length.saturating_mul(self.bytes) / MATCH_BYTES_PER_VISIT
    }
}

/// A compiled filter.
#[derive(Debug)]
pub(super) struct Filter {
    /// One of these must hold, each of them in all its criteria. The last is judged first.
    pub(super) alternatives: Vec<Vec<Criterion>>,
}

/// One condition of a filter.
#[derive(Debug)]
pub(super) enum Criterion {
    /// `@.a`, or `!@.a` when `wanted` is false. A field that is null does not exist here.
    Exists { steps: Steps, wanted: bool },
    /// `@.a > 1`.
    Comparison {
        left: Operand,
        operator: Operator,
        right: Operand,
    },
}

/// One side of a comparison.
#[derive(Debug)]
pub(super) enum Operand {
    /// `@.a`, or `$.a` when `from_root`.
    Path { steps: Steps, from_root: bool },
    /// A text; numbers and `true`, `false`, `null` are texts as well and compare by their looks.
    Text(String),
    /// `/…/` or `/…/i`.
    Pattern(Pattern),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    GreaterOrEqual,
    LessOrEqual,
    NotEqual,
    Less,
    Greater,
    Matches,
}

/// In the order in which a criterion is searched for them.
const OPERATORS: [(&str, Operator); 7] = [
    ("==", Operator::Equal),
    (">=", Operator::GreaterOrEqual),
    ("<=", Operator::LessOrEqual),
    ("!=", Operator::NotEqual),
    ("<", Operator::Less),
    (">", Operator::Greater),
    ("=~", Operator::Matches),
];

/// One side of a comparison, looked up.
#[derive(Clone, Copy, Debug)]
pub(super) enum Operated<'v> {
    Value(&'v Value),
    Text(&'v str),
    Pattern(&'v Pattern),
}

impl Filter {
    /// Reads `[?(…)]`.
    pub(super) fn parse(text: String) -> Result<Filter, String> {
        let inner = text
            .trim()
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
            .and_then(|rest| rest.trim().strip_prefix('?'))
            .and_then(|rest| rest.trim().strip_prefix('('))
            .and_then(|rest| rest.strip_suffix(')'))
            .ok_or_else(|| format!("Filter must start with '[?(' and end with ')]'. {text}"))?;
        let alternatives = inner
            .split("||")
            .map(|all| all.split("&&").map(Criterion::parse).collect());
        Ok(Filter {
            alternatives: alternatives.collect::<Result<_, _>>()?,
        })
    }
}

impl Criterion {
    fn parse(text: &str) -> Result<Criterion, String> {
        let text = text
            .trim()
            .trim_start_matches(['[', '?', '(', ' '])
            .trim_end_matches([')', ' ']);
        let found = OPERATORS.iter().find_map(|(sign, operator)| {
            text.split_once(sign)
                .map(|(left, right)| (left.trim(), *operator, right.trim()))
        });
        if let Some((left, operator, right)) = found {
            if right.starts_with("!@") {
                return Err("Only the existence of a path can be negated".to_owned());
            }
            let (left, right) = (
                Operand::parse(
                    left.strip_prefix('!')
                        .filter(|l| l.starts_with('@'))
                        .unwrap_or(left),
                )?,
                Operand::parse(right)?,
            );
            return Ok(Criterion::Comparison {
                left,
                operator,
                right,
            });
        }
        let wanted = !text.starts_with("!@");
        let path = text.strip_prefix('!').filter(|_| !wanted).unwrap_or(text);
        match Operand::parse(path)? {
            Operand::Path { steps, .. } => Ok(Criterion::Exists { steps, wanted }),
            _ => Err(format!("A filter needs a path or an operator: {text}")),
        }
    }
}

impl Operand {
    fn parse(text: &str) -> Result<Operand, String> {
        if let Some(tail) = text.strip_prefix(['$', '@']) {
            return Ok(Operand::Path {
                steps: compile_in_filter(tail)?,
                from_root: text.starts_with('$'),
            });
        }
        if let Some(rest) = text.strip_prefix('\'')
            && text.ends_with('\'')
        {
            let quoted = rest.strip_suffix('\'').ok_or("A quote is not closed")?;
            return Ok(Operand::Text(quoted.to_owned()));
        }
        if let Some(rest) = text.strip_prefix('/')
            && (text.ends_with('/') || text.ends_with("/i"))
        {
            let ignore_case = text.ends_with('i');
            let pattern = rest
                .strip_suffix(if ignore_case { "/i" } else { "/" })
                .ok_or("A pattern is not closed")?;
            return Pattern::parse(pattern, ignore_case).map(Operand::Pattern);
        }
        Ok(Operand::Text(text.to_owned()))
    }
}

/// A comparison that Java answers with an exception instead of true or false; the path fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Incomparable(pub(super) String);

impl Operator {
    /// Judges `left OPERATOR right`.
    pub(super) fn judge(
        self,
        left: Operated<'_>,
        right: Operated<'_>,
    ) -> Result<bool, Incomparable> {
        if self == Operator::Matches {
            return matches(left, right);
        }
        let lopsided = left.is_null() != right.is_null();
        if lopsided && !matches!(self, Operator::Equal | Operator::NotEqual) {
            return Ok(false);
        }
        // Jayway compares what is expected with what is there, in this order, and not symmetrically:
        // a text expected is read as a number, a number expected never as a text.
        Ok(compare(right, left)?.is_some_and(|order| match self {
            Operator::Equal => order.is_eq(),
            Operator::NotEqual => order.is_ne(),
            Operator::Greater => order.is_lt(),
            Operator::GreaterOrEqual => order.is_le(),
            Operator::Less => order.is_gt(),
            Operator::LessOrEqual => order.is_ge(),
            Operator::Matches => false,
        }))
    }
}

impl<'v> Operated<'v> {
    fn is_null(self) -> bool {
        matches!(self, Operated::Value(Value::Null))
    }

    fn text(self) -> Option<&'v str> {
        match self {
            Operated::Text(text) => Some(text),
            Operated::Value(Value::String(text)) => Some(text),
            Operated::Value(_) | Operated::Pattern(_) => None,
        }
    }

    /// Null, and the text `null`, which is how a filter spells it.
    fn is_nullish(self) -> bool {
        self.is_null() || self.text() == Some("null")
    }
}

/// `None` when the two can not be compared.
fn compare(expected: Operated<'_>, actual: Operated<'_>) -> Result<Option<Ordering>, Incomparable> {
    match (expected.is_nullish(), actual.is_nullish()) {
        (true, true) => return Ok(Some(Ordering::Equal)),
        (true, false) => return Ok(Some(Ordering::Less)),
        (false, true) => return Ok(Some(Ordering::Greater)),
        (false, false) => {}
    }
    if let (Some(expected), Some(actual)) = (expected.text(), actual.text()) {
        let expected = expected.replace("\\'", "'");
        return Ok(Some(expected.encode_utf16().cmp(actual.encode_utf16())));
    }
    let Operated::Value(actual) = actual else {
        return Ok(None);
    };
    if let (Operated::Value(same), actual) = (expected, actual)
        && std::ptr::eq(same, actual)
    {
        return Ok(Some(Ordering::Equal));
    }
    Ok(match (expected, actual) {
        (Operated::Value(Value::Number(expected)), Value::Number(actual)) => {
            decimal::compare(expected.as_str(), actual.as_str())
        }
        (Operated::Value(Value::Bool(expected)), Value::Bool(actual)) => Some(expected.cmp(actual)),
        (expected, Value::Number(actual)) => match expected.text() {
            Some(text) => match decimal::compare(text, actual.as_str()) {
                Some(order) => Some(order),
                None => return Err(Incomparable(format!("'{text}' is compared with a number"))),
            },
            None => None,
        },
        (expected, Value::Bool(actual)) => expected
            .text()
            .map(|text| text.eq_ignore_ascii_case("true").cmp(actual)),
        _ => None,
    })
}

/// `left =~ right`, with the pattern on either side; it must match the whole text.
fn matches(left: Operated<'_>, right: Operated<'_>) -> Result<bool, Incomparable> {
    let (pattern, target) = match (left, right) {
        (Operated::Pattern(pattern), target) | (target, Operated::Pattern(pattern)) => {
            (pattern, target)
        }
        _ => return Err(Incomparable("'=~' needs a pattern".to_owned())),
    };
    Ok(match target {
        Operated::Value(Value::Null) => false,
        Operated::Value(Value::String(text)) => pattern.regex.is_match(text),
        Operated::Value(other) => pattern.regex.is_match(&java::printed(other)),
        Operated::Text(text) => pattern.regex.is_match(text),
        Operated::Pattern(other) => pattern.regex.is_match(other.regex.as_str()),
    })
}
