//! Objects that list objects.

use std::io::Read;

use serde::Deserialize;
use serde_json::Value;

use super::ItemsError;
use super::compression::Compression;
use super::objects::{ObjectName, Objects, Wanted};
use super::source::{Format, Headers, Manifest};

/// Most bytes of a manifest, unpacked: some 500 000 objects.
const MANIFEST_BYTES_MAX: u64 = 64 << 20;

/// The objects that a manifest lists, and how their items are written.
#[derive(Debug)]
pub(crate) struct Files {
    /// Of the manifest.
    pub(crate) etag: String,
    pub(crate) format: Format,
    pub(crate) names: Vec<ObjectName>,
}

impl Files {
    pub(crate) fn read(
        objects: &Objects,
        name: &ObjectName,
        manifest: &Manifest,
        etag: Option<&str>,
    ) -> Result<Files, ItemsError> {
        let wanted = Wanted {
            etag,
            ..Wanted::ALL
        };
        let opened = objects.open(name, wanted)?;
        let unreadable = |error: std::io::Error| {
            ItemsError::reader(format!(
                "The manifest {} could not be read: {error}",
                name.key
            ))
        };
        let compression = Compression::of(&name.key, opened.content_encoding.as_deref());
        let bytes = compression.unpacked(opened.bytes).map_err(unreadable)?;
        let mut text = String::new();
        bytes
            .take(MANIFEST_BYTES_MAX + 1)
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        if text.len() as u64 > MANIFEST_BYTES_MAX {
            let cause = format!("The manifest has more than {MANIFEST_BYTES_MAX} bytes.");
            return Err(ItemsError::reader(cause));
        }
        let text = text.trim_start_matches('\u{feff}');
        let (names, format) = match manifest {
            Manifest::AthenaData(format) => (athena(text)?, format.clone()),
            Manifest::S3Inventory => inventory(text)?,
        };
        Ok(Files {
            etag: opened.etag,
            format,
            names,
        })
    }
}

/// A line for each object: `s3://BUCKET/KEY`.
fn athena(text: &str) -> Result<Vec<ObjectName>, ItemsError> {
    let lines = text.lines().map(|line| line.trim().trim_matches('"'));
    lines
        .filter(|line| !line.is_empty())
        .map(object_of)
        .collect()
}

fn object_of(uri: &str) -> Result<ObjectName, ItemsError> {
    let rest = uri.strip_prefix("s3://").or(uri.strip_prefix("S3://"));
    match rest.and_then(|rest| rest.split_once('/')) {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => Ok(ObjectName {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            version: None,
        }),
        _ => Err(invalid(&format!(
            "'{uri}' is no object, such as s3://BUCKET/KEY"
        ))),
    }
}

/// Source: AWS S3 user guide, "Inventory manifest".
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inventory {
    destination_bucket: String,
    file_format: String,
    #[serde(default)]
    file_schema: Value,
    files: Vec<InventoryFile>,
}

#[derive(Deserialize)]
struct InventoryFile {
    key: String,
}

fn inventory(text: &str) -> Result<(Vec<ObjectName>, Format), ItemsError> {
    let manifest: Inventory =
        serde_json::from_str(text).map_err(|error| invalid(&error.to_string()))?;
    let format = match manifest.file_format.to_ascii_uppercase().as_str() {
        "CSV" => {
            let schema = manifest.file_schema.as_str().unwrap_or_default();
            let names = schema.split(',').map(|name| name.trim().to_owned());
            Format::Csv {
                delimiter: b',',
                headers: Headers::Given(names.collect()),
            }
        }
        "PARQUET" => Format::Parquet,
        other => {
            return Err(invalid(&format!(
                "files of the format {other} are not read"
            )));
        }
    };
    let arn = manifest.destination_bucket;
    let bucket = arn.rsplit(':').next().unwrap_or_default();
    let names = manifest.files.into_iter().map(|file| ObjectName {
        bucket: bucket.to_owned(),
        key: file.key,
        version: None,
    });
    Ok((names.collect(), format))
}

fn invalid(why: &str) -> ItemsError {
    ItemsError::reader(format!("The manifest cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn athena_lists_one_object_a_line() {
        let names = athena("s3://b/a/1.csv\r\n\n\"s3://c/2\"\n").unwrap();
        let names: Vec<_> = names
            .iter()
            .map(|n| (n.bucket.as_str(), n.key.as_str()))
            .collect();
        assert_eq!(names, [("b", "a/1.csv"), ("c", "2")]);
        for wrong in ["a/1.csv", "s3://b", "s3:///k", "s3://b/"] {
            assert!(athena(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_inventory_names_the_columns_of_its_files() {
        let text = r#"{"sourceBucket": "s", "destinationBucket": "arn:aws:s3:::d", "version": "2016-11-30",
            "fileFormat": "CSV", "fileSchema": "Bucket, Key, Size",
            "files": [{"key": "x/1.csv.gz", "size": 1, "MD5checksum": "0"}]}"#;
        let (names, format) = inventory(text).unwrap();
        assert_eq!(
            (names[0].bucket.as_str(), names[0].key.as_str()),
            ("d", "x/1.csv.gz")
        );
        let headers = ["Bucket", "Key", "Size"].map(str::to_owned).to_vec();
        let expected = Format::Csv {
            delimiter: b',',
            headers: Headers::Given(headers),
        };
        assert_eq!(format, expected);
        assert!(inventory(&text.replace("CSV", "ORC")).is_err());
        assert!(inventory("{}").is_err());
    }
}
