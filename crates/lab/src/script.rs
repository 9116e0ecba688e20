//! The language of scripts: what an upstream does with each connection, step by step, as data.
//!
//! A script is a list of steps for one connection, or several lists, one per connection in the order of acceptance;
//! the last list serves all further connections. A list that reads something starts over when it has come to its end
//! without closing, so that a script describes one request and serves any number. In TOML:
//!
//! ```toml
//! steps = ["read_head", { send = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf" }, "close"]
//! # or: the first connection dies, all others answer
//! connections = [["read_head", "reset"], ["read_head", { answer = "well" }]]
//! ```
//!
//! Texts know `\r \n \t \0 \\ \xNN` beyond TOML's own escapes, so that any byte can be written in a literal string.

mod escape;
mod span;

use serde::Deserialize;
use std::time::Duration;

/// What an upstream does with its connections.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Written")]
pub struct Script {
    /// The steps of the first, second, … connection; the last list serves all further ones. Never empty.
    connections: Vec<Vec<Step>>,
    /// Size of the socket's receive buffer, for upstreams that take nothing.
    pub receive_buffer: Option<usize>,
}

/// One step. Unit steps are written as strings, the others as a table with one key.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Reads up to the end of the next request head; ends the script when the peer leaves instead.
    ReadHead,
    /// Reads the body of the request whose head was read last, as it is framed.
    ReadBody,
    /// Reads at least so many further bytes, whatever they are.
    Read(usize),
    /// Reads one TLS record as raw bytes (the ClientHello), without doing any TLS.
    ReadRecord,
    /// Reads HTTP/2, preface and frames, up to the end of the next frame of this kind.
    ReadFrame(FrameKind),
    /// Sends these bytes.
    Send(Octets),
    /// Sends these bytes again and again.
    Repeat(Repeat),
    /// Sends these bytes one by one, with a pause after each.
    Drip(Drip),
    /// Answers with a small, whole 200 whose body is this text.
    Answer(Octets),
    /// Answers with a description of the request read last, as JSON.
    Echo,
    /// Does nothing for so long; neither reads nor writes.
    Wait(Span),
    /// Closes in an orderly way: close_notify where there is TLS, then FIN, both directions.
    Close,
    /// Closes with RST.
    Reset,
    /// Ends the sending direction only (FIN) and keeps on.
    ShutdownWrite,
    /// Reads and discards until the peer leaves, or the connection's time is up. Sends nothing.
    Hang,
    /// Takes the TLS handshake as server.
    Tls(Tls),
    /// Reads a ClientHello and answers with a fatal alert of this number (RFC 8446 §6).
    TlsAlert(u8),
    /// Ends the TCP connection (FIN) under TLS without close_notify.
    CloseWithoutNotify,
    /// Repeats steps.
    Loop(Loop),
}

/// A kind of HTTP/2 frame (RFC 9113 §6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FrameKind {
    /// DATA.
    Data = 0,
    /// HEADERS.
    Headers = 1,
    /// RST_STREAM.
    RstStream = 3,
    /// SETTINGS.
    Settings = 4,
    /// PING.
    Ping = 6,
    /// GOAWAY.
    Goaway = 7,
}

/// Bytes to send.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Octets(pub Vec<u8>);

/// A length of time, written `150ms`, `2s`, `1m`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Span(pub Duration);

/// A text sent many times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Repeat {
    /// What is sent.
    pub text: Octets,
    /// How often.
    pub times: u64,
}

/// A text sent byte by byte.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Drip {
    /// What is sent.
    pub text: Octets,
    /// The pause after each byte.
    pub every: Span,
}

/// How the TLS handshake is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// The certificate shown.
    pub certificate: crate::Certificate,
    /// Whether the peer must show a certificate of the lab's authority.
    pub wants_client_certificate: bool,
    /// Whether nothing newer than TLS 1.2 is spoken.
    pub only_tls12: bool,
}

/// Steps done several times.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Loop {
    /// How often.
    pub times: u32,
    /// What is done.
    pub steps: Vec<Step>,
}

/// A script as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    steps: Option<Vec<Step>>,
    connections: Option<Vec<Vec<Step>>>,
    receive_buffer: Option<usize>,
}

impl Script {
    /// A script with the same steps for every connection.
    pub fn new(steps: impl Into<Vec<Step>>) -> Self {
        Self { connections: vec![steps.into()], receive_buffer: None }
    }

    /// A script whose connections differ; the last list serves all further ones.
    pub fn per_connection(first: Vec<Step>, further: Vec<Vec<Step>>) -> Self {
        let mut connections = vec![first];
        connections.extend(further);
        Self { connections, receive_buffer: None }
    }

    /// Reads a script from TOML.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        toml::from_str(text).map_err(|error| error.to_string())
    }

    /// The script written with these keys; `None` if it is not written at all.
    pub(crate) fn written(
        steps: Option<Vec<Step>>,
        connections: Option<Vec<Vec<Step>>>,
        receive_buffer: Option<usize>,
    ) -> Option<Result<Self, &'static str>> {
        let connections = match (steps, connections) {
            (None, None) => return None,
            (Some(steps), None) => vec![steps],
            (None, Some(connections)) if !connections.is_empty() => connections,
            (None, Some(_)) => return Some(Err("`connections` needs at least one list of steps")),
            (Some(_), Some(_)) => return Some(Err("a script has `steps` or `connections`, not both")),
        };
        Some(Ok(Self { connections, receive_buffer }))
    }

    /// The steps of the connection with this number, counted from 0.
    pub fn steps(&self, connection: usize) -> &[Step] {
        let last = self.connections.len().saturating_sub(1);
        self.connections.get(connection.min(last)).map_or(&[], Vec::as_slice)
    }

    /// The same script behind a TLS handshake on every connection.
    pub fn behind_tls(mut self, tls: Tls) -> Self {
        for steps in &mut self.connections {
            steps.insert(0, Step::Tls(tls));
        }
        self
    }
}

impl Step {
    /// Whether the step waits for bytes of the peer.
    pub fn is_reading(&self) -> bool {
        match self {
            Self::ReadHead | Self::ReadBody | Self::Read(_) | Self::ReadRecord | Self::ReadFrame(_) => true,
            Self::Loop(inner) => inner.steps.iter().any(Self::is_reading),
            _ => false,
        }
    }
}

impl TryFrom<Written> for Script {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { steps, connections, receive_buffer } = written;
        Self::written(steps, connections, receive_buffer)
            .unwrap_or(Err("a script has `steps` or `connections`"))
    }
}

impl TryFrom<String> for Octets {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        escape::octets(&text).map(Self)
    }
}

impl TryFrom<String> for Span {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        span::duration(&text).map(Self)
    }
}

#[cfg(test)]
mod tests;
