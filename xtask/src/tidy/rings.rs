//! Which crate may know which: the rings of `ARCHITECTURE.md` as a table.

use std::process::Command;

use serde_json::Value;

use super::Repository;
use crate::Failure;
use crate::process::{cargo, root};

/// A crate and the crates of this workspace that it may use.
const ROOMS: &[(&str, Knows)] = &[
    ("asl", Knows::Only(&[])),
    ("store", Knows::Only(&[])),
    ("interpreter", Knows::Only(&["asl"])),
    ("engine", Knows::Only(&["asl", "interpreter", "store"])),
    ("service-models", Knows::Only(&[])),
    (
        "api",
        Knows::Only(&["asl", "interpreter", "engine", "service-models", "store"]),
    ),
    (
        "integrations",
        Knows::Only(&["asl", "interpreter", "engine", "service-models", "store"]),
    ),
    (
        "console",
        Knows::Only(&["asl", "interpreter", "engine", "store"]),
    ),
    ("store-embedded", Knows::Only(&["store"])),
    ("store-postgres", Knows::Only(&["store"])),
    ("towpath", Knows::AllBut(&["simulator", "xtask"])),
    ("simulator", Knows::AllBut(&["towpath", "xtask"])),
    ("xtask", Knows::Only(&[])),
];

/// Crates from outside that only these rooms may use.
const OUTSIDE: &[(&str, &[&str])] = &[
    ("tokio", &["towpath", "integrations"]),
    ("hyper", &["towpath", "integrations"]),
    ("mio", &["towpath"]),
    ("rand", &["simulator"]),
    ("getrandom", &["towpath"]),
    ("tracing", &["towpath", "integrations"]),
    ("log", &["towpath", "integrations"]),
];

enum Knows {
    Only(&'static [&'static str]),
    AllBut(&'static [&'static str]),
}

/// Dependencies that point outward or sideways, in tests too.
pub fn check(_: &Repository) -> Result<Vec<String>, Failure> {
    let mut command: Command = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let output = command.current_dir(root()).output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned().into());
    }
    Ok(broken_in(&serde_json::from_slice(&output.stdout)?))
}

fn broken_in(metadata: &Value) -> Vec<String> {
    let mut broken = Vec::new();
    for package in list(metadata, "packages") {
        let name = text(package, "name");
        let Some((_, knows)) = ROOMS.iter().find(|(room, _)| *room == name) else {
            broken.push(format!(
                "{name} has no ring: add it to xtask/src/tidy/rings.rs"
            ));
            continue;
        };
        for dependency in list(package, "dependencies") {
            let used = text(dependency, "name");
            // In its own tests a room may use any crate from outside.
            let in_tests = text(dependency, "kind") == "dev";
            let ours = dependency.get("path").is_some_and(Value::is_string);
            let allowed = if ours {
                match knows {
                    Knows::Only(rooms) => rooms.contains(&used),
                    Knows::AllBut(rooms) => !rooms.contains(&used),
                }
            } else {
                let rule = OUTSIDE.iter().find(|(outside, _)| *outside == used);
                in_tests || rule.is_none_or(|(_, rooms)| rooms.contains(&name))
            };
            if !allowed {
                broken.push(format!("{name} must not know {used}"));
            }
        }
    }
    broken
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value
        .get(key)
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::broken_in;

    #[test]
    fn a_room_knows_only_what_lies_further_in() {
        let metadata = json!({"packages": [
            {"name": "engine", "dependencies": [
                {"name": "asl", "path": "libs/asl", "kind": null},
                {"name": "api", "path": "crates/api", "kind": "dev"},
                {"name": "tokio", "kind": null},
            ]},
            {"name": "towpath", "dependencies": [
                {"name": "api", "path": "crates/api", "kind": null},
                {"name": "tokio", "kind": null},
                {"name": "simulator", "path": "crates/simulator", "kind": null},
            ]},
            {"name": "newcomer", "dependencies": []},
        ]});
        let broken = broken_in(&metadata);
        assert_eq!(broken.len(), 4, "{broken:?}");
        assert_eq!(broken[0], "engine must not know api");
        assert_eq!(broken[1], "engine must not know tokio");
        assert_eq!(broken[2], "towpath must not know simulator");
        assert!(broken[3].starts_with("newcomer has no ring"));
    }
}
