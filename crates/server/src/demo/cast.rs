//! The processes of the demo and its temporary folder: what must be gone at the end, however it ends.

use std::fs::File;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use super::{DemoArgs, DemoError, file_task};

/// How long workers may take to drain before they are killed.
const DRAIN_PATIENCE: Duration = Duration::from_secs(2);
/// Between two looks at a process that shall end.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);
/// Most bytes of a log that are shown when something went wrong.
const LOG_BYTES_SHOWN: usize = 2000;

/// See the module.
pub(super) struct Cast {
    binary: PathBuf,
    folder: TempDir,
    address: SocketAddr,
    server: Option<Child>,
    workers: Vec<Child>,
}

impl Drop for Cast {
    // Workers first: those that finish can still report. The folder goes with its own drop.
    fn drop(&mut self) {
        for worker in &self.workers {
            let _ = kill_process(Pid::from_child(worker), Signal::TERM);
        }
        let deadline = Instant::now() + DRAIN_PATIENCE;
        for worker in &mut self.workers {
            while matches!(worker.try_wait(), Ok(None)) && Instant::now() < deadline {
                thread::sleep(LOOK_INTERVAL);
            }
            end(worker);
        }
        if let Some(server) = &mut self.server {
            end(server);
        }
    }
}

fn end(process: &mut Child) {
    // Fails for one that has ended, which is what is wanted.
    let _ = process.kill();
    let _ = process.wait();
}

impl Cast {
    /// A folder and a free port; no process yet.
    pub(super) fn new() -> Result<Cast, DemoError> {
        let io = |what| move |source| DemoError::Io { what, source };
        let binary = std::env::current_exe().map_err(io("cannot find this program's own file"))?;
        let folder = tempfile::Builder::new().prefix("towpath-demo-").tempdir();
        let folder = folder.map_err(io("cannot make a temporary folder"))?;
        // The port is free until the server takes it; the same one is needed twice, so 0 will not do.
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let address = address.map_err(io("cannot find a free port"))?;
        Ok(Cast {
            binary,
            folder,
            address,
            server: None,
            workers: Vec::new(),
        })
    }

    /// Where the server listens.
    pub(super) fn endpoint_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Starts the server on its folder and its port; a second time, it finds what it left.
    pub(super) fn start_server(&mut self) -> Result<(), DemoError> {
        let mut command = self.command("server.log").map_err(|source| DemoError::Io {
            what: "cannot start the server",
            source,
        })?;
        command.args(["serve", "--listen", &self.address.to_string(), "--data"]);
        command.arg(self.folder.path().join("data"));
        let server = command.spawn().map_err(|source| DemoError::Io {
            what: "cannot start the server",
            source,
        })?;
        self.server = Some(server);
        Ok(())
    }

    /// Kills the server with SIGKILL: it gets to do nothing more.
    pub(super) fn kill_server(&mut self) {
        if let Some(mut server) = self.server.take() {
            end(&mut server);
        }
    }

    /// An error if the server has ended by itself.
    pub(super) fn check_server(&mut self) -> Result<(), DemoError> {
        match self.server.as_mut().map(Child::try_wait) {
            Some(Ok(Some(status))) => {
                Err(self.server_error(&format!("the server ended: {status}")))
            }
            _ => Ok(()),
        }
    }

    /// An error that shows what the server said last.
    pub(super) fn server_error(&self, what: &str) -> DemoError {
        let log = std::fs::read(self.folder.path().join("server.log")).unwrap_or_default();
        let shown = &log[log.len().saturating_sub(LOG_BYTES_SHOWN)..];
        let log = String::from_utf8_lossy(shown).into_owned();
        DemoError::Server {
            what: what.to_owned(),
            log,
        }
    }

    /// Starts the workers of an activity.
    pub(super) fn start_workers(
        &mut self,
        args: &DemoArgs,
        activity_arn: &str,
    ) -> Result<(), DemoError> {
        for number in 1..=args.workers.get() {
            let worker = self.start_worker(number, args, activity_arn);
            let worker = worker.map_err(|source| DemoError::Io {
                what: "cannot start a worker",
                source,
            })?;
            self.workers.push(worker);
        }
        Ok(())
    }

    fn start_worker(&self, number: u16, args: &DemoArgs, activity_arn: &str) -> io::Result<Child> {
        let mut command = self.command(&format!("worker-{number}.log"))?;
        command
            .args([
                "worker",
                "--activity",
                activity_arn,
                "--endpoint-url",
                &self.endpoint_url(),
            ])
            .args([
                "--name",
                &format!("demo-worker-{number}"),
                "--heartbeat",
                "1",
            ])
            .args(["--concurrency", &args.concurrency.to_string(), "--"])
            .arg(&self.binary)
            .arg("demo-file")
            .env(
                file_task::ATTEMPTS_VARIABLE,
                self.folder.path().join("attempts"),
            );
        command.spawn()
    }

    /// This program, away from the terminal and from what the caller's shell and folder set for it.
    fn command(&self, log: &str) -> io::Result<Command> {
        let log = File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(log))?;
        let mut command = Command::new(&self.binary);
        let foreign = |name: &str| name.starts_with("AWS_") || name.starts_with("TOWPATH_");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(foreign) {
                command.env_remove(name);
            }
        }
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::from(log.try_clone()?))
            .stderr(Stdio::from(log))
            // A Ctrl-C is for the demo, which then ends its processes in order.
            .process_group(0);
        Ok(command)
    }
}
