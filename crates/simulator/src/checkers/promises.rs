//! R1, R2, R4, R7, R8, R12 and R40: what was acknowledged, or shown, is there for ever.

use std::collections::BTreeMap;

use engine::operations::get_execution_history;
use engine::{Request, Response};
use interpreter::{Event, EventDetails, Failure, Status};
use serde_json::{Value, json};

use super::Seen;
use super::histories::is_outcome;
use crate::clients::mark_of;
use crate::journal::{Completion, Fate};
use crate::violated;
use crate::world::World;

impl World {
    /// Everything that clients were promised.
    pub fn check_promises(&mut self, all: &[Seen]) {
        let by_arn: BTreeMap<&str, &Seen> =
            all.iter().map(|seen| (seen.arn.as_str(), seen)).collect();
        self.check_starts(all, &by_arn);
        self.check_completions(all);
        for stop in self.journal.stops.clone() {
            if stop.fate != Fate::Acked || self.was_taken(&stop.execution_arn) {
                continue;
            }
            let Some(seen) = by_arn.get(stop.execution_arn.as_str()) else {
                continue;
            };
            let description = &seen.description;
            let closed = description.status != Status::Running;
            let kept = match seen.description.redrive_count {
                0 => closed && description.stop_ms == Some(stop.stop_ms),
                _ => seen.ended_at(stop.stop_ms),
            };
            if !kept {
                violated!(
                    self,
                    4,
                    "{} was stopped at {}, and is {:?} at {:?}",
                    seen.arn,
                    stop.stop_ms,
                    description.status,
                    description.stop_ms
                );
            }
        }
    }

    /// R1 and R7.
    fn check_starts(&mut self, all: &[Seen], by_arn: &BTreeMap<&str, &Seen>) {
        let mut by_mark: BTreeMap<(&str, u64), Vec<&str>> = BTreeMap::new();
        for seen in all {
            if seen.account.is_child {
                // Nobody started it but its map run.
                continue;
            }
            if let Some(input) = &seen.description.input {
                let key = (seen.account.machine.as_str(), mark_of(input.text()));
                by_mark.entry(key).or_default().push(&seen.arn);
            }
        }
        for ((_, mark), arns) in &by_mark {
            if arns.len() > 1 {
                violated!(self, 7, "one start (mark {mark}) became {arns:?}");
            }
        }
        for start in self.journal.starts.clone() {
            // R40: until its retention ends. Then the name may be another's.
            if start.fate != Fate::Acked || self.was_taken(&start.execution_arn) {
                continue;
            }
            let arn = &start.execution_arn;
            let Some(seen) = by_arn.get(arn.as_str()) else {
                violated!(self, 1, "{arn} was acknowledged and is not there");
                continue;
            };
            let input = seen.description.input.as_ref().map(|input| input.text());
            let first = seen.events.first().map(|event| &event.details);
            let begins = matches!(first, Some(EventDetails::ExecutionStarted { input, .. })
                if **input.text() == *start.input);
            let same = input.is_some_and(|input| **input == *start.input);
            if !same || !begins || seen.description.start_ms != start.start_ms {
                violated!(self, 1, "{arn} is not as it was acknowledged");
            }
        }
    }

    /// R2 and R12.
    fn check_completions(&mut self, all: &[Seen]) {
        let by_id: BTreeMap<_, &Seen> = all.iter().map(|seen| (seen.id, seen)).collect();
        for (at, completion) in self.journal.completions.clone().iter().enumerate() {
            let Some(seen) = by_id.get(&completion.execution) else {
                let is_gone = self
                    .ledger
                    .gone
                    .accounts
                    .contains_key(&completion.execution);
                if completion.fate == Fate::Acked && !is_gone {
                    violated!(self, 2, "completion {at} was acknowledged for nothing");
                }
                continue;
            };
            let arn = &seen.arn;
            let own: Vec<&Event> = seen
                .events
                .iter()
                .filter(|event| says(event, completion))
                .collect();
            let elsewhere = own
                .iter()
                .find(|event| scheduled_by(seen, event) != Some(completion.event));
            if let Some(event) = elsewhere {
                violated!(
                    self,
                    12,
                    "{arn}: event {} holds the result of the attempt of event {}",
                    event.id,
                    completion.event
                );
            }
            let right = match completion.fate {
                Fate::Acked => own.len() == 1,
                Fate::Refused(_) => own.is_empty(),
                Fate::Waiting | Fate::Unknown => own.len() <= 1,
            };
            if !right {
                violated!(
                    self,
                    2,
                    "{arn}: completion {at} of event {} was {:?}, and is recorded {} times",
                    completion.event,
                    completion.fate,
                    own.len()
                );
            }
        }
    }

    /// R8: what was shown is still so, to the byte.
    pub fn check_what_was_shown(&mut self, seen: &Seen) {
        let arn = &seen.arn;
        let Some(shown) = self.journal.shown.get(arn) else {
            return;
        };
        let status = status_name(seen.description.status);
        let reopened = shown.closed.clone().filter(|closed| *closed != status);
        let wanted: Vec<(u32, String)> = shown
            .events
            .iter()
            .map(|(id, text)| (*id, text.clone()))
            .collect();
        if let Some(closed) = reopened
            && !self.may_be_redriven(arn)
        {
            violated!(self, 42, "{arn} was shown as {closed} and is {status}");
        }
        if wanted.is_empty() {
            return;
        }
        let texts = self.texts_of(arn);
        for (id, text) in wanted {
            let now = texts.get((id as usize).saturating_sub(1));
            if now != Some(&text) {
                violated!(
                    self,
                    8,
                    "{arn}: event {id} was shown as {text} and is {}",
                    now.map_or("gone", String::as_str)
                );
            }
        }
    }

    /// Every event of a history, as the API writes it.
    fn texts_of(&self, arn: &str) -> Vec<String> {
        let mut texts = Vec::new();
        let body = json!({ "executionArn": arn, "maxResults": 1_000 }).to_string();
        let Ok((request, meta)) = self.receive("GetExecutionHistory", body.as_bytes()) else {
            return texts;
        };
        let Request::GetExecutionHistory(mut request) = request else {
            return texts;
        };
        loop {
            let asked = get_execution_history::Request {
                after: request.after,
                ..request.clone()
            };
            let Ok(response) = self.inspect(&Request::GetExecutionHistory(asked)) else {
                return texts;
            };
            let Response::GetExecutionHistory(page) = &response else {
                return texts;
            };
            request.after = page.next;
            let wall_ms = self.clock.now().wall_ms;
            let answer = self.door.answer(&meta, Ok(response), wall_ms);
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
            if let Some(events) = body["events"].as_array() {
                texts.extend(events.iter().map(Value::to_string));
            }
            if request.after.is_none() {
                return texts;
            }
        }
    }
}

/// Whether an event records that completion. Outputs and causes are unique.
fn says(event: &Event, completion: &Completion) -> bool {
    match (&event.details, &completion.result) {
        (EventDetails::ActivitySucceeded { output }, Ok(text)) => **output.text() == **text,
        (EventDetails::ActivityFailed(Failure { error, cause }), Err((name, text))) => {
            error.as_deref() == Some(name) && cause.as_deref() == Some(text)
        }
        _ => false,
    }
}

/// The event that scheduled the attempt which an event ends.
fn scheduled_by(seen: &Seen, outcome: &Event) -> Option<u32> {
    let before = seen.event(outcome.previous)?;
    let started = if is_outcome(&before.details) {
        seen.event(before.previous)?
    } else {
        before
    };
    Some(started.previous)
}

/// A status as the API spells it.
pub fn status_name(status: Status) -> &'static str {
    match status {
        Status::Running => "RUNNING",
        Status::Succeeded => "SUCCEEDED",
        Status::Failed => "FAILED",
        Status::TimedOut => "TIMED_OUT",
        Status::Aborted => "ABORTED",
        Status::PendingRedrive => "PENDING_REDRIVE",
    }
}
