//! What a Distributed Map reads and writes: the items of a dataset, and the results of its children.
//!
//! A [`Reader`] gives items in batches and holds no more of them than one batch; after each it says
//! where it stands, in a few bytes, and another one opened there goes on with the next item. Objects
//! lie in S3, or in folders that the operator has declared to be buckets ([`Buckets`]).
//!
//! All of this blocks: it belongs on threads that may.

mod compression;
mod error;
mod formats;
mod listing;
mod manifest;
mod object;
mod objects;
mod position;
mod reader;
mod source;
mod tape;
#[cfg(test)]
mod tests;
mod writer;

pub use error::ItemsError;
pub use objects::{BucketFolder, Buckets, Objects};
pub use position::Position;
pub use reader::{Batch, Item, Reader};
pub use source::Source;
pub use writer::{ChildResult, ChildStatus, ResultsWriter, WriterPlan};
