//! The files of a folder, and what a worker should find in each.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Folders that are left out, wherever they are: other programs' insides.
const LEFT_OUT: &[&str] = &[".git", "target"];

/// A file that will get an execution.
#[derive(Clone, Debug)]
pub(super) struct DemoFile {
    /// Its absolute path.
    pub path: String,
    /// What it held when the demo began; `None` for a file that is no text or cannot be read.
    pub facts: Option<Facts>,
}

/// What a worker finds out about a text file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// Its size in bytes.
    pub bytes: u64,
    /// Its line breaks, and one more if the last line has none.
    pub lines: u64,
    /// Its digest, in hexadecimal digits.
    pub sha256: String,
}

/// The first `limit` files below `folder`, in the order of their names.
pub(super) fn of(folder: &Path, limit: usize) -> io::Result<Vec<DemoFile>> {
    let mut files = Vec::new();
    collect(&fs::canonicalize(folder)?, limit, &mut files)?;
    Ok(files)
}

fn collect(folder: &Path, limit: usize, files: &mut Vec<DemoFile>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort();
    for path in entries {
        if files.len() == limit {
            return Ok(());
        }
        // Links are not followed: they can lead in circles.
        let Ok(meta) = fs::symlink_metadata(&path) else {
            continue;
        };
        let left_out = path
            .file_name()
            .is_some_and(|name| LEFT_OUT.iter().any(|out| name == *out));
        if meta.is_dir() && !left_out {
            // A folder that may not be read is not the demo's concern; a file is, see below.
            let _ = collect(&path, limit, files);
        } else if meta.is_file()
            && let Some(path) = path.to_str()
        {
            let facts = read(path).ok();
            files.push(DemoFile {
                path: path.to_owned(),
                facts,
            });
        }
    }
    Ok(())
}

/// Reads a file; refuses one that is no text, in words.
pub(super) fn read(path: &str) -> Result<Facts, String> {
    let bytes = fs::read(path).map_err(|error| format!("{path}: {error}"))?;
    if bytes.contains(&0) || std::str::from_utf8(&bytes).is_err() {
        return Err(format!("{path}: is no text"));
    }
    let breaks = bytes.iter().filter(|byte| **byte == b'\n').count();
    let unfinished = bytes.last().is_some_and(|last| *last != b'\n');
    Ok(Facts {
        bytes: bytes.len() as u64,
        lines: breaks as u64 + u64::from(unfinished),
        sha256: hex(&Sha256::digest(&bytes)),
    })
}

/// Hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether the first attempt to read the file fails on purpose: one file in seven, by its path.
pub(super) fn fails_at_first(path: &str) -> bool {
    Sha256::digest(path.as_bytes())[0].is_multiple_of(7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_are_those_of_the_usual_tools() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "a\nb").unwrap();
        let facts = read(path.to_str().unwrap()).unwrap();
        assert_eq!((facts.bytes, facts.lines), (3, 2));
        // printf 'a\nb' | sha256sum
        let digest = "7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78";
        assert_eq!(facts.sha256, digest);
        fs::write(&path, b"\0\x01").unwrap();
        assert!(read(path.to_str().unwrap()).is_err());
    }

    #[test]
    fn files_come_in_order_without_what_is_left_out_and_not_too_many() {
        let folder = tempfile::tempdir().unwrap();
        for inner in [".git", "target", "b"] {
            fs::create_dir(folder.path().join(inner)).unwrap();
            fs::write(folder.path().join(inner).join("in"), "x\n").unwrap();
        }
        fs::write(folder.path().join("c"), "x\n").unwrap();
        fs::write(folder.path().join("a"), b"\xff").unwrap();
        let names = |limit| -> Vec<String> {
            let files = of(folder.path(), limit).unwrap();
            let root = fs::canonicalize(folder.path()).unwrap();
            let inside = |file: DemoFile| {
                let path = Path::new(&file.path).strip_prefix(&root).unwrap();
                path.to_str().unwrap().to_owned()
            };
            files.into_iter().map(inside).collect()
        };
        assert_eq!(names(9), ["a", "b/in", "c"]);
        assert_eq!(names(2), ["a", "b/in"]);
        assert!(of(folder.path(), 1).unwrap()[0].facts.is_none());
    }
}
