//! `CreateActivity`.

use store::{RecordKind, RecordWrite};

use crate::message::{Now, Output};
use crate::records::{self, ActivityRecord};
use crate::rejection::{ErrorName, Rejection};
use crate::shapes::{EncryptionConfiguration, Tag};
use crate::shard::Shard;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// `name`: 1 to 80 characters, none of the forbidden ones.
    pub name: String,
    /// `tags`: at most 50.
    pub tags: Vec<Tag>,
    /// `encryptionConfiguration`.
    pub encryption: Option<EncryptionConfiguration>,
}

/// What is answered.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// `activityArn`.
    pub activity_arn: String,
    /// `creationDate`, milliseconds since 1970.
    pub creation_ms: i64,
}

impl Shard {
    /// Idempotent by name: tags of a repeated call are ignored, another encryption is a conflict.
    pub(crate) fn create_activity(
        &mut self,
        request: Request,
        now: Now,
        out: &mut Vec<Output>,
    ) -> Result<Response, Rejection> {
        let activity_arn = self.world.owner.activity_arn(&request.name);
        if let Some(existing) = self.world.activities.get(&request.name) {
            if existing.encryption.clone().unwrap_or_default()
                != request.encryption.unwrap_or_default()
            {
                let message = format!("Activity Already Exists: '{activity_arn}'");
                return Err(Rejection::new(ErrorName::ActivityAlreadyExists, message));
            }
            return Ok(Response {
                activity_arn,
                creation_ms: existing.creation_ms,
            });
        }
        self.room_for_activity()?;
        let record = ActivityRecord {
            name: request.name,
            creation_ms: self.clock.at(now),
            encryption: request.encryption,
            tags: crate::operations::tag_resource::merged(Vec::new(), request.tags),
        };
        let creation_ms = record.creation_ms;
        self.put_activity(record, now, out);
        Ok(Response {
            activity_arn,
            creation_ms,
        })
    }

    /// Writes an activity and adopts it.
    pub(crate) fn put_activity(&mut self, record: ActivityRecord, now: Now, out: &mut Vec<Output>) {
        let write = RecordWrite {
            kind: RecordKind::Activity,
            key: record.name.clone().into_bytes(),
            value: Some(records::encode(&record)),
        };
        self.commit_records(vec![write], now, out);
        self.world.activities.insert(record.name.clone(), record);
    }
}
