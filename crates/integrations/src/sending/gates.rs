//! How many calls of one endpoint are under way, so that a slow one holds up nobody but itself.
//!
//! Each endpoint has places, and a queue for them. Time is an argument.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::breaker::{Admitted, Breaker, Paused};

/// Most endpoints of which something is remembered. A definition may name any number of hosts.
const ENDPOINTS_MAX: usize = 10_000;

/// How many calls of one endpoint there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Under way.
    pub(crate) concurrency_max: usize,
    /// Waiting for a place.
    pub(crate) queue_max: usize,
}

/// All endpoints, by name.
#[derive(Debug)]
pub(crate) struct Gates {
    places: Places,
    all: Mutex<BTreeMap<String, Gate>>,
}

#[derive(Debug)]
struct Gate {
    places: Arc<Semaphore>,
    /// Calls that wait or are under way.
    present: usize,
    breaker: Breaker,
}

/// Why a call was not begun.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// As many wait as may.
    #[error(
        "{concurrency_max} calls of {endpoint} are under way and {queue_max} wait, which is as many \
         as may (concurrency and queue in [http])"
    )]
    Full {
        endpoint: String,
        concurrency_max: usize,
        queue_max: usize,
    },
    /// It did not answer others.
    #[error("calls of {endpoint} are paused, since it could not be reached: {last}")]
    Paused { endpoint: String, last: String },
}

/// A place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    present: Present<'a>,
    admitted: Admitted,
    _place: OwnedSemaphorePermit,
    is_told: bool,
}

/// Counts as one that waits or is under way.
#[derive(Debug)]
struct Present<'a> {
    gates: &'a Gates,
    endpoint: String,
}

impl Gates {
    pub(crate) fn new(places: Places) -> Gates {
        Gates {
            places,
            all: Mutex::default(),
        }
    }

    /// Waits for a place. `now_ms` is asked for the time before and after.
    pub(crate) async fn enter(
        &self,
        endpoint: &str,
        now_ms: impl Fn() -> u64,
    ) -> Result<Pass<'_>, Refused> {
        let paused = |paused: Paused| Refused::Paused {
            endpoint: endpoint.to_owned(),
            last: paused.last,
        };
        let (places, present) = {
            let mut all = self.lock();
            make_room(&mut all, now_ms());
            let gate = all.entry(endpoint.to_owned()).or_insert_with(|| Gate {
                places: Arc::new(Semaphore::new(self.places.concurrency_max)),
                present: 0,
                breaker: Breaker::default(),
            });
            gate.breaker.look(now_ms()).map_err(paused)?;
            let Places {
                concurrency_max,
                queue_max,
            } = self.places;
            if gate.present >= concurrency_max.saturating_add(queue_max) {
                return Err(Refused::Full {
                    endpoint: endpoint.to_owned(),
                    concurrency_max,
                    queue_max,
                });
            }
            gate.present += 1;
            let present = Present {
                gates: self,
                endpoint: endpoint.to_owned(),
            };
            (Arc::clone(&gate.places), present)
        };
        let place = places.acquire_owned().await;
        let place = place.expect("places are never closed");
        // Those before it in the queue may have found that nobody answers.
        let admitted = self.with(endpoint, |gate| gate.breaker.admit(now_ms()));
        Ok(Pass {
            present,
            admitted: admitted.map_err(paused)?,
            _place: place,
            is_told: false,
        })
    }

    /// For the gate of an endpoint at which somebody is present.
    fn with<T>(&self, endpoint: &str, change: impl FnOnce(&mut Gate) -> T) -> T {
        let mut all = self.lock();
        let gate = all.get_mut(endpoint);
        change(gate.expect("a gate stays while somebody is present"))
    }

    /// What stands behind the lock is whole between any two changes.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Gate>> {
        self.all
            .lock()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }
}

/// Forgets endpoints that nobody calls when there are very many: first those that may be called again.
fn make_room(all: &mut BTreeMap<String, Gate>, now_ms: u64) {
    if all.len() < ENDPOINTS_MAX {
        return;
    }
    all.retain(|_, gate| gate.present > 0 || gate.breaker.look(now_ms).is_err());
    if all.len() >= ENDPOINTS_MAX {
        all.retain(|_, gate| gate.present > 0);
    }
}

impl Pass<'_> {
    /// The endpoint answered, whatever it said.
    pub(crate) fn answered(mut self) {
        self.is_told = true;
        let endpoint = &self.present.endpoint;
        self.present
            .gates
            .with(endpoint, |gate| gate.breaker.answered());
    }

    /// The endpoint could not be reached, or did not answer in time.
    pub(crate) fn failed(mut self, now_ms: u64, why: &str) {
        self.is_told = true;
        let (endpoint, admitted) = (&self.present.endpoint, self.admitted);
        let failed = |gate: &mut Gate| gate.breaker.failed(admitted, now_ms, why);
        self.present.gates.with(endpoint, failed);
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if !self.is_told {
            let admitted = self.admitted;
            let endpoint = &self.present.endpoint;
            let gates = self.present.gates;
            gates.with(endpoint, |gate| gate.breaker.given_up(admitted));
        }
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        let mut all = self.gates.lock();
        if let Some(gate) = all.get_mut(&self.endpoint) {
            gate.present -= 1;
            if gate.present == 0 && gate.breaker.is_blank() {
                all.remove(&self.endpoint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Places = Places {
        concurrency_max: 2,
        queue_max: 1,
    };

    fn at(ms: u64) -> impl Fn() -> u64 {
        move || ms
    }

    #[tokio::test]
    async fn a_full_endpoint_makes_others_wait_then_refuses_and_holds_up_nobody_else() {
        let gates = Gates::new(SMALL);
        let first = gates.enter("slow:80", at(0)).await.unwrap();
        let _second = gates.enter("slow:80", at(0)).await.unwrap();
        let mut third = Box::pin(gates.enter("slow:80", at(0)));
        let pending = std::future::poll_fn(|cx| std::task::Poll::Ready(third.as_mut().poll(cx)));
        assert!(pending.await.is_pending());
        let refused = gates.enter("slow:80", at(0)).await.unwrap_err();
        assert!(refused.to_string().contains("slow:80"), "{refused}");
        assert!(gates.enter("other:80", at(0)).await.is_ok());
        first.answered();
        assert!(third.await.is_ok());
    }

    #[tokio::test]
    async fn a_caller_that_goes_away_leaves_nothing_behind() {
        let gates = Gates::new(SMALL);
        let first = gates.enter("a:80", at(0)).await.unwrap();
        let second = gates.enter("a:80", at(0)).await.unwrap();
        let mut waiting = Box::pin(gates.enter("a:80", at(0)));
        let pending = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx)));
        assert!(pending.await.is_pending());
        drop(waiting);
        drop((first, second));
        assert!(gates.lock().is_empty());
    }

    #[tokio::test]
    async fn an_endpoint_that_does_not_answer_is_left_alone_and_tried_again_by_one() {
        let gates = Gates::new(SMALL);
        for _ in 0..10 {
            let pass = gates.enter("hole:80", at(0)).await.unwrap();
            pass.failed(0, "timed out");
        }
        let refused = gates.enter("hole:80", at(500)).await.unwrap_err();
        assert!(refused.to_string().ends_with("timed out"), "{refused}");
        assert!(gates.enter("other:80", at(500)).await.is_ok());
        let probe = gates.enter("hole:80", at(1_000)).await.unwrap();
        assert!(gates.enter("hole:80", at(1_000)).await.is_err());
        probe.answered();
        assert!(gates.enter("hole:80", at(1_000)).await.is_ok());
        assert!(gates.lock().is_empty());
    }

    #[tokio::test]
    async fn who_waited_meanwhile_is_told_at_once() {
        let gates = Gates::new(Places {
            concurrency_max: 1,
            queue_max: 100,
        });
        let mut held = Some(gates.enter("hole:80", at(0)).await.unwrap());
        for failures in 1..=10 {
            let mut next = Box::pin(gates.enter("hole:80", at(0)));
            let poll = std::future::poll_fn(|cx| std::task::Poll::Ready(next.as_mut().poll(cx)));
            assert!(poll.await.is_pending());
            held.take().unwrap().failed(0, "timed out");
            match next.await {
                Ok(pass) => held = Some(pass),
                Err(refused) => {
                    assert_eq!(failures, 10, "{refused}");
                    return;
                }
            }
        }
        panic!("never refused");
    }

    #[tokio::test]
    async fn no_number_of_hosts_fills_the_memory() {
        let gates = Gates::new(SMALL);
        for host in 0..ENDPOINTS_MAX + 10 {
            let pass = gates.enter(&format!("{host}:80"), at(0)).await.unwrap();
            pass.failed(0, "no such host");
        }
        assert!(gates.lock().len() <= ENDPOINTS_MAX);
    }
}
