//! Any text, and any text made of JSONata's own words, is parsed, refused or evaluated, and never panics.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use asl::jsonata::{Expression, Template};
use asl::{MachineType, parse};
use proptest::prelude::*;
use serde_json::json;

#[path = "seen/mod.rs"]
mod seen;

use seen::Seen;

/// Pieces that make texts which get past the scanner.
const WORDS: &[&str] = &[
    "$states",
    ".input",
    ".result",
    ".a",
    ".*",
    ".**",
    ".%",
    "$x",
    "$",
    "$$",
    ":=",
    "1",
    "0",
    "-",
    "2.5",
    "1e9",
    "'a'",
    "\"b\"",
    "'☃'",
    "`c d`",
    "name",
    "null",
    "true",
    "and",
    "or",
    "in",
    "=",
    "!=",
    "<",
    ">=",
    "+",
    "*",
    "/",
    "%",
    "&",
    "?",
    ":",
    "??",
    "?:",
    "~>",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ";",
    "..",
    "@$l",
    "#$i",
    "^(",
    "|",
    "/a+/i",
    "function($x)",
    "λ($y)",
    "{",
    "$sum(",
    "$map(",
    "$range(",
    "$pad(",
    "$eval(",
    "$partition(",
    "$replace(",
    "$uuid()",
    "$random(",
    "$parse(",
    "$string(",
    "/* c */",
    " ",
    "[1..3]",
];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        prop::collection::vec(prop::sample::select(WORDS), 0..14).prop_map(|words| words.concat()),
        prop::collection::vec(prop::sample::select(WORDS), 0..14).prop_map(|words| words.join(" ")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_text_makes_an_expression_panic(text in texts()) {
        let mut scope = Seen::new(json!({"a": [1, {"b": "c"}], "x": "y"}));
        scope.variables.insert("x", json!([1, 2]));
        if let Ok(expression) = Expression::parse(&text) {
            prop_assert_eq!(expression.text(), text.trim());
            let names: Vec<&str> = expression.variables().collect();
            prop_assert!(names.is_sorted());
            // The text may end so that its bracket becomes part of it; that is for the template to say.
            if let Ok(template) = Template::parse("Output", &json!({"k": format!("{{% {text} %}}")})) {
                let first = template.evaluate(&scope);
                prop_assert_eq!(&first, &template.evaluate(&scope), "the same seed and time");
                if let Err(error) = first {
                    prop_assert_eq!(&*error.location, "Output/k");
                }
            }
        }
    }

    #[test]
    fn no_text_makes_a_definition_panic(output in texts(), condition in texts()) {
        let definition = json!({
            "QueryLanguage": "JSONata",
            "StartAt": "P",
            "States": {
                "P": { "Type": "Pass", "Output": format!("{{%{output}%}}"), "Assign": { "v": output }, "Next": "C" },
                "C": { "Type": "Choice", "Choices": [{ "Condition": format!("{{% {condition} %}}"), "Next": "P" }] },
            },
        });
        let parsed = parse(&definition.to_string(), MachineType::Standard);
        prop_assert!(parsed.machine.is_some() || !parsed.diagnostics.is_empty());
    }
}
