//! Versions and aliases: what is published stays, aliases lead where they say, and lists page.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::sync::Arc;

use engine::operations::*;
use engine::shapes::Routing;
use engine::{ErrorName, Rejection, Request, Response};
use support::Driver;

fn pass(result: u32) -> String {
    format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Result":{result},"End":true}}}}}}"#)
}

fn update(driver: &mut Driver, machine: &str, result: u32, publish: bool) -> Option<String> {
    let text = pass(result);
    let parsed = asl::parse(&text, asl::MachineType::Standard)
        .machine
        .unwrap();
    let parsed = Arc::new(parsed);
    let request = update_state_machine::Request {
        state_machine_arn: machine.into(),
        definition: Some(update_state_machine::NewDefinition {
            text: text.into(),
            express: Ok(Arc::clone(&parsed)),
            standard: parsed,
        }),
        role_arn: None,
        logging: None,
        tracing: None,
        publish,
        version_description: None,
        encryption: None,
    };
    match driver.ask(Request::UpdateStateMachine(request)).unwrap() {
        Response::UpdateStateMachine(response) => response.state_machine_version_arn,
        other => panic!("{other:?}"),
    }
}

fn publish(
    driver: &mut Driver,
    machine: &str,
    revision_id: Option<&str>,
) -> Result<String, Rejection> {
    let request = publish_state_machine_version::Request {
        state_machine_arn: machine.into(),
        revision_id: revision_id.map(Into::into),
        description: Some("d".into()),
    };
    match driver.ask(Request::PublishStateMachineVersion(request))? {
        Response::PublishStateMachineVersion(response) => Ok(response.state_machine_version_arn),
        other => panic!("{other:?}"),
    }
}

fn delete_version(driver: &mut Driver, arn: &str) -> Result<Response, Rejection> {
    let request = delete_state_machine_version::Request {
        state_machine_version_arn: arn.into(),
    };
    driver.ask(Request::DeleteStateMachineVersion(request))
}

fn routing(routes: &[(&str, u32)]) -> Vec<Routing> {
    let route = |(arn, weight): &(&str, u32)| Routing {
        state_machine_version_arn: (*arn).into(),
        weight: *weight,
    };
    routes.iter().map(route).collect()
}

fn alias(driver: &mut Driver, name: &str, routes: &[(&str, u32)]) -> Result<String, Rejection> {
    let request = create_state_machine_alias::Request {
        name: name.into(),
        description: None,
        routing: routing(routes),
    };
    match driver.ask(Request::CreateStateMachineAlias(request))? {
        Response::CreateStateMachineAlias(response) => Ok(response.state_machine_alias_arn),
        other => panic!("{other:?}"),
    }
}

fn versions(driver: &Driver, machine: &str, limit: usize) -> Vec<String> {
    let (mut arns, mut after) = (Vec::new(), None);
    loop {
        let request = list_state_machine_versions::Request {
            state_machine_arn: machine.into(),
            limit,
            after,
        };
        match driver
            .read(Request::ListStateMachineVersions(request))
            .unwrap()
        {
            Response::ListStateMachineVersions(page) => {
                assert!(page.versions.len() <= limit);
                let shown = page.versions.into_iter();
                arns.extend(shown.map(|item| item.state_machine_version_arn));
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return arns;
        }
    }
}

fn aliases(driver: &Driver, arn: &str, limit: usize) -> Result<Vec<String>, Rejection> {
    let (mut arns, mut after) = (Vec::new(), None);
    loop {
        let request = list_state_machine_aliases::Request {
            state_machine_arn: arn.into(),
            limit,
            after,
        };
        match driver.read(Request::ListStateMachineAliases(request))? {
            Response::ListStateMachineAliases(page) => {
                assert!(page.aliases.len() <= limit);
                let shown = page.aliases.into_iter();
                arns.extend(shown.map(|item| item.state_machine_alias_arn));
                after = page.next;
            }
            other => panic!("{other:?}"),
        }
        if after.is_none() {
            return Ok(arns);
        }
    }
}

fn executions(driver: &Driver, arn: &str, limit: usize) -> Result<Vec<String>, Rejection> {
    let (mut names, mut before) = (Vec::new(), None);
    loop {
        let request = list_executions::Request {
            state_machine_arn: Some(arn.into()),
            map_run_arn: None,
            status: None,
            redriven: None,
            limit,
            before,
        };
        match driver.read(Request::ListExecutions(request))? {
            Response::ListExecutions(page) => {
                assert!(page.executions.len() <= limit);
                names.extend(page.executions.into_iter().map(|item| item.name));
                before = page.next;
            }
            other => panic!("{other:?}"),
        }
        if before.is_none() {
            return Ok(names);
        }
    }
}

/// The output of an execution, and the version and alias it was started with.
fn outcome(driver: &Driver, arn: &str) -> (String, Option<String>, Option<String>) {
    let request = describe_execution::Request {
        execution_arn: arn.into(),
        metadata_only: false,
    };
    match driver.read(Request::DescribeExecution(request)).unwrap() {
        Response::DescribeExecution(response) => {
            let it = response.description;
            let output = it.output.unwrap().text().to_string();
            (
                output,
                it.state_machine_version_arn,
                it.state_machine_alias_arn,
            )
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_version_stays_what_it_was() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, Some("INITIAL")).unwrap();
    assert_eq!(one, format!("{machine}:1"));
    assert_eq!(publish(&mut driver, &machine, None).unwrap(), one, "once");
    let two = update(&mut driver, &machine, 2, true).unwrap();
    assert_eq!(two, format!("{machine}:2"));
    let stale = publish(&mut driver, &machine, Some("INITIAL")).unwrap_err();
    assert_eq!(stale.name, ErrorName::ConflictException);
    update(&mut driver, &machine, 3, false);

    let mut driver = driver.crash();
    assert_eq!(versions(&driver, &machine, 1), [two.clone(), one.clone()]);
    for (arn, output, version) in [
        (&one, "1", Some(&one)),
        (&two, "2", Some(&two)),
        (&machine, "3", None),
    ] {
        let execution = driver.start(arn, None, "{}").unwrap();
        let expected = (output.to_owned(), version.cloned(), None);
        assert_eq!(outcome(&driver, &execution), expected);
    }
    let request = describe_state_machine::Request {
        state_machine_arn: one.clone(),
        metadata_only: false,
    };
    let described = driver.read(Request::DescribeStateMachine(request)).unwrap();
    let Response::DescribeStateMachine(described) = described else {
        panic!("{described:?}")
    };
    let it = described.description;
    assert_eq!(it.state_machine_arn, one);
    assert_eq!(it.definition.as_deref(), Some(&*pass(1)));
    assert_eq!(
        (it.description.as_deref(), it.revision_id),
        (Some("d"), None)
    );
}

#[test]
fn numbers_of_versions_never_come_back() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, None).unwrap();
    delete_version(&mut driver, &one).unwrap();
    delete_version(&mut driver, &one).expect("deleting what is gone is no error");
    let mut driver = driver.crash();
    let next = publish(&mut driver, &machine, None).unwrap();
    assert_eq!(next, format!("{machine}:2"));
    let gone = driver.start(&one, None, "{}").unwrap_err();
    assert_eq!(gone.name, ErrorName::StateMachineDoesNotExist);
}

#[test]
fn an_update_that_changes_nothing_makes_no_revision() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let commits = driver.commits;
    assert_eq!(update(&mut driver, &machine, 1, false), None);
    assert_eq!(driver.commits, commits);
    assert_eq!(
        update(&mut driver, &machine, 1, true),
        Some(format!("{machine}:1"))
    );
    assert_eq!(
        publish(&mut driver, &machine, Some("INITIAL")).unwrap(),
        format!("{machine}:1")
    );
}

#[test]
fn an_alias_leads_where_its_weights_say() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, None).unwrap();
    let two = update(&mut driver, &machine, 2, true).unwrap();
    let live = alias(&mut driver, "live", &[(&one, 20), (&two, 80)]).unwrap();
    let never = alias(&mut driver, "never", &[(&two, 0), (&one, 100)]).unwrap();
    // Definitions are not in memory after a crash: what was drawn holds until they are.
    let mut driver = driver.crash();
    let mut drawn = [0, 0];
    for _ in 0..1_000 {
        let execution = driver.start(&live, None, "{}").unwrap();
        let (output, version, by) = outcome(&driver, &execution);
        assert_eq!(by.as_ref(), Some(&live));
        let at = usize::from(output == "2");
        assert_eq!(version.as_ref(), Some([&one, &two][at]));
        drawn[at] += 1;
    }
    assert!((150..=250).contains(&drawn[0]), "{drawn:?}");
    for _ in 0..100 {
        let execution = driver.start(&never, None, "{}").unwrap();
        assert_eq!(outcome(&driver, &execution).0, "1");
    }
    assert_eq!(executions(&driver, &live, 7).unwrap().len(), 1_000);
    assert_eq!(executions(&driver, &one, 7).unwrap().len(), drawn[0] + 100);
    assert_eq!(executions(&driver, &machine, 100).unwrap().len(), 1_100);
    let unknown = executions(&driver, &format!("{machine}:none"), 7).unwrap_err();
    assert_eq!(unknown.name, ErrorName::StateMachineDoesNotExist);
}

#[test]
fn a_version_that_an_alias_leads_to_stays() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, None).unwrap();
    let two = update(&mut driver, &machine, 2, true).unwrap();
    let arns: Vec<String> = ["b", "a", "c"]
        .map(|name| {
            driver.pass(1);
            alias(&mut driver, name, &[(&one, 100)]).unwrap()
        })
        .into();
    assert_eq!(aliases(&driver, &machine, 2).unwrap(), arns, "oldest first");
    let refused = delete_version(&mut driver, &one).unwrap_err();
    assert_eq!(refused.name, ErrorName::ConflictException);
    assert!(
        refused.message.ends_with("[a, b, c]"),
        "{}",
        refused.message
    );
    for arn in &arns {
        let request = update_state_machine_alias::Request {
            state_machine_alias_arn: arn.clone(),
            description: None,
            routing: Some(routing(&[(&two, 100)])),
        };
        driver
            .ask(Request::UpdateStateMachineAlias(request))
            .unwrap();
    }
    assert_eq!(aliases(&driver, &one, 10).unwrap(), [""; 0]);
    assert_eq!(aliases(&driver, &two, 1).unwrap(), arns);
    delete_version(&mut driver, &one).unwrap();
    let mut driver = driver.crash();
    let again = alias(&mut driver, "b", &[(&two, 100)]).unwrap();
    assert_eq!(again, arns[0], "the same alias is the same");
    let other = alias(&mut driver, "b", &[(&one, 100)]).unwrap_err();
    assert_eq!(other.name, ErrorName::ResourceNotFound, "no such version");
}

#[test]
fn with_a_machine_go_its_versions_and_aliases() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, None).unwrap();
    alias(&mut driver, "live", &[(&one, 100)]).unwrap();
    let request = delete_state_machine::Request {
        state_machine_arn: machine.clone(),
    };
    driver.ask(Request::DeleteStateMachine(request)).unwrap();
    let mut driver = driver.crash();
    assert_eq!(versions(&driver, &machine, 10), [""; 0]);
    driver.create_machine("m", &pass(2)).unwrap();
    assert_eq!(aliases(&driver, &machine, 10).unwrap(), [""; 0]);
    let first = publish(&mut driver, &machine, None).unwrap();
    assert_eq!(first, one, "another machine of the name counts anew");
    let execution = driver.start(&one, None, "{}").unwrap();
    assert_eq!(outcome(&driver, &execution).0, "2");
    assert_eq!(executions(&driver, &one, 10).unwrap().len(), 1);
}

#[test]
fn routes_that_lead_nowhere_are_refused() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(1)).unwrap();
    let other = driver.create_machine("other", &pass(1)).unwrap();
    let one = publish(&mut driver, &machine, None).unwrap();
    let two = update(&mut driver, &machine, 2, true).unwrap();
    let theirs = publish(&mut driver, &other, None).unwrap();
    let cases = [
        (
            vec![(&*machine, 100)],
            format!(
                "Routing configuration must contain state machine version ARNs. Received: [{machine}]"
            ),
        ),
        (
            vec![(&*one, 50), (&*one, 50)],
            format!(
                "Routing configuration must contain distinct state machine version ARNs. Received: [{one}, {one}]"
            ),
        ),
        (
            vec![(&*one, 70), (&*two, 29)],
            "Sum of routing configuration weights must equal 100. Received: [70, 29]".to_owned(),
        ),
        (
            vec![(&*one, 50), (&*theirs, 50)],
            format!(
                "Routing configuration must contain versions of one state machine. Received: [{one}, {theirs}]"
            ),
        ),
    ];
    for (routes, message) in cases {
        let refused = alias(&mut driver, "a", &routes).unwrap_err();
        assert_eq!(refused.name, ErrorName::ValidationException);
        assert_eq!(refused.message, message);
    }
    let missing = format!("{machine}:9");
    let refused = alias(&mut driver, "a", &[(&missing, 100)]).unwrap_err();
    assert_eq!(refused.name, ErrorName::ResourceNotFound);
}

#[test]
fn there_are_at_most_so_many() {
    let mut driver = Driver::new();
    let machine = driver.create_machine("m", &pass(0)).unwrap();
    for at in 1..=1_000 {
        update(&mut driver, &machine, at, true);
    }
    update(&mut driver, &machine, 1_001, false);
    let refused = publish(&mut driver, &machine, None).unwrap_err();
    assert_eq!(refused.name, ErrorName::ServiceQuotaExceededException);
    let one = format!("{machine}:1");
    for at in 0..100 {
        alias(&mut driver, &format!("a{at}"), &[(&one, 100)]).unwrap();
    }
    let refused = alias(&mut driver, "b", &[(&one, 100)]).unwrap_err();
    assert_eq!(refused.name, ErrorName::ServiceQuotaExceededException);
    alias(&mut driver, "a7", &[(&one, 100)]).expect("what is there is no more than there is");
    assert_eq!(versions(&driver, &machine, 300).len(), 1_000);
}
