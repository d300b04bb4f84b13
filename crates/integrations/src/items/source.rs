//! What an `ItemReader` asks for.

use serde_json::Value;

use super::ItemsError;

/// Most items of one dataset. Source: AWS Developer Guide, `ItemReader`, `MaxItems`; a larger number
/// is taken for this one, as recorded from AWS.
const ITEMS_MAX: u64 = 100_000_000;

/// An `ItemReader` after its expressions have been evaluated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub(crate) bucket: String,
    pub(crate) objects: Which,
    pub(crate) items_max: u64,
    /// `ExpectedBucketOwner`
    pub(crate) owner: Option<String>,
}

/// Which objects are read, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The items of this one.
    One {
        key: String,
        version: Option<String>,
        format: Format,
    },
    /// Those listed in this one.
    Manifest { key: String, manifest: Manifest },
    /// All with this prefix, each an item.
    Listed { prefix: String },
    /// The items of all with this prefix.
    Flattened { prefix: String, format: Format },
}

/// Who wrote a manifest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Manifest {
    /// Amazon Athena's `UNLOAD`: a line for each object.
    AthenaData(Format),
    /// Amazon S3 Inventory.
    S3Inventory,
}

/// How items are written in an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    /// Rows with headers.
    Csv { delimiter: u8, headers: Headers },
    /// An array or an object, at this pointer.
    Json { pointer: String },
    /// A value in each line.
    JsonLines,
    /// Rows in columns.
    Parquet,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Headers {
    FirstRow,
    Given(Vec<String>),
}

impl Source {
    /// Reads the fields of an `ItemReader`: its resource, its `Parameters` or `Arguments`, and its
    /// `ReaderConfig`, all evaluated.
    pub fn read(resource: &str, arguments: &Value, config: &Value) -> Result<Source, ItemsError> {
        let bucket = required(arguments, "Bucket")?;
        let objects = match resource.rsplit(':').next() {
            Some("getObject") => one(arguments, config)?,
            Some("listObjectsV2") => listed(arguments, config)?,
            _ => {
                let cause = format!("'{resource}' is no resource that items are read from.");
                return Err(ItemsError::reader(cause));
            }
        };
        Ok(Source {
            bucket,
            objects,
            owner: text(arguments, "ExpectedBucketOwner")?,
            items_max: items_max(config.get("MaxItems"))?,
        })
    }
}

/// Nothing and 0 stand for all; a negative number is refused. Source: recorded from AWS.
fn items_max(given: Option<&Value>) -> Result<u64, ItemsError> {
    let given = match given {
        None | Some(Value::Null) => return Ok(ITEMS_MAX),
        Some(Value::String(text)) => text.trim().parse::<f64>().ok(),
        Some(value) => value.as_f64(),
    };
    match given {
        Some(number) if number < 0.0 => Err(ItemsError::reader("field MaxItems must be positive")),
        Some(number) if number.fract() == 0.0 => match number as u64 {
            0 => Ok(ITEMS_MAX),
            number => Ok(number.min(ITEMS_MAX)),
        },
        _ => Err(ItemsError::reader("field MaxItems must be an integer")),
    }
}

fn one(arguments: &Value, config: &Value) -> Result<Which, ItemsError> {
    let key = required(arguments, "Key")?;
    let version = text(arguments, "VersionId")?;
    let manifest = match (text(config, "ManifestType")?, text(config, "InputType")?) {
        (Some(kind), _) => Some(kind),
        // The one kind there was before others were added.
        (None, Some(input)) if input == "MANIFEST" => Some("S3_INVENTORY".to_owned()),
        _ => None,
    };
    match manifest.as_deref() {
        None => Ok(Which::One {
            key,
            version,
            format: format(config)?,
        }),
        Some("S3_INVENTORY") => Ok(Which::Manifest {
            key,
            manifest: Manifest::S3Inventory,
        }),
        Some("ATHENA_DATA") => Ok(Which::Manifest {
            key,
            manifest: Manifest::AthenaData(format(config)?),
        }),
        Some(other) => Err(unknown("ManifestType", other, "ATHENA_DATA, S3_INVENTORY")),
    }
}

fn listed(arguments: &Value, config: &Value) -> Result<Which, ItemsError> {
    let prefix = text(arguments, "Prefix")?.unwrap_or_default();
    match text(config, "Transformation")?.as_deref() {
        None | Some("NONE") => Ok(Which::Listed { prefix }),
        Some("LOAD_AND_FLATTEN") => Ok(Which::Flattened {
            prefix,
            format: format(config)?,
        }),
        Some(other) => Err(unknown("Transformation", other, "NONE, LOAD_AND_FLATTEN")),
    }
}

fn format(config: &Value) -> Result<Format, ItemsError> {
    let input = text(config, "InputType")?;
    match input.as_deref() {
        Some("CSV") => csv(config),
        // JSON is what a file holds of which nothing is said.
        None | Some("JSON") => Ok(Format::Json {
            pointer: text(config, "ItemsPointer")?.unwrap_or_default(),
        }),
        Some("JSONL") => Ok(Format::JsonLines),
        Some("PARQUET") => Ok(Format::Parquet),
        Some(other) => Err(unknown(
            "InputType",
            other,
            "CSV, JSON, JSONL, PARQUET, MANIFEST",
        )),
    }
}

fn csv(config: &Value) -> Result<Format, ItemsError> {
    let delimiter = match text(config, "CSVDelimiter")?.as_deref() {
        None | Some("COMMA") => b',',
        Some("PIPE") => b'|',
        Some("SEMICOLON") => b';',
        Some("SPACE") => b' ',
        Some("TAB") => b'\t',
        Some(other) => {
            let known = "COMMA, PIPE, SEMICOLON, SPACE, TAB";
            return Err(unknown("CSVDelimiter", other, known));
        }
    };
    let headers = match text(config, "CSVHeaderLocation")?.as_deref() {
        None | Some("FIRST_ROW") => Headers::FirstRow,
        Some("GIVEN") => {
            let given = config.get("CSVHeaders").and_then(Value::as_array);
            let given = given.and_then(|given| {
                let names = given.iter().map(|name| name.as_str().map(str::to_owned));
                names.collect::<Option<Vec<_>>>()
            });
            let given = given.ok_or_else(|| {
                ItemsError::reader("field CSVHeaders must be an array of strings")
            })?;
            Headers::Given(given)
        }
        Some(other) => return Err(unknown("CSVHeaderLocation", other, "FIRST_ROW, GIVEN")),
    };
    Ok(Format::Csv { delimiter, headers })
}

fn required(arguments: &Value, name: &str) -> Result<String, ItemsError> {
    match text(arguments, name)? {
        Some(text) if !text.is_empty() => Ok(text),
        _ => Err(ItemsError::reader(format!(
            "field {name} must not be empty"
        ))),
    }
}

fn text(fields: &Value, name: &str) -> Result<Option<String>, ItemsError> {
    match fields.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(ItemsError::reader(format!("field {name} must be a string"))),
    }
}

fn unknown(name: &str, value: &str, known: &str) -> ItemsError {
    ItemsError::reader(format!(
        "field {name} must be one of [{known}], but was: {value}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GET: &str = "arn:aws:states:::s3:getObject";

    fn read(config: Value) -> Result<Source, String> {
        let arguments = json!({"Bucket": "b", "Key": "k"});
        Source::read(GET, &arguments, &config).map_err(|error| error.cause)
    }

    #[test]
    fn a_number_of_items_is_clamped_and_must_not_be_negative() {
        for (given, expected) in [
            (json!(null), Ok(ITEMS_MAX)),
            (json!(0), Ok(ITEMS_MAX)),
            (json!(2), Ok(2)),
            (json!("2"), Ok(2)),
            (json!(100_000_001), Ok(ITEMS_MAX)),
            (json!(-1), Err("field MaxItems must be positive".to_owned())),
            (
                json!(1.5),
                Err("field MaxItems must be an integer".to_owned()),
            ),
            (
                json!(true),
                Err("field MaxItems must be an integer".to_owned()),
            ),
        ] {
            let found = read(json!({"InputType": "JSONL", "MaxItems": given.clone()}));
            assert_eq!(found.map(|source| source.items_max), expected, "{given}");
        }
    }

    #[test]
    fn what_is_unknown_is_named() {
        for (config, named) in [
            (json!({"InputType": "XML"}), "InputType"),
            (
                json!({"InputType": "CSV", "CSVDelimiter": ";"}),
                "CSVDelimiter",
            ),
            (
                json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN"}),
                "CSVHeaders",
            ),
            (json!({"ManifestType": "A"}), "ManifestType"),
            (json!({"InputType": 1}), "InputType"),
        ] {
            let cause = read(config).unwrap_err();
            assert!(cause.contains(named), "{cause}");
        }
    }
}
