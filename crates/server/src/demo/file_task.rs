//! The command that the demo's workers run: reads one real file.

use std::fs::{self, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use serde::Deserialize;
use serde_json::json;

use super::definition::NOT_TEXT;
use super::files;

/// Names the folder in which attempts are noted.
pub(super) const ATTEMPTS_VARIABLE: &str = "TOWPATH_DEMO_ATTEMPTS";
/// Source: sysexits.h, `EX_TEMPFAIL`. The state machine retries it as `ExitCode.75`.
const EXIT_TEMPORARY: u8 = 75;

#[derive(Deserialize)]
struct Input {
    path: String,
}

/// Reads the task from stdin, and prints what it found out about the file.
pub fn run() -> ExitCode {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    let input: Input = match read
        .map_err(drop)
        .and_then(|_| serde_json::from_str(&text).map_err(drop))
    {
        Ok(input) => input,
        Err(()) => {
            eprintln!("the input must be {{\"path\": ...}}, and was: {text}");
            return ExitCode::FAILURE;
        }
    };
    match files::read(&input.path) {
        Ok(_) if files::fails_at_first(&input.path) && is_first_attempt(&input.path) => {
            eprintln!("{}: the first attempt fails on purpose", input.path);
            ExitCode::from(EXIT_TEMPORARY)
        }
        Ok(facts) => {
            println!("{}", json!(facts));
            ExitCode::SUCCESS
        }
        Err(why) => {
            println!("{}", json!({ "Error": NOT_TEXT, "Cause": why }));
            ExitCode::FAILURE
        }
    }
}

/// Notes the attempt in a file named after the path: there once, it is not made again.
fn is_first_attempt(path: &str) -> bool {
    let Some(folder) = std::env::var_os(ATTEMPTS_VARIABLE) else {
        return false;
    };
    let name = files::hex(path.as_bytes());
    // A name of a file has at most 255 bytes; the end of a path tells more than its beginning.
    let name = &name[name.len().saturating_sub(240)..];
    let folder = Path::new(&folder);
    let made = fs::create_dir_all(folder).and_then(|()| {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(folder.join(name))
    });
    made.is_ok()
}
