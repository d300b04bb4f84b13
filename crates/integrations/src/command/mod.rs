//! One run of a command, for one task.
//!
//! The command leads a process group of its own: a Ctrl-C meant for who runs it does not reach it,
//! and ending it ends what it started. Four threads serve a run, each blocked in one system call;
//! what they notice arrives as [`Event`]s in one channel, which whoever attends to the run waits on.

pub mod program;
pub mod tail;

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use tail::Tail;

/// How long what the command left running may go on writing after it. Enough for a `tee` to flush.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// stdout and stderr.
const OUTPUTS: u8 = 2;

/// How to run the command.
#[derive(Clone, Debug)]
pub struct Recipe {
    /// The file to run.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// All of its environment but what each run adds; `None` for that of this process.
    pub environment: Option<Vec<(OsString, OsString)>>,
    /// Where it runs; `None` for where this process does.
    pub folder: Option<PathBuf>,
    /// The time between SIGTERM and SIGKILL.
    pub kill_after: Duration,
    /// Bytes of stdout that are kept, and one more.
    pub stdout_bytes_max: usize,
    /// Bytes of stderr that are kept, from its end.
    pub stderr_bytes_kept: usize,
    /// Whether stderr is also passed on to that of this process.
    pub passes_stderr_on: bool,
    /// What time it is.
    pub ticks: fn() -> Instant,
}

/// What a command left behind.
#[derive(Debug)]
pub struct Remains {
    /// How it ended.
    pub status: ExitStatus,
    /// What it printed, up to one byte more than an output may have.
    pub stdout: Vec<u8>,
    /// How many bytes it printed in all.
    pub stdout_bytes: u64,
    /// The end of what it said.
    pub stderr: Tail,
}

/// Something to know while a command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The command itself has ended. It is a zombie until it is reaped, so its id is still its own.
    Exited,
    /// One of its outputs has ended.
    OutputEnded,
    /// Nobody waits for it any more.
    Abort,
}

/// A command at work.
pub struct Running {
    child: Child,
    group: Pid,
    kill_after: Duration,
    ticks: fn() -> Instant,
    events: Receiver<Event>,
    stdout: Arc<Mutex<Captured>>,
    stderr: Arc<Mutex<Tail>>,
    exited: bool,
    outputs_ended: u8,
}

/// The beginning of what was printed, and how much that was.
#[derive(Debug)]
struct Captured {
    bytes: Vec<u8>,
    bytes_max: usize,
    total: u64,
}

impl Captured {
    fn push(&mut self, more: &[u8]) {
        // The rest is read all the same: a command that blocks on a full pipe never ends.
        let room = self.bytes_max + 1 - self.bytes.len();
        self.bytes.extend_from_slice(&more[..more.len().min(room)]);
        self.total += more.len() as u64;
    }
}

impl Recipe {
    /// Starts the command with `input` on stdin. `channel` carries its events; others may send
    /// [`Event::Abort`] there.
    pub fn start(
        &self,
        input: Vec<u8>,
        variables: &[(&str, &str)],
        channel: (Sender<Event>, Receiver<Event>),
    ) -> io::Result<Running> {
        let (sender, events) = channel;
        let mut command = Command::new(&self.program);
        if let Some(environment) = &self.environment {
            let pairs = environment.iter().map(|(name, value)| (name, value));
            command.env_clear().envs(pairs);
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        let mut child = command
            .args(&self.arguments)
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()?;
        let group = Pid::from_child(&child);
        let stdin = child.stdin.take().expect("stdin is piped");
        let stdout = child.stdout.take().expect("stdout is piped");
        let stderr = child.stderr.take().expect("stderr is piped");
        let running = Running {
            child,
            group,
            kill_after: self.kill_after,
            ticks: self.ticks,
            events,
            stdout: Arc::new(Mutex::new(Captured {
                bytes: Vec::new(),
                bytes_max: self.stdout_bytes_max,
                total: 0,
            })),
            stderr: Arc::new(Mutex::new(Tail::new(self.stderr_bytes_kept))),
            exited: false,
            outputs_ended: 0,
        };
        let started = running.serve(
            input,
            (stdin, stdout, stderr),
            self.passes_stderr_on,
            &sender,
        );
        match started {
            Ok(()) => Ok(running),
            // Without its threads the run cannot be followed, so there must be none.
            Err(error) => {
                running.kill_unfollowed();
                Err(error)
            }
        }
    }
}

type Pipes = (
    std::process::ChildStdin,
    std::process::ChildStdout,
    std::process::ChildStderr,
);

impl Running {
    fn serve(
        &self,
        input: Vec<u8>,
        pipes: Pipes,
        passes_stderr_on: bool,
        sender: &Sender<Event>,
    ) -> io::Result<()> {
        let (mut stdin, stdout, stderr) = pipes;
        // A command need not read its input: a pipe that broke is no failure.
        spawn("stdin", move || drop(stdin.write_all(&input)))?;

        let (captured, ended) = (Arc::clone(&self.stdout), sender.clone());
        spawn("stdout", move || {
            drain(stdout, |bytes| lock(&captured).push(bytes));
            let _ = ended.send(Event::OutputEnded);
        })?;

        let (tail, ended) = (Arc::clone(&self.stderr), sender.clone());
        spawn("stderr", move || {
            drain(stderr, |bytes| {
                if passes_stderr_on {
                    let _ = io::stderr().write_all(bytes);
                }
                lock(&tail).push(bytes);
            });
            let _ = ended.send(Event::OutputEnded);
        })?;

        let (group, ended) = (self.group, sender.clone());
        spawn("wait", move || {
            // Not reaped here: as long as the zombie is there, nobody else gets its id, and a signal
            // that is sent to the group can hit nobody else.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(group), options) {}
            let _ = ended.send(Event::Exited);
        })
    }

    /// The next event, or `None` at `deadline`.
    pub fn next(&mut self, deadline: Option<Instant>) -> Option<Event> {
        let event = match deadline {
            None => self.events.recv().ok(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since((self.ticks)());
                match self.events.recv_timeout(left) {
                    Ok(event) => Some(event),
                    Err(RecvTimeoutError::Timeout) => return None,
                    Err(RecvTimeoutError::Disconnected) => None,
                }
            }
        };
        // Every thread says its word before it drops its end of the channel.
        let event = event.expect("the channel is open until the command has exited");
        match event {
            Event::Exited => self.exited = true,
            Event::OutputEnded => self.outputs_ended += 1,
            Event::Abort => {}
        }
        Some(event)
    }

    /// Ends the command: SIGTERM to its group, and SIGKILL if that does not do.
    pub fn end(mut self) {
        self.signal(Signal::TERM);
        let deadline = (self.ticks)() + self.kill_after;
        while !self.exited {
            if !matches!(
                self.next(Some(deadline)),
                Some(Event::Exited | Event::OutputEnded)
            ) {
                self.signal(Signal::KILL);
                while !self.exited {
                    self.next(None);
                }
            }
        }
        self.reap();
    }

    /// What the command left behind, after [`Event::Exited`].
    pub fn remains(mut self) -> io::Result<Remains> {
        assert!(
            self.exited,
            "a command is asked for its remains when it has exited"
        );
        let deadline = (self.ticks)() + OUTPUT_GRACE;
        while self.outputs_ended < OUTPUTS && self.next(Some(deadline)).is_some() {}
        // What is left of the group may hold the outputs open for ever.
        self.signal(Signal::KILL);
        let deadline = (self.ticks)() + OUTPUT_GRACE;
        while self.outputs_ended < OUTPUTS && self.next(Some(deadline)).is_some() {}
        let status = self.child.wait()?;
        // A process that left the group may still hold them; what was printed by now counts.
        let mut stdout = lock(&self.stdout);
        let (bytes, total) = (std::mem::take(&mut stdout.bytes), stdout.total);
        drop(stdout);
        let stderr = std::mem::replace(&mut *lock(&self.stderr), Tail::new(0));
        Ok(Remains {
            status,
            stdout: bytes,
            stdout_bytes: total,
            stderr,
        })
    }

    /// The one place that sends a signal: the child is not reaped yet, so the group is still its own.
    fn signal(&self, signal: Signal) {
        // The group may have ended by itself, which is what is wanted.
        let _ = kill_process_group(self.group, signal);
    }

    fn reap(mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    fn kill_unfollowed(self) {
        self.reap();
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(work)
        .map(drop)
}

fn drain(mut from: impl Read, mut sink: impl FnMut(&[u8])) {
    let mut buffer = [0; 16_384];
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return,
            Ok(count) => sink(&buffer[..count]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    }
}

/// What stands behind the lock is whole between any two pushes, so a panic elsewhere spoils nothing.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// A channel for the events of one run.
pub fn channel() -> (Sender<Event>, Receiver<Event>) {
    mpsc::channel()
}
