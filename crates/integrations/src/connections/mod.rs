//! `[connections]`: with which credentials HTTP tasks call whom, as EventBridge's connections say it.
//!
//! Credentials go to the hosts that the operator names with them, and nowhere else.

mod oauth;
mod secret;

use std::collections::BTreeMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::{HeaderName, HeaderValue};
use serde::Deserialize;
use tokio::sync::Semaphore;

use crate::sending::{HostPort, Sender};

use oauth::{OAuth, Tokens};
use secret::Secret;

/// Secrets that are read at a time: a file may be on a disk that does not answer.
pub(crate) const SECRETS_AT_A_TIME: usize = 2;

/// The file's `[connections]`, by name or ARN.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Connections(BTreeMap<String, Connection>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Connection {
    /// Where it may be used; port 443 unless one is named.
    hosts: Vec<String>,
    basic: Option<Basic>,
    api_key: Option<ApiKey>,
    oauth: Option<OAuth>,
    /// What is added to each request, and wins over what the task says.
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    #[serde(default)]
    query: BTreeMap<String, Secret>,
    #[serde(default)]
    body: BTreeMap<String, Secret>,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Basic {
    username: Secret,
    password: Secret,
}

#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApiKey {
    /// Of the header.
    name: String,
    value: Secret,
}

/// Connections that can be used.
#[derive(Debug)]
pub(crate) struct ReadyConnections {
    by_name: BTreeMap<String, Arc<ReadyConnection>>,
}

/// One of them.
#[derive(Debug)]
pub(crate) struct ReadyConnection {
    name: String,
    hosts: Vec<HostPort>,
    connection: Connection,
    tokens: Tokens,
    reading: Arc<Semaphore>,
}

/// What a connection adds to a request. Not for printing.
#[derive(Default)]
pub(crate) struct Additions {
    /// Names in small letters.
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) body: Vec<(String, String)>,
    /// Whether a token is among them that may have ended early.
    pub(crate) has_token: bool,
}

impl Connections {
    /// Complains about the first that cannot be used.
    pub fn check(&self) -> Result<(), String> {
        ReadyConnections::of(self).map(drop)
    }

    /// Every connection, and what may be shown of it, in TOML; `None` for a secret that stands there.
    pub fn rows(&self) -> impl Iterator<Item = (&str, Vec<(String, Option<String>)>)> {
        self.0.iter().map(|(name, it)| (name.as_str(), it.rows()))
    }
}

impl ReadyConnections {
    pub(crate) fn of(connections: &Connections) -> Result<ReadyConnections, String> {
        let reading = Arc::new(Semaphore::new(SECRETS_AT_A_TIME));
        let mut by_name = BTreeMap::new();
        for (name, connection) in &connections.0 {
            let hosts = connection.check().map_err(|why| format!("{name}: {why}"))?;
            let ready = ReadyConnection {
                name: name.clone(),
                hosts,
                connection: connection.clone(),
                tokens: Tokens::default(),
                reading: Arc::clone(&reading),
            };
            by_name.insert(name.clone(), Arc::new(ready));
        }
        Ok(ReadyConnections { by_name })
    }

    /// The connection that a task names: by its whole ARN, or by the name in it.
    pub(crate) fn find(&self, arn: &str) -> Result<Arc<ReadyConnection>, String> {
        let name = name_of(arn);
        let found = self.by_name.get(arn).or_else(|| self.by_name.get(name));
        found.cloned().ok_or_else(|| {
            format!(
                "The connection {arn} is not configured. Add to the server's configuration: \
                 [connections.{name}] with hosts = [\"HOST\"], and for its credentials one of \
                 basic = {{ username = \"…\", password = {{ env = \"NAME\" }} }}, \
                 api_key = {{ name = \"…\", value = {{ env = \"NAME\" }} }} and \
                 oauth = {{ token_url = \"…\", client_id = \"…\", client_secret = {{ env = \"NAME\" }} }}."
            )
        })
    }
}

/// `arn:aws:events:us-east-1:000000000000:connection/NAME/ID`
fn name_of(arn: &str) -> &str {
    let rest = arn.split_once(":connection/").map(|(_, rest)| rest);
    rest.and_then(|rest| rest.split('/').next()).unwrap_or(arn)
}

impl Connection {
    fn check(&self) -> Result<Vec<HostPort>, String> {
        if self.hosts.is_empty() {
            return Err("hosts must name where the connection may be used".to_owned());
        }
        let host = |host: &String| HostPort::with_default_port(host, 443);
        let hosts = self.hosts.iter().map(host).collect::<Result<_, _>>()?;
        let kinds = [
            self.basic.is_some(),
            self.api_key.is_some(),
            self.oauth.is_some(),
        ];
        if kinds.into_iter().filter(|it| *it).count() > 1 {
            return Err("must have one of basic, api_key and oauth at most".to_owned());
        }
        let of_key = self.api_key.iter().map(|key| &key.name);
        for name in self.headers.keys().chain(of_key) {
            header_name(name)?;
        }
        if let Some(oauth) = &self.oauth {
            oauth.check()?;
        }
        Ok(hosts)
    }

    fn rows(&self) -> Vec<(String, Option<String>)> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        let hosts: Vec<String> = self.hosts.iter().map(|host| quoted(host)).collect();
        let mut rows = vec![("hosts".to_owned(), Some(format!("[{}]", hosts.join(", "))))];
        let mut row = |name: String, value: Option<String>| rows.push((name, value));
        if let Some(Basic { username, password }) = &self.basic {
            row("basic.username".to_owned(), username.shown());
            row("basic.password".to_owned(), password.shown());
        }
        if let Some(ApiKey { name, value }) = &self.api_key {
            row("api_key.name".to_owned(), Some(quoted(name)));
            row("api_key.value".to_owned(), value.shown());
        }
        if let Some(oauth) = &self.oauth {
            for (name, value) in oauth.rows() {
                row(format!("oauth.{name}"), value);
            }
        }
        for (table, members) in [
            ("headers", &self.headers),
            ("query", &self.query),
            ("body", &self.body),
        ] {
            for (name, value) in members {
                row(format!("{table}.{}", quoted(name)), value.shown());
            }
        }
        rows
    }
}

/// A header that is not the transport's own.
fn header_name(name: &str) -> Result<HeaderName, String> {
    const OF_THE_TRANSPORT: [&str; 5] = [
        "host",
        "content-length",
        "transfer-encoding",
        "connection",
        "upgrade",
    ];
    let read = HeaderName::from_bytes(name.as_bytes());
    match read {
        Ok(name) if !OF_THE_TRANSPORT.contains(&name.as_str()) => Ok(name),
        _ => Err(format!("{name:?} is no header that a connection can set")),
    }
}

fn secret_header(name: &str, text: &str) -> Result<(HeaderName, HeaderValue), String> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        format!("the value for the header {name} has characters that none may have")
    })?;
    value.set_sensitive(true);
    Ok((header_name(name)?, value))
}

impl ReadyConnection {
    /// Whether it may be used there.
    pub(crate) fn check_host(&self, endpoint: &HostPort) -> Result<(), String> {
        if self.hosts.contains(endpoint) {
            return Ok(());
        }
        let name = &self.name;
        Err(format!(
            "The connection {name} may not be used for {endpoint}: its credentials would go there. \
             If they should, add \"{endpoint}\" to the hosts of [connections.{name}] in the server's \
             configuration."
        ))
    }

    /// What it adds to a request: fetches a token if it must.
    pub(crate) async fn additions(
        self: &Arc<ReadyConnection>,
        sender: &Sender,
    ) -> Result<Additions, String> {
        let unusable = |why: String| format!("The connection {} cannot be used: {why}.", self.name);
        let this = Arc::clone(self);
        let turn = Arc::clone(&self.reading).acquire_owned().await;
        let reading = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            this.read()
        });
        let read = reading.await.map_err(|error| unusable(error.to_string()))?;
        let mut additions = read.map_err(unusable)?;
        if let Some(oauth) = &self.connection.oauth {
            let token = self.tokens.get(oauth, sender).await.map_err(unusable)?;
            let header = secret_header("authorization", &token).map_err(unusable)?;
            additions.headers.push(header);
            additions.has_token = true;
        }
        Ok(additions)
    }

    /// The token was refused: the next call fetches another.
    pub(crate) async fn forget_token(&self) {
        self.tokens.forget().await;
    }

    fn read(&self) -> Result<Additions, String> {
        let Connection {
            basic,
            api_key,
            headers,
            query,
            body,
            ..
        } = &self.connection;
        let mut additions = Additions::default();
        for (name, value) in headers {
            additions.headers.push(secret_header(name, &value.read()?)?);
        }
        if let Some(Basic { username, password }) = basic {
            let pair = format!("{}:{}", username.read()?, password.read()?);
            let value = format!("Basic {}", STANDARD.encode(pair));
            additions
                .headers
                .push(secret_header("authorization", &value)?);
        }
        if let Some(ApiKey { name, value }) = api_key {
            additions.headers.push(secret_header(name, &value.read()?)?);
        }
        for (from, to) in [(query, &mut additions.query), (body, &mut additions.body)] {
            for (name, value) in from {
                to.push((name.clone(), value.read()?));
            }
        }
        Ok(additions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn connections(text: Value) -> Result<Connections, String> {
        serde_json::from_value(text).map_err(|error| error.to_string())
    }

    fn ready(text: Value) -> ReadyConnections {
        ReadyConnections::of(&connections(text).unwrap()).unwrap()
    }

    #[test]
    fn connections_are_found_by_arn_and_by_name() {
        let arn = "arn:aws:events:us-east-1:000000000000:connection/orders/0-1-2";
        let ready = ready(json!({
            "orders": {"hosts": ["a.test"]},
            (arn): {"hosts": ["b.test:8443"]},
        }));
        assert_eq!(ready.find("orders").unwrap().name, "orders");
        assert_eq!(ready.find(arn).unwrap().name, arn);
        let other = arn.replace("0-1-2", "3");
        assert_eq!(ready.find(&other).unwrap().name, "orders");
        let why = ready.find(&arn.replace("orders", "others")).unwrap_err();
        assert!(why.contains("[connections.others]"), "{why}");
    }

    #[test]
    fn credentials_are_for_the_hosts_that_are_named_with_them() {
        let ready = ready(json!({"c": {"hosts": ["a.test", "b.test:8443"]}}));
        let connection = ready.find("c").unwrap();
        for (endpoint, fits) in [
            ("a.test:443", true),
            ("A.Test.:443", true),
            ("a.test:80", false),
            ("b.test:443", false),
            ("b.test:8443", true),
            ("x.a.test:443", false),
        ] {
            let endpoint = endpoint.parse().unwrap();
            assert_eq!(connection.check_host(&endpoint).is_ok(), fits, "{endpoint}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_at_the_start() {
        for wrong in [
            json!({"c": {}}),
            json!({"c": {"hosts": []}}),
            json!({"c": {"hosts": ["a b"]}}),
            json!({"c": {"hosts": ["a"], "headers": {"Host": "b"}}}),
            json!({"c": {"hosts": ["a"], "headers": {"a b": "b"}}}),
            json!({"c": {"hosts": ["a"], "api_key": {"name": "Content-Length", "value": "b"}}}),
            json!({"c": {"hosts": ["a"], "basic": {"username": "u"}}}),
            json!({"c": {"hosts": ["a"], "basic": {"username": "u", "password": "p"},
                "api_key": {"name": "X", "value": "y"}}}),
            json!({"c": {"hosts": ["a"], "oauth":
                {"token_url": "a", "client_id": "i", "client_secret": "s"}}}),
        ] {
            let read = connections(wrong.clone());
            assert!(read.and_then(|it| it.check()).is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn credentials_become_headers_and_are_never_printed() {
        let ready = ready(json!({
            "basic": {"hosts": ["a"], "basic": {"username": "u", "password": "hidden"},
                "headers": {"X-Tenant": "hidden"}, "query": {"q": "hidden"}, "body": {"b": "hidden"}},
            "key": {"hosts": ["a"], "api_key": {"name": "X-Key", "value": "hidden"}},
            "broken": {"hosts": ["a"], "api_key": {"name": "X-Key", "value": "hidden\r\nA: b"}},
        }));
        assert!(!format!("{ready:?}").contains("hidden"), "{ready:?}");
        let sender = Sender::new(&crate::HttpSettings::default(), std::time::Instant::now).unwrap();
        let basic = ready
            .find("basic")
            .unwrap()
            .additions(&sender)
            .await
            .unwrap();
        let text: Vec<_> = basic
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.to_str().unwrap()))
            .collect();
        assert_eq!(
            text,
            [
                ("x-tenant", "hidden"),
                ("authorization", "Basic dTpoaWRkZW4=")
            ]
        );
        assert_eq!(basic.query, [("q".to_owned(), "hidden".to_owned())]);
        assert_eq!(basic.body, [("b".to_owned(), "hidden".to_owned())]);
        let key = ready.find("key").unwrap().additions(&sender).await.unwrap();
        assert_eq!(key.headers[0].1, "hidden");
        let broken = ready.find("broken").unwrap().additions(&sender).await;
        let why = broken.err().unwrap();
        assert!(
            why.contains("x-key") | why.contains("X-Key") && !why.contains("hidden"),
            "{why}"
        );
    }
}
