//! `ListStateMachines`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::page::{self, Page};
use crate::read::ReadError;
use crate::records::MachineRecord;
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
    let after = request.after.as_deref().unwrap_or_default().as_bytes();
    let kind = RecordKind::StateMachine;
    let records = page::records(store, kind, b"", after, request.limit + 1)?;
    let page = Page::cut(records, request.limit, |last: &MachineRecord| {
        last.name.clone()
    });
    let shown = |record: MachineRecord| StateMachineListItem {
        state_machine_arn: owner.state_machine_arn(&record.name),
        name: record.name,
        machine_type: record.machine_type,
        creation_ms: record.creation_ms,
    };
    Ok(Response {
        state_machines: page.items.into_iter().map(shown).collect(),
        next: page.next,
    })
}
