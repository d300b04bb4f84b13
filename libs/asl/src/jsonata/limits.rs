//! How much one evaluation may do. Most expressions need a thousandth of it; the hostile ones end here,
//! with an error, in a bounded time and memory.

use std::time::Duration;

/// Most steps of one evaluation: nodes evaluated, functions called back, and every 1,024th step of a
/// regular expression that backtracks.
///
/// Source: ours. The same expression and data take the same steps on every machine, so whether it is too
/// much does not depend on the load. About a tenth of a second; an expression that builds an object
/// for each of ten thousand items takes a third of it.
pub const STEPS_MAX: u64 = 1_000_000;

/// Longest time of one evaluation.
///
/// Source: ours. A net below [`STEPS_MAX`]; nothing known comes near it. A clock is
/// read inside the engine for it, and for nothing else.
pub const TIME_MAX: Duration = Duration::from_secs(2);

/// Longest time of one evaluation in which a regular expression stands.
///
/// Source: ours. The engine's regular expressions backtrack, a thousand times faster than steps are
/// counted, and whoever waits for them holds up all executions. A pattern that is in order takes some
/// milliseconds for the longest text there is; one that is not would take years.
pub const REGEX_TIME_MAX: Duration = Duration::from_millis(250);

/// Deepest nesting of what is being evaluated; a call of a function takes a handful of levels.
///
/// Source: ours. Enough for a recursion of about a thousand calls; each level costs one or two KiB.
pub const DEPTH_MAX: usize = 5_000;

/// Most bytes of a result as JSON, of what one of AWS's functions is given, and of two values compared.
///
/// Source: ours; four times what a state may hand on. The interpreter refuses what is too much for a
/// state in AWS's words, so it must see results beyond that limit; AWS is said to build up to
/// 6,990,256 bytes. A mebibyte of tiny arrays is fifty as values.
pub const RESULT_BYTES_MAX: usize = 1_048_576;

/// Most bytes of a string that is built on the way.
///
/// Source: ours; twice what a state may hand on. Splitting and matching make a value for every few
/// bytes of a string before any other limit is looked at.
pub const STRING_BYTES_MAX: usize = 524_288;

/// Most items of an array that is built.
///
/// Source: AWS, measured from outside: the most that `$range` gives.
pub const ARRAY_ITEMS_MAX: usize = 360_145;

/// Most bytes built by one evaluation, all strings and arrays together, whether kept or dropped.
///
/// Source: ours. The limits of one value bound no sum of values: a thousand arrays of three hundred
/// thousand items are a few thousand steps.
pub const BUILT_BYTES_MAX: usize = 32 * 1024 * 1024;

/// Most bytes of an expression.
///
/// Source: ours; the definition as a whole has a mebibyte. It bounds what parsing holds.
pub const EXPRESSION_BYTES_MAX: usize = 65_536;
