//! Reference paths: those that can name one place only, as `ResultPath` must.

/// Whether `text` has the form of a reference path into the state's input. Whether it is a path at all
/// is left to the path parser.
pub(crate) fn is_reference(text: &str) -> bool {
    let Some(steps) = text.strip_prefix('$') else {
        return false;
    };
    if !(steps.is_empty() || steps.starts_with(['.', '['])) {
        // `$$` is the context object and `$name` a variable: neither can take a result.
        return false;
    }
    let mut quote = None;
    let mut in_brackets = false;
    let mut previous = '$';
    for character in steps.chars() {
        match (quote, character) {
            (Some(open), _) => {
                if character == open && previous != '\\' {
                    quote = None;
                }
            }
            (None, '\'' | '"') if in_brackets => quote = Some(character),
            (None, '[') => in_brackets = true,
            (None, ']') => in_brackets = false,
            (None, '.') if previous == '.' => return false,
            (None, '*' | '?' | '@' | '(' | ')') => return false,
            (None, ',' | ':') if in_brackets => return false,
            (None, '-') if in_brackets => return false,
            _ => {}
        }
        previous = character;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::is_reference;

    #[test]
    fn one_place_only() {
        for text in ["$", "$.a", "$.a.b[0]", "$['a.*b']['c,d']", "$.a-b", "$.é"] {
            assert!(is_reference(text), "{text}");
        }
        for text in [
            "",
            "a",
            "$$.a",
            "$a.b",
            "$..a",
            "$.a[*]",
            "$.*",
            "$.a[0,1]",
            "$.a[1:2]",
            "$.a[?(@.b)]",
            "$.a[-1]",
        ] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
