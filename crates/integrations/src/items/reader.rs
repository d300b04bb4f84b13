//! Gives the items of a dataset, batch after batch.

use std::sync::Arc;

use interpreter::Document;

use super::ItemsError;
use super::listing::{self, Listing};
use super::manifest::Files;
use super::object::Object;
use super::objects::{ObjectName, Objects};
use super::position::{Done, ObjectPlace, Place, Position};
use super::source::{Format, Source, Which};

/// Items that come next.
#[derive(Clone, Debug)]
pub struct Batch {
    /// In their order.
    pub items: Vec<Item>,
    /// After the last of them.
    pub position: Position,
    /// Whether it is known that no others come.
    pub end: bool,
}

/// One item.
#[derive(Clone, Debug)]
pub struct Item {
    /// What a child is to process.
    pub document: Document,
    /// Whether it is a member of an object: `{"Key": …, "Value": …}`.
    pub is_member: bool,
    /// Where it was read, as the context object says it: `S3://BUCKET/KEY`.
    pub source: Arc<str>,
}

/// Reads one dataset.
pub struct Reader {
    objects: Objects,
    source: Source,
    items: u64,
    stand: Stand,
}

/// Where a reader is.
enum Stand {
    /// In the only object.
    One(Object),
    /// In a list of objects that are items, after the one with this key.
    Listed {
        listing: Listing,
        after: Option<String>,
        uri: Arc<str>,
    },
    /// Among objects that have items.
    Among {
        queue: Queue,
        format: Format,
        object: Option<Object>,
    },
    End,
}

/// Objects that are still to be read.
enum Queue {
    Listing {
        listing: Listing,
        bucket: String,
        /// All up to here have been read.
        done: Option<String>,
    },
    Manifest {
        etag: String,
        names: Vec<ObjectName>,
        /// So many have been read.
        done: usize,
    },
}

impl Reader {
    /// Begins at a position, which is [`Position::default`] the first time.
    pub fn open(
        objects: &Objects,
        source: Source,
        position: &Position,
    ) -> Result<Reader, ItemsError> {
        let objects = objects.of_owner(source.owner.as_deref());
        let stand = stand(&objects, &source, &position.place)?;
        Ok(Reader {
            objects,
            source,
            items: position.items,
            stand,
        })
    }

    /// The next items: at most `items_max` of them, and none more once they have `bytes_max` bytes.
    ///
    /// Both must be more than 0. After an error the reader is of no use any more.
    pub fn next(&mut self, items_max: usize, bytes_max: usize) -> Result<Batch, ItemsError> {
        let mut items = Vec::new();
        let mut bytes = 0;
        while items.len() < items_max && bytes < bytes_max {
            if self.items >= self.source.items_max {
                self.stand = Stand::End;
            }
            match self.item()? {
                Some(item) => {
                    self.items += 1;
                    bytes += item.document.text().len();
                    items.push(item);
                }
                None => {
                    self.stand = Stand::End;
                    break;
                }
            }
        }
        let position = self.position();
        Ok(Batch {
            items,
            end: position.is_end(),
            position,
        })
    }

    /// After the last item given.
    pub fn position(&self) -> Position {
        let place = match &self.stand {
            _ if self.items >= self.source.items_max => Place::End,
            Stand::End => Place::End,
            Stand::One(object) => object.place().map_or(Place::Start, Place::Object),
            Stand::Listed { after, .. } => match after {
                Some(after) => Place::Listed {
                    after: after.clone(),
                },
                None => Place::Start,
            },
            Stand::Among { queue, object, .. } => Place::Among {
                done: queue.done(),
                object: object.as_ref().and_then(Object::place),
            },
        };
        Position {
            items: self.items,
            place,
        }
    }

    fn item(&mut self) -> Result<Option<Item>, ItemsError> {
        match &mut self.stand {
            Stand::End => Ok(None),
            Stand::One(object) => object.next(),
            Stand::Listed {
                listing,
                after,
                uri,
            } => {
                let listed = listing.next(&self.objects)?;
                Ok(listed.map(|listed| {
                    let document = Document::from_value(listing::item(&listed));
                    *after = Some(listed.key);
                    Item {
                        document,
                        is_member: false,
                        source: Arc::clone(uri),
                    }
                }))
            }
            Stand::Among {
                queue,
                format,
                object,
            } => loop {
                if let Some(open) = object {
                    if let Some(item) = open.next()? {
                        return Ok(Some(item));
                    }
                    queue.is_done_with(&open.key);
                    *object = None;
                }
                match queue.next(&self.objects)? {
                    Some(name) => *object = Some(Object::open(&self.objects, name, format, None)?),
                    None => return Ok(None),
                }
            },
        }
    }
}

fn stand(objects: &Objects, source: &Source, place: &Place) -> Result<Stand, ItemsError> {
    let bucket = &source.bucket;
    let foreign =
        || ItemsError::reader("The position in the dataset belongs to another ItemReader.");
    let name = |key: &str, version: Option<&String>| ObjectName {
        bucket: bucket.clone(),
        key: key.to_owned(),
        version: version.cloned(),
    };
    match (&source.objects, place) {
        (_, Place::End) => Ok(Stand::End),
        (
            Which::One {
                key,
                version,
                format,
            },
            place,
        ) => {
            let after = match place {
                Place::Start => None,
                Place::Object(place) => Some(place),
                _ => return Err(foreign()),
            };
            let name = name(key, version.as_ref());
            Ok(Stand::One(Object::open(objects, name, format, after)?))
        }
        (Which::Listed { prefix }, place) => {
            let after = match place {
                Place::Start => None,
                Place::Listed { after } => Some(after.clone()),
                _ => return Err(foreign()),
            };
            Ok(Stand::Listed {
                listing: Listing::new(bucket, prefix, after.clone()),
                after,
                uri: format!("S3://{bucket}").into(),
            })
        }
        (Which::Flattened { prefix, format }, place) => {
            let (done, object) = match place {
                Place::Start => (None, None),
                Place::Among {
                    done: Done::UpTo(key),
                    object,
                } => (key.clone(), object.as_ref()),
                _ => return Err(foreign()),
            };
            // The list goes on after the object that is being read.
            let after = object.map(|place| place.key.clone()).or(done.clone());
            let queue = Queue::Listing {
                listing: Listing::new(bucket, prefix, after),
                bucket: bucket.clone(),
                done,
            };
            let open = |place: &ObjectPlace| {
                Object::open(objects, name(&place.key, None), format, Some(place))
            };
            Ok(Stand::Among {
                queue,
                format: format.clone(),
                object: object.map(open).transpose()?,
            })
        }
        (Which::Manifest { key, manifest }, place) => {
            let (done, etag, object) = match place {
                Place::Start => (0, None, None),
                Place::Among {
                    done: Done::Count { files, manifest },
                    object,
                } => (*files, Some(manifest.as_str()), object.as_ref()),
                _ => return Err(foreign()),
            };
            let files = Files::read(objects, &name(key, None), manifest, etag)?;
            let done = usize::try_from(done).map_err(|_| foreign())?;
            let open = |place: &ObjectPlace| {
                let name = files.names.get(done).ok_or_else(foreign)?;
                Object::open(objects, name.clone(), &files.format, Some(place))
            };
            let object = object.map(open).transpose()?;
            Ok(Stand::Among {
                object,
                format: files.format,
                queue: Queue::Manifest {
                    etag: files.etag,
                    names: files.names,
                    done,
                },
            })
        }
    }
}

impl Queue {
    fn next(&mut self, objects: &Objects) -> Result<Option<ObjectName>, ItemsError> {
        match self {
            Queue::Manifest { names, done, .. } => Ok(names.get(*done).cloned()),
            Queue::Listing {
                listing, bucket, ..
            } => loop {
                let Some(listed) = listing.next(objects)? else {
                    return Ok(None);
                };
                // The marks that consoles set where they show a folder hold nothing.
                if listed.size > 0 {
                    return Ok(Some(ObjectName {
                        bucket: bucket.clone(),
                        key: listed.key,
                        version: None,
                    }));
                }
            },
        }
    }

    fn is_done_with(&mut self, key: &str) {
        match self {
            Queue::Manifest { done, .. } => *done += 1,
            Queue::Listing { done, .. } => *done = Some(key.to_owned()),
        }
    }

    fn done(&self) -> Done {
        match self {
            Queue::Listing { done, .. } => Done::UpTo(done.clone()),
            Queue::Manifest { etag, done, .. } => Done::Count {
                files: *done as u64,
                manifest: etag.clone(),
            },
        }
    }
}
