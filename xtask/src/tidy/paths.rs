//! No tracked file names a place of one machine.

use super::Repository;
use crate::Failure;
use crate::process::root;

/// Starts of paths that exist on one machine only. Written in two parts, so that this
/// file does not find itself.
const STARTS: &[(&str, &str)] = &[
    ("/home", "/"),
    ("/root", "/"),
    ("/Users", "/"),
    ("/work", "/"),
    ("C:", "\\Users"),
];

/// Lines that name such a place. Files that are not text are left alone.
pub fn check(repository: &Repository) -> Result<Vec<String>, Failure> {
    let starts: Vec<String> = STARTS.iter().map(|(a, b)| format!("{a}{b}")).collect();
    let mut broken = Vec::new();
    for path in repository.files() {
        let Ok(text) = std::fs::read_to_string(root().join(path)) else {
            continue;
        };
        for (number, line) in text.lines().enumerate() {
            if let Some(start) = starts.iter().find(|start| is_path(line, start)) {
                let place = path.display();
                broken.push(format!("{place}:{}: names {start}…", number + 1));
            }
        }
    }
    Ok(broken)
}

/// Whether the start begins a path here, and is not the middle of a longer one.
fn is_path(line: &str, start: &str) -> bool {
    line.match_indices(start).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        !before.is_some_and(|c| c.is_alphanumeric() || "._-}~$".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::is_path;

    #[test]
    fn the_middle_of_a_path_is_none() {
        let start = concat!("/home", "/");
        assert!(is_path(concat!("cd /home", "/ann"), start));
        assert!(!is_path(concat!("docs/home", "/page"), start));
    }
}
