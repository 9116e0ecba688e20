//! `Proxy-Status` (RFC 9209): what this gateway has to say about a response.

use super::structured::{Bare, write_parameter};
use torwart_cause::ErrorType;

/// One member of the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProxyStatus<'a> {
    /// Who speaks: the pseudonym of this instance.
    pub proxy: &'a str,
    /// The error, where the gateway made the response itself.
    pub error: Option<ErrorType>,
    /// The upstream, if this client may know it.
    pub next_hop: Option<&'a str>,
    /// The ALPN name of the protocol spoken with the upstream.
    pub next_protocol: Option<&'a str>,
    /// The status received from the upstream.
    pub received_status: Option<u16>,
    /// A sentence for operators, if this client may read it.
    pub details: Option<&'a str>,
    /// Parameters that belong to the error type, such as `rcode` or `alert-id`.
    pub extra: &'a [(&'static str, Bare<'a>)],
}

impl ProxyStatus<'_> {
    /// Appends the member, without a comma.
    pub fn write(&self, out: &mut Vec<u8>) {
        Bare::Token(self.proxy).write(out);
        if let Some(error) = self.error {
            write_parameter(out, "error", Bare::Token(error.name()));
        }
        if let Some(next_hop) = self.next_hop {
            write_parameter(out, "next-hop", Bare::Token(next_hop));
        }
        if let Some(protocol) = self.next_protocol {
            write_parameter(out, "next-protocol", Bare::Token(protocol));
        }
        if let Some(status) = self.received_status {
            write_parameter(out, "received-status", Bare::Integer(i64::from(status)));
        }
        for (name, value) in self.extra {
            write_parameter(out, name, *value);
        }
        if let Some(details) = self.details {
            write_parameter(out, "details", Bare::Text(details));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(status: ProxyStatus<'_>, expected: &str) {
        let mut out = Vec::new();
        status.write(&mut out);
        assert_eq!(String::from_utf8(out).expect("ASCII"), expected);
    }

    #[test]
    fn a_failed_exchange_reads_as_in_the_rfc() {
        check(
            ProxyStatus {
                proxy: "torwart-4f2a",
                error: Some(ErrorType::DnsError),
                next_hop: Some("api.internal:8080"),
                next_protocol: Some("http/1.1"),
                extra: &[("rcode", Bare::Text("NXDOMAIN")), ("info-code", Bare::Integer(-7))],
                details: Some("no such name: \"api\" \\ für\r\nx"),
                ..ProxyStatus::default()
            },
            "torwart-4f2a;error=dns_error;next-hop=api.internal:8080;next-protocol=http/1.1;rcode=\"NXDOMAIN\";\
             info-code=-7;details=\"no such name: \\\"api\\\" \\\\ f?r??x\"",
        );
    }

    #[test]
    fn what_is_no_token_becomes_a_string() {
        check(
            ProxyStatus { proxy: "10.0.0.1", received_status: Some(503), ..ProxyStatus::default() },
            "\"10.0.0.1\";received-status=503",
        );
        check(ProxyStatus { proxy: "", ..ProxyStatus::default() }, "\"\"");
    }
}
