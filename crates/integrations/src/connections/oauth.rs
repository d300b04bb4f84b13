//! Tokens by OAuth 2.0 client credentials: fetched when one is needed, kept until shortly before it ends.
//!
//! Sources: RFC 6749, 4.4 and 5.1; EventBridge API reference, `CreateConnectionOAuthRequestParameters`.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Mutex;

use super::secret::Secret;
use super::{header_name, secret_header};
use crate::http::form;
use crate::sending::{Bounds, NamedBy, Sender};

/// Longest wait for a token, and most bytes of the answer that has it.
const BOUNDS: Bounds = Bounds {
    body_bytes_max: 64 << 10,
    time: Duration::from_secs(20),
};
/// How long a token is taken to hold that does not say so.
const HOLDS_DEFAULT: Duration = Duration::from_secs(300);
/// Longest that a token is kept, whatever it says.
const HOLDS_MAX: Duration = Duration::from_secs(24 * 3600);
/// So long before its end a token is not used any more: a call under way should not outlive it.
const MARGIN: Duration = Duration::from_secs(60);

/// How a token is asked for.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OAuth {
    token_url: String,
    client_id: Secret,
    client_secret: Secret,
    /// `POST` unless it says `GET` or `PUT`.
    #[serde(default)]
    method: Method,
    #[serde(default)]
    headers: BTreeMap<String, Secret>,
    #[serde(default)]
    query: BTreeMap<String, Secret>,
    /// `scope`, `audience` and the like.
    #[serde(default)]
    body: BTreeMap<String, Secret>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
enum Method {
    #[serde(rename = "GET")]
    Get,
    #[default]
    #[serde(rename = "POST")]
    Post,
    #[serde(rename = "PUT")]
    Put,
}

/// The token of a connection.
#[derive(Default)]
pub(super) struct Tokens {
    /// Locked while one is fetched: many calls fetch one.
    kept: Mutex<Option<Token>>,
}

/// What stands in `Authorization`, and until when by the sender's time.
struct Token {
    header: String,
    until_ms: u64,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens")
    }
}

impl OAuth {
    pub(super) fn check(&self) -> Result<(), String> {
        let uri: Option<hyper::Uri> = self.token_url.parse().ok();
        let is_url = uri.is_some_and(|uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        if !is_url {
            return Err(format!("{:?} is no URL of a token", self.token_url));
        }
        self.headers
            .keys()
            .try_for_each(|name| header_name(name).map(drop))
    }

    pub(super) fn rows(&self) -> Vec<(String, Option<String>)> {
        let quoted = |text: &str| Value::from(text).to_string();
        let mut rows = vec![
            ("token_url".to_owned(), Some(quoted(&self.token_url))),
            ("client_id".to_owned(), self.client_id.shown()),
            ("client_secret".to_owned(), self.client_secret.shown()),
            ("method".to_owned(), Some(quoted(self.method.name()))),
        ];
        for (table, members) in [
            ("headers", &self.headers),
            ("query", &self.query),
            ("body", &self.body),
        ] {
            let members = members.iter();
            rows.extend(
                members.map(|(name, value)| (format!("{table}.{}", quoted(name)), value.shown())),
            );
        }
        rows
    }

    /// May block.
    fn request(&self) -> Result<Request<Full<Bytes>>, String> {
        let mut fields = vec![
            ("grant_type".to_owned(), "client_credentials".to_owned()),
            ("client_id".to_owned(), self.client_id.read()?),
            ("client_secret".to_owned(), self.client_secret.read()?),
        ];
        fields.retain(|(name, _)| !self.body.contains_key(name));
        let mut query = Vec::new();
        for (from, to) in [(&self.body, &mut fields), (&self.query, &mut query)] {
            for (name, value) in from {
                to.push((name.clone(), value.read()?));
            }
        }
        let has_body = self.method != Method::Get;
        if !has_body {
            query.append(&mut fields);
        }
        let mut url = self.token_url.clone();
        if !query.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&form::pairs(&query));
        }
        let mut request = Request::builder()
            .method(self.method.name())
            .uri(url)
            .header("accept", "application/json");
        if has_body {
            request = request.header("content-type", form::CONTENT_TYPE);
        }
        for (name, value) in &self.headers {
            let (name, value) = secret_header(name, &value.read()?)?;
            request = request.header(name, value);
        }
        let body = Bytes::from(form::pairs(&fields));
        let request = request.body(Full::new(body));
        // What is wrong may hold a secret.
        request.map_err(|_| "its request for a token cannot be sent".to_owned())
    }
}

impl Method {
    fn name(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
        }
    }
}

impl Tokens {
    /// The header's value.
    pub(super) async fn get(&self, oauth: &OAuth, sender: &Sender) -> Result<String, String> {
        let mut kept = self.kept.lock().await;
        if let Some(token) = kept
            .as_ref()
            .filter(|token| token.until_ms > sender.now_ms())
        {
            return Ok(token.header.clone());
        }
        let this = oauth.clone();
        let reading = tokio::task::spawn_blocking(move || this.request());
        let request = reading.await.map_err(|error| error.to_string())??;
        let asked_ms = sender.now_ms();
        let told = sender.send(NamedBy::Operator, request, BOUNDS).await;
        let told = told.map_err(|why| format!("no token was got: {why}"))?;
        if told.status != 200 {
            // What stands in the body may be secret.
            return Err(format!("its token endpoint answered {}", told.status));
        }
        let (header, holds) = token_of(&told.body)?;
        let holds = holds.saturating_sub(MARGIN.min(holds / 10));
        let holds_ms = u64::try_from(holds.as_millis()).unwrap_or(u64::MAX);
        *kept = Some(Token {
            header: header.clone(),
            until_ms: asked_ms.saturating_add(holds_ms),
        });
        Ok(header)
    }

    pub(super) async fn forget(&self) {
        *self.kept.lock().await = None;
    }
}

fn token_of(body: &[u8]) -> Result<(String, Duration), String> {
    let read: Option<Value> = serde_json::from_slice(body).ok();
    let text = |name: &str| read.as_ref()?.get(name)?.as_str();
    let token = text("access_token").filter(|token| !token.is_empty());
    let token = token.ok_or("its token endpoint gave no access_token")?;
    // Whatever letters the server writes it in; servers of resources are less patient.
    let kind = match text("token_type") {
        Some(kind) if !kind.eq_ignore_ascii_case("bearer") => kind,
        _ => "Bearer",
    };
    let seconds = read.as_ref().and_then(|read| {
        let seconds = read.get("expires_in")?;
        seconds.as_f64().or_else(|| seconds.as_str()?.parse().ok())
    });
    let holds = seconds
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .map_or(HOLDS_DEFAULT, |holds| holds.min(HOLDS_MAX));
    Ok((format!("{kind} {token}"), holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_read_as_servers_write_them() {
        let of = |text: &str| token_of(text.as_bytes());
        for (text, header, seconds) in [
            (
                r#"{"access_token":"t","token_type":"bearer","expires_in":3600}"#,
                "Bearer t",
                3600,
            ),
            (r#"{"access_token":"t","expires_in":"60"}"#, "Bearer t", 60),
            (r#"{"access_token":"t","token_type":"MAC"}"#, "MAC t", 300),
            (
                r#"{"access_token":"t","expires_in":1e300}"#,
                "Bearer t",
                300,
            ),
            (r#"{"access_token":"t","expires_in":-1}"#, "Bearer t", 300),
            (
                r#"{"access_token":"t","expires_in":9e9}"#,
                "Bearer t",
                86_400,
            ),
        ] {
            let expected = (header.to_owned(), Duration::from_secs(seconds));
            assert_eq!(of(text).unwrap(), expected, "{text}");
        }
        for text in [
            "",
            "{}",
            "[]",
            r#"{"access_token":""}"#,
            r#"{"access_token":1}"#,
        ] {
            assert!(of(text).is_err(), "{text}");
        }
    }
}
