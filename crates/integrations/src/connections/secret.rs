//! Something that must not be seen: in a file of its own, in a variable, or as it is.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};

/// Most bytes of a file with a secret.
const FILE_BYTES_MAX: usize = 64 << 10;

/// Where a secret is. It is read for each use, so that a new one counts at once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Secret {
    Text(String),
    /// `{ env = "NAME" }`
    Variable(String),
    /// `{ file = "PATH" }`, without the line break at its end.
    File(PathBuf),
}

impl Secret {
    /// The secret itself; may block.
    pub(crate) fn read(&self) -> Result<String, String> {
        match self {
            Secret::Text(text) => Ok(text.clone()),
            Secret::Variable(name) => std::env::var(name)
                .map_err(|_| format!("the variable {name} of the server's environment is not set")),
            Secret::File(path) => {
                let unread = |why: &dyn fmt::Display| format!("{}: {why}", path.display());
                let bytes = std::fs::read(path).map_err(|error| unread(&error))?;
                if bytes.len() > FILE_BYTES_MAX {
                    return Err(unread(&"too large for a secret"));
                }
                let text = String::from_utf8(bytes).map_err(|_| unread(&"not UTF-8"))?;
                let text = text.strip_suffix('\n').unwrap_or(&text);
                Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
            }
        }
    }

    /// As it may be shown, in TOML; `None` for what may not.
    pub(super) fn shown(&self) -> Option<String> {
        let quoted = |text: &str| serde_json::Value::from(text).to_string();
        match self {
            Secret::Text(_) => None,
            Secret::Variable(name) => Some(format!("{{ env = {} }}", quoted(name))),
            Secret::File(path) => Some(format!("{{ file = {} }}", quoted(&path.to_string_lossy()))),
        }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown().unwrap_or_else(|| "(secret)".to_owned()))
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Secret, D::Error> {
        struct TextOrTable;
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            env: Option<String>,
            file: Option<PathBuf>,
        }
        impl<'de> Visitor<'de> for TextOrTable {
            type Value = Secret;

            fn expecting(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
                to.write_str("a string, { env = \"NAME\" } or { file = \"PATH\" }")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Secret, E> {
                Ok(Secret::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Secret, A::Error> {
                let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                match (table.env, table.file) {
                    (Some(name), None) => Ok(Secret::Variable(name)),
                    (None, Some(path)) => Ok(Secret::File(path)),
                    _ => Err(de::Error::custom("must have one of env and file")),
                }
            }
        }
        from.deserialize_any(TextOrTable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret(text: serde_json::Value) -> Secret {
        serde_json::from_value(text).unwrap()
    }

    #[test]
    fn secrets_are_read_from_three_places_and_shown_from_none() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("secret");
        std::fs::write(&file, "hidden words\n").unwrap();
        let of_file = secret(json!({ "file": file }));
        assert_eq!(of_file.read().unwrap(), "hidden words");
        assert!(!format!("{of_file:?}").contains("hidden"));
        std::fs::write(&file, "newer\r\n").unwrap();
        assert_eq!(of_file.read().unwrap(), "newer");
        let plain = secret(json!("hidden words"));
        assert_eq!(
            (plain.read().unwrap().as_str(), plain.shown()),
            ("hidden words", None)
        );
        assert!(!format!("{plain:?}").contains("hidden"));
        let missing = secret(json!({"env": "NO_SUCH_VARIABLE_ANYWHERE"}));
        assert!(
            missing
                .read()
                .unwrap_err()
                .contains("NO_SUCH_VARIABLE_ANYWHERE")
        );
        assert_eq!(
            secret(json!({"env": "HOME"})).read().ok(),
            std::env::var("HOME").ok()
        );
        for wrong in [
            json!(1),
            json!({}),
            json!({"env": "A", "file": "b"}),
            json!({"x": "y"}),
        ] {
            assert!(serde_json::from_value::<Secret>(wrong).is_err());
        }
    }
}
