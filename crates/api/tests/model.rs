//! The door against the service model of botocore: what AWS takes, we read and bound alike; what we
//! say, AWS's clients know.

mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::{Path, PathBuf};

use api::{Answer, Received, errors_of};
use engine::{Operation, Rejection};
use serde_json::{Map, Value, json};

use samples::{NOW_MS, door, head, read, request, response, send};

const SERVICE: &str = "stepfunctions/2016-11-23/service-2.json";

struct Model(Value);

/// A member somewhere in an operation's input.
struct Member<'m> {
    /// As errors print it: `tags.1.member.key`.
    path: String,
    /// Where it stands in a request: `/tags/0/key`.
    pointer: String,
    shape: &'m Value,
    required: bool,
}

impl Model {
    fn load() -> Model {
        let path = model_path().unwrap_or_else(|| panic!("run: cargo xtask setup"));
        let bytes = std::fs::read(&path).unwrap();
        let mut text = String::new();
        if path.extension().is_some_and(|it| it == "gz") {
            flate2::read::GzDecoder::new(&*bytes)
                .read_to_string(&mut text)
                .unwrap();
        } else {
            text = String::from_utf8(bytes).unwrap();
        }
        Model(serde_json::from_str(&text).unwrap())
    }

    fn operations(&self) -> &Map<String, Value> {
        self.0["operations"].as_object().unwrap()
    }

    fn operation(&self, operation: Operation) -> &Value {
        &self.0["operations"][operation.name()]
    }

    fn shape(&self, name: &Value) -> &Value {
        let shape = &self.0["shapes"][name.as_str().expect("a reference names a shape")];
        assert!(shape.is_object(), "no shape {name}");
        shape
    }

    fn input(&self, operation: Operation) -> Vec<Member<'_>> {
        let mut members = Vec::new();
        self.walk(
            &self.operation(operation)["input"]["shape"],
            "",
            "",
            &mut members,
        );
        members
    }

    fn walk<'m>(&'m self, shape: &Value, path: &str, pointer: &str, members: &mut Vec<Member<'m>>) {
        let shape = self.shape(shape);
        match shape["type"].as_str() {
            Some("structure") => {
                let dot = if path.is_empty() { "" } else { "." };
                for (name, member) in shape["members"].as_object().unwrap() {
                    let path = format!("{path}{dot}{name}");
                    let pointer = format!("{pointer}/{name}");
                    members.push(Member {
                        path: path.clone(),
                        pointer: pointer.clone(),
                        shape: self.shape(&member["shape"]),
                        required: has(&shape["required"], name),
                    });
                    self.walk(&member["shape"], &path, &pointer, members);
                }
            }
            Some("list") => {
                let (path, pointer) = (format!("{path}.1.member"), format!("{pointer}/0"));
                let item = &shape["member"]["shape"];
                members.push(Member {
                    path: path.clone(),
                    pointer: pointer.clone(),
                    shape: self.shape(item),
                    required: false,
                });
                self.walk(item, &path, &pointer, members);
            }
            _ => {}
        }
    }
}

fn model_path() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("TOWPATH_SERVICE_MODEL") {
        return Some(PathBuf::from(path)).filter(|path| path.is_file());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let pythons = std::fs::read_dir(root.join(".tools/venv/lib")).ok()?;
    pythons
        .filter_map(Result::ok)
        .flat_map(|python| {
            let data = python.path().join("site-packages/botocore/data");
            [data.join(format!("{SERVICE}.gz")), data.join(SERVICE)]
        })
        .find(|path| path.is_file())
}

fn has(list: &Value, name: &str) -> bool {
    list.as_array()
        .is_some_and(|list| list.iter().any(|it| it == name))
}

/// The sample request with one member replaced, or taken away.
fn with(operation: Operation, pointer: &str, value: Option<Value>) -> Value {
    let mut body = request(operation);
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match body
        .pointer_mut(parent)
        .unwrap_or_else(|| panic!("no {parent} in {operation:?}"))
    {
        Value::Object(members) => match value {
            Some(value) => drop(members.insert(name.to_owned(), value)),
            None => drop(
                members
                    .shift_remove(name)
                    .expect("the sample has the member"),
            ),
        },
        Value::Array(items) => items[0] = value.unwrap(),
        other => panic!("{other} holds nothing"),
    }
    body
}

/// The text of a broken constraint; nothing when the constraints hold, whatever else may be wrong.
fn broken(result: Result<Received, Answer>) -> Option<String> {
    let answer = read(&result.err()?);
    assert_ne!(
        answer["__type"], "com.amazon.coral.service#SerializationException",
        "{answer}"
    );
    (answer["__type"] == "com.amazon.coral.validate#ValidationException")
        .then(|| answer["message"].as_str().unwrap().to_owned())
}

fn expect_broken(operation: Operation, member: &Member<'_>, value: Value, what: &str) {
    let sensitive = member.shape["sensitive"] == true;
    let printed = match &value {
        _ if sensitive => String::new(),
        Value::String(text) => format!("'{text}' "),
        other => format!("'{other}' "),
    };
    let expected = format!(
        "1 validation error detected: Value {printed}at '{}' failed to satisfy constraint: {what}",
        member.path
    );
    let message = broken(send(
        operation.name(),
        &with(operation, &member.pointer, Some(value)),
    ));
    assert_eq!(message, Some(expected), "{operation:?}");
}

fn expect_whole(operation: Operation, member: &Member<'_>, value: Value) {
    let message = broken(send(
        operation.name(),
        &with(operation, &member.pointer, Some(value)),
    ));
    assert_eq!(message, None, "{operation:?} {}", member.path);
}

#[test]
fn every_operation_is_served_or_named_as_not_served() {
    let model = Model::load();
    let served: BTreeSet<&str> = Operation::ALL.iter().map(|it| it.name()).collect();
    let mut not_served = 0;
    for name in model.operations().keys() {
        if served.contains(name.as_str()) {
            continue;
        }
        not_served += 1;
        let answer = send(name, &json!({})).unwrap_err();
        assert_eq!(answer.status, 400);
        assert_eq!(
            read(&answer),
            json!({
                "__type": "com.amazon.coral.service#UnknownOperationException",
                "message": format!("{name} is not served yet."),
            })
        );
    }
    assert_eq!(served.len() + not_served, model.operations().len());
    for &operation in Operation::ALL {
        let received = send(operation.name(), &request(operation)).expect("the sample is good");
        assert_eq!(received.request.operation(), operation);
        assert_eq!(received.meta.operation(), operation);
    }
}

#[test]
fn every_member_is_read() {
    let model = Model::load();
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            // What is not read would be passed over, whatever its type.
            let wrong = match member.shape["type"].as_str().unwrap() {
                "string" => vec![json!(1), json!(true), json!({}), json!([])],
                "integer" => vec![
                    json!("1"),
                    json!(true),
                    json!(1.5),
                    json!(3_000_000_000_u64),
                ],
                "boolean" => vec![json!("true"), json!(1), json!({})],
                "structure" => vec![json!("x"), json!([]), json!(["x", "y", "z"]), json!(1)],
                "list" => vec![json!("x"), json!({}), json!(1)],
                other => panic!("what is a {other}?"),
            };
            for value in wrong {
                let body = with(operation, &member.pointer, Some(value));
                let answer = send(operation.name(), &body).expect_err(&member.path);
                let answer = read(&answer);
                assert_eq!(
                    answer["__type"], "com.amazon.coral.service#SerializationException",
                    "{operation:?} {body}"
                );
            }
        }
    }
}

#[test]
fn required_members_are_missed() {
    let model = Model::load();
    let mut seen = 0;
    for &operation in Operation::ALL {
        for member in model
            .input(operation)
            .iter()
            .filter(|member| member.required)
        {
            seen += 1;
            let null = if member.shape["sensitive"] == true {
                ""
            } else {
                "null "
            };
            let expected = format!(
                "1 validation error detected: Value {null}at '{}' failed to satisfy constraint: \
                 Member must not be null",
                member.path
            );
            for body in [
                with(operation, &member.pointer, None),
                with(operation, &member.pointer, Some(Value::Null)),
            ] {
                let message = broken(send(operation.name(), &body));
                assert_eq!(message.as_ref(), Some(&expected), "{operation:?}");
            }
        }
    }
    assert!(seen > 20, "the model requires more than {seen} members");
}

#[test]
fn bounds_are_the_models() {
    let model = Model::load();
    let mut seen = 0;
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            let number = |bound: &str| member.shape[bound].as_u64();
            let text = |length: u64| json!("x".repeat(length as usize));
            match member.shape["type"].as_str() {
                Some("string") if member.shape.get("enum").is_none() => {
                    if let Some(max) = number("max") {
                        seen += 1;
                        expect_whole(operation, &member, text(max));
                        let what = format!("Member must have length less than or equal to {max}");
                        expect_broken(operation, &member, text(max + 1), &what);
                    }
                    if let Some(min) = number("min").filter(|min| *min > 0) {
                        expect_whole(operation, &member, text(min));
                        let what =
                            format!("Member must have length greater than or equal to {min}");
                        expect_broken(operation, &member, text(min - 1), &what);
                    }
                }
                Some("integer") => {
                    seen += 1;
                    let (min, max) = (number("min").unwrap(), number("max").unwrap());
                    expect_whole(operation, &member, json!(min));
                    expect_whole(operation, &member, json!(max));
                    let what = format!("Member must have value less than or equal to {max}");
                    expect_broken(operation, &member, json!(max + 1), &what);
                    let what = format!("Member must have value greater than or equal to {min}");
                    expect_broken(operation, &member, json!(min as i64 - 1), &what);
                }
                _ => {}
            }
        }
    }
    assert!(seen > 40, "the model bounds more than {seen} members");
}

#[test]
fn enums_and_patterns_are_the_models() {
    let model = Model::load();
    let (mut enums, mut patterns) = (0, 0);
    for &operation in Operation::ALL {
        for member in model.input(operation) {
            if let Some(values) = member.shape["enum"].as_array() {
                enums += 1;
                for value in values {
                    expect_whole(operation, &member, value.clone());
                }
                let body = with(operation, &member.pointer, Some(json!("nonsense")));
                let message = broken(send(operation.name(), &body)).unwrap();
                let (head, set) = message.split_once(" set: [").unwrap();
                assert!(
                    head.ends_with("Member must satisfy enum value"),
                    "{message}"
                );
                let printed: BTreeSet<&str> = set.trim_end_matches(']').split(", ").collect();
                let known = values.iter().map(|value| value.as_str().unwrap()).collect();
                assert_eq!(printed, known, "{operation:?} {}", member.path);
            }
            if let Some(pattern) = member.shape["pattern"].as_str() {
                patterns += 1;
                assert_eq!(
                    pattern, r"\p{ASCII}*",
                    "a pattern this test knows nothing of"
                );
                expect_whole(operation, &member, json!("\u{0}ascii\u{7f}"));
                let what = format!("Member must satisfy regular expression pattern: {pattern}");
                expect_broken(operation, &member, json!("é"), &what);
            }
        }
    }
    assert!(
        enums >= 10 && patterns >= 1,
        "{enums} enums, {patterns} patterns"
    );
}

/// Members of answers that belong to what is not served: map runs, redrive, versions, credentials.
const NEVER_SAID: &[&str] = &[
    "DescribeExecution.mapRunArn",
    "DescribeExecution.redriveDate",
    "DescribeStateMachine.description",
    "DescribeStateMachine.label",
    "DescribeStateMachineForExecution.label",
    "DescribeStateMachineForExecution.mapRunArn",
    "GetExecutionHistory.events.executionRedrivenEventDetails",
    "GetExecutionHistory.events.lambdaFunctionScheduledEventDetails.taskCredentials",
    "GetExecutionHistory.events.mapRunFailedEventDetails",
    "GetExecutionHistory.events.mapRunRedrivenEventDetails",
    "GetExecutionHistory.events.mapRunStartedEventDetails",
    "GetExecutionHistory.events.taskScheduledEventDetails.taskCredentials",
    "ListExecutions.executions.itemCount",
    "ListExecutions.executions.mapRunArn",
    "ListExecutions.executions.redriveDate",
];

/// Event types that belong to what is not served.
const NEVER_HAPPENS: &[&str] = &[
    "ExecutionRedriven",
    "MapRunAborted",
    "MapRunFailed",
    "MapRunRedriven",
    "MapRunStarted",
    "MapRunSucceeded",
];

/// Compares a value with its shape, and notes which members were there.
fn compare(model: &Model, shape: &Value, value: &Value, path: &str, said: &mut BTreeSet<String>) {
    let shape = model.shape(shape);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            let members = value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"));
            for (name, value) in members {
                let path = format!("{path}.{name}");
                let member = &shape["members"][name];
                assert!(member.is_object(), "{path} is not in the model");
                compare(model, &member["shape"], value, &path, said);
                said.insert(path);
            }
            for name in shape["required"].as_array().unwrap_or(&Vec::new()) {
                assert!(
                    members.contains_key(name.as_str().unwrap()),
                    "{path} lacks {name}"
                );
            }
        }
        "list" => {
            for item in value
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {value}"))
            {
                compare(model, &shape["member"]["shape"], item, path, said);
            }
        }
        "map" => {
            for item in value
                .as_object()
                .unwrap_or_else(|| panic!("{path}: {value}"))
                .values()
            {
                compare(model, &shape["value"]["shape"], item, path, said);
            }
        }
        "string" => {
            assert!(value.is_string(), "{path}: {value}");
            assert!(shape.get("enum").is_none() || has(&shape["enum"], value.as_str().unwrap()));
        }
        "integer" | "long" => assert!(value.is_i64(), "{path}: {value}"),
        "boolean" => assert!(value.is_boolean(), "{path}: {value}"),
        "timestamp" => assert_eq!(value.to_string(), "1700000000.123", "{path}"),
        other => panic!("what is a {other}?"),
    }
}

fn members_of(model: &Model, shape: &Value, path: &str, known: &mut BTreeSet<String>) {
    let shape = model.shape(shape);
    match shape["type"].as_str().unwrap() {
        "structure" => {
            for (name, member) in shape["members"].as_object().unwrap() {
                let path = format!("{path}.{name}");
                if !NEVER_SAID.contains(&&*path) {
                    members_of(model, &member["shape"], &path, known);
                }
                known.insert(path);
            }
        }
        "list" => members_of(model, &shape["member"]["shape"], path, known),
        _ => {}
    }
}

fn answer(operation: Operation, body: &Value) -> Answer {
    let received = send(operation.name(), body).expect("the sample is good");
    let (_, meta) = received.split();
    let mut response = response(operation);
    if let engine::Response::DescribeExecution(it) = &mut response {
        it.description.stop_ms = Some(NOW_MS);
    }
    door().answer(&meta, Ok(response), NOW_MS)
}

#[test]
fn answers_are_the_models() {
    let model = Model::load();
    for &operation in Operation::ALL {
        let answer = answer(operation, &request(operation));
        assert_eq!(answer.status, 200);
        let shape = &model.operation(operation)["output"]["shape"];
        let (mut said, mut known) = (BTreeSet::new(), BTreeSet::new());
        compare(&model, shape, &read(&answer), operation.name(), &mut said);
        members_of(&model, shape, operation.name(), &mut known);
        let unsaid: BTreeSet<&str> = known.difference(&said).map(String::as_str).collect();
        let prefix = format!("{}.", operation.name());
        let never: BTreeSet<&str> = NEVER_SAID
            .iter()
            .copied()
            .filter(|it| it.starts_with(&prefix))
            .collect();
        assert_eq!(unsaid, never, "{operation:?}");
    }
}

#[test]
fn histories_have_every_event_and_its_own_details() {
    let model = Model::load();
    let operation = Operation::GetExecutionHistory;
    let history = read(&answer(operation, &request(operation)));
    let mut types = BTreeSet::new();
    for event in history["events"].as_array().unwrap() {
        let event_type = event["type"].as_str().unwrap();
        types.insert(event_type);
        let details: Vec<&String> = event
            .as_object()
            .unwrap()
            .keys()
            .filter(|name| !["timestamp", "type", "id", "previousEventId"].contains(&&***name))
            .collect();
        let own = match event_type {
            state if state.ends_with("StateEntered") => "stateEnteredEventDetails".to_owned(),
            state if state.ends_with("StateExited") => "stateExitedEventDetails".to_owned(),
            other => format!("{}{}EventDetails", other[..1].to_lowercase(), &other[1..]),
        };
        let in_model = &model.0["shapes"]["HistoryEvent"]["members"][&own];
        let expected = if in_model.is_object() {
            vec![&own]
        } else {
            Vec::new()
        };
        assert_eq!(details, expected, "{event_type}");
    }
    let known = model.0["shapes"]["HistoryEventType"]["enum"]
        .as_array()
        .unwrap();
    let missing: Vec<&str> = known
        .iter()
        .map(|it| it.as_str().unwrap())
        .filter(|it| !types.contains(it))
        .collect::<BTreeSet<_>>()
        .into_iter()
        .collect();
    assert_eq!(missing, NEVER_HAPPENS);
}

#[test]
fn without_execution_data_only_the_data_is_missing() {
    let operation = Operation::GetExecutionHistory;
    let whole = read(&answer(operation, &request(operation)));
    let bare = read(&answer(
        operation,
        &with(operation, "/includeExecutionData", Some(json!(false))),
    ));
    let data = [
        "input",
        "inputDetails",
        "output",
        "outputDetails",
        "assignedVariables",
        "assignedVariablesDetails",
    ];
    let mut expected = whole["events"].clone();
    for event in expected.as_array_mut().unwrap() {
        for details in event.as_object_mut().unwrap().values_mut() {
            if let Some(details) = details.as_object_mut() {
                details.retain(|name, _| !data.contains(&&**name));
            }
        }
    }
    assert_eq!(bare["events"], expected);
    assert_ne!(bare["events"], whole["events"]);
}

#[test]
fn errors_are_the_models() {
    let model = Model::load();
    for &operation in Operation::ALL {
        let declared: BTreeMap<&str, &Value> = model.operation(operation)["errors"]
            .as_array()
            .map(|errors| {
                errors
                    .iter()
                    .map(|it| (it["shape"].as_str().unwrap(), &it["shape"]))
            })
            .into_iter()
            .flatten()
            .filter(|(name, _)| !name.starts_with("Kms"))
            .collect();
        let (_, meta) = send(operation.name(), &request(operation)).unwrap().split();
        let mut answered = BTreeSet::new();
        for &name in errors_of(operation) {
            let rejection = Rejection::new(name, "why")
                .with_reason("R")
                .with_resource("resource");
            let answer = door().answer(&meta, Err(rejection), NOW_MS);
            assert_eq!(answer.status, 400);
            let body = read(&answer);
            let error_type = body["__type"].as_str().unwrap();
            let (namespace, error) = error_type.split_once('#').unwrap();
            assert_eq!(namespace, "com.amazonaws.swf.service.v2.model");
            assert_eq!(body["message"], "why");
            assert!(model.0["shapes"][error]["exception"] == true, "{error}");
            answered.insert(error.to_owned());
        }
        let declared: BTreeSet<String> = declared.into_keys().map(str::to_owned).collect();
        assert_eq!(answered, declared, "{operation:?}");
    }
}

#[test]
fn every_target_is_one_of_the_models() {
    let model = Model::load();
    let prefix = model.0["metadata"]["targetPrefix"].as_str().unwrap();
    for &operation in Operation::ALL {
        let target = format!("{prefix}.{}", operation.name());
        let body = request(operation).to_string();
        assert!(
            door()
                .receive(&head(&target), body.as_bytes(), NOW_MS)
                .is_ok(),
            "{target}"
        );
    }
}
