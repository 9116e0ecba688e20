//! The first flight of a server up to TLS 1.2, read as it comes: its hello, its certificates, what it asks for.
//!
//! Only what is in the clear is read; every length is checked against what has arrived, and nothing grows beyond a bound.

use super::Heard;
use rustls_pki_types::CertificateDer;
use torwart_cause::{Ending, FIRST_BYTES, TlsFault};
use torwart_wire::tls_record::{looks_like_tls, may_become_tls};

/// What has been read of the flight.
#[derive(Default)]
pub(super) struct Flight {
    first: Vec<u8>,
    /// Bytes of a record not yet whole.
    raw: Vec<u8>,
    /// Bytes of a handshake message not yet whole.
    messages: Vec<u8>,
    chosen: Option<(u16, u16)>,
    chain: Vec<CertificateDer<'static>>,
    asks_certificate: bool,
    ended: Option<Ending>,
}

/// Whether more is to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Wanting,
    Done,
}

impl Flight {
    /// Takes bytes in.
    pub(super) fn take(&mut self, bytes: &[u8]) -> Progress {
        let room = FIRST_BYTES.saturating_sub(self.first.len());
        self.first.extend(bytes.iter().take(room));
        if !(looks_like_tls(&self.first) || may_become_tls(&self.first)) {
            self.ended = Some(Ending::Tls(TlsFault::NotTls));
            return Progress::Done;
        }
        self.raw.extend_from_slice(bytes);
        if self.raw.len() + self.messages.len() > BOUND {
            return Progress::Done;
        }
        while let Some((kind, content, used)) = record(&self.raw) {
            let progress = self.record(kind, &content);
            self.raw.drain(..used);
            if progress == Progress::Done {
                return Progress::Done;
            }
        }
        Progress::Wanting
    }

    /// What it amounts to, if to anything.
    pub(super) fn heard(&self) -> Option<Heard> {
        if let Some((version, suite)) = self.chosen {
            let (chain, asks_certificate) = (self.chain.clone(), self.asks_certificate);
            return Some(Heard::Chose { version, suite, chain, asks_certificate });
        }
        self.ended.map(Heard::Ended)
    }

    /// Whether nothing came at all.
    pub(super) fn is_silent(&self) -> bool {
        self.first.is_empty()
    }

    /// The first bytes that came.
    pub(super) fn first_bytes(&self) -> &[u8] {
        &self.first
    }

    fn record(&mut self, kind: u8, content: &[u8]) -> Progress {
        match (kind, content) {
            // A warning about an unknown name is followed by the handshake (RFC 6066 §3).
            (ALERT, [WARNING, UNRECOGNIZED_NAME]) => Progress::Wanting,
            (ALERT, [_, number, ..]) => {
                self.ended = Some(Ending::TlsAlert(*number));
                Progress::Done
            }
            (HANDSHAKE, _) => {
                self.messages.extend_from_slice(content);
                self.take_messages()
            }
            _ => Progress::Done,
        }
    }

    fn take_messages(&mut self) -> Progress {
        while let Some((kind, body, used)) = message(&self.messages) {
            match kind {
                SERVER_HELLO => self.chosen = server_hello(&body),
                CERTIFICATE => self.chain = certificates(&body),
                CERTIFICATE_REQUEST => self.asks_certificate = true,
                SERVER_HELLO_DONE => return Progress::Done,
                _ => {}
            }
            self.messages.drain(..used);
        }
        Progress::Wanting
    }
}

/// Kind, content and length of the first whole record.
fn record(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (&kind, length) = (bytes.first()?, bytes.get(3..5)?);
    let end = 5 + number(length);
    Some((kind, bytes.get(5..end)?.to_vec(), end))
}

/// Kind, body and length of the first whole handshake message.
fn message(bytes: &[u8]) -> Option<(u8, Vec<u8>, usize)> {
    let (&kind, length) = (bytes.first()?, bytes.get(1..4)?);
    let end = 4 + number(length);
    Some((kind, bytes.get(4..end)?.to_vec(), end))
}

/// Version and cipher suite.
fn server_hello(body: &[u8]) -> Option<(u16, u16)> {
    let version = number(body.get(..2)?);
    let session = usize::from(*body.get(34)?);
    let suite = number(body.get(35 + session..37 + session)?);
    Some((u16::try_from(version).ok()?, u16::try_from(suite).ok()?))
}

fn certificates(body: &[u8]) -> Vec<CertificateDer<'static>> {
    let mut found = Vec::new();
    let mut rest = body.get(3..).unwrap_or_default();
    while let Some(length) = rest.get(..3).map(number) {
        let Some(der) = rest.get(3..3 + length) else { break };
        found.push(CertificateDer::from(der.to_vec()));
        rest = rest.get(3 + length..).unwrap_or_default();
    }
    found
}

fn number(bytes: &[u8]) -> usize {
    bytes.iter().fold(0, |sum, byte| sum << 8 | usize::from(*byte))
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const WARNING: u8 = 1;
const UNRECOGNIZED_NAME: u8 = 112;
const SERVER_HELLO: u8 = 2;
const CERTIFICATE: u8 = 11;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
/// More than any sensible chain.
const BOUND: usize = 128 * 1024;
