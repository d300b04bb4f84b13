//! See `fuzz::token_store`.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| fuzz::token_store::run(data));
