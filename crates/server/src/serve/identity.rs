//! Whose store this is, and its keys.

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use store::{Commit, RecordKind, RecordWrite, Store};

use crate::config::Settings;
use crate::driver::EPOCH;

/// Its key among the records of the service.
const KEY: &[u8] = b"identity";
/// Grows when the record's shape changes.
const FORMAT: u32 = 1;

/// Written once, when a store is new.
#[derive(Serialize, Deserialize)]
pub struct Identity {
    format: u32,
    account: String,
    region: String,
    /// Authenticates task tokens: a token of another store is no token.
    pub token_key: [u8; 32],
    /// Authenticates page tokens.
    pub page_key: [u8; 32],
}

impl Identity {
    /// Reads the store's identity; gives it one when it is new. Refuses a store of another account or
    /// region: every ARN in it would name somebody else.
    pub fn load_or_make(store: &dyn Store, settings: &Settings, now_ms: i64) -> Result<Identity> {
        let (account, region) = (&settings.account.value, &settings.region.value);
        let Some(bytes) = store.record(RecordKind::Service, KEY)? else {
            let identity = Identity {
                format: FORMAT,
                account: account.clone(),
                region: region.clone(),
                token_key: random_key()?,
                page_key: random_key()?,
            };
            identity.write(store, now_ms)?;
            return Ok(identity);
        };
        let identity: Identity = serde_json::from_slice(&bytes)
            .context("the record that says whose store this is does not read")?;
        if identity.format > FORMAT {
            bail!("the store was written by a newer towpath; start that one");
        }
        if (&identity.account, &identity.region) != (account, region) {
            bail!(
                "{}: belongs to account {} in {}, not to account {account} in {region}; \
                 start with --account {} --region {}, or give this server a folder of its own",
                settings.data.value.display(),
                identity.account,
                identity.region,
                identity.account,
                identity.region,
            );
        }
        Ok(identity)
    }

    fn write(&self, store: &dyn Store, now_ms: i64) -> Result<()> {
        let number = store.last_commit()? + 1;
        let record = RecordWrite {
            kind: RecordKind::Service,
            key: KEY.to_vec(),
            value: Some(serde_json::to_vec(self)?),
        };
        let commit = Commit {
            number,
            at_ms: now_ms,
            removals: Vec::new(),
            records: vec![record],
            ..Commit::default()
        };
        store
            .commit(EPOCH, &[commit])
            .context("cannot write to the store")
    }
}

fn random_key() -> Result<[u8; 32]> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).context("the system gives no random bytes")?;
    Ok(key)
}

/// The partition a region belongs to. Source: AWS General Reference, ARN format.
pub fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Layer;

    fn settings(account: &str) -> Settings {
        let flags = Layer {
            account: Some(account.to_owned()),
            ..Layer::default()
        };
        let directory = tempfile::tempdir().unwrap();
        Settings::load(None, flags, std::iter::empty(), directory.path()).unwrap()
    }

    #[test]
    fn a_store_keeps_its_keys_and_its_owner() {
        let store = store::MemoryStore::new();
        let made = Identity::load_or_make(&store, &settings("123456789012"), 5).unwrap();
        let read = Identity::load_or_make(&store, &settings("123456789012"), 6).unwrap();
        assert_eq!(made.token_key, read.token_key);
        assert_eq!(made.page_key, read.page_key);
        assert_ne!(made.token_key, made.page_key);
        assert_ne!(made.token_key, [0; 32]);
        let error = Identity::load_or_make(&store, &settings("999999999999"), 7)
            .err()
            .unwrap();
        assert!(
            error
                .to_string()
                .contains("belongs to account 123456789012"),
            "{error}"
        );
        assert_eq!(store.last_commit().unwrap(), 1);
    }
}
