//! Timestamps as AWS reads and writes them.
//!
//! Read is only the full form: date, `T`, time, optional fraction, and `Z` or an offset. Lenient
//! readers take a space for the `T` or no offset at all; AWS refuses both.

/// The text is no timestamp in the form AWS demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotATimestamp;

/// Days in an era of 400 years, after which the Gregorian calendar repeats.
const DAYS_PER_ERA: i64 = 146_097;
/// Days from 0000-03-01 to 1970-01-01.
const EPOCH_DAYS: i64 = 719_468;
const MILLISECONDS_PER_DAY: i64 = 86_400_000;

/// Longest fraction of a second, in digits: nanoseconds. Source: ISO-8601 as Java reads it.
const FRACTION_DIGITS_MAX: usize = 9;
/// Farthest offset from UTC, in hours. Source: ISO-8601 as Java reads it.
const OFFSET_HOURS_MAX: i64 = 18;

/// Reads `2016-12-05T21:29:29Z`, `2016-12-05T21:29:29.123+01:00`; gives milliseconds since the epoch.
///
/// Digits of the fraction beyond the third are dropped.
pub fn parse(text: &str) -> Result<i64, NotATimestamp> {
    let mut rest = text.as_bytes();
    let year = digits(&mut rest, 4)?;
    expect(&mut rest, b'-')?;
    let month = digits(&mut rest, 2)?;
    expect(&mut rest, b'-')?;
    let day = digits(&mut rest, 2)?;
    expect(&mut rest, b'T')?;
    let hour = digits(&mut rest, 2)?;
    expect(&mut rest, b':')?;
    let minute = digits(&mut rest, 2)?;
    expect(&mut rest, b':')?;
    let second = digits(&mut rest, 2)?;
    let millisecond = fraction(&mut rest)?;
    let offset_minutes = offset(&mut rest)?;

    let date_holds = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    let time_holds = hour < 24 && minute < 60 && second < 60;
    if !rest.is_empty() || !date_holds || !time_holds {
        return Err(NotATimestamp);
    }
    let minutes = (days_from_civil(year, month, day) * 24 + hour) * 60 + minute - offset_minutes;
    Ok((minutes * 60 + second) * 1000 + millisecond)
}

/// Writes `2023-11-21T06:27:31.545Z`: always three digits of fraction, always `Z`.
pub fn format(epoch_milliseconds: i64) -> String {
    let (year, month, day) = civil_from_days(epoch_milliseconds.div_euclid(MILLISECONDS_PER_DAY));
    let within = epoch_milliseconds.rem_euclid(MILLISECONDS_PER_DAY);
    let (hour, minute) = (within / 3_600_000, within / 60_000 % 60);
    let (second, millisecond) = (within / 1000 % 60, within % 1000);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millisecond:03}Z")
}

fn digits(rest: &mut &[u8], count: usize) -> Result<i64, NotATimestamp> {
    let (head, tail) = rest.split_at_checked(count).ok_or(NotATimestamp)?;
    *rest = tail;
    head.iter().try_fold(0, |number, byte| match byte {
        b'0'..=b'9' => Ok(number * 10 + i64::from(byte - b'0')),
        _ => Err(NotATimestamp),
    })
}

fn expect(rest: &mut &[u8], byte: u8) -> Result<(), NotATimestamp> {
    match rest.split_first() {
        Some((first, tail)) if *first == byte => {
            *rest = tail;
            Ok(())
        }
        _ => Err(NotATimestamp),
    }
}

fn fraction(rest: &mut &[u8]) -> Result<i64, NotATimestamp> {
    if expect(rest, b'.').is_err() {
        return Ok(0);
    }
    let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if !(1..=FRACTION_DIGITS_MAX).contains(&length) {
        return Err(NotATimestamp);
    }
    let kept = length.min(3);
    let milliseconds = digits(rest, kept)? * [100, 10, 1][kept - 1];
    digits(rest, length - kept)?;
    Ok(milliseconds)
}

fn offset(rest: &mut &[u8]) -> Result<i64, NotATimestamp> {
    if expect(rest, b'Z').is_ok() {
        return Ok(0);
    }
    let sign = match expect(rest, b'+') {
        Ok(()) => 1,
        Err(NotATimestamp) => {
            expect(rest, b'-')?;
            -1
        }
    };
    let hours = digits(rest, 2)?;
    expect(rest, b':')?;
    let minutes = digits(rest, 2)?;
    let total = hours * 60 + minutes;
    if minutes > 59 || total > OFFSET_HOURS_MAX * 60 {
        return Err(NotATimestamp);
    }
    Ok(sign * total)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// Years are counted from March, so that the leap day is the last of a year and months follow one
// formula: 153 days for every five of them.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * DAYS_PER_ERA + day_of_era - EPOCH_DAYS
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    let (era, day_of_era) = (days.div_euclid(DAYS_PER_ERA), days.rem_euclid(DAYS_PER_ERA));
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = (shifted_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_full_form() {
        let cases = [
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00Z", 951_825_600_000),
            ("2023-11-21T06:27:31.545Z", 1_700_548_051_545),
            ("2023-11-21T07:27:31.545+01:00", 1_700_548_051_545),
            ("2023-11-21T00:57:31.545-05:30", 1_700_548_051_545),
            ("2023-11-21T06:27:31.5Z", 1_700_548_051_500),
            ("2023-11-21T06:27:31.545999999Z", 1_700_548_051_545),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_everything_else() {
        let cases = [
            "",
            "2016-12-05 21:29:29Z",
            "2016-12-05T21:29:29",
            "2016-13-05T21:29:29Z",
            "2016-12-05T25:29:29Z",
            "05-12-2016T21:29:29Z",
            "2016-02-30T21:29:29Z",
            "1900-02-29T00:00:00Z",
            "2016-12-05T21:29:60Z",
            "2016-12-05T21:29:29.Z",
            "2016-12-05T21:29:29.1234567890Z",
            "2016-12-05T21:29:29+19:00",
            "2016-12-05T21:29:29+01",
            "2016-12-05T21:29:29Z ",
            "2016-12-05t21:29:29z",
            "2016-12-05",
            "２016-12-05T21:29:29Z",
        ];
        for text in cases {
            assert_eq!(parse(text), Err(NotATimestamp), "{text}");
        }
    }

    #[test]
    fn writes_what_it_reads() {
        let first = parse("0000-01-01T00:00:00Z").unwrap();
        let last = parse("9999-12-31T23:59:59.999Z").unwrap();
        // A prime step, so that all months, days and hours come by.
        let mut moment = first;
        while moment <= last {
            assert_eq!(parse(&format(moment)), Ok(moment));
            moment += 86_400_000 * 37 + 3_607_001;
        }
        assert_eq!(format(last), "9999-12-31T23:59:59.999Z");
    }
}
