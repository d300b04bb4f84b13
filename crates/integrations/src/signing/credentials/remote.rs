//! Credentials that are asked for over HTTP: the container's endpoint and the instance's.

use std::fs;
use std::time::Duration;

use super::{Credentials, Document, Environment, SigningError};

/// Where ECS answers the relative URI. Source: ECS developer guide, task IAM roles.
const CONTAINER_HOST: &str = "http://169.254.170.2";
/// Hosts that a full URI may name without TLS: ECS and EKS on the link. Source: SDK reference
/// guide, container credential provider.
const CONTAINER_HOSTS: &[&str] = &[
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::23]",
    "localhost",
    "127.0.0.1",
    "[::1]",
];
/// Where EC2 answers. Source: EC2 user guide, instance metadata.
const INSTANCE_HOST: &str = "http://169.254.169.254";
const INSTANCE_PATH: &str = "/latest/meta-data/iam/security-credentials/";

/// Longest wait for the container's agent. Source: botocore, 2 s.
const CONTAINER_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest wait for the instance's answer. Source: botocore, `AWS_METADATA_SERVICE_TIMEOUT`, 1 s.
const INSTANCE_TIMEOUT: Duration = Duration::from_secs(1);

/// The container's credentials, if the environment says that there is such an endpoint.
pub(super) fn of_container(environment: &Environment) -> Result<Option<Credentials>, SigningError> {
    let url = match environment.var("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI") {
        Some(path) => format!("{CONTAINER_HOST}{path}"),
        None => match environment.var("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
            Some(url) => url.to_owned(),
            None => return Ok(None),
        },
    };
    let refuse = |detail: String| SigningError::Credentials(format!("{url}: {detail}"));
    let uri: ureq::http::Uri = url.parse().map_err(|_| refuse("no URL".to_owned()))?;
    let on_the_link = uri
        .host()
        .is_some_and(|host| CONTAINER_HOSTS.contains(&host));
    // The answer is a secret: in the clear only where it does not leave the machine.
    if uri.scheme_str() != Some("https") && !on_the_link {
        return Err(refuse(
            "would be asked for credentials without TLS".to_owned(),
        ));
    }
    let mut get = agent(CONTAINER_TIMEOUT).get(&url);
    // EKS renews the file, so it is read anew each time.
    let token = match environment.var("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE") {
        Some(path) => {
            let token = fs::read_to_string(path);
            Some(token.map_err(|error| refuse(format!("{path}: {error}")))?)
        }
        None => environment
            .var("AWS_CONTAINER_AUTHORIZATION_TOKEN")
            .map(str::to_owned),
    };
    if let Some(token) = token {
        get = get.header("authorization", token.trim());
    }
    let body = get
        .call()
        .and_then(|mut answer| answer.body_mut().read_to_vec());
    let body = body.map_err(|error| refuse(error.to_string()))?;
    Document::read(&body, &url).map(Some)
}

/// The instance's credentials; `None` where no instance answers or it has no role.
pub(super) fn of_instance(environment: &Environment) -> Result<Option<Credentials>, SigningError> {
    if environment.says_true("AWS_EC2_METADATA_DISABLED") {
        return Ok(None);
    }
    let host = environment
        .var("AWS_EC2_METADATA_SERVICE_ENDPOINT")
        .unwrap_or(INSTANCE_HOST);
    let host = host.trim_end_matches('/');
    let agent = agent(INSTANCE_TIMEOUT);
    let session = agent
        .put(format!("{host}/latest/api/token"))
        .header("x-aws-ec2-metadata-token-ttl-seconds", "21600")
        .send_empty()
        .and_then(|mut answer| answer.body_mut().read_to_string());
    let Ok(session) = session else {
        return Ok(None);
    };
    let ask = |path: &str| {
        let url = format!("{host}{INSTANCE_PATH}{path}");
        let get = agent.get(url).header("x-aws-ec2-metadata-token", &session);
        get.call()
            .and_then(|mut answer| answer.body_mut().read_to_string())
    };
    let role = match ask("") {
        Ok(roles) => roles.lines().next().unwrap_or_default().trim().to_owned(),
        Err(ureq::Error::StatusCode(404)) => return Ok(None),
        Err(error) => {
            return Err(SigningError::Credentials(format!(
                "instance metadata: {error}"
            )));
        }
    };
    let document = ask(&role)
        .map_err(|error| SigningError::Credentials(format!("instance metadata: {error}")))?;
    Document::read(document.as_bytes(), "the instance metadata").map(Some)
}

/// Never through a proxy: the addresses are on the link.
fn agent(timeout: Duration) -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .proxy(None);
    config.max_redirects(0).build().into()
}
