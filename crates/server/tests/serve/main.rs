//! `towpath serve` as clients meet it: a process, sockets and bytes.

// Lints allow it in test functions; what they share is a test, too.
#![allow(clippy::unwrap_used)]

mod calls;
mod full_disk;
mod health;
mod hostile;
mod hosts;
mod polls;
mod process;
mod settings;
mod shutdown;
mod watching;
mod wire;
