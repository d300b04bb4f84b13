//! The last commit that was acknowledged, in a small file beside the engine.
//!
//! An engine that finds its journal damaged may drop the rest of it and open as if nothing had been
//! there. This file is a second witness: where it has seen a later commit than the engine remembers,
//! the store does not open. It is written every second and when the store closes, and never synced:
//! it costs nothing, and it may lag but never runs ahead.

use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use store::CommitNumber;

use crate::OpenError;
use crate::folder::Folder;

/// How far the file may lag behind.
const INTERVAL: Duration = Duration::from_secs(1);

const PREFIX: &str = "last acknowledged commit ";

/// The number, and the thread that writes it down.
pub(crate) struct Acknowledged {
    number: Arc<AtomicU64>,
    /// Dropped to stop the thread.
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Acknowledged {
    /// Compares what the file says with `stored`, the last commit of the engine, and keeps the file
    /// up to date from now on.
    pub(crate) fn open(
        folder: &Folder,
        stored: CommitNumber,
        accept_loss: bool,
    ) -> Result<Self, OpenError> {
        let path = folder.acknowledged_path();
        let acknowledged = match read(&path) {
            Ok(number) => number,
            Err(_) if accept_loss => 0,
            Err(error) => return Err(error),
        };
        if acknowledged > stored && !accept_loss {
            return Err(OpenError::Behind {
                path: folder.path().into(),
                stored,
                acknowledged,
            });
        }
        let mut options = OpenOptions::new();
        let mut file = options
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(OpenError::io(&path))?;
        write(&mut file, stored).map_err(OpenError::io(&path))?;

        let number = Arc::new(AtomicU64::new(stored));
        let (stop, stopped) = channel::<()>();
        let shared = Arc::clone(&number);
        let keep = move || {
            let mut written = stored;
            loop {
                let is_last = stopped.recv_timeout(INTERVAL) != Err(RecvTimeoutError::Timeout);
                let current = shared.load(Ordering::Acquire);
                // A failed write leaves a witness that has seen less. That is no reason to stop serving,
                // and the next second tries again.
                if current != written && write(&mut file, current).is_ok() {
                    written = current;
                }
                if is_last {
                    break;
                }
            }
        };
        let thread = std::thread::Builder::new()
            .name("acknowledged".into())
            .spawn(keep)
            .map_err(OpenError::io(folder.acknowledged_path()))?;
        Ok(Self {
            number,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Commit `number` is durable and may be told to the world.
    pub(crate) fn note(&self, number: CommitNumber) {
        self.number.fetch_max(number, Ordering::Release);
    }
}

impl Drop for Acknowledged {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // The thread does not panic; and if it did, the file has seen less, no more.
            let _ = thread.join();
        }
    }
}

/// Makes the file of a new store, durably.
pub(crate) fn create(path: &Path) -> Result<(), OpenError> {
    let create = || {
        let mut file = File::create(path)?;
        write(&mut file, 0)?;
        file.sync_all()
    };
    create().map_err(OpenError::io(path))
}

/// The whole file in place and always of one length, so that a crash leaves the old or the new.
fn write(file: &mut File, number: CommitNumber) -> io::Result<()> {
    file.seek(SeekFrom::Start(0))?;
    file.write_all(format!("{PREFIX}{number:020}\n").as_bytes())
}

fn read(path: &Path) -> Result<CommitNumber, OpenError> {
    let text = std::fs::read(path).map_err(OpenError::io(path))?;
    let number = String::from_utf8(text).ok().and_then(|text| {
        let number = text.strip_prefix(PREFIX)?.strip_suffix('\n')?;
        if number.len() == 20 {
            number.parse().ok()
        } else {
            None
        }
    });
    let what = "not the number it should hold".to_owned();
    number.ok_or_else(|| OpenError::Damaged {
        path: path.into(),
        what,
    })
}
