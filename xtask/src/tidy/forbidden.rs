//! Calls that have no place in a ring: clocks, threads, I/O, randomness, `unwrap`.
//!
//! `clippy.toml` forbids some of these too, where clippy can see them. This list is read
//! without compiling, covers what clippy has no word for, and holds for every crate that
//! is not a main.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::code::{test_modules, without_comments_and_tests};
use super::{Repository, read};
use crate::Failure;

/// The only rooms that may read a clock.
const MAINS: &[&str] = &["crates/server/", "crates/simulator/", "xtask/"];

/// The rooms that decide: nothing of the outside in them.
const PURE: &[&str] = &[
    "libs/asl/",
    "crates/store/",
    "crates/interpreter/",
    "crates/engine/",
];

/// Only a main knows what time it is; everybody else is told.
const CLOCKS: &[&str] = &["SystemTime::now", "Instant::now", "Utc::now", "Local::now"];

/// The outside world, as far as a deciding room could reach it by the standard library.
const OUTSIDE: &[&str] = &[
    "std::fs",
    "std::net",
    "std::thread",
    "std::process",
    "std::env",
    "std::io::stdin",
    "std::io::stdout",
    "std::io::stderr",
    "thread::spawn",
    "thread::sleep",
    "println!",
    "eprintln!",
    "print!",
    "async fn",
    ".await",
    "HashMap",
    "HashSet",
    "RandomState",
];

/// Every call that its room must not make.
pub fn calls(repository: &Repository) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for path in product(repository)? {
        if within(path, MAINS) {
            continue;
        }
        let outside = if within(path, PURE) { OUTSIDE } else { &[] };
        let words: Vec<&str> = CLOCKS.iter().chain(outside).copied().collect();
        find(path, &words, "take it as an argument", &mut broken)?;
    }
    Ok(broken)
}

/// Every `unwrap` of the product; `expect` states the invariant instead.
pub fn unwraps(repository: &Repository) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for path in product(repository)? {
        find(
            path,
            &[".unwrap()"],
            "state the invariant with expect",
            &mut broken,
        )?;
    }
    Ok(broken)
}

/// The sources that are built into a product.
fn product(repository: &Repository) -> Result<Vec<&Path>, Failure> {
    let mut tests = BTreeSet::new();
    for path in repository.rust_sources() {
        let names = test_modules(&read(path)?);
        tests.extend(names.iter().map(|name| place_of_module(path, name)));
    }
    let is_test = |path: &Path| {
        let module = path.with_extension("");
        module.ancestors().any(|folder| tests.contains(folder))
    };
    let sources = repository.rust_sources();
    Ok(sources
        .filter(|path| is_product(path) && !is_test(path))
        .collect())
}

/// Where the module `name` of the file `parent` lies: this with `.rs`, or a folder of this name.
fn place_of_module(parent: &Path, name: &str) -> PathBuf {
    let folder = parent.with_extension("");
    let roots = ["mod", "lib", "main"];
    if roots.iter().any(|root| folder.ends_with(root)) {
        folder.with_file_name(name)
    } else {
        folder.join(name)
    }
}

/// Not a test, a bench or an example, and not a part of a suite of tests.
fn is_product(path: &Path) -> bool {
    let test_folders = ["tests", "benches", "examples", "suite"];
    let test_files = ["tests", "suite", "build"];
    let in_folder = path.parent().is_some_and(|folder| {
        folder
            .iter()
            .any(|part| test_folders.iter().any(|t| part == *t))
    });
    let is_file = path
        .file_stem()
        .is_some_and(|stem| test_files.iter().any(|t| stem == *t));
    !in_folder && !is_file
}

fn within(path: &Path, rooms: &[&str]) -> bool {
    rooms.iter().any(|room| path.starts_with(room))
}

fn find(
    path: &Path,
    words: &[&str],
    advice: &str,
    broken: &mut Vec<String>,
) -> Result<(), Failure> {
    let code = without_comments_and_tests(&read(path)?);
    for (number, line) in code.lines().enumerate() {
        if let Some(word) = words.iter().find(|word| stands_in(line, word)) {
            let place = path.display();
            broken.push(format!("{place}:{}: {word}: {advice}", number + 1));
        }
    }
    Ok(())
}

/// Whether `word` stands in `line` and is not a piece of a longer word.
fn stands_in(line: &str, word: &str) -> bool {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = line[at + word.len()..].chars().next();
        let starts = !word.starts_with(in_word) || !before.is_some_and(in_word);
        let ends = !word.ends_with(in_word) || !after.is_some_and(in_word);
        starts && ends
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_product, place_of_module, stands_in};

    #[test]
    fn a_word_stands_alone() {
        assert!(stands_in(
            "let now = std::time::SystemTime::now();",
            "SystemTime::now"
        ));
        assert!(!stands_in("VirtualInstant::now()", "Instant::now"));
        assert!(stands_in("a.unwrap()", ".unwrap()"));
        assert!(!stands_in("eprint!()", "print!"));
        assert!(!stands_in("self.awaited()", ".await"));
    }

    #[test]
    fn tests_are_not_the_product() {
        assert!(is_product(Path::new("crates/engine/src/shard.rs")));
        for test in ["crates/engine/tests/a.rs", "crates/store/src/kv/tests.rs"] {
            assert!(!is_product(Path::new(test)), "{test}");
        }
    }

    #[test]
    fn a_module_lies_beside_or_below_its_parent() {
        for (parent, place) in [
            ("a/src/lib.rs", "a/src/bytes"),
            ("a/src/http/mod.rs", "a/src/http/bytes"),
            ("a/src/http.rs", "a/src/http/bytes"),
        ] {
            assert_eq!(
                place_of_module(Path::new(parent), "bytes"),
                Path::new(place)
            );
        }
    }
}
