//! This machine: open files, and the folder of a server.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::Finding;

/// Fewer files than this and a few hundred workers use them up.
const FILES_WANTED: u64 = 4_096;
/// The reserve a server keeps by default.
const FREE_WANTED: u64 = 512 << 20;

/// The server raises its limit as far as it may, so what counts is how far that is.
pub(super) fn open_files() -> Finding {
    const CHECK: &str = "open files";
    match getrlimit(Resource::Nofile).maximum {
        None => Finding::ok(CHECK, "no limit"),
        Some(most) if most >= FILES_WANTED => Finding::ok(CHECK, format!("up to {most}")),
        Some(most) => Finding::warn(
            CHECK,
            format!("at most {most}: each connection takes one, and the store some hundreds"),
            format!(
                "ulimit -Hn {FILES_WANTED} before the server starts, LimitNOFILE= under systemd"
            ),
        ),
    }
}

pub(super) fn data_folder(folder: &Path) -> Vec<Finding> {
    const CHECK: &str = "data folder";
    let shown = folder.display();
    let metadata = match std::fs::metadata(folder) {
        Ok(metadata) => metadata,
        Err(error) => {
            let advice = "towpath serve --data makes it, if it may write to the folder above";
            return vec![Finding::fail(CHECK, format!("{shown}: {error}"), advice)];
        }
    };
    if !metadata.is_dir() {
        let advice = "give a folder";
        return vec![Finding::fail(CHECK, format!("{shown}: no folder"), advice)];
    }
    let mode = metadata.permissions().mode() & 0o777;
    // Without a name: nothing is left behind, whatever happens.
    let writable = tempfile::tempfile_in(folder);
    let access = match writable {
        Err(error) => Finding::fail(
            CHECK,
            format!("{shown} cannot be written to: {error}"),
            "run as the user that the server runs as, or give that user the folder",
        ),
        Ok(_) if mode & 0o077 != 0 => Finding::warn(
            CHECK,
            format!("{shown} can be read by others (mode {mode:03o})"),
            format!("chmod 700 {shown}: inputs and outputs stand in it"),
        ),
        Ok(_) => Finding::ok(
            CHECK,
            format!("{shown} can be written to, by its owner alone"),
        ),
    };
    vec![access, room(folder)]
}

fn room(folder: &Path) -> Finding {
    const CHECK: &str = "disk";
    match rustix::fs::statvfs(folder) {
        Err(error) => Finding::fail(CHECK, error.to_string(), "look at the disk"),
        Ok(disk) => {
            let free = disk.f_bavail.saturating_mul(disk.f_frsize);
            let found = format!("{} MiB are free", free >> 20);
            if free >= FREE_WANTED {
                return Finding::ok(CHECK, found);
            }
            let advice = "make room: a server refuses new work when less than 512 MiB, or a tenth of a \
                          smaller disk, is free (--disk-reserve-megabytes)";
            Finding::warn(CHECK, found, advice)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Verdict;
    use super::*;

    #[test]
    fn a_folder_is_looked_at_and_left_as_it_was() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("data");
        assert_eq!(data_folder(&folder)[0].verdict, Verdict::Fail);
        std::fs::create_dir(&folder).unwrap();
        let mode = |mode| {
            std::fs::set_permissions(&folder, PermissionsExt::from_mode(mode)).unwrap();
            data_folder(&folder)[0].verdict
        };
        assert_eq!(mode(0o755), Verdict::Warn);
        assert_eq!(mode(0o700), Verdict::Ok);
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0);
        let file = parent.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(data_folder(&file)[0].verdict, Verdict::Fail);
    }
}
