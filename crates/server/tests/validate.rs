//! `towpath validate` as a person runs it: what it prints for which definition, and its exit codes.
//!
//! `golden/validate-*.txt` hold what was printed. `UPDATE_GOLDEN=1 cargo test -p towpath` writes them
//! anew.

// Lints allow it in test functions; here what they share is a test, too.
#![allow(clippy::unwrap_used)]

mod command;

use command::{golden, towpath};

#[test]
fn what_is_printed() {
    let table: &[(&str, &[&str], i32)] = &[
        ("valid", &["orders.asl.json", "branches.asl.json"], 0),
        ("express", &["orders.asl.json", "--type", "EXPRESS"], 1),
        ("flawed", &["flawed.asl.json"], 1),
        ("flawed-json", &["flawed.asl.json", "--format", "json"], 1),
        (
            "flawed-github",
            &["flawed.asl.json", "--format", "github"],
            1,
        ),
        ("no-json", &["no-json.asl.json"], 1),
        ("one-line", &["one-line.asl.json"], 1),
        ("warned", &["warned.asl.json"], 0),
        (
            "warned-strictly",
            &["warned.asl.json", "--severity", "warning"],
            1,
        ),
        ("no-file", &["nowhere.asl.json", "flawed.asl.json"], 2),
    ];
    for (name, args, code) in table {
        let ran = towpath("validate", args, "");
        golden(&format!("validate-{name}"), &ran.printed());
        assert_eq!(ran.code, *code, "{name}: {}", ran.printed());
    }
}

#[test]
fn standard_input_is_a_file() {
    let ran = towpath(
        "validate",
        &["-"],
        r#"{"StartAt": "A", "States": {"B": {"Type": "Succeed"}}}"#,
    );
    assert_eq!(ran.code, 1);
    assert!(
        ran.stdout.starts_with("<stdin>:1:13: error["),
        "{}",
        ran.stdout
    );
    assert_eq!(towpath("validate", &[], "").code, 2, "no file is no use");
}
