//! Pages of small records: one way to read them, whatever is listed.

use serde::de::DeserializeOwned;
use store::{RecordKind, Store};

use crate::read::ReadError;
use crate::records;

/// Some of the things a list has, and where to go on.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Page<T, C> {
    pub(crate) items: Vec<T>,
    /// The place of the last item, when there are more.
    pub(crate) next: Option<C>,
}

impl<T, C> Page<T, C> {
    /// The first `limit` of `items`, of which one more than that was read where there are more.
    pub(crate) fn cut(mut items: Vec<T>, limit: usize, place: impl FnOnce(&T) -> C) -> Page<T, C> {
        let more = items.len() > limit;
        items.truncate(limit);
        let next = items.last().filter(|_| more).map(place);
        Page { items, next }
    }
}

/// At most `limit` records of `kind` whose keys begin with `prefix`, in order of key, after `after`.
pub(crate) fn records<T: DeserializeOwned>(
    store: &dyn Store,
    kind: RecordKind,
    prefix: &[u8],
    after: &[u8],
    limit: usize,
) -> Result<Vec<T>, ReadError> {
    let after = (!after.is_empty()).then_some(after);
    let rows = store.records(kind, after, limit)?;
    rows.into_iter()
        .take_while(|(key, _)| key.starts_with(prefix))
        .map(|(key, bytes)| {
            let what = format!("{kind:?}");
            let record = records::decode(&bytes);
            Ok(record.ok_or_else(|| records::damaged(&what, &String::from_utf8_lossy(&key)))?)
        })
        .collect()
}
