//! Redrive: an execution that failed, timed out or was aborted goes on where it stood.
//!
//! What it stood on is kept when it closes: its frames, as they were before the failure that ended it
//! began to take frames away. At a redrive each line goes on from there: one that was about to enter
//! a state enters it, one that stood in a state does the work of that state again, on the same input
//! and in the same visit, as a retry would. Branches and iterations that had ended keep their outputs.

use std::collections::BTreeMap;
use std::sync::Arc;

use asl::definition::StateKind;

use crate::breaks;
use crate::execution::{Execution, Status};
use crate::frame::{Frame, FrameId, Stand};
use crate::history::EventDetails;
use crate::limits::{Limits, REDRIVE_TOKENS_MAX};
use crate::turn::{Closed, Turn};

/// The items of a Map that was redriven are not those it began with.
pub(crate) const ITEMS_CHANGED: &str =
    "The items of the Map state are not those its iterations began with.";

/// What is remembered of the redrives of an execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Redrives {
    /// How many there were.
    pub(crate) count: u32,
    /// When the last one was.
    pub(crate) last_ms: Option<i64>,
    /// The latest client tokens and what each of them was answered, oldest first.
    pub(crate) tokens: Vec<(Arc<str>, i64)>,
}

impl Execution {
    /// `redriveCount`.
    pub fn redrive_count(&self) -> u32 {
        self.redrives.count
    }

    /// `redriveDate` in milliseconds since 1970: when it was redriven last.
    pub fn redrive_ms(&self) -> Option<i64> {
        self.redrives.last_ms
    }

    /// When a redrive with that client token happened, if the token is among the latest.
    pub fn redriven_by(&self, client_token: &str) -> Option<i64> {
        let mut latest = self.redrives.tokens.iter().rev();
        latest
            .find(|(token, _)| **token == *client_token)
            .map(|(_, at_ms)| *at_ms)
    }

    /// Whether it is closed and knows where it stood, so that [`crate::Input::Redrive`] has somewhere
    /// to begin.
    pub fn can_go_on(&self) -> bool {
        self.status != Status::Running && !self.frames.is_empty()
    }

    /// Whether its history has room for a redrive.
    pub fn has_room_for_redrive(&self, limits: &Limits) -> bool {
        self.events < limits.history_events_max.saturating_sub(1)
    }

    /// Keeps what a closed execution stood on, if it may ever be redriven.
    pub(crate) fn keep_where_it_stood(
        &mut self,
        frames: BTreeMap<FrameId, Frame>,
        limits: &Limits,
    ) {
        let failed = matches!(
            self.status,
            Status::Failed | Status::TimedOut | Status::Aborted
        );
        if !failed || !self.has_room_for_redrive(limits) {
            return;
        }
        self.frames = frames;
        for frame in self.frames.values_mut() {
            if !matches!(frame.stand, Stand::Join(_) | Stand::MapRun(_)) {
                frame.stand = Stand::Ready;
            }
        }
    }
}

impl Turn<'_> {
    /// Remembers where every line stands, before a failure takes lines away. What is remembered is
    /// dropped when the failure is retried or caught, and kept when it ends the execution.
    pub(crate) fn remember_where_it_stood(&mut self) {
        if self.stood.is_none() {
            self.stood = Some(self.execution.frames.clone());
        }
    }

    /// Takes a closed execution up again.
    pub(crate) fn redrive(&mut self, client_token: Option<Arc<str>>) -> Result<(), Closed> {
        let closing = self.execution.events;
        self.execution.status = Status::Running;
        self.execution.stop_ms = None;
        self.execution.failure = None;
        self.execution.redrives.count += 1;
        let redrive_count = self.execution.redrives.count;
        let details = EventDetails::ExecutionRedriven { redrive_count };
        if !breaks::awake("r21-redrive") {
            self.append_at(self.at.now_ms, closing, details)?;
        }
        self.note_redrive(client_token);
        // Its time begins anew, whether the machine has a TimeoutSeconds or not.
        self.arm_deadline(self.timeout_seconds().unwrap_or(u64::MAX));
        let (mut joins, mut map_runs) = (Vec::new(), Vec::new());
        for (id, frame) in &mut self.execution.frames {
            frame.visit.attempts.clear();
            match &mut frame.stand {
                // It goes on with the attempt it is at, whose number its items may depend on.
                Stand::Join(join) => {
                    // An `InputPath` may see that this is a redrive.
                    join.selected_from = None;
                    joins.push(*id);
                }
                Stand::MapRun(_) => map_runs.push(*id),
                _ => {
                    frame.visit.retries = 0;
                    self.execution.ready.push_back(*id);
                }
            }
        }
        for id in joins {
            self.fill_lanes(id)?;
        }
        for id in map_runs {
            self.redrive_map_run(id)?;
        }
        self.run()
    }

    fn note_redrive(&mut self, client_token: Option<Arc<str>>) {
        let redrives = &mut self.execution.redrives;
        redrives.last_ms = Some(self.execution.last_ms);
        if let Some(token) = client_token {
            redrives.tokens.retain(|(known, _)| *known != token);
            redrives.tokens.push((token, self.execution.last_ms));
            if redrives.tokens.len() > REDRIVE_TOKENS_MAX {
                redrives.tokens.remove(0);
            }
        }
    }

    /// A Map whose next iteration could not begin has lanes without one: they try again.
    fn fill_lanes(&mut self, id: FrameId) -> Result<(), Closed> {
        while let Some(frame) = self.execution.frames.get(&id) {
            let (Stand::Join(join), StateKind::Map(map)) = (&frame.stand, &self.state(id).kind)
            else {
                break;
            };
            if join.running >= join.lanes || join.next as usize >= join.outputs.len() {
                break;
            }
            let started = frame.previous;
            let begun = self.begin_iteration(id, map, started);
            self.settle_halt(id, begun)?;
        }
        Ok(())
    }
}
