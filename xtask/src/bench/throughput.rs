//! How soon a task reaches a worker, and how many executions go through in a second.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use super::Scale;
use super::figures::{Figures, Times};
use super::limits::Limits;
use super::service::{Service, cpu_time};
use crate::Failure;
use crate::server_under_test::ServerUnderTest;

/// With fewer workers each wake-up is for one execution alone.
const WORKERS_OF_TARGET: usize = 64;

/// Pause between two dispatches, so that the poll is open before the task comes. No longer than that: the
/// limits are measured without any, and a dispatch that follows a pause of 2 ms takes a third longer, on
/// cores that slept meanwhile.
pub const POLL_OPENS: Duration = Duration::from_micros(200);

/// Pause before a task that comes once in a while.
const ONCE_IN_A_WHILE: Duration = Duration::from_millis(60);

/// Tasks that come so.
const FEW: usize = 50;

/// How soon a task is dispatched, beside the least that it could take.
pub fn dispatch(
    server: &ServerUnderTest,
    count: usize,
    time: Duration,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let before = Limits::measure(time)?;
    let mut trips = dispatches(server, "dispatch", count, POLL_OPENS)?;
    let limits = before.or_better(Limits::measure(time)?);
    // The start, the schedule and the hand-out to a poll that waits share one commit.
    let least = limits.round_trip_ms + limits.append_ms;
    for (name, times, most) in [
        ("dispatch, one open poll", &mut trips.dispatched, Some(2.0)),
        (
            "start to acknowledged completion",
            &mut trips.acknowledged,
            None,
        ),
        ("start to SUCCEEDED shown", &mut trips.shown, Some(3.0)),
    ] {
        let p50 = times.percentile_ms(0.5);
        let figure = figures.note_beside(format!("{name}, p50"), p50, "ms", least);
        if let Some(most) = most {
            figure.at_most_times(most);
        }
        let p99 = times.percentile_ms(0.99);
        figures.note_beside(format!("{name}, p99"), p99, "ms", least);
    }
    let few = FEW.min(count);
    let mut trips = dispatches(server, "dispatch", few, ONCE_IN_A_WHILE)?;
    let name = "dispatch after 60 ms in which nothing happened, p50";
    figures.note(name, trips.dispatched.percentile_ms(0.5), "ms");
    Ok(())
}

/// How long it took from the call of StartExecution.
#[derive(Default)]
pub struct Trips {
    /// Until the worker, whose one poll is open, has the task.
    pub dispatched: Times,
    /// Until the worker's completion is acknowledged.
    pub acknowledged: Times,
    /// Until a DescribeExecution after that has been answered with SUCCEEDED.
    pub shown: Times,
}

/// Executions one after the other. `name` names the activity; `pause` lies between one and the next.
pub fn dispatches(
    server: &ServerUnderTest,
    name: &str,
    count: usize,
    pause: Duration,
) -> Result<Trips, Failure> {
    let mut starter = Service::connect(server.address())?;
    let (activity, machine) = starter.one_activity(name)?;
    let mut worker = Service::connect(server.address())?;
    let (start, started) = mpsc::channel::<String>();
    let (sender, handed_out) = mpsc::channel();
    let worker = thread::spawn(move || -> Result<(), String> {
        for _ in 0..count {
            let task = loop {
                if let Some(task) = worker.poll(&activity).map_err(|e| e.to_string())? {
                    break task;
                }
            };
            let got = Instant::now();
            worker.succeed(&task).map_err(|e| e.to_string())?;
            let done = Instant::now();
            // The start was acknowledged when the task was handed out.
            let Ok(execution) = started.recv() else { break };
            while worker.status(&execution).map_err(|e| e.to_string())? != "SUCCEEDED" {}
            if sender.send((got, done, Instant::now())).is_err() {
                break;
            }
        }
        Ok(())
    });
    let mut trips = Trips::default();
    for number in 0..count {
        thread::sleep(pause);
        let began = Instant::now();
        let execution = starter.start(&machine, &json!(number))?;
        if start.send(execution).is_err() {
            break;
        }
        let Ok((got, done, shown)) = handed_out.recv() else {
            break;
        };
        trips.dispatched.add(got - began);
        trips.acknowledged.add(done - began);
        trips.shown.add(shown - began);
    }
    worker.join().expect("the worker does not panic")?;
    Ok(trips)
}

/// Permits for starts: so many executions may be open at once.
struct Window {
    permits: Mutex<usize>,
    freed: Condvar,
}

impl Window {
    fn take(&self, patience: Duration) -> bool {
        let permits = self.permits.lock().expect("no holder panics");
        let (mut permits, timeout) = self
            .freed
            .wait_timeout_while(permits, patience, |permits| *permits == 0)
            .expect("no holder panics");
        if timeout.timed_out() {
            return false;
        }
        *permits -= 1;
        true
    }

    fn give_back(&self) {
        *self.permits.lock().expect("no holder panics") += 1;
        self.freed.notify_one();
    }
}

/// Executions of one activity, with so many workers that poll and complete.
pub fn executions(
    server: &ServerUnderTest,
    workers: usize,
    remark: &str,
    scale: &Scale,
    figures: &mut Figures,
) -> Result<(), Failure> {
    let before = Limits::measure(scale.limit_time)?;
    let name = format!("throughput-{workers}-{}", remark.len());
    let (activity, machine) = Service::connect(server.address())?.one_activity(&name)?;
    let load = Load {
        address: server.address(),
        activity,
        machine,
        window: Window {
            permits: Mutex::new((workers * 4).max(16)),
            freed: Condvar::new(),
        },
        starting_ends: AtomicBool::new(false),
        done: AtomicU64::new(0),
    };
    let (mut rate, mut cpu_ms) = (0.0, 0.0);
    thread::scope(|scope| -> Result<(), Failure> {
        let workers: Vec<_> = (0..workers)
            .map(|_| scope.spawn(|| load.work().map_err(|e| e.to_string())))
            .collect();
        let starters: Vec<_> = (0..workers.len().clamp(2, 16))
            .map(|_| scope.spawn(|| load.start().map_err(|e| e.to_string())))
            .collect();
        // The first part warms up.
        thread::sleep(scale.throughput_time / 5);
        let (began, cpu, done) = (Instant::now(), cpu_time(server.pid())?, load.done());
        thread::sleep(scale.throughput_time);
        let took = began.elapsed();
        let count = (load.done() - done).max(1) as f64;
        let cpu = cpu_time(server.pid())?.saturating_sub(cpu);
        rate = count / took.as_secs_f64();
        cpu_ms = cpu.as_secs_f64() * 1e3 / count;
        load.starting_ends.store(true, Ordering::Relaxed);
        for starter in starters {
            starter.join().expect("a starter does not panic")?;
        }
        load.wake_idle_workers(workers.len())?;
        for worker in workers {
            worker.join().expect("a worker does not panic")?;
        }
        Ok(())
    })?;
    let limits = before.or_better(Limits::measure(scale.limit_time)?);
    // Two commits: the start with its hand-out, and the completion.
    let most = limits.transitions_per_second / 2.0;
    let name = format!("executions of one activity, {workers} workers{remark}");
    figures.note_beside(name, rate, "/s", most);
    let name = format!("server's CPU for each, {workers} workers{remark}");
    let figure = figures.note(name, cpu_ms, "ms");
    if workers == WORKERS_OF_TARGET && remark.is_empty() {
        figure.at_most(0.20);
    }
    Ok(())
}

struct Load {
    address: SocketAddr,
    activity: String,
    machine: String,
    window: Window,
    starting_ends: AtomicBool,
    done: AtomicU64,
}

impl Load {
    fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn start(&self) -> Result<(), Failure> {
        let mut service = Service::connect(self.address)?;
        while !self.starting_ends.load(Ordering::Relaxed) {
            if self.window.take(Duration::from_millis(100)) {
                service.start(&self.machine, &json!({"work": true}))?;
            }
        }
        Ok(())
    }

    fn work(&self) -> Result<(), Failure> {
        let mut service = Service::connect(self.address)?;
        loop {
            let Some(task) = service.poll(&self.activity)? else {
                continue;
            };
            service.succeed(&task)?;
            if task.input["work"] == false {
                return Ok(());
            }
            self.done.fetch_add(1, Ordering::Relaxed);
            self.window.give_back();
        }
    }

    /// Gives each worker a last task, which tells it to stop.
    fn wake_idle_workers(&self, workers: usize) -> Result<(), Failure> {
        let mut service = Service::connect(self.address)?;
        for _ in 0..workers {
            service.start(&self.machine, &json!({"work": false}))?;
        }
        Ok(())
    }
}
