//! Paths against the release of Jayway JsonPath whose answers AWS gives.
//!
//! `jayway/Oracle.java` runs Debian's `libjsonpath-java` (2.0.0) over pairs of a document and a path:
//! those written here, and several hundred made from a fixed seed. Values must be equal, and so must
//! the texts of failures that AWS lets through.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::io::Write;
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

/// Paths over [`document`], one for each rule and oddity.
const PATHS: &[&str] = &[
    "$",
    "$.o.a",
    "$['o']['a']",
    "$[\"o\"].a",
    "$.one[0]",
    "$.one[0].v",
    "$.one[*].v",
    "$.items[*].n",
    "$.items[*]['k','n']",
    "$['s','nul']",
    "$['s','nope']",
    "$['s','nul'].x",
    "$.nul",
    "$.nul.x",
    "$.nul[0]",
    "$.items[5]",
    "$.items[5].k",
    "$.items[-1:]",
    "$.items[0,2].k",
    "$.items[0,9]",
    "$.items[0:2].k",
    "$.items[::2].k",
    "$.items[1:-1].k",
    "$.items[-2:2]",
    "$.items[:-1].k",
    "$.items[0::2].k",
    "$.items[1:2:3].k",
    "$.items[1,]",
    "$.items[ 1 ]",
    "$.items[1abc]",
    "$.items[a1]",
    "$.items[,]",
    "$.items[-]",
    "$.items[:]",
    "$.items[]",
    "$..a",
    "$..k",
    "$..tags[0]",
    "$..*",
    "$..items[0].k",
    "$..[0]",
    "$..[0].k",
    "$..[*].a",
    "$..[?(@.k)]",
    "$..[?(@.k > 0)].n",
    "$...a",
    "$....a",
    "$..['k','n']",
    "$.o.*",
    "$.*.a",
    "$.o*",
    "$.*",
    "$[*]",
    "$.items.*.k",
    "$.items[?(@.k > 0)].k",
    "$.items[?(@.k>0 && @.n=='b')].k",
    "$.items[?(@.n)].k",
    "$.items[?(!@.n)].k",
    "$.items[?(@.n =~ /A/i)].k",
    "$.items[?(@.n =~ /a|b/)].k",
    "$.items[?(@.n =~ /(a/)].k",
    "$.items[?(@.n in ['a','c'])].k",
    "$.items[?(@.tags empty true)].k",
    "$.items[?(@.tags size 2)].k",
    "$.items[?(@.k == $.o.a)].k",
    "$.items[?(@['n']=='a')].k",
    "$.items[?@.k==1].k",
    "$.items[?(@.k==1 || @.k==2 && @.n)].k",
    "$.items[?((@.k==0 || @.k==2) && @.n)].k",
    "$.items[?(@.n != 'a')].k",
    "$.items[?(@.n == null)].k",
    "$.items[?(@.k == abc)]",
    "$.items[?('1' == @.k)].k",
    "$.items[?(1 == @.k)].k",
    "$.items[?(@.tags == @.tags)].k",
    "$.items[?(@.k == 1.0)].k",
    "$.items[?(@.n > 'a')].k",
    "$.items[?(@.tags[0] == 'x')].k",
    "$.items[?(@.n[0])].k",
    "$.items[?(@.k =~ /[01]/)].k",
    "$.items[?(@.o =~ 'x')].k",
    "$.items[?($.o)].k",
    "$.items[?(@.k <= 1)].n",
    "$.items[?(@['k','n'])].k",
    "$.items[?(@.tags[*])]",
    "$.items[?(@.k ==)]",
    "$.items[?(@.k && )]",
    "$.items[?(&& @.k)]",
    "$.items[?()]",
    "$.items[?(@.k == 1]",
    "$.items[?(@.k < 'null')].k",
    "$.items[?(!@.k == 1)].k",
    "$.items[?(@.k == !@.n)]",
    "$.items[(@.length-1)]",
    "$.items[(@.size()-2)].k",
    "$.items[(@.length-9)]",
    "$.items[(@.count-1)]",
    "$.items.length()",
    "$.items[*].k.sum()",
    "$.s.length()",
    "$.sum($..k)",
    "$.items[*].k.max()",
    "$.o.keys()",
    "$.with space",
    "$['with space']",
    "$.['with space']",
    "$['a.b']",
    "$.d-e",
    "$.é",
    "$.u_1",
    "$.m[*][*]",
    "$.m[0][1]",
    "$.m[*][1]",
    "$.m[0:2][0]",
    "$.items.k",
    "$.s[0]",
    "$.s[0].k",
    "$.o[0]",
    "$.o[1:2]",
    "$.s[?(@.a)]",
    "$.s.*",
    "$.",
    "$.o.",
    "$..",
    "$.items[",
    "$.items[0",
    "$['o",
    "$['o]",
    "$['o'",
    "$.it's",
    "$.a]b",
    "$['']",
    "$['o']a",
    "$['*']",
    "$[?(@.a==1)]",
    "$.[?(@.a==1)]",
    "$.o[?(@.a==1)]",
    "$.o[?(@.a==1)].b.a",
    "$.no.such.result.path",
    "$.NoSuchInputPath",
    "$.items[*].no.such",
    "$.items[?(@.k>0)].no.such.path",
    "$.no[*].x",
    "$.o.no[*].x",
    "$.items[*].no",
    "$.items[?(@.k)].n",
    "$.no[?(@.x)].y.z",
    "$.items[0:1].no",
    "$['o','s'][0]",
    "$.items[?(@.k == 1)]['k','n']",
    " $.o.a ",
    "$.items[99999999999]",
    "$['Test\\\"\"Name\"']",
    "$.items[?]",
    "$.f[?(@ > 1)]",
    "$.f[?(@ == '1.5')]",
    "$.f[?(@ == true)]",
    "$.f[?(@ == null)]",
    "$.f[?(@ != null)]",
    "$.f[?(@ < 'b')]",
    "$.f[?(@)]",
];

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

    let mut oracle = Command::new("java")
        .args(["-cp", &class_path, "Oracle"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{}", setup_hint(&format!("java does not start ({error})")))
        });
    let mut lines = String::new();
    for (document, path) in questions {
        lines.push_str(&json!([document, path]).to_string());
        lines.push('\n');
    }
    let mut stdin = oracle.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = oracle.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
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
        .iter()
        .map(|path| (document(), (*path).to_owned()))
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
