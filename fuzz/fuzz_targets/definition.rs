//! See `fuzz::definition`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::definition::run(data));
