//! What one can do about a diagnostic, where that can be said.

use asl::{Diagnostic, MachineType};
use serde_json::Value;

/// Names of fields that the language knows, for those who mistype one.
const FIELDS: &[&str] = &[
    "Arguments",
    "Assign",
    "BackoffRate",
    "Branches",
    "Catch",
    "Cause",
    "CausePath",
    "Choices",
    "Comment",
    "Condition",
    "Credentials",
    "Default",
    "End",
    "Error",
    "ErrorEquals",
    "ErrorPath",
    "HeartbeatSeconds",
    "HeartbeatSecondsPath",
    "InputPath",
    "IntervalSeconds",
    "ItemBatcher",
    "ItemProcessor",
    "ItemReader",
    "ItemSelector",
    "Items",
    "ItemsPath",
    "Iterator",
    "JitterStrategy",
    "Label",
    "MaxAttempts",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "MaxDelaySeconds",
    "Next",
    "Output",
    "OutputPath",
    "Parameters",
    "ProcessorConfig",
    "QueryLanguage",
    "Resource",
    "Result",
    "ResultPath",
    "ResultSelector",
    "ResultWriter",
    "Retry",
    "Seconds",
    "SecondsPath",
    "StartAt",
    "States",
    "TimeoutSeconds",
    "TimeoutSecondsPath",
    "Timestamp",
    "TimestampPath",
    "ToleratedFailureCount",
    "ToleratedFailurePercentage",
    "Type",
    "Variable",
    "Version",
];

/// The fields that name a state.
const TRANSITIONS: &[&str] = &["Next", "Default", "StartAt"];

/// What to do, if there is something to say.
pub fn of(diagnostic: &Diagnostic, text: &str, machine_type: MachineType) -> Option<String> {
    let location = diagnostic.location.as_deref().unwrap_or_default();
    let last = location.rsplit('/').next().unwrap_or_default();
    let fixed = match diagnostic.code {
        "MISSING_TRANSITION_TARGET" if TRANSITIONS.contains(&last) => {
            return Some(missing_target(diagnostic, text));
        }
        "MISSING_TRANSITION_TARGET" => {
            "let a transition (Next, Default, Catch) lead to the state, or take it out"
        }
        "MISSING_END_STATE" => {
            "give the last state \"End\": true, or let it lead to a Succeed or Fail state"
        }
        "DUPLICATE_STATE_NAME" => {
            "a name may occur once in a definition, states inside of Parallel and Map included"
        }
        "INVALID_STATE_NAME" => "a name has 1 to 80 characters",
        "INVALID_JSON_DESCRIPTION" => {
            "a definition is one JSON object; JSON has no comments and no trailing commas"
        }
        "TOO_DEEPLY_NESTED" => "start another state machine from a Task for what is inside",
        "NO_DOLLAR" => "let the name of the field end with .$ to have the value looked up",
        "NO_PATH" => "without the .$ at the end of its name, the field is taken as it is written",
        "PASS_RESULT_IS_STATIC" => {
            "use Parameters with names that end with .$ to compute what a Pass gives"
        }
        "SCHEMA_VALIDATION_FAILED"
            if last == "Resource"
                && machine_type == MachineType::Express
                && waits_for_others(diagnostic, text) =>
        {
            "an Express state machine has no activities, jobs (.sync) or callbacks \
             (.waitForTaskToken): make it a STANDARD one, or do without"
        }
        "SCHEMA_VALIDATION_FAILED" if last == "Resource" => {
            "resources are activities (arn:aws:states:REGION:ACCOUNT:activity:NAME), functions \
             (arn:aws:lambda:REGION:ACCOUNT:function:NAME) and integrations \
             (arn:aws:states:::SERVICE:ACTION)"
        }
        "SCHEMA_VALIDATION_FAILED" if !FIELDS.contains(&last) => {
            let similar = nearest(last, FIELDS.iter().copied())?;
            return Some(format!("there is a field {similar}: is that meant?"));
        }
        _ => return None,
    };
    Some(fixed.to_owned())
}

/// Whether the resource at the place is one whose result comes later.
fn waits_for_others(diagnostic: &Diagnostic, text: &str) -> bool {
    let resource = diagnostic.offset.and_then(|offset| string_at(text, offset));
    let ends = [".sync", ".sync:2", ".waitForTaskToken"];
    resource.is_some_and(|resource| {
        resource.contains(":activity:") || ends.iter().any(|end| resource.ends_with(end))
    })
}

fn missing_target(diagnostic: &Diagnostic, text: &str) -> String {
    let target = diagnostic.offset.and_then(|offset| string_at(text, offset));
    let mut names = Vec::new();
    if let Ok(definition) = asl::json::value(text) {
        state_names(&definition, &mut names);
    }
    let target = target.unwrap_or_default();
    if names.contains(&target) {
        return format!(
            "\"{target}\" stands in another place: a transition can not lead into or out of a \
             branch or an item processor"
        );
    }
    match nearest(&target, names.iter().map(String::as_str)) {
        Some(similar) => format!("there is a state \"{similar}\": is that meant?"),
        None => format!("add a state \"{target}\" beside this one, or name one that is there"),
    }
}

/// The JSON string at an offset.
fn string_at(text: &str, offset: usize) -> Option<String> {
    let rest = text.get(offset..)?;
    let mut strings = serde_json::Deserializer::from_str(rest).into_iter::<String>();
    strings.next()?.ok()
}

/// The names of all states. The value is at most [`asl::json::DEPTH_MAX`] deep.
fn state_names(value: &Value, names: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                if let ("States", Value::Object(states)) = (name.as_str(), member) {
                    names.extend(states.keys().cloned());
                }
                state_names(member, names);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| state_names(item, names)),
        _ => {}
    }
}

/// The candidate that differs least, if it could be a slip: one wrong character, and one more for every four.
fn nearest<'c>(word: &str, candidates: impl Iterator<Item = &'c str>) -> Option<&'c str> {
    let slips_max = 1 + word.chars().count() / 4;
    // Names that are too long to be names are not compared: that takes the product of the lengths.
    let comparable =
        |candidate: &&str| candidate.len() <= 320 && word.len() <= 320 && !word.is_empty();
    let distances = candidates
        .filter(comparable)
        .map(|candidate| (distance(word, candidate), candidate));
    let (slips, candidate) = distances.min_by_key(|(slips, _)| *slips)?;
    (slips <= slips_max).then_some(candidate)
}

/// How many characters to add, drop or change to come from one word to the other, whatever their case.
fn distance(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (dropped, a) in from.chars().flat_map(char::to_lowercase).enumerate() {
        let mut diagonal = dropped;
        row[0] = dropped + 1;
        for (at, b) in to.iter().enumerate() {
            let changed = diagonal + usize::from(a != *b);
            diagonal = row[at + 1];
            row[at + 1] = changed.min(diagonal + 1).min(row[at] + 1);
        }
    }
    row[to.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (from, to, slips) in [
            ("", "", 0),
            ("Ship", "ship", 0),
            ("Shipp", "Ship", 1),
            ("Sihp", "Ship", 2),
            ("kitten", "sitting", 3),
        ] {
            assert_eq!(distance(from, to), slips, "{from} {to}");
        }
        assert_eq!(nearest("Nxt", FIELDS.iter().copied()), Some("Next"));
        assert_eq!(nearest("Robot", FIELDS.iter().copied()), None);
        assert_eq!(nearest("", FIELDS.iter().copied()), None);
    }
}
