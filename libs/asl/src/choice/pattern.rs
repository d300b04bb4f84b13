//! `StringMatches`: `*` stands for any characters, none included; `\*` for a star and `\\` for a
//! backslash.

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    /// The texts between the stars; one more than there are stars.
    pieces: Vec<String>,
}

impl Pattern {
    /// Compiles a pattern. A backslash before any other character stands for itself.
    pub fn new(text: &str) -> Pattern {
        let mut pieces = vec![String::new()];
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' => {
                    pieces.push(String::new());
                    continue;
                }
                '\\' => characters
                    .next_if(|next| matches!(next, '*' | '\\'))
                    .unwrap_or('\\'),
                other => other,
            };
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        Pattern { pieces }
    }

    /// Whether the whole of `text` fits.
    ///
    /// Each piece is taken at its first place and never looked for again: nothing later could fit that
    /// does not fit then. So the time is linear in the text, for each `*` passed once.
    pub fn matches(&self, text: &str) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return false;
        };
        let Some((last, between)) = others.split_last() else {
            return text == first;
        };
        let Some(mut rest) = text.strip_prefix(first.as_str()) else {
            return false;
        };
        for piece in between {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        rest.ends_with(last.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_and_escapes() {
        let cases = [
            ("log-*.txt", "log-2024.txt", true),
            ("log-*.txt", "log-.txt", true),
            ("log-*.txt", "log-2024.txtx", false),
            ("*", "", true),
            ("**", "anything", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("foo*.log", "foo23.log", true),
            ("*b*c", "abxbc", true),
            ("a*b*c", "acb", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("a\\\\*", "a\\xyz", true),
            ("a\\b", "a\\b", true),
            ("", "", true),
            ("", "x", false),
            ("ä*ö", "äüö", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(
                Pattern::new(pattern).matches(text),
                expected,
                "{pattern} {text}"
            );
        }
    }

    #[test]
    fn a_hostile_pattern_ends_soon() {
        let pattern = Pattern::new(&"*a".repeat(2_000));
        assert!(!pattern.matches(&format!("{}b", "a".repeat(100_000))));
    }
}
