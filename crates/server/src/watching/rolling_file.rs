//! A file that never grows beyond its measure: it is renamed to `NAME.1` and begun anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Bytes gathered before they are written.
const BUFFER_BYTES: usize = 256 << 10;

/// How large a file may grow, and how many of its predecessors stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rule {
    pub(super) bytes_max: u64,
    pub(super) files_kept: usize,
}

/// Lines go in at the end. What was written before a restart stays, and is gone on with.
#[derive(Debug)]
pub(super) struct RollingFile {
    path: PathBuf,
    rule: Rule,
    open: Option<(File, u64)>,
    buffer: Vec<u8>,
}

impl RollingFile {
    pub(super) fn new(path: PathBuf, rule: Rule) -> RollingFile {
        RollingFile {
            path,
            rule,
            open: None,
            buffer: Vec::new(),
        }
    }

    /// Takes a line.
    pub(super) fn put(&mut self, line: Vec<u8>) -> io::Result<()> {
        let bytes = (self.buffer.len() + line.len() + 1) as u64;
        let size = match &self.open {
            Some((_, size)) => *size,
            None => self.open()?,
        };
        let is_empty = size == 0 && self.buffer.is_empty();
        if !is_empty && size + bytes > self.rule.bytes_max {
            self.flush()?;
            self.roll()?;
        }
        self.buffer.extend(line);
        self.buffer.push(b'\n');
        if self.buffer.len() >= BUFFER_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Writes what was taken; not to the disk's platters, logs are not worth a sync.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        let result = self.write();
        // Kept, it would grow while the disk is full; half a line must not meet the next one.
        self.buffer.clear();
        result
    }

    fn write(&mut self) -> io::Result<()> {
        if self.open.is_none() {
            self.open()?;
        }
        let Some((file, size)) = &mut self.open else {
            return Ok(());
        };
        if let Err(error) = file.write_all(&self.buffer) {
            let _ = file.set_len(*size);
            self.open = None;
            return Err(error);
        }
        *size += self.buffer.len() as u64;
        Ok(())
    }

    fn open(&mut self) -> io::Result<u64> {
        if let Some(folder) = self.path.parent()
            && !folder.as_os_str().is_empty()
        {
            fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        // Inputs and outputs stand in it: nobody else reads them.
        let mut options = OpenOptions::new();
        let file = options
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let size = file.metadata()?.len();
        self.open = Some((file, size));
        Ok(size)
    }

    fn roll(&mut self) -> io::Result<()> {
        self.open = None;
        let older = |number: usize| -> PathBuf {
            if number == 0 {
                return self.path.clone();
            }
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            name.into()
        };
        if self.rule.files_kept == 0 {
            remove(&self.path)?;
        }
        for number in (0..self.rule.files_kept).rev() {
            match fs::rename(older(number), older(number + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        self.open().map(drop)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_stay_within_their_measure_and_the_oldest_goes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep").join("a.jsonl");
        let rule = Rule {
            bytes_max: 20,
            files_kept: 2,
        };
        let mut file = RollingFile::new(path.clone(), rule);
        for number in 0..9 {
            file.put(format!("line {number:03}").into_bytes()).unwrap();
            if number == 4 {
                // A restart in between goes on with the same file.
                file.flush().unwrap();
                file = RollingFile::new(path.clone(), rule);
            }
        }
        file.flush().unwrap();
        let read = |name: &str| fs::read_to_string(path.with_file_name(name)).unwrap();
        assert_eq!(read("a.jsonl"), "line 008\n");
        assert_eq!(read("a.jsonl.1"), "line 006\nline 007\n");
        assert_eq!(read("a.jsonl.2"), "line 004\nline 005\n");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 3);
    }

    #[test]
    fn a_line_larger_than_a_file_has_one_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let rule = Rule {
            bytes_max: 4,
            files_kept: 0,
        };
        let mut file = RollingFile::new(path.clone(), rule);
        for line in ["123456789", "abcdefghi"] {
            file.put(line.into()).unwrap();
        }
        file.flush().unwrap();
        assert_eq!(fs::read_to_string(path).unwrap(), "abcdefghi\n");
    }
}
