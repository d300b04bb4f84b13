//! `ListStateMachines`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::read::ReadError;
use crate::records::{self, MachineRecord};
use crate::shapes::StateMachineListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Name of the last machine of the page before, out of an authenticated token.
    pub after: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// In byte order of name.
    pub state_machines: Vec<StateMachineListItem>,
    /// Name to go on after, when there is more.
    pub next: Option<String>,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let after = request.after.as_deref().map(str::as_bytes);
    let mut rows = store.records(RecordKind::StateMachine, after, request.limit + 1)?;
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    let state_machines = rows
        .iter()
        .map(|(key, bytes)| {
            let record: MachineRecord = records::decode(bytes)
                .ok_or_else(|| records::damaged("state machine", &String::from_utf8_lossy(key)))?;
            Ok(StateMachineListItem {
                state_machine_arn: owner.state_machine_arn(&record.name),
                name: record.name,
                machine_type: record.machine_type,
                creation_ms: record.creation_ms,
            })
        })
        .collect::<Result<Vec<_>, ReadError>>()?;
    let next = more
        .then(|| state_machines.last().map(|last| last.name.clone()))
        .flatten();
    Ok(Response {
        state_machines,
        next,
    })
}
