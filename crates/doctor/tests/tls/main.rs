//! Set-ups whose TLS is broken, or only looks so: scripted upstreams, and real servers where they are installed.

mod front;
mod real;
mod scene;
mod upstream;
