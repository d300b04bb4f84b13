//! The longest that a start has to wait for its commit, while the server does all it can and old
//! executions are taken away.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use serde_json::json;

use super::figures::{Figures, Times};
use super::service::Service;
use super::{Scale, Subject};
use crate::Failure;

/// Connections that start executions.
const STARTERS: usize = 32;

/// Starts executions that end at once, as fast as they are acknowledged.
pub fn longest(subject: &Subject, scale: &Scale, figures: &mut Figures) -> Result<(), Failure> {
    let server = subject.start_with(&["--retention".to_owned(), "30s".to_owned()])?;
    let definition = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let mut service = Service::connect(server.address())?;
    let machine = service.defined("stall", &definition, "STANDARD")?;
    let (ends, all) = (AtomicBool::new(false), Mutex::new(Times::default()));
    thread::scope(|scope| -> Result<(), Failure> {
        let starters: Vec<_> = (0..STARTERS)
            .map(|_| {
                scope.spawn(|| -> Result<(), String> {
                    let service = Service::connect(server.address());
                    let mut service = service.map_err(|e| e.to_string())?;
                    let mut times = Times::default();
                    while !ends.load(Ordering::Relaxed) {
                        let began = Instant::now();
                        service
                            .start(&machine, &json!({"order": 1}))
                            .map_err(|e| e.to_string())?;
                        times.add(began.elapsed());
                    }
                    all.lock().expect("no holder panics").append(times);
                    Ok(())
                })
            })
            .collect();
        thread::sleep(scale.stall_time);
        ends.store(true, Ordering::Relaxed);
        for starter in starters {
            starter.join().expect("a starter does not panic")?;
        }
        Ok(())
    })?;
    let mut all = all.into_inner().expect("no holder panics");
    let name = |what: &str| format!("start at full rate with retention, {what}");
    let rate = all.len() as f64 / scale.stall_time.as_secs_f64();
    figures.note(name("rate"), rate, "/s");
    let p50 = all.percentile_ms(0.5);
    figures.note(name("p50"), p50, "ms");
    figures
        .note_beside(name("p99"), all.percentile_ms(0.99), "ms", p50)
        .at_most_times(10.0);
    figures
        .note(name("longest"), all.percentile_ms(1.0), "ms")
        .at_most(1000.0);
    Ok(())
}
