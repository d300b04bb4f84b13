//! `towpath doctor`, against nothing and against a server.
#![allow(clippy::unwrap_used)]

use std::process::{Command, Output};

use serde_json::Value;

fn doctor(args: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_towpath"));
    command
        .arg("doctor")
        .args(args)
        .env_clear()
        .envs(environment.iter().copied());
    command.output().unwrap()
}

#[test]
fn nobody_there_is_said_with_what_to_do() {
    // Port 1 is nobody's.
    let ran = doctor(&["--endpoint", "http://127.0.0.1:1"], &[]);
    let text = String::from_utf8(ran.stdout).unwrap();
    assert_eq!(ran.status.code(), Some(1), "{text}");
    for line in [
        "fail  server",
        "towpath serve",
        "warn  region",
        "warn  credentials",
    ] {
        assert!(text.contains(line), "{line} in\n{text}");
    }
}

#[test]
fn a_server_that_is_well_is_said_to_be_as_json() {
    use std::io::{BufRead, BufReader};
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Command::new(env!("CARGO_BIN_EXE_towpath"))
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .env_clear()
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let url = lines
        .find_map(|line| {
            let line = line.unwrap();
            let (_, url) = line.split_once("listening url=")?;
            Some(url.split(' ').next()?.to_owned())
        })
        .unwrap();
    let ran = doctor(
        &["--format", "json", "--data", data.to_str().unwrap()],
        &[
            ("AWS_ENDPOINT_URL_SFN", &url),
            ("AWS_REGION", "us-east-1"),
            ("AWS_DEFAULT_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", "any"),
            ("AWS_SECRET_ACCESS_KEY", "any"),
            ("AWS_DISABLE_HOST_PREFIX_INJECTION", "true"),
        ],
    );
    server.kill().unwrap();
    server.wait().unwrap();
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();
    for check in said["checks"].as_array().unwrap() {
        let name = check["check"].as_str().unwrap();
        // The machine's own affairs differ from place to place.
        if !["open files", "disk"].contains(&name) {
            assert_eq!(check["status"], "ok", "{check}");
        }
    }
    assert_eq!(said["checks"].as_array().unwrap().len(), 10);
    assert_eq!(ran.status.code(), Some(0), "{said}");
}
