//! `GetExecutionHistory`.

use interpreter::history::{self, StoredEvent};
use interpreter::{Document, Execution};
use store::{Direction, ExecutionId, ExecutionRow, Store};

use crate::arn::Owner;
use crate::load;
use crate::operations::describe_execution;
use crate::read::ReadError;
use crate::records;
use interpreter::{Event, EventId, Limits};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Request {
    /// `executionArn`.
    pub execution_arn: String,
    /// At most so many; the door has made 0 and nothing into 100.
    pub limit: usize,
    /// `reverseOrder`.
    pub reverse: bool,
    /// `includeExecutionData`.
    pub include_data: bool,
    /// Id of the last event of the page before, out of an authenticated token.
    pub after: Option<EventId>,
}

/// What is answered.
#[derive(Clone, Debug)]
pub struct Response {
    /// In the order asked for.
    pub events: Vec<Event>,
    /// Id to go on after, when there is more.
    pub next: Option<EventId>,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
    in_doubt: &dyn Fn(ExecutionId, EventId) -> bool,
    express_kept: bool,
    limits: &Limits,
) -> Result<Response, ReadError> {
    let (id, row) = describe_execution::find(&request.execution_arn, store, owner, express_kept)?;
    let (execution, pending) = settled_view(id, row, store, in_doubt, limits)?;
    let last = execution.events() + u32::try_from(pending.len()).unwrap_or(0);
    let limit = u32::try_from(request.limit).unwrap_or(u32::MAX);
    let page = Page::new(request.reverse, request.after, last, limit);
    let Some(page) = page else {
        return Ok(Response {
            events: Vec::new(),
            next: None,
        });
    };
    let mut events = stored_events(store, id, &page, execution.events())?;
    events.extend(pending.into_iter().filter(|event| page.holds(event.id)));
    if request.reverse {
        events.sort_by_key(|event| std::cmp::Reverse(event.id));
    } else {
        events.sort_by_key(|event| event.id);
    }
    if events.len() != (page.high - page.low + 1) as usize {
        return Err(records::damaged("history of", &request.execution_arn).into());
    }
    if interpreter::breaks::awake("r19") && events.len() > 2 {
        events.remove(1);
    }
    let next = page.next(last);
    Ok(Response { events, next })
}

/// An execution, and those of its pending hand-outs that will certainly be events.
///
/// A hand-out may be put back between the read of the row and the look at the doubts; then the row
/// has changed, and both are looked at again.
fn settled_view(
    id: ExecutionId,
    mut row: ExecutionRow,
    store: &dyn Store,
    in_doubt: &dyn Fn(ExecutionId, EventId) -> bool,
    limits: &Limits,
) -> Result<(Execution, Vec<Event>), ReadError> {
    loop {
        let execution = load::restore(store, id, &row)?;
        let pending: Vec<Event> = execution
            .pending(limits)
            .into_iter()
            .take_while(|(task, _)| !in_doubt(id, *task))
            .map(|(_, event)| event)
            .collect();
        if pending.is_empty() {
            return Ok((execution, pending));
        }
        let again = store
            .execution(id)?
            .ok_or_else(|| records::damaged("execution", "(by id)"))?;
        if again.revision == row.revision {
            return Ok((execution, pending));
        }
        row = again;
    }
}

/// The ids of a page, both ends included.
struct Page {
    low: u32,
    high: u32,
    reverse: bool,
}

impl Page {
    fn new(reverse: bool, after: Option<EventId>, last: u32, limit: u32) -> Option<Page> {
        let (low, high) = if reverse {
            let high = after
                .map_or(last, |after| after.saturating_sub(1))
                .min(last);
            (high.saturating_sub(limit.saturating_sub(1)).max(1), high)
        } else {
            let low = after.map_or(1, |after| after.saturating_add(1));
            (low, low.saturating_add(limit.saturating_sub(1)).min(last))
        };
        (low >= 1 && low <= high).then_some(Page { low, high, reverse })
    }

    fn holds(&self, id: EventId) -> bool {
        (self.low..=self.high).contains(&id)
    }

    fn next(&self, last: u32) -> Option<EventId> {
        match self.reverse {
            true => (self.low > 1).then_some(self.low),
            false => (self.high < last).then_some(self.high),
        }
    }
}

fn stored_events(
    store: &dyn Store,
    id: ExecutionId,
    page: &Page,
    stored: u32,
) -> Result<Vec<Event>, ReadError> {
    if page.low > stored {
        return Ok(Vec::new());
    }
    let count = page.high.min(stored) - page.low + 1;
    let mut decoded: Vec<StoredEvent> = Vec::new();
    for run in store.events(id, page.low, Direction::Forward, count)? {
        decoded.extend(
            history::decode(&run.bytes)
                .map_err(|_| records::damaged("events of", "an execution"))?,
        );
    }
    let mut homes: std::collections::BTreeMap<EventId, Document> = decoded
        .iter()
        .filter_map(|event| event.own_document().map(|document| (event.id(), document)))
        .collect();
    let missing: std::collections::BTreeSet<EventId> = decoded
        .iter()
        .filter(|event| page.holds(event.id()))
        .flat_map(StoredEvent::references)
        .filter(|home| !homes.contains_key(home))
        .collect();
    for home in missing {
        if let Some(document) = load::document(store, id, home)? {
            homes.insert(home, document);
        }
    }
    decoded
        .into_iter()
        .filter(|event| page.holds(event.id()))
        .map(|event| {
            let resolved = event.resolve(&mut |home| homes.get(&home).cloned());
            resolved.ok_or_else(|| records::damaged("a document of", "an execution").into())
        })
        .collect()
}
