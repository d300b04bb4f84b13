//! Templates by value: what is resolved, what is refused and in which words.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use super::machine::machine;
use super::order;
use super::parameters::Parameters;
use super::place::Place;
use super::resolve::Resolver;
use super::stack::Stack;
use super::template::Template;

fn stack() -> Stack {
    Stack {
        name: "shop".to_owned(),
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
    }
}

/// Resolves `value` in a template with `sections`.
fn resolve_in(mut sections: Value, given: &[(&str, &str)], value: &Value) -> Result<Value, String> {
    if sections.get("Resources").is_none() {
        sections["Resources"] = json!({});
    }
    let template = Template::read(Path::new("t.json"), &sections.to_string());
    let template = template.map_err(|problem| problem.to_string())?;
    let pairs = given
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    let (parameters, overrides): (Vec<_>, Vec<_>) =
        pairs.partition(|(key, _)| template.entry("Parameters", key).is_some());
    let overrides = BTreeMap::from_iter(overrides);
    let parameters = Parameters::new(&template, &BTreeMap::from_iter(parameters));
    let parameters = parameters.map_err(|problem| problem.to_string())?;
    let stack = stack();
    let mut resolver = Resolver::new(&template, &stack, &parameters, &overrides);
    let resolved = resolver.resolve(value, &Place::top("here"));
    match resolved {
        Ok(value) => Ok(value.unwrap_or(Value::Null)),
        Err(problem) => Err(problem.to_string()),
    }
}

#[test]
fn functions_give_what_cloudformation_documents() {
    let sections = json!({
        "Parameters": {
            "Env": {"Type": "String", "Default": "dev"},
            "List": {"Type": "CommaDelimitedList", "Default": "a, b,c"},
        },
        "Mappings": {"Sizes": {"dev": {"n": 3}}},
        "Conditions": {
            "IsDev": {"Fn::Equals": [{"Ref": "Env"}, "dev"]},
            "IsProd": {"Fn::Not": [{"Condition": "IsDev"}]},
            "Both": {"Fn::And": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
            "Either": {"Fn::Or": [{"Condition": "IsDev"}, {"Condition": "IsProd"}]},
        },
    });
    for (value, expected) in [
        (json!({"Ref": "Env"}), json!("dev")),
        (json!({"Ref": "AWS::Region"}), json!("eu-west-1")),
        (
            json!({"Fn::Join": ["-", ["a", {"Ref": "Env"}, 1]]}),
            json!("a-dev-1"),
        ),
        (json!({"Fn::Join": ["", {"Ref": "List"}]}), json!("abc")),
        (
            json!({"Fn::Sub": "x${Env}:${AWS::AccountId}:${!Keep}:$.a:${"}),
            json!("xdev:111122223333:${Keep}:$.a:${"),
        ),
        (
            json!({"Fn::Sub": ["${A}${Env}", {"A": {"Ref": "AWS::Partition"}}]}),
            json!("awsdev"),
        ),
        (json!({"Fn::Select": ["1", {"Ref": "List"}]}), json!("b")),
        (json!({"Fn::Split": [":", "a:b"]}), json!(["a", "b"])),
        (
            json!({"Fn::FindInMap": ["Sizes", {"Ref": "Env"}, "n"]}),
            json!(3),
        ),
        (json!({"Fn::If": ["Either", "y", "n"]}), json!("y")),
        (json!({"Fn::If": ["Both", "y", "n"]}), json!("n")),
        (
            json!({"a": {"Fn::If": ["IsProd", 1, {"Ref": "AWS::NoValue"}]}, "b": [{"Ref": "AWS::NoValue"}, 2]}),
            json!({"b": [2]}),
        ),
        // A Choice rule and an IAM statement have members of these names.
        (json!({"Condition": "x"}), json!({"Condition": "x"})),
        (
            json!({"Fn::ToJsonString": {"a": {"Ref": "Env"}}}),
            json!("{\"a\":\"dev\"}"),
        ),
        (json!({"Fn::Length": {"Ref": "List"}}), json!(3)),
    ] {
        assert_eq!(
            resolve_in(sections.clone(), &[], &value),
            Ok(expected),
            "{value}"
        );
    }
    let given = [("Env", "prod")];
    assert_eq!(
        resolve_in(sections, &given, &json!({"Fn::If": ["IsDev", 1, 2]})),
        Ok(json!(2))
    );
}

#[test]
fn other_resources_are_where_they_would_be() {
    let sections = json!({"Resources": {
        "Fn": {"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "f"}},
        "Anon": {"Type": "AWS::Lambda::Function"},
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "q"}},
        "Topic": {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}},
        "Odd": {"Type": "AWS::Thing::Part", "Properties": {"Name": "p"}},
        "Act": {"Type": "AWS::StepFunctions::Activity", "Properties": {"Name": "work"}},
    }});
    let at = |value: Value| {
        resolve_in(
            sections.clone(),
            &[
                ("Anon", "arn:aws:lambda:x:1:function:mine"),
                ("Odd.Id", "id"),
            ],
            &value,
        )
    };
    let text = |it: Result<Value, String>| it.map(|it| it.as_str().map(str::to_owned));
    for (value, expected) in [
        (
            json!({"Fn::GetAtt": ["Fn", "Arn"]}),
            "arn:aws:lambda:eu-west-1:111122223333:function:f",
        ),
        (json!({"Ref": "Fn"}), "f"),
        (
            json!({"Fn::GetAtt": "Anon.Arn"}),
            "arn:aws:lambda:x:1:function:mine",
        ),
        (json!({"Ref": "Anon"}), "mine"),
        (
            json!({"Ref": "Queue"}),
            "https://sqs.eu-west-1.amazonaws.com/111122223333/q",
        ),
        (
            json!({"Fn::Sub": "${Queue.Arn}"}),
            "arn:aws:sqs:eu-west-1:111122223333:q",
        ),
        (
            json!({"Ref": "Topic"}),
            "arn:aws:sns:eu-west-1:111122223333:t",
        ),
        (
            json!({"Fn::GetAtt": ["Odd", "Arn"]}),
            "arn:aws:thing:eu-west-1:111122223333:part/p",
        ),
        (json!({"Fn::GetAtt": ["Odd", "Id"]}), "id"),
        (
            json!({"Ref": "Act"}),
            "arn:aws:states:eu-west-1:111122223333:activity:work",
        ),
    ] {
        assert_eq!(
            text(at(value.clone())),
            Ok(Some(expected.to_owned())),
            "{value}"
        );
    }
    let unknown = at(json!({"Fn::GetAtt": ["Fn", "Colour"]}));
    assert_eq!(
        unknown,
        Err(
            "here.Fn::GetAtt: Colour of Fn (AWS::Lambda::Function) is not known here: say \
             --resource Fn.Colour=VALUE"
                .to_owned()
        )
    );
}

#[test]
fn what_cannot_be_resolved_is_refused_with_its_place() {
    let sections = json!({
        "Parameters": {
            "Needed": {"Type": "String"},
            "Secret": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/a/b"},
            "Size": {"Type": "String", "Default": "xl", "AllowedValues": ["s", "m"]},
        },
        "Conditions": {"Round": {"Condition": "Round"}, "No": {"Fn::Equals": ["a", "b"]}},
        "Resources": {
            "A": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "B"}}},
            "B": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Ref": "A"}}},
            "Gone": {"Type": "AWS::SQS::Queue", "Condition": "No"},
        },
    });
    for (value, expected) in [
        (
            json!({"Ref": "Needed"}),
            "Parameters.Needed: has no value: say --parameter Needed=VALUE",
        ),
        (
            json!({"Ref": "Secret"}),
            "Parameters.Secret: has no value: say --parameter Secret=VALUE",
        ),
        (
            json!({"Ref": "Size"}),
            "Parameters.Size: 'xl' is none of [\"s\",\"m\"]",
        ),
        (
            json!([{"Ref": "Nobody"}]),
            "here[0].Ref: nothing named 'Nobody' is declared in Parameters or Resources",
        ),
        (json!({"Ref": "A"}), "circle"),
        (json!({"Fn::If": ["Round", 1, 2]}), "circle"),
        (
            json!({"Ref": "Gone"}),
            "here.Ref: 'Gone' is left out: its condition No does not hold",
        ),
        (
            json!({"Fn::Join": [",", 1]}),
            "here.Fn::Join[1]: must be a list",
        ),
        (
            json!({"Fn::Join": [","]}),
            "here.Fn::Join: takes a list of 2",
        ),
        (
            json!({"Fn::Select": [9, ["a"]]}),
            "here.Fn::Select[0]: 9 is no index of a list of 1",
        ),
        (
            json!({"Fn::Cidr": []}),
            "here.Fn::Cidr: Fn::Cidr is not supported by towpath import",
        ),
        (json!("{{resolve:ssm:a}}"), "dynamic reference"),
    ] {
        let why = resolve_in(sections.clone(), &[], &value).expect_err("it must be refused");
        assert!(why.contains(expected), "{value}: {why}");
    }
}

fn machine_of(properties: Value, kind: &str) -> Result<super::machine::Machine, String> {
    let sections = json!({"Resources": {"M": {"Type": kind, "Properties": properties}}});
    let template = Template::read(Path::new("t.json"), &sections.to_string());
    let template = template.map_err(|problem| problem.to_string())?;
    let (nothing, stack) = (BTreeMap::new(), stack());
    let parameters = Parameters::new(&template, &nothing).map_err(|it| it.to_string())?;
    let mut resolver = Resolver::new(&template, &stack, &parameters, &nothing);
    let resource = template.resource("M").expect("it was just declared");
    machine(&mut resolver, resource).map_err(|problem| problem.to_string())
}

const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"${x}","End":true}}}"#;

#[test]
fn a_state_machine_is_read_in_the_spelling_of_the_api() {
    let machine = machine_of(
        json!({
            "DefinitionString": PASS, "RoleArn": "arn:aws:iam::1:role/r",
            "DefinitionSubstitutions": {"x": 7, "unused": "y"},
            "Tags": [{"Key": "k", "Value": "v"}], "TracingConfiguration": {"Enabled": "true"},
            "LoggingConfiguration": {"Level": "ALL", "IncludeExecutionData": true, "Destinations": [
                {"CloudWatchLogsLogGroup": {"LogGroupArn": "arn:l"}}]},
        }),
        "AWS::StepFunctions::StateMachine",
    );
    let machine = machine.unwrap_or_else(|why| panic!("{why}"));
    assert_eq!(machine.definition, PASS.replace("${x}", "7"));
    assert_eq!(machine.kind, "STANDARD");
    assert_eq!(machine.tracing, json!({"enabled": true}));
    assert_eq!(
        machine.logging,
        json!({"level": "ALL", "includeExecutionData": true, "destinations": [
            {"cloudWatchLogsLogGroup": {"logGroupArn": "arn:l"}}]})
    );
    assert_eq!(
        machine.tags,
        Some(BTreeMap::from([("k".to_owned(), "v".to_owned())]))
    );
    assert!(machine.name.starts_with("shop-M-"), "{}", machine.name);
}

#[test]
fn what_is_wrong_with_a_state_machine_is_said_before_anything_is_done() {
    let role = "arn:aws:iam::1:role/r";
    let object: Value = serde_json::from_str(PASS).expect("it is JSON");
    for (properties, expected) in [
        (json!({"RoleArn": role}), "has no definition"),
        (
            json!({"RoleArn": role, "DefinitionString": PASS, "Definition": object}),
            "second definition",
        ),
        (
            json!({"DefinitionString": PASS}),
            "Properties.RoleArn: is required",
        ),
        (
            json!({"RoleArn": role, "DefinitionString": "{}"}),
            "DefinitionString: SCHEMA_VALIDATION_FAILED",
        ),
        (
            json!({"RoleArn": role, "DefinitionS3Location": {"Bucket": "b", "Key": "k"}}),
            "DefinitionS3Location names an object in S3",
        ),
        (
            json!({"RoleArn": role, "DefinitionString": PASS, "StateMachineType": "FAST"}),
            "neither STANDARD nor EXPRESS",
        ),
        (
            json!({"RoleArn": role, "DefinitionString": PASS, "Tags": [{"Key": "k"}]}),
            "Tags[0].Value: is required",
        ),
    ] {
        let read = machine_of(properties, "AWS::StepFunctions::StateMachine");
        let why = read.err().expect("it must be refused");
        assert!(
            why.starts_with("Resources.M.Properties") && why.contains(expected),
            "{why}"
        );
    }
}

#[test]
fn sam_needs_neither_role_nor_list() {
    let object: Value = serde_json::from_str(PASS).expect("it is JSON");
    let properties = json!({"Definition": object, "Tags": {"a": "b"}, "Policies": [{"x": 1}]});
    let machine = machine_of(properties, "AWS::Serverless::StateMachine");
    let machine = machine.unwrap_or_else(|why| panic!("{why}"));
    assert!(
        machine
            .role_arn
            .starts_with("arn:aws:iam::111122223333:role/shop-MRole-")
    );
    assert_eq!(
        machine.tags,
        Some(BTreeMap::from([("a".to_owned(), "b".to_owned())]))
    );
}

#[test]
fn each_comes_after_what_it_refers_to() {
    let kind = "AWS::StepFunctions::Activity";
    let sections = json!({"Resources": {
        "C": {"Type": kind, "Properties": {"Name": {"Fn::Sub": "x-${B.Name}"}}},
        "A": {"Type": kind},
        "B": {"Type": kind, "DependsOn": "A"},
    }});
    let template = Template::read(Path::new("t"), &sections.to_string()).expect("it is one");
    let all = template.resources().iter().collect();
    let ordered = order::of(&template, all).expect("no circle");
    let names: Vec<&str> = ordered.iter().map(|it| it.logical.as_str()).collect();
    assert_eq!(names, ["A", "B", "C"]);
}
