//! Restate, a durable engine with a protocol of its own: a durable step of it is what an activity is
//! here, with the work done where the steps are made.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::Scale;
use super::connection::Connection;
use super::figures::{Figures, Times};
use super::service::cpu_time;
use crate::Failure;
use crate::process::{root, scratch};
use crate::server_under_test::free_address;
use crate::setup::node_packages;

/// Where the service and the names of the packages are.
const PINS: &str = "xtask/peers/restate";
/// Connections that ask for steps, as many as there are workers of ours.
const CALLERS: usize = 64;
/// Longest time from start to the first answer.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// Its packages, installed.
pub struct Restate {
    packages: PathBuf,
}

/// A server and its service, with an empty folder. Both are killed when this value goes.
struct Running {
    server: Child,
    service: Child,
    data: PathBuf,
    ingress: SocketAddr,
}

impl Restate {
    /// Installs what is missing.
    pub fn installed() -> Result<Restate, Failure> {
        node_packages(PINS, "restate")?;
        let packages = root().join(".tools/restate");
        Ok(Restate { packages })
    }

    /// What corresponds to a part; nothing to most.
    pub fn measure(&self, part: &str, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
        match part {
            "dispatch" => self.latency(scale, figures),
            "throughput" => self.rate("one", "one durable step", scale, figures),
            "passes" => self.rate("five", "five durable steps", scale, figures),
            _ => Ok(()),
        }
    }

    /// One step, asked for by one caller again and again.
    fn latency(&self, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
        let running = self.start()?;
        let mut connection = Connection::open(running.ingress)?;
        let mut times = Times::default();
        for _ in 0..scale.dispatches {
            let began = Instant::now();
            ask(&mut connection, "one")?;
            times.add(began.elapsed());
        }
        figures.note("one durable step, p50", times.percentile_ms(0.5), "ms");
        figures.note("one durable step, p99", times.percentile_ms(0.99), "ms");
        Ok(())
    }

    /// So many callers at a time.
    fn rate(
        &self,
        handler: &str,
        name: &str,
        scale: &Scale,
        figures: &mut Figures,
    ) -> Result<(), Failure> {
        let running = self.start()?;
        let (ends, done) = (AtomicBool::new(false), AtomicU64::new(0));
        let call = || -> Result<(), String> {
            let mut connection = Connection::open(running.ingress).map_err(|e| e.to_string())?;
            while !ends.load(Ordering::Relaxed) {
                ask(&mut connection, handler).map_err(|e| e.to_string())?;
                done.fetch_add(1, Ordering::Relaxed);
            }
            Ok(())
        };
        let (rate, cpu_ms) = thread::scope(|scope| -> Result<(f64, f64), Failure> {
            let callers: Vec<_> = (0..CALLERS).map(|_| scope.spawn(call)).collect();
            // The first part warms up.
            thread::sleep(scale.throughput_time / 5);
            let before = (running.cpu()?, done.load(Ordering::Relaxed));
            let began = Instant::now();
            thread::sleep(scale.throughput_time);
            let took = began.elapsed();
            let count = (done.load(Ordering::Relaxed) - before.1).max(1) as f64;
            let cpu = running.cpu()?.saturating_sub(before.0);
            ends.store(true, Ordering::Relaxed);
            for caller in callers {
                caller.join().expect("a caller does not panic")?;
            }
            Ok((count / took.as_secs_f64(), cpu.as_secs_f64() * 1e3 / count))
        })?;
        figures.note(format!("{name}, {CALLERS} callers"), rate, "/s");
        figures.note(format!("server's CPU for each of {name}"), cpu_ms, "ms");
        Ok(())
    }

    fn start(&self) -> Result<Running, Failure> {
        let data = scratch()?.join("bench-restate-data");
        if data.exists() {
            fs::remove_dir_all(&data)?;
        }
        fs::create_dir_all(&data)?;
        let log = File::create(scratch()?.join("bench-restate.log"))?;
        let free = (0..4).map(free_address).collect::<Result<Vec<_>, _>>()?;
        let [ingress, admin, node, service] = free[..] else {
            unreachable!("four were asked for");
        };
        let spawn = |command: &mut Command| -> Result<Child, Failure> {
            let command = command.stdin(Stdio::null()).stdout(log.try_clone()?);
            Ok(command.stderr(log.try_clone()?).spawn()?)
        };
        let program = "node_modules/@restatedev/restate-server-linux-x64/bin/restate-server";
        let server = spawn(
            Command::new(self.packages.join(program))
                .current_dir(&data)
                .env("RESTATE_BASE_DIR", &data)
                .env("RESTATE_INGRESS__BIND_ADDRESS", ingress.to_string())
                .env("RESTATE_ADMIN__BIND_ADDRESS", admin.to_string())
                .env("RESTATE_BIND_ADDRESS", node.to_string())
                .env("RESTATE_DISABLE_TELEMETRY", "true")
                .env("RUST_LOG", "error"),
        )?;
        let steps = spawn(
            Command::new("node")
                .arg(root().join(PINS).join("service.mjs"))
                .arg(service.port().to_string())
                .current_dir(&self.packages)
                .env("RESTATE_LOGGING", "ERROR"),
        );
        let running = match steps {
            Ok(service) => Running {
                server,
                service,
                data,
                ingress,
            },
            Err(failure) => {
                let mut server = server;
                server.kill()?;
                server.wait()?;
                return Err(failure);
            }
        };
        running.register(admin, service)?;
        Ok(running)
    }
}

impl Running {
    /// Tells the server where its service is, as soon as both are there.
    fn register(&self, admin: SocketAddr, service: SocketAddr) -> Result<(), Failure> {
        let began = Instant::now();
        let body = format!("{{\"uri\":\"http://{service}\"}}");
        loop {
            let registered = Connection::open(admin).and_then(|mut connection| {
                connection
                    .post("/deployments", &body)
                    .map(|answer| answer.0)
            });
            let ready = matches!(registered, Ok(200 | 201))
                && Connection::open(self.ingress)
                    .map_err(Failure::from)
                    .and_then(|mut connection| ask(&mut connection, "one"))
                    .is_ok();
            if ready {
                return Ok(());
            }
            if began.elapsed() > START_TIMEOUT {
                return Err(format!("restate is not ready at {}", self.ingress).into());
            }
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Of the server alone: the work is its service's.
    fn cpu(&self) -> Result<Duration, Failure> {
        cpu_time(self.server.id())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Nothing to be done if these fail: the next start empties the folder.
        for child in [&mut self.server, &mut self.service] {
            let _ = child.kill();
            let _ = child.wait();
        }
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// One durable call.
fn ask(connection: &mut Connection, handler: &str) -> Result<(), Failure> {
    match connection.post(&format!("/Bench/{handler}"), "")? {
        (200, _) => Ok(()),
        (status, answer) => {
            let text = String::from_utf8_lossy(answer);
            Err(format!("restate answers {status} {text}").into())
        }
    }
}
