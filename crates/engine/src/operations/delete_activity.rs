//! `DeleteActivity`.

use store::{RecordKind, RecordWrite};

use crate::arn;
use crate::message::{Now, Output};
use crate::rejection::Rejection;
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `activityArn`.
    pub activity_arn: String,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {}

impl Shard {
    /// Deleting what does not exist is no error. Tasks that are queued or with workers stay open: they
    /// can go on when the activity is made again, and time out as they would have.
    pub(crate) fn delete_activity(
        &mut self,
        request: &Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let name = arn::parse_activity(&request.activity_arn)?;
        if self.world.owner.owns(&request.activity_arn)
            && self.world.activities.remove(name).is_some()
        {
            let write = RecordWrite {
                kind: RecordKind::Activity,
                key: name.as_bytes().to_vec(),
                value: None,
            };
            self.commit_records(vec![write], now, out);
        }
        Ok(Response {})
    }
}
