//! One HTTP request.

use std::convert::Infallible;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use api::{Answer, Head};
use hyper::body::{Body, Incoming};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode, Version};

use super::body::{self, BodyError, Whole};
use super::parked::{PARK_AFTER, Parked, Resumed};
use super::wire::Wire;
use super::{Edge, pages, parked};
use crate::driver::Delivery;
use crate::request_id;
use crate::service::Served;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-amzn-requestid");

/// Serves a request. Never fails: what goes wrong is an answer.
pub(super) async fn handle(
    edge: Arc<Edge>,
    wire: Arc<Wire>,
    local: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Whole>, Infallible> {
    if let Some(resumed) = wire.take_resumed() {
        let Resumed {
            served,
            request_id,
            began,
        } = *resumed;
        edge.service.note(&served, &request_id, began);
        return Ok(answer(
            &edge,
            &wire,
            Reply::served(served, false),
            &request_id,
            false,
        ));
    }
    let sound = wire.serving();
    let began = Instant::now();
    let request_id = request_id::next();
    let (parts, body) = request.into_parts();
    // Who sends chunks gets a connection for each request: see `framing`.
    let chunks = parts.headers.contains_key(header::TRANSFER_ENCODING);
    let reply = if !sound {
        let message = "The request can be read in more than one way.";
        Reply::closing(respond(refusal(400, "BadRequestException", message)))
    } else if parts.method == Method::GET || parts.method == Method::HEAD {
        Reply::plain(page(&edge, &parts, local, &request_id).await)
    } else {
        let (served, unread) = match api_request(&edge, parts, body, local, &request_id).await {
            Outcome::Served(served, unread) => (served, unread),
            Outcome::Waits(answer, head) => {
                wire.park(Parked {
                    answer,
                    head,
                    request_id,
                    began,
                });
                // The connection drops this with all that hyper holds.
                return std::future::pending().await;
            }
        };
        edge.service.note(&served, &request_id, began);
        Reply::served(served, unread)
    };
    Ok(answer(&edge, &wire, reply, &request_id, chunks))
}

/// The last touches.
fn answer(
    edge: &Edge,
    wire: &Wire,
    mut reply: Reply,
    request_id: &str,
    closes: bool,
) -> Response<Whole> {
    let close = reply.unread || closes || edge.draining.load(Ordering::Relaxed);
    let headers = reply.response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(request_id) {
        headers.insert(REQUEST_ID, value);
    }
    if close {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    wire.answering(reply.delivery, reply.unread);
    reply.response
}

/// What became of a request for the API.
enum Outcome {
    /// It is answered; and whether some of its body was left unread.
    Served(Served, bool),
    /// It waits for its answer, which will be written like one to this head.
    Waits(Pin<Box<dyn Future<Output = Served> + Send>>, parked::Head),
}

/// What goes back over the connection.
struct Reply {
    response: Response<Whole>,
    delivery: Option<Delivery>,
    /// The client may still be sending what nobody will read.
    unread: bool,
}

impl Reply {
    fn served(served: Served, unread: bool) -> Reply {
        Reply {
            response: respond(served.answer),
            delivery: served.delivery,
            unread,
        }
    }

    fn plain(response: Response<Whole>) -> Reply {
        Reply {
            response,
            delivery: None,
            unread: false,
        }
    }

    fn closing(response: Response<Whole>) -> Reply {
        Reply {
            response,
            delivery: None,
            unread: true,
        }
    }
}

async fn page(edge: &Edge, parts: &Parts, local: SocketAddr, request_id: &str) -> Response<Whole> {
    if !pages::is_health(parts)
        && let Some(answer) = refused_client(edge, parts, local)
    {
        return respond(answer);
    }
    if let Some(query) = parts.uri.query()
        && parts.uri.path() == "/"
        && api::asks_sts(query)
    {
        return respond(edge.service.door.answer_sts(query.as_bytes(), request_id));
    }
    pages::answer(edge, parts).await
}

/// A request for the API.
async fn api_request(
    edge: &Arc<Edge>,
    parts: Parts,
    body: Incoming,
    local: SocketAddr,
    request_id: &str,
) -> Outcome {
    let has_body = !body.is_end_stream();
    if let Some(answer) = refused_client(edge, &parts, local).or_else(|| refused_head(&parts)) {
        return Outcome::Served(Served::refused(answer), has_body);
    }
    let head = head(&parts);
    if parts.method != Method::POST || parts.uri.path() != "/" {
        // The door knows what to say to that, whatever the body.
        let served = match edge.service.receive(&head, b"") {
            Ok(_) => Served::refused(Answer::fault()),
            Err(served) => served,
        };
        return Outcome::Served(served, has_body);
    }
    let bytes_max = edge.service.door.limits().body_bytes_max;
    // Who does not say how much will come may send as much as is allowed.
    let most = bytes_max as u64;
    let bytes = body.size_hint().upper().unwrap_or(most).min(most);
    let kib = (bytes >> 10) as u32 + 1;
    let Ok(permit) = edge.bodies.try_acquire_many(kib) else {
        return Outcome::Served(Served::refused(Answer::unavailable()), has_body);
    };
    let bytes = match body::read(body, bytes_max).await {
        Ok(bytes) => bytes,
        Err(error) => return Outcome::Served(Served::refused(unread_body(edge, error)), true),
    };
    if is_form(&head) {
        let answer = edge.service.door.answer_sts(&bytes, request_id);
        return Outcome::Served(Served::refused(answer), false);
    }
    let received = edge.service.receive(&head, &bytes);
    let parked_head = parked::Head::like(&parts);
    // A poll may wait for a minute, and need not hold what it came with.
    drop((parts, bytes, permit));
    let (request, meta) = match received {
        Ok(received) => received,
        Err(served) => return Outcome::Served(served, false),
    };
    if let Some(served) = throttled(edge, &request) {
        return Outcome::Served(served, false);
    }
    if !parked::is_given_up(request.operation()) {
        return Outcome::Served(edge.service.perform(request, &meta).await, false);
    }
    let service = Arc::clone(&edge.service);
    let mut answer: Pin<Box<dyn Future<Output = Served> + Send>> =
        Box::pin(async move { service.perform(request, &meta).await });
    match tokio::time::timeout(PARK_AFTER, &mut answer).await {
        Ok(served) => Outcome::Served(served, false),
        Err(_waits) => Outcome::Waits(answer, parked_head),
    }
}

/// The refusal of what comes too often.
fn throttled(edge: &Edge, request: &engine::Request) -> Option<Served> {
    let operation = request.operation();
    let express = edge.quotas.tell_express_apart() && edge.service.starts_express(request);
    let now_ms = edge.service.clock.now().steady_ms;
    if edge.quotas.admit(operation, express, now_ms) {
        return None;
    }
    edge.metrics.throttled(operation).add(1);
    Some(Served {
        answer: Answer::throttled(),
        delivery: None,
        operation: Some(operation),
    })
}

/// A client that must not be served at all.
fn refused_client(edge: &Edge, parts: &Parts, local: SocketAddr) -> Option<Answer> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host.to_str().unwrap_or_default()),
        (None, _) if parts.version < Version::HTTP_11 => None,
        _ => {
            return Some(refusal(
                400,
                "BadRequestException",
                "A request must have one Host header.",
            ));
        }
    };
    // A target such as `http://name/` speaks to that name, whatever the header says.
    let named = parts.uri.authority().map(|authority| authority.as_str());
    let mut spoken_to = host.into_iter().chain(named);
    let origin = parts
        .headers
        .get(header::ORIGIN)
        .map(|origin| origin.to_str().unwrap_or_default());
    let message = if !spoken_to.all(|host| edge.hosts.allows_host(host, local)) {
        "This server does not go by that Host; the operator can allow it with --allowed-hosts."
    } else if origin.is_some_and(|origin| !edge.hosts.allows_origin(origin, local)) {
        "Pages of other origins are not served."
    } else {
        return None;
    };
    edge.metrics.foreign_requests.add(1);
    Some(refusal(403, "AccessDeniedException", message))
}

/// A head that says that the body need not be read.
fn refused_head(parts: &Parts) -> Option<Answer> {
    let encoding = text(&parts.headers, &header::CONTENT_ENCODING)
        .unwrap_or_default()
        .trim();
    if !encoding.is_empty() && !encoding.eq_ignore_ascii_case("identity") {
        let message = "Content-Encoding is not supported; send the body as it is.";
        return Some(refusal(415, "UnsupportedMediaTypeException", message));
    }
    None
}

fn unread_body(edge: &Edge, error: BodyError) -> Answer {
    match error {
        BodyError::TooLarge => {
            let most = edge.service.door.limits().body_bytes_max;
            let message = format!("A request may have at most {most} bytes.");
            refusal(413, "RequestEntityTooLargeException", &message)
        }
        BodyError::TooSlow => {
            edge.metrics.slow_bodies.add(1);
            refusal(
                408,
                "RequestTimeoutException",
                "The body did not come in time.",
            )
        }
        BodyError::Broken => refusal(400, "BadRequestException", "The body could not be read."),
    }
}

fn refusal(status: u16, name: &str, message: &str) -> Answer {
    Answer::refusal(status, name, Some(message))
}

fn head(parts: &Parts) -> Head<'_> {
    Head {
        method: parts.method.as_str(),
        path: parts.uri.path(),
        target: parts
            .headers
            .get("x-amz-target")
            .and_then(|value| value.to_str().ok()),
        content_type: text(&parts.headers, &header::CONTENT_TYPE),
        content_encoding: text(&parts.headers, &header::CONTENT_ENCODING),
        trace_id: parts
            .headers
            .get("x-amzn-trace-id")
            .and_then(|value| value.to_str().ok()),
    }
}

/// Whether this is a form for STS. A form that names an operation of ours is left to the door, which
/// refuses it: any page can send a form without asking.
fn is_form(head: &Head<'_>) -> bool {
    let kind = head.content_type.and_then(|kind| kind.split(';').next());
    head.target.is_none() && kind.is_some_and(|kind| kind.trim().eq_ignore_ascii_case(api::FORM))
}

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn respond(answer: Answer) -> Response<Whole> {
    let mut response = Response::new(Whole::new(answer.body));
    *response.status_mut() =
        StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(answer.content_type),
    );
    response
}
