//! EXPRESS executions at the engine's door.
#![allow(clippy::unwrap_used)]

mod support;

use engine::operations::*;
use engine::*;
use interpreter::Status;
use store::Store;
use support::{Driver, ROLE, options, owner};

const PASS: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Result":{"a":1},"End":true}}}"#;
const WAIT: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":2,"End":true}}}"#;
const LONG: &str = r#"{"StartAt":"A","TimeoutSeconds":900,"States":{"A":{"Type":"Wait","Seconds":600,"End":true}}}"#;
const FAIL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Fail","Error":"E","Cause":"c"}}}"#;
const CALL: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::aws-sdk:sfn:listActivities","End":true}}}"#;
const LOOP: &str = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Choice","Choices":[{"Variable":"$.over","IsPresent":true,"Next":"C"}],"Default":"A"},"C":{"Type":"Succeed"}}}"#;

const DAY_MS: i64 = 86_400_000;

/// A driver over a store that keeps EXPRESS executions for a day.
fn keeping() -> Driver {
    let now = Driver::new().now;
    let options = ShardOptions {
        express_retention_ms: DAY_MS,
        ..options()
    };
    Driver::with(options, store::MemoryStore::new(), now)
}

fn sync(machine: &str, name: Option<&str>, input: &str, metadata_only: bool) -> Request {
    Request::StartSyncExecution(start_sync_execution::Request {
        start: start_execution::Request {
            state_machine_arn: machine.into(),
            name: name.map(Into::into),
            input: input.into(),
            trace_header: Some("Root=1".into()),
        },
        metadata_only,
    })
}

fn done(answer: Result<Response, Rejection>) -> start_sync_execution::Response {
    match answer.unwrap() {
        Response::StartSyncExecution(response) => response,
        other => panic!("{other:?}"),
    }
}

fn describe(driver: &Driver, arn: &str) -> Result<Response, Rejection> {
    driver.read(Request::DescribeExecution(describe_execution::Request {
        execution_arn: arn.into(),
        metadata_only: false,
    }))
}

fn list(driver: &Driver, machine: &str) -> Result<Vec<(String, Status)>, Rejection> {
    let request = list_executions::Request {
        state_machine_arn: Some(machine.into()),
        map_run_arn: None,
        status: None,
        redriven: None,
        limit: 100,
        before: None,
    };
    match driver.read(Request::ListExecutions(request))? {
        Response::ListExecutions(page) => Ok(page
            .executions
            .into_iter()
            .map(|item| (item.execution_arn, item.status))
            .collect()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_synchronous_execution_is_answered_at_its_end_and_writes_nothing() {
    let mut driver = Driver::new();
    let machine = driver.create_express("m", PASS);
    let commits = driver.commits;
    let response = done(driver.ask(sync(&machine, Some("n"), "{\"x\": 1}", false)));
    assert_eq!(driver.commits, commits, "nothing is written");
    let prefix = "arn:aws:states:us-east-1:000000000000:express:m:n:";
    assert!(response.execution_arn.starts_with(prefix), "{response:?}");
    assert_eq!(response.execution_arn.len(), prefix.len() + 36);
    assert_eq!(response.state_machine_arn, machine);
    assert_eq!(response.status, Status::Succeeded);
    assert_eq!(&**response.input.unwrap().text(), "{\"x\": 1}");
    assert_eq!(&**response.output.unwrap().text(), "{\"a\":1}");
    assert_eq!(response.trace_header.as_deref(), Some("Root=1"));
    assert_eq!((response.billed_ms, response.billed_memory_mb), (100, 64));
    assert_eq!(driver.shard.gauges().executions_open, 0);
    assert_eq!(driver.shard.gauges().executions_cached, 0);

    let again = done(driver.ask(sync(&machine, Some("n"), "{}", true)));
    assert_eq!((again.name.as_str(), again.input.is_none()), ("n", true));
    assert!(again.output.is_none(), "data was not asked for");
}

#[test]
fn waits_and_failures_of_a_synchronous_execution() {
    let mut driver = Driver::new();
    let waits = driver.create_express("w", WAIT);
    let ticket = driver.send(sync(&waits, None, "{}", false));
    // More executions than are cached do not push it out.
    for _ in 0..5 {
        driver.send(sync(&waits, None, "{}", false));
    }
    assert!(driver.answers.is_empty());
    driver.pass(2_001);
    let response = done(driver.answers.remove(&ticket).unwrap());
    assert_eq!(response.stop_ms - response.start_ms, 2_001);
    assert_eq!(response.billed_ms, 2_100);
    assert_eq!(driver.answers.len(), 5);
    assert_eq!(driver.shard.gauges().timers, 0);

    let fails = driver.create_express("f", FAIL);
    let response = done(driver.ask(sync(&fails, None, "{}", false)));
    assert_eq!(response.status, Status::Failed);
    assert_eq!(response.error.as_deref(), Some("E"));
    assert_eq!(response.cause.as_deref(), Some("c"));
}

#[test]
fn no_express_execution_takes_more_than_five_minutes() {
    for (definition, what) in [(LONG, "a wait"), (LOOP, "a loop")] {
        let mut driver = Driver::new();
        let machine = driver.create_express("m", definition);
        let ticket = driver.send(sync(&machine, None, "{}", false));
        driver.now.steady_ms += 299_999;
        driver.now.wall_ms += 299_999;
        // A loop goes on with each tick, and never comes to rest.
        driver.tell(Message::Tick);
        assert!(driver.answers.is_empty(), "{what} may take five minutes");
        driver.now.steady_ms += 2;
        driver.now.wall_ms += 2;
        driver.tell(Message::Tick);
        let response = done(driver.answers.remove(&ticket).unwrap());
        assert_eq!(response.status, Status::TimedOut, "{what}");
        assert_eq!(response.error.as_deref(), Some("States.Timeout"));
    }
}

#[test]
fn a_synchronous_execution_calls_without_a_commit() {
    let mut driver = Driver::new();
    let machine = driver.create_express("m", CALL);
    let commits = driver.commits;
    let mut out = Vec::new();
    let message = Message::Request {
        ticket: Ticket(900),
        request: sync(&machine, None, "{}", false),
        lookup: None,
    };
    driver.shard.handle(message, driver.now, &mut out);
    let [
        Output::Call {
            after,
            execution,
            task,
            ..
        },
    ] = &out[..]
    else {
        panic!("{out:?}");
    };
    assert!(*after <= commits, "it waits for the machine at most");
    driver.tell(Message::CallDone {
        execution: *execution,
        task: *task,
        result: Ok(interpreter::Document::from_text("{\"r\":1}")),
    });
    let response = done(driver.answers.remove(&Ticket(900)).unwrap());
    assert_eq!(&**response.output.unwrap().text(), "{\"r\":1}");
    assert_eq!(driver.commits, commits);
}

#[test]
fn after_a_crash_a_synchronous_execution_never_happened() {
    let mut driver = keeping();
    let machine = driver.create_express("m", WAIT);
    driver.send(sync(&machine, None, "{}", false));
    assert_eq!(list(&driver, &machine).unwrap(), []);
    let mut driver = driver.crash();
    driver.pass(10_000);
    assert_eq!(list(&driver, &machine).unwrap(), []);
    assert_eq!(driver.shard.gauges().timers, 0);
}

#[test]
fn an_asynchronous_execution_goes_on_after_a_crash_and_leaves_nothing() {
    let mut driver = Driver::new();
    let machine = driver.create_express("m", WAIT);
    let first = driver.start(&machine, Some("n"), "{}").unwrap();
    let second = driver.start(&machine, Some("n"), "{}").unwrap();
    assert!(first.contains(":express:m:n:"), "{first}");
    assert_ne!(first, second, "a name may repeat, and is never joined");
    let mut driver = driver.crash();
    assert_eq!(driver.shard.gauges().executions_open, 2);
    let before = driver.commits;
    driver.pass(2_100);
    assert_eq!(driver.shard.gauges().executions_open, 0);
    assert_eq!(driver.commits - before, 2);
    let mut rows = 0;
    driver.store.timers(&mut |_| rows += 1).unwrap();
    assert_eq!(rows, 0);
    // Nothing is left, which a server that keeps them would show.
    driver.options.express_retention_ms = 1;
    assert_eq!(list(&driver, &machine).unwrap(), []);
    let refused = describe(&driver, &first).unwrap_err();
    assert_eq!(refused.name, ErrorName::ExecutionDoesNotExist);
}

#[test]
fn what_is_not_kept_is_refused_in_the_words_of_aws() {
    let mut driver = Driver::new();
    let machine = driver.create_express("m", WAIT);
    let arn = driver.start(&machine, None, "{}").unwrap();
    let words = "Invalid Arn: 'Resource type not valid in this context: express'";
    let history = Request::GetExecutionHistory(get_execution_history::Request {
        execution_arn: arn.clone(),
        limit: 10,
        reverse: false,
        include_data: true,
        after: None,
    });
    for refused in [
        describe(&driver, &arn),
        driver.read(history),
        driver.stop(&arn),
    ] {
        let rejection = refused.unwrap_err();
        assert_eq!(rejection.name, ErrorName::InvalidArn);
        assert_eq!(rejection.message, words);
    }
    let rejection = list(&driver, &machine).unwrap_err();
    assert_eq!(rejection.name, ErrorName::StateMachineTypeNotSupported);

    let standard = driver.create_machine("s", PASS).unwrap();
    let rejection = driver.ask(sync(&standard, None, "{}", false)).unwrap_err();
    assert_eq!(rejection.name, ErrorName::StateMachineTypeNotSupported);
    let nobody = owner().state_machine_arn("nobody");
    let rejection = driver.ask(sync(&nobody, None, "{}", false)).unwrap_err();
    assert_eq!(rejection.name, ErrorName::StateMachineDoesNotExist);
}

#[test]
fn kept_executions_are_listed_described_and_stopped() {
    let mut driver = keeping();
    let pass = driver.create_express("p", PASS);
    let commits = driver.commits;
    let ended = done(driver.ask(sync(&pass, Some("n"), "{\"x\": 1}", false))).execution_arn;
    assert_eq!(driver.commits, commits + 1, "one commit for all of it");
    let started = driver.start(&pass, Some("n"), "{}").unwrap();
    let listed = list(&driver, &pass).unwrap();
    assert_eq!(listed.len(), 2);
    for arn in [&ended, &started] {
        assert!(listed.contains(&(arn.clone(), Status::Succeeded)));
    }
    let words = [
        "1<-0 ExecutionStarted",
        "2<-0 StateEntered",
        "3<-2 StateExited",
        "4<-3 ExecutionSucceeded",
    ];
    assert_eq!(driver.history(&ended, 100, false), words);
    assert_eq!(driver.history(&started, 100, false), words);
    let mut driver = driver.crash();
    assert_eq!(driver.status(&ended), Status::Succeeded);

    let waits = driver.create_express("w", LONG);
    let arn = driver.start(&waits, None, "{}").unwrap();
    assert_eq!(driver.status(&arn), Status::Running);
    driver.stop(&arn).unwrap();
    assert_eq!(driver.status(&arn), Status::Aborted);

    // One that somebody waits for can be stopped too, once its ARN is known.
    let other = arn.replace(":w:", ":p:");
    for wrong in [other.as_str(), &format!("{}0", &arn[..arn.len() - 1])] {
        let rejection = driver.stop(wrong).unwrap_err();
        assert_eq!(rejection.name, ErrorName::ExecutionDoesNotExist, "{wrong}");
        assert_eq!(
            describe(&driver, wrong).unwrap_err().name,
            ErrorName::ExecutionDoesNotExist
        );
    }
}

#[test]
fn a_history_too_large_to_collect_is_not_kept_and_the_execution_runs_on() {
    let mut driver = keeping();
    let item = "x".repeat(200_000);
    let states: Vec<String> = (0..40)
        .map(|at| format!("\"S{at}\":{{\"Type\":\"Pass\",\"Next\":\"S{}\"}}", at + 1))
        .collect();
    let text = format!(
        "{{\"StartAt\":\"S0\",\"States\":{{{},\"S40\":{{\"Type\":\"Succeed\"}}}}}}",
        states.join(",")
    );
    let machine = driver.create_express("m", &text);
    let commits = driver.commits;
    let response = done(driver.ask(sync(&machine, None, &format!("\"{item}\""), false)));
    assert_eq!(response.status, Status::Succeeded);
    assert_eq!(driver.commits, commits);
    assert_eq!(list(&driver, &machine).unwrap(), []);
}

#[test]
fn the_sweep_takes_what_is_expired_and_nothing_else() {
    let mut driver = keeping();
    let standard = driver.create_machine("s", PASS).unwrap();
    let kept = driver.start(&standard, Some("e"), "{}").unwrap();
    let express = driver.create_express("m", PASS);
    let gone = driver.create_express("gone", PASS);
    let mut old: Vec<String> = (0..600)
        .map(|_| driver.start(&express, None, "{}").unwrap())
        .collect();
    old.push(driver.start(&gone, None, "{}").unwrap());
    driver
        .ask(Request::DeleteStateMachine(delete_state_machine::Request {
            state_machine_arn: gone,
        }))
        .unwrap();
    driver.pass(DAY_MS / 2);
    let young = driver.start(&express, None, "{}").unwrap();
    assert_eq!(list(&driver, &express).unwrap().len(), 100, "a page");
    assert_eq!(driver.status(&old[0]), Status::Succeeded);
    driver.pass(DAY_MS / 2 + 60_000);
    // It is done in small steps.
    for _ in 0..10 {
        driver.pass(100);
    }
    assert_eq!(
        list(&driver, &express).unwrap(),
        [(young.clone(), Status::Succeeded)]
    );
    for arn in &old {
        let refused = describe(&driver, arn).unwrap_err();
        assert_eq!(refused.name, ErrorName::ExecutionDoesNotExist, "{arn}");
    }
    assert_eq!(driver.status(&kept), Status::Succeeded);
    assert_eq!(driver.history(&young, 10, false).len(), 4);

    // An operator who keeps nothing any more finds nothing after the next start.
    driver.options.express_retention_ms = 0;
    let mut driver = driver.crash();
    driver.pass(60_000);
    driver.options.express_retention_ms = 1;
    assert_eq!(list(&driver, &express).unwrap(), []);
    assert_eq!(driver.status(&kept), Status::Succeeded);
}

#[test]
fn an_update_is_valid_for_the_type_of_its_machine() {
    let mut driver = Driver::new();
    let express = driver.create_express("m", PASS);
    let standard = driver.create_machine("s", PASS).unwrap();
    let parse = |text: &str, machine_type| asl::parse(text, machine_type).machine.map(Into::into);
    let mut update = |arn: &str, text: &str| {
        let refusal = Rejection::new(ErrorName::InvalidDefinition, "not in EXPRESS");
        driver.ask(Request::UpdateStateMachine(update_state_machine::Request {
            state_machine_arn: arn.into(),
            definition: Some(update_state_machine::NewDefinition {
                text: text.into(),
                standard: parse(text, asl::MachineType::Standard).unwrap(),
                express: parse(text, asl::MachineType::Express).ok_or(refusal),
            }),
            role_arn: Some(ROLE.into()),
            logging: None,
            tracing: None,
            publish: false,
            version_description: None,
            encryption: None,
        }))
    };
    let sync_call = CALL.replace("aws-sdk:sfn:listActivities", "states:startExecution.sync:2");
    let rejection = update(&express, &sync_call).unwrap_err();
    assert_eq!(rejection.name, ErrorName::InvalidDefinition);
    update(&standard, &sync_call).unwrap();
    update(&express, FAIL).unwrap();
    let response = done(driver.ask(sync(&express, None, "{}", false)));
    assert_eq!(response.status, Status::Failed);
    let mut driver = driver.crash();
    let response = done(driver.ask(sync(&express, None, "{}", false)));
    assert_eq!(response.status, Status::Failed, "read back as EXPRESS");
}

/// What is run outside the shard is answered as the shard answers it.
#[test]
fn what_waits_for_nobody_is_answered_alike_at_once() {
    let jsonata = r#"{"StartAt":"M","QueryLanguage":"JSONata","States":{"M":{"Type":"Map",
        "Items":"{% [1..3] %}","ItemProcessor":{"StartAt":"P","States":{"P":{"Type":"Pass",
        "Output":"{% $states.input * 2 %}","End":true}}},"End":true}}}"#;
    let broken = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","InputPath":"$.no","End":true}}}"#;
    let context = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Parameters":{
        "name.$":"$$.Execution.Name","machine.$":"$$.StateMachine.Id"},"End":true}}}"#;
    let mut driver = Driver::new();
    for (at, definition) in [PASS, FAIL, jsonata, broken, context].iter().enumerate() {
        let machine = driver.create_express(&format!("m{at}"), definition);
        for metadata_only in [false, true] {
            let Request::StartSyncExecution(request) =
                sync(&machine, Some("n"), r#"{"x":1}"#, metadata_only)
            else {
                panic!()
            };
            let mut alone = at_once(&driver, &request).unwrap();
            let shards = done(driver.ask(Request::StartSyncExecution(request)));
            let without_id = |arn: &str| arn.rsplit_once(':').unwrap().0.to_owned();
            assert_eq!(
                without_id(&alone.execution_arn),
                without_id(&shards.execution_arn)
            );
            alone.execution_arn.clone_from(&shards.execution_arn);
            assert_eq!(format!("{alone:?}"), format!("{shards:?}"), "{definition}");
        }
    }
}

#[test]
fn what_waits_calls_is_logged_or_is_refused_is_left_to_the_shard() {
    let mut driver = Driver::new();
    let machine = |driver: &mut Driver, definition: &str| {
        let name = format!("m{}", driver.commits);
        driver.create_express(&name, definition)
    };
    for definition in [WAIT, LONG, CALL, LOOP] {
        let machine = machine(&mut driver, definition);
        let Request::StartSyncExecution(request) = sync(&machine, None, "{}", false) else {
            panic!()
        };
        assert!(at_once(&driver, &request).is_none(), "{definition}");
    }
    let standard = driver.create_machine("standard", PASS).unwrap();
    let logging = shapes::LoggingConfiguration {
        level: "ALL".into(),
        include_execution_data: true,
        destinations: Some(vec![
            "arn:aws:logs:us-east-1:000000000000:log-group:g:*".into(),
        ]),
    };
    let logs = driver.create("logs", PASS, shapes::MachineType::Express, Some(logging));
    let missing = format!("{standard}x");
    for machine in [standard, missing, "no".to_owned(), logs.unwrap()] {
        let Request::StartSyncExecution(request) = sync(&machine, None, "{}", false) else {
            panic!()
        };
        assert!(at_once(&driver, &request).is_none(), "{machine}");
    }
}

fn at_once(
    driver: &Driver,
    request: &start_sync_execution::Request,
) -> Option<start_sync_execution::Response> {
    let at_once = AtOnce {
        store: &driver.store,
        owner: &owner(),
        limits: interpreter::Limits::default(),
        now_ms: driver.now.wall_ms,
        seed: 7,
    };
    let mut load = |machine, revision| load_definition(&driver.store, machine, revision);
    at_once.start_sync_execution(request, &mut load).unwrap()
}
