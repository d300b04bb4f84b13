//! What `GET` answers: health, metrics and a word for the curious.

use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::disk::Room;

use super::Edge;
use super::body::Whole;

/// Longest wait for the engine's counts: a busy engine must not make metrics hang.
const GAUGES_TIMEOUT: Duration = Duration::from_secs(1);

/// Probes come with whatever `Host` they like, and learn nothing that matters.
pub(super) fn is_health(parts: &Parts) -> bool {
    matches!(parts.uri.path(), "/livez" | "/readyz")
}

pub(super) async fn answer(edge: &Edge, parts: &Parts) -> Response<Whole> {
    match parts.uri.path() {
        "/" => page(
            StatusCode::OK,
            &format!("Towpath {}\n", env!("CARGO_PKG_VERSION")),
        ),
        "/livez" => page(StatusCode::OK, "ok\n"),
        "/readyz" => ready(edge),
        "/metrics" => {
            let gauges = tokio::time::timeout(GAUGES_TIMEOUT, edge.service.driver.gauges()).await;
            let mut text = edge.metrics.render(gauges.ok().flatten());
            if let Some(free) = edge.service.space.free_bytes() {
                text.push_str("# TYPE store_disk_free_bytes gauge\n");
                text.push_str(&format!("store_disk_free_bytes {free}\n"));
            }
            page(StatusCode::OK, &text)
        }
        _ => page(StatusCode::NOT_FOUND, "not found\n"),
    }
}

/// Names each check; the failing ones with why.
fn ready(edge: &Edge) -> Response<Whole> {
    let mut status = StatusCode::OK;
    let mut text = String::new();
    let mut check = |name: &str, failure: Option<String>| match failure {
        None => text.push_str(&format!("{name}: ok\n")),
        Some(why) => {
            status = StatusCode::SERVICE_UNAVAILABLE;
            text.push_str(&format!("{name}: failed: {why}\n"));
        }
    };
    let draining = edge.draining.load(Ordering::Relaxed);
    check(
        "serving",
        draining.then(|| "the server is stopping".to_owned()),
    );
    let disk = match edge.service.space.room() {
        Room::Plenty => None,
        Room::Short => Some("nearly full"),
        Room::None => Some("full, or it does not answer"),
    };
    check("disk", disk.map(str::to_owned));
    // A failed commit has ended the process, so what can fail here is reading.
    check(
        "store",
        edge.service
            .store
            .last_commit()
            .err()
            .map(|error| error.to_string()),
    );
    page(status, &text)
}

fn page(status: StatusCode, text: &str) -> Response<Whole> {
    let mut response = Response::new(Whole::new(text.to_owned()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}
