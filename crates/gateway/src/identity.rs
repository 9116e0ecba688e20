//! Who is who in a TLS handshake, seen from a request: proofs for a CA, and clients known by their certificate.

use crate::exchange::Exchange;
use crate::route::decided;
use std::sync::Arc;
use torwart_cause::Decision;
use torwart_dial::Stop;
use torwart_policy::route::host_of;
use torwart_wire::http1::write_field;

/// The text a CA wants to see at this path, where it is looking for one of ours; any other path goes on its way.
pub fn proof(x: &Exchange<'_>) -> Option<Arc<str>> {
    // CAs ask by plain HTTP (RFC 8555 §8.3).
    if x.client.is_tls {
        return None;
    }
    x.view.snapshot.certificates.as_ref()?.proofs().text(x.desk.request.path())
}

/// Lets a request pass that may come on its connection (RFC 9110 §7.4): the connection's certificate covers its
/// host, and where its site knows clients by certificate, this connection's was accepted for that very site.
pub fn judge(x: &mut Exchange<'_>) -> Result<(), Stop> {
    if is_led_astray(x) {
        x.desk.evidence.local.guard = decided(Decision::Misdirected);
        return Err(Stop);
    }
    if x.client.stream.is_early() {
        // Whether a repetition would do harm, only who answers can know (RFC 8470 §5.1).
        x.notes().request_fields.extend_from_slice(b"Early-Data: 1\r\n");
    }
    let Some(rule) = x.site().and_then(|site| site.client_certificate.as_ref()) else { return Ok(()) };
    // Plain requests that are only sent on to https.
    let is_sent_on = !x.client.is_tls && x.route.is_none();
    let is_known = x.client.name.identity.as_ref().is_some_and(|identity| identity.rule == *rule);
    if !rule.is_required || is_known || is_sent_on {
        return Ok(());
    }
    x.desk.evidence.local.guard = decided(Decision::Misdirected);
    Err(Stop)
}

/// Whether the request came on a connection that was made for another name, though its own site has a certificate that
/// the client would be shown on a connection of its own. Only where a version of HTTP lets connections be shared.
fn is_led_astray(x: &Exchange<'_>) -> bool {
    let (Some(origin), Some(certificates)) = (x.client.stream.origin(), &x.view.snapshot.certificates) else {
        return false;
    };
    let host = std::str::from_utf8(host_of(x.desk.request.authority())).unwrap_or_default();
    x.site().is_some_and(|site| !site.certificates.is_empty()) && !origin.covers(host, certificates)
}

/// Whether what the client itself says about certificates is believed: that of a trusted peer, which took the
/// connection in our stead, unless the site asks by itself.
pub fn believes_claims(x: &Exchange<'_>) -> bool {
    x.client.is_trusted && x.site().is_none_or(|site| site.client_certificate.is_none())
}

/// Appends what the site's upstream is told about the client's certificate.
pub fn write_lines(x: &Exchange<'_>, out: &mut Vec<u8>) {
    let Some(identity) = &x.client.name.identity else { return };
    let rule = x.site().and_then(|site| site.client_certificate.as_ref());
    if rule.is_some_and(|rule| identity.rule == *rule) {
        out.extend_from_slice(&identity.lines);
    }
}

/// Appends `Strict-Transport-Security`, where the site wants it and the answer goes out by TLS (RFC 6797 §7.2).
pub fn write_transport_security(x: &Exchange<'_>, out: &mut Vec<u8>) {
    if let Some(policy) = transport_security(x) {
        write_field(out, TRANSPORT_SECURITY, policy.as_bytes());
    }
}

/// Whether this field of a response gives way to the site's own policy.
pub fn is_overruled(x: &Exchange<'_>, name: &[u8]) -> bool {
    name.len() == TRANSPORT_SECURITY.len()
        && name.eq_ignore_ascii_case(TRANSPORT_SECURITY)
        && transport_security(x).is_some()
}

fn transport_security<'x>(x: &'x Exchange<'_>) -> Option<&'x str> {
    x.site().filter(|_| x.client.is_tls)?.hsts.as_deref()
}

const TRANSPORT_SECURITY: &[u8] = b"Strict-Transport-Security";
