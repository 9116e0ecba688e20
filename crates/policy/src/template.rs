//! Fills in the templates of header rules and redirects.

use std::{io::Write, net::IpAddr};

use torwart_config::plan::{Piece, ValueTemplate, Variable};
use torwart_wire::Head;

use crate::{rewrite::query_of, route::host_of};

/// What the variables of a template stand for.
#[derive(Clone, Copy, Debug)]
pub struct Values<'a> {
    /// Whether the client spoke TLS to us.
    pub tls: bool,
    /// The request.
    pub head: &'a Head,
    /// The client's address, if it has one.
    pub client: Option<IpAddr>,
    /// The request id.
    pub request_id: &'a str,
}

/// Appends the filled-in template. Bytes that cannot stand in a field value are left out.
pub fn render(template: &ValueTemplate, values: &Values<'_>, out: &mut Vec<u8>) {
    for piece in &template.pieces {
        match piece {
            Piece::Literal(text) => out.extend_from_slice(text.as_bytes()),
            Piece::Variable(variable) => fill_in(*variable, values, out),
        }
    }
}

fn fill_in(variable: Variable, values: &Values<'_>, out: &mut Vec<u8>) {
    match variable {
        Variable::Scheme => out.extend_from_slice(if values.tls { b"https" } else { b"http" }),
        Variable::Host => append_clean(host_of(values.head.authority()), out),
        Variable::Path => append_clean(values.head.path(), out),
        Variable::Query => {
            if let Some(query) = query_of(values.head) {
                out.push(b'?');
                append_clean(query, out);
            }
        }
        Variable::Method => append_clean(values.head.method(), out),
        Variable::ClientAddress => match values.client {
            // Writing into a vector cannot fail.
            Some(address) => drop(write!(out, "{address}")),
            None => out.extend_from_slice(b"unknown"),
        },
        Variable::RequestId => append_clean(values.request_id.as_bytes(), out),
    }
}

fn append_clean(bytes: &[u8], out: &mut Vec<u8>) {
    out.extend(bytes.iter().filter(|byte| !byte.is_ascii_control()));
}
