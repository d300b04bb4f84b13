//! Who asks: credentials, found where the AWS CLI finds them, and Signature Version 4.

mod credentials;
mod environment;
mod profile;
mod signer;
mod sigv4;

use std::net::IpAddr;

use thiserror::Error;

pub use credentials::{Chain, Credentials};
pub use environment::Environment;
pub use profile::Profile;
pub use signer::{Signer, ToSign};
pub use sigv4::{Request, Scope, amz_date, authorization};

/// Why a request could not be signed.
#[derive(Debug, Error)]
pub enum SigningError {
    /// No credentials were found, or their source did not give them.
    #[error("no credentials: {0}")]
    Credentials(String),
    /// A setting contradicts itself or cannot be read.
    #[error("{0}")]
    Settings(String),
}

/// Host and perhaps a port, without the port.
pub fn host(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    }
}

/// Whether host and port are of this machine.
pub fn is_loopback(authority: &str) -> bool {
    let host = host(authority)
        .trim_start_matches('[')
        .trim_end_matches(']');
    match host.parse::<IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}
