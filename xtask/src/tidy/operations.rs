//! An operation has the same file name in every room it passes.

use std::collections::BTreeSet;
use std::path::Path;

use super::Repository;
use crate::Failure;

/// Rooms with one file (or folder) per operation.
const ROOMS: [&str; 2] = ["crates/engine/src/operations", "crates/api/src/operations"];

/// Operations that one room has and the other lacks.
pub fn check(repository: &Repository) -> Result<Vec<String>, Failure> {
    let [engine, api] = ROOMS.map(|room| names(repository, Path::new(room)));
    let missing = |from: &BTreeSet<String>, to: &BTreeSet<String>, room: &str| {
        from.difference(to)
            .map(|name| format!("{room}/{name}.rs is missing"))
            .collect::<Vec<_>>()
    };
    let mut broken = missing(&engine, &api, ROOMS[1]);
    broken.extend(missing(&api, &engine, ROOMS[0]));
    Ok(broken)
}

fn names(repository: &Repository, room: &Path) -> BTreeSet<String> {
    repository
        .rust_sources()
        .filter_map(|path| path.strip_prefix(room).ok())
        .filter_map(|path| path.iter().next()?.to_str())
        .map(|name| name.trim_end_matches(".rs").to_owned())
        .filter(|name| name != "mod" && name != "tests")
        .collect()
}
