//! `ListStateMachineVersions`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::operations::describe_state_machine;
use crate::page::{self, Page};
use crate::read::ReadError;
use crate::records::{self, VersionRow};
use crate::rejection::ErrorName;
use crate::shapes::VersionListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `stateMachineArn`.
    pub state_machine_arn: String,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// The last version of the page before, out of an authenticated token.
    pub after: Option<u64>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// Newest first.
    pub versions: Vec<VersionListItem>,
    /// Version to go on after, when there is more.
    pub next: Option<u64>,
}

/// The model has no error for a machine that does not exist: it has no versions.
pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let machine = match describe_state_machine::find(&request.state_machine_arn, store, owner) {
        Ok(machine) => machine,
        Err(ReadError::Rejected(rejection))
            if rejection.name == ErrorName::StateMachineDoesNotExist =>
        {
            return Ok(Response {
                versions: Vec::new(),
                next: None,
            });
        }
        Err(error) => return Err(error),
    };
    let prefix = machine.number.to_be_bytes();
    // The record of the last number stands before all versions, under the prefix alone.
    let after = request.after.map_or(prefix.to_vec(), |last| {
        records::version_key(machine.number, last)
    });
    let rows = page::records(
        store,
        RecordKind::Version,
        &prefix,
        &after,
        request.limit + 1,
    )?;
    let versions = rows.into_iter().filter_map(|row| match row {
        VersionRow::Published(record) => Some(record),
        VersionRow::Last { .. } => None,
    });
    let page = Page::cut(versions.collect(), request.limit, |last| last.version);
    let shown = page.items.into_iter().map(|record| VersionListItem {
        state_machine_version_arn: owner.state_machine_version_arn(&machine.name, record.version),
        creation_ms: record.creation_ms,
    });
    Ok(Response {
        versions: shown.collect(),
        next: page.next,
    })
}
