//! Which folders stand for buckets: the operator's to say, bucket by bucket.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use percent_encoding::percent_decode_str;

/// How the address of a folder begins.
const SCHEME: &str = "file://";

/// One bucket's folder, as a flag or a variable gives it: `reports=file:///srv/reports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketFolder {
    bucket: String,
    url: String,
}

/// The file's `[buckets]`: folders by bucket.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(transparent)]
pub struct Buckets(BTreeMap<String, String>);

impl FromStr for BucketFolder {
    type Err = String;

    fn from_str(text: &str) -> Result<BucketFolder, String> {
        let shape = "say BUCKET=file:///FOLDER, such as reports=file:///srv/reports";
        let (bucket, url) = text.split_once('=').ok_or(shape)?;
        check(bucket, url)?;
        Ok(BucketFolder {
            bucket: bucket.to_owned(),
            url: url.to_owned(),
        })
    }
}

impl Buckets {
    /// These, with another laid over them.
    #[must_use]
    pub fn with(mut self, bucket: &BucketFolder) -> Buckets {
        let BucketFolder { bucket, url } = bucket.clone();
        self.0.insert(bucket, url);
        self
    }

    /// Complains about the first that cannot be one.
    pub fn check(&self) -> Result<(), String> {
        self.0
            .iter()
            .try_for_each(|(bucket, url)| check(bucket, url).map(|_| ()))
    }

    /// Every bucket and its folder's address.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0
            .iter()
            .map(|(bucket, url)| (bucket.as_str(), url.as_str()))
    }

    /// The folder that stands for `bucket`, if one does.
    pub(crate) fn folder(&self, bucket: &str) -> Option<PathBuf> {
        path(self.0.get(bucket)?)
    }
}

/// Source of the rules for names: AWS S3 user guide, bucket naming rules.
fn check(bucket: &str, url: &str) -> Result<PathBuf, String> {
    let byte = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    if !(3..=63).contains(&bucket.len()) || !bucket.bytes().all(byte) {
        return Err(format!(
            "{bucket:?} is no bucket's name: 3 to 63 small letters, digits, '-' and '.'"
        ));
    }
    path(url).ok_or_else(|| format!("{url:?} is no folder; say file:///PATH, with the whole path"))
}

fn path(url: &str) -> Option<PathBuf> {
    let text = percent_decode_str(url.strip_prefix(SCHEME)?)
        .decode_utf8()
        .ok()?;
    let path = Path::new(text.as_ref());
    (path.is_absolute() && !text.contains('\0')).then(|| path.to_path_buf())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_a_folder_with_its_whole_path() {
        let bucket: BucketFolder = "reports=file:///srv/my%20reports".parse().unwrap();
        let buckets = Buckets::default().with(&bucket);
        assert_eq!(buckets.folder("reports"), Some("/srv/my reports".into()));
        assert_eq!(buckets.folder("other"), None);
        for wrong in [
            "reports",
            "reports=/srv",
            "reports=file://srv",
            "reports=file:srv",
            "ab=file:///srv",
            "Reports=file:///srv",
            "a/b=file:///srv",
            "reports=file:///a%00b",
        ] {
            assert!(wrong.parse::<BucketFolder>().is_err(), "{wrong}");
        }
    }
}
