//! Connecting, for real.
