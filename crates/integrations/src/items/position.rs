//! Where a reader stands.

use super::ItemsError;

/// Version of the format that [`Position::to_bytes`] writes.
const VERSION: u8 = 1;

/// Where a reader stands: all items before it have been given, and a reader opened here goes on.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    /// How many items have been given.
    pub(crate) items: u64,
    pub(crate) place: Place,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Place {
    /// Before the first.
    #[default]
    Start,
    /// In the only object there is.
    Object(ObjectPlace),
    /// In a list of objects that are items themselves: after the one with this key.
    Listed { after: String },
    /// Among many objects that each have items.
    Among {
        /// What is done with.
        done: Done,
        /// Where it stands in the one that comes after these, if it has begun that one.
        object: Option<ObjectPlace>,
    },
    /// After the last.
    End,
}

/// Which of many objects have been read to their end.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Done {
    /// All up to this key, in the order of the list.
    UpTo(Option<String>),
    /// So many, in the order of the manifest with this entity tag.
    Count { files: u64, manifest: String },
}

/// In one object, which must be the same still.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct ObjectPlace {
    pub(crate) key: String,
    pub(crate) etag: String,
    pub(crate) mark: Mark,
}

/// Behind an item of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) enum Mark {
    /// Text: the next byte, where it is unpacked; an item or what separates it begins there.
    Byte { offset: u64 },
    /// JSON: likewise, in an array or in an object.
    Json { offset: u64, in_object: bool },
    /// Parquet: the next row.
    Row { row: u64 },
}

impl Position {
    /// How many items have been given.
    pub fn items(&self) -> u64 {
        self.items
    }

    /// Whether there is nothing more to read.
    pub fn is_end(&self) -> bool {
        self.place == Place::End
    }

    /// A few bytes that [`Position::from_bytes`] reads, in this version and in later ones.
    pub fn to_bytes(&self) -> Vec<u8> {
        let start = vec![VERSION];
        postcard::to_extend(self, start).expect("a position holds numbers and texts only")
    }

    /// Reads what [`Position::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Position, ItemsError> {
        let unknown = || ItemsError::reader("The position in the dataset cannot be read.");
        match bytes.split_first() {
            None => Ok(Position::default()),
            Some((&VERSION, rest)) => postcard::from_bytes(rest).map_err(|_| unknown()),
            Some(_) => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_of_version_1_is_read_for_ever() {
        let position = Position {
            items: 300,
            place: Place::Among {
                done: Done::UpTo(Some("a".to_owned())),
                object: Some(ObjectPlace {
                    key: "b".to_owned(),
                    etag: "e".to_owned(),
                    mark: Mark::Json {
                        offset: 5,
                        in_object: true,
                    },
                }),
            },
        };
        let sample = [1, 172, 2, 3, 0, 1, 1, b'a', 1, 1, b'b', 1, b'e', 1, 5, 1];
        assert_eq!(position.to_bytes(), sample);
        assert_eq!(Position::from_bytes(&sample), Ok(position));
        assert_eq!(Position::from_bytes(&[]), Ok(Position::default()));
        for wrong in [&[2, 0][..], &[1], &[1, 0, 99]] {
            assert!(Position::from_bytes(wrong).is_err(), "{wrong:?}");
        }
    }
}
