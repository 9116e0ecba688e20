//! Well-behaving sample origins for a demonstration, and a timetable that makes one of them misbehave.

mod shop;
mod timetable;

pub use shop::Shop;
pub use timetable::{Act, Flaky, Timetable};
