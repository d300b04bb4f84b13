//! Models from a folder laid out as botocore's `data`: `SERVICE/VERSION/service-2.json`, or `.json.gz`.
//!
//! For services that are not bundled, and for newer models of those that are.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use flate2::read::GzDecoder;

use crate::{Metadata, ModelError, Service, sdk_name};

/// As much of a model as is looked at to know whose it is: that stands at the beginning.
const HEAD_BYTES: u64 = 64 << 10;

/// A folder of models.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    /// Which file has the newest model of a service, by the name of its folder and by that of the SDK
    /// integration. Found at the first question: a folder may have hundreds.
    files: OnceLock<BTreeMap<String, PathBuf>>,
}

impl Folder {
    /// Looks at nothing yet.
    pub fn new(path: PathBuf) -> Folder {
        Folder {
            path,
            files: OnceLock::new(),
        }
    }

    /// The newest model of a service, by the name of its folder or by that of the SDK integration; `None`
    /// when the folder has none. Which services there are is looked up once, models are read each time.
    pub fn read(&self, name: &str) -> Result<Option<Service>, ModelError> {
        let files = match self.files.get() {
            Some(files) => files,
            None => {
                let found = files_in(&self.path)?;
                self.files.get_or_init(|| found)
            }
        };
        files.get(name).map(|path| read_file(path)).transpose()
    }
}

fn files_in(folder: &Path) -> Result<BTreeMap<String, PathBuf>, ModelError> {
    let (mut by_folder, mut by_sdk) = (BTreeMap::new(), BTreeMap::new());
    for service in sorted(folder)? {
        let Some(file) = newest(&service) else {
            continue;
        };
        if let Some(metadata) = metadata(&file) {
            by_sdk.insert(sdk_name(&metadata.service_id), file.clone());
        }
        if let Some(name) = service.file_name().and_then(|name| name.to_str()) {
            by_folder.insert(name.to_owned(), file);
        }
    }
    by_folder.append(&mut by_sdk);
    Ok(by_folder)
}

/// Whose model a file is, without reading all of it if that can be helped.
fn metadata(file: &Path) -> Option<Metadata> {
    let is_whole = |metadata: &Metadata| !metadata.service_id.is_empty();
    let head = head(file).ok()?;
    let (_, rest) = head.split_once("\"metadata\"").unwrap_or_default();
    let rest = rest.trim_start().trim_start_matches(':');
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Metadata>();
    let of_head = values.next().and_then(Result::ok).filter(is_whole);
    of_head.or_else(|| Some(read_file(file).ok()?.metadata).filter(is_whole))
}

fn head(file: &Path) -> std::io::Result<String> {
    let mut bytes = Vec::new();
    let reader = File::open(file)?;
    if file.extension().is_some_and(|kind| kind == "gz") {
        GzDecoder::new(reader)
            .take(HEAD_BYTES)
            .read_to_end(&mut bytes)?;
    } else {
        reader.take(HEAD_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
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
