//! Map runs: children that are executions of their own, each item done once, whatever happens between.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::shapes::{ExecutionListItem, MapRunDescription, MapRunListItem, MapRunStatus};
use engine::{ErrorName, Rejection, Request, Response, Ticket};
use interpreter::Status;
use support::{Driver, Items};

const MAP_RUN: &str =
    "arn:aws:states:us-east-1:000000000000:mapRun:m/label:00000000-0000-4000-8000-000000000000";

/// A Distributed Map whose children do `state`, and what else its state has.
fn map(fields: &str, execution_type: &str, states: &str) -> String {
    format!(
        r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","Label":"L",{fields}"ItemProcessor":{{
            "ProcessorConfig":{{"Mode":"DISTRIBUTED","ExecutionType":"{execution_type}"}},
            {states}}},"End":true}}}}}}"#
    )
}

const PASS: &str = r#""StartAt":"P","States":{"P":{"Type":"Pass","End":true}}"#;

fn work(activity: &str) -> String {
    format!(
        r#""StartAt":"T","States":{{"T":{{"Type":"Task","Resource":"{activity}","End":true}}}}"#
    )
}

impl Driver {
    fn map_runs(&self, execution: &str) -> Vec<MapRunListItem> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let request = list_map_runs::Request {
                execution_arn: execution.into(),
                limit: 1,
                after,
            };
            let Response::ListMapRuns(page) = self.read(Request::ListMapRuns(request)).unwrap()
            else {
                panic!("a list")
            };
            all.extend(page.map_runs);
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }

    fn map_run(&self, execution: &str) -> MapRunDescription {
        let arn = self.map_runs(execution).remove(0).map_run_arn;
        self.describe_map_run(&arn).unwrap()
    }

    fn describe_map_run(&self, arn: &str) -> Result<MapRunDescription, Rejection> {
        let request = describe_map_run::Request {
            map_run_arn: arn.into(),
        };
        match self.read(Request::DescribeMapRun(request))? {
            Response::DescribeMapRun(response) => Ok(response.description),
            other => panic!("{other:?}"),
        }
    }

    fn children(&self, map_run: &str, status: Option<Status>) -> Vec<ExecutionListItem> {
        let (mut all, mut before) = (Vec::new(), None);
        loop {
            let request = list_executions::Request {
                state_machine_arn: None,
                map_run_arn: Some(map_run.into()),
                status,
                redriven: None,
                limit: 2,
                before,
            };
            let Response::ListExecutions(page) =
                self.read(Request::ListExecutions(request)).unwrap()
            else {
                panic!("a list")
            };
            all.extend(page.executions);
            before = page.next;
            if before.is_none() {
                return all;
            }
        }
    }

    fn output(&self, execution: &str) -> String {
        let request = describe_execution::Request {
            execution_arn: execution.into(),
            metadata_only: false,
        };
        match self.read(Request::DescribeExecution(request)).unwrap() {
            Response::DescribeExecution(response) => {
                let it = response.description;
                match it.output {
                    Some(output) => output.text().to_string(),
                    None => format!("{:?} {:?}", it.error, it.cause),
                }
            }
            other => panic!("{other:?}"),
        }
    }

    fn update(&mut self, request: update_map_run::Request) -> Result<Response, Rejection> {
        self.ask(Request::UpdateMapRun(request))
    }

    fn redrive(&mut self, execution: &str) -> Result<Response, Rejection> {
        let request = redrive_execution::Request {
            execution_arn: execution.into(),
            client_token: None,
        };
        self.ask(Request::RedriveExecution(request))
    }

    /// All that can happen without anybody's help happens.
    fn settle(&mut self) {
        self.pass(0);
    }

    /// A worker takes every task there is; gives token and input of each.
    fn take_all(&mut self, activity: &str) -> Vec<(String, String)> {
        let mut taken = Vec::new();
        loop {
            self.settle();
            let poll = self.poll(activity, None);
            if !self.hand_outs.contains_key(&poll) {
                self.tell(engine::Message::PollClosed(poll));
                return taken;
            }
            taken.push(self.deliver(poll));
        }
    }
}

fn numbers(count: usize) -> String {
    let numbers: Vec<String> = (0..count).map(|number| number.to_string()).collect();
    format!("[{}]", numbers.join(","))
}

#[test]
fn every_item_gets_a_child_and_the_result_is_in_their_order() {
    for execution_type in ["STANDARD", "EXPRESS"] {
        let mut driver = Driver::new();
        let machine = driver
            .create_machine("m", &map("", execution_type, PASS))
            .unwrap();
        let input = numbers(150);
        let arn = driver.start(&machine, Some("e"), &input).unwrap();
        driver.settle();
        assert_eq!(driver.status(&arn), Status::Succeeded);
        assert_eq!(driver.output(&arn), input);
        assert_eq!(
            driver.history(&arn, 100, false),
            [
                "1<-0 ExecutionStarted",
                "2<-0 StateEntered",
                "3<-2 MapStateStarted",
                "4<-3 MapRunStarted",
                "5<-4 MapRunSucceeded",
                "6<-5 MapStateSucceeded",
                "7<-5 StateExited",
                "8<-7 ExecutionSucceeded",
            ]
        );
        let run = driver.map_run(&arn);
        assert_eq!(run.status, MapRunStatus::Succeeded);
        assert_eq!(
            (run.item_counts.succeeded, run.item_counts.total),
            (150, 150)
        );
        assert_eq!(run.execution_counts, run.item_counts);
        let children = driver.children(&run.map_run_arn, None);
        assert_eq!(children.len(), 150);
        let child = &children[0];
        assert!(child.state_machine_arn.ends_with(":stateMachine:m/L"));
        assert_eq!(child.item_count, Some(1));
        let words = driver.history(&child.execution_arn, 10, false);
        assert_eq!(words.len(), 4, "{words:?}");
        assert_eq!(driver.shard.gauges().executions_open, 0);
        assert_eq!(driver.shard.gauges().map_runs_open, 0);
        // The machine's own list has the execution, and not its children.
        let request = list_executions::Request {
            state_machine_arn: Some(machine),
            map_run_arn: None,
            status: None,
            redriven: None,
            limit: 100,
            before: None,
        };
        let Response::ListExecutions(page) = driver.read(Request::ListExecutions(request)).unwrap()
        else {
            panic!("a list")
        };
        assert_eq!(page.executions.len(), 1);
    }
}

#[test]
fn only_a_few_children_begin_in_one_commit() {
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map("", "EXPRESS", PASS))
        .unwrap();
    driver.start(&machine, None, &numbers(1_000)).unwrap();
    let before = driver.commits;
    driver.settle();
    // 128 in each, and the end.
    assert_eq!(driver.commits - before, 1_000_u64.div_ceil(128) + 1);
}

#[test]
fn an_item_selector_sees_the_item_and_the_input() {
    let selector = r#""ItemsPath":"$.items","ItemSelector":{"i.$":"$$.Map.Item.Index","v.$":"$$.Map.Item.Value",
        "s.$":"$$.Map.Item.Source","k.$":"$.k"},"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map(selector, "STANDARD", PASS))
        .unwrap();
    let arn = driver
        .start(&machine, None, r#"{"k":7,"items":["a","b"]}"#)
        .unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"[{"i":0,"v":"a","s":"STATE_DATA","k":7},{"i":1,"v":"b","s":"STATE_DATA","k":7}]"#
    );

    let selector = r#""ItemSelector":{"k.$":"$$.Map.Item.Key","v.$":"$$.Map.Item.Value"},"#;
    let machine = driver
        .create_machine("o", &map(selector, "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, r#"{"x":1,"y":[2]}"#).unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"[{"k":"x","v":1},{"k":"y","v":[2]}]"#
    );

    let machine = driver
        .create_machine("p", &map("", "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, r#"{"x":1}"#).unwrap();
    driver.settle();
    assert_eq!(driver.output(&arn), r#"[{"Key":"x","Value":1}]"#);
}

#[test]
fn an_item_selector_that_fails_fails_the_map_run() {
    let selector = r#""ItemSelector":{"v.$":"$$.Map.Item.Value.missing"},"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map(selector, "STANDARD", PASS))
        .unwrap();
    let arn = driver
        .start(&machine, None, r#"[{"missing":1},{}]"#)
        .unwrap();
    driver.settle();
    assert_eq!(driver.status(&arn), Status::Failed);
    assert!(
        driver.output(&arn).contains("States.Runtime"),
        "{}",
        driver.output(&arn)
    );
    assert_eq!(driver.map_run(&arn).status, MapRunStatus::Failed);
    assert_eq!(driver.shard.gauges().executions_open, 0);
}

#[test]
fn items_go_in_batches() {
    let batcher = r#""ItemBatcher":{"MaxItemsPerBatch":2,"BatchInput":{"k":1}},"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map(batcher, "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, "[1,2,3]").unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"[{"BatchInput":{"k":1},"Items":[1,2]},{"BatchInput":{"k":1},"Items":[3]}]"#
    );
    let run = driver.map_run(&arn);
    assert_eq!(
        (run.item_counts.succeeded, run.execution_counts.succeeded),
        (3, 2)
    );
    let counts = driver.children(&run.map_run_arn, None);
    let mut counts: Vec<_> = counts
        .iter()
        .map(|child| child.item_count.unwrap())
        .collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 2]);

    let batcher = r#""ItemBatcher":{"MaxInputBytesPerBatch":24},"#;
    let machine = driver
        .create_machine("b", &map(batcher, "STANDARD", PASS))
        .unwrap();
    let arn = driver
        .start(
            &machine,
            None,
            r#"["aaaa","bbbb","a very long one indeed"]"#,
        )
        .unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"[{"Items":["aaaa"]},{"Items":["bbbb"]},{"Items":["a very long one indeed"]}]"#
    );
}

fn reader(more: &str) -> String {
    format!(
        r#""ItemReader":{{"Resource":"arn:aws:states:::s3:getObject",
            "ReaderConfig":{{"InputType":"JSON"{more}}},"Parameters":{{"Bucket":"b","Key":"k"}}}},"#
    )
}

fn items(count: usize, at_a_time: usize) -> Items {
    Items {
        all: (0..count).map(|item| item.to_string()).collect(),
        at_a_time,
        ..Items::default()
    }
}

#[test]
fn items_are_read_as_they_are_needed() {
    for (fields, count, at_a_time, result) in [
        (reader(""), 0, 3, "[]".to_owned()),
        (reader(""), 7, 3, numbers(7)),
        (reader(r#","MaxItems":4"#), 7, 3, numbers(4)),
        (reader(r#","MaxItems":3"#), 7, 3, numbers(3)),
        (
            reader("") + r#""ItemBatcher":{"MaxItemsPerBatch":4},"#,
            7,
            3,
            r#"[{"Items":[0,1,2,3]},{"Items":[4,5,6]}]"#.to_owned(),
        ),
        (
            reader("") + r#""ItemSelector":{"s.$":"$$.Map.Item.Source"},"#,
            1,
            3,
            r#"[{"s":"S3://bucket/key"}]"#.to_owned(),
        ),
    ] {
        let mut driver = Driver::new();
        driver.items = items(count, at_a_time);
        let machine = driver
            .create_machine("m", &map(&fields, "STANDARD", PASS))
            .unwrap();
        let arn = driver.start(&machine, None, "{}").unwrap();
        driver.settle();
        assert_eq!(driver.output(&arn), result, "{fields}");
        let history = driver.history(&arn, 100, false);
        assert_eq!(history[3], "4<-3 MapRunStarted");
    }
}

#[test]
fn no_more_is_read_than_concurrency_needs() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("a");
    let fields = reader("") + r#""MaxConcurrency":2,"#;
    driver.items = items(5_000, 1_000);
    let machine = driver
        .create_machine("m", &map(&fields, "STANDARD", &work(&activity)))
        .unwrap();
    driver.start(&machine, None, "{}").unwrap();
    assert_eq!(driver.take_all(&activity).len(), 2);
    assert_eq!(driver.items.readings, 1);
}

#[test]
fn a_reader_that_fails_fails_the_map_run_when_its_children_have_ended() {
    let mut driver = Driver::new();
    driver.items = Items {
        fails_after: Some(3),
        ..items(9, 3)
    };
    let machine = driver
        .create_machine("m", &map(&reader(""), "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, "{}").unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"Some("States.ItemReaderFailed") Some("cannot read")"#
    );
    assert_eq!(driver.map_run(&arn).item_counts.succeeded, 3);

    // A redrive reads on where reading failed.
    driver.items.fails_after = None;
    driver.redrive(&arn).unwrap();
    driver.settle();
    assert_eq!(driver.output(&arn), numbers(9));
    let run = driver.map_run(&arn);
    assert_eq!((run.item_counts.total, run.redrive_count), (9, 1));
}

#[test]
fn the_number_of_items_to_be_read_must_be_positive() {
    let mut driver = Driver::new();
    driver.items = items(9, 3);
    let fields = reader(r#","MaxItemsPath":"$.n""#);
    let machine = driver
        .create_machine("m", &map(&fields, "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, r#"{"n":-1}"#).unwrap();
    driver.settle();
    let words = driver.history(&arn, 100, false);
    assert_eq!(
        words[4..],
        [
            "5<-4 MapRunFailed",
            "6<-5 MapStateFailed",
            "7<-6 ExecutionFailed"
        ]
    );
    assert_eq!(
        driver.output(&arn),
        r#"Some("States.ItemReaderFailed") Some("field MaxItems must be positive")"#
    );
    assert_eq!(driver.map_run(&arn).status, MapRunStatus::Failed);
}

#[test]
fn results_are_written_where_the_author_wants_them() {
    let writer = r#""ResultWriter":{"Resource":"arn:aws:states:::s3:putObject","Parameters":{"Bucket":"b"}},"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map(writer, "EXPRESS", PASS))
        .unwrap();
    let arn = driver.start(&machine, None, "[5,6]").unwrap();
    driver.settle();
    assert_eq!(driver.output(&arn), r#"{"written":true}"#);
    let (map_run, children) = driver.written.remove(0);
    assert_eq!(map_run, driver.map_run(&arn).map_run_arn);
    let outputs: Vec<_> = children
        .iter()
        .map(|child| {
            (
                child.index,
                child.output.as_ref().unwrap().text().to_string(),
            )
        })
        .collect();
    assert_eq!(outputs, [(0, "5".to_owned()), (1, "6".to_owned())]);
    assert!(children[0].execution_arn.contains(":express:m/L:"));
}

#[test]
fn results_are_transformed_and_may_be_too_large() {
    let mut driver = Driver::new();
    for (config, input, output) in [
        ("FLATTEN", "[[1,2],3,[]]", "[1,2,3]"),
        ("COMPACT", "[[1,2],3]", "[[1,2],3]"),
    ] {
        let writer =
            format!(r#""ResultWriter":{{"WriterConfig":{{"Transformation":"{config}"}}}},"#);
        let machine = driver
            .create_machine(config, &map(&writer, "STANDARD", PASS))
            .unwrap();
        let arn = driver.start(&machine, None, input).unwrap();
        driver.settle();
        assert_eq!(driver.output(&arn), output);
    }
    let grow = r#""StartAt":"P","States":{"P":{"Type":"Pass","Parameters":{"a.$":"States.Format('{}{}{}{}',$,$,$,$)"},"End":true}}"#;
    let machine = driver
        .create_machine("large", &map("", "STANDARD", grow))
        .unwrap();
    let item = "x".repeat(60_000);
    let input = format!(r#"["{item}","{item}"]"#);
    let arn = driver.start(&machine, None, &input).unwrap();
    driver.settle();
    assert!(
        driver.output(&arn).contains("States.DataLimitExceeded"),
        "{}",
        driver.output(&arn)
    );
    let words = driver.history(&arn, 100, false);
    assert_eq!(
        words[4..7],
        [
            "5<-4 MapRunSucceeded",
            "6<-5 MapStateSucceeded",
            "7<-5 MapStateFailed"
        ]
    );
}

#[test]
fn so_many_at_a_time_and_others_when_these_have_ended() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("a");
    let fields = r#""MaxConcurrency":2,"#;
    let machine = driver
        .create_machine("m", &map(fields, "STANDARD", &work(&activity)))
        .unwrap();
    let arn = driver.start(&machine, None, &numbers(5)).unwrap();
    let tasks = driver.take_all(&activity);
    assert_eq!(tasks.len(), 2);
    let run = driver.map_run(&arn);
    assert_eq!((run.item_counts.running, run.item_counts.pending), (2, 3));
    driver.succeed(&tasks[1].0, r#""b""#).unwrap();
    assert_eq!(driver.take_all(&activity).len(), 1);
    // Live, and only what is given.
    driver
        .update(update_map_run::Request {
            map_run_arn: run.map_run_arn.clone(),
            max_concurrency: Some(0),
            tolerated_failure_percentage: None,
            tolerated_failure_count: Some(3),
        })
        .unwrap();
    assert_eq!(driver.take_all(&activity).len(), 2);
    let run = driver.map_run(&arn);
    assert_eq!((run.max_concurrency, run.tolerated_failure_count), (0, 3));
    assert_eq!((run.item_counts.running, run.item_counts.pending), (4, 0));
}

#[test]
fn a_failure_too_many_aborts_the_others_and_fails_the_map_run() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("a");
    let fields = r#""ToleratedFailureCount":1,"#;
    let machine = driver
        .create_machine("m", &map(fields, "STANDARD", &work(&activity)))
        .unwrap();
    let arn = driver.start(&machine, None, &numbers(5)).unwrap();
    let tasks = driver.take_all(&activity);
    driver.succeed(&tasks[0].0, "0").unwrap();
    driver.fail(&tasks[1].0).unwrap();
    driver.settle();
    assert_eq!(driver.status(&arn), Status::Running);
    driver.fail(&tasks[2].0).unwrap();
    driver.settle();
    assert_eq!(
        driver.output(&arn),
        r#"Some("States.ExceedToleratedFailureThreshold") Some("The specified tolerated failure threshold was exceeded")"#
    );
    let run = driver.map_run(&arn);
    let counts = run.item_counts;
    assert_eq!(run.status, MapRunStatus::Failed);
    assert_eq!((counts.succeeded, counts.failed, counts.aborted), (1, 2, 2));
    assert_eq!(driver.shard.gauges().executions_open, 0);

    // The four that did not succeed go on; each task is a new one.
    driver.redrive(&arn).unwrap();
    driver.settle();
    let run = driver.map_run(&arn);
    assert_eq!((run.item_counts.succeeded, run.item_counts.running), (1, 4));
    assert_eq!(run.item_counts.pending_redrive, Some(0));
    let mut tasks = driver.take_all(&activity);
    tasks.sort_by(|a, b| a.1.cmp(&b.1));
    assert_eq!(tasks.len(), 4);
    for (token, input) in tasks {
        driver.succeed(&token, &input).unwrap();
    }
    driver.settle();
    assert_eq!(driver.output(&arn), numbers(5));
    let words = driver.history(&arn, 100, false);
    assert!(
        words.iter().any(|word| word.ends_with("MapRunRedriven")),
        "{words:?}"
    );
    assert_eq!(driver.map_run(&arn).item_counts.total, 5);
}

#[test]
fn what_fails_within_the_tolerance_is_left_out_of_the_result() {
    let choice = r#""StartAt":"C","States":{
        "C":{"Type":"Choice","Choices":[{"Variable":"$","NumericEquals":1,"Next":"F"}],"Default":"P"},
        "P":{"Type":"Pass","End":true},"F":{"Type":"Fail","Error":"E","Cause":"why"}}"#;
    let mut driver = Driver::new();
    let fields = r#""ToleratedFailurePercentage":50,"#;
    let machine = driver
        .create_machine("m", &map(fields, "EXPRESS", choice))
        .unwrap();
    let arn = driver.start(&machine, None, "[0,1,2]").unwrap();
    driver.settle();
    assert_eq!(driver.output(&arn), "[0,2]");
    let run = driver.map_run(&arn).map_run_arn;
    let failed = driver.children(&run, Some(Status::Failed));
    assert_eq!(
        driver.output(&failed[0].execution_arn),
        r#"Some("E") Some("why")"#
    );
}

#[test]
fn express_children_are_begun_anew_by_a_redrive() {
    let mut driver = Driver::new();
    driver.items = items(3, 3);
    let fails = r#""StartAt":"W","States":{
        "W":{"Type":"Wait","Seconds":301,"Next":"P"},"P":{"Type":"Pass","End":true}}"#;
    let machine = driver
        .create_machine("m", &map("", "EXPRESS", fails))
        .unwrap();
    let arn = driver.start(&machine, None, "[7]").unwrap();
    driver.settle();
    driver.pass(300_001);
    driver.settle();
    assert_eq!(
        driver.map_run(&arn).item_counts.timed_out,
        1,
        "{:?}",
        driver.map_run(&arn)
    );
    let run = driver.map_run(&arn).map_run_arn;
    let before = driver.children(&run, None);
    driver.redrive(&arn).unwrap();
    driver.settle();
    let after = driver.children(&run, None);
    assert_eq!(after.len(), 1);
    assert_ne!(before[0].execution_arn, after[0].execution_arn);
    assert_eq!(driver.map_run(&arn).item_counts.running, 1);
    assert_eq!(driver.map_run(&arn).item_counts.total, 1);
}

#[test]
fn stopping_the_execution_aborts_the_children_and_then_the_map_run() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("a");
    let machine = driver
        .create_machine("m", &map("", "STANDARD", &work(&activity)))
        .unwrap();
    let arn = driver.start(&machine, None, &numbers(200)).unwrap();
    driver.settle();
    driver.stop(&arn).unwrap();
    assert_eq!(
        driver.redrive(&arn).unwrap_err().name,
        ErrorName::ExecutionNotRedrivable,
        "not before its children are aborted"
    );
    driver.settle();
    let run = driver.map_run(&arn);
    assert_eq!(run.status, MapRunStatus::Aborted);
    assert_eq!(run.item_counts.aborted, 200);
    assert!(run.stop_ms.is_some());
    assert_eq!(driver.shard.gauges().executions_open, 0);
    assert_eq!(driver.shard.gauges().tasks_queued, 0);
    driver.redrive(&arn).unwrap();
    assert_eq!(driver.take_all(&activity).len(), 200);
}

#[test]
fn a_child_is_stopped_described_and_never_redriven_alone() {
    let mut driver = Driver::new();
    let activity = driver.create_activity("a");
    let fields = r#""ToleratedFailureCount":9,"#;
    let machine = driver
        .create_machine("m", &map(fields, "STANDARD", &work(&activity)))
        .unwrap();
    let arn = driver.start(&machine, None, "[1,2]").unwrap();
    driver.settle();
    let run = driver.map_run(&arn).map_run_arn;
    let child = driver.children(&run, None).remove(0).execution_arn;
    driver.stop(&child).unwrap();
    assert_eq!(driver.status(&child), Status::Aborted);
    assert_eq!(driver.map_run(&arn).item_counts.aborted, 1);
    let request = describe_execution::Request {
        execution_arn: child.clone(),
        metadata_only: false,
    };
    let Response::DescribeExecution(described) =
        driver.read(Request::DescribeExecution(request)).unwrap()
    else {
        panic!("a description")
    };
    assert_eq!(described.description.map_run_arn.as_deref(), Some(&*run));
    assert_eq!(
        described.description.redrive_status.0,
        "REDRIVABLE_BY_MAP_RUN"
    );
    assert_eq!(
        driver.redrive(&child).unwrap_err().name,
        ErrorName::ExecutionNotRedrivable
    );
    let wrong = child.replace(":m/L:", ":m/X:");
    assert_eq!(
        driver.stop(&wrong).unwrap_err().name,
        ErrorName::ExecutionDoesNotExist
    );
}

/// A crash after every commit there is: each item is done once, and the counts say so.
#[test]
fn a_map_run_goes_on_after_a_crash_at_every_commit() {
    for (fields, read) in [(String::new(), 0), (reader(""), 3), (reader(""), 100)] {
        let mut crashes = 0;
        loop {
            let mut driver = Driver::new();
            let activity = driver.create_activity("a");
            let fields = fields.clone() + r#""MaxConcurrency":3,"#;
            driver.items = items(10, read);
            let definition = map(&fields, "STANDARD", &work(&activity));
            let machine = driver.create_machine("m", &definition).unwrap();
            driver.items.at_a_time = read;
            let arn = driver.start(&machine, Some("e"), &numbers(10)).unwrap();
            let mut done = Vec::new();
            let mut left = crashes;
            while driver.status(&arn) == Status::Running {
                driver.settle();
                let poll = driver.poll(&activity, None);
                if driver.hand_outs.contains_key(&poll) {
                    let (token, input) = driver.deliver(poll);
                    driver.succeed(&token, &input).unwrap();
                    done.push(input);
                } else {
                    driver.tell(engine::Message::PollClosed(poll));
                }
                if left > 0 && done.len() == left {
                    left = 0;
                    driver = driver.crash();
                }
            }
            assert_eq!(driver.output(&arn), numbers(10), "{crashes}");
            let run = driver.map_run(&arn);
            assert_eq!((run.item_counts.succeeded, run.item_counts.total), (10, 10));
            done.sort_by_key(|item| item.parse::<u32>().unwrap());
            assert_eq!(format!("[{}]", done.join(",")), numbers(10), "{crashes}");
            crashes += 1;
            if crashes > 10 {
                break;
            }
        }
    }
}

#[test]
fn a_map_run_that_is_over_cannot_be_updated_and_one_that_is_not_there_is_not_found() {
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map("", "STANDARD", PASS))
        .unwrap();
    let arn = driver.start(&machine, Some("e"), "[1]").unwrap();
    driver.settle();
    let run = driver.map_run(&arn).map_run_arn;
    let update = |map_run_arn: &str| update_map_run::Request {
        map_run_arn: map_run_arn.into(),
        max_concurrency: Some(3),
        tolerated_failure_percentage: None,
        tolerated_failure_count: None,
    };
    let refused = driver.update(update(&run)).unwrap_err();
    assert_eq!(refused.name, ErrorName::ValidationException);
    assert_eq!(refused.reason, Some("CANNOT_UPDATE_COMPLETED_MAP_RUN"));
    let list = list_executions::Request {
        state_machine_arn: None,
        map_run_arn: Some(MAP_RUN.into()),
        status: None,
        redriven: None,
        limit: 10,
        before: None,
    };
    for answer in [
        driver.describe_map_run(MAP_RUN).map(drop),
        driver.read(Request::ListExecutions(list)).map(drop),
        driver.update(update(MAP_RUN)).map(drop),
    ] {
        let refused = answer.unwrap_err();
        assert_eq!(refused.name, ErrorName::ResourceNotFound);
        assert_eq!(refused.resource_name.as_deref(), Some(MAP_RUN));
    }
    let _: Ticket = driver.poll(MAP_RUN, None);
}

#[test]
fn a_retried_map_state_has_a_map_run_for_each_attempt() {
    let fields = r#""Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":1}],"#;
    let fail = r#""StartAt":"F","States":{"F":{"Type":"Fail","Error":"E"}}"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map(fields, "STANDARD", fail))
        .unwrap();
    let arn = driver.start(&machine, None, "[1,2]").unwrap();
    driver.settle();
    driver.pass(1_001);
    driver.settle();
    let runs = driver.map_runs(&arn);
    assert_eq!(runs.len(), 2, "{:?}", driver.history(&arn, 100, false));
    assert!(runs[0].start_ms > runs[1].start_ms, "the newest first");
    assert_eq!(driver.status(&arn), Status::Failed);
}

#[test]
fn a_map_run_within_a_map_run() {
    let inner = r#""StartAt":"N","States":{"N":{"Type":"Map","Label":"N","ItemProcessor":{
        "ProcessorConfig":{"Mode":"DISTRIBUTED","ExecutionType":"EXPRESS"},
        "StartAt":"P","States":{"P":{"Type":"Pass","End":true}}},"End":true}}"#;
    let mut driver = Driver::new();
    let machine = driver
        .create_machine("m", &map("", "STANDARD", inner))
        .unwrap();
    let arn = driver.start(&machine, None, "[[1,2],[3]]").unwrap();
    driver.settle();
    assert_eq!(driver.output(&arn), "[[1,2],[3]]");
    let run = driver.map_run(&arn).map_run_arn;
    let child = driver.children(&run, None).remove(0).execution_arn;
    let nested = driver.map_runs(&child).remove(0);
    assert!(nested.map_run_arn.contains(":mapRun:m/N:"));
    assert_eq!(nested.execution_arn, child);
}
