//! What is said of a control, and the command that repeats it.

use crate::Control;
use crate::observe::control::{ControlSeen, Tried};
use crate::observe::reach::Outcome;
use torwart_cause::finding::{Said, said};

/// How a control was reached.
pub(super) fn reached(one: &ControlSeen, tried: &Tried) -> Said {
    let told = match (tried.status, tried.is_connected()) {
        (Some(status), _) => said("client-control-answers").with("status", status),
        (None, true) => said("client-control-connects"),
        (None, false) => said("client-control-refuses"),
    };
    told.with("control", &one.control).with("address", &tried.attempted.far)
}

/// How a control failed.
pub(super) fn failed(one: &ControlSeen, tried: &Tried) -> Said {
    let told = match tried.attempted.outcome {
        Outcome::Rejected(message) | Outcome::HostDown(Some(message)) | Outcome::NoRoute(Some(message)) => {
            said("client-control-rejected").with("message", message)
        }
        Outcome::HeldBack | Outcome::DeniedHere(_) => said("client-control-held-back"),
        Outcome::Silent => said("client-control-silent").with("millis", tried.attempted.took.as_millis()),
        Outcome::Connected | Outcome::Reset => return reached(one, tried),
        _ => said("client-control-no-way"),
    };
    told.with("control", &one.control).with("address", &tried.attempted.far)
}

/// The command that repeats it.
pub(super) fn command(control: &Control) -> String {
    command_over(control, "")
}

/// The same over one family, as `-4` or `-6`.
pub(super) fn command_over(control: &Control, family: &str) -> String {
    let family = if family.is_empty() { String::new() } else { format!(" {family}") };
    match control {
        Control::Page(url) => format!("curl{family} -sSI '{url}'"),
        Control::Port { host, port } => format!("nc{family} -vz -w 5 {host} {port}"),
    }
}
