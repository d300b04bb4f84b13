//! R5, R27, R28, R30, R31, R33 and R34: nothing comes early, nothing comes late.
//!
//! Times are those of the world, which no clock in it shows. What a clock did meanwhile decides only
//! which invariant a violation is told under.

use interpreter::{Event, EventDetails, TimerKind};

use super::Seen;
use super::histories::is_outcome;
use crate::definitions::StateSpec;
use crate::journal::Fate;
use crate::ledger::Moment;
use crate::violated;
use crate::world::World;

/// How late anything may be in these worlds. Each hop takes at most 100 ms; a hand-out in doubt and
/// an execution to be read back each cost a few hops.
pub const SLACK_MS: i64 = 5_000;

/// Something that came too early.
pub struct Early {
    /// When it began.
    pub armed: Moment,
    /// When it happened.
    pub fired: Moment,
    /// By how much.
    pub by_ms: i64,
    /// Under which number, when no clock jumped.
    pub invariant: u32,
}

impl Seen {
    /// When an event was written.
    pub fn written(&self, event: u32) -> Option<Moment> {
        self.account
            .written
            .get((event as usize).checked_sub(1)?)
            .copied()
    }
}

impl World {
    /// All of one execution's history.
    pub fn check_timing(&mut self, seen: &Seen) {
        for event in &seen.events {
            match &event.details {
                EventDetails::StateExited { .. } => self.check_wait(seen, event),
                details if is_outcome(details) => self.check_outcome(seen, event),
                _ => {}
            }
        }
    }

    /// R27 and R34 of a Wait state.
    fn check_wait(&mut self, seen: &Seen, exited: &Event) {
        let arn = &seen.arn;
        let Some(entered) = seen.event(exited.previous) else {
            return;
        };
        let EventDetails::StateEntered { name, .. } = &entered.details else {
            return;
        };
        let name: &str = name;
        // A redrive waits the whole time again.
        let entered = seen.last_redrive(entered.id, exited.id).unwrap_or(entered);
        let (Some(armed), Some(fired)) = (seen.written(entered.id), seen.written(exited.id)) else {
            return;
        };
        match self.author.specs.get(name) {
            Some(StateSpec::Wait(span_ms)) => {
                let (span_ms, at_ms) = (*span_ms, entered.timestamp_ms);
                let books = &self.ledger;
                let due_ms = books.earliest_ms(armed, at_ms, span_ms, fired.incarnation);
                if fired.true_ms < due_ms {
                    let early = Early {
                        armed,
                        fired,
                        by_ms: due_ms - fired.true_ms,
                        invariant: 27,
                    };
                    self.report_early(early, &format!("{arn}: Wait left at event {}", exited.id));
                } else if fired.true_ms > due_ms + SLACK_MS {
                    let late_ms = fired.true_ms - due_ms;
                    let what =
                        format!("{arn}: Wait left at event {}, {late_ms} ms late", exited.id);
                    self.report_late(armed, fired, 28, &what);
                }
            }
            Some(StateSpec::WaitUntil) => {
                let at_ms = moment_of_input(seen);
                let shown_ms = fired.wall_ms.max(entered.timestamp_ms);
                if shown_ms < at_ms {
                    violated!(
                        self,
                        27,
                        "{arn}: event {} came {} ms before its time",
                        exited.id,
                        at_ms - shown_ms
                    );
                }
            }
            _ => {}
        }
    }

    /// The clocks of a task.
    fn check_outcome(&mut self, seen: &Seen, outcome: &Event) {
        let Some(started) = seen.event(outcome.previous) else {
            return;
        };
        let Some(scheduled) = seen.event(started.previous) else {
            return;
        };
        let EventDetails::ActivityScheduled {
            timeout_in_seconds,
            heartbeat_in_seconds,
            ..
        } = &scheduled.details
        else {
            return;
        };
        let handed = seen.account.handed_out.get(&scheduled.id).copied();
        let (Some(handed), Some(fired)) = (handed, seen.written(outcome.id)) else {
            return;
        };
        let task = Task {
            event: scheduled.id,
            handed,
            handed_ms: started.timestamp_ms,
            timeout_ms: timeout_in_seconds.map(|seconds| seconds as i64 * 1000),
            heartbeat_ms: heartbeat_in_seconds.map(|seconds| seconds as i64 * 1000),
        };
        if matches!(outcome.details, EventDetails::ActivityTimedOut(_)) {
            self.check_timed_out(seen, outcome.id, &task, fired);
        }
        self.check_not_overdue(seen, outcome.id, &task, fired);
    }

    /// R5, R27: one of the two clocks must have run out.
    fn check_timed_out(&mut self, seen: &Seen, event: u32, task: &Task, fired: Moment) {
        let by_timeout = task.timeout_ms.map(|span| {
            let books = &self.ledger;
            books.earliest_ms(task.handed, task.handed_ms, span, fired.incarnation)
        });
        if by_timeout.is_some_and(|due| fired.true_ms >= due) {
            return;
        }
        let Some(interval_ms) = task.heartbeat_ms else {
            let early = Early {
                armed: task.handed,
                fired,
                by_ms: by_timeout.map_or(0, |due| due - fired.true_ms),
                invariant: 27,
            };
            let what = format!("{}: timeout at event {event}", seen.arn);
            self.report_early(early, &what);
            return;
        };
        // A new process gives every task a whole interval.
        let begun_ms = if task.handed.incarnation == fired.incarnation {
            task.handed.true_ms
        } else {
            self.ledger.recovery(fired.incarnation).true_ms
        };
        let last_beat = self.last_beat_ms(seen, task.event);
        if fired.true_ms < begun_ms + interval_ms {
            let early = Early {
                armed: task.handed,
                fired,
                by_ms: begun_ms + interval_ms - fired.true_ms,
                invariant: 27,
            };
            let what = format!("{}: heartbeat timeout at event {event}", seen.arn);
            self.report_early(early, &what);
        } else if let Some(beat_ms) = last_beat
            && fired.true_ms < beat_ms + interval_ms
        {
            let early = Early {
                armed: task.handed,
                fired,
                by_ms: beat_ms + interval_ms - fired.true_ms,
                invariant: 5,
            };
            let what = format!("{}: timeout at event {event} despite a heartbeat", seen.arn);
            self.report_early(early, &what);
        }
    }

    /// When the last acknowledged heartbeat of a task was taken in.
    fn last_beat_ms(&self, seen: &Seen, task: u32) -> Option<i64> {
        self.journal
            .beats
            .iter()
            .filter(|beat| {
                beat.execution == seen.id && beat.event == task && beat.fate == Fate::Acked
            })
            .filter_map(|beat| beat.heard.map(|moment| moment.true_ms))
            .max()
    }

    /// R28 and R31: nothing ends a task long after its timeout.
    fn check_not_overdue(&mut self, seen: &Seen, event: u32, task: &Task, fired: Moment) {
        let Some(span_ms) = task.timeout_ms else {
            return;
        };
        let books = &self.ledger;
        let due_ms = books.earliest_ms(task.handed, task.handed_ms, span_ms, fired.incarnation);
        if fired.true_ms > due_ms + SLACK_MS {
            let beat = self.last_beat_ms(seen, task.event).is_some();
            let what = format!(
                "{}: event {event} came {} ms after the task's timeout",
                seen.arn,
                fired.true_ms - due_ms
            );
            self.report_late(task.handed, fired, if beat { 31 } else { 28 }, &what);
        }
    }

    /// R28, R30, R31 and R33: no timer should have fired long ago.
    pub fn check_overdue(&mut self) {
        let now = self.moment();
        let mut overdue = Vec::new();
        for (id, account) in &self.ledger.accounts {
            for (row, armed) in account.timers.values() {
                let span_ms = i64::try_from(row.span_ms).unwrap_or(i64::MAX);
                let kind = row.kind;
                if kind == TimerKind::WaitUntil as u8 || kind == TimerKind::Heartbeat as u8 {
                    continue;
                }
                let due_ms =
                    self.ledger
                        .earliest_ms(*armed, row.due_ms - span_ms, span_ms, now.incarnation);
                if now.true_ms > due_ms + SLACK_MS {
                    let is_timeout = kind == TimerKind::TaskTimeout as u8;
                    let beat = is_timeout
                        && self
                            .journal
                            .beats
                            .iter()
                            .any(|beat| beat.execution == *id && beat.fate == Fate::Acked);
                    let invariant = if armed.incarnation != now.incarnation {
                        30
                    } else if beat {
                        31
                    } else {
                        28
                    };
                    let name = &account.name;
                    let what = format!("{name}: timer {} of kind {kind} did not fire", row.timer);
                    overdue.push((*armed, invariant, what));
                }
            }
        }
        for (armed, invariant, what) in overdue {
            self.report_late(armed, now, invariant, &what);
        }
    }

    /// Something came too early; a clock that jumped is to blame first.
    pub fn report_early(&mut self, early: Early, what: &str) {
        let Early {
            armed,
            fired,
            by_ms,
            invariant,
        } = early;
        let jumped_ms = jumped_ms(armed, fired);
        let invariant = match jumped_ms.cmp(&0) {
            std::cmp::Ordering::Less => 33,
            std::cmp::Ordering::Equal => invariant,
            std::cmp::Ordering::Greater => 34,
        };
        self.report(invariant, format!("{what} came {by_ms} ms early"));
    }

    /// Something came too late; a clock that was set back is to blame first.
    pub fn report_late(&mut self, armed: Moment, fired: Moment, invariant: u32, what: &str) {
        let invariant = if jumped_ms(armed, fired) < 0 {
            33
        } else {
            invariant
        };
        self.report(invariant, what.to_owned());
    }
}

/// By how much the wall clock jumped meanwhile, as far as one process could tell.
fn jumped_ms(armed: Moment, fired: Moment) -> i64 {
    if armed.incarnation == fired.incarnation {
        fired.jumped_ms - armed.jumped_ms
    } else {
        fired.jumped_ms
    }
}

/// The clocks of one attempt.
struct Task {
    event: u32,
    handed: Moment,
    handed_ms: i64,
    timeout_ms: Option<i64>,
    heartbeat_ms: Option<i64>,
}

/// `at` of an execution's input, in milliseconds since 1970.
fn moment_of_input(seen: &Seen) -> i64 {
    let input = seen.description.input.as_ref();
    let at = input.and_then(|input| input.value()["at"].as_str());
    at.map_or(i64::MIN, crate::clients::read_timestamp)
}
