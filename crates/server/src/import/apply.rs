//! Makes the server hold what the template wants: looks first, then changes only what differs.

use serde_json::{Map, Value, json};

use super::machine::{Activity, Machine, Tags};
use super::outcome::Action;
use super::server::{CallError, Server};

/// What was done to one resource.
pub(super) struct Done {
    pub action: Action,
    pub changes: Vec<String>,
    pub arn: String,
}

/// Why a resource is not as the template wants it.
#[derive(Debug, thiserror::Error)]
pub(super) enum ApplyError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(
        "the server made {made} where {wanted} was expected: say --account and --region as the \
         server has them"
    )]
    Elsewhere { made: String, wanted: String },
    #[error("is {is} and cannot become {wanted}: give it another name, or delete it first")]
    Type { is: String, wanted: String },
}

impl Server<'_> {
    /// Creates an activity, or brings its tags up to date.
    pub(super) fn activity(&self, wanted: &Activity) -> Result<Done, ApplyError> {
        let arn = json!({"activityArn": wanted.arn});
        if self.describe("DescribeActivity", &arn)?.is_some() {
            let changes = self.tags(&wanted.arn, &wanted.tags)?;
            return Ok(done(&wanted.arn, changes));
        }
        let input = json!({"name": wanted.name, "tags": tag_list(&wanted.tags)});
        self.create("CreateActivity", &input, "activityArn", &wanted.arn)
    }

    /// Creates a state machine, or updates what differs.
    pub(super) fn machine(&self, wanted: &Machine) -> Result<Done, ApplyError> {
        let arn = json!({"stateMachineArn": wanted.arn});
        let Some(found) = self.describe("DescribeStateMachine", &arn)? else {
            let mut input = json!({
                "name": wanted.name, "definition": wanted.definition, "roleArn": wanted.role_arn,
                "type": wanted.kind, "loggingConfiguration": wanted.logging,
                "tracingConfiguration": wanted.tracing, "tags": tag_list(&wanted.tags),
            });
            if let Some(encryption) = &wanted.encryption {
                input["encryptionConfiguration"] = encryption.clone();
            }
            return self.create("CreateStateMachine", &input, "stateMachineArn", &wanted.arn);
        };
        let is = found["type"].as_str().unwrap_or("STANDARD");
        if is != wanted.kind {
            return Err(ApplyError::Type {
                is: is.to_owned(),
                wanted: wanted.kind.clone(),
            });
        }
        let update = differences(wanted, &found);
        let mut changes: Vec<String> = update.keys().cloned().collect();
        if !update.is_empty() {
            let mut input = update;
            input.insert("stateMachineArn".to_owned(), Value::from(&*wanted.arn));
            self.change("UpdateStateMachine", &Value::Object(input))?;
            self.updated.borrow_mut().insert(wanted.arn.clone());
        }
        changes.extend(self.tags(&wanted.arn, &wanted.tags)?);
        Ok(done(&wanted.arn, changes))
    }

    fn create(
        &self,
        operation: &'static str,
        input: &Value,
        member: &str,
        wanted: &str,
    ) -> Result<Done, ApplyError> {
        if let Some(answer) = self.change(operation, input)?
            && let made = answer[member].as_str().unwrap_or_default()
            && made != wanted
        {
            return Err(ApplyError::Elsewhere {
                made: made.to_owned(),
                wanted: wanted.to_owned(),
            });
        }
        Ok(Done {
            action: Action::Create,
            changes: Vec::new(),
            arn: wanted.to_owned(),
        })
    }

    /// Makes the tags those of the template. Where it is silent about tags they are left alone, and so
    /// are those that begin with `aws:`, which are not ours to change.
    fn tags(&self, arn: &str, wanted: &Tags) -> Result<Vec<String>, CallError> {
        let Some(wanted) = wanted else {
            return Ok(Vec::new());
        };
        let resource = json!({"resourceArn": arn});
        let listed = self.ask("ListTagsForResource", &resource)?;
        let found: Vec<(&str, &str)> = listed["tags"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|tag| Some((tag["key"].as_str()?, tag["value"].as_str()?)))
            .collect();
        let mut changes = Vec::new();
        let mut set = Vec::new();
        for (key, value) in wanted {
            if !found.contains(&(key, value)) {
                set.push(json!({"key": key, "value": value}));
                changes.push(format!("tag {key}"));
            }
        }
        let surplus: Vec<&str> = found
            .iter()
            .map(|(key, _)| *key)
            .filter(|key| !wanted.contains_key(*key) && !key.starts_with("aws:"))
            .collect();
        if !surplus.is_empty() {
            let input = json!({"resourceArn": arn, "tagKeys": surplus});
            self.change("UntagResource", &input)?;
            changes.extend(surplus.iter().map(|key| format!("no tag {key}")));
        }
        if !set.is_empty() {
            let input = json!({"resourceArn": arn, "tags": set});
            self.change("TagResource", &input)?;
        }
        Ok(changes)
    }
}

pub(super) fn done(arn: &str, changes: Vec<String>) -> Done {
    Done {
        action: if changes.is_empty() {
            Action::Unchanged
        } else {
            Action::Update
        },
        changes,
        arn: arn.to_owned(),
    }
}

/// The members of `UpdateStateMachine` that would change something.
fn differences(wanted: &Machine, found: &Value) -> Map<String, Value> {
    let mut update = Map::new();
    let mut set = |name: &str, value: Value| update.insert(name.to_owned(), value);
    let text = |name: &str| found[name].as_str().unwrap_or_default();
    if !same_json(&wanted.definition, text("definition")) {
        set("definition", Value::from(&*wanted.definition));
    }
    if wanted.role_arn != text("roleArn") {
        set("roleArn", Value::from(&*wanted.role_arn));
    }
    if logging(&wanted.logging) != logging(&found["loggingConfiguration"]) {
        set("loggingConfiguration", wanted.logging.clone());
    }
    let enabled = |tracing: &Value| tracing["enabled"].as_bool().unwrap_or(false);
    if enabled(&wanted.tracing) != enabled(&found["tracingConfiguration"]) {
        set("tracingConfiguration", wanted.tracing.clone());
    }
    if let Some(encryption) = &wanted.encryption
        && holds_other(encryption, &found["encryptionConfiguration"])
    {
        set("encryptionConfiguration", encryption.clone());
    }
    update
}

/// Definitions that differ in blanks and order only are the same.
fn same_json(one: &str, other: &str) -> bool {
    let read = |text: &str| serde_json::from_str::<Value>(text).ok();
    one == other || read(one).is_some_and(|one| read(other) == Some(one))
}

/// Level, whether data is included, and destinations, with the defaults written out.
fn logging(block: &Value) -> (&str, bool, Value) {
    (
        block["level"].as_str().unwrap_or("OFF"),
        block["includeExecutionData"].as_bool().unwrap_or(false),
        match &block["destinations"] {
            Value::Null => json!([]),
            destinations => destinations.clone(),
        },
    )
}

/// Whether a member of `wanted` is another in `found`.
fn holds_other(wanted: &Value, found: &Value) -> bool {
    let members = wanted.as_object().into_iter().flatten();
    members
        .into_iter()
        .any(|(name, value)| found[name] != *value)
}

fn tag_list(tags: &Tags) -> Value {
    let tags = tags.iter().flatten();
    tags.map(|(key, value)| json!({"key": key, "value": value}))
        .collect()
}
