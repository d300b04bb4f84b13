//! What the log asks of a disk, and the disk of this machine.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

/// A folder of files that are written in place.
///
/// The log goes through this and nothing else, so that its tests can put a disk under it that loses,
/// tears and reorders what was not synced.
pub(crate) trait Disk: Send + Sync + 'static {
    /// A file of the folder.
    type File: DiskFile;

    /// Numbers of the files there are, ascending.
    fn list(&self) -> io::Result<Vec<u32>>;

    /// Opens a file that is there.
    fn open(&self, number: u32) -> io::Result<Self::File>;

    /// Makes a file of `bytes` zeros. When this returns, the file and its length are durable.
    fn create(&self, number: u32, bytes: u64) -> io::Result<Self::File>;
}

/// A file that is written in place.
pub(crate) trait DiskFile: Send + Sync + 'static {
    /// Everything in it.
    fn read_all(&self) -> io::Result<Vec<u8>>;

    /// Writes at an offset; the file grows where that is beyond its end.
    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()>;

    /// Returns when everything written is durable.
    fn sync(&self) -> io::Result<()>;
}

/// A folder of this machine.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
}

const EXTENSION: &str = "log";

/// Bytes of zeros written at a time.
const CHUNK_BYTES: usize = 1 << 20;

impl Folder {
    pub(crate) fn new(path: PathBuf) -> Folder {
        Folder { path }
    }

    fn file(&self, number: u32) -> PathBuf {
        self.path.join(format!("{number}.{EXTENSION}"))
    }
}

impl Disk for Folder {
    type File = File;

    fn list(&self) -> io::Result<Vec<u32>> {
        let mut numbers = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            let path = entry?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            let is_log = path
                .extension()
                .is_some_and(|extension| extension == EXTENSION);
            if let Some(number) = stem.filter(|_| is_log).and_then(|stem| stem.parse().ok()) {
                numbers.push(number);
            }
        }
        numbers.sort_unstable();
        Ok(numbers)
    }

    fn open(&self, number: u32) -> io::Result<File> {
        OpenOptions::new()
            .read(true)
            .write(true)
            .open(self.file(number))
    }

    /// The zeros are written, not just promised: a sync of a block that was never written has to
    /// write down where it lies as well, which doubles what a commit costs.
    fn create(&self, number: u32, bytes: u64) -> io::Result<File> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(self.file(number))?;
        let zeros = vec![0; CHUNK_BYTES];
        let mut written = 0;
        while written < bytes {
            let chunk = (bytes - written).min(CHUNK_BYTES as u64);
            file.write_all_at(&zeros[..chunk as usize], written)?;
            written += chunk;
        }
        file.sync_all()?;
        File::open(&self.path)?.sync_all()?;
        Ok(file)
    }
}

impl DiskFile for File {
    fn read_all(&self) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; self.metadata()?.len() as usize];
        self.read_exact_at(&mut bytes, 0)?;
        Ok(bytes)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.write_all_at(bytes, offset)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
