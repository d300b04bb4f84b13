//! Signs what is asked of other services.

use std::sync::OnceLock;
use std::time::SystemTime;

use super::credentials::{Chain, Credentials};

use super::profile::Profile;
use super::{Environment, SigningError, is_loopback, sigv4};

/// Signs requests with the credentials of the process, for one region.
///
/// They are looked for when the first request is signed: a server whose executions call nobody must
/// start whatever the AWS files of its user say.
pub struct Signer {
    environment: Environment,
    region: String,
    here: OnceLock<Chain>,
    elsewhere: OnceLock<Chain>,
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
    /// Asks nobody yet.
    pub fn new(environment: Environment, region: &str) -> Signer {
        Signer {
            environment,
            region: region.to_owned(),
            here: OnceLock::new(),
            elsewhere: OnceLock::new(),
        }
    }

    /// Made-up credentials will do for a program on this machine, and for nobody else.
    fn credentials(&self, authority: &str, now: SystemTime) -> Result<Credentials, SigningError> {
        let is_here = is_loopback(authority);
        let chain = if is_here { &self.here } else { &self.elsewhere };
        if let Some(chain) = chain.get() {
            return chain.get(now);
        }
        let profile = Profile::load(None, &self.environment)?;
        let make = || Chain::new(self.environment.clone(), profile, is_here);
        chain.get_or_init(make).get(now)
    }

    /// The headers, with date and signature. Names are in small letters, and `host` is among them.
    ///
    /// May block while credentials are asked for.
    pub fn sign(
        &self,
        what: &ToSign<'_>,
        mut headers: Vec<(String, String)>,
        now: SystemTime,
    ) -> Result<Vec<(String, String)>, SigningError> {
        let host = headers.iter().find(|(name, _)| name == "host");
        let authority = host.map_or("", |(_, authority)| authority.as_str());
        let credentials = self.credentials(authority, now)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    const WHAT: ToSign<'_> = ToSign {
        service: "lambda",
        method: "POST",
        path: "/",
        query: "",
        body: b"",
    };

    fn signed(signer: &Signer, host: &str) -> Result<Vec<(String, String)>, SigningError> {
        let headers = vec![("host".to_owned(), host.to_owned())];
        signer.sign(&WHAT, headers, SystemTime::UNIX_EPOCH)
    }

    #[test]
    fn a_profile_that_is_missing_is_told_to_who_calls_and_not_before() {
        let signer = Signer::new([("AWS_PROFILE", "nobody")].into(), "us-east-1");
        let error = signed(&signer, "127.0.0.1:4701").unwrap_err();
        assert!(error.to_string().contains("'nobody'"), "{error}");
    }

    #[test]
    fn credentials_are_made_up_for_this_machine_alone() {
        let nothing = [("AWS_EC2_METADATA_DISABLED", "true")];
        let signer = Signer::new(nothing.into(), "us-east-1");
        for host in ["127.0.0.1:4701", "[::1]:4701", "localhost"] {
            let headers = signed(&signer, host).unwrap();
            assert_eq!(headers.last().unwrap().0, "authorization", "{host}");
        }
        assert!(signed(&signer, "lambda.us-east-1.amazonaws.com").is_err());
    }
}
