//! R57: an execution at which the interpreter panics is set aside; all others go on.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::{ErrorName, Message};
use interpreter::{Status, breaks};
use support::Driver;

/// Break `r57` makes the interpreter panic at results of executions whose history holds 3, 6, … events:
/// those of the first machine, and not those of the second.
fn ready() -> (Driver, String, [String; 2]) {
    breaks::wake(Some("r57"));
    std::panic::set_hook(Box::new(|_| {}));
    let mut driver = Driver::new();
    let activity = driver.create_activity("work");
    let work = format!(r#""Work":{{"Type":"Task","Resource":"{activity}","End":true}}"#);
    let poison = format!(r#"{{"StartAt":"Work","States":{{{work}}}}}"#);
    let sound =
        format!(r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Next":"Work"}},{work}}}}}"#);
    let poison = driver.create_machine("poison", &poison).unwrap();
    let sound = driver.create_machine("sound", &sound).unwrap();
    (driver, activity, [poison, sound])
}

#[test]
fn a_panic_sets_one_execution_aside_and_no_other() {
    let (mut driver, activity, [poison, sound]) = ready();
    let bad = driver.start(&poison, Some("bad"), "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (bad_token, _) = driver.deliver(poll);
    let good = driver.start(&sound, Some("good"), "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (good_token, _) = driver.deliver(poll);

    let history = driver.history(&bad, 100, false);
    let refused = driver.succeed(&bad_token, "1").unwrap_err();
    assert_eq!(refused.name, ErrorName::InternalFailure);
    assert!(refused.message.contains("set this execution aside"));
    let [(arn, panic)] = &driver.quarantined[..] else {
        panic!("one quarantine: {:?}", driver.quarantined)
    };
    assert_eq!((arn.as_deref(), panic.as_str()), (Some(&*bad), "break r57"));

    for answer in [
        driver.succeed(&bad_token, "2"),
        driver.heartbeat(&bad_token),
        driver.stop(&bad),
    ] {
        assert_eq!(answer.unwrap_err().name, ErrorName::InternalFailure);
    }
    let taken = driver.start(&poison, Some("bad"), "{}").unwrap_err();
    assert_eq!(
        taken.name,
        ErrorName::InternalFailure,
        "its name stays taken"
    );
    assert_eq!(driver.quarantined.len(), 1, "and it is told of once");
    assert_eq!(driver.shard.gauges().executions_quarantined, 1);
    assert_eq!(
        driver.status(&bad),
        Status::Running,
        "readers see what is durable"
    );
    assert_eq!(driver.history(&bad, 100, false), history);

    driver.succeed(&good_token, "3").unwrap();
    assert_eq!(driver.status(&good), Status::Succeeded);
}

#[test]
fn polls_are_not_lost_to_an_execution_in_quarantine() {
    let (mut driver, activity, [poison, sound]) = ready();
    // Two branches: one panics while the task of the other waits for a worker.
    let branch = |name: &str| {
        format!(
            r#"{{"StartAt":"{name}","States":{{"{name}":{{"Type":"Task","Resource":"{activity}","End":true}}}}}}"#
        )
    };
    let parallel = format!(
        r#"{{"StartAt":"A","States":{{"A":{{"Type":"Pass","Next":"P"}},"P":{{"Type":"Parallel","Branches":[{},{}],"End":true}}}}}}"#,
        branch("L"),
        branch("R"),
    );
    let parallel = driver.create_machine("parallel", &parallel).unwrap();
    let arn = driver.start(&parallel, None, "{}").unwrap();
    assert_eq!(driver.history(&arn, 100, false).len(), 9);
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    assert_eq!(driver.shard.gauges().tasks_queued, 1);
    driver.succeed(&token, "1").unwrap_err();
    let gauges = driver.shard.gauges();
    assert_eq!((gauges.tasks_queued, gauges.tasks_handed_out), (0, 0));

    let waiting = driver.poll(&activity, Some("w"));
    assert!(driver.hand_outs.is_empty(), "its other task is with nobody");
    driver.start(&sound, None, "{}").unwrap();
    let (token, _) = driver.deliver(waiting);
    driver.succeed(&token, "2").unwrap();

    // A hand-out on its way when its execution is set aside: the report changes nothing.
    let bad = driver.start(&poison, None, "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (_, id, _) = driver.hand_outs[&poll].clone();
    driver.tell(Message::LoadPanicked {
        id,
        panic: "as if".into(),
    });
    driver.tell(Message::Undelivered(poll));
    assert_eq!(
        driver.stop(&bad).unwrap_err().name,
        ErrorName::InternalFailure
    );
}

#[test]
fn a_restart_tries_again_and_does_not_fall_over() {
    let (mut driver, activity, [poison, _]) = ready();
    let bad = driver.start(&poison, Some("bad"), "{}").unwrap();
    let poll = driver.poll(&activity, None);
    let (token, _) = driver.deliver(poll);
    for _ in 0..3 {
        let refused = driver.succeed(&token, "1").unwrap_err();
        assert_eq!(refused.name, ErrorName::InternalFailure);
        assert_eq!(driver.quarantined.len(), 1);
        driver.pass(60_000);
        driver = driver.crash();
    }
    // The next version has mended it: what the worker has is still worth something.
    breaks::wake(None);
    driver.succeed(&token, "1").unwrap();
    assert_eq!(driver.status(&bad), Status::Succeeded);
}
