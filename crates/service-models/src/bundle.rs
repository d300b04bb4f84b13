//! The models that come with the program.
//!
//! `models.bin`: `TWSM`, a byte of version, the length of an index as 4 bytes (little endian), the index
//! as JSON, and the models, each packed by itself (zlib). The index says where each begins.

use std::io::Read;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::{MODEL_BYTES_MAX, ModelError, Service};

/// Most bytes of the bundle: it is part of every binary and of every clone of the repository.
pub const MODELS_BYTES_MAX: usize = 3 << 19;

static MODELS: &[u8] = include_bytes!("../data/models.bin");

const HEAD: &[u8] = b"TWSM\x01";

#[derive(Debug, Deserialize)]
struct Index {
    source: String,
    services: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    /// By [`crate::sdk_name`], in that order.
    name: String,
    /// From the end of the index.
    at: usize,
    bytes: usize,
    #[serde(skip)]
    service: OnceLock<Option<Service>>,
}

struct Bundle {
    index: Index,
    packed: &'static [u8],
}

fn bundle() -> &'static Bundle {
    static BUNDLE: OnceLock<Bundle> = OnceLock::new();
    BUNDLE.get_or_init(|| open(MODELS).expect("the bundle is whole: its tests read all of it"))
}

fn open(models: &'static [u8]) -> Option<Bundle> {
    let rest = models.strip_prefix(HEAD)?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let (index, packed) = rest.split_at_checked(length)?;
    let index = serde_json::from_slice(index).ok()?;
    Some(Bundle { index, packed })
}

/// A service by the name that the SDK integration has for it: `dynamodb`, `sfn`, `eventbridge`.
pub fn bundled(name: &str) -> Option<&'static Service> {
    let bundle = bundle();
    let services = &bundle.index.services;
    let at = services
        .binary_search_by(|entry| entry.name.as_str().cmp(name))
        .ok()?;
    let entry = &services[at];
    let service = entry.service.get_or_init(|| {
        let packed = bundle
            .packed
            .get(entry.at..entry.at.checked_add(entry.bytes)?)?;
        let text = unpacked(flate2::read::ZlibDecoder::new(packed)).ok()?;
        Service::from_json(&text).ok()
    });
    service.as_ref()
}

/// The names of all services that are known without a folder.
pub fn names() -> impl Iterator<Item = &'static str> {
    let services = bundle().index.services.iter();
    services.map(|entry| entry.name.as_str())
}

/// Where the models are from: name and version.
pub fn source() -> &'static str {
    &bundle().index.source
}

/// All that a reader unpacks, unless it is too much.
pub(crate) fn unpacked(reader: impl Read) -> Result<Vec<u8>, ModelError> {
    let mut text = Vec::new();
    let read = reader.take(MODEL_BYTES_MAX + 1).read_to_end(&mut text);
    let length = read.map_err(ModelError::Packed)?;
    if u64::try_from(length).is_ok_and(|length| length <= MODEL_BYTES_MAX) {
        Ok(text)
    } else {
        Err(ModelError::TooLarge)
    }
}
