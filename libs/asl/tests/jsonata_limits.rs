//! Hostile expressions end with an error, in a bounded time and memory.
//!
//! The bounds are generous: they tell «ends» from «hangs», on a loaded machine and without
//! optimisation. One test, so that the peak of memory is that of one evaluation at a time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    clippy::disallowed_methods,
    reason = "what is measured is real time, of which the code under test knows nothing"
)]

use std::time::{Duration, Instant};

use asl::jsonata::{Expression, Template};
use serde_json::json;

#[path = "seen/mod.rs"]
mod seen;

use seen::Seen;

const LONGEST: Duration = Duration::from_secs(30);
const PEAK_MEMORY_KIB_MAX: u64 = 256 * 1024;

/// What is hostile about it, the expression, and the code it ends with.
const HOSTILE: &[(&str, &str, &str)] = &[
    (
        "recursion",
        "($f := function($n) { 1 + $f($n + 1) }; $f(0))",
        "D1011",
    ),
    (
        "endless tail recursion",
        "($f := function($n) { $f($n + 1) }; $f(0))",
        "U1006",
    ),
    (
        "mutual recursion",
        "($f := function($n) { 1 + $g($n) }; $g := function($n) { 1 + $f($n) }; $f(0))",
        "D1011",
    ),
    ("a long range", "[1..9999999]", "U1001"),
    ("a range too long", "[1..1000000000]", "D2014"),
    ("ranges of ranges", "[1..3000].[1..3000]", "U1003"),
    (
        "ranges that do not flatten",
        "$map([1..100000], function($i) { { 'a': [1..300000] } })",
        "U1003",
    ),
    (
        "ranges by our own function",
        "$map([1..100000], function($i) { { 'a': $range(1, 300000, 1) } })",
        "U1003",
    ),
    ("padding", "$pad('x', 1000000000)", "D2016"),
    (
        "padding within limits, often",
        "$map([1..100000], function($i) { $pad('x', 500000) })",
        "U1003",
    ),
    (
        "strings that double",
        "($f := function($s, $n) { $n = 0 ? $s : $f($s & $s, $n - 1) }; $f('x', 60))",
        "U1001",
    ),
    (
        "arrays that double",
        "($f := function($s, $n) { $n = 0 ? $s : $f($append($s, $s), $n - 1) }; $f([1], 60))",
        "U1001",
    ),
    (
        "replacing with much",
        "$replace($pad('', 100000, 'a'), 'a', $pad('', 1000, 'b'))",
        "U1001",
    ),
    (
        "joining much",
        "$join($map([1..300000], function($i) { 'xxxxxxxxxx' }), $pad('', 1000, '-'))",
        "U1001",
    ),
    (
        "a deep value",
        "($f := function($v, $n) { $n = 0 ? $v : $f([[$v]], $n - 1) }; $f(1, 100000))",
        "U1006",
    ),
    (
        "a comparator that never settles",
        "$sort([1..300000], function($a, $b) { true })",
        "U1006",
    ),
    (
        "a product of lists",
        "[1..2000].($x := $; [1..2000].($x * $))",
        "U1006",
    ),
    ("overflow", "$power(10, 1000)", "D3061"),
    (
        "comparing a value that holds itself twice, sixty times over",
        "($d := function($v, $n) { $n = 0 ? $v : $d([[$v], [$v]], $n - 1) }; $d(1, 60) = $d(1, 60))",
        "U1001",
    ),
    (
        "items all distinct",
        "$count($distinct([1..360000]))",
        "U1001",
    ),
    (
        "a replacement by far too much",
        "$map([1..9], function($i) { $replace($pad('', 500000, 'a'), 'a', $pad('', 500000, 'b')) })",
        "U1001",
    ),
    (
        "a replacement that repeats what it replaces",
        "$replace($pad('', 500000, 'a'), /a+/, $pad('', 500000, '$0'))",
        "U1001",
    ),
];

/// These may end well or not: they only have to end.
const HEAVY: &[(&str, &str)] = &[
    (
        "backtracking",
        "$contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', /^(a+)+$/)",
    ),
    (
        "replacing by backtracking",
        "$replace('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab', /(a+)+c/, 'x')",
    ),
    ("splitting", "$count($split($pad('', 300000, 'a,'), ','))"),
    (
        "a large picture",
        "$formatNumber(1, $pad('', 200000, '#') & '0')",
    ),
    (
        "padding without nodes",
        "$count($map($map([1..20], $string), $pad(?, 500000)))",
    ),
    (
        "looking for a value that holds itself twice, sixty times over",
        "($d := function($v, $n) { $n = 0 ? $v : $d([[$v], [$v]], $n - 1) }; $d(1, 60) in [$d(1, 60)])",
    ),
    ("descendants of descendants", "$states.input.**.**.**.**"),
];

/// Texts that are hostile before they are evaluated.
fn hostile_texts() -> Vec<String> {
    vec![
        format!("{}1{}", "(".repeat(5_000), ")".repeat(5_000)),
        format!("{}1{}", "[".repeat(5_000), "]".repeat(5_000)),
        format!("{}1", "-".repeat(20_000)),
        format!("$a{}", ".b".repeat(20_000)),
        format!("1{}", "+1".repeat(20_000)),
        "{'a':".repeat(5_000),
        "function($x){".repeat(3_000),
        "x".repeat(70_000),
        format!("/{}/", "(".repeat(20_000)),
        format!("/{}a{}/", "(".repeat(5_000), ")".repeat(5_000)),
        format!("$contains('a', /a{}/)", "{1000}".repeat(1_000)),
    ]
}

#[test]
fn hostile_expressions_end() {
    let mut deep = json!({"a": 1, "b": 2});
    for _ in 0..60 {
        deep = json!({"a": deep, "b": [1, 2]});
    }
    let scope = Seen::new(deep);
    for (about, text, code) in HOSTILE {
        let started = Instant::now();
        let template = Template::parse("Output", &json!(format!("{{% {text} %}}"))).unwrap();
        let error = template.evaluate(&scope).expect_err(about);
        let threw = format!("threw an error during evaluation. {code}: ");
        assert!(error.cause.contains(&threw), "{about}: {error}");
        within(about, started);
    }
    for (about, text) in HEAVY {
        let started = Instant::now();
        let template = Template::parse("Output", &json!(format!("{{% {text} %}}"))).unwrap();
        let _ = template.evaluate(&scope);
        within(about, started);
    }
    for text in hostile_texts() {
        let started = Instant::now();
        if let Ok(expression) = Expression::parse(&text) {
            let field = json!(format!("{{% {} %}}", expression.text()));
            let _ = Template::parse("Output", &field).unwrap().evaluate(&scope);
        }
        within(&text[..20], started);
    }
    if let Some(peak) = peak_memory_kib() {
        assert!(peak < PEAK_MEMORY_KIB_MAX, "{peak} KiB");
    }
}

fn within(about: &str, started: Instant) {
    let elapsed = started.elapsed();
    println!("{about}: {elapsed:?}, peak {:?} KiB", peak_memory_kib());
    assert!(elapsed < LONGEST, "{about}: {elapsed:?}");
}

/// The most memory this process has held, where the system tells.
fn peak_memory_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
