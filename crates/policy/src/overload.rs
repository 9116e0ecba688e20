//! What is done when more is asked than can be answered: how much an upstream gets at once, who waits and in which
//! order, who is sent away at once and when to come back, and the tickets of a waiting room.
//!
//! Everything here is told the time and decides; waiting and answering are the gateway's.

pub mod comeback;
pub mod gradient;
pub mod load;
pub mod pace;
pub mod priority;
pub mod queue;
pub mod room;
pub mod ticket;
