//! From the text of a path to its steps, by the rules of Jayway JsonPath 2.0.0.
//!
//! That compiler cuts the text into fragments first and looks into each of them afterwards, which is
//! why a closing bracket inside quotes ends a fragment, and why `[1abc]` is the index 1. Definitions
//! that AWS takes rely on it, so the two passes are kept.

use super::budget::VALUE_DEPTH_MAX;
use super::filter::Filter;
use super::step::{Step, Steps};

/// Most steps of a path.
///
/// Source: ours. No document is deeper than `serde_json` reads, so longer paths find nothing.
pub const PATH_STEPS_MAX: usize = VALUE_DEPTH_MAX;

/// Compiles what follows the root: `.a[0]`.
pub(super) fn compile(tail: &str) -> Result<Steps, String> {
    compile_with(tail, true)
}

/// Compiles a path inside a filter, which must be definite and so holds no filter itself.
pub(super) fn compile_in_filter(tail: &str) -> Result<Steps, String> {
    let steps = compile_with(tail, false)?;
    if steps.is_definite() {
        Ok(steps)
    } else {
        Err(format!("The path of a filter is not definite: {tail}"))
    }
}

fn compile_with(tail: &str, filters: bool) -> Result<Steps, String> {
    if tail.ends_with("..") {
        return Err("A path can not end with a scan.".to_owned());
    }
    let text: Vec<char> = tail.chars().collect();
    if !matches!(text.first(), None | Some('.' | '[')) {
        return Err(format!("A path goes on with '.' or '[': {tail}"));
    }
    let mut steps = Vec::new();
    let mut at = 0;
    while let Some(&current) = text.get(at) {
        let step = match current {
            ' ' => return Err("Space not allowed in path".to_owned()),
            '$' => return Err("'$' stands at the start of a path only".to_owned()),
            '[' => {
                let fragment = &text[at..end_of_brackets(&text, at)];
                at += fragment.len();
                analyze(fragment, filters)?
            }
            '.' => {
                at += 1;
                match text.get(at) {
                    None => return Err("A path can not end with a dot".to_owned()),
                    Some('.') => {
                        at += 1;
                        Step::Scan
                    }
                    Some(_) => {
                        let name = name_at(&text, at);
                        at += name.len();
                        match name {
                            [] => continue,
                            ['*'] => Step::Wildcard,
                            name => analyze_name(name, filters)?,
                        }
                    }
                }
            }
            '*' => {
                at += 1;
                Step::Wildcard
            }
            _ => {
                let name = name_at(&text, at);
                at += name.len();
                analyze_name(name, filters)?
            }
        };
        if steps.len() == PATH_STEPS_MAX {
            return Err(format!("A path has at most {PATH_STEPS_MAX} steps"));
        }
        steps.push(step);
    }
    Ok(Steps::new(steps))
}

/// The name that starts at `at`: everything up to a dot, a bracket or a space.
fn name_at(text: &[char], at: usize) -> &[char] {
    let rest = &text[at..];
    let length = rest
        .iter()
        .position(|c| matches!(c, '.' | '[' | ' '))
        .unwrap_or(rest.len());
    &rest[..length]
}

/// One past the bracket that closes the one at `at`, or the end of the text.
fn end_of_brackets(text: &[char], at: usize) -> usize {
    let mut open = 0_usize;
    for (offset, c) in text[at..].iter().enumerate() {
        match c {
            '[' => open += 1,
            ']' => open -= 1,
            _ => {}
        }
        if open == 0 {
            return at + offset + 1;
        }
    }
    text.len()
}

/// A name after a dot is read as if it stood in brackets, quotes and brackets within it included.
fn analyze_name(name: &[char], filters: bool) -> Result<Step, String> {
    let mut fragment = vec!['[', '\''];
    fragment.extend_from_slice(name);
    fragment.extend(['\'', ']']);
    analyze(&fragment, filters)
}

/// What a bracket means is told by the first character in it that means something.
fn analyze(fragment: &[char], filters: bool) -> Result<Step, String> {
    if fragment == ['[', '*', ']'] {
        return Ok(Step::Wildcard);
    }
    for (at, c) in fragment.iter().enumerate() {
        match c {
            '?' if filters => return Filter::parse(filter_text(fragment, at)?).map(Step::Filter),
            '?' => return Err("A filter can not hold a filter".to_owned()),
            '\'' => return properties(fragment, at),
            '@' => return length_step(fragment, at),
            '0'..='9' | ':' | '-' => return numbers(fragment, at),
            _ => {}
        }
    }
    Err(format!(
        "Could not analyze path component: {}",
        fragment.iter().collect::<String>()
    ))
}

/// `['a','b']`: whatever stands between pairs of quotes, up to the first closing bracket.
fn properties(fragment: &[char], at: usize) -> Result<Step, String> {
    let mut names = Vec::new();
    let mut open: Option<String> = None;
    for &c in &fragment[at..] {
        match c {
            ']' => {
                return Ok(match <[String; 1]>::try_from(names) {
                    Ok([name]) => Step::Property(name),
                    Err(names) => Step::Properties(names),
                });
            }
            '\'' => match open.take() {
                Some(name) => names.push(name),
                None => open = Some(String::new()),
            },
            c => {
                if let Some(name) = &mut open {
                    name.push(c);
                }
            }
        }
    }
    Err("A bracket is not closed".to_owned())
}

/// The part of the fragment that is the filter: from its bracket to the one that closes it outside of
/// parentheses and quotes.
fn filter_text(fragment: &[char], at: usize) -> Result<String, String> {
    let unbalanced = || "Filter brackets are not balanced".to_owned();
    let start = fragment[..at]
        .iter()
        .rposition(|c| *c == '[')
        .ok_or_else(unbalanced)?;
    let (mut parentheses, mut brackets) = (0_i32, 0_i32);
    let mut quoted = false;
    let mut before = ' ';
    for (offset, &c) in fragment[start..].iter().enumerate() {
        match c {
            '\'' if before != '\\' => quoted = !quoted,
            '(' if !quoted => parentheses += 1,
            ')' if !quoted => parentheses -= 1,
            '[' if !quoted => brackets += 1,
            ']' if !quoted => {
                brackets -= 1;
                if parentheses == 0 {
                    let text = &fragment[start..=start + offset];
                    return if brackets == 0 {
                        Ok(text.iter().collect())
                    } else {
                        Err(unbalanced())
                    };
                }
            }
            _ => {}
        }
        before = c;
    }
    Err(unbalanced())
}

/// `[(@.length-1)]` and `[(@.size()-1)]`.
fn length_step(fragment: &[char], at: usize) -> Result<Step, String> {
    let text: String = fragment[at..]
        .iter()
        .skip(2)
        .filter(|c| **c != ' ')
        .collect();
    let unknown = || format!("Supported are [(@.length - n)] and [(@.size() - n)]: {text}");
    let minus = text.find('-').ok_or_else(unknown)?;
    let function: String = text[..minus]
        .chars()
        .filter(|c| !matches!(c, '(' | ')'))
        .collect();
    if function != "size" && function != "length" {
        return Err(unknown());
    }
    let end = text[minus..].find(')').ok_or_else(unknown)?;
    parse_number(&text[minus..minus + end]).map(Step::Length)
}

/// Indexes and slices.
fn numbers(fragment: &[char], start: usize) -> Result<Step, String> {
    let mut at = start;
    let mut numbers = Vec::new();
    let mut digits = String::new();
    let (mut list, mut slice_from, mut slice_to) = (false, false, false);
    loop {
        match fragment.get(at) {
            Some(' ') => {}
            Some(c @ ('0'..='9' | '-')) => digits.push(*c),
            Some(',') => {
                numbers.push(parse_number(&std::mem::take(&mut digits))?);
                list = true;
            }
            Some(':') => {
                let opens = digits.is_empty();
                if !opens {
                    numbers.push(parse_number(&std::mem::take(&mut digits))?);
                }
                at += 1;
                while let Some(c @ ('0'..='9' | '-' | ' ')) = fragment.get(at) {
                    if *c != ' ' {
                        digits.push(*c);
                    }
                    at += 1;
                }
                if opens {
                    slice_to = true;
                    numbers.push(parse_number(&std::mem::take(&mut digits))?);
                } else if digits.is_empty() {
                    slice_from = true;
                } else {
                    numbers.push(parse_number(&std::mem::take(&mut digits))?);
                }
                // What ended the second number is stepped over unless it closes the bracket.
                if fragment.get(at) == Some(&']') {
                    break;
                }
            }
            Some(_) => break,
            None => return Err("A bracket is not closed".to_owned()),
        }
        at += 1;
    }
    if !digits.is_empty() {
        numbers.push(parse_number(&digits)?);
    }
    match (&numbers[..], slice_from, slice_to) {
        ([index], false, false) => Ok(Step::Index(*index)),
        _ if list => Ok(Step::Indexes(numbers)),
        ([from, ..], true, _) => Ok(Step::SliceFrom(*from)),
        ([to, ..], false, true) => Ok(Step::SliceTo(*to)),
        ([from, to, ..], false, false) => Ok(Step::Slice(*from, *to)),
        ([], ..) => Err("A bracket holds no number".to_owned()),
    }
}

fn parse_number(digits: &str) -> Result<i32, String> {
    digits
        .parse()
        .map_err(|_| format!("For input string: \"{digits}\""))
}
