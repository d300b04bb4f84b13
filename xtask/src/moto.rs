//! AWS's other services, played by moto: for cases and tests whose tasks call them.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::Failure;
use crate::process::scratch;
use crate::setup;

/// Longest time until it listens. Python reads all of it first.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// The account that our server has unless told otherwise: ARNs of queues and topics must be of the same.
const ACCOUNT: &str = "000000000000";

/// A running moto. It is killed when this value goes.
pub struct Moto {
    address: SocketAddr,
    child: Child,
}

impl Moto {
    /// Starts one that knows nothing yet. `name` names its log.
    pub fn start(name: &str, address: SocketAddr) -> Result<Moto, Failure> {
        let path = scratch()?.join(format!("{name}-moto.log"));
        let log = File::create(&path)?;
        let child = Command::new(setup::python().with_file_name("moto_server"))
            .args(["--host", "127.0.0.1", "--port", &address.port().to_string()])
            .env("MOTO_ACCOUNT_ID", ACCOUNT)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let moto = Moto { address, child };
        let started = Instant::now();
        while started.elapsed() < START_TIMEOUT {
            if TcpStream::connect_timeout(&address, Duration::from_secs(1)).is_ok() {
                return Ok(moto);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        let log = fs::read_to_string(&path).unwrap_or_default();
        Err(format!("moto does not listen at {address}:\n{log}").into())
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // Nothing to be done if these fail.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
