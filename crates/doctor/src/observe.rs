//! Observations: each is made once per run, and never judges.

pub mod answer;
pub mod control;
pub mod exchange;
pub mod front;
pub mod gateway;
pub mod host;
pub mod idle;
pub mod logs;
pub mod maker;
pub mod names;
pub mod reach;
pub mod tls;
