//! `ListExecutions`.

use store::{ListingQuery, Store};

use crate::arn::{self, Owner, Qualifier};
use crate::ids;
use crate::operations::start_sync_execution::type_not_supported;
use crate::operations::update_state_machine::does_not_exist;
use crate::operations::{describe_map_run, describe_state_machine, describe_state_machine_alias};
use crate::read::ReadError;
use crate::records::{self, ListingSummary, MachineRecord};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::{ExecutionListItem, MachineType};
use interpreter::Status;
use store::{Listing, ListingCursor};

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn` (or a version's, or an alias's).
    pub state_machine_arn: Option<String>,
    /// `mapRunArn`.
    pub map_run_arn: Option<String>,
    /// `statusFilter`.
    pub status: Option<Status>,
    /// `redriveFilter`: `true` for `REDRIVEN`.
    pub redriven: Option<bool>,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Where to go on, out of an authenticated token.
    pub before: Option<ListingCursor>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Newest first.
    pub executions: Vec<ExecutionListItem>,
    /// Where to go on, when there is more.
    pub next: Option<ListingCursor>,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
    express_kept: bool,
) -> Result<Response, ReadError> {
    let state_machine_arn = match (&request.state_machine_arn, &request.map_run_arn) {
        (Some(arn), None) => arn,
        (None, Some(arn)) => {
            return Err(describe_map_run::find(arn).into());
        }
        _ => {
            let message = "Must specify exactly one of 'stateMachineArn' and 'mapRunArn'";
            return Err(Rejection::new(ErrorName::ValidationException, message).into());
        }
    };
    let (machine, list) = list(state_machine_arn, store, owner)?;
    let is_express = machine.machine_type == MachineType::Express;
    if is_express && !express_kept {
        return Err(type_not_supported().into());
    }
    let statuses = match request.status {
        Some(status) => vec![status],
        None => ALL.to_vec(),
    };
    let mut query = ListingQuery {
        machine: list.number,
        statuses: statuses.into_iter().map(|status| status as u8).collect(),
        before: request.before,
        limit: request.limit + 1,
    };
    if request.redriven.is_some() {
        query.limit = LOOKED_AT_MAX;
    }
    let rows = store.listings(&query)?;
    let looked_at_all = rows.len() < query.limit;
    let mut shown: Vec<(Listing, ListingSummary, Status)> = Vec::new();
    let mut next = None;
    let mut before = None;
    for row in rows {
        let read = || {
            Some((
                ListingSummary::decode(&row.summary)?,
                status_of(row.status)?,
            ))
        };
        let (summary, status) =
            read().ok_or_else(|| records::damaged("a list of", &machine.name))?;
        let cursor = Some(ListingCursor {
            time_ms: row.time_ms,
            execution: row.execution,
        });
        let listed = match list.qualified {
            Qualifier::Version(_) => summary.state_machine_version_arn.as_ref(),
            Qualifier::Alias(_) => summary.state_machine_alias_arn.as_ref(),
            Qualifier::Plain | Qualifier::Label(_) => Some(state_machine_arn),
        };
        let wanted = listed == Some(state_machine_arn)
            && request
                .redriven
                .is_none_or(|redriven| redriven == (summary.redrive_count > 0));
        if wanted && shown.len() == request.limit {
            next = before;
            break;
        }
        before = cursor;
        if wanted {
            shown.push((row, summary, status));
        }
    }
    if next.is_none() && !looked_at_all {
        next = before;
    }
    let executions = shown
        .into_iter()
        .map(|(row, summary, status)| ExecutionListItem {
            execution_arn: match is_express {
                true => {
                    let id = ids::uuid_of(row.execution);
                    owner.express_execution_arn(&machine.name, &summary.name, &id)
                }
                false => owner.execution_arn(&machine.name, &summary.name),
            },
            state_machine_arn: owner.state_machine_arn(&machine.name),
            name: summary.name,
            status,
            start_ms: summary.start_ms,
            stop_ms: summary.stop_ms,
            state_machine_version_arn: summary.state_machine_version_arn,
            state_machine_alias_arn: summary.state_machine_alias_arn,
            redrive_count: summary.redrive_count,
            redrive_ms: summary.redrive_ms,
        })
        .collect();
    Ok(Response { executions, next })
}

/// Which list an ARN asks for.
struct List<'a> {
    number: u64,
    qualified: Qualifier<'a>,
}

/// The machine of an ARN, and the list of what was started with it: the machine's own list has all of
/// its executions.
fn list<'a>(
    arn: &'a str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<(MachineRecord, List<'a>), ReadError> {
    let qualified = arn::parse_state_machine(arn)?.qualifier;
    let machine = describe_state_machine::machine_of(arn, store, owner)?;
    let machine = machine.ok_or_else(|| does_not_exist(arn))?;
    let exists = match qualified {
        Qualifier::Plain => true,
        Qualifier::Version(number) => {
            describe_state_machine::version(store, &machine, number)?.is_some()
        }
        Qualifier::Alias(_) => describe_state_machine_alias::find(arn, store, owner)?.is_some(),
        Qualifier::Label(_) => false,
    };
    if !exists {
        return Err(does_not_exist(arn).into());
    }
    let number = match qualified {
        Qualifier::Plain => machine.number,
        _ => records::list_of(machine.number, arn),
    };
    Ok((machine, List { number, qualified }))
}

/// Most entries that one request looks at for a `redriveFilter`. A page may then hold fewer than were
/// asked for, or none, and still tell where to go on: as with every page, only a missing `nextToken`
/// is the end.
const LOOKED_AT_MAX: usize = 10_000;

const ALL: [Status; 6] = [
    Status::Running,
    Status::Succeeded,
    Status::Failed,
    Status::TimedOut,
    Status::Aborted,
    Status::PendingRedrive,
];

fn status_of(number: u8) -> Option<Status> {
    ALL.into_iter().find(|status| *status as u8 == number)
}
