//! Task: has work done by an activity's worker, a function or another service.

use crate::definition::{StateKind, Task};
use crate::jsonata;
use crate::parse::fields::Allowed;
use crate::parse::state::StateReader;
use crate::template::Template;
use crate::validate::{limits, resource, timeouts};

const FIELDS: Allowed = Allowed {
    both: &[
        "Type",
        "Comment",
        "QueryLanguage",
        "Resource",
        "TimeoutSeconds",
        "HeartbeatSeconds",
        "Credentials",
        "Retry",
        "Catch",
        "Assign",
        "Next",
        "End",
    ],
    jsonpath: &[
        "InputPath",
        "OutputPath",
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "TimeoutSecondsPath",
        "HeartbeatSecondsPath",
    ],
    jsonata: &["Arguments", "Output"],
};

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let transition = state.transition();
    let fields = state.fields;
    fields.require(&["Resource"], state.findings());
    let machine_type = state.surroundings.machine_type;
    let resource = resource::read(fields, machine_type, state.findings());
    let timeout = state.seconds(
        "TimeoutSeconds",
        "TimeoutSecondsPath",
        limits::TIMEOUT_SECONDS,
    );
    let heartbeat = state.seconds(
        "HeartbeatSeconds",
        "HeartbeatSecondsPath",
        limits::TIMEOUT_SECONDS,
    );
    timeouts::check(
        fields,
        timeout.as_ref(),
        heartbeat.as_ref(),
        state.findings(),
    );
    let parameters = state.template("Parameters");
    let result_selector = state.template("ResultSelector");
    let (credentials, jsonata_role) = credentials(state);
    let result_path = state.result_path();
    let (retry, catch) = (state.retry(), state.catch());
    Some(StateKind::Task(Box::new(Task {
        resource: resource?,
        parameters,
        arguments: state.jsonata("Arguments"),
        result_selector,
        result_path: result_path?,
        timeout,
        heartbeat,
        credentials,
        jsonata_role,
        retry,
        catch,
        transition: transition?,
    })))
}

/// `Credentials` of a JSONPath state, or their `RoleArn` in a JSONata state; the rules are for both.
fn credentials(
    state: &mut StateReader<'_, '_, '_>,
) -> (Option<Template>, Option<jsonata::Template>) {
    let fields = state.fields;
    let Some(credentials) = fields.object("Credentials", state.findings()) else {
        return (None, None);
    };
    let by_path = !state.is_jsonata() && credentials.has("RoleArn.$");
    if !credentials.has("RoleArn") && !by_path {
        let message = "The field 'RoleArn' is required but was missing";
        credentials.report(message, state.findings());
    }
    credentials.string("RoleArn", state.findings());
    let role = match state.is_jsonata() {
        true => credentials.jsonata_inside("Credentials", "RoleArn"),
        false => None,
    };
    (state.template("Credentials"), role)
}
