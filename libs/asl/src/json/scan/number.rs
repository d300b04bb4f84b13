//! Numbers.

use super::{JacksonError, Kind, Scanner, Sink};

impl<S: Sink> Scanner<'_, '_, S> {
    pub(super) fn number(&mut self, kind: Kind) -> Result<(), JacksonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
            match self.peek() {
                None => return Err(self.end_of_input("No digit following minus sign")),
                Some(b'0'..=b'9') => {}
                Some(_) => {
                    let expected =
                        "expected digit (0-9) to follow minus sign, for valid numeric value";
                    return Err(self.unexpected_in_number(expected));
                }
            }
        }
        let leading_zero = self.peek() == Some(b'0');
        let whole_digits = self.digits();
        if leading_zero && whole_digits > 1 {
            let message = "Invalid numeric value: Leading zeroes not allowed".to_owned();
            return Err(self.error(message));
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                if self.peek().is_none() {
                    self.at -= 1;
                }
                return Err(self.unexpected_in_number("Decimal point not followed by a digit"));
            }
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            if self.peek().is_none() {
                return Err(self.end_of_input("expected a digit for number exponent"));
            }
            if self.digits() == 0 {
                return Err(self.unexpected_in_number("Exponent indicator not followed by a digit"));
            }
        }
        let space_follows = matches!(self.peek(), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        if kind == Kind::Root && !space_follows {
            return Err(self.unexpected("Expected space separating root-level values"));
        }
        self.sink.number(start, &self.text[start..self.at]);
        Ok(())
    }

    fn digits(&mut self) -> usize {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        self.at - start
    }
}
