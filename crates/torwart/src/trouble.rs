//! What keeps the program from starting, told with what to do about it.

pub(crate) mod files;

use crate::Console;
use crate::secret::NoSecret;
use std::io;
use torwart_gateway::StartProblem;
use torwart_record::JournalError;

/// Tells why the gateway did not start.
pub(crate) fn tell_start(problem: &StartProblem, console: &Console) {
    match problem {
        StartProblem::Build(problems) => {
            for problem in problems {
                let told = files::told(problem, console.lang);
                console.complain(&told.sentence, Some(&told.hint));
            }
        }
        StartProblem::Listen { address, error } => tell_listen(address, error, console),
        StartProblem::Log(JournalError::Open { path, source }) => {
            let path = path.display().to_string();
            let sentence = console.fill("trouble-log", &[("path", &path), ("error", &source.to_string())]);
            console.complain(&sentence, Some(&console.say("trouble-log-hint")));
        }
        StartProblem::Log(error) => tell_system(error, console),
        StartProblem::System(error) => tell_system(error, console),
    }
}

/// Tells why an address cannot be listened on.
pub(crate) fn tell_listen(address: &str, error: &io::Error, console: &Console) {
    let port = address.rsplit_once(':').map_or("", |(_, port)| port);
    let key = match error.kind() {
        io::ErrorKind::AddrInUse => "trouble-taken",
        io::ErrorKind::PermissionDenied if port.parse().is_ok_and(|port: u16| port < 1024) => {
            "trouble-privileged"
        }
        io::ErrorKind::AddrNotAvailable => "trouble-not-ours",
        _ => {
            let error = error.to_string();
            let sentence = console.fill("trouble-listen", &[("address", address), ("error", &error)]);
            return console.complain(&sentence, None);
        }
    };
    let sentence = console.fill(key, &[("address", address)]);
    let hint = console.fill(&format!("{key}-hint"), &[("port", port)]);
    console.complain(&sentence, Some(&hint));
}

/// Tells why a secret is not to be had.
pub(crate) fn tell_secret(problem: &NoSecret, console: &Console) {
    let sentence = match problem {
        NoSecret::File(file, error) => {
            let file = file.display().to_string();
            console.fill("trouble-secret-file", &[("file", &file), ("error", &error.to_string())])
        }
        NoSecret::Unset(name) => console.fill("trouble-secret-unset", &[("name", name)]),
        NoSecret::Unfit(place) => console.fill("trouble-secret-unfit", &[("place", place)]),
    };
    console.complain(&sentence, Some(&console.say("trouble-secret-hint")));
}

/// Tells what the system did not give.
pub(crate) fn tell_system(error: &dyn std::error::Error, console: &Console) {
    let mut told = error.to_string();
    let mut source = error.source();
    while let Some(deeper) = source {
        told.push_str(&format!(": {deeper}"));
        source = deeper.source();
    }
    console.complain(&console.fill("trouble-system", &[("error", &told)]), None);
}
