//! One run of the command, for one task.
//!
//! The command leads a process group of its own: a Ctrl-C meant for the worker does not reach it,
//! and ending it ends what it started. Four threads serve a run, each blocked in one system call;
//! what they notice arrives as [`Event`]s in one channel, which the slot waits on between heartbeats.

use std::ffi::OsString;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::outcome::{OUTPUT_BYTES_MAX, Remains, STDERR_BYTES_KEPT};
use super::tail::Tail;

/// How long what the command left running may go on writing after it. Enough for a `tee` to flush.
const OUTPUT_GRACE: Duration = Duration::from_secs(2);
/// stdout and stderr.
const OUTPUTS: u8 = 2;

/// How to run the command.
#[derive(Clone, Debug)]
pub(super) struct Recipe {
    /// The file to run.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// The time between SIGTERM and SIGKILL.
    pub kill_after: Duration,
}

/// Something a slot must know while its command runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// The command itself has ended. It is a zombie until it is reaped, so its id is still its own.
    Exited,
    /// One of its outputs has ended.
    OutputEnded,
    /// The worker was told twice to stop.
    Abort,
}

/// A command at work.
pub(super) struct Running {
    child: Child,
    group: Pid,
    kill_after: Duration,
    events: Receiver<Event>,
    stdout: Arc<Mutex<Captured>>,
    stderr: Arc<Mutex<Tail>>,
    exited: bool,
    outputs_ended: u8,
}

/// The beginning of what was printed, and how much that was.
#[derive(Debug, Default)]
struct Captured {
    bytes: Vec<u8>,
    total: u64,
}

impl Captured {
    fn push(&mut self, more: &[u8]) {
        // The rest is read all the same: a command that blocks on a full pipe never ends.
        let room = OUTPUT_BYTES_MAX + 1 - self.bytes.len();
        self.bytes.extend_from_slice(&more[..more.len().min(room)]);
        self.total += more.len() as u64;
    }
}

impl Recipe {
    /// Starts the command with `input` on stdin. `channel` carries its events; others may send
    /// [`Event::Abort`] there.
    pub(super) fn start(
        &self,
        input: String,
        variables: &[(&str, &str)],
        channel: (Sender<Event>, Receiver<Event>),
    ) -> io::Result<Running> {
        let (sender, events) = channel;
        let mut child = Command::new(&self.program)
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
            events,
            stdout: Arc::default(),
            stderr: Arc::new(Mutex::new(Tail::new(STDERR_BYTES_KEPT))),
            exited: false,
            outputs_ended: 0,
        };
        let started = running.serve(input, (stdin, stdout, stderr), &sender);
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
    fn serve(&self, input: String, pipes: Pipes, sender: &Sender<Event>) -> io::Result<()> {
        let (mut stdin, stdout, stderr) = pipes;
        // A command need not read its input: a pipe that broke is no failure.
        spawn("stdin", move || drop(stdin.write_all(input.as_bytes())))?;

        let (captured, ended) = (Arc::clone(&self.stdout), sender.clone());
        spawn("stdout", move || {
            drain(stdout, |bytes| lock(&captured).push(bytes));
            let _ = ended.send(Event::OutputEnded);
        })?;

        let (tail, ended) = (Arc::clone(&self.stderr), sender.clone());
        spawn("stderr", move || {
            drain(stderr, |bytes| {
                let _ = io::stderr().write_all(bytes);
                lock(&tail).push(bytes);
            });
            let _ = ended.send(Event::OutputEnded);
        })?;

        let (group, ended) = (self.group, sender.clone());
        spawn("wait", move || {
            // Not reaped here: as long as the zombie is there, nobody else gets its id, and a signal
            // that the slot sends to the group can hit nobody else.
            let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
            while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(group), options) {}
            let _ = ended.send(Event::Exited);
        })
    }

    /// The next event, or `None` at `deadline`.
    pub(super) fn next(&mut self, deadline: Option<Instant>) -> Option<Event> {
        let event = match deadline {
            None => self.events.recv().ok(),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(Instant::now());
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
    pub(super) fn end(mut self) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + self.kill_after;
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
    pub(super) fn remains(mut self) -> io::Result<Remains> {
        assert!(
            self.exited,
            "a command is asked for its remains when it has exited"
        );
        let deadline = Instant::now() + OUTPUT_GRACE;
        while self.outputs_ended < OUTPUTS && self.next(Some(deadline)).is_some() {}
        // What is left of the group may hold the outputs open for ever.
        self.signal(Signal::KILL);
        let deadline = Instant::now() + OUTPUT_GRACE;
        while self.outputs_ended < OUTPUTS && self.next(Some(deadline)).is_some() {}
        let status = self.child.wait()?;
        // A process that left the group may still hold them; what was printed by now counts.
        let stdout = std::mem::take(&mut *lock(&self.stdout));
        let stderr = std::mem::replace(&mut *lock(&self.stderr), Tail::new(0));
        Ok(Remains {
            status,
            stdout: stdout.bytes,
            stdout_bytes: stdout.total,
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
pub(super) fn channel() -> (Sender<Event>, Receiver<Event>) {
    mpsc::channel()
}
