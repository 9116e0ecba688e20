//! A fuzz target; the laws it checks stand in `src/proc.rs`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| torwart_fuzz::kernel_tables(bytes));
