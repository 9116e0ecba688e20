//! A fuzz target; the laws it checks stand in `src/translate.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| torwart_fuzz::response_reader(bytes));
