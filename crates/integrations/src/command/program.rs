//! Finding the command before a task is taken for it.

use std::ffi::OsStr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The file that a shell would run for `name`.
///
/// Whoever takes tasks for a mistyped command would fail each of them, so it is looked for at the
/// start, and the file that was found is the one that runs.
pub fn find(name: &OsStr, path: Option<&str>) -> Result<PathBuf, String> {
    let named = Path::new(name);
    if name.as_encoded_bytes().contains(&b'/') {
        return match runnable(named) {
            true => Ok(named.to_path_buf()),
            false => Err(format!("{}: no file that can be run", named.display())),
        };
    }
    std::env::split_paths(path.unwrap_or_default())
        .map(|folder| folder.join(named))
        .find(|candidate| runnable(candidate))
        .ok_or_else(|| format!("{}: not found in PATH", named.display()))
}

fn runnable(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_found_as_a_shell_finds_it() {
        let found = find(OsStr::new("sh"), Some("/nowhere:/bin:/usr/bin")).unwrap();
        assert!(found.ends_with("sh") && found.is_absolute());
        assert!(find(OsStr::new("/bin/sh"), None).is_ok());
        assert!(find(OsStr::new("sh"), Some("/nowhere")).is_err());
        assert!(find(OsStr::new("/"), None).is_err());
    }
}
