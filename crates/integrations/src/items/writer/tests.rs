//! Result files in a folder.

use std::fs;

use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::items::Buckets;

const ARN: &str = "arn:aws:states:us-east-1:000000000000:mapRun:m/Map:0d8a";
const PUT: &str = "arn:aws:states:::s3:putObject";

fn objects(folder: &TempDir) -> Objects {
    let text = format!("results=file://{}", folder.path().display());
    Objects::in_folders(Buckets::default().with(&text.parse().unwrap()))
}

fn plan(config: Value) -> WriterPlan {
    let arguments = json!({"Bucket": "results", "Prefix": "out/daily/"});
    WriterPlan::read(PUT, &arguments, &config).unwrap()
}

fn child(number: u64, status: ChildStatus, output: Option<&str>) -> ChildResult {
    ChildResult {
        status,
        whole: json!({"Name": number.to_string(), "Output": output}),
        output: output.map(|text| serde_json::from_str(text).unwrap()),
    }
}

/// Writes results and gives what lies in the folder of the map run, by name.
fn written(
    folder: &TempDir,
    config: Value,
    file_bytes_max: u64,
    results: &[ChildResult],
) -> Vec<(String, String)> {
    let mut writer = ResultsWriter::new(&objects(folder), plan(config), ARN);
    writer.file_bytes_max = file_bytes_max;
    for result in results {
        writer.write(result).unwrap();
    }
    let result = writer.finish().unwrap();
    let details = json!({"Bucket": "results", "Key": "out/daily/0d8a/manifest.json"});
    assert_eq!(
        result,
        json!({"MapRunArn": ARN, "ResultWriterDetails": details})
    );
    let mut files: Vec<(String, String)> = fs::read_dir(folder.path().join("out/daily/0d8a"))
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| {
            let name = entry.file_name().into_string().unwrap();
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect();
    files.sort();
    files
}

#[test]
fn files_are_told_by_outcome_and_named_by_a_manifest() {
    let folder = TempDir::new().unwrap();
    let results = [
        child(0, ChildStatus::Succeeded, Some("{\"a\":\n1}")),
        child(1, ChildStatus::Failed, None),
        child(2, ChildStatus::Succeeded, Some("[]")),
        child(3, ChildStatus::Failed, None),
    ];
    let files = written(&folder, json!({}), FILE_BYTES_MAX, &results);
    let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(
        names,
        ["FAILED_0.json", "SUCCEEDED_0.json", "manifest.json"]
    );
    let parsed: Vec<Value> = files
        .iter()
        .map(|(_, text)| serde_json::from_str(text).unwrap())
        .collect();
    assert_eq!(
        parsed[0],
        json!([{"Name": "1", "Output": null}, {"Name": "3", "Output": null}])
    );
    assert_eq!(parsed[1][0], json!({"Name": "0", "Output": "{\"a\":\n1}"}));
    let size = |number: usize| files[number].1.len();
    assert_eq!(
        parsed[2],
        json!({
            "DestinationBucket": "results",
            "MapRunArn": ARN,
            "ResultFiles": {
                "FAILED": [{"Key": "out/daily/0d8a/FAILED_0.json", "Size": size(0)}],
                "PENDING": [],
                "SUCCEEDED": [{"Key": "out/daily/0d8a/SUCCEEDED_0.json", "Size": size(1)}],
            },
        })
    );
    // Once more, as after a crash: the same.
    assert_eq!(written(&folder, json!({}), FILE_BYTES_MAX, &results), files);
}

#[test]
fn outputs_are_written_alone_or_flattened() {
    let results = [
        child(0, ChildStatus::Succeeded, Some("{\"a\":\n1}")),
        child(1, ChildStatus::Succeeded, Some("[1, [2]]")),
        child(2, ChildStatus::Pending, None),
    ];
    for (transformation, output_type, name, expected) in [
        ("COMPACT", "JSON", "SUCCEEDED_0.json", "[{\"a\":1},[1,[2]]]"),
        ("FLATTEN", "JSON", "SUCCEEDED_0.json", "[{\"a\":1},1,[2]]"),
        (
            "COMPACT",
            "JSONL",
            "SUCCEEDED_0.jsonl",
            "{\"a\":1}\n[1,[2]]\n",
        ),
        (
            "FLATTEN",
            "JSONL",
            "SUCCEEDED_0.jsonl",
            "{\"a\":1}\n1\n[2]\n",
        ),
    ] {
        let folder = TempDir::new().unwrap();
        let config = json!({"Transformation": transformation, "OutputType": output_type});
        let files = written(&folder, config, FILE_BYTES_MAX, &results);
        let succeeded = files
            .iter()
            .find(|(name, _)| name.starts_with("SUCCEEDED"))
            .unwrap();
        assert_eq!(
            (succeeded.0.as_str(), succeeded.1.as_str()),
            (name, expected)
        );
        let pending = files
            .iter()
            .find(|(name, _)| name.starts_with("PENDING"))
            .unwrap();
        assert!(pending.1.contains("\"Name\":\"2\""), "{}", pending.1);
    }
}

#[test]
fn a_file_that_is_full_is_followed_by_another() {
    let folder = TempDir::new().unwrap();
    let results: Vec<ChildResult> = (0..10)
        .map(|number| child(number, ChildStatus::Succeeded, Some("\"0123456789\"")))
        .collect();
    let config = json!({"Transformation": "COMPACT"});
    let files = written(&folder, config.clone(), 40, &results);
    let mut values = Vec::new();
    for (number, (name, text)) in files[..4].iter().enumerate() {
        assert_eq!(*name, format!("SUCCEEDED_{number}.json"));
        assert!(text.len() <= 40, "{text}");
        values.extend(serde_json::from_str::<Vec<Value>>(text).unwrap());
    }
    assert_eq!(values.len(), 10);
    let manifest: Value = serde_json::from_str(&files[4].1).unwrap();
    assert_eq!(
        manifest["ResultFiles"]["SUCCEEDED"]
            .as_array()
            .unwrap()
            .len(),
        4
    );
}

#[test]
fn nothing_is_written_outside_the_folder() {
    let outside = TempDir::new().unwrap();
    let folder = TempDir::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("link")).unwrap();
    for prefix in ["link", "../x", "a/../..", "/etc", "a//b"] {
        let arguments = json!({"Bucket": "results", "Prefix": prefix});
        let plan = WriterPlan::read(PUT, &arguments, &json!({})).unwrap();
        let mut writer = ResultsWriter::new(&objects(&folder), plan, ARN);
        let error = writer
            .write(&child(0, ChildStatus::Succeeded, Some("1")))
            .unwrap_err();
        assert_eq!(error.error, "States.ResultWriterFailed", "{prefix}");
    }
    assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
}

#[test]
fn a_file_that_is_not_finished_is_not_there() {
    let folder = TempDir::new().unwrap();
    let mut writer = ResultsWriter::new(&objects(&folder), plan(json!({})), ARN);
    writer
        .write(&child(0, ChildStatus::Succeeded, Some("1")))
        .unwrap();
    drop(writer);
    let inside = folder.path().join("out/daily/0d8a");
    assert!(!inside.join("SUCCEEDED_0.json").exists());
    // What is left over is no object, and the next attempt takes its place.
    let left: Vec<_> = fs::read_dir(&inside).unwrap().collect();
    assert_eq!(left.len(), 1);
    let results = [child(0, ChildStatus::Succeeded, Some("1"))];
    assert_eq!(
        written(&folder, json!({}), FILE_BYTES_MAX, &results).len(),
        2
    );
}
