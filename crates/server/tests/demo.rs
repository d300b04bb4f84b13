//! `towpath demo` as a person runs it: its own server, its own workers, a real kill.

// Lints allow it in test functions; here what they share is a test, too.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

/// Text files of 1 to 300 lines, and two files that are no text.
fn make_files(folder: &Path, texts: usize) {
    for number in 0..texts {
        let lines = "a line\n".repeat(1 + number * 300 / texts);
        fs::write(folder.join(format!("text-{number:03}.txt")), lines).unwrap();
    }
    fs::write(folder.join("binary-0"), b"\x7fELF\0").unwrap();
    fs::write(folder.join("binary-1"), b"\xff\xfe").unwrap();
}

/// The demo over `files`, with everything temporary below `temporary`.
fn demo(files: &Path, temporary: &Path) -> Command {
    let mut demo = Command::new(env!("CARGO_BIN_EXE_towpath"));
    demo.arg("demo")
        .arg(files)
        .env("TMPDIR", temporary)
        .stdin(Stdio::null());
    // Settings of the caller's own must not reach the demo's server.
    demo.env("TOWPATH_LISTEN", "no address")
        .env("AWS_ENDPOINT_URL", "http://example.invalid");
    demo
}

/// The number in the row of the table that begins with `name`.
fn row(table: &str, name: &str) -> usize {
    let row = table
        .lines()
        .find_map(|line| line.strip_prefix(name))
        .unwrap();
    row.split_whitespace().next().unwrap().parse().unwrap()
}

#[test]
fn nothing_is_lost_when_the_server_is_killed_half_way() {
    let (files, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_files(files.path(), 40);
    let output = demo(files.path(), temporary.path()).output().unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(0), "{table}{said}");
    assert!(said.contains("server killed with SIGKILL"), "{said}");
    assert_eq!(row(&table, "executions"), 42, "{table}");
    assert_eq!(row(&table, "succeeded"), 40, "{table}");
    assert_eq!(row(&table, "failed"), 2, "{table}");
    assert_eq!(row(&table, "lost"), 0, "{table}");
    assert_eq!(row(&table, "counted twice"), 0, "{table}");
    // One path in seven fails at first; none of forty would be a chance of one in five hundred.
    assert!(row(&table, "retried") > 0, "{table}");
    assert_eq!(
        fs::read_dir(temporary.path()).unwrap().count(),
        0,
        "the folder is gone"
    );
}

#[test]
fn an_interrupted_demo_leaves_nothing_behind() {
    let (files, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    make_files(files.path(), 100);
    let mut demo = demo(files.path(), temporary.path())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(demo.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split(',').next());
    let address = address
        .unwrap_or_else(|| panic!("no address in: {line}"))
        .to_owned();
    assert!(
        TcpStream::connect(&address).is_ok(),
        "the server listens at {address}"
    );

    kill_process(Pid::from_child(&demo), Signal::INT).unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(demo.wait().unwrap().code(), Some(1), "{rest}");
    assert!(rest.contains("interrupted"), "{rest}");
    assert!(TcpStream::connect(&address).is_err(), "the server is gone");
    assert_eq!(
        fs::read_dir(temporary.path()).unwrap().count(),
        0,
        "the folder is gone"
    );
}

#[test]
fn a_folder_without_files_is_refused() {
    let (files, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = demo(files.path(), temporary.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
