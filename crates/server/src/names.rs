//! Looking up the name of a `StartExecution` before it enters the shard.

use engine::{NameLookup, Request, arn};
use store::{CommitNumber, Store, StoreError};

/// What the store says of the name that `request` wants; `None` when it wants none.
///
/// `durable` was read before: a name that is claimed later than that is known to the shard itself.
pub fn look_up(
    store: &dyn Store,
    durable: CommitNumber,
    request: &Request,
) -> Result<Option<NameLookup>, StoreError> {
    let Request::StartExecution(start) = request else {
        return Ok(None);
    };
    let Some(name) = &start.name else {
        return Ok(None);
    };
    // The shard answers for an ARN that names nothing.
    let Ok(machine) = arn::parse_state_machine(&start.state_machine_arn) else {
        return Ok(None);
    };
    let found = store.execution_by_name(machine.name, name)?;
    Ok(Some(NameLookup {
        as_of: durable,
        found,
    }))
}
