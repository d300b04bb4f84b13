//! A disk that fills up: writes are refused, all else goes on, and comes back by itself (R50).

use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;
use serde_json::json;

use crate::process::{ROLE, Server, eventually};

/// A disk of its own, gone when this is dropped.
struct Disk {
    path: PathBuf,
    _folder: tempfile::TempDir,
}

impl Disk {
    fn mount(megabytes: u32) -> Disk {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        std::fs::create_dir(&path).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={megabytes}m"), "tmpfs"])
            .arg(&path)
            .status();
        assert!(
            mounted.is_ok_and(|status| status.success()),
            "this test mounts a small tmpfs, which takes root: run it as root, or in a container \
             with --cap-add SYS_ADMIN"
        );
        Disk {
            path,
            _folder: folder,
        }
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.path).status();
    }
}

fn put(path: &Path, megabytes: usize) {
    std::fs::write(path, vec![1; megabytes << 20]).unwrap();
}

#[test]
fn a_full_disk_refuses_writes_and_nothing_else_until_there_is_room() {
    let disk = Disk::mount(192);
    let mut server = Server::start_on(
        &disk.path.join("data"),
        &["--disk-reserve-megabytes", "64", "--poll-hold-seconds", "1"],
    );
    let activity = server.create_activity("a");
    let definition = json!({
        "StartAt": "A",
        "States": { "A": { "Type": "Task", "Resource": activity, "End": true } },
    });
    let machine = server.create_machine("m", definition);
    let first = server.start_execution(&machine, json!({}));

    // Half of the room goes to somebody else, the rest to histories.
    let ballast = disk.path.join("ballast");
    put(&ballast, 64);
    let large = json!({ "text": "x".repeat(200_000) }).to_string();
    let start = || {
        server.call(
            "StartExecution",
            json!({"stateMachineArn": machine, "input": large}),
        )
    };
    let mut started = Vec::new();
    let refused = loop {
        let answer = start();
        if answer.status != 200 {
            break answer;
        }
        let answer: serde_json::Value = serde_json::from_str(&answer.body).unwrap();
        started.push(answer["executionArn"].as_str().unwrap().to_owned());
        assert!(started.len() < 2_000, "the disk never fills");
    };
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert!(refused.body.contains("Make room"), "{}", refused.body);

    // Reads, polls, ends and metrics go on.
    assert_eq!(server.get("/readyz").status, 503);
    assert_eq!(server.history(&first).len(), 3);
    assert_eq!(
        server
            .call("GetActivityTask", json!({"activityArn": activity}))
            .body,
        "{}"
    );
    server.ok("StopExecution", json!({"executionArn": started[0]}));
    let made = json!({"name": "b", "roleArn": ROLE, "definition": "{}"});
    assert_eq!(
        server.call("CreateActivity", json!({"name": "b"})).status,
        503
    );
    assert_ne!(server.call("CreateStateMachine", made).status, 200);

    // Somebody else takes what is left: now nothing is written at all.
    let rest = disk.path.join("rest");
    put(&rest, 40);
    eventually("nothing is written", || {
        server
            .call("StopExecution", json!({"executionArn": started[1]}))
            .status
            == 503
    });
    assert_eq!(server.history(&first).len(), 3);

    // Room: all goes on without a restart, and nothing was lost.
    std::fs::remove_file(&rest).unwrap();
    std::fs::remove_file(&ballast).unwrap();
    eventually("writes are taken again", || start().status == 200);
    assert_eq!(server.get("/readyz").status, 200);
    let task = server.ok("GetActivityTask", json!({"activityArn": activity}));
    let token = task["taskToken"].as_str().unwrap();
    server.ok(
        "SendTaskSuccess",
        json!({"taskToken": token, "output": "1"}),
    );
    assert_eq!(server.await_end(&first)["status"], "SUCCEEDED");
    for execution in &started {
        server.ok("DescribeExecution", json!({"executionArn": execution}));
    }
    server.signal(Signal::TERM);
    assert!(server.wait().success());
}
