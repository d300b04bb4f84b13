//! An array, or an object whose members are items, anywhere in a JSON text that is never held whole.

use serde_json::{Value, json};

use super::{Found, ITEM_BYTES_MAX, Items, OpenAt, parse, too_large};
use crate::items::ItemsError;
use crate::items::position::Mark;
use crate::items::tape::Tape;

pub(super) struct Json {
    text: Text,
    in_object: bool,
    /// An item was given from here, or before: a comma must come before the next.
    after_item: bool,
    /// The whole text is the dataset, so nothing may come after it.
    whole: bool,
    ended: bool,
}

impl Json {
    /// The items at `pointer`, or those that come after an item that ended at an offset.
    pub(super) fn open(
        pointer: &str,
        open: &mut OpenAt<'_>,
        after: Option<(u64, bool)>,
    ) -> Result<Json, ItemsError> {
        let tape = open(after.map_or(0, |(offset, _)| offset))?;
        let mut text = Text {
            tape,
            kept: Vec::new(),
        };
        let (in_object, after_item) = match after {
            Some((_, in_object)) => (in_object, true),
            None => {
                text.tape.skip_byte_order_mark()?;
                text.descend(pointer)?;
                match text.token()? {
                    Some(b'[') => (false, false),
                    Some(b'{') => (true, false),
                    Some(_) => {
                        let cause = "Attempting to map over non-iterable node.";
                        return Err(ItemsError::reader(cause));
                    }
                    None => return Err(text.broken("nothing")),
                }
            }
        };
        if !after_item {
            text.tape.consume(1);
        }
        Ok(Json {
            text,
            in_object,
            after_item,
            whole: pointer.is_empty(),
            ended: false,
        })
    }

    /// Steps over what separates items. Whether there is another one.
    fn separator(&mut self) -> Result<bool, ItemsError> {
        let close = if self.in_object { b'}' } else { b']' };
        match self.text.token()? {
            Some(byte) if byte == close => {
                self.text.tape.consume(1);
                Ok(false)
            }
            Some(b',') if self.after_item => {
                self.text.tape.consume(1);
                Ok(true)
            }
            Some(_) if !self.after_item => Ok(true),
            Some(byte) => Err(self.text.broken(&format!("'{}'", byte.escape_ascii()))),
            None => Err(self.text.broken("its end")),
        }
    }
}

impl Items for Json {
    fn next(&mut self) -> Result<Option<Found>, ItemsError> {
        if self.ended {
            return Ok(None);
        }
        if !self.separator()? {
            self.ended = true;
            if self.whole && self.text.token()?.is_some() {
                return Err(self.text.broken("something after it"));
            }
            return Ok(None);
        }
        let found = match self.in_object {
            false => Found::value(self.text.value()?),
            true => {
                let key = self.text.name()?;
                let value = json!({ "Key": key, "Value": self.text.value()? });
                Found {
                    value,
                    is_member: true,
                }
            }
        };
        self.after_item = true;
        Ok(Some(found))
    }

    fn mark(&self) -> Mark {
        Mark::Json {
            offset: self.text.tape.offset(),
            in_object: self.in_object,
        }
    }
}

struct Text {
    tape: Tape,
    /// The value that was read last.
    kept: Vec<u8>,
}

impl Text {
    /// The next byte that is no white space, left where it is.
    fn token(&mut self) -> Result<Option<u8>, ItemsError> {
        loop {
            let bytes = self.tape.fill()?;
            let white = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
            let (length, count) = (bytes.len(), bytes.iter().take_while(|b| white(b)).count());
            let next = bytes.get(count).copied();
            self.tape.consume(count);
            if next.is_some() || length == 0 {
                return Ok(next);
            }
        }
    }

    fn broken(&self, found: &str) -> ItemsError {
        let offset = self.tape.offset();
        ItemsError::reader(format!(
            "Invalid JSON at byte {offset}: unexpected {found}."
        ))
    }

    /// The next value.
    fn value(&mut self) -> Result<Value, ItemsError> {
        let began = self.scan(true)?;
        parse(&self.kept, began)
    }

    /// The next name of a member, and its colon.
    fn name(&mut self) -> Result<String, ItemsError> {
        let began = self.scan(true)?;
        let name = parse(&self.kept, began)?;
        let Value::String(name) = name else {
            return Err(self.broken("value for a name"));
        };
        match self.token()? {
            Some(b':') => self.tape.consume(1),
            _ => return Err(self.broken("text after a name")),
        }
        Ok(name)
    }

    /// Steps over the next value, and says where it began. Whether it is JSON is not looked into more
    /// than it takes to find its end; `keep` keeps its bytes for those who do.
    fn scan(&mut self, keep: bool) -> Result<u64, ItemsError> {
        self.kept.clear();
        if self.token()?.is_none() {
            return Err(self.broken("its end"));
        }
        let began = self.tape.offset();
        let mut scan = Scan::default();
        loop {
            let bytes = self.tape.fill()?;
            if bytes.is_empty() {
                // A number may end with the text.
                return match scan.is_bare() {
                    true => Ok(began),
                    false => Err(self.broken("its end")),
                };
            }
            let (taken, ended) = scan.take(bytes);
            if keep {
                if self.kept.len() + taken > ITEM_BYTES_MAX {
                    return Err(too_large());
                }
                self.kept.extend_from_slice(&bytes[..taken]);
            }
            self.tape.consume(taken);
            if ended {
                return Ok(began);
            }
        }
    }

    /// Goes to the value at a JSON Pointer (RFC 6901).
    fn descend(&mut self, pointer: &str) -> Result<(), ItemsError> {
        let nowhere = || {
            let cause = format!("The ItemsPointer '{pointer}' points to nothing in the dataset.");
            ItemsError::reader(cause)
        };
        let mut parts = pointer.split('/');
        if parts.next() != Some("") {
            let cause = format!("The ItemsPointer '{pointer}' is no JSON Pointer.");
            return Err(ItemsError::reader(cause));
        }
        for part in parts {
            let part = part.replace("~1", "/").replace("~0", "~");
            let in_object = match self.token()? {
                Some(b'{') => true,
                Some(b'[') => false,
                _ => return Err(nowhere()),
            };
            let index = (!in_object)
                .then(|| index(&part).ok_or_else(nowhere))
                .transpose()?;
            self.tape.consume(1);
            let mut number = 0_u64;
            loop {
                if matches!(self.token()?, None | Some(b'}' | b']')) {
                    return Err(nowhere());
                }
                let name = in_object.then(|| self.name()).transpose()?;
                let is_it = match index {
                    Some(index) => number == index,
                    None => name.as_deref() == Some(part.as_str()),
                };
                if is_it {
                    break;
                }
                self.scan(false)?;
                if self.token()? != Some(b',') {
                    return Err(nowhere());
                }
                self.tape.consume(1);
                number += 1;
            }
        }
        Ok(())
    }
}

/// A place in an array; RFC 6901 allows no zero before other digits.
fn index(part: &str) -> Option<u64> {
    let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let plain = part == "0" || !part.starts_with('0');
    (digits && plain).then(|| part.parse().ok())?
}

/// Looks for the end of a value, wherever the bytes are cut.
#[derive(Default)]
struct Scan {
    depth: u64,
    in_string: bool,
    escaped: bool,
    bare: bool,
}

impl Scan {
    /// How many of these bytes belong to the value, and whether it ends with them.
    fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return (at + 1, true);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                // What ends a number or a word is not a part of it.
                b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r' if self.bare => {
                    return (at, true);
                }
                _ if self.bare => {}
                b'"' => self.in_string = true,
                b'[' | b'{' => self.depth += 1,
                b']' | b'}' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return (at + 1, true);
                    }
                }
                // Nothing can begin with these; the parser says so.
                b']' | b'}' | b',' | b':' if self.depth == 0 => return (at, true),
                _ if self.depth == 0 => self.bare = true,
                _ => {}
            }
        }
        (bytes.len(), false)
    }

    /// Whether this is a number or a word, which has no end of its own.
    fn is_bare(&self) -> bool {
        self.bare
    }
}
