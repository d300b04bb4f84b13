//! Map runs, of which there are none yet.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::{ErrorName, Request, Response};
use support::Driver;

const MAP_RUN: &str = "arn:aws:states:us-east-1:000000000000:mapRun:m/label:id";

#[test]
fn an_execution_has_no_map_runs_and_what_is_not_there_has_none_either() {
    let mut driver = Driver::new();
    let pass = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}}"#;
    let machine = driver.create_machine("m", pass).unwrap();
    let arn = driver.start(&machine, Some("e"), "{}").unwrap();
    let list = |execution_arn: &str| {
        driver.read(Request::ListMapRuns(list_map_runs::Request {
            execution_arn: execution_arn.into(),
            limit: 10,
            after: None,
        }))
    };
    let Response::ListMapRuns(page) = list(&arn).unwrap() else {
        panic!("a list")
    };
    assert!(page.map_runs.is_empty() && page.next.is_none());
    let missing = list(&format!("{arn}-missing")).unwrap_err();
    assert_eq!(missing.name, ErrorName::ExecutionDoesNotExist);
}

#[test]
fn a_map_run_that_is_not_there_is_not_found_by_any_operation() {
    let mut driver = Driver::new();
    let describe = describe_map_run::Request {
        map_run_arn: MAP_RUN.into(),
    };
    let update = update_map_run::Request {
        map_run_arn: MAP_RUN.into(),
        max_concurrency: Some(3),
        tolerated_failure_percentage: None,
        tolerated_failure_count: None,
    };
    let list = list_executions::Request {
        state_machine_arn: None,
        map_run_arn: Some(MAP_RUN.into()),
        status: None,
        redriven: None,
        limit: 10,
        before: None,
    };
    for answer in [
        driver.read(Request::DescribeMapRun(describe)),
        driver.read(Request::ListExecutions(list)),
        driver.ask(Request::UpdateMapRun(update)),
    ] {
        let refused = answer.unwrap_err();
        assert_eq!(refused.name, ErrorName::ResourceNotFound);
        assert_eq!(refused.resource_name.as_deref(), Some(MAP_RUN));
    }
}
