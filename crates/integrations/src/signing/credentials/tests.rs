use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

use super::*;

const NOW: SystemTime = UNIX_EPOCH;

fn chain(environment: Environment, made_up_will_do: bool) -> Chain {
    let profile = Profile::load(None, &environment).unwrap();
    Chain::new(environment, profile, made_up_will_do)
}

/// Answers one request for each body given, one after the other; gives back what was asked.
fn answering(bodies: &'static [&'static str]) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = thread::spawn(move || {
        let mut asked = Vec::new();
        for body in bodies {
            let (stream, _) = listener.accept().unwrap();
            let mut reader = BufReader::new(stream);
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") {
                assert_ne!(
                    reader.read_line(&mut head).unwrap(),
                    0,
                    "the client hung up"
                );
            }
            asked.push(head.to_lowercase());
            let length = body.len();
            write!(
                reader.get_mut(),
                "HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            )
            .unwrap();
            let _ = reader.read(&mut [0]);
        }
        asked
    });
    (url, server)
}

#[test]
fn the_environment_comes_first_unless_a_flag_names_a_profile() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("credentials");
    std::fs::write(
        &file,
        "[p]\naws_access_key_id=P\naws_secret_access_key=PS\n",
    )
    .unwrap();
    let environment = Environment::from([
        ("AWS_ACCESS_KEY_ID", "E"),
        ("AWS_SECRET_ACCESS_KEY", "ES"),
        ("AWS_SESSION_TOKEN", "T"),
        ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
    ]);
    let found = chain(environment.clone(), false).get(NOW).unwrap();
    assert_eq!(found, Credentials::new("E", "ES", Some("T")));
    let profile = Profile::load(Some("p"), &environment).unwrap();
    let found = Chain::new(environment, profile, false).get(NOW).unwrap();
    assert_eq!(found, Credentials::new("P", "PS", None));
}

#[test]
fn made_up_credentials_are_for_a_server_on_this_machine_only() {
    let nowhere = [("AWS_EC2_METADATA_DISABLED", "true")];
    assert!(chain(Environment::from(nowhere), true).get(NOW).is_ok());
    let refused = chain(Environment::from(nowhere), false)
        .get(NOW)
        .unwrap_err();
    assert!(matches!(refused, SigningError::Credentials(_)), "{refused}");
}

#[test]
fn a_key_without_its_secret_is_said_and_not_passed_over() {
    let half = Environment::from([("AWS_ACCESS_KEY_ID", "E")]);
    assert!(chain(half, true).get(NOW).is_err());
}

#[test]
fn a_profile_that_needs_another_service_says_what_to_write_instead() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config");
    std::fs::write(&file, "[default]\nsso_session = x\n").unwrap();
    let environment = Environment::from([("AWS_CONFIG_FILE", file.to_str().unwrap())]);
    let refused = chain(environment, false).get(NOW).unwrap_err().to_string();
    assert!(
        refused.contains("sso_session") && refused.contains("export-credentials"),
        "{refused}"
    );
}

#[test]
fn the_container_is_asked_again_shortly_before_the_end() {
    let (url, server) = answering(&[
        r#"{"AccessKeyId":"1","SecretAccessKey":"S","Token":"T","Expiration":"1970-01-01T01:00:00Z"}"#,
        r#"{"AccessKeyId":"2","SecretAccessKey":"S","Token":"T","Expiration":"1970-01-01T02:00:00Z"}"#,
    ]);
    let url = format!("{url}/creds");
    let environment = Environment::from([
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", url.as_str()),
        ("AWS_CONTAINER_AUTHORIZATION_TOKEN", "sesame"),
    ]);
    let chain = chain(environment, false);
    let id = |minutes: u64| {
        chain
            .get(NOW + Duration::from_secs(minutes * 60))
            .unwrap()
            .access_key_id
    };
    assert_eq!(
        (id(0), id(54), id(55), id(60)),
        ("1".into(), "1".into(), "2".into(), "2".into())
    );
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("get /creds ") && asked[0].contains("authorization: sesame"));
    // Nobody answers any more: what is at hand counts to its end, and not beyond.
    assert_eq!(id(119), "2");
    assert!(chain.get(NOW + Duration::from_secs(120 * 60)).is_err());
}

#[test]
fn a_container_elsewhere_is_not_asked_in_the_clear() {
    let environment =
        Environment::from([("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://example.com/")]);
    let refused = chain(environment, false).get(NOW).unwrap_err().to_string();
    assert!(refused.contains("without TLS"), "{refused}");
}

#[test]
fn the_instance_is_asked_by_version_2_of_its_protocol() {
    let (url, server) = answering(&[
        "session",
        "my-role\n",
        r#"{"Code":"Success","AccessKeyId":"I","SecretAccessKey":"S","Token":"T","Expiration":"2099-01-01T00:00:00Z"}"#,
    ]);
    let environment = Environment::from([("AWS_EC2_METADATA_SERVICE_ENDPOINT", url.as_str())]);
    let found = chain(environment, false).get(NOW).unwrap();
    assert_eq!(
        (found.access_key_id.as_str(), found.session_token.as_deref()),
        ("I", Some("T"))
    );
    let asked = server.join().unwrap();
    assert!(asked[0].starts_with("put /latest/api/token "));
    assert!(asked[2].starts_with("get /latest/meta-data/iam/security-credentials/my-role "));
    assert!(asked[2].contains("x-aws-ec2-metadata-token: session"));
}

#[test]
fn a_secret_is_not_shown() {
    let shown = format!("{:?}", Credentials::new("ID", "hush", Some("token")));
    assert!(shown.contains("ID") && !shown.contains("hush") && !shown.contains("token"));
}
