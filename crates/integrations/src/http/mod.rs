//! `http:invoke`: HTTP tasks.
//!
//! Source: developer guide of Step Functions, "Call HTTPS APIs in Step Functions workflows"; error names
//! from "Handling errors in Step Functions workflows".

pub(crate) mod form;
mod request;
#[cfg(test)]
mod tests;
mod trace;

use std::time::Duration;

use http_body_util::Full;
use hyper::HeaderMap;
use interpreter::Document;
use serde_json::{Map, Value, json};

use crate::connections::{Additions, ReadyConnection};
use crate::outbound::Outbound;
use crate::sending::{Bounds, NamedBy, NotTold, Sender, Told, reason};
use crate::{Call, Outcome};

use request::Asked;
use trace::Trace;

pub use trace::{Answered, Exchange};

/// All that a task may take. Source: developer guide, quotas of HTTP tasks, 60 seconds.
const TIME: Duration = Duration::from_secs(60);
/// Most bytes of an answer's body: a result has no room for more. Source: developer guide, quotas.
const BODY_BYTES_MAX: usize = 262_144;

/// Not tried, or not to be tried: policy.
const NOT_INVOKED: &str = "States.Http.InvocationFailed";
/// Tried, and not answered.
const SOCKET: &str = "States.Http.Socket";

type Failure = (String, String);

/// Makes one HTTP task's call.
pub(crate) async fn invoke(outbound: &Outbound, call: Call<'_>) -> Outcome {
    noted(outbound, call, &mut None).await
}

/// The same, and what went over the wire.
pub(crate) async fn traced(
    outbound: &Outbound,
    call: Call<'_>,
    reveals_secrets: bool,
) -> (Outcome, Option<Exchange>) {
    let mut trace = Some(Trace {
        reveals_secrets,
        exchange: None,
    });
    let outcome = noted(outbound, call, &mut trace).await;
    (outcome, trace.and_then(|trace| trace.exchange))
}

async fn noted(outbound: &Outbound, call: Call<'_>, trace: &mut Option<Trace>) -> Outcome {
    let asked = Asked::read(call.parameters.value());
    let asked = asked.map_err(|why| failure("States.Runtime", why))?;
    let not_invoked = |why: String| failure(NOT_INVOKED, why);
    let connection = outbound.connections().find(asked.connection);
    let connection = connection.map_err(not_invoked)?;
    connection
        .check_host(&asked.endpoint)
        .map_err(not_invoked)?;
    let sender = outbound.sender();
    if !asked.is_encrypted && !sender.is_allowed(&asked.endpoint) {
        let endpoint = &asked.endpoint;
        return Err(not_invoked(format!(
            "The endpoint {endpoint} is not asked without encryption: say https://, or add allow = \
             [\"{endpoint}\"] to [http] in the server's configuration."
        )));
    }
    let told = tokio::time::timeout(TIME, told(sender, &connection, &asked, call, trace)).await;
    let told = told.unwrap_or_else(|_| {
        let why = format!(
            "{} did not answer within {} s.",
            asked.endpoint,
            TIME.as_secs()
        );
        Err(failure(SOCKET, why))
    })?;
    result(&told)
}

/// Asks; once more if a token was refused that may have been withdrawn.
async fn told(
    sender: &Sender,
    connection: &std::sync::Arc<ReadyConnection>,
    asked: &Asked<'_>,
    call: Call<'_>,
    trace: &mut Option<Trace>,
) -> Result<Told, Failure> {
    const BOUNDS: Bounds = Bounds {
        body_bytes_max: BODY_BYTES_MAX,
        time: TIME,
    };
    let mut is_second = false;
    loop {
        let additions = connection.additions(sender).await;
        let additions = additions.map_err(|why| failure(NOT_INVOKED, why))?;
        let request = asked.request(&additions, call.key);
        let request = request.map_err(|why| failure("States.Runtime", why))?;
        match trace {
            None => {}
            Some(trace) if trace.reveals_secrets => trace.sent(&request),
            Some(trace) => {
                if let Ok(without) = asked.request(&Additions::default(), call.key) {
                    trace.sent(&without);
                }
            }
        }
        let request = request.map(Full::new);
        let told = sender.send(NamedBy::Definition, request, BOUNDS).await;
        let told = told.map_err(|why| not_told(asked, why))?;
        if let Some(trace) = trace {
            trace.answered(&told);
        }
        if told.status == 401 && additions.has_token && !is_second {
            connection.forget_token().await;
            is_second = true;
            continue;
        }
        return Ok(told);
    }
}

fn not_told(asked: &Asked<'_>, why: NotTold) -> Failure {
    let endpoint = &asked.endpoint;
    match why {
        NotTold::NotAllowed(why) => failure(NOT_INVOKED, why),
        NotTold::TooLarge(most) => {
            let why = format!("The answer of {endpoint} has more than {most} bytes.");
            failure("States.DataLimitExceeded", why)
        }
        other => failure(SOCKET, format!("The call of {endpoint} failed: {other}")),
    }
}

fn result(told: &Told) -> Outcome {
    let status = told.status;
    if !(200..300).contains(&status) {
        // What stands in the body is not told. Source: as reported of AWS.
        let error = format!("States.Http.StatusCode.{status}");
        return Err(failure(&error, reason(status).to_owned()));
    }
    Ok(Document::from_value(json!({
        "ResponseBody": body(told)?,
        "Headers": headers(&told.headers),
        "StatusCode": status,
        "StatusText": reason(status),
    })))
}

/// JSON if it says that it is and is; a text otherwise.
fn body(told: &Told) -> Result<Value, Failure> {
    let Ok(text) = std::str::from_utf8(&told.body) else {
        let why = "The answer's body is not UTF-8, and a result is JSON.".to_owned();
        return Err(failure(NOT_INVOKED, why));
    };
    let kind = told.headers.get("content-type");
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let is_json = kind.to_ascii_lowercase().contains("json");
    let read = is_json.then(|| serde_json::from_str(text).ok()).flatten();
    Ok(read.unwrap_or_else(|| text.into()))
}

/// Each name with all its values.
fn headers(headers: &HeaderMap) -> Value {
    let mut all = Map::new();
    for name in headers.keys() {
        let values = headers.get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        all.insert(
            name.as_str().to_owned(),
            values.collect::<Vec<Value>>().into(),
        );
    }
    Value::Object(all)
}

fn failure(error: &str, cause: String) -> Failure {
    (error.to_owned(), cause)
}
