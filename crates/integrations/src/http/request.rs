//! The fields of an HTTP task, as a request.
//!
//! Source: developer guide of Step Functions, "Call HTTPS APIs in Step Functions workflows".

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{Request, Uri};
use serde_json::{Map, Value};

use super::form::{self, ArrayFormat};
use crate::IdempotencyKey;
use crate::connections::Additions;
use crate::idempotency;
use crate::sending::HostPort;

const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
/// Methods that do the same when they are done twice.
const SAFE_METHODS: [&str; 3] = ["GET", "OPTIONS", "HEAD"];
/// Headers that a definition may not set: those of the transport, those that say who asks, and those
/// that proxies and AWS trust. Names that end with `-` stand for all that begin so.
const REFUSED_HEADERS: [&str; 18] = [
    "authorization",
    "connection",
    "content-length",
    "expect",
    "forwarded",
    "host",
    "http2-settings",
    "keep-alive",
    "proxy-",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-amz-",
    "x-amzn-",
    "x-forwarded-",
    "x-real-ip",
];
const JSON: &str = "application/json; charset=UTF-8";
const AGENT: &str = concat!("towpath/", env!("CARGO_PKG_VERSION"));

/// What a task asks for, checked as far as it can be without asking anybody.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) endpoint: HostPort,
    pub(super) is_encrypted: bool,
    pub(super) connection: &'a str,
    /// Scheme, host and path.
    base: String,
    /// Each name, and the pair as it is sent.
    query: Vec<(String, String)>,
    method: &'static str,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<&'a Value>,
    /// How members are written where the body is a form.
    form: Option<ArrayFormat>,
}

impl<'a> Asked<'a> {
    /// Reads the parameters; what is wrong is said by its field.
    pub(super) fn read(parameters: &'a Value) -> Result<Asked<'a>, String> {
        let connection = ["Authentication", "InvocationConfig"]
            .into_iter()
            .find_map(|field| parameters.get(field)?.get("ConnectionArn")?.as_str())
            .ok_or("The field 'Authentication.ConnectionArn' must name a connection.")?;
        let url = text(parameters, "ApiEndpoint")?;
        let method = text(parameters, "Method")?;
        let method = METHODS.into_iter().find(|known| *known == method);
        let method = method
            .ok_or_else(|| format!("The field 'Method' must be one of {}.", METHODS.join(", ")))?;
        let (uri, mut query) = read_url(url)?;
        query.extend(read_query(parameters.get("QueryParameters"))?);
        let no_host = || wrong_url("it has no host");
        let (scheme, authority) = (uri.scheme_str(), uri.authority());
        let (scheme, authority) = scheme.zip(authority).ok_or_else(no_host)?;
        let path = uri.path();
        Ok(Asked {
            endpoint: HostPort::of(&uri).ok_or_else(no_host)?,
            is_encrypted: scheme == "https",
            connection,
            base: format!("{scheme}://{authority}{path}"),
            query,
            method,
            headers: read_headers(parameters.get("Headers"))?,
            body: parameters.get("RequestBody").filter(|body| !body.is_null()),
            form: read_transform(parameters.get("Transform"))?,
        })
    }

    /// The request, with what the connection adds: that wins.
    pub(super) fn request(
        &self,
        additions: &Additions,
        key: IdempotencyKey,
    ) -> Result<Request<Bytes>, String> {
        let own = self.query.iter();
        let own = own.filter(|(name, _)| !additions.query.iter().any(|(added, _)| added == name));
        let mut query: Vec<String> = own.map(|(_, pair)| pair.clone()).collect();
        query.extend(
            additions
                .query
                .iter()
                .map(|(name, value)| pair(name, value)),
        );
        let uri = match query.is_empty() {
            true => self.base.clone(),
            false => format!("{}?{}", self.base, query.join("&")),
        };
        let mut request = Request::builder().method(self.method).uri(uri);
        let mut given = Vec::new();
        let added = additions.headers.iter().map(|(name, _)| name);
        let added: Vec<&HeaderName> = added.collect();
        let own = self.headers.iter();
        let own = own.filter(|(name, _)| !added.contains(&name));
        for (name, value) in own.chain(&additions.headers) {
            given.push(name.clone());
            request = request.header(name, value);
        }
        let is_json = self
            .headers
            .iter()
            .chain(&additions.headers)
            .all(|(name, value)| {
                name != CONTENT_TYPE || value.to_str().is_ok_and(|value| value.contains("json"))
            });
        let (body, content_type) = self.body(additions, is_json)?;
        let defaults = [
            (CONTENT_TYPE, content_type.map(str::to_owned)),
            (USER_AGENT, Some(AGENT.to_owned())),
            (
                HeaderName::from_static(idempotency::HEADER),
                (!SAFE_METHODS.contains(&self.method)).then(|| key.to_string()),
            ),
        ];
        for (name, value) in defaults {
            if let (false, Some(value)) = (given.contains(&name), value) {
                request = request.header(name, value);
            }
        }
        let request = request.body(Bytes::from(body));
        // What is wrong may stand beside a secret.
        request
            .map_err(|_| "The request cannot be sent: its URL or a header is too long.".to_owned())
    }

    /// The bytes, and what they are.
    fn body(
        &self,
        additions: &Additions,
        is_json: bool,
    ) -> Result<(Vec<u8>, Option<&'static str>), String> {
        let mut body = self.body.cloned();
        if !additions.body.is_empty() {
            let empty = || Value::Object(Map::new());
            let Value::Object(members) = body.get_or_insert_with(empty) else {
                let why =
                    "The field 'RequestBody' must be an object: the connection adds members to it.";
                return Err(why.to_owned());
            };
            for (name, value) in &additions.body {
                members.insert(name.clone(), value.as_str().into());
            }
        }
        Ok(match (body, self.form) {
            (None, _) => (Vec::new(), None),
            (Some(body), Some(format)) => {
                let pairs = form::flatten(&body, format)
                    .ok_or("The field 'RequestBody' must be an object to be URL_ENCODED.")?;
                (form::pairs(&pairs).into_bytes(), Some(form::CONTENT_TYPE))
            }
            // Whoever says that it is no JSON means the text itself.
            (Some(Value::String(text)), None) if !is_json => (text.into_bytes(), None),
            (Some(body), None) => (body.to_string().into_bytes(), Some(JSON)),
        })
    }
}

fn text<'a>(parameters: &'a Value, field: &str) -> Result<&'a str, String> {
    let found = parameters.get(field).and_then(Value::as_str);
    found.ok_or_else(|| format!("The field '{field}' must be a string."))
}

fn wrong_url(why: &str) -> String {
    format!("The field 'ApiEndpoint' must be a URL such as https://api.example.com/orders: {why}.")
}

/// The URL, and its query taken apart.
fn read_url(text: &str) -> Result<(Uri, Vec<(String, String)>), String> {
    let uri: Uri = text
        .parse()
        .map_err(|error: hyper::http::uri::InvalidUri| wrong_url(&error.to_string()))?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err(wrong_url("it begins with neither https:// nor http://"));
    }
    let authority = uri.authority().map_or("", |it| it.as_str());
    if authority.contains('@') {
        return Err(wrong_url("credentials belong into a connection"));
    }
    let query = uri.query().unwrap_or_default().split('&');
    let query = query.filter(|pair| !pair.is_empty());
    let pairs = query.map(|pair| {
        let name = pair.split('=').next().unwrap_or_default().replace('+', " ");
        let name = percent_encoding::percent_decode_str(&name);
        // As it was written: some servers tell `a` from `a=`.
        Ok((name.decode_utf8()?.into_owned(), pair.to_owned()))
    });
    let pairs: Result<Vec<_>, std::str::Utf8Error> = pairs.collect();
    let pairs = pairs.map_err(|_| wrong_url("its query is not UTF-8"))?;
    Ok((uri.clone(), pairs))
}

/// As a query has it. In a URL a plus is a plus to some and a space to others.
fn pair(name: &str, value: &str) -> String {
    form::pairs(&[(name.to_owned(), value.to_owned())]).replace('+', "%20")
}

fn members<'a>(
    value: Option<&'a Value>,
    field: &str,
) -> Result<Option<&'a Map<String, Value>>, String> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(_) => Err(format!("The field '{field}' must be an object.")),
    }
}

fn read_query(value: Option<&Value>) -> Result<Vec<(String, String)>, String> {
    let mut pairs = Vec::new();
    for (name, value) in members(value, "QueryParameters")?.into_iter().flatten() {
        match value {
            Value::Array(items) => {
                pairs.extend(
                    items
                        .iter()
                        .map(|item| (name.clone(), pair(name, &form::text(item)))),
                );
            }
            other => pairs.push((name.clone(), pair(name, &form::text(other)))),
        }
    }
    Ok(pairs)
}

fn read_headers(value: Option<&Value>) -> Result<Vec<(HeaderName, HeaderValue)>, String> {
    let mut headers = Vec::new();
    for (name, value) in members(value, "Headers")?.into_iter().flatten() {
        let shown: String = name.escape_debug().take(100).collect();
        let read = HeaderName::from_bytes(name.as_bytes());
        let read = read.map_err(|_| format!("The header name '{shown}' is not valid."))?;
        if is_refused(read.as_str()) {
            return Err(format!(
                "The header '{shown}' cannot be set by a definition; what says who asks belongs into the \
                 connection."
            ));
        }
        let texts = match value {
            Value::Array(items) => items.iter().map(form::text).collect(),
            other => vec![form::text(other)],
        };
        for text in texts {
            // Neither line breaks nor other control characters.
            let value = HeaderValue::from_bytes(text.as_bytes());
            let value = value.map_err(|_| {
                format!("The value of the header '{shown}' has characters that none may have.")
            })?;
            headers.push((read.clone(), value));
        }
    }
    Ok(headers)
}

fn is_refused(name: &str) -> bool {
    REFUSED_HEADERS
        .iter()
        .any(|refused| match refused.strip_suffix('-') {
            Some(_) => name.starts_with(refused),
            None => name == *refused,
        })
}

fn read_transform(value: Option<&Value>) -> Result<Option<ArrayFormat>, String> {
    let Some(transform) = members(value, "Transform")? else {
        return Ok(None);
    };
    let options = members(
        transform.get("RequestEncodingOptions"),
        "Transform.RequestEncodingOptions",
    )?;
    let format = options.and_then(|options| options.get("ArrayFormat"));
    let format = match format {
        None | Some(Value::Null) => ArrayFormat::Indices,
        Some(name) => name.as_str().and_then(ArrayFormat::of).ok_or(
            "The field 'Transform.RequestEncodingOptions.ArrayFormat' must be one of INDICES, REPEAT, \
             COMMAS, BRACKETS and NONE.",
        )?,
    };
    match transform.get("RequestBodyEncoding").map(Value::as_str) {
        None | Some(Some("NONE")) => Ok(None),
        Some(Some("URL_ENCODED")) => Ok(Some(format)),
        Some(_) => {
            let why = "The field 'Transform.RequestBodyEncoding' must be NONE or URL_ENCODED.";
            Err(why.to_owned())
        }
    }
}
