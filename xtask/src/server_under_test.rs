//! A server of this work tree on a free port, with an empty folder of its own.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::process::{cargo, check, root, scratch};

/// Longest time from start to the first answer. A cold, busy machine needs a second.
const START_TIMEOUT: Duration = Duration::from_secs(20);

/// Builds the release binary and says where it lies. `TOWPATH_BINARY` names another one
/// instead, to compare two builds.
pub fn build_release() -> Result<PathBuf, Failure> {
    if let Some(binary) = std::env::var_os("TOWPATH_BINARY") {
        return Ok(binary.into());
    }
    let mut build = cargo(&["build", "--quiet", "--release", "--package", "towpath"]);
    check("build-release", &mut build, Duration::from_secs(1200))?;
    Ok(root().join("target/release/towpath"))
}

/// What is started.
#[derive(Clone)]
pub enum Program {
    /// `towpath serve` of this binary.
    Towpath(PathBuf),
    /// A command of another server; `{address}`, `{port}` and `{data}` in it are filled in.
    Peer(Vec<String>),
}

/// A running server. It is killed, and its folder removed, when this value goes.
pub struct ServerUnderTest {
    program: Program,
    flags: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    address: SocketAddr,
    child: Child,
}

impl ServerUnderTest {
    /// Starts `binary` on an empty folder, with further `flags`; `name` names folder and log.
    pub fn start(binary: &Path, name: &str, flags: &[String]) -> Result<Self, Failure> {
        Self::start_program(Program::Towpath(binary.to_owned()), name, flags)
    }

    /// Starts `program` on an empty folder, as above; a peer has no flags but its own.
    pub fn start_program(program: Program, name: &str, flags: &[String]) -> Result<Self, Failure> {
        let data = scratch()?.join(format!("{name}-data"));
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        let log = scratch()?.join(format!("{name}-server.log"));
        let address = free_address(0)?;
        let child = spawn(&program, &data, &log, address, flags)?;
        let server = Self {
            program,
            flags: flags.to_vec(),
            data,
            log,
            address,
            child,
        };
        server.wait_until_it_answers()?;
        Ok(server)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it at once, as SIGKILL does, and starts it again on the same folder and port.
    /// Returns when the new process runs, whether or not it answers yet.
    pub fn kill_and_start_again(&mut self) -> Result<(), Failure> {
        self.child.kill()?;
        self.child.wait()?;
        self.child = spawn(
            &self.program,
            &self.data,
            &self.log,
            self.address,
            &self.flags,
        )?;
        Ok(())
    }

    /// The same with other flags; returns when it answers.
    pub fn start_again_with(&mut self, flags: &[String]) -> Result<(), Failure> {
        self.flags = flags.to_vec();
        self.kill_and_start_again()?;
        self.wait_until_it_answers()
    }

    /// What its folder takes on the disk, in bytes.
    pub fn folder_bytes(&self) -> u64 {
        bytes_in(&self.data)
    }

    fn wait_until_it_answers(&self) -> Result<(), Failure> {
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            if answers(self.address) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        Err(format!("the server does not answer at {}:\n{log}", self.address).into())
    }
}

/// The files of a folder and of those in it. One that goes while others are counted takes nothing.
fn bytes_in(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(metadata) if metadata.is_dir() => bytes_in(&entry.path()),
        Ok(metadata) => metadata.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

impl Drop for ServerUnderTest {
    fn drop(&mut self) {
        // Nothing to be done if these fail: the next start empties the folder.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

fn spawn(
    program: &Program,
    data: &Path,
    log: &Path,
    address: SocketAddr,
    flags: &[String],
) -> Result<Child, Failure> {
    let log = File::options().create(true).append(true).open(log)?;
    // The soft limit of open files is raised to the hard one; std cannot do that.
    let mut command = Command::new("sh");
    command.args(["-c", "ulimit -n $(ulimit -Hn); exec \"$0\" \"$@\""]);
    match program {
        Program::Towpath(binary) => {
            command.arg(binary).arg("serve");
            command.args(["--listen", &address.to_string()]);
            command.arg("--data").arg(data).args(flags);
        }
        Program::Peer(words) => {
            fs::create_dir_all(data)?;
            command.args(words.iter().map(|word| {
                word.replace("{address}", &address.to_string())
                    .replace("{port}", &address.port().to_string())
                    .replace("{data}", &data.to_string_lossy())
            }));
        }
    }
    Ok(command
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()?)
}

/// A port that was free a moment ago. The same one is used again after a restart, so it is
/// chosen here and not by the server; and below the range from which the system takes the
/// ports of clients, so that none of them gets it while the server is away.
///
/// A server takes the first; `nth` leaves that many out.
pub fn free_address(nth: usize) -> Result<SocketAddr, Failure> {
    let first = 20_000 + (std::process::id() % 10_000) as u16;
    (first..32_000)
        .map(|port| SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .filter(|address| TcpListener::bind(address).is_ok())
        .nth(nth)
        .ok_or_else(|| "no free port below 32000".into())
}

/// Whether one call of the API gets any answer.
fn answers(address: SocketAddr) -> bool {
    let call = || -> std::io::Result<bool> {
        let timeout = Duration::from_secs(1);
        let mut stream = TcpStream::connect_timeout(&address, timeout)?;
        stream.set_read_timeout(Some(timeout))?;
        write!(
            stream,
            "POST / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
             content-type: application/x-amz-json-1.0\r\n\
             x-amz-target: AWSStepFunctions.ListActivities\r\ncontent-length: 2\r\n\r\n{{}}"
        )?;
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        Ok(&head == b"HTTP/1.1 200")
    };
    call().unwrap_or(false)
}
