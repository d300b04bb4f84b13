//! Models from a folder laid out as botocore's `data`: `SERVICE/VERSION/service-2.json`, or `.json.gz`.
//!
//! For services that are not bundled, and for newer models of those that are.

use std::fs;
use std::path::{Path, PathBuf};

use crate::{ModelError, Service, sdk_name};

/// The newest model of a service, by the name of its folder or by that of the SDK integration; `None`
/// when the folder has none. To find the second name, every model may have to be read: keep the result.
pub fn read(folder: &Path, name: &str) -> Result<Option<Service>, ModelError> {
    if let Some(service) = read_at(folder, name)? {
        return Ok(Some(service));
    }
    for service in sorted(folder)? {
        let Some(path) = newest(&service) else {
            continue;
        };
        let Ok(service) = read_file(&path) else {
            continue;
        };
        if sdk_name(&service.metadata.service_id) == name {
            return Ok(Some(service));
        }
    }
    Ok(None)
}

/// The newest model in the folder of this name.
pub fn read_at(folder: &Path, name: &str) -> Result<Option<Service>, ModelError> {
    // A name must not lead out of the folder.
    let is_plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    match newest(&folder.join(name)).filter(|_| is_plain) {
        Some(path) => read_file(&path).map(Some),
        None => Ok(None),
    }
}

/// The model in the version that sorts last: versions are dates.
fn newest(service: &Path) -> Option<PathBuf> {
    let versions = sorted(service).ok()?;
    let files = versions
        .iter()
        .rev()
        .flat_map(|version| ["service-2.json", "service-2.json.gz"].map(|file| version.join(file)));
    files.into_iter().find(|path| path.is_file())
}

fn sorted(folder: &Path) -> Result<Vec<PathBuf>, ModelError> {
    let unread = |error| ModelError::Unread {
        path: folder.to_owned(),
        error,
    };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unread)? {
        paths.push(entry.map_err(unread)?.path());
    }
    paths.sort();
    Ok(paths)
}

fn read_file(path: &Path) -> Result<Service, ModelError> {
    let bytes = fs::read(path).map_err(|error| ModelError::Unread {
        path: path.to_owned(),
        error,
    })?;
    Service::from_bytes(&bytes)
}
