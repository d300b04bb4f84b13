//! What AWS services take and give: operations and shapes, from the models that AWS publishes.
//!
//! [`bundled`] knows the services that state machines call most; [`Folder`] reads any other from a
//! folder laid out as botocore's `data`. Both give a [`Service`].
//!
//! The bundle (`data/models.bin`, made by `cargo xtask service-models`) holds the facts of the models of
//! botocore, which is Apache-2.0 (see `data/NOTICE`), and none of their prose. A service is unpacked when
//! it is asked for, and then kept: a start pays nothing, and a service costs memory once.
//!
//! What is absent here is the point:
//!
//! - no protocol: what a shape looks like on the wire is for whoever speaks to the service;
//! - no I/O, but in [`folder`], which is told where to look.

mod bundle;
mod folder;
mod model;

pub use bundle::{MODELS_BYTES_MAX, bundled, names, source};
pub use folder::Folder;
pub use model::{
    Endpoint, ErrorTraits, Http, HttpChecksum, Kind, Metadata, Operation, Reference, Service,
    Shape, XmlNamespace,
};

/// Why a model could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// It is not a model, or not a whole one.
    #[error("not a service model: {0}")]
    Malformed(#[from] serde_json::Error),
    /// It cannot be unpacked.
    #[error("cannot unpack a service model: {0}")]
    Packed(std::io::Error),
    /// It cannot be read.
    #[error("cannot read {path}: {error}")]
    Unread {
        /// Which file.
        path: std::path::PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// It is larger than any model is.
    #[error("a service model of more than {MODEL_BYTES_MAX} bytes")]
    TooLarge,
}

/// Most bytes of one model, unpacked. The largest that botocore has, of ec2, has 4 MB.
pub const MODEL_BYTES_MAX: u64 = 64 << 20;

/// The name by which `arn:aws:states:::aws-sdk:NAME:…` means a service, from its `serviceId`.
pub fn sdk_name(service_id: &str) -> String {
    service_id
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .collect()
}
