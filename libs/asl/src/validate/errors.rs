//! `Retry` and `Catch`.

use std::sync::Arc;

use super::{assign, limits};
use crate::definition::{Catcher, QueryLanguage, ResultPath, Retrier};
use crate::json::Data;
use crate::parse::fields::{Allowed, Fields};
use crate::parse::findings::Findings;
use crate::parse::state::StateReader;

const RETRIER_FIELDS: Allowed = Allowed {
    both: &[
        "Comment",
        "ErrorEquals",
        "IntervalSeconds",
        "MaxAttempts",
        "BackoffRate",
        "MaxDelaySeconds",
        "JitterStrategy",
    ],
    jsonpath: &[],
    jsonata: &[],
};

const CATCHER_FIELDS: Allowed = Allowed {
    both: &["Comment", "ErrorEquals", "Next", "Assign"],
    jsonpath: &["ResultPath"],
    jsonata: &["Output"],
};

/// Matches every error there is a name for.
const ALL: &str = "States.ALL";

/// Reads `Retry`.
pub(crate) fn read_retry(
    fields: &Fields<'_>,
    query_language: QueryLanguage,
    findings: &mut Findings,
) -> Vec<Retrier> {
    let entries = entries("Retry", fields, findings);
    let last = entries.len().saturating_sub(1);
    let mut retriers = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        entry.check_allowed(&RETRIER_FIELDS, query_language, findings);
        entry.string("Comment", findings);
        let interval = entry.integer("IntervalSeconds", limits::INTERVAL_SECONDS, findings);
        let max_delay = entry.integer("MaxDelaySeconds", limits::MAX_DELAY_SECONDS, findings);
        let interval_seconds = interval.unwrap_or(1);
        if max_delay.is_some_and(|max_delay| max_delay <= interval_seconds) {
            let message = "'MaxDelaySeconds' must be greater than 'IntervalSeconds'";
            entry.report_field("MaxDelaySeconds", message, findings);
        }
        let jitter = entry.word("JitterStrategy", &["FULL", "NONE"], findings);
        retriers.push(Retrier {
            error_equals: error_equals(entry, index == last, findings),
            interval_seconds,
            max_attempts: entry
                .integer("MaxAttempts", limits::MAX_ATTEMPTS, findings)
                .unwrap_or(3),
            backoff_rate: entry.number("BackoffRate", 1.0, findings).unwrap_or(2.0),
            max_delay_seconds: max_delay,
            full_jitter: jitter == Some("FULL"),
        });
    }
    retriers
}

/// Reads `Catch`.
pub(crate) fn read_catch(state: &mut StateReader<'_, '_, '_>) -> Vec<Catcher> {
    let query_language = state.query_language;
    let entries = entries("Catch", state.fields, state.findings());
    let last = entries.len().saturating_sub(1);
    let mut catchers = Vec::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        entry.check_allowed(&CATCHER_FIELDS, query_language, state.findings());
        entry.string("Comment", state.findings());
        let error_equals = error_equals(entry, index == last, state.findings());
        entry.require(&["Next"], state.findings());
        let next = state.target("Next", entry);
        let assign = assign::read(entry, query_language, state.findings());
        let (result_path, jsonata_assign, output) = match query_language {
            QueryLanguage::JsonPath => (entry.result_path(state.findings()), None, None),
            QueryLanguage::Jsonata => (
                Some(ResultPath::Whole),
                entry.jsonata("Assign"),
                entry.jsonata("Output"),
            ),
        };
        if let (Some(next), Some(result_path)) = (next, result_path) {
            catchers.push(Catcher {
                error_equals,
                result_path,
                assign,
                jsonata_assign,
                output,
                next,
            });
        }
    }
    catchers
}

/// The entries of `Retry` or `Catch`; an empty list is as good as none.
fn entries<'n>(name: &str, fields: &Fields<'n>, findings: &mut Findings) -> Vec<Fields<'n>> {
    match fields.get(name).map(|node| &node.data) {
        Some(Data::Array(items)) if items.is_empty() => Vec::new(),
        _ => fields.objects(name, findings).unwrap_or_default(),
    }
}

fn error_equals(entry: &Fields<'_>, is_last: bool, findings: &mut Findings) -> Vec<Arc<str>> {
    let name = "ErrorEquals";
    entry.require(&[name], findings);
    let mut errors: Vec<Arc<str>> = Vec::new();
    for (index, item) in entry
        .items(name, findings)
        .unwrap_or_default()
        .iter()
        .enumerate()
    {
        match &item.data {
            Data::String(error) => errors.push((**error).into()),
            _ => {
                let place = format!("{}[{index}]", entry.place_of(name));
                findings.schema(item.at, &place, "Expected value of type String");
            }
        }
    }
    if errors.iter().any(|error| &**error == ALL) {
        if errors.len() > 1 {
            let message = format!("'{ALL}' must be the only error of 'ErrorEquals'");
            entry.report_field(name, &message, findings);
        }
        if !is_last {
            let message = format!("'{ALL}' is only allowed in the last entry");
            entry.report_field(name, &message, findings);
        }
    }
    errors
}
