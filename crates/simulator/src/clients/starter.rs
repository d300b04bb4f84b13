//! Starts executions: with names and without, at the same time, twice, and again after silence.

use engine::Operation;
use serde_json::json;

use super::{Purpose, fate};
use crate::journal::{Fate, Start};
use crate::violated;
use crate::world::World;
use crate::world::clock::BEGINNING_MS;
use crate::world::wire::Told;

impl World {
    /// A new start, another one of the same name, or one that was never answered, again.
    pub fn start_something(&mut self) {
        let unanswered: Vec<usize> = self.unanswered_starts();
        if self.dice.chance(40)
            && let Some(&at) = self.dice.pick(&unanswered)
        {
            self.start_again(at);
            return;
        }
        let Some(machine) = self.dice.pick(&self.cast.machines).cloned() else {
            return;
        };
        let name = self.dice.chance(50).then(|| self.dice.roll(12));
        let input = match name {
            // The same name comes with the same input, mostly.
            Some(number) => {
                let other = u64::from(self.dice.chance(20));
                self.input(1_000 + number * 10 + other)
            }
            None => self.input(10_000 + self.journal.starts.len() as u64),
        };
        let owner = crate::world::owner();
        let mut machine_arn = owner.state_machine_arn(&machine);
        if self.dice.chance(30)
            && let Some(published) = self.something_published(&machine_arn)
        {
            self.tally.fault("start by version or alias");
            machine_arn = published;
        }
        let start = Start {
            machine,
            machine_arn,
            name: name.map(|number| format!("n{number}")),
            input,
            fate: Fate::Waiting,
            execution_arn: String::new(),
            start_ms: 0,
            again: None,
            retried: false,
        };
        self.send_start(start);
        if name.is_some() && self.dice.chance(30) {
            let twin = self.journal.starts[self.journal.starts.len() - 1].clone();
            self.tally.fault("start at the same time");
            self.send_start(Start {
                fate: Fate::Waiting,
                ..twin
            });
        }
    }

    /// Starts with names whose answers never came, and that nobody has tried again.
    pub fn unanswered_starts(&self) -> Vec<usize> {
        let starts = self.journal.starts.iter().enumerate();
        starts
            .filter(|(_, start)| {
                start.fate == Fate::Unknown && start.name.is_some() && !start.retried
            })
            .map(|(at, _)| at)
            .collect()
    }

    /// Tries a start again.
    pub fn start_again(&mut self, at: usize) {
        self.tally.fault("start tried again");
        self.journal.starts[at].retried = true;
        let start = Start {
            fate: Fate::Waiting,
            again: Some(at),
            retried: false,
            ..self.journal.starts[at].clone()
        };
        self.send_start(start);
    }

    /// An input with a mark; the same mark gives the same text.
    fn input(&mut self, mark: u64) -> String {
        let known = self
            .journal
            .starts
            .iter()
            .find(|start| mark_of(&start.input) == mark);
        if let Some(start) = known {
            return start.input.clone();
        }
        let at_ms = BEGINNING_MS + self.clock.true_ms + self.dice.span(0, 60_000);
        let items: Vec<u64> = (0..self.dice.roll(4)).collect();
        // Its white space must come back as it was.
        format!(
            "{{ \"mark\": {mark}, \"n\":{}, \"at\" : \"{}\",\"items\":{items:?}}}",
            self.dice.roll(10),
            timestamp(at_ms),
        )
    }

    fn send_start(&mut self, start: Start) {
        let mut body = json!({ "stateMachineArn": start.machine_arn, "input": start.input });
        if let Some(name) = &start.name {
            body["name"] = json!(name);
        }
        let at = self.journal.starts.len();
        self.journal.starts.push(start);
        self.send(Purpose::Start(at), Operation::StartExecution, &body);
    }

    /// See [`World::answered`].
    pub fn start_answered(&mut self, at: usize, told: &Told) {
        let start = &mut self.journal.starts[at];
        start.fate = fate(told);
        if told.is_ok() {
            start.execution_arn = told.text("executionArn").to_owned();
            start.start_ms = told.moment_ms("startDate");
            let arn = start.execution_arn.clone();
            if !self.cast.known.contains(&arn) {
                self.cast.known.push(arn);
            }
        }
        self.check_start(at, told);
        if told.status >= 500 {
            violated!(self, 7, "start {at} was answered with {}", told.status);
        }
    }
}

/// The mark of an input.
pub fn mark_of(input: &str) -> u64 {
    serde_json::from_str::<serde_json::Value>(input)
        .ok()
        .and_then(|input| input["mark"].as_u64())
        .unwrap_or_default()
}

/// A moment as RFC 3339 has it; years 1970 to 9999.
pub fn timestamp(ms: i64) -> String {
    let (days, of_day) = (ms.div_euclid(86_400_000), ms.rem_euclid(86_400_000));
    // Days to a date, from Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hours, minutes) = (of_day / 3_600_000, of_day / 60_000 % 60);
    let (seconds, millis) = (of_day / 1_000 % 60, of_day % 1_000);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// The moment that [`timestamp`] wrote.
pub fn read_timestamp(text: &str) -> i64 {
    let part = |range: std::ops::Range<usize>| -> i64 {
        text.get(range)
            .and_then(|digits| digits.parse().ok())
            .unwrap_or_default()
    };
    let (year, month, day) = (part(0..4), part(5..7), part(8..10));
    // A date to days: days_from_civil, from the same source.
    let shifted = year - i64::from(month <= 2);
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let seconds = days * 86_400 + part(11..13) * 3_600 + part(14..16) * 60 + part(17..19);
    seconds * 1_000 + part(20..23)
}

#[cfg(test)]
mod tests {
    use super::{read_timestamp, timestamp};

    #[test]
    fn moments_read_back() {
        for ms in [0, 1_700_000_000_123, 1_709_208_000_000, 4_102_444_799_999] {
            assert_eq!(read_timestamp(&timestamp(ms)), ms);
        }
    }

    #[test]
    fn moments_are_written_as_dates() {
        assert_eq!(timestamp(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(timestamp(1_700_000_000_123), "2023-11-14T22:13:20.123Z");
        assert_eq!(timestamp(1_709_208_000_000), "2024-02-29T12:00:00.000Z");
    }
}
