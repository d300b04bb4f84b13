//! Paths against the release of Jayway JsonPath whose answers AWS gives.
//!
//! `jayway/Oracle.java` runs Debian's `libjsonpath-java` (2.0.0) over pairs of a document and a path:
//! those written here, and several hundred made from a fixed seed. Values must be equal, and so must
//! the texts of failures that AWS lets through.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs::File;
use std::path::{Path as FilePath, PathBuf};
use std::process::{Command, Stdio};

use asl::path::{Path, Scope};
use serde_json::{Value, json};

#[path = "jayway/generator.rs"]
mod generator;

use generator::Generator;

const JARS: [&str; 6] = [
    "json-path",
    "json-smart",
    "accessors-smart",
    "asm",
    "slf4j-api",
    "slf4j-nop",
];

/// Paths over [`document`], one a line, for each rule and oddity.
const PATHS: &str = include_str!("jayway/paths.txt");

/// Where we want to answer otherwise, and why. Each pair is checked to differ, so none outlives its
/// reason.
const DEVIATIONS: &[(&str, &str)] = &[
    (
        "$.items[-1].k",
        "AWS is reported to take it, and later releases count from the end",
    ),
    ("$.items[0,-1].k", "as a single index below zero"),
    ("$o", "a variable, which Jayway does not know"),
    ("o.a", "AWS's paths start with '$'"),
    ("@.o", "'@' stands for an item of a filter only"),
    (
        "$['o']$.a",
        "a second '$' is a slip, not a way to say nothing",
    ),
];

fn document() -> Value {
    json!({
        "items": [{"k": 0, "n": "a", "tags": ["x"]}, {"k": 1, "n": "b", "tags": []}, {"k": 2, "tags": ["z"]}],
        "one": [{"v": 7}], "o": {"a": 1, "b": {"a": 2}}, "s": "abc", "nul": null, "a.b": 2, "with space": 1,
        "d-e": 3, "é": 4, "u_1": 5, "m": [[1, 2], [3]], "Test\\\"\"Name\"": 6, "it": 8, "": 9, "*": 10,
        "f": [1, 1.5, "1.5", "a", "b'c", true, false, null, "null", 2, {"x": 1}, ["y"]],
    })
}

/// What either side answers.
#[derive(Debug, PartialEq)]
enum Answer {
    Value(Value),
    /// The path is none.
    Refused,
    /// The text is empty where it is not Jayway's but that of a Java exception passing through.
    Failed(String),
}

struct Only(Value);

impl Scope for Only {
    fn input(&self) -> &Value {
        &self.0
    }

    fn context(&self) -> &Value {
        &Value::Null
    }

    fn variable(&self, _: &str) -> Option<&Value> {
        None
    }

    fn uuid(&self) -> String {
        String::new()
    }

    fn random(&self) -> f64 {
        0.0
    }
}

fn ours(document: &Value, path: &str) -> Answer {
    let Ok(path) = Path::parse(path) else {
        return Answer::Refused;
    };
    match path.evaluate(&Only(document.clone())) {
        Ok(value) => Answer::Value(value.into_owned()),
        Err(error) => Answer::Failed(error.0),
    }
}

fn setup_hint(what: &str) -> String {
    format!("{what}: install the tools the tests need with `cargo xtask setup`")
}

/// Compiles the oracle and asks it everything at once.
fn jayway(asker: &str, questions: &[(Value, String)]) -> Vec<Answer> {
    let jars: Vec<String> = JARS
        .iter()
        .map(|jar| format!("/usr/share/java/{jar}.jar"))
        .collect();
    for jar in &jars {
        assert!(
            FilePath::new(jar).exists(),
            "{}",
            setup_hint(&format!("{jar} is missing"))
        );
    }
    let classes = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("jayway-{asker}-{}", std::process::id()));
    std::fs::create_dir_all(&classes).unwrap();
    let class_path = format!("{}:{}", jars.join(":"), classes.display());
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/jayway/Oracle.java");
    let compiled = Command::new("javac")
        .args(["-encoding", "UTF-8", "-cp", &class_path, "-d"])
        .args([&classes.display().to_string(), source])
        .status()
        .unwrap_or_else(|error| {
            panic!("{}", setup_hint(&format!("javac does not start ({error})")))
        });
    assert!(compiled.success(), "Oracle.java does not compile");

    // Through a file: a pipe would have to be filled and emptied at the same time.
    let asked = classes.join("questions");
    let lines = questions
        .iter()
        .map(|(document, path)| format!("{}\n", json!([document, path])));
    std::fs::write(&asked, lines.collect::<String>()).unwrap();
    let output = Command::new("java")
        .args(["-cp", &class_path, "Oracle"])
        .stdin(File::open(&asked).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap_or_else(|error| {
            panic!("{}", setup_hint(&format!("java does not start ({error})")))
        });
    std::fs::remove_dir_all(&classes).unwrap();
    assert!(output.status.success(), "the oracle failed");
    let answers: Vec<Answer> = String::from_utf8(output.stdout)
        .unwrap()
        .lines()
        .map(read_answer)
        .collect();
    assert_eq!(
        answers.len(),
        questions.len(),
        "one answer for each question"
    );
    answers
}

fn read_answer(line: &str) -> Answer {
    let answer: Value = serde_json::from_str(line).unwrap();
    if let Some(value) = answer.get("value") {
        return Answer::Value(value.clone());
    }
    if answer.get("refused").is_some() {
        return Answer::Refused;
    }
    match answer["failed"].as_str().unwrap() {
        "PathNotFoundException" | "InvalidPathException" => {
            Answer::Failed(answer["message"].as_str().unwrap().to_owned())
        }
        _ => Answer::Failed(String::new()),
    }
}

fn agree(ours: &Answer, jayways: &Answer) -> bool {
    match (ours, jayways) {
        (Answer::Failed(_), Answer::Failed(text)) if text.is_empty() => true,
        // Jayway finds some slips in a path only when it comes to them.
        (Answer::Refused, Answer::Failed(text)) => text.is_empty(),
        (ours, jayways) => ours == jayways,
    }
}

#[test]
fn every_path_answers_as_jayway_does() {
    let mut questions: Vec<_> = PATHS
        .lines()
        .map(|path| (document(), path.to_owned()))
        .collect();
    let mut generator = Generator::new(20_250_815);
    for _ in 0..80 {
        let document = generator.document();
        questions.extend((0..12).map(|_| (document.clone(), generator.path())));
    }
    let mut disagreements = Vec::new();
    let mut values = 0;
    for ((document, path), jayways) in questions.iter().zip(jayway("agreement", &questions)) {
        let ours = ours(document, path);
        values += usize::from(matches!(ours, Answer::Value(_)));
        if !agree(&ours, &jayways) {
            disagreements.push(format!(
                "{path}\n  of {document}\n  ours   {ours:?}\n  jayway {jayways:?}"
            ));
        }
    }
    assert!(
        disagreements.is_empty(),
        "{} of {}:\n{}",
        disagreements.len(),
        questions.len(),
        disagreements.join("\n")
    );
    assert!(
        values * 4 > questions.len(),
        "too few of the paths find something to compare: {values}"
    );
}

#[test]
fn wanted_deviations_are_still_deviations() {
    let questions: Vec<_> = DEVIATIONS
        .iter()
        .map(|(path, _)| (document(), (*path).to_owned()))
        .collect();
    for ((document, path), jayways) in questions.iter().zip(jayway("deviations", &questions)) {
        assert!(
            !agree(&ours(document, path), &jayways),
            "{path}: {jayways:?}"
        );
    }
    assert_eq!(ours(&document(), "$.items[-1].k"), Answer::Value(json!(2)));
    assert_eq!(
        ours(&document(), "$.items[0,-1].k"),
        Answer::Value(json!([0, 2]))
    );
}
