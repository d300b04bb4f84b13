//! The functions AWS adds to JSONata, and the one it takes away.
//!
//! Source: AWS developer guide, "Transforming data with JSONata", "JSONata functions provided by Step
//! Functions". The words of errors are ours but for the signature errors, which are JSONata's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock};

use jlens_core::{Bindings, Error, HostFunction};
use serde_json::Value;

use super::limits::ARRAY_ITEMS_MAX;
use super::rewrite;
use crate::intrinsic::digest;
use crate::intrinsic::java_random::JavaRandom;

/// The functions that are not JSONata's own.
const ADDED: [&str; 5] = ["hash", "parse", "partition", "range", "uuid"];

type Arguments<'a> = &'a [Option<Value>];
type Outcome = Result<Option<Value>, Error>;

/// Whether there is a function of this name.
pub(super) fn exists(name: &str) -> bool {
    ADDED.contains(&name)
        || jlens_core::function_catalog()
            .iter()
            .any(|function| function.name == name)
}

/// Those that need nothing from outside, and stand-ins for those that do.
pub(super) fn bindings() -> Bindings {
    static PURE: LazyLock<Bindings> = LazyLock::new(|| {
        let pure = Bindings::new()
            .function("partition", function("<an:a>", partition))
            .function("range", function("<nnn:a>", range))
            .function("hash", function("<ss?:s>", hash))
            .function("parse", function("<s-:x>", parse))
            .function("eval", function("<x?x?:x>", eval));
        let pure = rewrite::functions()
            .into_iter()
            .fold(pure, |pure, (name, function)| pure.function(name, function));
        with_seed(pure, 0)
    });
    PURE.clone()
}

/// With randomness drawn from `seed`.
pub(super) fn with_seed(bindings: Bindings, seed: u64) -> Bindings {
    let stream = Arc::new(Stream(AtomicU64::new(seed)));
    let other = Arc::clone(&stream);
    bindings
        .function(
            "random",
            function("<n?:n>", move |arguments| {
                Ok(Some(random(arguments, &stream)))
            }),
        )
        .function(
            "uuid",
            function("<:s>", move |_| Ok(Some(Value::String(other.uuid())))),
        )
}

fn function(
    signature: &str,
    body: impl Fn(Arguments<'_>) -> Outcome + Send + Sync + 'static,
) -> HostFunction {
    HostFunction::with_signature(signature, move |arguments, _| body(arguments))
        .expect("the signatures in this file are signatures")
        .without_input()
}

/// The numbers of one evaluation (SplitMix64).
struct Stream(AtomicU64);

impl Stream {
    fn next(&self) -> u64 {
        const STEP: u64 = 0x9E37_79B9_7F4A_7C15;
        let mut z = self.0.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// In `0.0..1.0`.
    fn unit(&self) -> f64 {
        const STEPS: f64 = (1_u64 << 53) as f64;
        (self.next() >> 11) as f64 / STEPS
    }

    /// A random UUID (version 4, RFC 9562).
    fn uuid(&self) -> String {
        let bits = (u128::from(self.next()) << 64) | u128::from(self.next());
        let bits = bits & !(0xF000_u128 << 64) | (0x4000_u128 << 64);
        let bits = bits & !(0xC000_u128 << 48) | (0x8000_u128 << 48);
        let hex = format!("{bits:032x}");
        let (a, b, c, d, e) = (
            &hex[..8],
            &hex[8..12],
            &hex[12..16],
            &hex[16..20],
            &hex[20..],
        );
        format!("{a}-{b}-{c}-{d}-{e}")
    }
}

/// `$random([seed])`: a seed gives the first number of `java.util.Random` with that seed.
fn random(arguments: Arguments<'_>, stream: &Stream) -> Value {
    let number = match number(arguments, 0) {
        Some(seed) => JavaRandom::new(seed as i64).unit(),
        None => stream.unit(),
    };
    Value::from(number)
}

/// `$partition(array, size)`: parts of that size, the last one shorter.
fn partition(arguments: Arguments<'_>) -> Outcome {
    let Some(Value::Array(items)) = given(arguments, 0) else {
        return Ok(None);
    };
    let Some(size) = number(arguments, 1) else {
        return Ok(None);
    };
    let size = size.round();
    if size < 1.0 {
        return Err(refusal(
            "The second argument of partition function must be a positive integer",
        ));
    }
    // Longer than any array: one part.
    let size = size.min(ARRAY_ITEMS_MAX as f64) as usize;
    let parts = items.chunks(size).map(|part| Value::Array(part.to_vec()));
    Ok(Some(parts.collect()))
}

/// `$range(first, last, step)`: the last one is in it when it is hit. As every sequence in JSONata, one
/// of a single number is that number.
fn range(arguments: Arguments<'_>) -> Outcome {
    let (Some(first), Some(last), Some(step)) = (
        number(arguments, 0),
        number(arguments, 1),
        number(arguments, 2),
    ) else {
        return Ok(None);
    };
    if step == 0.0 {
        return Err(refusal(
            "The third argument of range function must not be zero",
        ));
    }
    let count = ((last - first) / step).floor() + 1.0;
    if count.is_nan() || count > ARRAY_ITEMS_MAX as f64 {
        return Err(refusal(&format!(
            "The size of the array allocated by the range function must not exceed {ARRAY_ITEMS_MAX}"
        )));
    }
    let count = count.max(0.0) as u32;
    let mut numbers = (0..count).map(|index| Value::from(first + f64::from(index) * step));
    Ok(match count {
        0 => None,
        1 => numbers.next(),
        _ => Some(numbers.collect()),
    })
}

/// `$hash(text, algorithm)`: lower-case hexadecimal; SHA-1 unless another is named.
fn hash(arguments: Arguments<'_>) -> Outcome {
    let Some(Value::String(data)) = given(arguments, 0) else {
        return Ok(None);
    };
    let algorithm = match given(arguments, 1) {
        Some(Value::String(name)) => name,
        _ => "SHA-1",
    };
    match digest(data.as_bytes(), algorithm) {
        Some(digest) => Ok(Some(Value::String(digest))),
        None => Err(refusal(&format!(
            "The second argument of hash function must be one of MD5, SHA-1, SHA-256, SHA-384, SHA-512: {algorithm}"
        ))),
    }
}

/// `$parse(text)`: the value of a JSON text.
fn parse(arguments: Arguments<'_>) -> Outcome {
    let Some(Value::String(text)) = given(arguments, 0) else {
        return Ok(None);
    };
    match crate::json::value(text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => Err(refusal(&format!(
            "The argument of parse function is not valid JSON: {}",
            error.message
        ))),
    }
}

/// `$eval` is not there; a call says so as a call of any other unknown name does.
fn eval(_: Arguments<'_>) -> Outcome {
    Err(Error::new("T1006"))
}

fn given<'a>(arguments: Arguments<'a>, position: usize) -> Option<&'a Value> {
    arguments.get(position)?.as_ref()
}

fn number(arguments: Arguments<'_>, position: usize) -> Option<f64> {
    given(arguments, position)?.as_f64()
}

/// The code of what a definition raises itself with `$error`: JSONata has none for these functions.
fn refusal(message: &str) -> Error {
    Error::new("D3137").with("message", message)
}
