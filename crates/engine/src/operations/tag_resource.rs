//! `TagResource`.

use crate::arn::{self, Arn, Qualifier};
use crate::message::{Now, Output};
use crate::operations::create_state_machine::machine_write;
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::Tag;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`: a state machine or an activity.
    pub resource_arn: String,
    /// `tags`.
    pub tags: Vec<Tag>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

/// Most tags on a resource. Source: Step Functions Developer Guide, quotas.
pub const TAGS_MAX: usize = 50;

impl Shard {
    /// Adds tags; a key that is there gets the new value.
    pub(crate) fn tag_resource(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        self.change_tags(&request.resource_arn, now, out, |tags| {
            merged(tags, request.tags)
        })?;
        Ok(Response {})
    }

    /// Changes the tags of a state machine or an activity.
    pub(crate) fn change_tags(
        &mut self,
        resource_arn: &str,
        now: Now,
        out: &mut Vec<Output>,
        change: impl FnOnce(Vec<Tag>) -> Vec<Tag>,
    ) -> Result<(), Rejection> {
        let ours = self.world.owner.owns(resource_arn);
        match arn::parse_taggable(resource_arn)? {
            Arn::Activity { name } if ours && self.world.activities.contains_key(name) => {
                let mut record = self.world.activities[name].clone();
                record.tags = within_limit(change(record.tags), resource_arn)?;
                self.put_activity(record, now, out);
                Ok(())
            }
            Arn::StateMachine(machine)
                if ours
                    && machine.qualifier == Qualifier::Plain
                    && self.machines.contains_key(machine.name) =>
            {
                let mut record = self.machines[machine.name].record.clone();
                record.tags = within_limit(change(record.tags), resource_arn)?;
                self.commit_records(vec![machine_write(&record)], now, out);
                if let Some(machine) = self.machines.get_mut(machine.name) {
                    machine.record = record;
                }
                Ok(())
            }
            _ => Err(not_found(resource_arn)),
        }
    }
}

/// `tags` and `more`, the later value of a key winning, in order of key.
pub(crate) fn merged(tags: Vec<Tag>, more: Vec<Tag>) -> Vec<Tag> {
    let mut all = std::collections::BTreeMap::new();
    all.extend(tags.into_iter().chain(more).map(|tag| (tag.key, tag.value)));
    all.into_iter()
        .map(|(key, value)| Tag { key, value })
        .collect()
}

fn within_limit(tags: Vec<Tag>, resource_arn: &str) -> Result<Vec<Tag>, Rejection> {
    not_too_many(&tags, resource_arn)?;
    Ok(tags)
}

/// Refuses more tags than a resource may have.
pub fn not_too_many(tags: &[Tag], resource: &str) -> Result<(), Rejection> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    let message = format!(
        "Too Many Tags: '{}' where at most {TAGS_MAX} are allowed",
        tags.len()
    );
    Err(Rejection::new(ErrorName::TooManyTags, message).with_resource(resource))
}

pub(crate) fn not_found(resource_arn: &str) -> Rejection {
    Rejection::new(
        ErrorName::ResourceNotFound,
        format!("Resource not found: '{resource_arn}'"),
    )
    .with_resource(resource_arn)
}
