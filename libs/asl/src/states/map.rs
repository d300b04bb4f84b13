//! Map: runs its item processor for each item.

use std::sync::Arc;

use crate::MachineType;
use crate::definition::{Map, Percentage, StateIndex, StateKind};
use crate::json::Data;
use crate::jsonata::Template;
use crate::parse::fields::{Allowed, Fields};
use crate::parse::reader::Surroundings;
use crate::parse::state::StateReader;
use crate::states::distributed;
use crate::validate::{labels, limits};

const FIELDS: Allowed = Allowed {
    both: &[
        "Type",
        "Comment",
        "QueryLanguage",
        "ItemProcessor",
        "Iterator",
        "MaxConcurrency",
        "ToleratedFailureCount",
        "ToleratedFailurePercentage",
        "ItemReader",
        "ItemSelector",
        "ItemBatcher",
        "ResultWriter",
        "Label",
        "Retry",
        "Catch",
        "Assign",
        "Next",
        "End",
    ],
    jsonpath: &[
        "InputPath",
        "OutputPath",
        "ItemsPath",
        "Parameters",
        "ResultSelector",
        "ResultPath",
        "MaxConcurrencyPath",
        "ToleratedFailureCountPath",
        "ToleratedFailurePercentagePath",
    ],
    jsonata: &["Items", "Output"],
};

const PROCESSOR_FIELDS: Allowed = Allowed {
    both: &["Comment", "ProcessorConfig", "StartAt", "States"],
    jsonpath: &[],
    jsonata: &[],
};

const CONFIG_FIELDS: Allowed = Allowed {
    both: &["Mode", "ExecutionType"],
    jsonpath: &[],
    jsonata: &[],
};

/// Fields that only a Distributed Map has.
const DISTRIBUTED_FIELDS: [&str; 4] = ["ItemReader", "ItemBatcher", "ResultWriter", "Label"];

pub(crate) fn read(state: &mut StateReader<'_, '_, '_>) -> Option<StateKind> {
    state.check_allowed(&FIELDS);
    let transition = state.transition();
    let fields = state.fields;
    fields.require_one(&["ItemProcessor", "Iterator"], state.findings());
    let processor = processor(state);
    let items_path = state.path("ItemsPath");
    let items = items(state);
    fields.at_most_one(&["ItemSelector", "Parameters"], state.findings());
    let selector_name = if fields.has("ItemSelector") {
        "ItemSelector"
    } else {
        "Parameters"
    };
    let item_selector = state.template(selector_name);
    let max_concurrency = state.seconds(
        "MaxConcurrency",
        "MaxConcurrencyPath",
        limits::MAX_CONCURRENCY,
    );
    let tolerated_failure_count = state.seconds(
        "ToleratedFailureCount",
        "ToleratedFailureCountPath",
        0..=u64::MAX,
    );
    let tolerated_failure_percentage = percentage(state);
    labels::check(state);
    let result_selector = state.template("ResultSelector");
    let result_path = state.result_path();
    let (retry, catch) = (state.retry(), state.catch());
    let (processor, config) = processor?;
    let distributed = config.map(|config| Arc::new(distributed::read(state, &config)));
    Some(StateKind::Map(Box::new(Map {
        processor,
        items_path,
        item_selector,
        items,
        jsonata_item_selector: state.jsonata("ItemSelector"),
        distributed,
        max_concurrency,
        tolerated_failure_count,
        tolerated_failure_percentage,
        result_selector,
        result_path: result_path?,
        retry,
        catch,
        transition: transition?,
    })))
}

/// The start of the item processor, and what makes the Map a distributed one, if it is.
fn processor(
    state: &mut StateReader<'_, '_, '_>,
) -> Option<(StateIndex, Option<distributed::Config>)> {
    let fields = state.fields;
    let name = if fields.has("ItemProcessor") {
        "ItemProcessor"
    } else {
        "Iterator"
    };
    let processor = fields.object(name, state.findings())?;
    processor.check_allowed(&PROCESSOR_FIELDS, state.query_language, state.findings());
    processor.string("Comment", state.findings());

    let mut machine_type = state.surroundings.machine_type;
    let mut is_distributed = false;
    if let Some(config) = processor.object("ProcessorConfig", state.findings()) {
        config.check_allowed(&CONFIG_FIELDS, state.query_language, state.findings());
        let mode = config.word("Mode", &["INLINE", "DISTRIBUTED"], state.findings());
        let kind = config.word("ExecutionType", &["STANDARD", "EXPRESS"], state.findings());
        is_distributed = mode == Some("DISTRIBUTED");
        if is_distributed && machine_type == MachineType::Express {
            let message = "Express state machine does not support Distributed Map";
            config.report_field("Mode", message, state.findings());
        }
        if is_distributed {
            config.require(&["ExecutionType"], state.findings());
        }
        if is_distributed && kind == Some("EXPRESS") {
            machine_type = MachineType::Express;
        }
    }
    if !is_distributed {
        refuse_distributed_fields(fields, state);
    }
    let start = state.scope_inside(&processor, Surroundings { machine_type })?;
    let is_express = machine_type == MachineType::Express;
    Some((
        start,
        is_distributed.then_some(distributed::Config { is_express }),
    ))
}

fn refuse_distributed_fields(fields: &Fields<'_>, state: &mut StateReader<'_, '_, '_>) {
    for name in DISTRIBUTED_FIELDS {
        if fields.has(name) {
            let message = "Field is only supported for Map states with 'Mode' set to 'DISTRIBUTED'";
            fields.report_field(name, message, state.findings());
        }
    }
}

/// `Items` of a JSONata state: an array, or an expression that gives one. The items of a Distributed
/// Map may be the members of an object.
fn items(state: &mut StateReader<'_, '_, '_>) -> Option<Template> {
    let fields = state.fields;
    if !state.is_jsonata() {
        return None;
    }
    let is_expression = fields.jsonata_expression("Items").is_some();
    match &fields.get("Items")?.data {
        Data::Array(_) | Data::Object(_) => {}
        _ if is_expression => {}
        _ => {
            let message = "Expected value of type Array, Object or a JSONata expression";
            fields.report_field("Items", message, state.findings());
        }
    }
    state.jsonata("Items")
}

fn percentage(state: &mut StateReader<'_, '_, '_>) -> Option<Percentage> {
    let fields = state.fields;
    let (name, path_name) = (
        "ToleratedFailurePercentage",
        "ToleratedFailurePercentagePath",
    );
    if state.is_jsonata() {
        if let Some(expression) = fields.jsonata_expression(name) {
            return expression.map(Percentage::Expression);
        }
    } else if fields.has(path_name) {
        fields.at_most_one(&[name, path_name], state.findings());
        return fields
            .path(path_name, state.findings())
            .map(Percentage::Path);
    }
    let percentage = fields.number(name, 0.0, state.findings())?;
    if percentage > 100.0 {
        fields.report_field(name, "Value must be between 0 and 100", state.findings());
    }
    Some(Percentage::Fixed(percentage))
}
