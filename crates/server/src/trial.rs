//! `TestState`: a state that is tried gets its time and its calls from here, and nobody keeps it.
//!
//! Evaluating it has threads of its own, a few: a state that computes for long delays other trials, but
//! no execution and no reader. When the client
//! hangs up, the future is dropped, and what waits with it.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use engine::operations::test_state::{
    DURATION_MS_MAX, HttpExchange, HttpResponse, Request, Response,
};
use engine::{ErrorName, Rejection};
use integrations::{Exchange, IdempotencyKey};
use interpreter::test_state::{Call, Progress, TestState, Waiting};
use interpreter::{Due, EventId, Input, Moment, TimerId, World};
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;

use crate::calls;
use crate::request_id;
use crate::service::Service;

/// Most trials that are evaluated at a time; those that wait are not counted.
pub const TRIALS_AT_A_TIME: usize = 2;

/// All trials of a server.
pub struct Trials {
    threads: Arc<Semaphore>,
    stopping: watch::Sender<bool>,
}

impl Default for Trials {
    fn default() -> Trials {
        Trials {
            threads: Arc::new(Semaphore::new(TRIALS_AT_A_TIME)),
            stopping: watch::Sender::new(false),
        }
    }
}

impl Trials {
    /// Ends those that wait: there is nothing to come back to.
    pub fn stop(&self) {
        self.threads.close();
        self.stopping.send_replace(true);
    }

    async fn stopped(&self) {
        // The sender is here, so it is not gone.
        let _ = self.stopping.subscribe().wait_for(|it| *it).await;
    }
}

/// What a state on trial sees of the world.
struct TrialWorld {
    region: String,
}

impl World for TrialWorld {
    // An activity is tried with a mock only, and then nobody looks for it.
    fn activity_exists(&self, _arn: &str) -> bool {
        true
    }

    fn region(&self) -> &str {
        &self.region
    }

    // No execution waits for it: whoever sends it back is told that the task is gone.
    fn task_token(&self, _execution_arn: &str, _task: EventId) -> Option<String> {
        Some(request_id::next())
    }
}

/// A call on its way, and what came of it.
type Calling = Pin<Box<dyn Future<Output = Answered> + Send>>;

/// What it comes to, and what went over the wire.
type Answered = (Input, Option<HttpExchange>);

/// Tries the state to its end, for five minutes at most.
pub async fn run(service: &Arc<Service>, request: Request) -> Result<Response, Rejection> {
    let (inspected, traced) = (request.inspected, request.traced);
    let reveals_secrets = traced.then_some(request.reveals_secrets);
    let mut http = None;
    let deadline = Instant::now() + Duration::from_millis(DURATION_MS_MAX.unsigned_abs());
    let no_chance = |_| unavailable("The system gives no random bytes.");
    let seed = getrandom::u64().map_err(no_chance)?;
    // Two trials of one state are two calls to whoever is called.
    let mut trial = [0; 16];
    getrandom::fill(&mut trial).map_err(no_chance)?;
    let trying = request.trying(&service.owner, seed);
    let (mut test, mut progress) = compute(service, move |at| TestState::begin(trying, at)).await?;
    let mut alarms = Alarms::default();
    let mut calling: Option<Calling> = None;
    loop {
        let waiting = match progress {
            Progress::Done(outcome) => {
                return Ok(Response {
                    outcome: *outcome,
                    inspected,
                    http,
                });
            }
            Progress::Waiting(waiting) => waiting,
        };
        alarms.set(&waiting, service.clock.wall_ms());
        if let Some(call) = waiting.call {
            calling = Some(make(Arc::clone(service), trial, reveals_secrets, call));
        }
        let next = alarms.next();
        let input = tokio::select! {
            (input, exchange) = answer(&mut calling) => {
                http = exchange;
                input
            }
            timer = ring(next) => Input::TimerFired(timer),
            () = tokio::time::sleep_until(deadline) => {
                let outcome = test.time_out();
                return Ok(Response { outcome, inspected, http });
            }
            () = service.trials.stopped() => return Err(stopping()),
        };
        (test, progress) = compute(service, move |at| {
            let progress = test.go_on(input, at);
            (test, progress)
        })
        .await?;
    }
}

/// When timers are due.
#[derive(Default)]
struct Alarms(BTreeMap<TimerId, Instant>);

impl Alarms {
    /// Those that were not there start now; those that are not there any more end.
    fn set(&mut self, waiting: &Waiting, wall_ms: i64) {
        let now = Instant::now();
        let before = std::mem::take(&mut self.0);
        for (timer, due) in &waiting.timers {
            let after_ms = match due {
                Due::After(ms) => *ms,
                Due::At(ms) => ms.saturating_sub(wall_ms),
            };
            // Longer than any trial lasts is as good as never.
            let after_ms = after_ms.clamp(0, DURATION_MS_MAX + 1_000).unsigned_abs();
            let at = before.get(timer).copied();
            let at = at.unwrap_or_else(|| now + Duration::from_millis(after_ms));
            self.0.insert(*timer, at);
        }
    }

    fn next(&self) -> Option<(TimerId, Instant)> {
        let first = self.0.iter().min_by_key(|(_, at)| **at);
        first.map(|(timer, at)| (*timer, *at))
    }
}

/// The next timer, when it is due; without one, never.
async fn ring(next: Option<(TimerId, Instant)>) -> TimerId {
    match next {
        Some((timer, at)) => {
            tokio::time::sleep_until(at).await;
            timer
        }
        None => std::future::pending().await,
    }
}

/// What the call comes to; without one, never.
async fn answer(calling: &mut Option<Calling>) -> Answered {
    let answered = match calling {
        Some(call) => call.await,
        None => return std::future::pending().await,
    };
    *calling = None;
    answered
}

/// Makes a call as executions make theirs.
/// With `reveals_secrets`, what an HTTP task sends and gets is told as well.
fn make(
    service: Arc<Service>,
    trial: [u8; 16],
    reveals_secrets: Option<bool>,
    call: Call,
) -> Calling {
    Box::pin(async move {
        let Call {
            task,
            resource,
            parameters,
        } = call;
        let call = integrations::Call {
            resource: &resource,
            parameters: &parameters,
            key: IdempotencyKey::of(trial, task),
        };
        let traced = reveals_secrets.filter(|_| integrations::is_http_task(&resource));
        let (result, exchange) = match traced {
            Some(reveals) => integrations::call_traced(&service.outbound, call, reveals).await,
            None => {
                let (result, delivery) = calls::outcome(&service, call, false).await;
                if let Some(delivery) = delivery {
                    delivery.left();
                }
                (result, None)
            }
        };
        let input = match result {
            Ok(output) => Input::TaskSucceeded {
                task,
                hand_out: 0,
                output,
            },
            Err((error, cause)) => Input::TaskFailed {
                task,
                hand_out: 0,
                error: Some(error.into()),
                cause: Some(cause.into()),
            },
        };
        (input, exchange.map(told))
    })
}

/// As the API tells it.
fn told(exchange: Exchange) -> HttpExchange {
    HttpExchange {
        protocol: exchange.protocol,
        method: exchange.method,
        url: exchange.url,
        headers: exchange.headers,
        body: exchange.body,
        response: exchange.response.map(|response| HttpResponse {
            status_code: response.status_code,
            status_message: response.status_message,
            headers: response.headers,
            body: response.body,
        }),
    }
}

/// Evaluates something where it may take its time.
async fn compute<T: Send + 'static>(
    service: &Arc<Service>,
    compute: impl FnOnce(&Moment<'_>) -> T + Send + 'static,
) -> Result<T, Rejection> {
    let permit = Arc::clone(&service.trials.threads).acquire_owned().await;
    let permit = permit.map_err(|_| stopping())?;
    let now_ms = service.clock.wall_ms();
    let world = TrialWorld {
        region: service.owner.region.clone(),
    };
    // The others are about executions that go on.
    let limits = interpreter::Limits {
        payload_bytes_max: service.door.limits().payload_bytes_max,
        ..interpreter::Limits::default()
    };
    let computed = service.runtime.spawn_blocking(move || {
        let _permit = permit;
        compute(&Moment {
            now_ms,
            world: &world,
            steps_max: 1,
            limits,
        })
    });
    match computed.await {
        Ok(computed) => Ok(computed),
        Err(failed) if failed.is_panic() => Err(unavailable("The state could not be tried.")),
        Err(_stopping) => Err(stopping()),
    }
}

fn stopping() -> Rejection {
    unavailable("The server is stopping.")
}

fn unavailable(message: &str) -> Rejection {
    Rejection::new(ErrorName::ServiceUnavailable, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(timers: &[(u32, i64)]) -> Waiting {
        let timers = timers.iter();
        Waiting {
            call: None,
            timers: timers
                .map(|(timer, ms)| (TimerId(*timer), Due::After(*ms)))
                .collect(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn alarms_keep_the_moment_they_were_set_for() {
        let mut alarms = Alarms::default();
        let start = Instant::now();
        alarms.set(&waiting(&[(1, 9_000), (2, 5_000)]), 0);
        assert_eq!(
            alarms.next(),
            Some((TimerId(2), start + Duration::from_secs(5)))
        );
        tokio::time::advance(Duration::from_secs(3)).await;
        // The second has been disarmed; the first goes on as it was.
        alarms.set(&waiting(&[(1, 9_000)]), 3_000);
        assert_eq!(
            alarms.next(),
            Some((TimerId(1), start + Duration::from_secs(9)))
        );
        assert_eq!(ring(alarms.next()).await, TimerId(1));
        assert_eq!(Instant::now(), start + Duration::from_secs(9));
        alarms.set(&waiting(&[]), 9_000);
        assert_eq!(alarms.next(), None);
    }
}
