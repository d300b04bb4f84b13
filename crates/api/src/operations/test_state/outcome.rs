//! What is answered.

use engine::operations::test_state as operation;
use interpreter::test_state::{ErrorDetails, Inspection, TestStatus};

use crate::write::Object;

pub(in super::super) fn encode(response: &operation::Response, out: &mut Object<'_>) {
    let outcome = &response.outcome;
    out.text_if("output", outcome.output.as_ref().map(|it| &**it.text()));
    if let Some(failure) = &outcome.failure {
        out.text_if("error", failure.error.as_deref());
        out.text_if("cause", failure.cause.as_deref());
    }
    if response.inspected {
        out.object("inspectionData", |out| {
            inspection(&outcome.inspection, out);
            if let Some(exchange) = &response.http {
                http(exchange, out);
            }
        });
    }
    out.text_if("nextState", outcome.next_state.as_deref());
    out.text("status", status(outcome.status));
}

const fn status(status: TestStatus) -> &'static str {
    match status {
        TestStatus::Succeeded => "SUCCEEDED",
        TestStatus::Failed => "FAILED",
        TestStatus::Retriable => "RETRIABLE",
        TestStatus::CaughtError => "CAUGHT_ERROR",
    }
}

fn inspection(inspection: &Inspection, out: &mut Object<'_>) {
    out.text_if("input", inspection.input.as_ref().map(|it| &**it.text()));
    for (stage, document) in &inspection.stages {
        out.text(stage.name(), document.text());
    }
    let variables = inspection.variables.as_ref();
    out.text_if("variables", variables.map(|it| &**it.text()));
    if let Some(details) = &inspection.error_details {
        out.object("errorDetails", |out| error_details(details, out));
    }
    if let Some(count) = inspection.tolerated_failure_count {
        out.number("toleratedFailureCount", count);
    }
    if let Some(share) = inspection.tolerated_failure_percentage {
        out.real("toleratedFailurePercentage", share);
    }
    if let Some(concurrency) = inspection.max_concurrency {
        out.number("maxConcurrency", concurrency);
    }
}

fn http(exchange: &operation::HttpExchange, out: &mut Object<'_>) {
    out.object("request", |out| {
        out.text("protocol", &exchange.protocol);
        out.text("method", &exchange.method);
        out.text("url", &exchange.url);
        out.text("headers", &exchange.headers);
        if !exchange.body.is_empty() {
            out.text("body", &exchange.body);
        }
    });
    if let Some(response) = &exchange.response {
        out.object("response", |out| {
            out.text("protocol", &exchange.protocol);
            out.text("statusCode", &response.status_code.to_string());
            out.text("statusMessage", &response.status_message);
            out.text("headers", &response.headers);
            out.text("body", &response.body);
        });
    }
}

fn error_details(details: &ErrorDetails, out: &mut Object<'_>) {
    let index = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
    if let Some(at) = details.catch_index {
        out.number("catchIndex", index(at));
    }
    if let Some(at) = details.retry_index {
        out.number("retryIndex", index(at));
    }
    if let Some(seconds) = details.retry_backoff_seconds {
        out.number(
            "retryBackoffIntervalSeconds",
            u64::try_from(seconds).unwrap_or(0),
        );
    }
}
