//! `ListActivities`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::page::{self, Page};
use crate::read::ReadError;
use crate::records::ActivityRecord;
use crate::shapes::ActivityListItem;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// Name of the last activity of the page before, out of an authenticated token.
    pub after: Option<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// In order of name.
    pub activities: Vec<ActivityListItem>,
    /// Name to go on after, when there is more.
    pub next: Option<String>,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let after = request.after.as_deref().unwrap_or_default().as_bytes();
    let records = page::records(store, RecordKind::Activity, b"", after, request.limit + 1)?;
    let page = Page::cut(records, request.limit, |last: &ActivityRecord| {
        last.name.clone()
    });
    let shown = |record: ActivityRecord| ActivityListItem {
        activity_arn: owner.activity_arn(&record.name),
        name: record.name,
        creation_ms: record.creation_ms,
    };
    Ok(Response {
        activities: page.items.into_iter().map(shown).collect(),
        next: page.next,
    })
}
