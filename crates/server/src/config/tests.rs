use std::path::Path;

use super::*;

fn load(
    flags: Layer,
    variables: &[(&str, &str)],
    file: Option<&str>,
) -> Result<Settings, ConfigError> {
    let directory = tempfile::tempdir().unwrap();
    if let Some(text) = file {
        std::fs::write(directory.path().join(DEFAULT_FILE), text).unwrap();
    }
    let variables = variables
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_string()));
    Settings::load(None, flags, variables, directory.path())
}

fn complaint(flags: Layer, variables: &[(&str, &str)], file: Option<&str>) -> String {
    load(flags, variables, file).unwrap_err().to_string()
}

#[test]
fn a_flag_wins_over_a_variable_that_wins_over_the_file_that_wins_over_the_default() {
    let file = "region = \"eu-west-1\"\naccount = \"111111111111\"\npolls_per_activity = 7\n";
    let variables = [
        ("TOWPATH_REGION", "eu-west-2"),
        ("TOWPATH_ACCOUNT", "222222222222"),
        ("OTHER", "x"),
    ];
    let flags = Layer {
        region: Some("eu-west-3".into()),
        ..Layer::default()
    };
    let settings = load(flags, &variables, Some(file)).unwrap();
    assert_eq!(
        (settings.region.value.as_str(), settings.region.origin),
        ("eu-west-3", Origin::Flag)
    );
    assert_eq!(
        (settings.account.value.as_str(), settings.account.origin),
        ("222222222222", Origin::Environment)
    );
    assert_eq!(settings.polls_per_activity.value, 7);
    assert!(matches!(
        settings.polls_per_activity.origin,
        Origin::File(_)
    ));
    assert_eq!(
        (
            settings.poll_hold_seconds.value,
            settings.poll_hold_seconds.origin
        ),
        (59.5, Origin::Default)
    );
}

#[test]
fn an_unknown_key_of_the_file_is_named() {
    let text = complaint(
        Layer::default(),
        &[],
        Some("region = \"us-east-1\"\npol_hold = 3\n"),
    );
    assert!(
        text.contains("towpath.toml:2") && text.contains("pol_hold"),
        "{text}"
    );
    assert!(!text.contains('\n'), "{text}");
}

#[test]
fn a_wrong_value_is_reported_where_it_stands() {
    let text = complaint(
        Layer::default(),
        &[("TOWPATH_POLL_HOLD_SECONDS", "soon")],
        None,
    );
    assert!(
        text.starts_with("TOWPATH_POLL_HOLD_SECONDS: \"soon\""),
        "{text}"
    );
    let text = complaint(Layer::default(), &[("TOWPATH_ACCOUNT", "12")], None);
    assert_eq!(text, "TOWPATH_ACCOUNT: must be twelve digits");
    let flags = Layer {
        threads: Some(0),
        ..Layer::default()
    };
    assert_eq!(complaint(flags, &[], None), "--threads: must be 1 to 64");
    let text = complaint(Layer::default(), &[], Some("log_level = \"loud\""));
    assert!(
        text.contains("towpath.toml:1") && text.contains("loud"),
        "{text}"
    );
}

#[test]
fn lists_and_truths_are_read_from_everywhere() {
    let variables = [
        ("TOWPATH_LISTEN", "127.0.0.1:1,127.0.0.1:2"),
        ("TOWPATH_IN_MEMORY", "true"),
    ];
    let settings = load(
        Layer::default(),
        &variables,
        Some("allowed_hosts = \"sfn.test\""),
    )
    .unwrap();
    assert_eq!(settings.listen.value, ["127.0.0.1:1", "127.0.0.1:2"]);
    assert!(settings.in_memory.value);
    assert_eq!(settings.allowed_hosts.value, ["sfn.test"]);
    assert_eq!(settings.addresses().unwrap().len(), 2);
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let missing = Path::new("/nowhere/at/all.toml");
    let error = Settings::load(
        Some(missing),
        Layer::default(),
        std::iter::empty(),
        Path::new("."),
    );
    assert!(
        error
            .unwrap_err()
            .to_string()
            .starts_with("/nowhere/at/all.toml: ")
    );
}

#[test]
fn what_is_printed_can_be_read_as_a_file() {
    let flags = Layer {
        data: Some("a \"b\"".into()),
        ..Layer::default()
    };
    let variables = [
        ("TOWPATH_LOG_FORMAT", "json"),
        ("TOWPATH_QUOTA", "StopExecution=3/1.5,activities=9"),
    ];
    let file = "[quotas]\nprofile = \"aws\"\nactivities = 8\n";
    let settings = load(flags, &variables, Some(file)).unwrap();
    let mut text = Vec::new();
    print(&settings, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(
        text.contains("# flag --data") && text.contains("# env TOWPATH_LOG_FORMAT"),
        "{text}"
    );
    let again = load(Layer::default(), &[], Some(&text)).unwrap();
    assert_eq!(again.data.value, settings.data.value);
    assert_eq!(again.log_format.value, Format::Json);
    assert_eq!(again.poll_hold_seconds.value, 59.5);
    assert_eq!(again.quotas_profile.value, Profile::Aws);
    assert_eq!(again.quotas.activities, Some(9));
    assert_eq!(again.quotas.rates["StopExecution"].per_second, 1.5);
}

#[test]
fn a_quota_that_makes_no_sense_is_named() {
    let variables = [("TOWPATH_QUOTA", "Nonsense=1/1")];
    let text = complaint(Layer::default(), &variables, None);
    assert!(
        text.starts_with("TOWPATH_QUOTA: ") && text.contains("no operation"),
        "{text}"
    );
    let file = "[quotas.StopExecution]\nburst = 0\nper_second = 1\n";
    let text = complaint(Layer::default(), &[], Some(file));
    assert!(text.contains("quotas: StopExecution: burst"), "{text}");
    let flags = Layer {
        quotas_profile: Some(Profile::None),
        ..Layer::default()
    };
    let file = "[quotas]\nprofile = \"aws\"\n";
    let settings = load(flags, &[("TOWPATH_QUOTAS_PROFILE", "aws")], Some(file)).unwrap();
    assert_eq!(settings.quotas.profile, Some(Profile::None));
}

#[test]
fn limits_stand_in_a_table_and_are_flags_and_variables_all_the_same() {
    let file =
        "region = \"eu-west-1\"\n[limits]\nhistory_events_max = 100\npayload_bytes_max = 2000\n";
    let variables = [("TOWPATH_HISTORY_EVENTS_MAX", "200")];
    let mut flags = Layer::default();
    flags.limits.execution_seconds_max = Some(60);
    let settings = load(flags, &variables, Some(file)).unwrap();
    let limits = settings.limits.of_executions();
    assert_eq!(
        (limits.history_events_max, limits.execution_seconds_max),
        (200, 60)
    );
    assert_eq!(limits.payload_bytes_max, 2_000);
    assert_eq!(settings.limits.of_requests().payload_bytes_max, 2_000);
    let mut printed = Vec::new();
    print(&settings, &mut printed).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert!(printed.contains("\n[limits]\npayload_bytes_max = 2000"));
    let again = load(Layer::default(), &[], Some(&printed)).unwrap();
    assert_eq!(
        again.limits.of_executions(),
        limits,
        "what is printed reads the same"
    );
}

#[test]
fn limits_that_nobody_sets_are_those_of_aws() {
    let settings = load(Layer::default(), &[], None).unwrap();
    assert_eq!(
        settings.limits.of_executions(),
        interpreter::Limits::default()
    );
    assert_eq!(settings.limits.of_requests(), api::DoorLimits::default());
}

#[test]
fn limits_out_of_bounds_are_refused_by_name() {
    assert_eq!(
        complaint(
            Layer::default(),
            &[("TOWPATH_MAP_CONCURRENCY_MAX", "0")],
            None
        ),
        "TOWPATH_MAP_CONCURRENCY_MAX: must be 1 to 10000"
    );
    let mut flags = Layer::default();
    flags.limits.definition_bytes_max = Some(2_000_000);
    assert_eq!(
        complaint(flags, &[], None),
        "--definition-bytes-max: must be at most request_bytes_max, which is 1048576"
    );
    let file = complaint(
        Layer::default(),
        &[],
        Some("[limits]\npayload_bytes_max = 9000000\n"),
    );
    assert!(
        file.ends_with("towpath.toml: payload_bytes_max: must be 1024 to 1048576"),
        "{file}"
    );
}

#[test]
fn calls_have_a_table_of_their_own() {
    let file = "[http]\nallow = [\"127.0.0.1:8080\", \"[::1]:80\"]\nqueue = 5\n";
    let variables = [("TOWPATH_HTTP_CONCURRENCY", "7")];
    let settings = load(Layer::default(), &variables, Some(file)).unwrap();
    let http = settings.http.of_calls();
    assert_eq!((http.concurrency, http.queue), (7, 5));
    assert_eq!(http.allow[1].to_string(), "[::1]:80");
    let mut printed = Vec::new();
    print(&settings, &mut printed).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert!(
        printed.contains("env TOWPATH_HTTP_CONCURRENCY"),
        "{printed}"
    );
    let again = load(Layer::default(), &[], Some(&printed)).unwrap();
    assert_eq!(again.http.of_calls(), http);
    let wrong = complaint(
        Layer::default(),
        &[("TOWPATH_HTTP_ALLOW", "localhost")],
        None,
    );
    assert!(wrong.contains("HOST:PORT"), "{wrong}");
}

#[test]
fn buckets_are_folders_that_are_named_in_three_places() {
    let file = "[buckets]\n\"my.reports\" = \"file:///srv/my%20reports\"\nother = \"file:///a\"\n";
    let variables = [("TOWPATH_BUCKET", "other=file:///b,third=file:///c")];
    let settings = load(Layer::default(), &variables, Some(file)).unwrap();
    let expected = [
        ("my.reports", "file:///srv/my%20reports"),
        ("other", "file:///b"),
        ("third", "file:///c"),
    ];
    assert_eq!(settings.buckets.iter().collect::<Vec<_>>(), expected);
    let mut printed = Vec::new();
    print(&settings, &mut printed).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    let again = load(Layer::default(), &[], Some(&printed)).unwrap();
    assert_eq!(again.buckets, settings.buckets);
    let file = "[buckets]\nreports = \"srv/reports\"\n";
    let wrong = complaint(Layer::default(), &[], Some(file));
    assert!(
        wrong.contains("buckets: \"srv/reports\" is no folder"),
        "{wrong}"
    );
}

#[test]
fn functions_and_connections_are_printed_without_secrets() {
    let file = r#"
        [functions]
        a = "http://127.0.0.1:9000/a"
        b = "python3 'b c.py'"
        [functions."arn:aws:lambda:us-east-1:000000000000:function:c:1"]
        command = ["c"]
        environment = { A = "b \"c\"" }
        [connections.api]
        hosts = ["a.test", "b.test:8443"]
        basic = { username = "u", password = "hidden" }
        headers = { X-Tenant = "hidden" }
        [connections.login.oauth]
        token_url = "https://a.test/token"
        client_id = "hidden"
        client_secret = { env = "SECRET" }
        body = { scope = "hidden" }
        [connections.login]
        hosts = ["a.test"]
    "#;
    let flags = Layer {
        function: Some(vec!["a=cat".parse().unwrap()]),
        ..Layer::default()
    };
    let settings = load(
        flags,
        &[("TOWPATH_FUNCTION", "d=http://d.test")],
        Some(file),
    )
    .unwrap();
    let mut printed = Vec::new();
    print(&settings, &mut printed).unwrap();
    let printed = String::from_utf8(printed).unwrap();
    assert!(!printed.contains("hidden"), "{printed}");
    assert!(printed.contains(r#"{ env = "SECRET" }"#), "{printed}");
    let again = load(Layer::default(), &[], Some(&printed)).unwrap();
    assert_eq!(again.functions, settings.functions);
    assert_eq!(again.functions.rows().count(), 4);
    let complaint = complaint(Layer::default(), &[], Some("[connections.c]\nhosts = []\n"));
    assert!(complaint.contains("connections: c: hosts"), "{complaint}");
}

#[test]
fn the_readme_names_every_flag() {
    use clap::Args as _;
    let readme = include_str!("../../../../README.md");
    let command = Layer::augment_args(clap::Command::new("serve"));
    for flag in command.get_arguments().filter_map(clap::Arg::get_long) {
        let row = format!("| `--{flag}");
        let ends = |rest: &str| rest.starts_with(['`', ' ']);
        assert!(
            readme.split(&row).skip(1).any(ends),
            "no row of --{flag} in README.md"
        );
    }
}
