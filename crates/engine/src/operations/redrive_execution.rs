//! `RedriveExecution`: an execution that failed, timed out or was aborted goes on where it stood.

use std::sync::Arc;

use interpreter::{Execution, Input, Status};
use store::ExecutionId;

use crate::arn::{self, AnyExecution};
use crate::executions::{Live, Turn, Work};
use crate::map_runs::{self, Known};
use crate::message::{NameLookup, Now, Output, Ticket};
use crate::operations::start_execution::Existing;
use crate::operations::stop_execution::does_not_exist;
use crate::quarantine::in_quarantine;
use crate::rejection::{ErrorName, Rejection};
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// `clientToken`: a second request with the same one is answered as the first was.
    pub client_token: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `redriveDate`, milliseconds since 1970.
    pub redrive_ms: i64,
}

/// How long after its end an execution can be redriven, in milliseconds: 14 days.
///
/// Source: AWS developer guide, "Redriving state machine executions".
pub const REDRIVABLE_MS: i64 = 14 * DAY_MS;

/// How long after its start an execution can be redriven, in milliseconds: an execution is open for
/// at most a year, and a redriven one is the same execution.
///
/// Source: as above; AWS quota page, "maximum execution time".
pub const OPEN_MS_MAX: i64 = 365 * DAY_MS;

/// How long a client token is remembered, in milliseconds: 15 minutes.
///
/// Source: AWS API reference, `RedriveExecution`, `clientToken`.
pub const CLIENT_TOKEN_MS: i64 = 15 * 60 * 1000;

const DAY_MS: i64 = 24 * 60 * 60 * 1000;

impl Request {
    /// Machine and execution name that the store must be asked for before this enters a shard.
    pub fn name_to_look_up(&self) -> Option<(&str, &str)> {
        let execution = arn::parse_execution(&self.execution_arn).ok()?;
        Some((execution.machine, execution.name))
    }
}

impl Shard {
    /// Finds the execution; the rest happens when it is in memory and free.
    pub(crate) fn redrive_execution(
        &mut self,
        ticket: Ticket,
        request: Request,
        lookup: Option<NameLookup>,
        out: &mut Vec<Output>,
    ) {
        if let Ok(AnyExecution::Child { .. }) = arn::parse_any_execution(&request.execution_arn) {
            let rejection = Rejection::new(ErrorName::ExecutionNotRedrivable, CHILD);
            return self.reply(ticket, self.issued, Err(rejection), out);
        }
        let existing = match arn::parse_execution(&request.execution_arn) {
            Ok(execution)
                if self.world.owner.owns(&request.execution_arn) && execution.label.is_none() =>
            {
                self.look_up(execution.machine, execution.name, lookup)
            }
            Ok(_) => Existing::No,
            Err(rejection) => return self.reply(ticket, self.issued, Err(rejection), out),
        };
        match existing {
            Existing::Yes(id) => {
                let client_token = request.client_token.map(Into::into);
                let work = Work::Redrive {
                    ticket,
                    client_token,
                };
                self.agenda.push_back((id, work));
            }
            Existing::No => {
                let rejection = does_not_exist(&request.execution_arn);
                self.reply(ticket, self.issued, Err(rejection), out);
            }
            Existing::Unknown => {
                out.push(Output::LookUpAgain {
                    ticket,
                    request: super::Request::RedriveExecution(request),
                });
            }
        }
    }

    /// Redrives an execution that is in memory, and answers.
    pub(crate) fn redrive(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        (ticket, client_token): (Ticket, Option<Arc<str>>),
        now: Now,
        out: &mut Vec<Output>,
    ) {
        let at_ms = self.clock.at(now);
        let before = client_token
            .as_deref()
            .and_then(|token| live.execution.redriven_by(token))
            .filter(|redrive_ms| at_ms.saturating_sub(*redrive_ms) < CLIENT_TOKEN_MS);
        let response = match before {
            Some(redrive_ms) => Ok(Response { redrive_ms }),
            None if self.sweep.has_begun(id) => Err(Rejection::new(
                ErrorName::ExecutionNotRedrivable,
                map_runs::NOT_KEPT,
            )),
            None => match self.known_map_runs(live) {
                Known::All => self.redrive_now(id, live, client_token, now, out),
                Known::Not(reason) => {
                    Err(Rejection::new(ErrorName::ExecutionNotRedrivable, reason))
                }
                Known::MustLookUp(map_run) => {
                    let work = Work::Redrive {
                        ticket,
                        client_token,
                    };
                    return self.after_lookup(map_run, id, work, out);
                }
            },
        };
        let response = response.map(super::Response::RedriveExecution);
        self.reply(ticket, live.last_commit, response, out);
    }

    fn redrive_now(
        &mut self,
        id: ExecutionId,
        live: &mut Live,
        client_token: Option<Arc<str>>,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let at_ms = self.clock.at(now);
        let machine = live.execution.birth().machine;
        let machine_exists = self.machine_names.contains_key(&machine);
        let refused = |reason| Rejection::new(ErrorName::ExecutionNotRedrivable, reason);
        if let Some(reason) = not_redrivable(&live.execution, machine_exists, &self.limits, at_ms) {
            return Err(refused(reason));
        }
        self.room_for_execution()?;
        let mut turn = Turn::default();
        turn.redriven_from = Some(live.listed_at());
        self.step(id, live, Input::Redrive { client_token }, &mut turn, now)
            .map_err(|_| match live.poison {
                Some(_) => in_quarantine(),
                None => refused(FORGOTTEN.to_owned()),
            })?;
        self.finish(id, live, turn, now, out);
        if live.poison.is_some() {
            return Err(in_quarantine());
        }
        let redrive_ms = live.execution.redrive_ms();
        Ok(Response {
            redrive_ms: redrive_ms.expect("an execution that was redriven knows when"),
        })
    }
}

/// A child of a map run.
const CHILD: &str = "Execution cannot be redriven by itself: it is a child of a map run. Redrive the \
                     execution that started the map run instead";

/// An execution that closed under an older version of the service.
const FORGOTTEN: &str = "Execution cannot be redriven: it closed before this service kept where \
                         executions stop. Start a new execution instead";

/// Why an execution cannot be redriven, if it cannot: `redriveStatusReason`, and the message of
/// `ExecutionNotRedrivable`.
pub(crate) fn not_redrivable(
    execution: &Execution,
    machine_exists: bool,
    limits: &interpreter::Limits,
    now_ms: i64,
) -> Option<String> {
    let status = match execution.status() {
        Status::Running => Some("RUNNING"),
        Status::PendingRedrive => Some("PENDING_REDRIVE"),
        Status::Succeeded => Some("SUCCEEDED"),
        Status::Failed | Status::TimedOut | Status::Aborted => None,
    };
    if let Some(status) = status {
        return Some(format!("Execution is {status} and cannot be redriven"));
    }
    if !machine_exists {
        let reason = "Execution cannot be redriven: its state machine was deleted. Create the state \
                      machine again and start a new execution";
        return Some(reason.to_owned());
    }
    if !execution.has_room_for_redrive(limits) {
        let events = execution.events();
        return Some(format!(
            "Execution cannot be redriven: its history holds {events} events, and a redrive needs \
             fewer than {}. Start a new execution instead",
            limits.history_events_max.saturating_sub(1)
        ));
    }
    let closed_ms = execution.stop_ms().unwrap_or(now_ms);
    if now_ms.saturating_sub(closed_ms) > REDRIVABLE_MS {
        let reason = "Execution cannot be redriven: it closed more than 14 days ago. Start a new \
                      execution instead";
        return Some(reason.to_owned());
    }
    if now_ms.saturating_sub(execution.start_ms()) >= OPEN_MS_MAX {
        let reason = "Execution cannot be redriven: it started a year ago or earlier, and no execution \
                      is open for longer. Start a new execution instead";
        return Some(reason.to_owned());
    }
    (!execution.can_go_on()).then(|| FORGOTTEN.to_owned())
}
