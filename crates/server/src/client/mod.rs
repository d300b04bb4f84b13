//! A small blocking client of the Step Functions API, for the subcommands that speak to a server.
//!
//! Its one door is [`Client::call`]: an operation's name and its input as JSON, and the output as
//! JSON or a [`ClientError`] that says whether asking again can help. It does not retry by itself:
//! how long to wait is known by the caller, who also knows when to stop.
//!
//! Endpoint, region and credentials are found where the AWS CLI finds them, so that a shell in
//! which `aws stepfunctions` works needs no further settings.

mod endpoint;
mod error;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use ureq::tls::{PemItem, RootCerts, TlsConfig};

use endpoint::Endpoint;
use integrations::signing::{self, Chain, Profile};

pub use error::{Advice, ClientError};
pub use integrations::signing::Environment;

/// The service's name in a signature. Source: service model, `signingName`.
const SIGNING_NAME: &str = "states";
/// What `X-Amz-Target` begins with. Source: service model, `targetPrefix`.
const TARGET_PREFIX: &str = "AWSStepFunctions";
/// Source: service model, protocol `json` version 1.0.
const CONTENT_TYPE: &str = "application/x-amz-json-1.0";

/// Longest wait for a connection. A host that drops packets must not eat a heartbeat's turn.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Longest wait for the answer to a call that does not hold.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Longest wait for the answer to `GetActivityTask`.
///
/// AWS holds a poll for up to 60 s and asks clients for at least 65 s. A client that gives up
/// earlier leaves a poll behind that may still be handed a task.
pub const POLL_TIMEOUT: Duration = Duration::from_secs(75);
/// Most bytes of an answer. The largest is a page of `GetExecutionHistory`: 1,000 events that may
/// each hold 256 KiB, escaped.
const ANSWER_BYTES_MAX: u64 = 1 << 30;

/// What the command line says about where to ask, and as whom.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ClientArgs {
    /// Where the server listens, for example http://127.0.0.1:4599
    ///
    /// Else AWS_ENDPOINT_URL_SFN, AWS_ENDPOINT_URL, the profile's endpoint_url, and at last AWS
    /// itself in the region.
    #[arg(long, visible_alias = "endpoint", value_name = "URL")]
    pub endpoint_url: Option<String>,
    /// The region to ask in and to sign for
    ///
    /// Else the region of the ARN, AWS_REGION, AWS_DEFAULT_REGION, the profile's region.
    #[arg(long, value_name = "REGION")]
    pub region: Option<String>,
    /// The profile of ~/.aws/config and ~/.aws/credentials to use; else AWS_PROFILE, else default
    #[arg(long, value_name = "PROFILE")]
    pub profile: Option<String>,
}

/// Speaks to one endpoint, in one region, with one chain of credentials.
///
/// Cheap to clone; clones share the connections and the credentials.
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    agent: ureq::Agent,
    endpoint: Endpoint,
    region: String,
    credentials: Chain,
}

impl Client {
    /// Finds endpoint, region and the source of credentials; asks nobody yet.
    ///
    /// `arn` is a resource the caller will name: its region comes right after the flag, since no
    /// other region can answer for it.
    pub fn new(
        args: &ClientArgs,
        environment: &Environment,
        arn: Option<&str>,
    ) -> Result<Client, ClientError> {
        let profile = Profile::load(args.profile.as_deref(), environment)?;
        let region = endpoint::region(args.region.as_deref(), arn, environment, &profile);
        let endpoint = Endpoint::find(
            args.endpoint_url.as_deref(),
            region.as_deref(),
            environment,
            &profile,
        )?;
        // A server on this machine asks for a well-formed signature at most, not for a region.
        let region = match region {
            Some(region) => region,
            None if endpoint.is_loopback() => "us-east-1".to_owned(),
            None => return Err(ClientError::Settings(endpoint::NO_REGION.to_owned())),
        };
        let agent = agent(&endpoint, environment)?;
        let credentials = Chain::new(environment.clone(), profile, endpoint.is_loopback());
        let inner = Inner {
            agent,
            endpoint,
            region,
            credentials,
        };
        Ok(Client {
            inner: Arc::new(inner),
        })
    }

    /// The address that is asked, as a person would write it.
    pub fn endpoint_url(&self) -> &str {
        self.inner.endpoint.url()
    }

    /// The region that is asked in.
    pub fn region(&self) -> &str {
        &self.inner.region
    }

    /// Whether the other side is AWS itself.
    pub fn asks_aws(&self) -> bool {
        self.inner.endpoint.is_aws()
    }

    /// Drops credentials that the service did not accept, so that the next call reads them anew.
    pub fn forget_credentials(&self) {
        self.inner.credentials.forget();
    }

    /// Asks for `operation` with `input`, once.
    pub fn call(
        &self,
        operation: &str,
        input: &Value,
        timeout: Duration,
    ) -> Result<Value, ClientError> {
        let inner = &*self.inner;
        let body = input.to_string();
        let target = format!("{TARGET_PREFIX}.{operation}");
        let now = SystemTime::now();
        let credentials = inner.credentials.get(now)?;
        let date = signing::amz_date(now);

        let mut headers = vec![
            ("content-type", CONTENT_TYPE),
            ("host", inner.endpoint.authority()),
            ("x-amz-date", date.as_str()),
            ("x-amz-target", target.as_str()),
        ];
        if let Some(token) = credentials.session_token.as_deref() {
            headers.push(("x-amz-security-token", token));
        }
        let request = signing::Request {
            method: "POST",
            path: inner.endpoint.path(),
            path_as_sent: false,
            query: "",
            headers: &headers,
            body: body.as_bytes(),
        };
        let scope = signing::Scope {
            date: &date,
            region: &inner.region,
            service: SIGNING_NAME,
        };
        let authorization = signing::authorization(&request, &scope, &credentials);

        let mut post = inner
            .agent
            .post(inner.endpoint.url())
            .header("authorization", authorization);
        for (name, value) in headers {
            post = post.header(name, value);
        }
        let post = post.config().timeout_global(Some(timeout)).build();
        read_answer(post.send(body)?)
    }
}

/// The output of a call, or the exception the body names.
fn read_answer(mut answer: ureq::http::Response<ureq::Body>) -> Result<Value, ClientError> {
    let status = answer.status().as_u16();
    let body = answer
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec()?;
    if status == 200 {
        // Operations without output may answer with no byte at all.
        if body.is_empty() {
            return Ok(Value::Object(serde_json::Map::new()));
        }
        return serde_json::from_slice(&body).map_err(|error| ClientError::Unreadable {
            status,
            detail: error.to_string(),
        });
    }
    Err(ClientError::from_answer(status, &body))
}

fn agent(endpoint: &Endpoint, environment: &Environment) -> Result<ureq::Agent, ClientError> {
    let mut config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_connect(Some(CONNECT_TIMEOUT))
        .user_agent(concat!("towpath/", env!("CARGO_PKG_VERSION")))
        // A worker holds one connection for each of its polls and now and then one for a heartbeat.
        .max_idle_connections(512)
        .max_idle_connections_per_host(512)
        .max_redirects(0);
    // A proxy on the way to this very machine is a setting made for other addresses.
    if endpoint.is_loopback() {
        config = config.proxy(None);
    }
    if let Some(bundle) = environment.var("AWS_CA_BUNDLE") {
        let roots = certificates(Path::new(bundle))?;
        config = config.tls_config(TlsConfig::builder().root_certs(roots).build());
    }
    Ok(config.build().into())
}

fn certificates(bundle: &Path) -> Result<RootCerts, ClientError> {
    let refuse = |detail: String| {
        ClientError::Settings(format!("AWS_CA_BUNDLE {}: {detail}", bundle.display()))
    };
    let pem = fs::read(bundle).map_err(|error| refuse(error.to_string()))?;
    let mut found = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        if let PemItem::Certificate(certificate) =
            item.map_err(|error| refuse(error.to_string()))?
        {
            found.push(certificate);
        }
    }
    if found.is_empty() {
        return Err(refuse("holds no certificate".to_owned()));
    }
    Ok(RootCerts::new_with_certs(&found))
}
