//! See `fuzz::jsonpath`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::jsonpath::run(data));
