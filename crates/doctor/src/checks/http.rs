//! Who answers what, and is it right?
//!
//! `site_error` and `upstream_error` tell who made an error; the others look at what an upstream sends, at the
//! protocol it speaks, and at questions that differ from a visitor's.

mod body;
mod content_coding;
mod event_stream;
mod fastcgi;
mod head;
mod header_size;
mod health_check;
mod http_version;
mod protocol;
mod proxy_loop;
mod proxy_protocol;
mod redirects;
mod request_header;
mod scene;
mod site_error;
mod unanswered;
mod upgrade;
mod upstream_error;
mod wrong_host;

use crate::Check;

/// The checks of this area.
pub const CHECKS: &[Check] = &[
    Check::new("site_error", |case| Box::pin(site_error::check(case))),
    Check::new("upstream_error", |case| Box::pin(upstream_error::check(case))),
    Check::new("unanswered", |case| Box::pin(unanswered::check(case))),
    Check::new("head", |case| Box::pin(head::check(case))),
    Check::new("header_size", |case| Box::pin(header_size::check(case))),
    Check::new("body", |case| Box::pin(body::check(case))),
    Check::new("content_coding", |case| Box::pin(content_coding::check(case))),
    Check::new("event_stream", |case| Box::pin(event_stream::check(case))),
    Check::new("fastcgi", |case| Box::pin(fastcgi::check(case))),
    Check::new("http_version", |case| Box::pin(http_version::check(case))),
    Check::new("proxy_protocol", |case| Box::pin(proxy_protocol::check(case))),
    Check::new("redirects", |case| Box::pin(redirects::check(case))),
    Check::new("wrong_host", |case| Box::pin(wrong_host::check(case))),
    Check::new("health_check", |case| Box::pin(health_check::check(case))),
    Check::new("upgrade", |case| Box::pin(upgrade::check(case))),
    Check::new("request_header", |case| Box::pin(request_header::check(case))),
    Check::new("proxy_loop", |case| Box::pin(proxy_loop::check(case))),
];
