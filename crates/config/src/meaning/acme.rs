//! `[acme]`: where certificates are ordered, and whether the sites that want one can have it.

use std::path::PathBuf;

use super::{Build, listen::Listen, shared, site::Built};
use crate::{
    Place, defaults,
    file::{At, Group},
    plan::{AcmePlan, Challenge, DnsHook, ExternalAccount, HostPattern, ListenAddress},
};

/// Reads `[acme]`.
pub(super) fn acme(build: &mut Build<'_>, root: &Group, listen: &Listen) -> Option<AcmePlan> {
    let group = root.group("acme")?;
    let dns_hook = group.group("dns_hook").and_then(|hook| dns_hook(build, hook));
    let challenges: Vec<_> =
        group.texts("challenge").filter_map(|text| Challenge::from_name(text.value)).collect();
    let has_http = listen.listeners.iter().any(|listener| !listener.tls);
    let challenges = match (challenges.is_empty(), &dns_hook) {
        (false, _) => challenges,
        (true, Some(_)) => vec![Challenge::Dns01],
        (true, None) if has_http => vec![Challenge::Http01, Challenge::TlsAlpn01],
        (true, None) => vec![Challenge::TlsAlpn01],
    };
    let store = group.text("store").filter(|text| !text.value.is_empty());
    Some(AcmePlan {
        directory: shared(&directory(build, group)),
        ca: group.text("ca").map(|ca| build.file(&ca)),
        agrees_to_terms: group.switch("agree_terms") == Some(true),
        emails: group
            .texts("email")
            .filter_map(|text| email(build, &text))
            .map(|email| shared(&email))
            .collect(),
        challenges,
        dns_hook,
        external_account: group.group("external_account").and_then(|group| external_account(build, group)),
        profile: group.text("profile").map(|text| shared(text.value)),
        is_store_named: store.is_some(),
        store: store.map_or_else(
            || PathBuf::from(defaults::STATE).join(crate::plan::STORE_FOLDER),
            |text| build.folder.join(text.value),
        ),
    })
}

/// Looks at `[acme]` and the sites that want a certificate from there together.
pub(super) fn check(
    build: &mut Build<'_>,
    root: &Group,
    acme: Option<&AcmePlan>,
    listen: &Listen,
    sites: &[Built],
) {
    let wanting: Vec<&Built> = sites.iter().filter(|built| built.site.is_automatic).collect();
    let place_of = |built: &Built| built.certificate.unwrap_or(built.place);
    let Some(acme) = acme else {
        for built in wanting.iter().take(1) {
            build.complaints.error(place_of(built), "acme_missing");
        }
        return;
    };
    let place = root.key_place("acme").unwrap_or_default();
    let group = root.group("acme");
    if wanting.is_empty() {
        build.complaints.warn(place, "acme_unused");
        return;
    }
    if !acme.agrees_to_terms {
        let place = group.and_then(|group| group.key_place("agree_terms")).unwrap_or(place);
        build.complaints.error(place, "acme_terms");
    }
    challenges(build, group, acme, listen, place);
    for built in wanting {
        for (host, place) in &built.hosts {
            name(build, host, *place, acme);
        }
    }
}

/// Whether the ways to prove a name can work at all.
fn challenges(build: &mut Build<'_>, group: Option<&Group>, acme: &AcmePlan, listen: &Listen, place: Place) {
    let asked = group.and_then(|group| group.key_place("challenge")).unwrap_or(place);
    let offers = |challenge| acme.challenges.contains(&challenge);
    if offers(Challenge::Dns01) && acme.dns_hook.is_none() {
        build.complaints.error(asked, "dns_without_hook");
    }
    if offers(Challenge::Http01) && !listen.listeners.iter().any(|listener| !listener.tls) {
        build.complaints.error(asked, "challenge_without_http");
    }
    // A CA of one's own may ask elsewhere.
    if !acme.is_public() || offers(Challenge::Dns01) {
        return;
    }
    let listens = |tls: bool, port: u16| {
        listen.listeners.iter().any(|listener| {
            let is_there = matches!(listener.address, ListenAddress::Tcp(address) if address.port() == port);
            listener.tls == tls && is_there
        })
    };
    let http = offers(Challenge::Http01) && listens(false, 80);
    let tls = offers(Challenge::TlsAlpn01) && listens(true, 443);
    if !http && !tls {
        build.complaints.warn(asked, "challenge_other_port");
    }
}

/// Whether a CA can give a certificate for this host.
fn name(build: &mut Build<'_>, host: &HostPattern, place: Place, acme: &AcmePlan) {
    let (name, is_wildcard) = match host {
        HostPattern::Any => {
            build.complaints.error(place, "auto_for_any_host");
            return;
        }
        HostPattern::Below(suffix) => (suffix.trim_start_matches('.'), true),
        HostPattern::Exact(name) => (&**name, false),
    };
    let is_address = name.starts_with('[') || name.parse::<std::net::IpAddr>().is_ok();
    if is_address || name.contains('_') {
        build.complaints.error(place, "auto_for_no_name").text("name", name);
    } else if is_wildcard && !acme.challenges.contains(&Challenge::Dns01) {
        build.complaints.error(place, "auto_wildcard").text("name", format!("*.{name}"));
    } else if acme.is_public() && is_local(name) {
        build.complaints.warn(place, "auto_local_name").text("name", name);
    }
}

/// Names no public CA knows (RFC 6761, RFC 6762, RFC 9476, ICANN's `.internal`).
fn is_local(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    !name.contains('.')
        || ["local", "localhost", "internal", "test", "invalid", "alt", "onion", "home"].contains(&last)
}

fn directory(build: &mut Build<'_>, group: &Group) -> String {
    let staging = group.switch("staging") == Some(true);
    let Some(text) = group.text("directory") else {
        let url = if staging { defaults::ACME_STAGING } else { defaults::ACME_DIRECTORY };
        return url.to_owned();
    };
    if let Some(place) = group.key_place("staging").filter(|_| staging) {
        build.complaints.error(place, "staging_with_directory").and(text.place);
    }
    let host = text.value.strip_prefix("https://");
    let plain = text.value.strip_prefix("http://");
    let is_near = plain.is_some_and(|rest| {
        ["127.0.0.1", "[::1]", "localhost"].iter().any(|near| {
            rest.strip_prefix(near).is_some_and(|rest| rest.is_empty() || rest.starts_with([':', '/']))
        })
    });
    let is_whole = host.or(plain).is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'));
    if !is_whole || (plain.is_some() && !is_near) || text.value.contains(char::is_whitespace) {
        build.complaints.error(text.place, "bad_acme_directory").text("value", text.value);
    }
    text.value.to_owned()
}

fn email(build: &mut Build<'_>, text: &At<&str>) -> Option<String> {
    let address = text.value.strip_prefix("mailto:").unwrap_or(text.value);
    let is_good = address.is_ascii()
        && !address.contains([' ', ',', '<', '>', '?'])
        && address.split_once('@').is_some_and(|(name, host)| !name.is_empty() && host.contains('.'));
    if !is_good {
        build.complaints.error(text.place, "bad_email").text("value", text.value);
        return None;
    }
    Some(address.to_owned())
}

fn dns_hook(build: &mut Build<'_>, group: &Group) -> Option<DnsHook> {
    let mut command: Vec<_> = group.texts("command").map(|text| shared(text.value)).collect();
    let program = group.texts("command").next();
    match (program, command.first_mut()) {
        (Some(text), Some(first)) => {
            // A path is a file and starts from here; a plain name is looked for as shells do.
            if text.value.contains('/') || text.value.is_empty() {
                *first = shared(&build.file(&text).to_string_lossy());
            }
        }
        _ => {
            if let Some(place) = group.key_place("command") {
                build.complaints.error(place, "empty_command");
            }
            return None;
        }
    }
    Some(DnsHook {
        command,
        deadline: group.duration("deadline").unwrap_or(defaults::DNS_HOOK),
        wait: group.duration("wait").unwrap_or(defaults::DNS_WAIT),
    })
}

fn external_account(build: &mut Build<'_>, group: &Group) -> Option<ExternalAccount> {
    let (id, key_file) = (group.text("id")?, group.text("key_file")?);
    Some(ExternalAccount { id: shared(id.value), key_file: build.file(&key_file) })
}
