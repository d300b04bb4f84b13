//! `ListTagsForResource`.

use store::Store;

use crate::arn::{self, Arn, Owner};
use crate::operations::{describe_activity, describe_state_machine, tag_resource};
use crate::read::ReadError;
use crate::rejection::ErrorName;
use crate::shapes::Tag;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`.
    pub resource_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// In order of key.
    pub tags: Vec<Tag>,
}

pub(crate) fn read(
    request: &Request,
    store: &dyn Store,
    owner: &Owner,
) -> Result<Response, ReadError> {
    let arn = &request.resource_arn;
    let found = match arn::parse_taggable(arn)? {
        Arn::Activity { .. } => {
            describe_activity::find(arn, store, owner).map(|record| record.tags)
        }
        _ => describe_state_machine::find(arn, store, owner).map(|record| record.tags),
    };
    match found {
        Ok(tags) => Ok(Response { tags }),
        Err(ReadError::Rejected(rejection))
            if matches!(
                rejection.name,
                ErrorName::ActivityDoesNotExist | ErrorName::StateMachineDoesNotExist
            ) =>
        {
            Err(tag_resource::not_found(arn).into())
        }
        Err(error) => Err(error),
    }
}
