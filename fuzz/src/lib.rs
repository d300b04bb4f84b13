//! What is fuzzed: everything that reads bytes of strangers. `cargo xtask fuzz` runs it.
//!
//! One file per target. Each has one door, `run(data)`, that must come back from any bytes: no
//! panic, no endless loop, no more memory than the limits promise. Where more is promised than
//! survival, `run` asserts it. An input that ever broke one of these lies in `regressions/TARGET/`
//! and is played again by the tests of `api`, without libFuzzer, as are the seeds in `corpus/`.
//!
//! What is absent here is the point: no target takes its input apart by a format of its own that a
//! person could not type. Seeds are texts (the two binary formats aside).

#![forbid(unsafe_code)]

pub mod definition;
mod drive;
pub mod intrinsic;
pub mod jsonata;
pub mod jsonpath;
pub mod request;
mod scope;
mod seams;
pub mod token_store;
