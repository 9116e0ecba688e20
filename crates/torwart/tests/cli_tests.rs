//! The built program, run as people run it: arguments in, text and exit code out, signals in between.
//!
//! Every run is bounded, listens on free ports, and has a folder of its own. Nothing of the environment but what a test
//! says reaches the program.

#[path = "cli_tests/check.rs"]
mod check;
#[path = "cli_tests/demo.rs"]
mod demo;
#[path = "cli_tests/doctor.rs"]
mod doctor;
#[path = "cli_tests/door.rs"]
mod door;
#[path = "cli_tests/explain.rs"]
mod explain;
#[path = "cli_tests/help.rs"]
mod help;
#[path = "cli_tests/lab.rs"]
mod lab;
#[path = "cli_tests/program.rs"]
mod program;
#[path = "cli_tests/reload.rs"]
mod reload;
#[path = "cli_tests/serve.rs"]
mod serve;
#[path = "cli_tests/service.rs"]
mod service;
#[path = "cli_tests/upgrade.rs"]
mod upgrade;
#[path = "cli_tests/upstream.rs"]
mod upstream;
#[path = "cli_tests/upstreams.rs"]
mod upstreams;
