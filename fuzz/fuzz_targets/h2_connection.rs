//! A fuzz target; the laws it checks stand in `src/connection.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| torwart_fuzz::h2_connection(bytes));
