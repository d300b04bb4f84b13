//! Status events to a URL of the operator's, one request each, in order.

use std::sync::Arc;
use std::time::Duration;

use engine::arn::Owner;

use super::Told;
use super::outlet::Sink;

/// Longest wait for a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for one answer.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// How often an event is offered before it is given up: with the waits below, for some two minutes.
const TRIES_MAX: u32 = 10;
/// The first wait between two tries; each is twice the one before.
const FIRST_WAIT: Duration = Duration::from_millis(250);
/// The longest wait between two tries.
const WAIT_MAX: Duration = Duration::from_secs(30);

pub(super) struct Webhook {
    url: String,
    owner: Owner,
    agent: ureq::Agent,
    first_wait: Duration,
}

impl Webhook {
    pub(super) fn new(url: String, owner: Owner) -> Webhook {
        let config = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_global(Some(ANSWER_TIMEOUT))
            // An event goes where the operator said, and nowhere else.
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("towpath/", env!("CARGO_PKG_VERSION")))
            .build();
        Webhook {
            url,
            owner,
            agent: config.new_agent(),
            first_wait: FIRST_WAIT,
        }
    }

    /// Offers an event once.
    fn offer(&self, event: &[u8]) -> Result<(), Refused> {
        let sent = self
            .agent
            .post(&self.url)
            .header("Content-Type", "application/json")
            .send(event);
        let status = match sent {
            Ok(answer) => answer.status().as_u16(),
            Err(error) => return Err(Refused::ForNow(error.to_string())),
        };
        match status {
            200..300 => Ok(()),
            408 | 425 | 429 | 500.. => Err(Refused::ForNow(format!("status {status}"))),
            _ => Err(Refused::ForGood(format!("status {status}"))),
        }
    }
}

/// Why an event was not taken.
enum Refused {
    /// It may be taken later.
    ForNow(String),
    /// It will never be.
    ForGood(String),
}

impl Sink<Arc<Told>> for Webhook {
    fn put(&mut self, told: Arc<Told>) -> Result<(), String> {
        let event = told.json(&self.owner);
        let mut wait = self.first_wait;
        for tried in 1.. {
            match self.offer(&event) {
                Ok(()) => return Ok(()),
                Err(Refused::ForGood(why)) => return Err(why),
                Err(Refused::ForNow(why)) if tried >= TRIES_MAX => return Err(why),
                // This thread is the webhook's own: nobody else waits.
                Err(Refused::ForNow(_)) => std::thread::sleep(wait),
            }
            wait = (wait * 2).min(WAIT_MAX);
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), String> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;

    use engine::StatusChange;
    use interpreter::{Birth, Document, Status};

    use super::*;

    fn told(name: &str) -> Arc<Told> {
        Arc::new(Told {
            id: format!("id-{name}"),
            change: StatusChange {
                birth: Birth {
                    execution_arn: format!("arn:{name}").into(),
                    name: name.into(),
                    state_machine_arn: "arn:m".into(),
                    state_machine_name: "m".into(),
                    role_arn: "r".into(),
                    machine: 1,
                    machine_revision: 1,
                    seed: 1,
                    trace_header: None,
                    state_machine_version_arn: None,
                    state_machine_alias_arn: None,
                    child: None,
                },
                status: Status::Running,
                at_ms: 1_551_210_141_000,
                start_ms: 1,
                stop_ms: None,
                input: Document::from_text("{}"),
                output: None,
                failure: None,
                redrive_count: 0,
                redrive_ms: None,
                not_redrivable: None,
            },
        })
    }

    /// Answers with these statuses in turn, and returns the bodies it was sent.
    fn receiver(
        statuses: &'static [&'static str],
    ) -> (String, std::thread::JoinHandle<Vec<serde_json::Value>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook?key=1", listener.local_addr().unwrap());
        let thread = std::thread::spawn(move || {
            let take = |status: &&str| {
                let (stream, _) = listener.accept().unwrap();
                let mut reader = BufReader::new(stream);
                let mut length = 0;
                loop {
                    let mut line = String::new();
                    reader.read_line(&mut line).unwrap();
                    let line = line.trim().to_lowercase();
                    if let Some(value) = line.strip_prefix("content-length:") {
                        length = value.trim().parse().unwrap();
                    }
                    if line.is_empty() {
                        break;
                    }
                }
                let mut body = vec![0; length];
                reader.read_exact(&mut body).unwrap();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: 0\r\nLocation: /other\r\nConnection: close\r\n\r\n"
                );
                reader.into_inner().write_all(answer.as_bytes()).unwrap();
                serde_json::from_slice(&body).unwrap()
            };
            statuses.iter().map(take).collect()
        });
        (url, thread)
    }

    fn webhook(url: String) -> Webhook {
        let owner = Owner {
            partition: "aws".into(),
            region: "us-east-1".into(),
            account: "000000000000".into(),
        };
        let mut webhook = Webhook::new(url, owner);
        webhook.first_wait = Duration::ZERO;
        webhook
    }

    #[test]
    fn an_event_is_offered_again_under_the_same_id_until_it_is_taken() {
        let (url, receiver) = receiver(&["503 Busy", "429 Slow", "204 Done", "200 OK"]);
        let mut webhook = webhook(url);
        webhook.put(told("a")).unwrap();
        webhook.put(told("b")).unwrap();
        let bodies = receiver.join().unwrap();
        let ids: Vec<_> = bodies.iter().map(|body| body["id"].clone()).collect();
        assert_eq!(ids, ["id-a", "id-a", "id-a", "id-b"]);
        assert_eq!(bodies[0]["time"], "2019-02-26T19:42:21Z");
        assert_eq!(bodies[0]["detail"]["status"], "RUNNING");
    }

    #[test]
    fn a_refusal_for_good_is_taken_as_one() {
        let (url, receiver) = receiver(&["404 Not Here", "302 Elsewhere"]);
        let mut webhook = webhook(url);
        assert_eq!(webhook.put(told("a")).unwrap_err(), "status 404");
        assert_eq!(webhook.put(told("b")).unwrap_err(), "status 302");
        assert_eq!(receiver.join().unwrap().len(), 2);
    }

    #[test]
    fn nobody_there_is_given_up_in_the_end() {
        let url = {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        assert!(webhook(url).put(told("a")).is_err());
    }
}
