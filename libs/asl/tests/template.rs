//! Payload templates at their door.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod scope;

use asl::template::{Template, TemplateError};
use scope::Seen;
use serde_json::{Value, json};

fn evaluate(template: Value, input: Value) -> Result<Value, TemplateError> {
    Template::parse(&template)
        .unwrap()
        .evaluate(&Seen::new(input))
}

#[test]
fn fields_that_end_in_dollar_are_computed_wherever_they_stand() {
    let template = json!({
        "plain": "$.a", "a.$": "$.a", "deep": {"list": [{"b.$": "$.l[*]"}, "$.a"]},
        "name.$": "$$.Execution.Name", "variable.$": "$known.x",
        "call.$": "States.Format('{}-{}', $.a, $known.list[0])",
    });
    assert_eq!(
        evaluate(template, json!({"a": 1, "l": [2, 3]}))
            .unwrap()
            .to_string(),
        r#"{"plain":"$.a","a":1,"deep":{"list":[{"b":[2,3]},"$.a"]},"name":"run-1","variable":1,"call":"1-4"}"#
    );
}

#[test]
fn a_template_may_be_any_json() {
    for literal in [
        json!(1),
        json!("$.a"),
        json!(null),
        json!([1, {"a": "$.a"}]),
        json!({}),
    ] {
        assert_eq!(evaluate(literal.clone(), json!({})).unwrap(), literal);
    }
}

/// The words are recorded from AWS, for `CausePath`.
#[test]
fn a_path_that_finds_nothing_is_a_runtime_error() {
    let template = Template::parse_field("CausePath", "$.NoSuchCausePath").unwrap();
    assert_eq!(
        template.evaluate(&Seen::new(json!({"Error": "e", "n": 1.50}))),
        Err(TemplateError {
            error: "States.Runtime",
            cause: "The JSONPath '$.NoSuchCausePath' specified for the field 'CausePath' could not be found \
                    in the input '{\"Error\":\"e\",\"n\":1.5}'"
                .to_owned(),
        })
    );
    for (template, expected) in [
        (
            json!({"value.$": "$.x"}),
            "The JSONPath '$.x' specified for the field 'value.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            json!({"deep": [{"value.$": "$.a.b"}]}),
            "The JSONPath '$.a.b' specified for the field 'value.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            json!({"value.$": "$unknown.b"}),
            "The JSONPath '$unknown.b' specified for the field 'value.$' could not be found in the input '{\"a\":1}'",
        ),
        (
            json!({"value.$": "States.Format('{}', $.b)"}),
            "The function 'States.Format('{}', $.b)' had the following error: The JsonPath argument for the \
             field '$.b' could not be found in the input '{\"a\":1}'",
        ),
    ] {
        let error = evaluate(template, json!({"a": 1})).unwrap_err();
        assert_eq!(
            (error.error, error.cause.as_str()),
            ("States.Runtime", expected)
        );
    }
}

#[test]
fn what_is_neither_path_nor_call_is_refused_at_its_place() {
    for (template, at, field) in [
        (
            json!({"parsed.$": r#"States.StringToJson('{"text":"An \"escaped double quote\" here"}')"#}),
            "/parsed.$",
            "parsed.$",
        ),
        (json!({"a": [{"b": {"c.$": "x"}}]}), "/a[0]/b/c.$", "c.$"),
        (json!({"c.$": 1}), "/c.$", "c.$"),
        (json!({"c.$": null}), "/c.$", "c.$"),
        (json!({"c.$": "States.Nothing()"}), "/c.$", "c.$"),
        (json!({"c.$": "States.UUID() "}), "", ""),
        (json!({"c.$": "States.UUID() x"}), "/c.$", "c.$"),
    ] {
        match Template::parse(&template) {
            Ok(_) => assert_eq!(at, "", "{template} is refused"),
            Err(error) => {
                assert_eq!((error.at.as_str(), error.field.as_str()), (at, field));
                assert_eq!(
                    error.message,
                    format!(
                        "The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call"
                    )
                );
            }
        }
    }
}

#[test]
fn a_template_names_its_variables() {
    let template = json!({"a.$": "$b.x", "c": [{"d.$": "States.Array($a, States.MathAdd($c.y, $$.b), $.e)"}], "f": "$g"});
    let template = Template::parse(&template).unwrap();
    assert_eq!(
        template.variables().into_iter().collect::<Vec<_>>(),
        ["a", "b", "c"]
    );
}

#[test]
fn one_template_has_one_budget() {
    let fields: serde_json::Map<String, Value> =
        (0..200).map(|n| (format!("f{n}.$"), json!("$"))).collect();
    let error = evaluate(Value::Object(fields), json!("x".repeat(200_000))).unwrap_err();
    assert_eq!(error.error, "States.Runtime");
    assert_eq!(
        error.cause,
        "The evaluation was stopped after making 20971520 bytes of values"
    );
}
