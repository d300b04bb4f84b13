//! The end of a text that may be long.

/// The last bytes of a stream, of which the beginning may have gone by.
#[derive(Debug)]
pub struct Tail {
    bytes: Vec<u8>,
    keep: usize,
    cut: bool,
}

impl Tail {
    /// A tail of at most `keep` bytes.
    pub fn new(keep: usize) -> Tail {
        Tail {
            bytes: Vec::new(),
            keep,
            cut: false,
        }
    }

    /// Adds what came next.
    pub fn push(&mut self, more: &[u8]) {
        self.bytes.extend_from_slice(more);
        // Cut only now and then: to move the whole tail for each line would be quadratic.
        if self.bytes.len() > 2 * self.keep {
            self.shorten();
        }
    }

    fn shorten(&mut self) {
        if self.bytes.len() > self.keep {
            self.bytes.drain(..self.bytes.len() - self.keep);
            self.cut = true;
        }
    }

    /// The text of the tail: at most `units` UTF-16 code units, cut at a character's boundary.
    ///
    /// AWS counts characters as Java does. One that Java counts as two counts as two here.
    pub fn text(&mut self, units: usize) -> String {
        self.shorten();
        // A cut inside a character leaves up to three bytes that begin none.
        let continues = |byte: &&u8| **byte & 0b1100_0000 == 0b1000_0000;
        let orphans = match self.cut {
            true => self.bytes.iter().take(3).take_while(continues).count(),
            false => 0,
        };
        let text = String::from_utf8_lossy(&self.bytes[orphans..]);
        last(text.trim_end(), units).to_owned()
    }
}

/// The end of `text` that is at most `units` UTF-16 code units long.
pub fn last(text: &str, units: usize) -> &str {
    let mut room = units;
    let mut start = text.len();
    for (index, character) in text.char_indices().rev() {
        match room.checked_sub(character.len_utf16()) {
            Some(left) => (room, start) = (left, index),
            None => break,
        }
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_is_kept_and_cut_at_a_character() {
        assert_eq!(last("abc", 2), "bc");
        assert_eq!(last("aäb", 2), "äb");
        assert_eq!(last("a😀b", 2), "b");
        assert_eq!(last("a😀b", 3), "😀b");
        assert_eq!(last("abc", 9), "abc");
    }

    #[test]
    fn bytes_that_went_by_leave_no_broken_character() {
        let mut tail = Tail::new(4);
        tail.push("äxy\n".as_bytes());
        // The last four bytes begin inside the ä.
        assert_eq!(tail.text(100), "xy");
    }

    #[test]
    fn a_byte_that_is_no_text_is_shown_as_such() {
        let mut tail = Tail::new(100);
        tail.push(b"\x80a");
        assert_eq!(tail.text(100), "\u{fffd}a");
    }

    #[test]
    fn a_long_stream_is_kept_to_its_end_only() {
        let mut tail = Tail::new(10);
        for _ in 0..1000 {
            tail.push(b"line\n");
            assert!(tail.bytes.len() <= 20);
        }
        assert_eq!(tail.text(100), "line\nline");
    }
}
