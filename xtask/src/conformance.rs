//! `cargo xtask conformance`: what AWS was recorded to answer, against our pass list.
//!
//! The cases and the program that plays them lie outside this repository. The pass list,
//! `conformance/pass.txt`, names the cases whose whole answer equals the recording. It may
//! only grow: a listed case that no longer passes is a failure.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::Failure;
use crate::arguments::Arguments;
use crate::moto::Moto;
use crate::process::{self, Finished, root, scratch};
use crate::server_under_test::{ServerUnderTest, build_release, free_address};
use crate::setup;
use crate::tally::Tally;

const LIMIT: Duration = Duration::from_secs(600);

/// Cases that are played once more, alone. If more than this are lost it is no noise.
const RETRIES_MAX: usize = 25;

/// The command line's door.
pub fn run(mut arguments: Arguments) -> Result<(), Failure> {
    let update = arguments.flag("--update");
    let cases = arguments.option("--cases")?;
    let cases = cases.ok_or("--cases DIR says where the recorded cases lie")?;
    arguments.finish()?;
    setup::for_tests()?;
    let comparison = compare(Path::new(&cases))?;
    print!("{}", comparison.report);
    if update {
        let added = comparison.new.len();
        write_pass_list(&comparison)?;
        println!("{added} cases added to {}", pass_list().display());
    }
    println!("{}", comparison.tally());
    if comparison.lost.is_empty() {
        Ok(())
    } else {
        Err("listed cases no longer pass".into())
    }
}

/// The part of `cargo xtask test`.
pub fn part(cases: &Path) -> Result<(Tally, String), Failure> {
    let comparison = compare(cases)?;
    // The score is wanted even when all is well.
    print!("{}", comparison.report);
    Ok((comparison.tally(), comparison.report))
}

struct Comparison {
    listed: BTreeSet<String>,
    new: BTreeSet<String>,
    lost: BTreeSet<String>,
    report: String,
}

impl Comparison {
    fn tally(&self) -> Tally {
        let lost = self.lost.len() as u64;
        Tally {
            passed: self.listed.len() as u64 - lost,
            failed: lost,
        }
    }
}

fn compare(cases: &Path) -> Result<Comparison, Failure> {
    let binary = build_release()?;
    let (finished, results) = play(&binary, cases, None)?;
    let passing = strict(&results);
    let listed = read_pass_list()?;
    let mut lost: BTreeSet<String> = listed.difference(&passing).cloned().collect();
    let mut report = score_of(&finished.output);
    if !lost.is_empty() && lost.len() <= RETRIES_MAX {
        let (_, again) = play(&binary, cases, Some(&lost))?;
        for id in strict(&again) {
            if lost.remove(&id) {
                report += &format!("passed only when played alone: {id}\n");
            }
        }
    }
    let new: BTreeSet<String> = passing.difference(&listed).cloned().collect();
    report += &format!("{} listed, {} new\n", listed.len(), new.len());
    for id in &new {
        report += &format!("new: {id}\n");
    }
    for id in &lost {
        report += &format!("lost: {id}: {}\n", why(&results, id));
    }
    Ok(Comparison {
        listed,
        new,
        lost,
        report,
    })
}

/// Plays all cases, or only some one after another, against a server of their own.
fn play(
    binary: &Path,
    cases: &Path,
    only: Option<&BTreeSet<String>>,
) -> Result<(Finished, Value), Failure> {
    let name = if only.is_some() {
        "conformance-again"
    } else {
        "conformance"
    };
    // The player is the Lambda of its cases; it takes the port when it starts.
    let lambda = free_address(1)?;
    let moto = Moto::start(name, free_address(2)?)?;
    let flags = [
        format!("--endpoint=lambda=http://{lambda}"),
        format!("--endpoint=default=http://{}", moto.address()),
        "--execution-logs=cloudwatch".to_owned(),
        "--status-events-bus=default".to_owned(),
    ];
    let server = ServerUnderTest::start(binary, name, &flags)?;
    let results = scratch()?.join(format!("{name}.json"));
    let cases = fs::canonicalize(cases).map_err(|error| format!("{}: {error}", cases.display()))?;
    let mut command = Command::new(setup::python());
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    // The cases were recorded with clients of this mode. The newer default appends "(reached max
    // retries: 0)" to the text of every error, on the client's side.
    command.env("AWS_RETRY_MODE", "legacy");
    command.arg(cases.join("run.py"));
    command.args(["--endpoint", &format!("http://{}", server.address())]);
    command.args(["--lambda-port", &lambda.port().to_string()]);
    command.args(["--aws-port", &moto.address().port().to_string()]);
    command.arg("--json").arg(&results).arg("--quiet");
    if let Some(only) = only {
        let ids: Vec<String> = only.iter().map(|id| escape(id)).collect();
        command.args(["--jobs", "1", "--filter", &format!("^({})$", ids.join("|"))]);
    }
    let finished = process::run(name, &mut command, LIMIT)?;
    if !finished.success {
        return Err(format!("the cases could not be played:\n{}", finished.output).into());
    }
    let results = serde_json::from_slice(&fs::read(results)?)?;
    Ok((finished, results))
}

/// The score by category as the player prints it.
fn score_of(output: &str) -> String {
    let table = output
        .lines()
        .skip_while(|line| !line.starts_with("category"));
    table.map(|line| format!("{line}\n")).collect()
}

fn results_of(results: &Value) -> impl Iterator<Item = &Value> {
    results["results"].as_array().into_iter().flatten()
}

fn strict(results: &Value) -> BTreeSet<String> {
    results_of(results)
        .filter(|result| result["strict"].as_bool() == Some(true))
        .filter_map(|result| result["id"].as_str())
        .map(str::to_owned)
        .collect()
}

fn why(results: &Value, id: &str) -> String {
    let result = results_of(results).find(|result| result["id"] == id);
    match result.map(|result| &result["strict_why"]) {
        Some(Value::String(why)) => why.clone(),
        _ => "the case was not played".to_owned(),
    }
}

/// Escapes what means something in a regular expression.
fn escape(id: &str) -> String {
    let mut escaped = String::new();
    for c in id.chars() {
        if !c.is_alphanumeric() && c != '_' {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

fn pass_list() -> PathBuf {
    root().join("conformance/pass.txt")
}

fn read_pass_list() -> Result<BTreeSet<String>, Failure> {
    let text = fs::read_to_string(pass_list())?;
    Ok(text.lines().map(str::to_owned).collect())
}

fn write_pass_list(comparison: &Comparison) -> Result<(), Failure> {
    let mut text = String::new();
    for id in comparison.listed.union(&comparison.new) {
        text += id;
        text.push('\n');
    }
    Ok(fs::write(pass_list(), text)?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{escape, score_of, strict, why};

    #[test]
    fn only_strict_passes_count() {
        let results = json!({"results": [
            {"id": "a", "strict": true, "lenient": true},
            {"id": "b", "strict": false, "lenient": true, "strict_why": "$.x differs"},
        ]});
        assert_eq!(strict(&results).into_iter().collect::<Vec<_>>(), ["a"]);
        assert_eq!(why(&results, "b"), "$.x differs");
        assert_eq!(why(&results, "c"), "the case was not played");
    }

    #[test]
    fn ids_are_taken_literally() {
        assert_eq!(escape("test_a--B[x.y]"), "test_a\\-\\-B\\[x\\.y\\]");
    }

    #[test]
    fn the_score_is_the_table() {
        let output = "noise\ncategory   cases\nall   3\n4 s\n";
        assert_eq!(score_of(output), "category   cases\nall   3\n4 s\n");
    }
}
