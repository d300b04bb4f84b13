//! Expressions against jsonata-js 2.0.6, the version whose language AWS runs.
//!
//! `jsonata/oracle.js` evaluates every line of `jsonata/expressions.txt` with `$d` bound to
//! `jsonata/data.json`. Values must be equal as texts, key order and numbers included, and so must the
//! codes and words of errors, and the positions of syntax errors.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use asl::jsonata::{Expression, Template};
use serde_json::{Value, json};

#[path = "seen/mod.rs"]
mod seen;

use seen::Seen;

const DATA: &str = include_str!("jsonata/data.json");
const EXPRESSIONS: &str = include_str!("jsonata/expressions.txt");

/// Where we answer otherwise, and why. Each is checked to differ, so none outlives its reason.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "{ 'a': $sum }",
        "a function is no JSON; jsonata-js shows its own inside",
    ),
    (
        "$string(123456789012345678)",
        "later versions print large numbers as they are",
    ),
    ("$string(1 / 0)", "D1001, as everywhere else for Infinity"),
    ("and", "a bare name at the top level, which AWS refuses"),
    ("in", "a bare name at the top level, which AWS refuses"),
    ("%.a", "jsonata-js gives no position"),
];

fn expressions() -> Vec<&'static str> {
    EXPRESSIONS
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .collect()
}

/// What jsonata-js says to each expression.
fn oracle(data: &Value, expressions: &[&str]) -> Vec<Value> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let package = root.join(".tools/node/node_modules/jsonata");
    assert!(
        package.exists(),
        "jsonata from npm is missing; run: cargo xtask setup"
    );
    let mut node = Command::new("node")
        .arg(root.join("libs/asl/tests/jsonata/oracle.js"))
        .arg(package.canonicalize().unwrap())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node is installed; run: cargo xtask setup");
    let question = json!({ "data": data, "expressions": expressions }).to_string();
    // The script reads all of it before it writes anything.
    node.stdin
        .take()
        .unwrap()
        .write_all(question.as_bytes())
        .unwrap();
    let output = node.wait_with_output().unwrap();
    assert!(output.status.success(), "the script ran");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What we say, in the oracle's form.
fn ours(expression: &str, scope: &Seen) -> Value {
    if let Err(error) = Expression::parse(expression) {
        let valid = format!("The JSONata expression '{expression}' is not valid. ");
        let message = error.message.strip_prefix(&valid).unwrap_or(&error.message);
        return json!({ "refused": message });
    }
    let template = Template::parse("F", &json!(format!("{{% {expression} %}}"))).unwrap();
    match template.evaluate(scope) {
        Ok(value) => json!({ "json": value.to_string() }),
        Err(error) => {
            let prefix =
                format!("The JSONata expression '{expression}' specified for the field 'F' ");
            match error.cause.strip_prefix(&prefix).unwrap() {
                "returned nothing (undefined)." => json!({ "other": "undefined" }),
                "returned an unsupported result type." => json!({ "other": "function" }),
                what => json!({
                    "threw": what.strip_prefix("threw an error during evaluation. ").unwrap()
                }),
            }
        }
    }
}

#[test]
fn every_expression_comes_to_the_same() {
    let data: Value = serde_json::from_str(DATA).unwrap();
    let expressions = expressions();
    assert!(expressions.len() > 450, "the list has been read");
    let answers = oracle(&data, &expressions);
    let mut scope = Seen::new(json!({}));
    scope.variables.insert("d", data);
    let mut differences = Vec::new();
    for (expression, expected) in expressions.iter().zip(&answers) {
        let found = ours(expression, &scope);
        let deviates = DEVIATIONS.iter().any(|(known, _)| known == expression);
        if (found == *expected) == deviates {
            differences.push(format!("{expression}\n    {expected}\n    {found}"));
        }
    }
    assert!(
        differences.is_empty(),
        "jsonata-js, then we:\n{}",
        differences.join("\n")
    );
}
