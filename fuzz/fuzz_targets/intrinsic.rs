//! See `fuzz::intrinsic`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::intrinsic::run(data));
