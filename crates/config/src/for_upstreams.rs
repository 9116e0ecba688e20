//! The plan of a gateway that was told its upstreams on the command line.

use std::{num::NonZeroUsize, path::PathBuf};

use crate::{Complaint, Plan, Source, check, plan::ListenAddress};

impl Plan {
    /// The plan of `serve --listen ADDR --to URL`: one site for every host and one pool, written as a file and
    /// checked like one.
    ///
    /// # Errors
    /// The complaints, with the source they cite.
    pub fn for_upstreams(
        listen: &ListenAddress,
        upstreams: &[&str],
        workers: Option<NonZeroUsize>,
    ) -> Result<Self, (Source, Vec<Complaint>)> {
        let listen = match listen {
            ListenAddress::Tcp(address) | ListenAddress::Quic(address) => address.to_string(),
            ListenAddress::Unix(path) => format!("unix:{}", path.display()),
        };
        let list: Vec<String> = upstreams.iter().map(|upstream| quoted(upstream)).collect();
        let mut text = String::new();
        if let Some(workers) = workers {
            text.push_str(&format!("workers = {workers}\n"));
        }
        text.push_str(&format!("listen = {{ http = {} }}\n", quoted(&listen)));
        text.push_str("log = { format = \"human\" }\n\n");
        text.push_str(&format!("[site.\"*\"]\nupstreams = [{}]\n", list.join(", ")));
        let source = Source { name: "--to".to_owned(), folder: PathBuf::new(), text };
        let checked = check(&source, &|_| true);
        checked.plan.ok_or((source, checked.complaints))
    }
}

/// A TOML string (TOML 1.0, "String").
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
