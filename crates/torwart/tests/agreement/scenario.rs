//! The form of a scenario file.
//!
//! A file holds `[[case]]`s. A case says what the upstreams do (a fault of the lab's catalogue, a place nobody can
//! connect to, or a script), what the gateway's configuration says beyond the test's own, and what happens in one or
//! more `[[case.exchange]]`s: what the client does and what must come of it.

use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;
use torwart_cause::{Cause, ErrorType, Stage};
use torwart_lab::dns::Rule;
use torwart_lab::script::{Octets, Repeat, Span};
use torwart_lab::{HoleKind, Script, Step};

/// One case.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    /// The file's name without its ending; filled in after reading.
    #[serde(skip)]
    pub(crate) file: String,
    /// The speaking name, unique in its file.
    pub(crate) name: String,
    /// The upstreams of the site's pool.
    #[serde(default)]
    pub(crate) upstreams: Vec<Upstream>,
    /// Names the lab's name server knows.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, Rule>,
    /// Keys at the top of the configuration; `{folder}` in texts is the case's folder.
    #[serde(default)]
    pub(crate) gateway: toml::Table,
    /// Keys of the only site, `shop.example`.
    #[serde(default)]
    pub(crate) site: toml::Table,
    /// What happens, one after the other.
    pub(crate) exchange: Vec<Exchange>,
}

/// An upstream: exactly one of fault, hole, steps and connections.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Upstream {
    pub(crate) fault: Option<String>,
    pub(crate) hole: Option<HoleKind>,
    steps: Option<Vec<Step>>,
    connections: Option<Vec<Vec<Step>>>,
    receive_buffer: Option<usize>,
    /// The name in its URL instead of the address.
    pub(crate) host: Option<String>,
    /// Whether it listens on a unix socket.
    #[serde(default)]
    pub(crate) unix: bool,
}

/// One request and what must come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Exchange {
    /// Method and target, `GET /`; the rest of a good request is added.
    pub(crate) request: Option<String>,
    /// Further field lines of the request.
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    /// The request's body, with its length.
    pub(crate) body: Option<Octets>,
    /// A large body, with its length.
    pub(crate) large_body: Option<Repeat>,
    /// What the client does instead, step by step, in the lab's language.
    #[serde(default)]
    pub(crate) client: Vec<Step>,
    /// How long the client waits before it begins.
    pub(crate) after: Option<Span>,
    /// Whether it goes on with the connection of the exchange before.
    #[serde(default)]
    pub(crate) same_connection: bool,
    /// Whether the client speaks TLS.
    #[serde(default)]
    pub(crate) tls: bool,
    /// Whether it speaks to the TLS port, with raw bytes.
    #[serde(default)]
    pub(crate) to_tls_port: bool,
    /// The gateway is told to stop within this time, a moment after the request.
    pub(crate) stop_within: Option<Span>,
    pub(crate) expect: Expect,
}

/// What must come of an exchange.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The status; none: no answer at all.
    pub(crate) status: Option<u16>,
    /// The cause the gateway names; none: nothing went wrong.
    #[serde(default, deserialize_with = "cause")]
    pub(crate) cause: Option<Cause>,
    /// Other causes that are right as well, where the order of events is the network's.
    #[serde(default, deserialize_with = "causes")]
    pub(crate) or: Vec<Cause>,
    /// The deciding stage, where it is not the cause's own; `any` where it is the network's.
    stage: Option<String>,
    /// Whether the client gets a whole message.
    #[serde(default = "yes")]
    pub(crate) complete: bool,
    /// Who made the answer: `answer`, `upstream`; by default the gateway where its cause has a status.
    served_by: Option<String>,
    /// The whole body.
    pub(crate) body: Option<Octets>,
    /// The body's size.
    pub(crate) body_bytes: Option<u64>,
    /// Texts the body holds.
    #[serde(default)]
    pub(crate) contains: Vec<String>,
    /// Fields of the answer: `Name: value`, or `Name` alone.
    #[serde(default)]
    pub(crate) fields: Vec<String>,
    /// Fields the answer must not have.
    #[serde(default)]
    pub(crate) lacks: Vec<String>,
    /// Texts that must not stand anywhere in the answer, head or body.
    #[serde(default)]
    pub(crate) hides: Vec<String>,
    /// The interim answers before the final one.
    pub(crate) interim: Option<Vec<u16>>,
    /// The cause of each attempt; `well` where it went well.
    pub(crate) attempts: Option<Vec<String>>,
    /// How much of a request reached each upstream.
    pub(crate) reached: Option<Reached>,
    /// Whether no whole request may ever reach an upstream.
    #[serde(default)]
    pub(crate) never_whole: bool,
    /// Texts in what reached the upstreams' heads.
    #[serde(default)]
    pub(crate) upstream_sees: Vec<String>,
    /// Texts that must not have reached the upstreams' heads, whatever their case.
    #[serde(default)]
    pub(crate) upstream_lacks: Vec<String>,
    /// Connections the upstreams have seen in all.
    pub(crate) connections: Option<usize>,
    /// Whether the gateway closes the connection after the answer.
    pub(crate) closes: Option<bool>,
    /// Whether there is a log line; bytes that are no request may leave none.
    #[serde(default = "yes")]
    pub(crate) logged: bool,
    /// The longest time the exchange may take.
    pub(crate) within: Option<Span>,
    /// The statuses of further answers on the same connection, to pipelined requests.
    #[serde(default)]
    pub(crate) then: Vec<u16>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Reached {
    Nothing,
    Cut,
    Whole,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// All cases of all files.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scenarios");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the scenarios are part of the repository")
        .map(|entry| entry.expect("a folder can be listed").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("a scenario can be read");
    let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    file.case.into_iter().map(|case| Case { file: name.clone(), ..case }).collect()
}

impl Case {
    pub(crate) fn full_name(&self) -> String {
        format!("{}: {}", self.file, self.name)
    }

    /// Whether an exchange or an attempt of this case ends with this cause.
    pub(crate) fn shows(&self, cause: Cause) -> bool {
        self.exchange.iter().any(|exchange| {
            let expect = &exchange.expect;
            let attempts = expect.attempts.iter().flatten();
            expect.cause == Some(cause)
                || expect.or.contains(&cause)
                || attempts.into_iter().any(|id| id == cause.id())
        })
    }
}

impl Upstream {
    /// Its own script, if it has one.
    pub(crate) fn script(&self) -> Option<Script> {
        match (&self.steps, &self.connections) {
            (Some(steps), _) => Some(Script::new(steps.clone())),
            (None, Some(connections)) => {
                let (first, further) = connections.split_first()?;
                Some(Script::per_connection(first.clone(), further.to_vec()))
            }
            (None, None) => None,
        }
        .map(|mut script| {
            script.receive_buffer = self.receive_buffer;
            script
        })
    }
}

impl Expect {
    pub(crate) fn stage(&self) -> Option<&str> {
        self.stage.as_deref().or(self.cause.map(Cause::stage).map(Stage::id))
    }

    /// Who must have made the answer.
    pub(crate) fn served_by(&self) -> &str {
        let own = self.cause.and_then(Cause::status).is_some_and(|status| self.status == Some(status));
        self.served_by.as_deref().unwrap_or(if own { "answer" } else { "upstream" })
    }

    /// The error type in `Proxy-Status`, where the answer is the gateway's own.
    pub(crate) fn error(&self) -> Option<ErrorType> {
        self.cause.filter(|_| self.served_by() == "answer").and_then(Cause::error_type)
    }
}

fn cause<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Cause>, D::Error> {
    let id = String::deserialize(deserializer)?;
    Cause::from_id(&id).map(Some).ok_or_else(|| serde::de::Error::custom(format!("no cause {id}")))
}

fn causes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Cause>, D::Error> {
    let ids = Vec::<String>::deserialize(deserializer)?;
    let cause =
        |id: String| Cause::from_id(&id).ok_or_else(|| serde::de::Error::custom(format!("no cause {id}")));
    ids.into_iter().map(cause).collect()
}

fn yes() -> bool {
    true
}
