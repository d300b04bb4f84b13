//! The server at the endpoint: whether it answers, under which names, and by which clock.

use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::time::{Duration, SystemTime};

use super::Finding;
use crate::client::Environment;

/// Longest wait for an answer, and for a name.
const PATIENCE: Duration = Duration::from_secs(5);
/// AWS refuses signatures whose time is further off than this.
const SKEW_MAX: Duration = Duration::from_secs(300);
/// More than this looks strange in histories.
const SKEW_NOTED: Duration = Duration::from_secs(5);

pub(super) fn look(url: &str, environment: &Environment) -> Vec<Finding> {
    let uri = match url.parse::<ureq::http::Uri>() {
        Ok(uri) if uri.host().is_some() && uri.scheme().is_some() => uri,
        _ => {
            let advice = "say http://HOST:PORT, as towpath serve prints it";
            return vec![Finding::fail(
                "server",
                format!("{url:?} is no URL"),
                advice,
            )];
        }
    };
    let host = uri.host().unwrap_or_default().to_owned();
    let mut findings = Vec::new();
    match ask(url, None) {
        Ok(answer) => {
            findings.push(server(url, &answer));
            findings.push(clock(answer.date, SystemTime::now()));
            findings.push(prefix(url, &host, &uri, environment));
        }
        Err(why) => findings.push(Finding::fail(
            "server",
            format!("{url} cannot be reached: {why}"),
            "start it with towpath serve, and compare the URL with the one it prints; in a container \
             127.0.0.1 is the container itself",
        )),
    }
    findings.push(read_timeout());
    findings
}

struct Answer {
    status: u16,
    date: Option<SystemTime>,
    body: String,
}

fn ask(url: &str, host: Option<&str>) -> Result<Answer, String> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        .http_status_as_error(false)
        .max_redirects(0)
        .build();
    let mut request = config
        .new_agent()
        .post(url)
        .header("Content-Type", "application/x-amz-json-1.0")
        .header("X-Amz-Target", "AWSStepFunctions.ListActivities");
    if let Some(host) = host {
        request = request.header("Host", host);
    }
    let mut answer = request.send("{}").map_err(|error| error.to_string())?;
    let date = answer.headers().get("date");
    let date = date.and_then(|date| httpdate::parse_http_date(date.to_str().ok()?).ok());
    let body = answer
        .body_mut()
        .with_config()
        .limit(1 << 20)
        .read_to_string();
    Ok(Answer {
        status: answer.status().as_u16(),
        date,
        body: body.unwrap_or_default(),
    })
}

fn server(url: &str, answer: &Answer) -> Finding {
    const CHECK: &str = "server";
    match answer.status {
        200 if answer.body.contains("\"activities\"") => {
            Finding::ok(CHECK, format!("{url} answers"))
        }
        503 => Finding::fail(
            CHECK,
            format!("{url} answers 503"),
            format!("look at {url}/readyz and at the server's log: it names what is wrong"),
        ),
        403 if answer.body.contains("Token") || answer.body.contains("Signature") => Finding::ok(
            CHECK,
            format!("{url} answers, and wants requests to be signed"),
        ),
        403 => Finding::fail(
            CHECK,
            format!("{url} refuses this host name"),
            "start the server with --allowed-hosts NAME",
        ),
        status => Finding::fail(
            CHECK,
            format!("{url} answers {status}, but not as Step Functions does"),
            "something else listens there: compare the URL with the one towpath serve prints",
        ),
    }
}

fn clock(server: Option<SystemTime>, here: SystemTime) -> Finding {
    const CHECK: &str = "clock";
    let Some(server) = server else {
        return Finding::warn(
            CHECK,
            "the server says no time",
            "compare the clocks by hand",
        );
    };
    let apart = server
        .duration_since(here)
        .unwrap_or_else(|error| error.duration());
    let found = format!("{} s apart from the server's", apart.as_secs());
    let advice = "set both clocks by NTP";
    if apart > SKEW_MAX {
        let found = format!("{found}: where signatures are checked they are refused");
        Finding::fail(CHECK, found, advice)
    } else if apart > SKEW_NOTED {
        Finding::warn(CHECK, found, advice)
    } else {
        Finding::ok(CHECK, found)
    }
}

/// `StartSyncExecution` and `TestState` go to `sync-HOST`, unless a client is told not to.
fn prefix(url: &str, host: &str, uri: &ureq::http::Uri, environment: &Environment) -> Finding {
    const CHECK: &str = "sync- prefix";
    let name = format!("sync-{host}");
    match ask(url, Some(&name)) {
        Ok(answer) if answer.status != 403 => {}
        _ => {
            let found = format!("the server refuses requests for {name}");
            let advice = format!("start it with --allowed-hosts {host}");
            return Finding::fail(CHECK, found, advice);
        }
    }
    let others = "JavaScript: disableHostPrefix: true; Go: HostnameImmutable: true";
    if resolves(&name, uri.port_u16().unwrap_or(80)) {
        Finding::ok(CHECK, format!("{name} resolves and is served"))
    } else if environment.says_true("AWS_DISABLE_HOST_PREFIX_INJECTION") {
        let found = format!("switched off for boto3 and the CLI. {others}");
        Finding::ok(CHECK, found)
    } else {
        Finding::warn(
            CHECK,
            format!("{name} does not resolve: StartSyncExecution and TestState fail"),
            format!(
                "export AWS_DISABLE_HOST_PREFIX_INJECTION=true (boto3, CLI); {others}\n\
                 or give the server two names, NAME and sync-NAME"
            ),
        )
    }
}

fn resolves(name: &str, port: u16) -> bool {
    let (say, said) = mpsc::channel();
    let name = name.to_owned();
    // A name server that does not answer takes its time; this thread is then left behind.
    std::thread::spawn(move || {
        let found = (name.as_str(), port).to_socket_addrs();
        let _ = say.send(found.is_ok_and(|mut found| found.next().is_some()));
    });
    said.recv_timeout(PATIENCE).unwrap_or(false)
}

/// A client must wait longer than the server holds a poll.
fn read_timeout() -> Finding {
    Finding::ok(
        "read timeout",
        "a poll of GetActivityTask is held for 59.5 s unless --poll-hold-seconds says otherwise: clients \
         must wait longer, 65 s or more (boto3 and the CLI wait 60 s: Config(read_timeout=70), \
         --cli-read-timeout 70)",
    )
}

#[cfg(test)]
mod tests {
    use super::super::Verdict::{Fail, Ok, Warn};
    use super::*;

    #[test]
    fn clocks_may_differ_a_little() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (apart, verdict) in [(0, Ok), (5, Ok), (6, Warn), (300, Warn), (301, Fail)] {
            let apart = Duration::from_secs(apart);
            assert_eq!(clock(Some(now + apart), now).verdict, verdict);
            assert_eq!(clock(Some(now - apart), now).verdict, verdict);
        }
        assert_eq!(clock(None, now).verdict, Warn);
    }

    #[test]
    fn other_servers_are_told_from_ours() {
        let verdict = |status, body: &str| {
            let answer = Answer {
                status,
                date: None,
                body: body.to_owned(),
            };
            server("u", &answer).verdict
        };
        assert_eq!(verdict(200, r#"{"activities":[]}"#), Ok);
        assert_eq!(verdict(200, "<html>"), Fail);
        assert_eq!(verdict(404, ""), Fail);
        assert_eq!(verdict(403, "foreign"), Fail);
        assert_eq!(verdict(403, "MissingAuthenticationToken"), Ok);
        assert_eq!(verdict(503, ""), Fail);
    }
}
