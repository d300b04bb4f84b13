//! Signature Version 4, as far as requests with a whole body need it.
//!
//! Source: AWS General Reference, "Create a signed AWS API request". Written here rather than
//! taken from `aws-sigv4`, which brings 58 crates for what is done below. Left out since nothing
//! here needs it: presigned URLs, chunked bodies, folded headers, paths with dot segments.

use std::fmt::Write as _;
use std::time::{SystemTime, UNIX_EPOCH};

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::credentials::Credentials;

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

/// What a signature covers.
pub struct Request<'a> {
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path as it is sent.
    pub path: &'a str,
    /// S3 signs it so; every other service signs it encoded once more.
    pub path_as_sent: bool,
    /// The query as it is sent, already sorted; empty for none.
    pub query: &'a str,
    /// The headers to sign, with names in small letters.
    pub headers: &'a [(&'a str, &'a str)],
    /// The body.
    pub body: &'a [u8],
}

/// For when and where a signature counts.
pub struct Scope<'a> {
    /// The moment, as [`amz_date`] writes it.
    pub date: &'a str,
    /// The region.
    pub region: &'a str,
    /// The service's signing name.
    pub service: &'a str,
}

impl Scope<'_> {
    fn day(&self) -> &str {
        self.date.split('T').next().unwrap_or(self.date)
    }

    fn text(&self) -> String {
        format!(
            "{}/{}/{}/aws4_request",
            self.day(),
            self.region,
            self.service
        )
    }
}

/// Writes a moment as `X-Amz-Date` wants it: `20150830T123600Z`.
pub fn amz_date(moment: SystemTime) -> String {
    let since_epoch = moment.duration_since(UNIX_EPOCH).unwrap_or_default();
    let milliseconds = i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX);
    let text = asl::timestamp::format(milliseconds);
    let seconds = text.split('.').next().unwrap_or_default();
    let digits = seconds
        .chars()
        .filter(|character| !matches!(character, '-' | ':'));
    digits.chain(['Z']).collect()
}

/// The value of the `Authorization` header.
pub fn authorization(
    request: &Request<'_>,
    scope: &Scope<'_>,
    credentials: &Credentials,
) -> String {
    let mut headers: Vec<(&str, String)> = request
        .headers
        .iter()
        .map(|(name, value)| (*name, in_one_line(value)))
        .collect();
    headers.sort();
    let signed_headers: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    let signed_headers = signed_headers.join(";");

    let mut canonical = format!(
        "{}\n{}\n{}\n",
        request.method,
        match request.path_as_sent {
            true => request.path.to_owned(),
            false => encoded_path(request.path),
        },
        request.query
    );
    for (name, value) in &headers {
        canonical.push_str(name);
        canonical.push(':');
        canonical.push_str(value);
        canonical.push('\n');
    }
    canonical.push('\n');
    canonical.push_str(&signed_headers);
    canonical.push('\n');
    canonical.push_str(&hex(&Sha256::digest(request.body)));

    let scope_text = scope.text();
    let hash = hex(&Sha256::digest(canonical.as_bytes()));
    let to_sign = format!("{ALGORITHM}\n{}\n{scope_text}\n{hash}", scope.date);
    let signature = hex(&hmac(
        &signing_key(&credentials.secret_access_key, scope),
        &to_sign,
    ));
    format!(
        "{ALGORITHM} Credential={}/{scope_text}, SignedHeaders={signed_headers}, Signature={signature}",
        credentials.access_key_id
    )
}

fn signing_key(secret_access_key: &str, scope: &Scope<'_>) -> [u8; 32] {
    let mut key = hmac(format!("AWS4{secret_access_key}").as_bytes(), scope.day());
    for part in [scope.region, scope.service, "aws4_request"] {
        key = hmac(&key, part);
    }
    key
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

/// Runs of spaces count as one, and those at the ends not at all.
fn in_one_line(value: &str) -> String {
    value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
}

/// Every service but S3 signs the path encoded once more than it is sent.
fn encoded_path(path: &str) -> String {
    let mut encoded = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            other => write!(encoded, "%{other:02X}").expect("a String takes every write"),
        }
    }
    encoded
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes every write");
            text
        })
}

#[cfg(test)]
mod tests;
