//! Signs what is asked of other services.

use std::time::SystemTime;

use super::credentials::Chain;
use super::profile::Profile;
use super::{ClientError, Environment, sigv4};

/// Signs requests with the credentials of the process, for one region.
pub struct Signer {
    credentials: Chain,
    region: String,
}

/// What a signature covers, beside the headers.
pub struct ToSign<'a> {
    /// The service's signing name.
    pub service: &'a str,
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path as it is sent.
    pub path: &'a str,
    /// The query as it is sent, already sorted; empty for none.
    pub query: &'a str,
    /// The body.
    pub body: &'a [u8],
}

impl Signer {
    /// Finds where credentials may come from; asks nobody yet. Where there are none, made-up ones will
    /// do: what is called is mostly a program on this machine.
    pub fn new(environment: Environment, region: &str) -> Result<Signer, ClientError> {
        let profile = Profile::load(None, &environment)?;
        Ok(Signer {
            credentials: Chain::new(environment, profile, true),
            region: region.to_owned(),
        })
    }

    /// The headers, with date and signature. Names are in small letters, and `host` is among them.
    ///
    /// May block while credentials are asked for.
    pub fn sign(
        &self,
        what: &ToSign<'_>,
        mut headers: Vec<(String, String)>,
        now: SystemTime,
    ) -> Result<Vec<(String, String)>, ClientError> {
        let credentials = self.credentials.get(now)?;
        let date = sigv4::amz_date(now);
        headers.push(("x-amz-date".to_owned(), date.clone()));
        if let Some(token) = &credentials.session_token {
            headers.push(("x-amz-security-token".to_owned(), token.clone()));
        }
        let covered: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let request = sigv4::Request {
            method: what.method,
            path: what.path,
            query: what.query,
            headers: &covered,
            body: what.body,
        };
        let scope = sigv4::Scope {
            date: &date,
            region: &self.region,
            service: what.service,
        };
        let authorization = sigv4::authorization(&request, &scope, &credentials);
        headers.push(("authorization".to_owned(), authorization));
        Ok(headers)
    }
}
