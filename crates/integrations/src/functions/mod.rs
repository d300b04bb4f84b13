//! What the operator lets stand for Lambda functions: a URL, another endpoint, or a command.
//!
//! Each answers as Lambda's Invoke would have, so that whoever reads it need not know which it was.

mod answer;
mod identity;
mod run;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use hyper::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::command::{Recipe, program};
use crate::idempotency::{self, IdempotencyKey};
use crate::outbound::Told;
use crate::sending::{Bounds, NamedBy, Sender, reason};

use answer::{Asked, OUTPUT_BYTES_MAX, STDERR_BYTES_KEPT};
pub(crate) use identity::Identity;
use run::AtWork;
use settings::{Command, Function, Kind};

pub use settings::FunctionSetting;

/// Variables that most programs need, and that hold no secrets.
const INHERITED: [&str; 6] = ["PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR"];
/// The time between SIGTERM and SIGKILL: shorter than a server that stops may take in all.
const KILL_AFTER: Duration = Duration::from_secs(2);
/// Most characters of an error's page in a cause.
const PAGE_CHARS_MAX: usize = 1_000;

/// The file's `[functions]`, by name or ARN.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(transparent)]
pub struct Functions(BTreeMap<String, Function>);

/// Functions that can be called.
#[derive(Debug, Default)]
pub(crate) struct Ready {
    by_name: BTreeMap<String, ReadyFunction>,
    at_work: Arc<AtWork>,
}

/// How one of them is called.
#[derive(Debug)]
pub(crate) enum ReadyFunction {
    Url { url: String, time: Duration },
    Endpoint(String),
    Command(CommandFunction),
}

#[derive(Debug)]
pub(crate) struct CommandFunction {
    recipe: Arc<Recipe>,
    places: Arc<Semaphore>,
    time: Duration,
}

/// One call of a function.
pub(crate) struct Invocation<'a> {
    /// As the definition names it.
    pub(crate) function: &'a str,
    pub(crate) qualifier: Option<&'a str>,
    /// `x-amz-…`, names in small letters.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) key: IdempotencyKey,
    pub(crate) payload: Vec<u8>,
}

impl Functions {
    /// These, with another laid over them.
    pub fn with(mut self, setting: &FunctionSetting) -> Functions {
        let (name, function) = setting.clone().into_parts();
        self.0.insert(name, function);
        self
    }

    /// Complains about the first name that cannot be one.
    pub fn check(&self) -> Result<(), String> {
        self.0
            .keys()
            .try_for_each(|name| settings::check_name(name))
    }

    /// Every function, and what is set of it, in TOML.
    pub fn rows(&self) -> impl Iterator<Item = (&str, Vec<(&'static str, String)>)> {
        self.0.iter().map(|(name, it)| (name.as_str(), it.rows()))
    }
}

impl Ready {
    /// Looks for every command now, so that a mistyped one is noticed at the start. `variable` gives
    /// one of the server's environment.
    pub(crate) fn of(
        functions: &Functions,
        region: &str,
        ticks: fn() -> Instant,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Ready, String> {
        let mut ready = Ready::default();
        for (name, function) in &functions.0 {
            let time = Duration::from_secs_f64(function.timeout_seconds);
            let made = match &function.kind {
                Kind::Url(url) => ReadyFunction::Url {
                    url: url.clone(),
                    time,
                },
                Kind::Endpoint(url) => ReadyFunction::Endpoint(url.clone()),
                Kind::Command(command) => ReadyFunction::Command(CommandFunction {
                    recipe: Arc::new(
                        recipe(name, command, region, ticks, &variable)
                            .map_err(|why| format!("{name}: {why}"))?,
                    ),
                    places: Arc::new(Semaphore::new(function.concurrency)),
                    time,
                }),
            };
            ready.by_name.insert(name.clone(), made);
        }
        Ok(ready)
    }

    /// What stands for the function that a definition names.
    pub(crate) fn find(&self, function: &str, qualifier: Option<&str>) -> Option<&ReadyFunction> {
        let keys = Identity::of(function, qualifier).keys();
        keys.iter().find_map(|key| self.by_name.get(key))
    }

    /// Waits until no command is at work any more, for as long as one may take to be ended.
    pub(crate) fn finish(&self) {
        self.at_work.wait(KILL_AFTER + Duration::from_millis(500));
    }

    /// Runs a command as a function.
    pub(crate) async fn run(&self, function: &CommandFunction, invocation: Invocation<'_>) -> Told {
        let identity = Identity::of(invocation.function, invocation.qualifier);
        let header = |name: &str| {
            let found = invocation.headers.iter().find(|(it, _)| it == name);
            found.map(|(_, value)| value.as_str())
        };
        let asked = Asked {
            key: invocation.key,
            version: identity.version(),
            wants_log: header("x-amz-log-type") == Some("Tail"),
            timeout_seconds: function.time.as_secs_f64(),
        };
        let variables = vec![
            ("AWS_LAMBDA_FUNCTION_NAME", identity.name.to_owned()),
            ("AWS_LAMBDA_FUNCTION_VERSION", asked.version.to_owned()),
            ("TOWPATH_IDEMPOTENCY_KEY", invocation.key.to_string()),
        ];
        let (recipe, places, time) = (
            Arc::clone(&function.recipe),
            Arc::clone(&function.places),
            function.time,
        );
        let (at_work, payload) = (Arc::clone(&self.at_work), invocation.payload);
        let running = async move {
            let _place = places.acquire_owned().await;
            run::run(recipe, payload, variables, time, &at_work).await
        };
        match header("x-amz-invocation-type") {
            Some("DryRun") => answer::empty(204, &asked),
            Some("Event") => {
                // Nobody waits for it, not even its execution's end.
                tokio::spawn(running);
                answer::empty(202, &asked)
            }
            _ => answer::answer(running.await, &asked),
        }
    }
}

fn recipe(
    name: &str,
    command: &Command,
    region: &str,
    ticks: fn() -> Instant,
    variable: &impl Fn(&str) -> Option<OsString>,
) -> Result<Recipe, String> {
    let folder = command.folder.as_deref().map(absolute).transpose()?;
    if let Some(folder) = folder.as_deref().filter(|folder| !folder.is_dir()) {
        return Err(format!("{}: no such folder", folder.display()));
    }
    let mut words = command.words.iter();
    let program = words.next().ok_or("command must name a program")?;
    // As a shell in that folder would read it.
    let program = match (&folder, program.contains('/')) {
        (Some(folder), true) => folder.join(program).into_os_string(),
        _ => OsString::from(program),
    };
    let path = variable("PATH");
    let path = path.as_deref().and_then(OsStr::to_str);
    let program = program::find(&program, path)?;
    let inherited = INHERITED.into_iter();
    let inherited = inherited.chain(command.inherit.iter().map(String::as_str));
    let mut environment: BTreeMap<OsString, OsString> = inherited
        .filter_map(|name| Some((name.into(), variable(name)?)))
        .collect();
    for (name, value) in [("AWS_REGION", region), ("AWS_DEFAULT_REGION", region)] {
        environment.insert(name.into(), value.into());
    }
    for (name, value) in &command.environment {
        if name.is_empty() || name.contains(['=', '\0']) || value.contains('\0') {
            return Err(format!("{name:?} cannot be a variable of an environment"));
        }
        environment.insert(name.into(), value.into());
    }
    if command.words.iter().any(|word| word.contains('\0')) {
        return Err(format!("the command of {name} has a NUL in it"));
    }
    Ok(Recipe {
        program: absolute(&program)?,
        arguments: words.map(OsString::from).collect(),
        environment: Some(environment.into_iter().collect()),
        folder,
        kill_after: KILL_AFTER,
        stdout_bytes_max: OUTPUT_BYTES_MAX,
        stderr_bytes_kept: STDERR_BYTES_KEPT,
        passes_stderr_on: false,
        ticks,
    })
}

fn absolute(path: &Path) -> Result<PathBuf, String> {
    std::path::absolute(path).map_err(|error| format!("{}: {error}", path.display()))
}

/// Posts the payload to a URL, and reads the answer as that of a function.
pub(crate) async fn post(
    sender: &Sender,
    url: &str,
    time: Duration,
    invocation: Invocation<'_>,
) -> Result<Told, String> {
    let mut request = Request::post(url).header("content-type", "application/json");
    request = request.header(idempotency::HEADER, invocation.key.to_string());
    for (name, value) in &invocation.headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(invocation.payload)))
        .map_err(|error| error.to_string())?;
    let bounds = Bounds {
        body_bytes_max: OUTPUT_BYTES_MAX,
        time,
    };
    let told = sender.send(NamedBy::Operator, request, bounds).await;
    let mut told = told.map_err(|error| error.to_string())?;
    let identity = Identity::of(invocation.function, invocation.qualifier);
    for (name, value) in [
        ("x-amz-executed-version", identity.version().to_owned()),
        ("x-amzn-requestid", invocation.key.to_string()),
    ] {
        if let (false, Ok(value)) = (told.headers.contains_key(name), value.try_into()) {
            told.headers.insert(name, value);
        }
    }
    read(&mut told);
    Ok(told)
}

/// What a plain server says, put as Lambda says it.
fn read(told: &mut Told) {
    let body: Option<Value> = serde_json::from_slice(&told.body).ok();
    let is_failure = body.as_ref().is_some_and(|body| {
        let is_text = |name: &str| body.get(name).is_some_and(Value::is_string);
        is_text("errorType") && is_text("errorMessage")
    });
    let unhandled = HeaderValue::from_static("Unhandled");
    if is_failure {
        // Lambda's own runtime interface, started alone, tells failures with a 200 and no header.
        told.status = 200;
        told.headers.insert("x-amz-function-error", unhandled);
        return;
    }
    if (200..300).contains(&told.status) {
        // A text is a result, and so is nothing; both have a form in JSON.
        if body.is_none() && told.status != 202 {
            told.body = match std::str::from_utf8(&told.body) {
                Ok("") => Bytes::from_static(b"null"),
                Ok(text) => Bytes::from(Value::from(text).to_string()),
                Err(_) => std::mem::take(&mut told.body),
            };
        }
        return;
    }
    if told.headers.contains_key("x-amzn-errortype") {
        return;
    }
    // Names that definitions written for Lambda retry or catch.
    let code = match told.status {
        404 => "ResourceNotFoundException",
        429 => "TooManyRequestsException",
        _ => "ServiceException",
    };
    told.headers
        .insert("x-amzn-errortype", HeaderValue::from_static(code));
    let page = String::from_utf8_lossy(&told.body);
    let page: String = page.chars().take(PAGE_CHARS_MAX).collect();
    let status = told.status;
    let message = format!(
        "The function's URL answered {status} {}: {page}",
        reason(status)
    );
    let message = serde_json::json!({ "Message": message });
    told.body = Bytes::from(message.to_string());
}
