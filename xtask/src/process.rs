//! Runs other programs: quietly, with a time limit, their output kept in a log.

use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;

/// The root of the repository.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lies in the repository's root")
        .to_owned()
}

/// The folder for logs and results of runs; `cargo clean` removes it.
pub fn scratch() -> Result<PathBuf, Failure> {
    let folder = root().join("target").join("xtask");
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

/// What a program that ran to its end (or to its limit) left behind.
pub struct Finished {
    /// It ended by itself with code 0.
    pub success: bool,
    /// Everything it printed, both streams in order.
    pub output: String,
}

/// A running program whose output goes to a log.
pub struct Running {
    child: Child,
    log: PathBuf,
    started: Instant,
    limit: Duration,
}

/// Starts `command` in the repository's root; `name` names its log.
pub fn start(name: &str, command: &mut Command, limit: Duration) -> Result<Running, Failure> {
    let log = scratch()?.join(format!("{name}.log"));
    let file = File::create(&log)?;
    let child = command
        .current_dir(root())
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file)
        // A group of its own, so that a program past its limit goes with all its children.
        .process_group(0)
        .spawn()
        .map_err(|error| format!("{:?} does not start: {error}", command.get_program()))?;
    Ok(Running {
        child,
        log,
        started: Instant::now(),
        limit,
    })
}

impl Running {
    /// Looks once whether the program has ended; past its limit it is ended.
    pub fn poll(&mut self) -> Result<Option<Finished>, Failure> {
        let ended = self.child.try_wait()?;
        let took = self.started.elapsed();
        let (success, note) = match ended {
            Some(status) => (status.success(), String::new()),
            None if took > self.limit => {
                kill_group(&mut self.child)?;
                let seconds = self.limit.as_secs();
                (false, format!("\nended after its limit of {seconds} s\n"))
            }
            None => return Ok(None),
        };
        let bytes = fs::read(&self.log)?;
        Ok(Some(Finished {
            success,
            output: String::from_utf8_lossy(&bytes).into_owned() + &note,
        }))
    }

    /// Waits for the end.
    pub fn wait(mut self) -> Result<Finished, Failure> {
        loop {
            if let Some(finished) = self.poll()? {
                return Ok(finished);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // Nothing to be done if this fails: the process is going away as well.
            let _ = kill_group(&mut self.child);
        }
    }
}

fn kill_group(child: &mut Child) -> Result<(), Failure> {
    // std can only signal the child itself; the group has its number with a minus.
    Command::new("kill")
        .args(["-KILL", "--", &format!("-{}", child.id())])
        .stderr(Stdio::null())
        .status()?;
    child.wait()?;
    Ok(())
}

/// Runs `command` to its end.
pub fn run(name: &str, command: &mut Command, limit: Duration) -> Result<Finished, Failure> {
    start(name, command, limit)?.wait()
}

/// Runs `command` and fails with all it printed if it fails.
pub fn check(name: &str, command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let finished = run(name, command, limit)?;
    if finished.success {
        Ok(())
    } else {
        Err(format!("{name} failed:\n{}", finished.output).into())
    }
}

/// `cargo` as it called us, in the repository's root.
pub fn cargo(arguments: &[&str]) -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(program);
    command.args(arguments).current_dir(root());
    command
}

/// Whether a program of this name is found.
pub fn found(program: &str) -> bool {
    Command::new("sh")
        .args(["-c", &format!("command -v {program}")])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success())
}
