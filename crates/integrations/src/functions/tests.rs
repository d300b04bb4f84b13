use std::time::Instant;

use serde_json::json;

use super::*;

fn functions(text: Value) -> Result<Functions, String> {
    serde_json::from_value(text).map_err(|error| error.to_string())
}

fn ready(text: Value) -> Ready {
    let variable = |name: &str| std::env::var_os(name);
    Ready::of(
        &functions(text).unwrap(),
        "eu-west-1",
        Instant::now,
        variable,
    )
    .unwrap()
}

fn invocation<'a>(function: &'a str, payload: &str) -> Invocation<'a> {
    Invocation {
        function,
        qualifier: None,
        headers: Vec::new(),
        key: IdempotencyKey::of([3; 16], 4),
        payload: payload.as_bytes().to_vec(),
    }
}

async fn said(ready: &Ready, function: &str, payload: &str) -> (bool, String) {
    let Some(ReadyFunction::Command(command)) = ready.find(function, None) else {
        panic!("{function} is no command");
    };
    let told = ready.run(command, invocation(function, payload)).await;
    let failed = told.headers.contains_key("x-amz-function-error");
    (failed, String::from_utf8(told.body.to_vec()).unwrap())
}

#[test]
fn functions_are_written_in_several_ways() {
    let read = functions(json!({
        "a": "http://127.0.0.1:9000/a",
        "b": "python3 'b c.py' --fast",
        "c": ["node", "c.js"],
        "arn:aws:lambda:us-east-1:000000000000:function:d:PROD":
            {"endpoint": "http://127.0.0.1:4701", "timeout_seconds": 3},
        "e": {"command": "./e", "folder": "/srv", "environment": {"A": "b"}, "inherit": ["C"],
            "concurrency": 2},
    }))
    .unwrap();
    read.check().unwrap();
    let rows: BTreeMap<_, _> = read.rows().collect();
    assert_eq!(rows["b"][0].1, r#"["python3", "b c.py", "--fast"]"#);
    assert_eq!(rows["e"][3], ("environment", r#"{ "A" = "b" }"#.to_owned()));
    for wrong in [
        json!({"a": ""}),
        json!({"a": "x 'y"}),
        json!({"a": {"url": "ftp://a"}}),
        json!({"a": {"url": "http://a", "command": "a"}}),
        json!({"a": {"url": "http://a", "concurrency": 1}}),
        json!({"a": {"command": "a", "timeout_seconds": 0}}),
        json!({"a": {"command": "a", "colour": "red"}}),
        json!({"a": {}}),
        json!({"a": []}),
    ] {
        assert!(functions(wrong.clone()).is_err(), "{wrong}");
    }
    assert!(functions(json!({"a b": "x"})).unwrap().check().is_err());
    for wrong in ["a", "=b", "a=", "a b=c"] {
        assert!(wrong.parse::<FunctionSetting>().is_err(), "{wrong}");
    }
    let set = "a=cat".parse().unwrap();
    let over = read.with(&set);
    assert!(
        over.rows()
            .any(|(name, rows)| name == "a" && rows[0].0 == "command")
    );
}

#[test]
fn a_command_that_is_not_there_is_noticed_at_the_start() {
    let missing = functions(json!({"f": "no-such-program-anywhere"})).unwrap();
    let why = Ready::of(&missing, "r", Instant::now, |_| {
        Some("/bin:/usr/bin".into())
    })
    .unwrap_err();
    assert!(why.starts_with("f: no-such-program-anywhere"), "{why}");
    let folder = functions(json!({"f": {"command": "cat", "folder": "/nowhere/at/all"}})).unwrap();
    assert!(Ready::of(&folder, "r", Instant::now, |_| Some("/bin:/usr/bin".into())).is_err());
}

#[tokio::test]
async fn a_command_is_given_the_payload_and_an_environment_of_its_own() {
    let ready = ready(json!({
        "echo": "cat",
        "env": {"command": "env", "environment": {"OWN": "yes", "AWS_REGION": "mine"}},
    }));
    assert_eq!(
        said(&ready, "echo", r#"{"a":1.50}"#).await,
        (false, r#"{"a":1.50}"#.into())
    );
    let (_, all) = said(&ready, "env", "{}").await;
    let all: String = serde_json::from_str(&all).unwrap();
    let mut names: Vec<&str> = all
        .lines()
        .filter_map(|line| Some(line.split_once('=')?.0))
        .collect();
    names.retain(|name| !INHERITED.contains(name));
    names.sort_unstable();
    let expected = [
        "AWS_DEFAULT_REGION",
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_REGION",
        "OWN",
        "TOWPATH_IDEMPOTENCY_KEY",
    ];
    assert_eq!(names, expected, "and nothing of the server's own");
    assert!(all.contains("AWS_REGION=mine\n") && all.contains("AWS_DEFAULT_REGION=eu-west-1\n"));
    let key = IdempotencyKey::of([3; 16], 4);
    assert!(all.contains(&format!("TOWPATH_IDEMPOTENCY_KEY={key}")));
}

#[tokio::test]
async fn a_command_that_fails_tells_why() {
    let ready = ready(json!({
        "fails": ["sh", "-c", "echo no such order >&2; exit 3"],
        "killed": ["sh", "-c", "kill -9 $$"],
        "slow": {"command": ["sh", "-c", "sleep 30 & sleep 30"], "timeout_seconds": 0.2},
    }));
    let (failed, body) = said(&ready, "fails", "{}").await;
    assert!(failed && body.contains("Runtime.ExitError") && body.contains("no such order"));
    let (failed, body) = said(&ready, "killed", "{}").await;
    assert!(failed && body.contains("SIGKILL"), "{body}");
    let before = Instant::now();
    let (failed, body) = said(&ready, "slow", "{}").await;
    assert!(failed && body.contains("Sandbox.Timedout") && body.contains("0.20 seconds"));
    assert!(before.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn what_nobody_waits_for_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let script = format!(
        "sleep 60 & echo $! $$ > {0}.new; mv {0}.new {0}; wait",
        file.display()
    );
    let ready = ready(json!({"f": ["sh", "-c", script]}));
    let mut run = Box::pin(said(&ready, "f", "{}"));
    while !file.exists() {
        let step = tokio::time::sleep(Duration::from_millis(5));
        tokio::select! { _ = &mut run => panic!("ended"), () = step => {} }
    }
    drop(run);
    ready.finish();
    let pids = std::fs::read_to_string(&file).unwrap();
    for pid in pids.split_whitespace() {
        // Signalled is not yet gone, and a zombie is gone but for who inherited it.
        let deadline = Instant::now() + Duration::from_secs(5);
        while runs(pid) {
            assert!(Instant::now() < deadline, "{pid} runs");
            std::thread::yield_now();
        }
    }
}

fn runs(pid: &str) -> bool {
    let state = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    state
        .rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with('Z'))
}

#[tokio::test]
async fn commands_of_one_function_take_turns() {
    let folder = tempfile::tempdir().unwrap();
    let lock = folder.path().join("lock");
    // Two at once would meet in the folder that only one can make.
    let script = format!("mkdir {0} || exit 9; sleep 0.05; rmdir {0}", lock.display());
    let ready = ready(json!({"f": {"command": ["sh", "-c", script], "concurrency": 1}}));
    let (a, b, c) = tokio::join!(
        said(&ready, "f", "{}"),
        said(&ready, "f", "{}"),
        said(&ready, "f", "{}")
    );
    assert_eq!([a.0, b.0, c.0], [false; 3], "{} {} {}", a.1, b.1, c.1);
}

fn told(status: u16, body: &str) -> Told {
    let mut told = Told {
        status,
        headers: hyper::HeaderMap::new(),
        body: Bytes::copy_from_slice(body.as_bytes()),
    };
    read(&mut told);
    told
}

#[test]
fn a_plain_server_is_read_as_a_function() {
    assert_eq!(told(200, r#"{"a":1}"#).body, r#"{"a":1}"#);
    assert_eq!(told(204, "").body, "null");
    assert_eq!(told(200, "hello").body, "\"hello\"");
    let failure = r#"{"errorType":"NoSuchOrder","errorMessage":"7"}"#;
    for status in [200, 500] {
        let told = told(status, failure);
        assert_eq!((told.status, &told.body[..]), (200, failure.as_bytes()));
        assert!(told.headers.contains_key("x-amz-function-error"));
    }
    let busy = told(429, "later");
    assert_eq!(busy.headers["x-amzn-errortype"], "TooManyRequestsException");
    let broken = told(503, "<html>");
    assert_eq!(broken.headers["x-amzn-errortype"], "ServiceException");
    let body = String::from_utf8(broken.body.to_vec()).unwrap();
    assert!(body.contains("503 Service Unavailable: <html>"), "{body}");
}
