//! Every crate takes the lints of the workspace, and the workspace forbids unsafe code.

use std::path::Path;

use super::{Repository, read};
use crate::Failure;

/// Manifests that opt out.
pub fn check(repository: &Repository) -> Result<Vec<String>, Failure> {
    let mut broken = Vec::new();
    for path in repository
        .files()
        .filter(|path| path.ends_with("Cargo.toml"))
    {
        let manifest = read(path)?;
        if path == Path::new("Cargo.toml") {
            if !manifest.contains("unsafe_code = \"forbid\"") {
                broken.push("Cargo.toml: [workspace.lints.rust] must forbid unsafe_code".into());
            }
        } else if !takes_lints(&manifest) {
            let place = path.display();
            broken.push(format!("{place}: add [lints] workspace = true"));
        }
    }
    Ok(broken)
}

fn takes_lints(manifest: &str) -> bool {
    let mut lines = manifest.lines().map(str::trim);
    lines.any(|line| line == "[lints]") && lines.next() == Some("workspace = true")
}

#[cfg(test)]
mod tests {
    use super::takes_lints;

    #[test]
    fn the_lines_must_follow_one_another() {
        assert!(takes_lints("[package]\n\n[lints]\nworkspace = true\n"));
        assert!(!takes_lints("[package]\nworkspace = true\n"));
        assert!(!takes_lints("[lints]\n[dependencies]\n"));
    }
}
