//! Looking up the execution that a request names, before it enters the shard.

use engine::{NameLookup, Request};
use store::{CommitNumber, Store, StoreError};

/// What the store says of the name that `request` wants; `None` when it wants none.
///
/// `durable` was read before: a name that is claimed later than that is known to the shard itself.
pub fn look_up(
    store: &dyn Store,
    durable: CommitNumber,
    request: &Request,
) -> Result<Option<NameLookup>, StoreError> {
    let Some((machine, name)) = request.name_to_look_up() else {
        return Ok(None);
    };
    let found = engine::execution_named(store, machine, name)?;
    Ok(Some(NameLookup {
        as_of: durable,
        found,
    }))
}
