//! Moments, as models have them: milliseconds since 1970, in one of three forms on the wire.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::Number;

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) i64);

/// How a moment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Iso8601,
    /// `Tue, 29 Apr 2014 18:30:38 GMT`
    Rfc822,
    /// Seconds, with a fraction if there is one.
    Unix,
}

impl Form {
    /// By the model's name for it.
    pub(crate) fn named(name: Option<&str>) -> Option<Form> {
        match name? {
            "iso8601" => Some(Form::Iso8601),
            "rfc822" => Some(Form::Rfc822),
            "unixTimestamp" => Some(Form::Unix),
            _ => None,
        }
    }
}

impl Moment {
    /// A text in any of the forms: services do not always keep to the one that their model names.
    pub(crate) fn read(text: &str) -> Option<Moment> {
        let text = text.trim();
        if let Ok(milliseconds) = asl::timestamp::parse(text) {
            return Some(Moment(milliseconds));
        }
        if let Ok(number) = text.parse::<f64>() {
            return Moment::of_seconds(number);
        }
        let moment = httpdate::parse_http_date(text).ok()?;
        let since = moment.duration_since(UNIX_EPOCH).ok()?;
        Some(Moment(i64::try_from(since.as_millis()).ok()?))
    }

    /// Seconds, to the millisecond.
    pub(crate) fn of_seconds(seconds: f64) -> Option<Moment> {
        let milliseconds = (seconds * 1000.0).round();
        // Beyond this no date can be written.
        (milliseconds.abs() < 1e17).then_some(Moment(milliseconds as i64))
    }

    /// The text of a form.
    pub(crate) fn text(self, form: Form) -> String {
        match form {
            Form::Iso8601 => self.iso_8601(),
            Form::Unix => self.seconds().to_string(),
            Form::Rfc822 => {
                let since = Duration::from_millis(u64::try_from(self.0).unwrap_or_default());
                // The writer knows four digits of a year.
                let last = Duration::from_secs(253_402_300_799);
                let moment = UNIX_EPOCH.checked_add(since.min(last));
                httpdate::fmt_http_date(moment.unwrap_or(SystemTime::UNIX_EPOCH))
            }
        }
    }

    /// As Java prints an instant: without the fraction when it is whole.
    pub(crate) fn iso_8601(self) -> String {
        asl::timestamp::format(self.0).replace(".000Z", "Z")
    }

    /// Whole seconds as an integer.
    pub(crate) fn seconds(self) -> Number {
        match self.0 % 1000 {
            0 => Number::from(self.0 / 1000),
            _ => Number::from_f64(self.0 as f64 / 1000.0).unwrap_or_else(|| Number::from(0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_forms_say_the_same() {
        let whole = Moment(1_398_796_238_000);
        for (form, text) in [
            (Form::Iso8601, "2014-04-29T18:30:38Z"),
            (Form::Rfc822, "Tue, 29 Apr 2014 18:30:38 GMT"),
            (Form::Unix, "1398796238"),
        ] {
            assert_eq!(whole.text(form), text);
            assert_eq!(Moment::read(text), Some(whole), "{text}");
        }
        let fine = Moment(1_398_796_238_123);
        assert_eq!(fine.text(Form::Iso8601), "2014-04-29T18:30:38.123Z");
        assert_eq!(fine.text(Form::Unix), "1398796238.123");
        assert_eq!(Moment::read("1398796238.123"), Some(fine));
    }

    #[test]
    fn what_is_no_moment_is_none() {
        for wrong in ["", "soon", "NaN", "1e300", "2014-04-29"] {
            assert_eq!(Moment::read(wrong), None, "{wrong}");
        }
        // Nothing that can be read makes the writers fail.
        for extreme in [i64::MIN, -1, i64::MAX] {
            Moment(extreme).text(Form::Rfc822);
            Moment(extreme).text(Form::Unix);
        }
    }
}
