//! `ListActivities`.

use store::{RecordKind, Store};

use crate::arn::Owner;
use crate::read::ReadError;
use crate::records::{self, ActivityRecord};
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
    let after = request.after.as_deref().map(str::as_bytes);
    let mut rows = store.records(RecordKind::Activity, after, request.limit + 1)?;
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    let activities = rows
        .iter()
        .map(|(key, bytes)| {
            let record: ActivityRecord = records::decode(bytes)
                .ok_or_else(|| records::damaged("activity", &String::from_utf8_lossy(key)))?;
            Ok(ActivityListItem {
                activity_arn: owner.activity_arn(&record.name),
                name: record.name,
                creation_ms: record.creation_ms,
            })
        })
        .collect::<Result<Vec<_>, ReadError>>()?;
    let next = more
        .then(|| activities.last().map(|last| last.name.clone()))
        .flatten();
    Ok(Response { activities, next })
}
