//! The fields of a Distributed Map: where its items come from, how they are batched, where results go.

use std::sync::Arc;

use serde_json::Value;

use crate::definition::{Distributed, ItemBatcher, ItemReader, ResultWriter, Seconds};
use crate::json::Data;
use crate::jsonata;
use crate::parse::fields::Fields;
use crate::parse::state::StateReader;
use crate::path::Path;
use crate::template::Template;

/// What `ProcessorConfig` says of a Distributed Map.
pub(super) struct Config {
    /// `ExecutionType` is `EXPRESS`.
    pub(super) is_express: bool,
}

pub(super) fn read(state: &mut StateReader<'_, '_, '_>, config: &Config) -> Distributed {
    let label = match state.fields.get("Label").map(|node| &node.data) {
        Some(Data::String(label)) => Some(Arc::from(&**label)),
        _ => None,
    };
    Distributed {
        fields: state.raw_fields(),
        is_express: config.is_express,
        label,
        reader: reader(state),
        batcher: batcher(state),
        writer: writer(state),
    }
}

fn reader(state: &mut StateReader<'_, '_, '_>) -> Option<ItemReader> {
    let fields = state.fields.object("ItemReader", state.findings())?;
    fields.require(&["Resource"], state.findings());
    let resource = fields.string("Resource", state.findings());
    let (parameters, arguments) = work(state, &fields, "ItemReader");
    let config = fields.object("ReaderConfig", state.findings());
    let max_items = config
        .as_ref()
        .and_then(|config| number(state, config, "ItemReader/ReaderConfig", "MaxItems"));
    let (config, jsonata_config) = config_of(
        state,
        "ItemReader/ReaderConfig",
        config.as_ref(),
        &["MaxItems", "MaxItemsPath"],
    );
    Some(ItemReader {
        resource: resource?.into(),
        parameters,
        arguments,
        config,
        jsonata_config,
        max_items,
    })
}

fn batcher(state: &mut StateReader<'_, '_, '_>) -> Option<ItemBatcher> {
    let fields = state.fields.object("ItemBatcher", state.findings())?;
    let (mut input, mut jsonata_input) = (None, None);
    if fields.has("BatchInput") {
        if state.is_jsonata() {
            jsonata_input = fields.jsonata_inside("ItemBatcher", "BatchInput");
        } else {
            input = fields.template("BatchInput", state.findings());
        }
    }
    Some(ItemBatcher {
        max_items_per_batch: number(state, &fields, "ItemBatcher", "MaxItemsPerBatch"),
        max_input_bytes_per_batch: number(state, &fields, "ItemBatcher", "MaxInputBytesPerBatch"),
        input,
        jsonata_input,
    })
}

fn writer(state: &mut StateReader<'_, '_, '_>) -> Option<ResultWriter> {
    let fields = state.fields.object("ResultWriter", state.findings())?;
    let resource = fields.string("Resource", state.findings());
    let (parameters, arguments) = work(state, &fields, "ResultWriter");
    let config = fields.object("WriterConfig", state.findings());
    let (config, jsonata_config) =
        config_of(state, "ResultWriter/WriterConfig", config.as_ref(), &[]);
    Some(ResultWriter {
        resource: resource.map(Into::into),
        parameters,
        arguments,
        config,
        jsonata_config,
    })
}

/// What the reader or the writer is called with.
fn work(
    state: &mut StateReader<'_, '_, '_>,
    fields: &Fields<'_>,
    outer: &str,
) -> (Option<Template>, Option<jsonata::Template>) {
    match state.is_jsonata() {
        true => (None, fields.jsonata_inside(outer, "Arguments")),
        false if fields.has("Parameters") => {
            (fields.template("Parameters", state.findings()), None)
        }
        false => (None, None),
    }
}

/// A configuration as written, without the fields in `left_out`. In JSONata it may hold expressions;
/// where one is wrong, that was reported.
fn config_of(
    state: &StateReader<'_, '_, '_>,
    field: &str,
    config: Option<&Fields<'_>>,
    left_out: &[&str],
) -> (Arc<Value>, Option<jsonata::Template>) {
    let empty = || Value::Object(serde_json::Map::new());
    let value = config.map_or_else(empty, |config| config.to_value_without(left_out));
    let template = match state.is_jsonata() {
        true => jsonata::Template::parse(field, &value).ok(),
        false => None,
    };
    (Arc::new(value), template)
}

/// A number, outright, by a path or by an expression. Whether it is in its range is for the run to see.
fn number(
    state: &mut StateReader<'_, '_, '_>,
    fields: &Fields<'_>,
    outer: &str,
    name: &str,
) -> Option<Seconds> {
    let path = format!("{name}Path");
    if state.is_jsonata() {
        return fields.jsonata_inside(outer, name).map(Seconds::Expression);
    }
    match fields.get(name).map(|node| node.to_value()) {
        Some(Value::Number(number)) if number.is_u64() => number.as_u64().map(Seconds::Fixed),
        Some(_) => {
            fields.report_field(name, "Expected value of type Integer", state.findings());
            None
        }
        None if fields.has(&path) => {
            let path: Path = fields.path(&path, state.findings())?;
            Some(Seconds::Path(path))
        }
        None => None,
    }
}
