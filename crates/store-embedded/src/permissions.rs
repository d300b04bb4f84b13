//! Nobody but the owner reads a store: folders are `0700` and files `0600`, whatever the umask.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::fs::Mode;

use crate::OpenError;

const FOR_OTHERS: u32 = 0o077;

/// From now on this process makes nothing that others can read or write.
///
/// The engine makes files as it goes and leaves their mode to the umask, which belongs to the whole
/// process; there is no narrower place to say this. It is only ever made stricter.
pub(crate) fn tighten_umask() {
    let strict = Mode::from_raw_mode(FOR_OTHERS);
    let before = rustix::process::umask(strict);
    if !strict.contains(before) {
        rustix::process::umask(strict | before);
    }
}

/// Takes away what others may do in `folder` and below; gives back how many entries were too loose.
///
/// Links are left alone: what they lead to is not ours.
pub(crate) fn tighten(folder: &Path) -> Result<usize, OpenError> {
    let mut loose = usize::from(tighten_one(folder)?);
    for entry in fs::read_dir(folder).map_err(OpenError::io(folder))? {
        let entry = entry.map_err(OpenError::io(folder))?;
        let kind = entry.file_type().map_err(OpenError::io(entry.path()))?;
        if entry.file_name() == "lost+found" || kind.is_symlink() {
            continue;
        }
        loose += if kind.is_dir() {
            tighten(&entry.path())?
        } else {
            usize::from(tighten_one(&entry.path())?)
        };
    }
    Ok(loose)
}

fn tighten_one(path: &Path) -> Result<bool, OpenError> {
    let mode = fs::metadata(path)
        .map_err(OpenError::io(path))?
        .permissions()
        .mode();
    if mode & FOR_OTHERS == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, Permissions::from_mode(mode & !FOR_OTHERS))
        .map_err(OpenError::io(path))?;
    Ok(true)
}
