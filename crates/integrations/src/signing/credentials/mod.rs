//! Who asks: the chain of places where credentials may be, in the order of the AWS CLI.
//!
//! 1. the environment (not when `--profile` names a profile),
//! 2. the profile: keys in `~/.aws/credentials` or `~/.aws/config`, or a `credential_process`,
//! 3. the container's endpoint (ECS, EKS Pod Identity),
//! 4. the EC2 instance's metadata service, version 2,
//! 5. for a server on this machine: made-up ones, so that nothing need be set to try it.
//!
//! What is absent: assuming roles, web identity and single sign-on, which need further services.
//! `aws configure export-credentials --format process` does them, as a `credential_process`.

mod process;
mod remote;

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::Deserialize;

use super::profile::Profile;
use super::{Environment, SigningError};

/// How long before their end credentials are renewed. Source: botocore, mandatory refresh at 10
/// minutes; most sources give new ones from 5 minutes before the end on.
const RENEW_BEFORE: Duration = Duration::from_secs(300);

/// What a request is signed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// Which key this is; not a secret.
    pub access_key_id: String,
    /// The secret that signs.
    pub secret_access_key: String,
    /// Goes along with temporary credentials.
    pub session_token: Option<String>,
    /// When they end, if they do.
    expiration: Option<SystemTime>,
}

impl Credentials {
    /// Credentials that do not end.
    pub fn new(id: &str, secret: &str, session_token: Option<&str>) -> Credentials {
        Credentials {
            access_key_id: id.to_owned(),
            secret_access_key: secret.to_owned(),
            session_token: session_token.map(str::to_owned),
            expiration: None,
        }
    }

    fn fresh_at(&self, now: SystemTime) -> bool {
        self.expiration.is_none_or(|end| now + RENEW_BEFORE < end)
    }
}

// The secret must never reach a log by way of `{:?}`.
impl fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Credentials")
            .field("access_key_id", &self.access_key_id)
            .finish_non_exhaustive()
    }
}

/// The JSON that containers, instances and credential processes answer with. They name the token
/// differently.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Document {
    access_key_id: String,
    secret_access_key: String,
    #[serde(alias = "Token")]
    session_token: Option<String>,
    expiration: Option<String>,
}

impl Document {
    fn read(json: &[u8], from: &str) -> Result<Credentials, SigningError> {
        // The document is not quoted in the error: it holds the secret.
        let document: Document = serde_json::from_slice(json).map_err(|_| {
            SigningError::Credentials(format!("{from} did not answer with credentials as JSON"))
        })?;
        let expiration = match document.expiration.as_deref() {
            None => None,
            Some(text) => Some(moment(text).ok_or_else(|| {
                SigningError::Credentials(format!(
                    "{from} gave an expiration that is no time: {text}"
                ))
            })?),
        };
        let session_token = document.session_token.filter(|token| !token.is_empty());
        Ok(Credentials {
            access_key_id: document.access_key_id,
            secret_access_key: document.secret_access_key,
            session_token,
            expiration,
        })
    }
}

fn moment(text: &str) -> Option<SystemTime> {
    let milliseconds = asl::timestamp::parse(text).ok()?;
    Some(UNIX_EPOCH + Duration::from_millis(u64::try_from(milliseconds).ok()?))
}

/// Finds credentials, keeps them while they are fresh, and finds them anew.
pub struct Chain {
    environment: Environment,
    profile: Profile,
    made_up_will_do: bool,
    kept: Mutex<Option<Credentials>>,
}

impl Chain {
    /// Asks nobody yet. With `made_up_will_do` the last place to look at is one that always has some.
    pub fn new(environment: Environment, profile: Profile, made_up_will_do: bool) -> Chain {
        Chain {
            environment,
            profile,
            made_up_will_do,
            kept: Mutex::new(None),
        }
    }

    /// Credentials that are fresh at `now`.
    ///
    /// One thread renews while the others wait, so that a source is asked once and not by every
    /// slot of a worker.
    pub fn get(&self, now: SystemTime) -> Result<Credentials, SigningError> {
        let mut kept = self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(credentials) = kept
            .as_ref()
            .filter(|credentials| credentials.fresh_at(now))
        {
            return Ok(credentials.clone());
        }
        match self.find() {
            Ok(credentials) => Ok(kept.insert(credentials).clone()),
            // Those at hand count to their very end if the source fails in the last minutes.
            Err(error) => match kept.as_ref() {
                Some(old) if old.expiration.is_some_and(|end| now < end) => Ok(old.clone()),
                _ => Err(error),
            },
        }
    }

    /// Drops what is kept: the service did not accept it.
    pub fn forget(&self) {
        *self
            .kept
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner()) = None;
    }

    fn find(&self) -> Result<Credentials, SigningError> {
        if !self.profile.from_flag
            && let Some(found) = self.of_environment()?
        {
            return Ok(found);
        }
        if let Some(found) = self.of_profile()? {
            return Ok(found);
        }
        if let Some(found) = remote::of_container(&self.environment)? {
            return Ok(found);
        }
        // Asking the instance takes seconds where there is none, and a local server needs nobody.
        if self.made_up_will_do {
            return Ok(Credentials::new("towpath", "towpath", None));
        }
        if let Some(found) = remote::of_instance(&self.environment)? {
            return Ok(found);
        }
        Err(SigningError::Credentials(self.nothing_found()))
    }

    fn of_environment(&self) -> Result<Option<Credentials>, SigningError> {
        let Some(id) = self.environment.var("AWS_ACCESS_KEY_ID") else {
            return Ok(None);
        };
        let secret = self
            .environment
            .var("AWS_SECRET_ACCESS_KEY")
            .ok_or_else(|| {
                SigningError::Credentials(
                    "AWS_ACCESS_KEY_ID without AWS_SECRET_ACCESS_KEY".to_owned(),
                )
            })?;
        Ok(Some(Credentials::new(
            id,
            secret,
            self.environment.var("AWS_SESSION_TOKEN"),
        )))
    }

    fn of_profile(&self) -> Result<Option<Credentials>, SigningError> {
        let profile = &self.profile;
        if let Some(id) = profile
            .get("aws_access_key_id")
            .filter(|_| profile.get("role_arn").is_none())
        {
            let secret = profile.get("aws_secret_access_key").ok_or_else(|| {
                let name = &profile.name;
                SigningError::Credentials(format!("the profile '{name}' has a key and no secret"))
            })?;
            return Ok(Some(Credentials::new(
                id,
                secret,
                profile.get("aws_session_token"),
            )));
        }
        if let Some(command) = profile.get("credential_process") {
            return process::run(command).map(Some);
        }
        let beyond = [
            "role_arn",
            "sso_session",
            "sso_start_url",
            "web_identity_token_file",
        ];
        match beyond
            .into_iter()
            .find(|setting| profile.get(setting).is_some())
        {
            Some(setting) => Err(SigningError::Credentials(format!(
                "the profile '{name}' uses {setting}, which is not spoken here; add a profile with \
                 `credential_process = aws configure export-credentials --profile {name} --format \
                 process` and name that one",
                name = profile.name
            ))),
            None => Ok(None),
        }
    }

    fn nothing_found(&self) -> String {
        let mut said = format!(
            "none in the environment (AWS_ACCESS_KEY_ID), in the profile '{}', at a container's \
             or an instance's endpoint",
            self.profile.name
        );
        if self
            .environment
            .var("AWS_WEB_IDENTITY_TOKEN_FILE")
            .is_some()
        {
            said.push_str("; AWS_WEB_IDENTITY_TOKEN_FILE is not read, EKS Pod Identity is");
        }
        said
    }
}

#[cfg(test)]
mod tests;
