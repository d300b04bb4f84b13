//! The item processor of a Distributed Map as a definition of its own: what its label names.

use serde_json::Value;

use crate::validate::labels;

/// The `ItemProcessor` of the Distributed Map with that label, given or made up, out of the text of a
/// definition that was accepted; and whether its executions are EXPRESS.
pub fn item_processor(definition: &str, label: &str) -> Option<(Value, bool)> {
    let definition: Value = serde_json::from_str(definition).ok()?;
    within(&definition, label)
}

fn within(scope: &Value, label: &str) -> Option<(Value, bool)> {
    let states = scope.get("States")?.as_object()?;
    states
        .iter()
        .find_map(|(name, state)| of_state(name, state, label))
}

fn of_state(name: &str, state: &Value, label: &str) -> Option<(Value, bool)> {
    let processor = state.get("ItemProcessor").or_else(|| state.get("Iterator"));
    if let Some(processor) = processor {
        let config = &processor["ProcessorConfig"];
        let is_labelled = match state["Label"].as_str() {
            Some(given) => given == label,
            None => *labels::made_of(name) == *label,
        };
        if config["Mode"] == "DISTRIBUTED" && is_labelled {
            return Some((processor.clone(), config["ExecutionType"] == "EXPRESS"));
        }
    }
    let branches = state.get("Branches").and_then(Value::as_array);
    let inside = branches.into_iter().flatten().chain(processor);
    inside.into_iter().find_map(|scope| within(scope, label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_names_an_item_processor_at_any_depth() {
        let map = |fields: &str, inside: &str| {
            format!(
                r#"{{"Type":"Map",{fields}"ItemProcessor":{{"ProcessorConfig":{{"Mode":"DISTRIBUTED",
                "ExecutionType":"EXPRESS"}},"States":{{{inside}}}}}}}"#
            )
        };
        let inner = map("", r#""Deep":{"Type":"Pass"}"#);
        let outer = map(r#""Label":"out","#, &format!(r#""In":{inner}"#));
        let definition = format!(
            r#"{{"States":{{"P":{{"Type":"Parallel","Branches":[{{"States":{{"M":{outer}}}}}]}}}}}}"#
        );
        let states = |label| {
            let (processor, is_express) = item_processor(&definition, label)?;
            assert!(is_express);
            Some(processor["States"].as_object()?.keys().next()?.clone())
        };
        assert_eq!(states("out").as_deref(), Some("In"));
        assert_eq!(states("In").as_deref(), Some("Deep"));
        assert_eq!(states("M"), None, "it has a label of its own");
    }
}
