//! Signs what is asked of other services.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use super::credentials::Chain;
use super::profile::Profile;
use super::{Environment, SigningError, is_loopback, sigv4};

/// Signs requests with the credentials of the process, or those of a profile.
///
/// They are looked for when the first request is signed: a server whose executions call nobody must
/// start whatever the AWS files of its user say.
pub struct Signer {
    environment: Environment,
    region: String,
    chains: Mutex<BTreeMap<Whose, Arc<Chain>>>,
}

/// A profile, if one is named, and whether the program that is asked is on this machine.
type Whose = (Option<String>, bool);

/// What a signature covers, beside the headers.
pub struct ToSign<'a> {
    /// The service's signing name.
    pub service: &'a str,
    /// The region, where it is not the signer's own.
    pub region: Option<&'a str>,
    /// The profile whose credentials sign, where it is not that of the process.
    pub profile: Option<&'a str>,
    /// The HTTP method, in capitals.
    pub method: &'a str,
    /// The path as it is sent.
    pub path: &'a str,
    /// Whether it is signed so too, as S3 does it.
    pub path_as_sent: bool,
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
            chains: Mutex::default(),
        }
    }

    /// Made-up credentials will do for a program on this machine, and for nobody else.
    fn chain(&self, profile: Option<&str>, authority: &str) -> Result<Arc<Chain>, SigningError> {
        let is_here = is_loopback(authority);
        let whose = (profile.map(str::to_owned), is_here);
        let mut chains = self.chains.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chain) = chains.get(&whose) {
            return Ok(Arc::clone(chain));
        }
        let profile = Profile::load(profile, &self.environment)?;
        let chain = Arc::new(Chain::new(self.environment.clone(), profile, is_here));
        chains.insert(whose, Arc::clone(&chain));
        Ok(chain)
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
        let credentials = self.chain(what.profile, authority)?.get(now)?;
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
            path_as_sent: what.path_as_sent,
            query: what.query,
            headers: &covered,
            body: what.body,
        };
        let scope = sigv4::Scope {
            date: &date,
            region: what.region.unwrap_or(&self.region),
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
        region: None,
        profile: None,
        method: "POST",
        path: "/",
        path_as_sent: false,
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
    fn a_profile_that_is_named_signs_for_its_region() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("credentials");
        let keys = "[other]\naws_access_key_id = OTHER\naws_secret_access_key = s\n";
        std::fs::write(&file, keys).unwrap();
        let vars = [
            ("AWS_SHARED_CREDENTIALS_FILE", file.to_str().unwrap()),
            ("AWS_ACCESS_KEY_ID", "OF-THE-PROCESS"),
            ("AWS_SECRET_ACCESS_KEY", "s"),
        ];
        let signer = Signer::new(vars.into(), "us-east-1");
        let said = |profile, region| {
            let what = ToSign {
                profile,
                region,
                ..WHAT
            };
            let headers = vec![("host".to_owned(), "a".to_owned())];
            let headers = signer.sign(&what, headers, SystemTime::UNIX_EPOCH);
            headers.unwrap().pop().unwrap().1
        };
        let own = said(None, None);
        assert!(own.contains("OF-THE-PROCESS/19700101/us-east-1/"), "{own}");
        let other = said(Some("other"), Some("eu-west-1"));
        assert!(other.contains("OTHER/19700101/eu-west-1/"), "{other}");
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
