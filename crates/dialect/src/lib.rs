//! Other products' words: their configuration files and their log lines, turned into ours.
//!
//! One folder per product; what they have in common is in [`config`] for configuration files.
//! Nothing here reads a file itself: the caller gives a reader ([`config::Files`]) or the text. Nothing here concludes:
//! a configuration becomes facts with file and line, a log line becomes observations.

mod apache;
mod caddy;
pub mod config;
mod go_values;
mod haproxy;
pub mod log;
mod nginx;
mod product;
mod traefik;
mod tree;

pub use product::Product;
