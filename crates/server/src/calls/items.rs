//! Items of map runs, read on threads that may wait.
//!
//! A reader is kept between two readings of the same map run, so that the second goes on where the first
//! ended. It is no more than a shortcut: one that is not kept is opened again at the position, which is
//! what the engine writes down.

use std::sync::{Arc, Mutex, PoisonError};

use engine::{ItemsRead, MapRunId, Message, ReadItem};
use integrations::items::{ItemsError, Position, Reader, Source};
use interpreter::Work;
use serde_json::Value;

use crate::service::Service;

/// Map runs whose items are read, or whose results are written, at one moment; the others wait.
pub const AT_A_TIME: usize = 16;

/// Readers that are kept. One of S3 holds some 4 MiB.
const READERS_MAX: usize = 32;

/// What is read, and from where on.
#[derive(Debug)]
pub struct Reading {
    /// Whose items.
    pub map_run: MapRunId,
    /// What is read.
    pub source: Work,
    /// Where to begin.
    pub position: Option<Vec<u8>>,
    /// About so many.
    pub items_max: usize,
    /// About so many bytes.
    pub bytes_max: usize,
}

/// Readers between two readings, the one that was used last at the end.
#[derive(Clone, Default)]
pub(super) struct Readers(Arc<Mutex<Vec<Kept>>>);

struct Kept {
    map_run: MapRunId,
    /// Where it stands.
    position: Vec<u8>,
    reader: Reader,
}

impl Readers {
    /// Reads, and tells the engine what was read.
    pub(super) async fn read(self, service: Arc<Service>, reading: Reading) {
        let map_run = reading.map_run;
        let places = Arc::clone(&service.item_places);
        let place = places.acquire_owned().await;
        let objects = service.objects.clone();
        let read = tokio::task::spawn_blocking(move || {
            let _place = place;
            self.batch(&reading, |source, position| {
                Reader::open(&objects, source, position)
            })
        });
        let read = match read.await {
            Ok(read) => read.map_err(|error| (error.error.to_owned(), error.cause)),
            Err(_panic) => {
                let cause = "An internal error of the service ended the reading.";
                Err(("States.ItemReaderFailed".to_owned(), cause.to_owned()))
            }
        };
        service.driver.tell(Message::ItemsRead { map_run, read });
    }

    fn batch(
        &self,
        reading: &Reading,
        open: impl FnOnce(Source, &Position) -> Result<Reader, ItemsError>,
    ) -> Result<ItemsRead, ItemsError> {
        let position = reading.position.as_deref().unwrap_or_default();
        let mut reader = match self.take(reading.map_run, position) {
            Some(reader) => reader,
            None => open(source(&reading.source)?, &Position::from_bytes(position)?)?,
        };
        // Whoever asks for nothing would ask for ever.
        let batch = reader.next(reading.items_max.max(1), reading.bytes_max.max(1))?;
        let position = batch.position.to_bytes();
        if !batch.end {
            self.keep(Kept {
                map_run: reading.map_run,
                position: position.clone(),
                reader,
            });
        }
        let item = |item: integrations::items::Item| ReadItem {
            value: item.document,
            is_member: item.is_member,
            source: item.source,
        };
        Ok(ItemsRead {
            items: batch.items.into_iter().map(item).collect(),
            next: (!batch.end).then_some(position),
        })
    }

    /// The reader of a map run, if it stands there.
    fn take(&self, map_run: MapRunId, position: &[u8]) -> Option<Reader> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let place = all.iter().position(|kept| kept.map_run == map_run)?;
        let kept = all.remove(place);
        (kept.position == position).then_some(kept.reader)
    }

    fn keep(&self, kept: Kept) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == READERS_MAX {
            all.remove(0);
        }
        all.push(kept);
    }
}

fn source(work: &Work) -> Result<Source, ItemsError> {
    let resource = work.resource.as_deref().unwrap_or_default();
    Source::read(resource, &fields(&work.parameters), &fields(&work.config))
}

/// A JSON object that the engine wrote.
pub(super) fn fields(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use integrations::items::{Buckets, Objects};

    use super::*;

    #[test]
    fn a_reader_is_kept_for_the_next_reading_and_opened_for_any_other() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("f"), "1\n2\n3\n4\n5\n").unwrap();
        let bucket = format!("bucket=file://{}", folder.path().display());
        let buckets = Buckets::default().with(&bucket.parse().unwrap());
        let objects = Objects::in_folders(buckets);
        let (readers, opened) = (Readers::default(), Cell::new(0));
        let read = |run: u8, position: Option<Vec<u8>>| {
            let reading = Reading {
                map_run: MapRunId([run; 16]),
                source: Work {
                    resource: Some("arn:aws:states:::s3:getObject".into()),
                    parameters: r#"{"Bucket":"bucket","Key":"f"}"#.into(),
                    config: r#"{"InputType":"JSONL"}"#.into(),
                },
                position,
                items_max: 2,
                bytes_max: 100,
            };
            let read = readers.batch(&reading, |source, position| {
                opened.set(opened.get() + 1);
                Reader::open(&objects, source, position)
            });
            let read = read.unwrap();
            let texts: Vec<String> = read
                .items
                .iter()
                .map(|item| item.value.text().to_string())
                .collect();
            (texts, read.next)
        };
        let (first, after_first) = read(1, None);
        assert_eq!(first, ["1", "2"]);
        let (second, after_second) = read(1, after_first.clone());
        assert_eq!(
            (second, opened.get()),
            (vec!["3".to_owned(), "4".to_owned()], 1)
        );
        // Once more from before, as after a crash.
        let (again, after_again) = read(1, after_first);
        assert_eq!((again.len(), opened.get()), (2, 2));
        assert_eq!(after_again, after_second);
        // Another map run has a reader of its own.
        assert_eq!(
            (read(2, None).0, opened.get()),
            (vec!["1".to_owned(), "2".to_owned()], 3)
        );
        let (last, next) = read(1, after_second);
        assert_eq!((last, next, opened.get()), (vec!["5".to_owned()], None, 3));
        assert_eq!(readers.0.lock().unwrap().len(), 1);
        // There is no end to map runs.
        (3..100).for_each(|run| drop(read(run, None)));
        assert_eq!(readers.0.lock().unwrap().len(), READERS_MAX);
    }
}
