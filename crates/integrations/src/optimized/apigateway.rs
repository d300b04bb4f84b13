//! `apigateway:invoke`: an API that is named by the definition, at the endpoint that the operator names.
//!
//! Source: AWS developer guide, "Create API Gateway APIs with Step Functions" (parameters, headers that are
//! not taken, result and error names).

use hyper::StatusCode;
use interpreter::Document;
use serde_json::{Map, Value, json};

use crate::Outcome;
use crate::outbound::{Ask, Outbound, Told, Unsaid, Whom};

/// Which API is meant, where one endpoint stands for all of them.
const API: &str = "x-forwarded-host";

const METHODS: &[&str] = &["GET", "DELETE", "PATCH", "HEAD", "POST", "PUT", "OPTIONS"];

/// Headers that a definition may not give; whatever begins with `X-Forwarded` and `X-Amz` likewise.
const NOT_TAKEN: &[&str] = &[
    "authorization",
    "connection",
    "content-length",
    "content-md5",
    "expect",
    "host",
    "max-forwards",
    "proxy-authenticate",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "www-authenticate",
];

/// Calls the API.
pub(super) async fn invoke(outbound: &Outbound, given: &Value) -> Outcome {
    let ask = request(given).map_err(|cause| ("States.Runtime".to_owned(), cause))?;
    match outbound.ask(ask).await {
        Ok(told) => result(&told),
        Err(unsaid) => {
            let error = match unsaid {
                Unsaid::NoEndpoint(_) => "States.TaskFailed",
                Unsaid::TooLarge(_) => "States.DataLimitExceeded",
                Unsaid::Http(_) => "ApiGateway.SdkClientException",
            };
            Err((error.to_owned(), unsaid.to_string()))
        }
    }
}

fn request(given: &Value) -> Result<Ask, String> {
    let text = |name: &str| given.get(name).and_then(Value::as_str);
    let wanted = |name: &str| {
        let found = text(name).filter(|text| !text.is_empty());
        found.ok_or_else(|| format!("The field '{name}' is required but was missing."))
    };
    let endpoint = wanted("ApiEndpoint")?;
    let method = wanted("Method")?;
    if !METHODS.contains(&method) {
        let methods = METHODS.join(", ");
        return Err(format!("The field 'Method' must be one of {methods}."));
    }
    let signing_name = match text("AuthType").unwrap_or("NO_AUTH") {
        "NO_AUTH" => None,
        "IAM_ROLE" | "RESOURCE_POLICY" => Some("execute-api".to_owned()),
        other => {
            return Err(format!(
                "The field 'AuthType' must be NO_AUTH, IAM_ROLE or RESOURCE_POLICY, not '{other}'."
            ));
        }
    };
    let mut headers = headers(given.get("Headers"))?;
    headers.push((API.to_owned(), endpoint.to_owned()));
    let body = match given.get("RequestBody") {
        None => Vec::new(),
        Some(Value::Null) if given.get("AllowNullValues") != Some(&Value::Bool(true)) => Vec::new(),
        Some(Value::String(text)) => text.clone().into_bytes(),
        Some(other) => other.to_string().into_bytes(),
    };
    let has_type = headers.iter().any(|(name, _)| name == "content-type");
    if !body.is_empty() && !has_type {
        headers.push(("content-type".to_owned(), "application/json".to_owned()));
    }
    Ok(Ask {
        whom: Whom {
            names: vec!["apigateway".to_owned(), "execute-api".to_owned()],
            signing_name,
            signs_path_as_sent: false,
        },
        method: method.to_owned(),
        path: path(text("Stage"), text("Path")),
        query: query(given.get("QueryParameters")),
        headers,
        body,
    })
}

/// `/prod/orders/a%20b`. The stage `$default` is that of the API without one.
fn path(stage: Option<&str>, path: Option<&str>) -> String {
    let stage = stage.filter(|stage| !stage.is_empty() && *stage != "$default");
    let path = path.unwrap_or_default().trim_start_matches('/');
    let parts = stage.into_iter().chain(path.split('/'));
    let escaped: Vec<String> = parts.map(escaped).collect();
    format!("/{}", escaped.join("/"))
}

/// What is escaped already stays so.
fn escaped(part: &str) -> String {
    let mut escaped = String::with_capacity(part.len());
    for byte in part.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' => escaped.push(byte.into()),
            b'-' | b'.' | b'_' | b'~' | b'%' | b'+' | b'$' | b'@' | b'=' | b':' => {
                escaped.push(byte.into());
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

fn headers(given: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        let lower = name.to_ascii_lowercase();
        let is_reserved = lower.starts_with("x-forwarded") || lower.starts_with("x-amz");
        if is_reserved || NOT_TAKEN.contains(&lower.as_str()) {
            return Err(format!("The header '{name}' cannot be given."));
        }
        let values = values(value);
        headers.extend(values.map(|value| (lower.clone(), value)));
    }
    Ok(headers)
}

fn query(given: Option<&Value>) -> String {
    let strict = |text: &str| percent_encoding::utf8_percent_encode(text, UNRESERVED).to_string();
    let mut pairs: Vec<String> = Vec::new();
    for (name, value) in given.and_then(Value::as_object).into_iter().flatten() {
        let name = strict(name);
        pairs.extend(values(value).map(|value| format!("{name}={}", strict(&value))));
    }
    pairs.sort();
    pairs.join("&")
}

/// All but what RFC 3986 calls unreserved: so a signature wants it.
const UNRESERVED: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// One, or those of a list.
fn values(given: &Value) -> impl Iterator<Item = String> {
    let list = match given {
        Value::Array(items) => items.as_slice(),
        one => std::slice::from_ref(one),
    };
    let given = list.iter().filter(|value| !value.is_null());
    given.map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    })
}

fn result(told: &Told) -> Outcome {
    let text = String::from_utf8_lossy(&told.body).into_owned();
    if !(200..300).contains(&told.status) {
        return Err((format!("ApiGateway.{}", told.status), text));
    }
    let mut headers = Map::new();
    for name in told.headers.keys() {
        let values = told.headers.get_all(name).iter();
        let values = values.map(|value| String::from_utf8_lossy(value.as_bytes()).into());
        headers.insert(
            name.as_str().to_owned(),
            values.collect::<Vec<Value>>().into(),
        );
    }
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    let status = StatusCode::from_u16(told.status).ok();
    let reason = status.and_then(|status| status.canonical_reason());
    Ok(Document::from_value(json!({
        "Headers": headers,
        "ResponseBody": body,
        "StatusCode": told.status,
        "StatusText": reason.unwrap_or_default(),
    })))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use hyper::HeaderMap;

    use super::*;

    #[test]
    fn an_api_is_called_by_stage_and_path() {
        let given = json!({
            "ApiEndpoint": "abc.execute-api.us-east-1.amazonaws.com", "Method": "POST", "Stage": "prod",
            "Path": "/orders/a b", "QueryParameters": {"q": ["1", "x&y"], "a": "z"},
            "Headers": {"Token": ["t"]}, "RequestBody": {"n": 1}, "AuthType": "IAM_ROLE",
        });
        let ask = request(&given).unwrap();
        assert_eq!(ask.path, "/prod/orders/a%20b");
        assert_eq!(ask.query, "a=z&q=1&q=x%26y");
        assert_eq!(ask.body, br#"{"n":1}"#);
        assert_eq!(ask.whom.signing_name.as_deref(), Some("execute-api"));
        let header = |name: &str| ask.headers.iter().find(|(known, _)| known == name);
        assert_eq!(header("token").unwrap().1, "t");
        assert_eq!(
            header(API).unwrap().1,
            "abc.execute-api.us-east-1.amazonaws.com"
        );
        assert_eq!(header("content-type").unwrap().1, "application/json");
    }

    #[test]
    fn what_cannot_be_called_is_told() {
        for (given, told) in [
            (json!({"Method": "GET"}), "'ApiEndpoint'"),
            (json!({"ApiEndpoint": "a", "Method": "get"}), "'Method'"),
            (
                json!({"ApiEndpoint": "a", "Method": "GET", "AuthType": "X"}),
                "'AuthType'",
            ),
            (
                json!({"ApiEndpoint": "a", "Method": "GET", "Headers": {"Host": "b"}}),
                "'Host'",
            ),
        ] {
            let why = request(&given).err().unwrap();
            assert!(why.contains(told), "{why}");
        }
        let ask = request(&json!({"ApiEndpoint": "a", "Method": "GET", "Stage": "$default"}));
        assert_eq!(ask.unwrap().path, "/");
    }

    #[test]
    fn a_status_that_is_no_success_is_the_errors_name() {
        let told = |status, body: &'static str| Told {
            status,
            headers: HeaderMap::new(),
            body: Bytes::from(body),
        };
        let (error, cause) = result(&told(403, r#"{"message":"no"}"#)).unwrap_err();
        assert_eq!(
            (error.as_str(), cause.as_str()),
            ("ApiGateway.403", r#"{"message":"no"}"#)
        );
        let shown = result(&told(200, "[1]")).unwrap();
        let expected =
            json!({"Headers": {}, "ResponseBody": [1], "StatusCode": 200, "StatusText": "OK"});
        assert_eq!(shown.value(), &expected);
        assert_eq!(
            result(&told(201, "text")).unwrap().value()["ResponseBody"],
            "text"
        );
    }
}
