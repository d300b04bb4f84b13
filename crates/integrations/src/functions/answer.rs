//! What a command left behind, as Lambda would have told it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::HeaderValue;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::run::Run;
use crate::IdempotencyKey;
use crate::command::Remains;
use crate::outbound::Told;

/// Most bytes of what a function returns. Source: AWS Lambda quotas, response payload; the figure is
/// that of Lambda's own message.
pub(super) const OUTPUT_BYTES_MAX: usize = 6_291_556;
/// Most UTF-16 units of stderr in a cause. A cause has 32,768 in all.
const STDERR_UNITS_MAX: usize = 16_384;
/// Bytes of stderr that hold as many units.
pub(super) const STDERR_BYTES_KEPT: usize = 3 * STDERR_UNITS_MAX;
/// Bytes of a log's end. Source: AWS Lambda API reference, `Invoke`, `LogResult`.
const LOG_BYTES_MAX: usize = 4_096;

/// About the call.
pub(super) struct Asked<'a> {
    pub(super) key: IdempotencyKey,
    pub(super) version: &'a str,
    pub(super) wants_log: bool,
    pub(super) timeout_seconds: f64,
}

/// An answer of Lambda's Invoke.
pub(super) fn answer(run: Run, asked: &Asked<'_>) -> Told {
    let mut log = None;
    let said = match run {
        Run::Ended(mut remains) => {
            let stderr = remains.stderr.text(STDERR_UNITS_MAX);
            if asked.wants_log {
                log = Some(STANDARD.encode(end(&stderr, LOG_BYTES_MAX)));
            }
            returned(remains, &stderr, asked.key)
        }
        Run::TimedOut => Err(failure(
            "Sandbox.Timedout",
            &format!(
                "RequestId: {} Error: Task timed out after {:.2} seconds",
                asked.key, asked.timeout_seconds
            ),
        )),
        Run::Impossible(why) => Err(failure("Runtime.InvalidEntrypoint", &why)),
    };
    let mut told = empty(200, asked);
    told.headers
        .insert("content-type", HeaderValue::from_static("application/json"));
    let body = match said {
        Ok(body) => body,
        Err(body) => {
            let unhandled = HeaderValue::from_static("Unhandled");
            told.headers.insert("x-amz-function-error", unhandled);
            body
        }
    };
    if let Some(log) = log.and_then(|log| HeaderValue::try_from(log).ok()) {
        told.headers.insert("x-amz-log-result", log);
    }
    told.headers
        .insert("content-length", HeaderValue::from(body.len()));
    told.body = Bytes::from(body);
    told
}

/// An answer without a payload.
pub(super) fn empty(status: u16, asked: &Asked<'_>) -> Told {
    let mut headers = HeaderMap::new();
    for (name, value) in [
        ("x-amz-executed-version", asked.version.to_owned()),
        ("x-amzn-requestid", asked.key.to_string()),
    ] {
        if let Ok(value) = HeaderValue::try_from(value) {
            headers.insert(name, value);
        }
    }
    Told {
        status,
        headers,
        body: Bytes::new(),
    }
}

fn returned(remains: Remains, stderr: &str, key: IdempotencyKey) -> Result<String, String> {
    if !remains.status.success() {
        // A program that names its error does so as Lambda's runtimes do.
        let chosen = std::str::from_utf8(&remains.stdout).ok().filter(|text| {
            let read: Option<Value> = serde_json::from_str(text).ok();
            read.is_some_and(|read| read.get("errorType").is_some_and(Value::is_string))
        });
        return Err(match chosen {
            Some(text) => text.trim().to_owned(),
            None => {
                let status = remains.status;
                let said = format!("RequestId: {key} Error: Runtime exited with error: {status}");
                let said = format!("{said}\n{stderr}");
                failure("Runtime.ExitError", said.trim_end())
            }
        });
    }
    if remains.stdout_bytes > OUTPUT_BYTES_MAX as u64 {
        return Err(failure(
            "Function.ResponseSizeTooLarge",
            &format!(
                "Response payload size exceeded maximum allowed payload size ({OUTPUT_BYTES_MAX} bytes)."
            ),
        ));
    }
    let Ok(text) = String::from_utf8(remains.stdout) else {
        let why = "The command's output is not UTF-8; encode bytes, for example as Base64.";
        return Err(failure("Runtime.MarshalError", why));
    };
    // JSON stays as it was printed; anything else is a text, and nothing is `null`.
    if text.trim().is_empty() {
        return Ok("null".to_owned());
    }
    Ok(match serde_json::from_str::<&RawValue>(&text) {
        Ok(json) => json.get().to_owned(),
        Err(_) => {
            let line = text.strip_suffix('\n').unwrap_or(&text);
            Value::from(line.strip_suffix('\r').unwrap_or(line)).to_string()
        }
    })
}

fn failure(error: &str, message: &str) -> String {
    json!({"errorMessage": message, "errorType": error}).to_string()
}

/// The end of a text, cut at a character.
fn end(text: &str, bytes_max: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes_max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;
    use crate::command::tail::Tail;

    fn said(code: i32, stdout: &[u8], stderr: &str) -> Told {
        let mut tail = Tail::new(STDERR_BYTES_KEPT);
        tail.push(stderr.as_bytes());
        let remains = Remains {
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.to_vec(),
            stdout_bytes: stdout.len() as u64,
            stderr: tail,
        };
        let asked = Asked {
            key: IdempotencyKey::of([1; 16], 2),
            version: "7",
            wants_log: true,
            timeout_seconds: 1.0,
        };
        answer(Run::Ended(remains), &asked)
    }

    fn body(told: &Told) -> &str {
        std::str::from_utf8(&told.body).unwrap()
    }

    #[test]
    fn what_was_printed_is_the_payload() {
        for (stdout, payload) in [
            ("{\"a\": 1.50}\n", "{\"a\": 1.50}"),
            ("", "null"),
            ("\n", "null"),
            ("two words\r\n", "\"two words\""),
        ] {
            let told = said(0, stdout.as_bytes(), "logged");
            assert_eq!(body(&told), payload);
            assert!(!told.headers.contains_key("x-amz-function-error"));
            assert_eq!(told.headers["x-amz-executed-version"], "7");
            assert_eq!(told.headers["x-amz-log-result"], STANDARD.encode("logged"));
        }
    }

    #[test]
    fn failures_are_named_as_lambda_names_them() {
        let told = said(3, b"", "Traceback\nno such order\n");
        assert_eq!(told.headers["x-amz-function-error"], "Unhandled");
        assert!(body(&told).contains("Runtime.ExitError"), "{told:?}");
        assert!(body(&told).contains("exit status: 3") && body(&told).contains("no such order"));
        let own = br#"{"errorType":"NoSuchOrder","errorMessage":"7"}"#;
        assert_eq!(said(1, own, "noise").body, &own[..]);
        assert!(body(&said(0, b"\xff", "")).contains("Runtime.MarshalError"));
        let large = vec![b'1'; OUTPUT_BYTES_MAX + 1];
        assert!(body(&said(0, &large, "")).contains("Function.ResponseSizeTooLarge"));
    }

    #[test]
    fn the_end_of_a_log_is_cut_at_a_character() {
        assert_eq!(end("aäb", 2), "b");
        assert_eq!(end("aäb", 3), "äb");
        assert_eq!(end("ab", 9), "ab");
    }
}
