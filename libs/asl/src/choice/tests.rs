use serde_json::{Value, json};

use super::*;
use crate::definition::StateKind;
use crate::{MachineType, parse};

struct Input(Value);

impl Scope for Input {
    fn input(&self) -> &Value {
        &self.0
    }
    fn context(&self) -> &Value {
        &Value::Null
    }
    fn variable(&self, _name: &str) -> Option<&Value> {
        None
    }
    fn uuid(&self) -> String {
        String::new()
    }
    fn random(&self) -> f64 {
        0.0
    }
}

/// Decides a rule, written as in a definition, on an input.
fn decide(rule: &Value, input: &Value) -> Result<bool, String> {
    let mut rule = rule.clone();
    rule["Next"] = "Done".into();
    let definition = json!({
        "StartAt": "Ask",
        "States": {
            "Ask": { "Type": "Choice", "Choices": [rule], "Default": "Done" },
            "Done": { "Type": "Succeed" },
        },
    });
    let parsed = parse(&definition.to_string(), MachineType::Standard);
    let machine = parsed
        .machine
        .unwrap_or_else(|| panic!("{:?}", parsed.diagnostics));
    let StateKind::Choice(choice) = &machine.state(machine.start_at).kind else {
        panic!("the state is a Choice");
    };
    choice.choices[0]
        .rule
        .matches(&Input(input.clone()))
        .map_err(|ChoiceError(cause)| cause)
}

#[test]
fn operators_hold_only_for_values_of_their_type() {
    let moment = "2012-10-09T19:00:55Z";
    let cases = [
        // operator, operand, values for which it holds, values for which it does not
        (
            "StringEquals",
            json!("b"),
            json!(["b"]),
            json!(["B", "", 1, null, true, [], {}]),
        ),
        (
            "StringLessThan",
            json!("b"),
            json!(["a", "", "B"]),
            json!(["b", "c", 0, null]),
        ),
        (
            "StringLessThanEquals",
            json!("b"),
            json!(["a", "b"]),
            json!(["ba", 0]),
        ),
        (
            "StringGreaterThan",
            json!("A"),
            json!(["AB", "a"]),
            json!(["A", "", 9]),
        ),
        (
            "StringGreaterThanEquals",
            json!("A"),
            json!(["A", "B"]),
            json!(["", null]),
        ),
        (
            "StringMatches",
            json!("a*\\*"),
            json!(["a*", "ab*"]),
            json!(["ab", 1, null]),
        ),
        (
            "NumericEquals",
            json!(1),
            json!([1, 1.0]),
            json!([0, "1", true, null, 1.01]),
        ),
        (
            "NumericLessThan",
            json!(1.5),
            json!([1, -2]),
            json!([1.5, 2, "1"]),
        ),
        (
            "NumericLessThanEquals",
            json!(0),
            json!([0, 0.0, -1]),
            json!([1, "0"]),
        ),
        (
            "NumericGreaterThan",
            json!(0),
            json!([1, 0.1]),
            json!([0, -1, "1"]),
        ),
        (
            "NumericGreaterThanEquals",
            json!(20),
            json!([20, 21]),
            json!([19.99, null]),
        ),
        (
            "BooleanEquals",
            json!(false),
            json!([false]),
            json!([true, 0, null, "false", ""]),
        ),
        (
            "TimestampEquals",
            json!(moment),
            json!([
                moment,
                "2012-10-09T20:00:55+01:00",
                "2012-10-09T19:00:55.000Z"
            ]),
            json!(["2012-10-09T19:00:55", "2012-10-09T19:00:56Z", 0, null]),
        ),
        (
            "TimestampLessThan",
            json!(moment),
            json!(["2012-10-09T19:00:54Z"]),
            json!([moment, ""]),
        ),
        (
            "TimestampGreaterThan",
            json!(moment),
            json!(["2013-10-09T19:00:54Z"]),
            json!([moment]),
        ),
        (
            "IsNull",
            json!(true),
            json!([null]),
            json!([0, "", false, "null"]),
        ),
        (
            "IsString",
            json!(true),
            json!(["", "x"]),
            json!([0, null, [""]]),
        ),
        (
            "IsString",
            json!(false),
            json!([0, null, [""]]),
            json!(["", "x"]),
        ),
        (
            "IsNumeric",
            json!(true),
            json!([0, 1.5, 1e300]),
            json!(["1", null]),
        ),
        (
            "IsBoolean",
            json!(true),
            json!([true, false]),
            json!([0, "true"]),
        ),
        (
            "IsTimestamp",
            json!(true),
            json!([moment, "2012-10-09T19:00:55+01:00"]),
            json!(["2012-10-09T19:00:55", "2023-02-24", 1, null]),
        ),
        (
            "IsPresent",
            json!(true),
            json!([null, 0, "", [], {}]),
            json!([]),
        ),
        (
            "IsPresent",
            json!(false),
            json!([]),
            json!([null, 0, "", [], {}]),
        ),
    ];
    for (operator, operand, holding, failing) in cases {
        for (values, expected) in [(holding, true), (failing, false)] {
            for value in values.as_array().unwrap() {
                let input = json!({ "v": value, "other": operand });
                let rule = json!({ "Variable": "$.v", operator: operand });
                assert_eq!(decide(&rule, &input), Ok(expected), "{rule} {value}");

                let has_path_form = !operator.starts_with("Is") && operator != "StringMatches";
                if has_path_form {
                    let by_path = format!("{operator}Path");
                    let rule = json!({ "Variable": "$.v", by_path: "$.other" });
                    assert_eq!(decide(&rule, &input), Ok(expected), "{rule} {value}");
                }
            }
        }
    }
}

#[test]
fn an_operand_of_another_type_does_not_match() {
    let rule = json!({ "Variable": "$.v", "NumericEqualsPath": "$.other" });
    assert_eq!(decide(&rule, &json!({ "v": 1, "other": "1" })), Ok(false));
    let rule = json!({ "Variable": "$.v", "TimestampLessThanPath": "$.other" });
    let input = json!({ "v": "2012-10-09T19:00:55Z", "other": "tomorrow" });
    assert_eq!(decide(&rule, &input), Ok(false));
}

#[test]
fn what_is_not_there_is_an_error_but_for_is_present() {
    let input = json!({ "here": 1 });
    let cause = |path: &str| {
        format!(
            "Invalid path '{path}': The choice state's condition path references an invalid value."
        )
    };
    let missing = json!({ "Variable": "$.no", "NumericEquals": 1 });
    assert_eq!(decide(&missing, &input), Err(cause("$.no")));
    let missing_operand = json!({ "Variable": "$.here", "NumericEqualsPath": "$.nor" });
    assert_eq!(decide(&missing_operand, &input), Err(cause("$.nor")));
    let is_null = json!({ "Variable": "$.no", "IsNull": true });
    assert_eq!(decide(&is_null, &input), Err(cause("$.no")));
    for (expected, path) in [(false, "$.no"), (true, "$.here")] {
        let rule = json!({ "Variable": path, "IsPresent": true });
        assert_eq!(decide(&rule, &input), Ok(expected));
        let rule = json!({ "Variable": path, "IsPresent": false });
        assert_eq!(decide(&rule, &input), Ok(!expected));
    }
}

#[test]
fn combined_rules_stop_at_the_first_that_decides() {
    let input = json!({ "v": 1 });
    let yes = json!({ "Variable": "$.v", "NumericEquals": 1 });
    let no = json!({ "Variable": "$.v", "NumericEquals": 2 });
    let broken = json!({ "Variable": "$.no", "NumericEquals": 2 });
    let cases = [
        (json!({ "And": [yes, yes] }), Ok(true)),
        (json!({ "And": [yes, no] }), Ok(false)),
        (json!({ "And": [no, broken] }), Ok(false)),
        (json!({ "Or": [no, yes, broken] }), Ok(true)),
        (json!({ "Or": [no, no] }), Ok(false)),
        (json!({ "Not": no }), Ok(true)),
        (
            json!({ "Not": { "Or": [no, { "And": [yes, { "Not": no }] }] } }),
            Ok(false),
        ),
    ];
    for (rule, expected) in cases {
        assert_eq!(decide(&rule, &input), expected, "{rule}");
    }
}
