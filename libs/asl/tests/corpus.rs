//! Our verdicts on a corpus of definitions, beside those of asl-validator 4.0.0 and statelint 3.1.0.
//!
//! `corpus/verdicts.txt` holds ours. Where another validator says something else, the table in
//! `docs/decisions/0005-validation-differences.md` has a row that says why.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use asl::{MachineType, parse};

const SUFFIX: &str = ".asl.json";

/// Whether a definition is valid, by its name.
type Verdicts = BTreeMap<String, bool>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .unwrap()
}

fn folder() -> PathBuf {
    root().join("libs/asl/tests/corpus")
}

fn verdict(word: &str) -> bool {
    match word {
        "valid" => true,
        "invalid" => false,
        other => panic!("a verdict is valid or invalid, not {other:?}"),
    }
}

/// What the table says that we say.
fn expected() -> Verdicts {
    let table = fs::read_to_string(folder().join("verdicts.txt")).unwrap();
    let rows = table.lines().filter(|line| !line.starts_with('#'));
    rows.map(|row| {
        let (name, word) = row.split_once(' ').unwrap();
        (name.to_owned(), verdict(word.trim()))
    })
    .collect()
}

/// The names of the definitions that there are.
fn names() -> BTreeSet<String> {
    let files = fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names
        .filter_map(|name| name.strip_suffix(SUFFIX).map(str::to_owned))
        .collect()
}

fn files() -> Vec<String> {
    names()
        .iter()
        .map(|name| format!("{name}{SUFFIX}"))
        .collect()
}

/// Runs a validator that `cargo xtask setup` installs, in the folder of definitions.
fn tool(program: &Path, shown: &Path, args: &[String]) -> Output {
    assert!(
        shown.exists(),
        "{} is missing; run: cargo xtask setup",
        shown.display()
    );
    Command::new(program)
        .args(args)
        .current_dir(folder())
        .output()
        .expect("installed programs start; run: cargo xtask setup")
}

fn asl_validator() -> Verdicts {
    let package = root().join(".tools/node/node_modules/asl-validator");
    let mut args = vec!["oracle.js".to_owned(), package.display().to_string()];
    args.extend(files());
    let output = tool(Path::new("node"), &package, &args);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said: BTreeMap<String, bool> = serde_json::from_slice(&output.stdout).unwrap();
    said.into_iter()
        .map(|(file, valid)| (file.strip_suffix(SUFFIX).unwrap().to_owned(), valid))
        .collect()
}

fn statelint() -> Verdicts {
    let program = root().join(".tools/venv/bin/statelint");
    let output = tool(&program, &program, &files());
    // 1: problems were found. Each file that has some is named on a line of its own.
    let said = String::from_utf8(output.stdout).unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{errors}");
    let refused: BTreeSet<&str> = said.lines().collect();
    let names = names().into_iter();
    names
        .map(|name| {
            let valid = !refused.contains(format!("{name}{SUFFIX}").as_str());
            (name, valid)
        })
        .collect()
}

/// The rows of the table of differences: ours, asl-validator's and statelint's verdict.
fn decided() -> BTreeMap<String, [bool; 3]> {
    let page = root().join("docs/decisions/0005-validation-differences.md");
    let page = fs::read_to_string(page).unwrap();
    let rows = page.lines().filter(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [name, ours, theirs, others, why] = cells[..] else {
            panic!("five columns: {row}");
        };
        assert!(!why.is_empty(), "{name}: a decision has a reason");
        (name.to_owned(), [ours, theirs, others].map(verdict))
    })
    .collect()
}

#[test]
fn our_verdicts_are_those_of_the_table() {
    let expected = expected();
    assert!(expected.len() >= 60, "the table has been read");
    assert_eq!(
        expected.keys().cloned().collect::<BTreeSet<_>>(),
        names(),
        "a row for each file"
    );
    for (name, valid) in expected {
        let text = fs::read_to_string(folder().join(format!("{name}{SUFFIX}"))).unwrap();
        let parsed = parse(&text, MachineType::Standard);
        let found = parsed.machine.is_some();
        assert_eq!(found, valid, "{name}: {:#?}", parsed.diagnostics);
    }
}

#[test]
fn differences_are_those_that_were_decided() {
    let (ours, theirs, others) = (expected(), asl_validator(), statelint());
    let found: BTreeMap<String, [bool; 3]> = ours
        .into_iter()
        .map(|(name, valid)| {
            let verdicts = [valid, theirs[&name], others[&name]];
            (name, verdicts)
        })
        .filter(|(_, verdicts)| *verdicts != [verdicts[0]; 3])
        .collect();
    assert_eq!(
        found,
        decided(),
        "found, then decided: [ours, asl-validator, statelint]"
    );
}
