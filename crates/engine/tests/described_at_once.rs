//! Executions that are described on the way: those that are small and began lately. What is said of them
//! is the same: every description these tests ask for is compared with the one that takes its time.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use store::Store;
use support::Driver;

fn is_at_once(driver: &Driver, arn: &str) -> bool {
    let request = describe_execution::Request {
        execution_arn: arn.into(),
        metadata_only: false,
    };
    driver.is_read_at_once(&Request::DescribeExecution(request))
}

#[test]
fn what_began_lately_is_described_at_once_whatever_became_of_it() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let definition = format!(
        r#"{{"StartAt":"Work","States":{{"Work":{{"Type":"Task","Resource":"{activity}","End":true}}}}}}"#
    );
    let machine = driver.create_machine("m", &definition).unwrap();
    let stopped = driver.start(&machine, None, "{}").unwrap();
    driver.stop(&stopped).unwrap();
    let done = driver.start(&machine, Some("named"), "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    assert_eq!(driver.status(&done), Status::Running);
    assert!(is_at_once(&driver, &done));
    driver.succeed(&token, "1").unwrap();
    for (arn, status) in [(&stopped, Status::Aborted), (&done, Status::Succeeded)] {
        assert!(is_at_once(&driver, arn));
        assert_eq!(driver.status(arn), status);
        // Names are looked up as they are written.
        assert!(!is_at_once(&driver, &format!("{arn}x")));
        assert!(!is_at_once(&driver, &arn.replace(":m:", ":n:")));
    }
    driver.pass(60_001);
    for (arn, status) in [(&stopped, Status::Aborted), (&done, Status::Succeeded)] {
        assert!(!is_at_once(&driver, arn), "it may have left memory");
        assert_eq!(driver.status(arn), status);
    }
}

/// Of the items of a Map one waits, and the outputs of all others lie in parts.
#[test]
fn what_has_parts_takes_its_time() {
    let mut driver = Driver::new();
    let definition = r#"{"StartAt":"All","States":{"All":{"Type":"Map","End":true,
        "ItemProcessor":{"StartAt":"Which","States":{
            "Which":{"Type":"Choice","Default":"Done",
                "Choices":[{"Variable":"$","NumericEquals":1,"Next":"Wait"}]},
            "Wait":{"Type":"Wait","Seconds":9,"Next":"Done"},
            "Done":{"Type":"Pass","End":true}}}}}}"#;
    let machine = driver.create_machine("m", definition).unwrap();
    for (items, at_once) in [(3, true), (1_000, false)] {
        let name = items.to_string();
        let input = format!("[1{}]", ",0".repeat(items - 1));
        let arn = driver.start(&machine, Some(&name), &input).unwrap();
        let id = execution_named(&driver.store, "m", &name).unwrap().unwrap();
        let row = driver.store.execution(id).unwrap().unwrap();
        assert_eq!(row.parts.is_empty(), at_once, "{items} items");
        assert_eq!(is_at_once(&driver, &arn), at_once, "{items} items");
        assert_eq!(driver.status(&arn), Status::Running);
    }
}
