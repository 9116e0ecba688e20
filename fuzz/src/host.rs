//! The doctor's readers of the kernel's tables, without the rest of the doctor.
#![expect(dead_code, reason = "only what reads text is fuzzed")]

#[path = "../../crates/doctor/src/observe/host/counters.rs"]
pub mod counters;
#[path = "../../crates/doctor/src/observe/host/memory.rs"]
pub mod memory;
#[path = "../../crates/doctor/src/observe/host/sockets.rs"]
pub mod sockets;
