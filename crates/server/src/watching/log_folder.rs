//! Execution logs in a folder: one file for each log group.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use engine::LogEvents;
use sha2::{Digest, Sha256};

use super::lines_of;
use super::outlet::Sink;
use super::rolling_file::{RollingFile, Rule};
use crate::disk::Space;

/// Most files open at a time. With more groups than that they are opened again and again.
const OPEN_MAX: usize = 64;
/// Most bytes of a file's name; the systems' limit is 255, and predecessors get a number.
const NAME_BYTES_MAX: usize = 200;

pub(super) struct LogFolder {
    folder: PathBuf,
    rule: Rule,
    space: Space,
    files: HashMap<Arc<str>, RollingFile>,
}

impl LogFolder {
    pub(super) fn new(folder: PathBuf, rule: Rule, space: Space) -> LogFolder {
        LogFolder {
            folder,
            rule,
            space,
            files: HashMap::new(),
        }
    }
}

impl Sink<Box<LogEvents>> for LogFolder {
    fn put(&mut self, log: Box<LogEvents>) -> Result<(), String> {
        // What is left of the disk is the store's.
        if self.space.is_short() {
            return Err("the disk is nearly full".into());
        }
        let group = &log.plan.log_group_arn;
        if !self.files.contains_key(group) {
            if self.files.len() >= OPEN_MAX {
                self.flush()?;
                self.files.clear();
            }
            let path = self.folder.join(file_name(group));
            self.files
                .insert(Arc::clone(group), RollingFile::new(path, self.rule));
        }
        let Some(file) = self.files.get_mut(group) else {
            return Ok(());
        };
        lines_of(&log)
            .try_for_each(|line| file.put(line))
            .map_err(|error| error.to_string())
    }

    fn flush(&mut self) -> Result<(), String> {
        let mut result = Ok(());
        for file in self.files.values_mut() {
            result = file.flush().map_err(|error| error.to_string()).and(result);
        }
        result
    }
}

/// `arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/orders:*` is
/// `+aws+vendedlogs+orders.jsonl`. Whatever a client calls a group, the file is in this folder, and
/// two names never share one.
fn file_name(log_group_arn: &str) -> String {
    let name = log_group_arn
        .split_once(":log-group:")
        .map_or(log_group_arn, |(_, name)| {
            name.strip_suffix(":*").unwrap_or(name)
        });
    let mut safe = String::with_capacity(name.len() + 8);
    for (at, byte) in name.bytes().enumerate() {
        match byte {
            b'/' => safe.push('+'),
            b'.' if at == 0 => safe.push_str("%2E"),
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'_' | b'-' => {
                safe.push(char::from(byte));
            }
            _ => safe.push_str(&format!("%{byte:02X}")),
        }
    }
    if safe.len() > NAME_BYTES_MAX {
        let digest = Sha256::digest(name.as_bytes());
        safe.truncate(NAME_BYTES_MAX - 17);
        safe.push('-');
        digest[..8]
            .iter()
            .for_each(|byte| safe.push_str(&format!("{byte:02x}")));
    }
    safe.push_str(".jsonl");
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_one_file_in_the_folder() {
        let arn = |name: &str| format!("arn:aws:logs:us-east-1:000000000000:log-group:{name}:*");
        for (name, file) in [
            ("orders", "orders.jsonl"),
            ("/aws/vendedlogs/x", "+aws+vendedlogs+x.jsonl"),
            ("a+b", "a%2Bb.jsonl"),
            ("../../etc/passwd", "%2E.+..+etc+passwd.jsonl"),
            ("", ".jsonl"),
            ("a\0\nb", "a%00%0Ab.jsonl"),
        ] {
            assert_eq!(file_name(&arn(name)), file);
        }
        assert_eq!(file_name("no arn"), "no%20arn.jsonl");
        let long = |end: &str| file_name(&arn(&format!("{}{end}", "x".repeat(500))));
        assert_ne!(long("1"), long("2"));
        assert!(long("1").len() < 240);
    }
}
