//! Deliberate faults, by which the simulator's checkers prove that they can fail.
//!
//! Without the feature `breaks` all of them sleep for ever and cost nothing: no server is built with
//! it. With it, each thread may wake one at a time.

#[cfg(feature = "breaks")]
thread_local! {
    static AWAKE: std::cell::Cell<Option<&'static str>> = const { std::cell::Cell::new(None) };
}

/// Wakes the fault of that name on this thread, or puts all to sleep.
#[cfg(feature = "breaks")]
pub fn wake(name: Option<&'static str>) {
    AWAKE.set(name);
}

/// Whether the fault of that name is awake.
#[cfg(feature = "breaks")]
pub fn awake(name: &str) -> bool {
    AWAKE.get() == Some(name)
}

/// Whether this build has faults to wake.
pub const BUILT_IN: bool = cfg!(feature = "breaks");

/// Wakes nothing, in this build.
#[cfg(not(feature = "breaks"))]
pub fn wake(_: Option<&'static str>) {}

/// Whether the fault of that name is awake: never, in this build.
#[cfg(not(feature = "breaks"))]
pub const fn awake(_: &str) -> bool {
    false
}
