//! What valid definitions become in the model.

use asl::choice::Rule;
use asl::definition::{
    PathOrNull, Percentage, QueryLanguage, ResultPath, Seconds, State, StateIndex, StateKind, Text,
    Transition, WaitUntil,
};
use asl::jsonata::Template;
use asl::{MachineType, Severity, StateMachine, parse, parse_state};
use serde_json::{Value, json};

fn machine(definition: &Value) -> StateMachine {
    let parsed = parse(&definition.to_string(), MachineType::Standard);
    assert_eq!(parsed.diagnostics, []);
    parsed
        .machine
        .unwrap_or_else(|| panic!("a definition without diagnostics is a machine"))
}

#[test]
fn states_stand_in_document_order_and_are_found_by_name() {
    let leaf = |name: &str| json!({ "StartAt": name, "States": { name: { "Type": "Succeed" } } });
    let machine = machine(&json!({
        "Comment": "all scopes",
        "Version": "1.0",
        "TimeoutSeconds": 60,
        "StartAt": "Second",
        "States": {
            "First": { "Type": "Parallel", "Branches": [leaf("B0"), leaf("B1")], "End": true },
            "Second": {
                "Type": "Map",
                "ItemProcessor": {
                    "StartAt": "I1",
                    "States": {
                        "I0": { "Type": "Map", "Iterator": leaf("J"), "End": true },
                        "I1": { "Type": "Pass", "Next": "I0" },
                    },
                },
                "Next": "First",
            },
        },
    }));
    let names: Vec<&str> = machine.states.iter().map(|state| &*state.name).collect();
    assert_eq!(names, ["First", "B0", "B1", "Second", "I0", "J", "I1"]);
    assert_eq!(machine.comment.as_deref(), Some("all scopes"));
    assert_eq!(machine.timeout_seconds, Some(60));
    assert_eq!(machine.start_at, StateIndex(3));
    assert_eq!(machine.find("I1"), Some(StateIndex(6)));
    assert_eq!(machine.find("nobody"), None);

    let StateKind::Parallel(parallel) = &machine.states[0].kind else {
        panic!("a Parallel")
    };
    assert_eq!(parallel.branches, [StateIndex(1), StateIndex(2)]);
    assert_eq!(parallel.transition, Transition::End);
    let StateKind::Map(map) = &machine.states[3].kind else {
        panic!("a Map")
    };
    assert_eq!(
        (map.processor, map.transition),
        (StateIndex(6), Transition::Next(StateIndex(0)))
    );
    assert!(map.distributed.is_none());
}

#[test]
fn a_task_with_everything() {
    let machine = machine(&json!({
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:us-east-1:123456789012:activity:sort",
                "InputPath": "$.in",
                "OutputPath": null,
                "Parameters": { "a.$": "$.b" },
                "ResultSelector": { "c.$": "$.d" },
                "ResultPath": "$.out",
                "TimeoutSecondsPath": "$.limit",
                "HeartbeatSeconds": 5,
                "Credentials": { "RoleArn.$": "$.role" },
                "Retry": [
                    { "ErrorEquals": ["A", "B"], "IntervalSeconds": 2, "MaxAttempts": 0, "BackoffRate": 1.5,
                      "MaxDelaySeconds": 9, "JitterStrategy": "FULL", "Comment": "c" },
                    { "ErrorEquals": ["States.ALL"] },
                ],
                "Catch": [
                    { "ErrorEquals": ["A"], "ResultPath": null, "Next": "Done" },
                    { "ErrorEquals": ["States.ALL"], "Assign": { "e.$": "$.Error" }, "Next": "Done" },
                ],
                "Assign": { "x.$": "$.y" },
                "Next": "Done",
            },
            "Done": { "Type": "Succeed" },
        },
    }));
    let state = machine.state(machine.start_at);
    assert!(matches!(&state.input_path, PathOrNull::Path(path) if path.text() == "$.in"));
    assert!(matches!(state.output_path, PathOrNull::Null));
    assert!(state.assign.is_some());
    let StateKind::Task(task) = &state.kind else {
        panic!("a Task")
    };
    assert_eq!(
        &*task.resource,
        "arn:aws:states:us-east-1:123456789012:activity:sort"
    );
    assert!(task.parameters.is_some() && task.result_selector.is_some());
    assert!(matches!(&task.result_path, ResultPath::Path(path) if path.text() == "$.out"));
    assert!(matches!(&task.timeout, Some(Seconds::Path(path)) if path.text() == "$.limit"));
    assert!(matches!(task.heartbeat, Some(Seconds::Fixed(5))));
    assert!(task.credentials.is_some());
    assert_eq!(task.transition, Transition::Next(StateIndex(1)));

    let [first, second] = &task.retry[..] else {
        panic!("two retriers")
    };
    assert_eq!((first.interval_seconds, first.max_attempts), (2, 0));
    assert_eq!(
        (first.backoff_rate, first.max_delay_seconds),
        (1.5, Some(9))
    );
    assert!(first.full_jitter && !second.full_jitter);
    assert_eq!((second.interval_seconds, second.max_attempts), (1, 3));
    assert_eq!((second.backoff_rate, second.max_delay_seconds), (2.0, None));
    let [first, second] = &task.catch[..] else {
        panic!("two catchers")
    };
    assert!(matches!(first.result_path, ResultPath::Discard));
    assert!(matches!(second.result_path, ResultPath::Whole));
    assert!(first.assign.is_none() && second.assign.is_some());
    assert_eq!(second.next, StateIndex(1));
}

#[test]
fn the_smaller_states() {
    let machine = machine(&json!({
        "StartAt": "P",
        "States": {
            "P": { "Type": "Pass", "Result": { "a.$": 1.50 }, "ResultPath": "$.r", "Next": "W1" },
            "W1": { "Type": "Wait", "Seconds": 0, "Next": "W2" },
            "W2": { "Type": "Wait", "SecondsPath": "$.s", "Next": "W3" },
            "W3": { "Type": "Wait", "Timestamp": "1970-01-01T00:00:01.5+00:00", "Next": "W4" },
            "W4": { "Type": "Wait", "TimestampPath": "$.t", "Next": "C" },
            "C": {
                "Type": "Choice",
                "Choices": [
                    { "And": [{ "Variable": "$.a", "IsPresent": true }, { "Variable": "$.a", "NumericLessThan": 1 }],
                      "Comment": "small", "Assign": { "x": 1 }, "Next": "F1" },
                ],
                "Default": "F2",
            },
            "F1": { "Type": "Fail", "Error": "E", "CausePath": "States.Format('{}', $.a)" },
            "F2": { "Type": "Fail" },
        },
    }));
    let kinds: Vec<&StateKind> = machine.states.iter().map(|state| &state.kind).collect();
    let StateKind::Pass(pass) = kinds[0] else {
        panic!("a Pass")
    };
    assert_eq!(
        pass.result.as_ref().map(|result| result.to_string()),
        Some("{\"a.$\":1.5}".to_owned())
    );
    let until = |at: usize| match kinds[at] {
        StateKind::Wait(wait) => &wait.until,
        _ => panic!("a Wait"),
    };
    assert!(matches!(until(1), WaitUntil::Seconds(0)));
    assert!(matches!(until(2), WaitUntil::SecondsPath(path) if path.text() == "$.s"));
    assert!(matches!(until(3), WaitUntil::Timestamp(1500, text) if text.ends_with("+00:00")));
    assert!(matches!(until(4), WaitUntil::TimestampPath(_)));
    let StateKind::Choice(choice) = kinds[5] else {
        panic!("a Choice")
    };
    assert_eq!(
        (choice.choices[0].next, choice.default),
        (StateIndex(6), Some(StateIndex(7)))
    );
    assert!(choice.choices[0].assign.is_some());
    let StateKind::Fail(fail) = kinds[6] else {
        panic!("a Fail")
    };
    assert!(matches!(&fail.error, Some(Text::Fixed(error)) if &**error == "E"));
    assert!(matches!(fail.cause, Some(Text::Expression(_))));
}

#[test]
fn jsonata_states_have_templates_that_know_their_fields() {
    let machine = machine(&json!({
        "QueryLanguage": "JSONata",
        "StartAt": "T",
        "States": {
            "T": {
                "Type": "Task",
                "Resource": "arn:aws:states:::lambda:invoke",
                "Arguments": { "n": "{% $states.input.n %}" },
                "Credentials": { "RoleArn": "{% $role %}" },
                "Output": "{% $states.result %}",
                "Assign": { "a": 1 },
                "TimeoutSeconds": "{% $n %}",
                "Catch": [
                    { "ErrorEquals": ["B"], "Next": "W" },
                    { "ErrorEquals": ["A"], "Output": "{% $states.errorOutput %}", "Assign": { "e": "{% 1 %}" }, "Next": "W" },
                ],
                "Next": "M",
            },
            "M": {
                "Type": "Map",
                "Items": "{% [1,2] %}",
                "ItemSelector": { "i": "{% $states.context.Map.Item.Index %}" },
                "MaxConcurrency": "{% 1 %}",
                "ToleratedFailureCount": 3,
                "ToleratedFailurePercentage": "{% 12.5 %}",
                "ItemProcessor": { "StartAt": "I", "States": { "I": { "Type": "Pass", "Output": 1, "End": true } } },
                "Next": "P",
            },
            "P": {
                "Type": "Parallel",
                "Arguments": { "x": 1 },
                "Branches": [{ "StartAt": "B", "States": { "B": { "Type": "Succeed", "Output": "{% $b %}" } } }],
                "Next": "C",
            },
            "C": {
                "Type": "Choice",
                "Choices": [
                    { "Condition": true, "Next": "W" },
                    { "Condition": "{% $c %}", "Output": 2, "Assign": { "d": "{% $d %}" }, "Next": "W" },
                ],
                "Output": 3,
            },
            "W": { "Type": "Wait", "Timestamp": "{% $now() %}", "Next": "F" },
            "F": { "Type": "Fail", "Error": "{% $e %}", "Cause": "fixed" },
        },
    }));
    let state = |name: &str| -> &State {
        let index = machine.find(name).expect("the machine has the state");
        let state = machine.state(index);
        assert_eq!(state.query_language, QueryLanguage::Jsonata, "{name}");
        state
    };
    let field = |template: &Option<Template>| -> String {
        template
            .as_ref()
            .map_or(String::new(), |template| template.field().to_string())
    };

    let task = state("T");
    assert_eq!(field(&task.output), "Output");
    assert_eq!(field(&task.jsonata_assign), "Assign");
    let StateKind::Task(task) = &task.kind else {
        panic!("a Task")
    };
    assert_eq!(field(&task.arguments), "Arguments");
    assert_eq!(field(&task.jsonata_role), "Credentials/RoleArn");
    assert!(task.parameters.is_none());
    assert!(
        matches!(&task.timeout, Some(Seconds::Expression(template)) if &**template.field() == "TimeoutSeconds")
    );
    assert!(task.catch[0].output.is_none());
    assert_eq!(field(&task.catch[1].output), "Catch[1]/Output");
    assert_eq!(field(&task.catch[1].jsonata_assign), "Catch[1]/Assign");

    let StateKind::Map(map) = &state("M").kind else {
        panic!("a Map")
    };
    assert_eq!(field(&map.items), "Items");
    assert_eq!(field(&map.jsonata_item_selector), "ItemSelector");
    assert!(matches!(map.max_concurrency, Some(Seconds::Expression(_))));
    assert!(matches!(
        map.tolerated_failure_count,
        Some(Seconds::Fixed(3))
    ));
    assert!(matches!(
        map.tolerated_failure_percentage,
        Some(Percentage::Expression(_))
    ));

    let StateKind::Parallel(parallel) = &state("P").kind else {
        panic!("a Parallel")
    };
    assert_eq!(
        parallel.arguments.as_ref().and_then(Template::fixed),
        Some(&json!({ "x": 1 }))
    );

    let choice = state("C");
    assert_eq!(field(&choice.output), "Output");
    let StateKind::Choice(choice) = &choice.kind else {
        panic!("a Choice")
    };
    let conditions: Vec<String> = choice
        .choices
        .iter()
        .map(|branch| match &branch.rule {
            Rule::Condition(template) => template.field().to_string(),
            _ => String::new(),
        })
        .collect();
    assert_eq!(conditions, ["Choices[0]/Condition", "Choices[1]/Condition"]);
    assert_eq!(field(&choice.choices[1].output), "Choices[1]/Output");
    assert_eq!(
        field(&choice.choices[1].jsonata_assign),
        "Choices[1]/Assign"
    );

    let StateKind::Wait(wait) = &state("W").kind else {
        panic!("a Wait")
    };
    assert!(matches!(wait.until, WaitUntil::TimestampExpression(_)));
    let StateKind::Fail(fail) = &state("F").kind else {
        panic!("a Fail")
    };
    assert!(matches!(fail.error, Some(Text::Jsonata(_))));
    assert!(matches!(fail.cause, Some(Text::Fixed(_))));

    let references: Vec<(&str, Vec<&str>)> = machine
        .variable_references()
        .map(|(state, names)| (state, names.iter().map(|name| &**name).collect()))
        .collect();
    assert_eq!(
        references,
        [
            ("T", vec!["n", "role"]),
            ("B", vec!["b"]),
            ("C", vec!["c", "d"]),
            ("F", vec!["e"]),
        ]
    );
}

#[test]
fn one_state_of_a_machine_may_be_in_jsonata_and_those_inside_are_not() {
    let machine = machine(&json!({
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "QueryLanguage": "JSONata",
                "ItemProcessor": { "StartAt": "I", "States": { "I": { "Type": "Pass", "InputPath": "$.a", "End": true } } },
                "End": true,
            },
        },
    }));
    assert_eq!(machine.states[0].query_language, QueryLanguage::Jsonata);
    assert_eq!(machine.states[1].query_language, QueryLanguage::JsonPath);
}

#[test]
fn a_distributed_map_keeps_its_own_fields_as_written() {
    let machine = machine(&json!({
        "StartAt": "M",
        "States": {
            "M": {
                "Type": "Map",
                "Label": "orders",
                "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "Parameters": { "Bucket": "b", "Key": "k" } },
                "ToleratedFailurePercentagePath": "$.p",
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "I",
                    "States": { "I": { "Type": "Succeed" } },
                },
                "End": true,
            },
        },
    }));
    let StateKind::Map(map) = &machine.states[0].kind else {
        panic!("a Map")
    };
    let distributed = map.distributed.as_deref().expect("a Distributed Map");
    let fields = &distributed.fields;
    assert_eq!(distributed.label_of("M").as_ref(), "orders");
    assert_eq!(fields["ItemReader"]["Parameters"]["Bucket"], json!("b"));
    assert_eq!(fields.get("ItemProcessor"), None);
}

#[test]
fn a_state_alone_may_go_anywhere() {
    let parsed = parse_state(
        r#"{"Type":"Choice","Choices":[
            {"Variable":"$.a","IsNull":true,"Next":"One"},
            {"Variable":"$.b","IsNull":true,"Next":"Two"},
            {"Variable":"$.c","IsNull":true,"Next":"One"}],"Default":"StateName"}"#,
    );
    assert_eq!(parsed.diagnostics, []);
    let machine = parsed
        .machine
        .expect("a state without diagnostics is a machine");
    let names: Vec<&str> = machine.states.iter().map(|state| &*state.name).collect();
    assert_eq!(names, [asl::LONE_STATE_NAME, "One", "Two"]);
    let StateKind::Choice(choice) = &machine.state(machine.start_at).kind else {
        panic!("a Choice")
    };
    let targets: Vec<u32> = choice.choices.iter().map(|branch| branch.next.0).collect();
    assert_eq!(
        (targets, choice.default),
        (vec![1, 2, 1], Some(StateIndex(0)))
    );

    let refused = parse_state(
        r#"{"Type":"Parallel","Next":"Gone","Branches":[{"StartAt":"I","States":{"I":{"Type":"Pass","Next":"Gone"}}}]}"#,
    );
    let places: Vec<Option<&str>> = refused
        .diagnostics
        .iter()
        .map(|d| d.location.as_deref())
        .collect();
    assert_eq!(
        places,
        [Some("/States/StateName/Branches[0]/States/I/Next")]
    );
}

#[test]
fn variables_read_by_each_state() {
    let machine = machine(&json!({
        "StartAt": "P",
        "States": {
            "P": { "Type": "Pass", "InputPath": "$b", "Result": { "no.$": "$nothing" }, "Assign": { "x.$": "States.Array($c.d, $.e, $$.State.Name)", "text": "$a" }, "Next": "M" },
            "M": {
                "Type": "Map",
                "ItemsPath": "$items",
                "ToleratedFailureCountPath": "$count",
                "ItemReader": { "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": { "MaxItemsPath": "$most" } },
                "ItemProcessor": {
                    "ProcessorConfig": { "Mode": "DISTRIBUTED", "ExecutionType": "STANDARD" },
                    "StartAt": "C",
                    "States": {
                        "C": { "Type": "Choice", "Choices": [{ "Variable": "$v", "NumericEqualsPath": "$w.x", "Next": "S" }] },
                        "S": { "Type": "Succeed" },
                    },
                },
                "End": true,
            },
        },
    }));
    let references: Vec<(&str, Vec<&str>)> = machine
        .variable_references()
        .map(|(state, variables)| {
            (
                state,
                variables.iter().map(|variable| &**variable).collect(),
            )
        })
        .collect();
    let expected = [
        ("P", vec!["b", "c"]),
        ("M", vec!["count", "items", "most"]),
        ("C", vec!["v", "w"]),
    ];
    assert_eq!(references, expected);
}

#[test]
fn warnings_do_not_refuse() {
    let definition = json!({
        "StartAt": "P",
        "States": {
            "P": { "Type": "Pass", "Result": { "a.$": "$.b", "c.$": "text" }, "Next": "Q" },
            "Q": { "Type": "Pass", "Parameters": { "a": ["$.b", "$5"], "c.$": "$.d", "e": "States.UUID()" }, "Next": "C" },
            "C": { "Type": "Choice", "Choices": [{ "Variable": "$.a", "StringEquals": "$.b", "Next": "F" }] },
            "F": { "Type": "Fail", "Cause": "$.cause", "Error": "$" },
        },
    });
    let parsed = parse(&definition.to_string(), MachineType::Standard);
    assert!(parsed.machine.is_some());
    let found: Vec<(Severity, &str, &str)> = parsed
        .diagnostics
        .iter()
        .map(|d| {
            (
                d.severity,
                d.code,
                d.location.as_deref().unwrap_or_default(),
            )
        })
        .collect();
    let expected = [
        ("PASS_RESULT_IS_STATIC", "/States/P/Result/a.$"),
        ("NO_DOLLAR", "/States/Q/Parameters/a[0]"),
        ("NO_DOLLAR", "/States/Q/Parameters/e"),
        ("NO_PATH", "/States/C/Choices[0]/StringEquals"),
        ("NO_PATH", "/States/F/Cause"),
        ("NO_PATH", "/States/F/Error"),
    ];
    assert_eq!(
        found,
        expected.map(|(code, place)| (Severity::Warning, code, place))
    );
}
