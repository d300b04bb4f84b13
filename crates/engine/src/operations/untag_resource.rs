//! `UntagResource`.

use crate::message::{Now, Output};
use crate::rejection::Rejection;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `resourceArn`.
    pub resource_arn: String,
    /// `tagKeys`; unknown ones are ignored.
    pub tag_keys: Vec<String>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Takes tags away; keys that are not there are ignored.
    pub(crate) fn untag_resource(
        &mut self,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        self.change_tags(&request.resource_arn, now, out, |mut tags| {
            tags.retain(|tag| !request.tag_keys.contains(&tag.key));
            tags
        })?;
        Ok(Response {})
    }
}
