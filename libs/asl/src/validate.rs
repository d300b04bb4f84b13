//! The rules that look at more than the type of one field. One rule, or one family, per file.

pub(crate) mod assign;
pub(crate) mod errors;
pub(crate) mod jsonata;
pub(crate) mod labels;
pub(crate) mod language;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod resource;
pub(crate) mod shadowing;
pub(crate) mod timeouts;
pub(crate) mod transitions;
