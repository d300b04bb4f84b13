//! Settings from a TOML file.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::{ConfigError, DEFAULT_FILE, Layer};

/// Reads the file that was asked for, or the one that may lie in `directory`.
pub(super) fn read(
    asked_for: Option<&Path>,
    directory: &Path,
) -> Result<(Layer, PathBuf), ConfigError> {
    let path = match asked_for {
        Some(path) => path.to_path_buf(),
        None => directory.join(DEFAULT_FILE),
    };
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound && asked_for.is_none() => {
            return Ok((Layer::default(), path));
        }
        Err(error) => return Err(ConfigError(format!("{}: {error}", path.display()))),
    };
    match toml::from_str(&text) {
        Ok(layer) => Ok((layer, path)),
        Err(error) => {
            let line = match error.span() {
                Some(span) => {
                    let before = text.get(..span.start).unwrap_or_default();
                    format!(":{}", before.matches('\n').count() + 1)
                }
                None => String::new(),
            };
            let what = error.message().replace('\n', " ");
            Err(ConfigError(format!("{}{line}: {what}", path.display())))
        }
    }
}
