//! Of which type a state machine is, for whoever must know before a request enters the shard.

use store::{RecordKind, Store, StoreError};

use crate::arn::{self, Owner};
use crate::records::{self, MachineRecord};
use crate::shapes::MachineType;

/// The type of the machine that an ARN, plain or of a version or alias, names; `None` when there is
/// none.
pub fn machine_type(
    state_machine_arn: &str,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Option<MachineType>, StoreError> {
    let Ok(machine) = arn::parse_state_machine(state_machine_arn) else {
        return Ok(None);
    };
    if !owner.owns(state_machine_arn) {
        return Ok(None);
    }
    let bytes = store.record(RecordKind::StateMachine, machine.name.as_bytes())?;
    let record = bytes.and_then(|bytes| records::decode::<MachineRecord>(&bytes));
    Ok(record.map(|record| record.machine_type))
}
