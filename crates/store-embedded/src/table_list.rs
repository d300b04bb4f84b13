//! The list of tables of each keyspace, checked before the engine believes it.
//!
//! fjall keeps beside each list (`v7`) its number and checksum (`current`), does not compare them
//! (lsm-tree 3.1.10, `version/recovery.rs`, says so), and deletes every table that is not on the list
//! it reads. One flipped bit in `current` can name an older list, whose files may still be there.

use std::fs;
use std::path::Path;

use xxhash_rust::xxh3::xxh3_128;

use crate::OpenError;

/// Refuses unless `current` names a list of tables in `keyspace` that is as it was written.
pub(crate) fn check(keyspace: &Path) -> Result<(), OpenError> {
    let current = keyspace.join("current");
    let damaged = |what: &str| OpenError::Damaged {
        path: current.clone(),
        what: what.into(),
    };
    let bytes = fs::read(&current).map_err(OpenError::io(&current))?;
    let (number, checksum) =
        parse(&bytes).ok_or_else(|| damaged("not the name of a list of tables"))?;
    let list = keyspace.join(format!("v{number}"));
    if !list.try_exists().map_err(OpenError::io(&list))? {
        return Err(OpenError::Missing { file: list });
    }
    let bytes = fs::read(&list).map_err(OpenError::io(&list))?;
    if xxh3_128(&bytes) != checksum {
        return Err(damaged(
            "the list of tables is not the one that was written",
        ));
    }
    Ok(())
}

/// Number of the list, its checksum, and a zero for the kind of checksum.
fn parse(bytes: &[u8]) -> Option<(u64, u128)> {
    let (number, rest) = bytes.split_first_chunk()?;
    let (checksum, kind) = rest.split_first_chunk()?;
    (kind == [0]).then(|| (u64::from_le_bytes(*number), u128::from_le_bytes(*checksum)))
}
