//! How many executions are kept in memory.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use engine::{Cached, ShardOptions};
use store::MemoryStore;
use support::{Driver, options};

const WAIT: &str = r#"{"StartAt":"W","States":{"W":{"Type":"Wait","Seconds":10,"End":true}}}"#;

/// A hundred executions that wait, each with so many bytes of input: how many are in memory then.
fn kept(cached: Cached, input_bytes: usize) -> u64 {
    let options = ShardOptions {
        executions_cached: cached,
        ..options()
    };
    let mut driver = Driver::with(options, MemoryStore::new(), Driver::new().now);
    let machine = driver.create_machine("m", WAIT).unwrap();
    let input = format!("\"{}\"", "x".repeat(input_bytes));
    for number in 0..100 {
        let name = number.to_string();
        driver.start(&machine, Some(&name), &input).unwrap();
    }
    let kept = driver.shard.gauges().executions_cached;
    driver.pass(10_001);
    assert_eq!(driver.shard.gauges().executions_open, 0, "all go on");
    kept
}

#[test]
fn as_many_as_asked_for_are_kept() {
    let cached = Cached {
        count: 40,
        bytes: usize::MAX,
    };
    assert_eq!(kept(cached, 10_000), 40);
}

#[test]
fn large_executions_leave_memory_before_there_are_too_many() {
    let cached = Cached {
        count: 1_000,
        bytes: 2 << 20,
    };
    assert_eq!(kept(cached, 10), 100, "small ones stay");
    // Each takes four times its input.
    let large = kept(cached, 10_000);
    assert!((30..=52).contains(&large), "{large}");
    assert_eq!(
        kept(cached, 200_000),
        16,
        "those used last stay in any case"
    );
}
