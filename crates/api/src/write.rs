//! JSON written straight into bytes.

/// An object that is being written. Members left out are never sent as `null`, as AWS does it.
pub(crate) struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

/// The bytes of one object.
pub(crate) fn object(write: impl FnOnce(&mut Object<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    object_into(&mut out, write);
    out
}

fn object_into(out: &mut Vec<u8>, write: impl FnOnce(&mut Object<'_>)) {
    out.push(b'{');
    write(&mut Object { out, empty: true });
    out.push(b'}');
}

impl Object<'_> {
    pub(crate) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        string_into(self.out, value);
    }

    pub(crate) fn text_if(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    pub(crate) fn boolean(&mut self, name: &str, value: bool) {
        self.name(name);
        self.out
            .extend_from_slice(if value { b"true" } else { b"false" });
    }

    pub(crate) fn number(&mut self, name: &str, value: u64) {
        self.name(name);
        self.out.extend_from_slice(value.to_string().as_bytes());
    }

    /// A finite number; anything else is left out, for JSON has no word for it.
    pub(crate) fn real(&mut self, name: &str, value: f64) {
        if value.is_finite() {
            self.name(name);
            self.out.extend_from_slice(format!("{value:?}").as_bytes());
        }
    }

    /// A member that is shown as `null` when there is nothing: events want it so, answers do not.
    pub(crate) fn text_or_null(&mut self, name: &str, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    pub(crate) fn null(&mut self, name: &str) {
        self.name(name);
        self.out.extend_from_slice(b"null");
    }

    /// A moment, given in and shown as milliseconds since 1970.
    pub(crate) fn milliseconds(&mut self, name: &str, ms: i64) {
        self.name(name);
        self.out.extend_from_slice(ms.to_string().as_bytes());
    }

    /// A moment, given in milliseconds since 1970: a JSON number of seconds.
    pub(crate) fn moment(&mut self, name: &str, ms: i64) {
        self.name(name);
        let sign = if ms < 0 { "-" } else { "" };
        let ms = ms.unsigned_abs();
        let seconds = format!("{sign}{}.{:03}", ms / 1000, ms % 1000);
        self.out.extend_from_slice(seconds.as_bytes());
    }

    pub(crate) fn object(&mut self, name: &str, write: impl FnOnce(&mut Object<'_>)) {
        self.name(name);
        object_into(self.out, write);
    }

    /// A list of objects.
    pub(crate) fn objects<T>(
        &mut self,
        name: &str,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Object<'_>, T),
    ) {
        self.name(name);
        list_into(self.out, items, |out, item| {
            object_into(out, |object| write(object, item))
        });
    }

    /// A list of strings.
    pub(crate) fn texts<'t>(&mut self, name: &str, items: impl IntoIterator<Item = &'t str>) {
        self.name(name);
        list_into(self.out, items, string_into);
    }

    fn name(&mut self, name: &str) {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        string_into(self.out, name);
        self.out.push(b':');
    }
}

fn list_into<T>(
    out: &mut Vec<u8>,
    items: impl IntoIterator<Item = T>,
    mut write: impl FnMut(&mut Vec<u8>, T),
) {
    out.push(b'[');
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write(out, item);
    }
    out.push(b']');
}

/// How many bytes a character of a string takes here.
pub(crate) fn escaped_bytes(character: char) -> usize {
    match character {
        '"' | '\\' | '\n' | '\r' | '\t' => 2,
        '\0'..' ' => 6,
        _ => character.len_utf8(),
    }
}

/// Payloads are JSON in a string: many quotes, hardly anything else to escape. What lies between two
/// escapes is copied in one piece.
fn string_into(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..0x20 => b"",
            _ => continue,
        };
        out.extend_from_slice(&bytes[copied..at]);
        copied = at + 1;
        if escape.is_empty() {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(b"\\u00");
            out.extend([HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        } else {
            out.extend_from_slice(escape);
        }
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text(write: impl FnOnce(&mut Object<'_>)) -> String {
        String::from_utf8(object(write)).unwrap()
    }

    #[test]
    fn moments_are_seconds_with_three_digits() {
        assert_eq!(
            text(|o| o.moment("t", 1_667_486_785_389)),
            r#"{"t":1667486785.389}"#
        );
        assert_eq!(
            text(|o| o.moment("t", 1_700_000_000_007)),
            r#"{"t":1700000000.007}"#
        );
        assert_eq!(text(|o| o.moment("t", -1)), r#"{"t":-0.001}"#);
    }

    #[test]
    fn members_and_lists_are_parted_by_commas() {
        let written = text(|o| {
            o.text("a", "x");
            o.text_if("b", None);
            o.texts("c", ["1", "2"]);
            o.objects("d", [1, 2], |o, n| o.number("n", n));
            o.object("e", |_| {});
            o.boolean("f", true);
        });
        assert_eq!(
            written,
            r#"{"a":"x","c":["1","2"],"d":[{"n":1},{"n":2}],"e":{},"f":true}"#
        );
    }

    proptest! {
        #[test]
        fn any_text_reads_back(value: String) {
            let written = object(|o| o.text("v", &value));
            let read: serde_json::Value = serde_json::from_slice(&written).unwrap();
            prop_assert_eq!(read["v"].as_str(), Some(&*value));
        }
    }
}
