//! Where in a text an offset is, as editors count: lines and characters from 1.

use std::ops::Range;

/// A place in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Line, from 1.
    pub line: usize,
    /// Character of the line, from 1.
    pub column: usize,
    /// The bytes of the line, without what ends it.
    pub line_bytes: Range<usize>,
    /// Byte offset in the text.
    pub offset: usize,
    /// How many characters there are to point at, all of this line.
    pub length: usize,
}

/// The place of a byte offset; one that lies outside, or inside a character, is moved back.
pub fn of_offset(text: &str, offset: usize) -> Place {
    let mut offset = offset.min(text.len());
    while !text.is_char_boundary(offset) {
        offset -= 1;
    }
    let before = &text[..offset];
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    let end = text[offset..]
        .find('\n')
        .map_or(text.len(), |at| offset + at);
    let end = end - usize::from(text[start..end].ends_with('\r'));
    Place {
        line: before.matches('\n').count() + 1,
        column: text[start..offset].chars().count() + 1,
        line_bytes: start..end,
        offset,
        length: token_characters(&text[offset..end.max(offset)]),
    }
}

/// How many characters the JSON token at the start of `rest` has: a string, a word or a number, one
/// character otherwise.
fn token_characters(rest: &str) -> usize {
    if rest.starts_with('"') {
        let mut escaped = false;
        for (count, character) in rest.chars().enumerate().skip(1) {
            match character {
                '"' if !escaped => return count + 1,
                '\\' => escaped = !escaped,
                _ => escaped = false,
            }
        }
        return rest.chars().count();
    }
    let is_word = |c: &char| c.is_alphanumeric() || matches!(c, '-' | '+' | '.' | '_');
    rest.chars().take_while(is_word).count().max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_characters_are_counted_from_one() {
        let text = "{\r\n  \"é\": \"a\\\"b\",\n\t7}";
        let at = |needle: &str| of_offset(text, text.find(needle).unwrap());
        let key = at("\"é");
        assert_eq!((key.line, key.column, key.length), (2, 3, 3));
        let value = at("\"a");
        assert_eq!((value.line, value.column, value.length), (2, 8, 6));
        assert_eq!(&text[value.line_bytes], "  \"é\": \"a\\\"b\",");
        let number = at("7");
        assert_eq!((number.line, number.column, number.length), (3, 2, 1));
        assert_eq!(&text[at("{").line_bytes], "{");
    }

    #[test]
    fn every_offset_has_a_place() {
        let text = "é\n\r\n\r";
        for offset in 0..text.len() + 3 {
            let place = of_offset(text, offset);
            assert!(place.column >= 1 && text.get(place.line_bytes).is_some());
        }
        assert_eq!(of_offset("", 5).line, 1);
    }
}
