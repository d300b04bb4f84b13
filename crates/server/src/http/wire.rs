//! What a connection's socket and its requests know of one another.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::framing::Framing;
use super::parked::{Parked, Resumed};
use crate::driver::Delivery;

/// What a connection is doing; says which patience applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Waits for the rest of a head.
    Head,
    /// A request is being served. Its body has a patience of its own, and a poll may take a minute.
    Serving,
    /// The answer is known; not all of it has been taken by the kernel.
    Answering,
    /// Waits for the next request.
    Idle,
}

/// Shared by a socket and the requests that come over it.
pub(super) struct Wire(Mutex<State>);

struct State {
    phase: Phase,
    framing: Framing,
    /// The next byte written is the first of a hand-out.
    delivery: Option<Delivery>,
    /// The client may still be sending what nobody will read.
    unread: bool,
    /// On their way between a request and its connection.
    parked: Option<Box<Parked>>,
    resumed: Option<Box<Resumed>>,
}

impl Wire {
    pub(super) fn new() -> Wire {
        Wire(Mutex::new(State {
            phase: Phase::Head,
            framing: Framing::default(),
            delivery: None,
            unread: false,
            parked: None,
            resumed: None,
        }))
    }

    pub(super) fn phase(&self) -> Phase {
        self.state().phase
    }

    /// Bytes came.
    pub(super) fn heard(&self, bytes: &[u8]) {
        let mut state = self.state();
        state.framing.follow(bytes);
        if state.phase == Phase::Idle {
            state.phase = Phase::Head;
        }
    }

    /// A head is complete. Returns whether it can be read in one way only.
    pub(super) fn serving(&self) -> bool {
        let mut state = self.state();
        state.phase = Phase::Serving;
        state.framing.next_is_sound()
    }

    /// The answer goes out next. hyper takes up a request only when all bytes of the answer before
    /// have been written, so the next byte that is written is this answer's first.
    pub(super) fn answering(&self, delivery: Option<Delivery>, unread: bool) {
        let mut state = self.state();
        assert!(
            state.delivery.is_none(),
            "one answer at a time goes over a connection"
        );
        state.phase = Phase::Answering;
        state.delivery = delivery;
        state.unread = unread;
    }

    /// The kernel has taken everything.
    pub(super) fn flushed(&self) {
        let mut state = self.state();
        if state.phase == Phase::Answering {
            state.phase = Phase::Idle;
        }
    }

    pub(super) fn take_delivery(&self) -> Option<Delivery> {
        self.state().delivery.take()
    }

    pub(super) fn keep_delivery(&self, delivery: Delivery) {
        self.state().delivery = Some(delivery);
    }

    /// A request that waits gives itself to its connection.
    pub(super) fn park(&self, parked: Parked) {
        self.state().parked = Some(Box::new(parked));
    }

    pub(super) fn take_parked(&self) -> Option<Box<Parked>> {
        self.state().parked.take()
    }

    /// What the next request that is read is answered with.
    pub(super) fn resume(&self, resumed: Resumed) {
        self.state().resumed = Some(Box::new(resumed));
    }

    pub(super) fn take_resumed(&self) -> Option<Box<Resumed>> {
        self.state().resumed.take()
    }

    pub(super) fn unread(&self) -> bool {
        self.state().unread
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
