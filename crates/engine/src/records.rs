//! Small records as the store keeps them. Every value begins with its format version.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::shapes::{EncryptionConfiguration, LoggingConfiguration, MachineType, Tag};

/// Format of every record below; a change of any of them makes it 2 and keeps a reader of 1.
const VERSION: u8 = 1;

/// An activity; key: its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ActivityRecord {
    pub(crate) name: String,
    pub(crate) creation_ms: i64,
    pub(crate) encryption: Option<EncryptionConfiguration>,
    pub(crate) tags: Vec<Tag>,
}

/// A state machine; key: its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MachineRecord {
    /// Never used twice, so that a machine made again under an old name has its own executions.
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) machine_type: MachineType,
    pub(crate) creation_ms: i64,
    /// The revision in force, from 1.
    pub(crate) revision: u64,
    pub(crate) tags: Vec<Tag>,
    /// What is in force now.
    pub(crate) current: RevisionHead,
}

/// What a revision says, but for the definition's text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct RevisionHead {
    /// `revisionId`; the first revision has none.
    pub(crate) revision_id: Option<String>,
    pub(crate) update_ms: i64,
    pub(crate) role_arn: String,
    pub(crate) logging: LoggingConfiguration,
    pub(crate) tracing: bool,
    pub(crate) encryption: Option<EncryptionConfiguration>,
    /// SHA-256 of the definition's text: creation is idempotent on the text.
    pub(crate) definition_sha256: [u8; 32],
    /// The revision whose row holds the definition's text: not every update brings a new one.
    pub(crate) text_revision: u64,
}

/// A revision that executions may be pinned to; key: machine number and revision, big-endian.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DefinitionRecord {
    pub(crate) machine_name: String,
    pub(crate) machine_type: MachineType,
    pub(crate) creation_ms: i64,
    pub(crate) head: RevisionHead,
    /// The text, in the row of `head.text_revision`.
    pub(crate) definition: Option<String>,
}

/// What the store keeps of the versions of a state machine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum VersionRow {
    /// The last version that was published; key: machine number, big-endian. Its number and those
    /// before it are never used again, whether they are still there or not.
    Last { machine: u64, version: u64 },
    /// A version.
    Published(VersionRecord),
}

/// A version of a state machine; key: [`version_key`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct VersionRecord {
    /// Number of the machine.
    pub(crate) machine: u64,
    /// From 1.
    pub(crate) version: u64,
    /// The revision that it is.
    pub(crate) revision: u64,
    pub(crate) creation_ms: i64,
    pub(crate) description: Option<String>,
    /// The role that executions of this version have: the machine's may be another one by now.
    pub(crate) role_arn: String,
}

/// An alias of a state machine; key: [`alias_key`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct AliasRecord {
    /// Number of the machine.
    pub(crate) machine: u64,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) creation_ms: i64,
    pub(crate) update_ms: i64,
    /// One or two; the weights make 100.
    pub(crate) routing: Vec<Route>,
}

/// Where an alias leads, and how often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Route {
    pub(crate) version: u64,
    /// Of 100 executions.
    pub(crate) weight: u32,
}

/// What a list shows of an execution. It has a format of its own; 2 is 1 with the redrive date behind, 3
/// is 2 with the number of items behind, 4 is 3 with what it takes in the store behind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct ListingSummary {
    pub(crate) name: String,
    pub(crate) start_ms: i64,
    pub(crate) stop_ms: Option<i64>,
    pub(crate) state_machine_version_arn: Option<String>,
    pub(crate) state_machine_alias_arn: Option<String>,
    pub(crate) redrive_count: u32,
    #[serde(skip)]
    pub(crate) redrive_ms: Option<i64>,
    /// `itemCount`, of a child of a map run.
    #[serde(skip)]
    pub(crate) item_count: Option<u32>,
    /// What it takes in the store; known while it is closed.
    #[serde(skip)]
    pub(crate) taken: Option<Taken>,
}

/// What is to be known of a closed execution to take it away without another look at it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Taken {
    /// In bytes, as counted at its end.
    pub(crate) bytes: u64,
    /// The first events of its runs; none when they are to be looked up.
    pub(crate) runs: Vec<u32>,
    /// Whether it ever started a map run.
    pub(crate) has_map_runs: bool,
}

impl ListingSummary {
    const VERSION: u8 = 4;

    /// The summary's bytes.
    pub(crate) fn encode(&self) -> Vec<u8> {
        postcard::to_extend(
            &(self, self.redrive_ms, self.item_count, &self.taken),
            begun(Self::VERSION),
        )
        .expect("a record of plain data always encodes")
    }

    /// The summary that [`ListingSummary::encode`] wrote, or an earlier version of it.
    pub(crate) fn decode(bytes: &[u8]) -> Option<ListingSummary> {
        match bytes.split_first()? {
            (1, rest) => postcard::from_bytes(rest).ok(),
            (2, rest) => {
                let (summary, redrive_ms) = postcard::from_bytes(rest).ok()?;
                Some(ListingSummary {
                    redrive_ms,
                    ..summary
                })
            }
            (3, rest) => {
                let (summary, redrive_ms, item_count) = postcard::from_bytes(rest).ok()?;
                Some(ListingSummary {
                    redrive_ms,
                    item_count,
                    ..summary
                })
            }
            (&Self::VERSION, rest) => {
                let (summary, redrive_ms, item_count, taken) = postcard::from_bytes(rest).ok()?;
                Some(ListingSummary {
                    redrive_ms,
                    item_count,
                    taken,
                    ..summary
                })
            }
            _ => None,
        }
    }
}

/// Key of a [`DefinitionRecord`].
pub(crate) fn definition_key(machine: u64, revision: u64) -> Vec<u8> {
    [machine.to_be_bytes(), revision.to_be_bytes()].concat()
}

/// Number of the list of the executions that were started with a version's or an alias's ARN, so that
/// such a list pages like a machine's own, at the same cost.
///
/// The number is made of the machine's number and the ARN, and its highest bit keeps it apart from
/// those of machines. Two such lists may share a number: readers look at the ARN of each entry.
pub(crate) fn list_of(machine: u64, qualified_arn: &str) -> u64 {
    let hash = Sha256::new()
        .chain_update(machine.to_be_bytes())
        .chain_update(qualified_arn)
        .finalize();
    let (number, _) = hash
        .split_first_chunk::<8>()
        .expect("a hash of SHA-256 has 32 bytes");
    u64::from_be_bytes(*number) | 1 << 63
}

/// Key of a [`VersionRecord`]: of one machine the newest comes first.
pub(crate) fn version_key(machine: u64, version: u64) -> Vec<u8> {
    [machine.to_be_bytes(), (!version).to_be_bytes()].concat()
}

/// Key of an [`AliasRecord`].
pub(crate) fn alias_key(machine: u64, name: &str) -> Vec<u8> {
    [&machine.to_be_bytes(), name.as_bytes()].concat()
}

/// What plain data is written behind: its version, with room for most of what there is. Growing from one
/// byte on takes five allocations, each time.
pub(crate) fn begun(version: u8) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.push(version);
    bytes
}

/// A record's bytes.
pub(crate) fn encode<T: Serialize>(record: &T) -> Vec<u8> {
    postcard::to_extend(record, begun(VERSION)).expect("a record of plain data always encodes")
}

/// The record that [`encode`] wrote; `None` when the bytes are damaged or of another version.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    match bytes.split_first()? {
        (&VERSION, rest) => postcard::from_bytes(rest).ok(),
        _ => None,
    }
}

/// What a reader is told about a record that does not read.
pub(crate) fn damaged(what: &str, key: &str) -> store::StoreError {
    store::StoreError::Damaged(format!("the record of {what} {key:?} does not read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn head() -> RevisionHead {
        RevisionHead {
            revision_id: Some("r".into()),
            update_ms: 2,
            role_arn: "role".into(),
            logging: LoggingConfiguration::default(),
            tracing: true,
            encryption: None,
            definition_sha256: [9; 32],
            text_revision: 1,
        }
    }

    /// Bytes of version 1, as released: they must read for ever.
    #[test]
    fn records_of_version_1_still_read() {
        let activity = ActivityRecord {
            name: "a".into(),
            creation_ms: 1,
            encryption: Some(EncryptionConfiguration::default()),
            tags: vec![Tag {
                key: "k".into(),
                value: "v".into(),
            }],
        };
        assert_eq!(
            hex(&encode(&activity)),
            "01016102010d4157535f4f574e45445f4b455900000101\
6b0176"
        );
        assert_eq!(decode::<ActivityRecord>(&encode(&activity)), Some(activity));

        let machine = MachineRecord {
            number: 3,
            name: "m".into(),
            machine_type: MachineType::Standard,
            creation_ms: 1,
            revision: 1,
            tags: Vec::new(),
            current: head(),
        };
        let sample = "0103016d00020100010172040472\
6f6c65034f46460000010009090909090909090909090909090909090909090909090909090909090909\
0901";
        assert_eq!(hex(&encode(&machine)), sample);
        assert_eq!(decode::<MachineRecord>(&encode(&machine)), Some(machine));

        let version = VersionRow::Published(VersionRecord {
            machine: 3,
            version: 2,
            revision: 4,
            creation_ms: 1,
            description: Some("d".into()),
            role_arn: "role".into(),
        });
        assert_eq!(
            hex(&encode(&version)),
            "0101030204020101640472\
6f6c65"
        );
        assert_eq!(decode::<VersionRow>(&encode(&version)), Some(version));
        let last = VersionRow::Last {
            machine: 3,
            version: 2,
        };
        assert_eq!(hex(&encode(&last)), "01000302");
        assert_eq!(decode::<VersionRow>(&encode(&last)), Some(last));
        let alias = AliasRecord {
            machine: 3,
            name: "a".into(),
            description: None,
            creation_ms: 1,
            update_ms: 2,
            routing: vec![Route {
                version: 2,
                weight: 100,
            }],
        };
        assert_eq!(hex(&encode(&alias)), "01030161000204010264");
        assert_eq!(decode::<AliasRecord>(&encode(&alias)), Some(alias));

        let summary = ListingSummary {
            name: "e".into(),
            start_ms: 1,
            stop_ms: Some(2),
            state_machine_version_arn: None,
            state_machine_alias_arn: None,
            redrive_count: 3,
            redrive_ms: Some(4),
            item_count: Some(5),
            taken: Some(Taken {
                bytes: 300,
                runs: vec![1, 6],
                has_map_runs: true,
            }),
        };
        assert_eq!(
            hex(&summary.encode()),
            "0401650201040000030108010501ac0202010601"
        );
        assert_eq!(
            ListingSummary::decode(&summary.encode()),
            Some(summary.clone())
        );
        let before = [3, 1, b'e', 2, 1, 4, 0, 0, 3, 1, 8, 1, 5];
        let summary = ListingSummary {
            taken: None,
            ..summary
        };
        assert_eq!(ListingSummary::decode(&before), Some(summary.clone()));
        let before = [2, 1, b'e', 2, 1, 4, 0, 0, 3, 1, 8];
        let without = ListingSummary {
            item_count: None,
            ..summary
        };
        assert_eq!(ListingSummary::decode(&before), Some(without.clone()));
        let before = [1, 1, b'e', 2, 1, 4, 0, 0, 3];
        let without = ListingSummary {
            redrive_ms: None,
            ..without
        };
        assert_eq!(ListingSummary::decode(&before), Some(without));
    }

    #[test]
    fn other_bytes_do_not_read() {
        assert_eq!(ListingSummary::decode(&[]), None);
        let later = [5, 1, b'e', 2, 1, 4, 0, 0, 0];
        assert_eq!(ListingSummary::decode(&later), None);
        assert_eq!(ListingSummary::decode(&[1, 9]), None);
        assert_eq!(decode::<ActivityRecord>(&[2, 1, b'a', 2, 0, 0]), None);
    }
}
