//! Where requests begin and end, seen a second time.
//!
//! hyper follows RFC 9112 where a request has both a length and chunks: chunks win, and the
//! connection closes. A proxy in front may have decided otherwise, and then somebody else's request
//! begins where ours was thought to go on. hyper does not tell its caller that it chose, nor that a
//! line ended without a carriage return. This does, so that such requests are refused.

use std::collections::VecDeque;

use memchr::memchr;

/// What is looked for.
const CONTENT_LENGTH: &[u8] = b"content-length";
const TRANSFER_ENCODING: &[u8] = b"transfer-encoding";
/// Longer header names than this are none of them.
const NAME_BYTES_MAX: usize = TRANSFER_ENCODING.len();
/// More digits than any length that is served.
const DIGITS_MAX: usize = 15;

/// Follows the bytes of one connection.
#[derive(Debug, Default)]
pub(super) struct Framing {
    state: State,
    line: Line,
    head: Head,
    /// Whether each request that is complete in its head can be read in one way only.
    verdicts: VecDeque<bool>,
}

#[derive(Debug, Default)]
enum State {
    /// Before or inside a head.
    #[default]
    Head,
    /// So many bytes of a body are to come.
    Body(u64),
    /// Chunks, or something unsound: the connection closes after this request.
    Over,
}

/// What has been seen of the line that is being read. Nothing here is on the heap: a request has a
/// dozen lines.
#[derive(Debug, Default)]
struct Line {
    bytes: usize,
    /// In lower case.
    name: [u8; NAME_BYTES_MAX],
    /// How long the name is, also when it is longer than what is kept.
    name_bytes: usize,
    in_value: bool,
    length: Length,
    ended_by_return: bool,
}

/// The digits behind the colon, of a length only.
#[derive(Debug, Default)]
struct Length {
    value: u64,
    digits: usize,
    /// There was something else, or too many.
    is_none: bool,
}

#[derive(Debug, Default)]
struct Head {
    begun: bool,
    length: Option<u64>,
    chunks: bool,
    unsound: bool,
}

impl Framing {
    /// Bytes came.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            match &mut self.state {
                State::Over => return,
                State::Body(left) => {
                    let taken = usize::try_from(*left)
                        .unwrap_or(usize::MAX)
                        .min(bytes.len());
                    *left -= taken as u64;
                    bytes = &bytes[taken..];
                    if *left == 0 {
                        self.state = State::Head;
                    }
                }
                State::Head => {
                    let Some(end) = memchr(b'\n', bytes) else {
                        return self.line.take(bytes);
                    };
                    self.line.take(&bytes[..end]);
                    bytes = &bytes[end + 1..];
                    self.end_line();
                }
            }
        }
    }

    /// Whether the next request can be read in one way only. Called once for each.
    pub(super) fn next_is_sound(&mut self) -> bool {
        self.verdicts.pop_front().unwrap_or(false)
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let empty = line.bytes == usize::from(line.ended_by_return);
        if empty && !self.head.begun {
            // Empty lines before a request are skipped.
            return;
        }
        self.head.unsound |= !line.ended_by_return;
        if !empty {
            // The first line is no header, but it cannot look like one of ours either.
            self.head.begun = true;
            self.head.take(&line);
            return;
        }
        let head = std::mem::take(&mut self.head);
        let sound = !(head.unsound || head.chunks && head.length.is_some());
        self.verdicts.push_back(sound);
        self.state = match head.length {
            _ if head.chunks || !sound => State::Over,
            None | Some(0) => State::Head,
            Some(length) => State::Body(length),
        };
    }
}

impl Line {
    /// More of it came.
    fn take(&mut self, bytes: &[u8]) {
        let Some(last) = bytes.last() else {
            return;
        };
        self.bytes += bytes.len();
        self.ended_by_return = *last == b'\r';
        let mut value = bytes;
        if !self.in_value {
            let colon = memchr(b':', bytes);
            self.take_name(&bytes[..colon.unwrap_or(bytes.len())]);
            let Some(colon) = colon else {
                return;
            };
            self.in_value = true;
            value = &bytes[colon + 1..];
        }
        if self.name() == CONTENT_LENGTH {
            value.iter().for_each(|byte| self.length.take(*byte));
        }
    }

    fn take_name(&mut self, bytes: &[u8]) {
        let room = self.name.get_mut(self.name_bytes..).unwrap_or_default();
        for (kept, byte) in room.iter_mut().zip(bytes) {
            *kept = byte.to_ascii_lowercase();
        }
        self.name_bytes += bytes.len();
    }

    /// The name; nothing where it is too long to be one of those looked for.
    fn name(&self) -> &[u8] {
        self.name.get(..self.name_bytes).unwrap_or_default()
    }
}

impl Length {
    fn take(&mut self, byte: u8) {
        if byte.is_ascii_digit() && self.digits < DIGITS_MAX {
            self.digits += 1;
            self.value = self.value * 10 + u64::from(byte - b'0');
        } else if !matches!(byte, b' ' | b'\t' | b'\r') {
            // No number. hyper refuses it, too.
            self.is_none = true;
        }
    }

    fn value(&self) -> Option<u64> {
        (self.digits > 0 && !self.is_none).then_some(self.value)
    }
}

impl Head {
    fn take(&mut self, line: &Line) {
        match line.name() {
            TRANSFER_ENCODING => self.chunks = true,
            CONTENT_LENGTH => {
                let Some(length) = line.length.value() else {
                    return self.unsound = true;
                };
                self.unsound |= self.length.is_some_and(|before| before != length);
                self.length = Some(length);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Verdicts on the requests in `text`, whichever way its bytes are cut.
    fn verdicts(text: &str) -> Vec<bool> {
        let mut whole = Framing::default();
        whole.follow(text.as_bytes());
        let mut bytewise = Framing::default();
        for byte in text.as_bytes() {
            bytewise.follow(&[*byte]);
        }
        assert_eq!(whole.verdicts, bytewise.verdicts);
        whole.verdicts.into()
    }

    #[test]
    fn plain_requests_are_sound_one_after_another() {
        let post = "POST / HTTP/1.1\r\nHost: a:1\r\nContent-Length: 5\r\n\r\na\nb:c";
        let get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
        assert_eq!(
            verdicts(&format!("{post}{get}\r\n\r\n{post}{get}")),
            [true; 4]
        );
        let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
        assert_eq!(verdicts(&format!("{get}{chunks}{get}")), [true, true]);
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_not() {
        for headers in [
            "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
            "transfer-encoding: x\r\nCONTENT-LENGTH: 1\r\n",
            "Content-Length: 1\r\nContent-Length: 2\r\n",
            "Content-Length: +1\r\n",
            "Content-Length: 1, 1\r\n",
            "Content-Length:\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length: 1a\r\n",
            "Content-Length: a\r\n",
            "Host: a\nX: b\r\n",
        ] {
            let text = format!("POST / HTTP/1.1\r\n{headers}\r\nrest");
            assert_eq!(verdicts(&text), [false], "{headers:?}");
        }
        assert_eq!(verdicts("GET / HTTP/1.1\n\n"), [false]);
    }

    #[test]
    fn a_request_that_was_not_seen_is_not_sound() {
        assert!(!Framing::default().next_is_sound());
    }
}
