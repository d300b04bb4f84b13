//! What a shape holds, whatever the protocol writes it as.

use serde_json::{Number, Value};

use super::moment::Moment;

/// A value of a shape; between JSON as definitions have it and the bytes of a protocol.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Datum {
    /// In lists and maps that may hold it.
    Null,
    Boolean(bool),
    Number(Number),
    Text(String),
    Bytes(Vec<u8>),
    Moment(Moment),
    List(Vec<Datum>),
    Map(Vec<(String, Datum)>),
    /// Its members by the model's names.
    Structure(Vec<(String, Datum)>),
    /// Any JSON, where the model asks for no more.
    Document(Value),
}

impl Datum {
    /// A member of a structure.
    pub(crate) fn member(&self, name: &str) -> Option<&Datum> {
        match self {
            Datum::Structure(members) => {
                let found = members.iter().find(|(known, _)| known == name);
                found.map(|(_, datum)| datum)
            }
            _ => None,
        }
    }
}
