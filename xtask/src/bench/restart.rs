//! How long the service is away after SIGKILL.

use std::time::{Duration, Instant};

use serde_json::json;

use super::figures::Figures;
use super::service::Service;
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// With as many executions as there may be.
const AWAY_MS_MAX: f64 = 2_000.0;

const PATIENCE: Duration = Duration::from_secs(60);

/// From the kill until a start is acknowledged again, with all that is in the folder by now.
pub fn after_a_kill(server: &mut ServerUnderTest, figures: &mut Figures) -> Result<(), Failure> {
    let mut service = Service::connect(server.address())?;
    let wait = json!({"Type": "Wait", "Seconds": 10_000_000, "End": true});
    let machine = service.state_machine("restart", &wait)?;
    let began = Instant::now();
    server.kill_and_start_again()?;
    loop {
        let started = Service::connect(server.address())
            .and_then(|mut service| service.start(&machine, &json!({})));
        match started {
            Ok(_) => break,
            Err(failure) if began.elapsed() > PATIENCE => return Err(failure),
            Err(_) => std::thread::sleep(Duration::from_millis(1)),
        }
    }
    let away = began.elapsed().as_secs_f64() * 1e3;
    figures
        .note("SIGKILL to the next acknowledged start", away, "ms")
        .at_most(AWAY_MS_MAX);
    Ok(())
}
