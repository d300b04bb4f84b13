//! Settings, and what a server refuses to start with (S50, S54).

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::process::{Server, output, towpath};

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn flags_win_over_variables_over_the_file_and_all_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("towpath.toml"),
        "region = \"eu-west-1\"\naccount = \"111111111111\"\nthreads = 3\n",
    )
    .unwrap();
    let environment = [
        ("TOWPATH_REGION", "eu-west-2"),
        ("TOWPATH_ACCOUNT", "222222222222"),
    ];
    let shown = output(
        &["config", "--region", "eu-west-3"],
        &environment,
        folder.path(),
    );
    assert!(shown.status.success());
    let shown = text(&shown.stdout);
    let line = |name: &str| {
        let found = shown.lines().find(|line| line.starts_with(name));
        found
            .unwrap_or_else(|| panic!("{name} in\n{shown}"))
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(line("region"), "region = \"eu-west-3\" # flag --region");
    assert_eq!(
        line("account"),
        "account = \"222222222222\" # env TOWPATH_ACCOUNT"
    );
    assert_eq!(line("threads"), "threads = 3 # file ./towpath.toml");
    assert_eq!(
        line("poll_hold_seconds"),
        "poll_hold_seconds = 59.5 # default"
    );
}

#[test]
fn a_wrong_setting_ends_with_one_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("my.toml");
    std::fs::write(&file, "regoin = \"eu-west-1\"\n").unwrap();
    let ended = output(
        &["serve", "--config", file.to_str().unwrap()],
        &[],
        folder.path(),
    );
    assert_eq!(ended.status.code(), Some(2));
    let said = text(&ended.stderr);
    assert!(
        said.contains("my.toml:1") && said.contains("regoin"),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
    let ended = output(&["serve"], &[("TOWPATH_LOG_LEVEL", "loud")], folder.path());
    assert_eq!(ended.status.code(), Some(2));
    assert!(text(&ended.stderr).contains("TOWPATH_LOG_LEVEL"));
}

#[test]
fn strangers_are_let_in_only_on_purpose() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0"] {
        let ended = output(&["serve", "--listen", address], &[], folder.path());
        assert_eq!(ended.status.code(), Some(2), "{address}");
        let said = text(&ended.stderr);
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(
            said.contains("--insecure-no-auth") && said.contains("127.0.0.1"),
            "{said}"
        );
    }
    assert_eq!(
        std::fs::read_dir(folder.path()).unwrap().count(),
        0,
        "nothing was made"
    );
    let data = folder.path().join("data");
    let mut command = towpath();
    command.args([
        "serve",
        "--in-memory",
        "--insecure-no-auth",
        "--listen",
        "0.0.0.0:0",
        "--data",
    ]);
    let server = Server::spawn(
        {
            command.arg(&data);
            command
        },
        &data,
    );
    assert!(server.address.ip().is_unspecified());
}

#[test]
fn a_folder_serves_one_server_and_one_owner() {
    let mut first = Server::start(&[]);
    let folder = first.data.to_str().unwrap().to_owned();
    let serve = |flags: &[&str]| {
        let arguments = [
            &["serve", "--listen", "127.0.0.1:0", "--data", &folder],
            flags,
        ]
        .concat();
        let ended = output(&arguments, &[], Path::new("/"));
        assert_eq!(ended.status.code(), Some(1));
        text(&ended.stderr)
    };
    let said = serve(&[]);
    assert!(said.contains("in use by another towpath"), "{said}");
    first.signal(rustix::process::Signal::TERM);
    assert!(first.wait().success());
    let said = serve(&["--account", "999999999999"]);
    assert!(
        said.contains("belongs to account 000000000000 in us-east-1"),
        "{said}"
    );
    let said = serve(&["--region", "eu-west-1"]);
    assert!(said.contains("--region us-east-1"), "{said}");
}

#[test]
fn what_is_kept_is_nobody_elses_to_read() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut command = std::process::Command::new("sh");
    command.args([
        "-c",
        "umask 000; exec \"$0\" serve --listen 127.0.0.1:0 --data \"$1\"",
    ]);
    command.arg(env!("CARGO_BIN_EXE_towpath")).arg(&data);
    let server = Server::spawn(command, &data);
    server.create_activity("a");
    let mut folders = vec![data];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        let mode = std::fs::metadata(&folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                folders.push(entry.path());
            } else {
                let mode = entry.metadata().unwrap().permissions().mode();
                assert_eq!(mode & 0o777, 0o600, "{}", entry.path().display());
                files += 1;
            }
        }
    }
    assert!(files > 0);
}

#[test]
fn the_version_is_told() {
    let told = output(&["version"], &[], Path::new("/"));
    assert_eq!(
        text(&told.stdout),
        format!("towpath {}\n", env!("CARGO_PKG_VERSION"))
    );
}
