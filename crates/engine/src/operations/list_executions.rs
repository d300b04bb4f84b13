//! `ListExecutions`.

use store::{ListingQuery, Store};

use crate::arn::{self, Owner, Qualifier};
use crate::ids;
use crate::operations::start_sync_execution::type_not_supported;
use crate::operations::update_state_machine::does_not_exist;
use crate::operations::{describe_map_run, describe_state_machine, describe_state_machine_alias};
use crate::read::ReadError;
use crate::records::{self, ListingSummary};
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
    let asked = match (&request.state_machine_arn, &request.map_run_arn) {
        (Some(arn), None) => of_machine(arn, store, owner, express_kept)?,
        (None, Some(arn)) => of_map_run(arn, store, owner)?,
        _ => {
            let message = "Must specify exactly one of 'stateMachineArn' and 'mapRunArn'";
            return Err(Rejection::new(ErrorName::ValidationException, message).into());
        }
    };
    let statuses = match request.status {
        Some(status) => vec![status],
        None => ALL.to_vec(),
    };
    let mut query = ListingQuery {
        machine: asked.list,
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
            read().ok_or_else(|| records::damaged("a list of", &asked.machine))?;
        let cursor = Some(ListingCursor {
            time_ms: row.time_ms,
            execution: row.execution,
        });
        let listed = match asked.by {
            By::Version => summary.state_machine_version_arn.as_ref(),
            By::Alias => summary.state_machine_alias_arn.as_ref(),
            By::Machine | By::MapRun => Some(asked.arn),
        };
        let wanted = listed == Some(asked.arn)
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
            execution_arn: match asked.is_express {
                true => {
                    let id = ids::uuid_of(row.execution);
                    owner.express_execution_arn(&asked.machine, &summary.name, &id)
                }
                false => owner.execution_arn(&asked.machine, &summary.name),
            },
            state_machine_arn: owner.state_machine_arn(&asked.machine),
            map_run_arn: request.map_run_arn.clone(),
            item_count: summary.item_count,
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

/// What is listed.
struct Asked<'a> {
    arn: &'a String,
    by: By,
    /// As ARNs of its executions name it: of a map run, with the label.
    machine: String,
    is_express: bool,
    /// Number of the list.
    list: u64,
}

#[derive(Clone, Copy, PartialEq)]
enum By {
    Machine,
    Version,
    Alias,
    MapRun,
}

/// The machine of an ARN, and the list of what was started with it: the machine's own list has all of
/// its executions.
fn of_machine<'a>(
    arn: &'a String,
    store: &dyn Store,
    owner: &Owner,
    express_kept: bool,
) -> Result<Asked<'a>, ReadError> {
    let qualified = arn::parse_state_machine(arn)?.qualifier;
    let machine = describe_state_machine::machine_of(arn, store, owner)?;
    let machine = machine.ok_or_else(|| does_not_exist(arn))?;
    let by = match qualified {
        Qualifier::Plain => Some(By::Machine),
        Qualifier::Version(number) => {
            let version = describe_state_machine::version(store, &machine, number)?;
            version.map(|_| By::Version)
        }
        Qualifier::Alias(_) => {
            let alias = describe_state_machine_alias::find(arn, store, owner)?;
            alias.map(|_| By::Alias)
        }
        Qualifier::Label(_) => None,
    };
    let by = by.ok_or_else(|| does_not_exist(arn))?;
    let is_express = machine.machine_type == MachineType::Express;
    if is_express && !express_kept {
        return Err(type_not_supported().into());
    }
    Ok(Asked {
        arn,
        by,
        list: match by {
            By::Machine => machine.number,
            _ => records::list_of(machine.number, arn),
        },
        machine: machine.name,
        is_express,
    })
}

/// The children of a map run.
fn of_map_run<'a>(
    arn: &'a String,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Asked<'a>, ReadError> {
    let (_, record, _) = describe_map_run::find(arn, store, owner)?;
    Ok(Asked {
        arn,
        by: By::MapRun,
        list: records::list_of(record.machine, arn),
        machine: format!("{}/{}", record.machine_name, record.plan.label),
        is_express: record.plan.is_express,
    })
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
