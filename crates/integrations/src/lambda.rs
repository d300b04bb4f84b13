//! Lambda functions: as the resource of a state by their ARN, and by `lambda:invoke`.
//!
//! Source: AWS Lambda API reference, `Invoke` (method, path, headers); the developer guide of Step
//! Functions, "Invoke Lambda function"; results, error names and causes as recorded from AWS.

use hyper::HeaderMap;
use interpreter::Document;
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use crate::endpoints::Endpoint;
use crate::functions::{self, Identity, Invocation, ReadyFunction};
use crate::idempotency;
use crate::outbound::{Ask, Outbound, Told, Unsaid, Whom};
use crate::{Call, Outcome};

const SERVICE: &str = "lambda";

/// Calls the function that a state names as its resource. The result is what it returned.
pub(crate) async fn function(outbound: &Outbound, call: Call<'_>) -> Outcome {
    let invocation = Invocation {
        function: call.resource,
        qualifier: None,
        headers: Vec::new(),
        key: call.key,
        payload: call.parameters.text().as_bytes().to_vec(),
    };
    let told = told(outbound, invocation).await?;
    returned(&told)?;
    Ok(Document::from_text(json_text(payload_text(&told)?)))
}

/// `lambda:invoke`. The result tells of the call as well.
pub(crate) async fn invoke(outbound: &Outbound, call: Call<'_>) -> Outcome {
    let parameters = call.parameters.value();
    let text = |name: &str| parameters.get(name).and_then(Value::as_str);
    let Some(function) = text("FunctionName").filter(|name| !name.is_empty()) else {
        return Err(refused(
            "The parameter 'FunctionName' must be a string that is not empty.",
        ));
    };
    let mut headers = Vec::new();
    for (name, header) in [
        ("ClientContext", "x-amz-client-context"),
        ("InvocationType", "x-amz-invocation-type"),
        ("LogType", "x-amz-log-type"),
    ] {
        match parameters.get(name) {
            None | Some(Value::Null) => {}
            Some(Value::String(value)) => headers.push((header.to_owned(), value.clone())),
            Some(_) => {
                return Err(refused(&format!(
                    "The parameter '{name}' must be a string."
                )));
            }
        }
    }
    let invocation = Invocation {
        function,
        qualifier: text("Qualifier"),
        headers,
        key: call.key,
        payload: payload(parameters.get("Payload")).into_bytes(),
    };
    let told = told(outbound, invocation).await?;
    returned(&told)?;
    let mut result = Map::new();
    for (name, header) in [
        ("ExecutedVersion", "x-amz-executed-version"),
        ("LogResult", "x-amz-log-result"),
    ] {
        if let Some(value) = header_of(&told.headers, header) {
            result.insert(name.to_owned(), value.into());
        }
    }
    if !told.body.is_empty() {
        let text = payload_text(&told)?;
        // A function may return what is no JSON at all.
        let payload = serde_json::from_str(&text).unwrap_or(Value::String(text));
        result.insert("Payload".to_owned(), payload);
    }
    result.insert("SdkHttpMetadata".to_owned(), http_metadata(&told));
    let request_id = header_of(&told.headers, "x-amzn-requestid").unwrap_or_default();
    result.insert(
        "SdkResponseMetadata".to_owned(),
        json!({ "RequestId": request_id }),
    );
    result.insert("StatusCode".to_owned(), told.status.into());
    Ok(Document::from_value(Value::Object(result)))
}

/// A text is taken to be JSON already. Source: recorded from AWS.
fn payload(given: Option<&Value>) -> String {
    match given {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

/// Asks whatever stands for the function, or the service itself.
async fn told(outbound: &Outbound, invocation: Invocation<'_>) -> Result<Told, (String, String)> {
    let functions = outbound.functions();
    match functions.find(invocation.function, invocation.qualifier) {
        Some(ReadyFunction::Command(command)) => Ok(functions.run(command, invocation).await),
        Some(ReadyFunction::Url { url, time }) => {
            let posted = functions::post(outbound.sender(), url, *time, invocation).await;
            posted.map_err(|why| unsaid(Unsaid::Http(why)))
        }
        Some(ReadyFunction::Endpoint(url)) => {
            let endpoint = Endpoint::at(url);
            let asked = outbound.ask_at(&endpoint, ask(invocation)).await;
            asked.map_err(unsaid)
        }
        None => {
            let function = invocation.function.to_owned();
            let asked = outbound.ask(ask(invocation)).await;
            asked.map_err(|error| match error {
                Unsaid::NoEndpoint(_) => nowhere(&function),
                other => unsaid(other),
            })
        }
    }
}

/// Nobody said where the function is.
fn nowhere(function: &str) -> (String, String) {
    let name = Identity::of(function, None).name;
    let cause = format!(
        "No endpoint is configured for the service 'lambda', and nothing stands for the function \
         '{name}'. Start the server with --function {name}=URL, --function '{name}=COMMAND' or \
         --endpoint lambda=URL, or add {name} = \"URL or command\" to [functions] or lambda = \"URL\" \
         to [endpoints] in its configuration."
    );
    ("States.TaskFailed".to_owned(), cause)
}

fn ask(invocation: Invocation<'_>) -> Ask {
    let Invocation {
        function,
        qualifier,
        mut headers,
        key,
        payload,
    } = invocation;
    // Lambda has no member for it; a function behind an endpoint of the operator's may look at it.
    headers.push((idempotency::HEADER.to_owned(), key.to_string()));
    headers.push(("content-type".to_owned(), "application/json".to_owned()));
    Ask {
        whom: Whom::named(SERVICE),
        method: "POST".to_owned(),
        path: format!("/2015-03-31/functions/{}/invocations", escaped(function)),
        query: qualifier.map_or_else(String::new, |qualifier| {
            format!("Qualifier={}", escaped(qualifier))
        }),
        headers,
        body: payload,
    }
}

/// Refused by the service, or failed in the function.
fn returned(told: &Told) -> Result<(), (String, String)> {
    if !(200..300).contains(&told.status) {
        return Err(exception(told));
    }
    if header_of(&told.headers, "x-amz-function-error").is_none() {
        return Ok(());
    }
    let payload = String::from_utf8_lossy(&told.body);
    let read: Option<Value> = serde_json::from_str(&payload).ok();
    let error = read
        .as_ref()
        .and_then(|payload| payload.get("errorType")?.as_str());
    Err(match error {
        Some(error) => (error.to_owned(), payload.into_owned()),
        None => {
            let cause = format!(
                "The cause could not be determined because Lambda did not return an error type. \
                 Returned payload: {payload}"
            );
            ("Lambda.Unknown".to_owned(), cause)
        }
    })
}

fn exception(told: &Told) -> (String, String) {
    let body: Value = serde_json::from_slice(&told.body).unwrap_or(Value::Null);
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let code = header_of(&told.headers, "x-amzn-errortype");
    let code = code.as_deref().or(text("__type")).or(text("code"));
    // `ResourceNotFoundException:http://internal.amazon.com/…`, or `namespace#Name`.
    let code = code.and_then(|code| code.split(':').next()?.rsplit('#').next());
    let code = code
        .filter(|code| !code.is_empty())
        .unwrap_or("AWSLambdaException");
    let message = text("message").or(text("Message")).unwrap_or_default();
    let request_id = header_of(&told.headers, "x-amzn-requestid").unwrap_or_default();
    let status = told.status;
    let cause = format!(
        "{message} (Service: AWSLambda; Status Code: {status}; Error Code: {code}; Request ID: \
         {request_id}; Proxy: null)"
    );
    (format!("Lambda.{code}"), cause)
}

fn unsaid(unsaid: Unsaid) -> (String, String) {
    let error = match &unsaid {
        Unsaid::NoEndpoint(_) => "States.TaskFailed",
        Unsaid::Http(_) => "Lambda.SdkClientException",
        Unsaid::TooLarge(_) => "States.DataLimitExceeded",
    };
    (error.to_owned(), unsaid.to_string())
}

fn refused(cause: &str) -> (String, String) {
    ("States.Runtime".to_owned(), cause.to_owned())
}

fn payload_text(told: &Told) -> Result<String, (String, String)> {
    String::from_utf8(told.body.to_vec()).map_err(|_| {
        let cause = "The function returned bytes that are not UTF-8.";
        ("Lambda.Unknown".to_owned(), cause.to_owned())
    })
}

/// A function may return what is no JSON at all; then it is a text.
fn json_text(text: String) -> String {
    match serde_json::from_str::<&RawValue>(&text) {
        Ok(_) => text,
        Err(_) => Value::String(text).to_string(),
    }
}

/// The headers as the SDK shows them to a definition: with their names as Lambda spells them.
pub(crate) fn http_metadata(told: &Told) -> Value {
    let (mut all, mut first) = (Map::new(), Map::new());
    for name in told.headers.keys() {
        let values = told.headers.get_all(name).iter();
        let values: Vec<Value> = values
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into())
            .collect();
        let spelled = spelled(name.as_str());
        first.extend(values.first().map(|value| (spelled.clone(), value.clone())));
        all.insert(spelled, Value::Array(values));
    }
    json!({
        "AllHttpHeaders": all,
        "HttpHeaders": first,
        "HttpStatusCode": told.status,
    })
}

/// `Content-Length` of `content-length`; Lambda writes two of its own headers otherwise.
fn spelled(name: &str) -> String {
    match name {
        "x-amzn-requestid" => return "x-amzn-RequestId".to_owned(),
        "x-amzn-remapped-content-length" => return "x-amzn-Remapped-Content-Length".to_owned(),
        _ => {}
    }
    let raised = |part: &str| {
        let (first, rest) = part.split_at(part.len().min(1));
        format!("{}{rest}", first.to_ascii_uppercase())
    };
    name.split('-').map(raised).collect::<Vec<_>>().join("-")
}

fn header_of(headers: &HeaderMap, name: &str) -> Option<String> {
    let value = headers.get(name)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// What may stand in one part of a path or a query.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use crate::IdempotencyKey;

    use super::*;

    fn told(status: u16, headers: &[(&'static str, &'static str)], body: &str) -> Told {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Told {
            status,
            headers: map,
            body: Bytes::copy_from_slice(body.as_bytes()),
        }
    }

    #[test]
    fn a_function_that_raises_fails_with_its_own_error() {
        let failed = ("x-amz-function-error", "Unhandled");
        let body = r#"{"errorMessage":"no","errorType":"CustomException"}"#;
        let (error, cause) = returned(&told(200, &[failed], body)).unwrap_err();
        assert_eq!((error.as_str(), cause.as_str()), ("CustomException", body));
        let body = r#"{"errorMessage":"Task timed out after 3.00 seconds"}"#;
        let (error, cause) = returned(&told(200, &[failed], body)).unwrap_err();
        assert_eq!(error, "Lambda.Unknown");
        assert!(cause.ends_with(body), "{cause}");
        assert!(returned(&told(202, &[], "")).is_ok());
    }

    #[test]
    fn a_payload_that_is_text_is_json_already() {
        for (given, sent) in [
            (json!(null), "{}"),
            (json!("0"), "0"),
            (json!("\"a\""), "\"a\""),
            (json!({"a": 1}), r#"{"a":1}"#),
        ] {
            assert_eq!(payload(Some(&given)), sent);
        }
        assert_eq!(payload(None), "{}");
    }

    #[test]
    fn what_lambda_refuses_is_named_as_the_sdk_does() {
        let headers = [
            (
                "x-amzn-errortype",
                "ResourceNotFoundException:http://internal.amazon.com/x/",
            ),
            ("x-amzn-requestid", "ID"),
        ];
        let body = r#"{"Type":"User","Message":"Function not found: arn"}"#;
        let (error, cause) = returned(&told(404, &headers, body)).unwrap_err();
        assert_eq!(error, "Lambda.ResourceNotFoundException");
        let expected = "Function not found: arn (Service: AWSLambda; Status Code: 404; \
                        Error Code: ResourceNotFoundException; Request ID: ID; Proxy: null)";
        assert_eq!(cause, expected);
        let (error, _) = returned(&told(502, &[], "<html>")).unwrap_err();
        assert_eq!(error, "Lambda.AWSLambdaException");
    }

    #[test]
    fn headers_are_spelled_as_lambda_spells_them() {
        let headers = [
            ("content-length", "2"),
            ("x-amzn-requestid", "ID"),
            ("x-amzn-trace-id", "T"),
        ];
        let metadata = http_metadata(&told(200, &headers, "{}"));
        let expected =
            json!({"Content-Length": "2", "x-amzn-RequestId": "ID", "X-Amzn-Trace-Id": "T"});
        assert_eq!(metadata["HttpHeaders"], expected);
        assert_eq!(metadata["AllHttpHeaders"]["Content-Length"], json!(["2"]));
    }

    #[test]
    fn a_function_is_named_in_the_path_by_name_or_arn() {
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:f";
        let key = IdempotencyKey::of([0; 16], 2);
        let ask = ask(Invocation {
            function: arn,
            qualifier: Some("PROD"),
            headers: Vec::new(),
            key,
            payload: Vec::new(),
        });
        let expected = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A000000000000%3Afunction%3Af/invocations";
        assert_eq!(ask.path, expected);
        assert_eq!(ask.query, "Qualifier=PROD");
    }
}
