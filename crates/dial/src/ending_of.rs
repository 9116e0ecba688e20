//! How an error of the operating system or of the TLS library reads as an [`Ending`].
//!
//! This is the only place where error numbers and TLS errors are interpreted. Which deadline a kernel's `ETIMEDOUT`
//! stands for depends on what was being done, so the caller says it.

use rustls::{CertificateError, Error as TlsError};
use std::io;
use torwart_cause::{CertificateFault, Deadline, Ending, TlsFault};
use torwart_wire::tls_record::{looks_like_tls, may_become_tls};

/// The error of an operation whose ending is known exactly, and is no error of the operating system.
#[derive(Clone, Copy, Debug)]
struct Ended(Ending);

impl std::fmt::Display for Ended {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ended: {:?}", self.0)
    }
}

impl std::error::Error for Ended {}

/// An error that [`ending_of`] reads as exactly this ending.
pub fn ended(ending: Ending) -> io::Error {
    io::Error::other(Ended(ending))
}

/// The ending an error stands for; `deadline` names the wait the kernel cut short if it says `ETIMEDOUT`.
pub fn ending_of(error: &io::Error, deadline: Deadline) -> Ending {
    if let Some(inner) = tls_error(error) {
        return tls_ending(inner);
    }
    if let Some(Ended(ending)) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
        return *ending;
    }
    if let Some(number) = error.raw_os_error() {
        return os_ending(number, deadline);
    }
    match error.kind() {
        // Only TLS streams end this way: a plain socket reports its end as zero bytes.
        io::ErrorKind::UnexpectedEof => Ending::ClosedWithoutNotify,
        io::ErrorKind::ConnectionRefused => Ending::Refused,
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::NotConnected => Ending::Reset,
        io::ErrorKind::TimedOut => Ending::TimedOut(deadline),
        io::ErrorKind::PermissionDenied => Ending::Forbidden,
        io::ErrorKind::NotFound => Ending::Missing,
        io::ErrorKind::WouldBlock => Ending::QueueFull,
        io::ErrorKind::WriteZero => Ending::Closed,
        io::ErrorKind::OutOfMemory => Ending::ResourcesSpent,
        io::ErrorKind::InvalidData => Ending::Tls(TlsFault::Broken),
        _ => Ending::Os(0),
    }
}

/// The ending of a failed TLS handshake; `first_bytes` are the first ones the peer sent.
pub fn handshake_ending(error: &io::Error, first_bytes: &[u8]) -> Ending {
    let ending = ending_of(error, Deadline::Handshake);
    match ending {
        // A reset or a deadline stays what it is, whatever was said before.
        Ending::ClosedWithoutNotify | Ending::Tls(_)
            if !(looks_like_tls(first_bytes) || may_become_tls(first_bytes)) =>
        {
            Ending::Tls(TlsFault::NotTls)
        }
        Ending::ClosedWithoutNotify => Ending::Closed,
        other => other,
    }
}

/// The ending an operating system's error number stands for.
pub fn os_ending(number: i32, deadline: Deadline) -> Ending {
    match number {
        libc::ECONNREFUSED => Ending::Refused,
        libc::ECONNRESET | libc::EPIPE | libc::ECONNABORTED | libc::ENOTCONN => Ending::Reset,
        libc::ETIMEDOUT => Ending::TimedOut(deadline),
        libc::EHOSTUNREACH | libc::ENETUNREACH | libc::ENETDOWN | libc::EHOSTDOWN => Ending::Unroutable,
        // The host lacks the address's family altogether.
        libc::EAFNOSUPPORT | libc::ENONET => Ending::Unroutable,
        libc::EACCES | libc::EPERM => Ending::Forbidden,
        libc::ENOENT | libc::ENOTDIR => Ending::Missing,
        libc::EAGAIN => Ending::QueueFull,
        libc::EMFILE
        | libc::ENFILE
        | libc::EADDRNOTAVAIL
        | libc::EADDRINUSE
        | libc::ENOBUFS
        | libc::ENOMEM => Ending::ResourcesSpent,
        other => Ending::Os(other),
    }
}

/// The ending a TLS error stands for once bytes are known to be TLS.
pub fn tls_ending(error: &TlsError) -> Ending {
    match error {
        TlsError::AlertReceived(alert) => Ending::TlsAlert(u8::from(*alert)),
        TlsError::InvalidCertificate(fault) => Ending::Certificate(certificate_fault(fault)),
        TlsError::NoCertificatesPresented => Ending::Certificate(CertificateFault::Missing),
        TlsError::InvalidCertRevocationList(_) => Ending::Certificate(CertificateFault::Unusable),
        TlsError::UnsupportedNameType => Ending::Certificate(CertificateFault::WrongName),
        TlsError::PeerIncompatible(_) | TlsError::NoApplicationProtocol => Ending::Tls(TlsFault::NoAgreement),
        _ => Ending::Tls(TlsFault::Broken),
    }
}

fn certificate_fault(error: &CertificateError) -> CertificateFault {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => CertificateFault::Expired,
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            CertificateFault::NotYetValid
        }
        CertificateError::Revoked => CertificateFault::Revoked,
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            CertificateFault::WrongName
        }
        CertificateError::UnknownIssuer | CertificateError::BadSignature => CertificateFault::Untrusted,
        _ => CertificateFault::Unusable,
    }
}

fn tls_error(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(number: i32, expected: Ending) {
        assert_eq!(ending_of(&io::Error::from_raw_os_error(number), Deadline::Connect), expected);
    }

    #[test]
    fn error_numbers_have_one_meaning_each() {
        check(libc::ECONNREFUSED, Ending::Refused);
        check(libc::ECONNRESET, Ending::Reset);
        check(libc::EPIPE, Ending::Reset);
        check(libc::ETIMEDOUT, Ending::TimedOut(Deadline::Connect));
        check(libc::EHOSTUNREACH, Ending::Unroutable);
        check(libc::ENETUNREACH, Ending::Unroutable);
        check(libc::EACCES, Ending::Forbidden);
        check(libc::EPERM, Ending::Forbidden);
        check(libc::ENOENT, Ending::Missing);
        check(libc::EAGAIN, Ending::QueueFull);
        check(libc::EMFILE, Ending::ResourcesSpent);
        check(libc::EADDRNOTAVAIL, Ending::ResourcesSpent);
        check(libc::EIO, Ending::Os(libc::EIO));
    }

    #[test]
    fn a_banner_of_another_protocol_is_not_tls() {
        let eof = io::Error::from(io::ErrorKind::UnexpectedEof);
        assert_eq!(handshake_ending(&eof, b"SSH-2.0-x\r\n"), Ending::Tls(TlsFault::NotTls));
        assert_eq!(handshake_ending(&eof, b"\x16\x03\x03"), Ending::Closed);
        assert_eq!(handshake_ending(&eof, b""), Ending::Closed);
    }
}
