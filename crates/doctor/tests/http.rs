//! The checks of answers against misbehaving upstreams and against real products.
//!
//! Tests with real products say so loudly where one is missing, and end then.

#[path = "http/lab.rs"]
mod lab;
#[path = "http/products.rs"]
mod products;
#[path = "http/real.rs"]
mod real;
#[path = "http/scene.rs"]
mod scene;
