//! Where clients are accepted, what they may send, and how names are resolved.

use std::net::SocketAddr;

use ipnet::IpNet;

use super::{Build, address, door, narrow, narrow32, overload, process};
use crate::{
    Place, defaults,
    file::{At, Group},
    plan::{
        ClientDeadlines, ClientLimits, ListenAddress, Listener, PerAddress, ResolverMode, ResolverPlan,
        Secret, SocketAccess,
    },
};

/// `[listen]`, and where the addresses with TLS stand.
pub(super) struct Listen {
    pub(super) listeners: Vec<Listener>,
    pub(super) admin: Option<SocketAddr>,
    pub(super) admin_token: Option<Secret>,
    /// Where `https` stands, if it does.
    pub(super) https: Option<Place>,
    /// Whether requests may come in early data.
    pub(super) early_data: bool,
}

/// Reads `[listen]`.
pub(super) fn listen(build: &mut Build<'_>, root: &Group) -> Listen {
    let mut listen =
        Listen { listeners: Vec::new(), admin: None, admin_token: None, https: None, early_data: false };
    let Some(group) = root.group("listen") else { return listen };
    let mut seen: Vec<(ListenAddress, Place)> = Vec::new();
    let defers = group.switch("defer_accept").unwrap_or(true);
    for (key, tls) in [("http", false), ("https", true)] {
        for text in group.texts(key) {
            let Some(address) = address::listen(build, &text) else { continue };
            claim(build, &mut seen, &address, text.place);
            let access = SocketAccess::default();
            listen.listeners.push(Listener { address, tls, defers, access, stated_by: None });
        }
        for table in group.groups(key) {
            let stated_by = stated_by(build, &table);
            let Some((address, access)) = written_out(build, &table) else { continue };
            claim(build, &mut seen, &address, table.place);
            listen.listeners.push(Listener { address, tls, defers, access, stated_by });
        }
    }
    http3(build, group, &mut seen, &mut listen.listeners);
    listen.early_data = group.switch("early_data") == Some(true);
    let speaks_http3 = |listener: &Listener| matches!(listener.address, ListenAddress::Quic(_));
    if listen.early_data && !listen.listeners.iter().any(speaks_http3) {
        let place = group.key_place("early_data").unwrap_or_default();
        build.complaints.error(place, "early_data_without_http3");
    }
    listen.admin_token = door::secret(build, group, "admin_token");
    if let Some(text) = group.text("admin") {
        listen.admin = address::socket(build, &text);
        if let Some(admin) = listen.admin {
            claim(build, &mut seen, &ListenAddress::Tcp(admin), text.place);
            if !admin.ip().is_loopback() && !group.has("admin_token") {
                build.complaints.error(text.place, "admin_without_token").text("value", text.value);
            }
        }
    }
    if !group.has("http") && !group.has("https") {
        let place = root.key_place("listen").unwrap_or_default();
        build.complaints.error(place, "nowhere_to_listen");
    }
    listen.https = group.key_place("https").filter(|_| !group.list("https").is_empty());
    listen
}

/// Where HTTP/3 is accepted: at the addresses of `https`, or at those that are named.
fn http3(
    build: &mut Build<'_>,
    group: &Group,
    seen: &mut Vec<(ListenAddress, Place)>,
    listeners: &mut Vec<Listener>,
) {
    let Some(place) = group.key_place("http3").filter(|_| group.switch("http3") != Some(false)) else {
        return;
    };
    // Clients learn of HTTP/3 from an answer over TCP (RFC 9114 section 3.1.1). Connections that a balancer hands on
    // have no UDP beside them.
    let beside = listeners.iter().filter(|listener| listener.tls && listener.stated_by.is_none());
    let beside: Vec<_> = beside
        .filter_map(|listener| match &listener.address {
            ListenAddress::Tcp(address) => Some(*address),
            ListenAddress::Unix(_) | ListenAddress::Quic(_) => None,
        })
        .collect();
    let named: Vec<_> = group.texts("http3").collect();
    let addresses = if named.is_empty() {
        beside.iter().map(|address| (*address, place)).collect()
    } else {
        let read = |text: At<&str>| Some((address::socket(build, &text)?, text.place));
        named.into_iter().filter_map(read).collect::<Vec<_>>()
    };
    if beside.is_empty() {
        build.complaints.error(place, "http3_without_https");
        return;
    }
    for (address, place) in addresses {
        let address = ListenAddress::Quic(address);
        claim(build, seen, &address, place);
        let access = SocketAccess::default();
        listeners.push(Listener { address, tls: true, defers: true, access, stated_by: None });
    }
}

/// Whose PROXY protocol headers are believed, where connections begin with one.
fn stated_by(build: &mut Build<'_>, table: &At<&Group>) -> Option<Vec<IpNet>> {
    let group = table.value;
    let from = group.key_place("from");
    if group.switch("proxy_protocol") != Some(true) {
        if let Some(from) = from {
            build.complaints.error(from, "from_without_proxy_protocol");
        }
        return None;
    }
    // Who may connect to a Unix socket is a matter of its mode.
    if from.is_none() && !group.has("path") {
        build.complaints.error(table.place, "proxy_protocol_without_from");
    }
    Some(group.texts("from").filter_map(|text| address::network(build, text)).collect())
}

/// An address with more to say about it: a Unix socket whose file is to have a mode or owner, or any address whose
/// connections begin with a PROXY protocol header.
fn written_out(build: &mut Build<'_>, table: &At<&Group>) -> Option<(ListenAddress, SocketAccess)> {
    let access = process::access(build, table.value);
    match (table.value.text("address"), table.value.key_place("path")) {
        (Some(text), None) => {
            let address = address::listen(build, &text)?;
            if let (ListenAddress::Tcp(_), Some(place)) =
                (&address, ["mode", "user", "group"].iter().find_map(|key| table.value.key_place(key)))
            {
                build.complaints.error(place, "access_of_address");
            }
            return Some((address, access));
        }
        (Some(_), Some(path)) => {
            build.complaints.error(path, "address_and_path");
            return None;
        }
        (None, None) => {
            build.complaints.error(table.place, "listener_without_address");
            return None;
        }
        (None, Some(_)) => {}
    }
    let path = table.value.text("path")?;
    let name = path.value.strip_prefix("unix:").unwrap_or(path.value);
    if name.is_empty() {
        build.complaints.error(path.place, "socket_without_path");
        return None;
    }
    Some((ListenAddress::Unix(build.folder.join(name)), access))
}

/// Notes that an address is taken; two ports chosen by the kernel never clash.
fn claim(
    build: &mut Build<'_>,
    seen: &mut Vec<(ListenAddress, Place)>,
    address: &ListenAddress,
    place: Place,
) {
    if matches!(address, ListenAddress::Tcp(socket) | ListenAddress::Quic(socket) if socket.port() == 0) {
        return;
    }
    match seen.iter().find(|(other, _)| other == address) {
        Some((_, first)) => {
            build.complaints.error(place, "address_twice").and(*first);
        }
        None => seen.push((address.clone(), place)),
    }
}

/// Reads `[client]`.
pub(super) fn client(root: &Group) -> (usize, ClientLimits, ClientDeadlines) {
    let mut limits = ClientLimits::default();
    let mut deadlines = ClientDeadlines::default();
    let Some(client) = root.group("client") else { return (defaults::CONNECTIONS, limits, deadlines) };
    if let Some(group) = client.group("limit") {
        limits = ClientLimits {
            head: group.size("head").unwrap_or(limits.head),
            fields: group.count("fields").map_or(limits.fields, narrow),
            target: group.size("target").unwrap_or(limits.target),
            streams: group.count("streams").map_or(limits.streams, narrow32),
            windows: group.size("windows").unwrap_or(limits.windows),
            body: group.size("body").unwrap_or(limits.body),
        };
    }
    if let Some(group) = client.group("deadline") {
        deadlines = ClientDeadlines {
            handshake: group.duration("handshake").unwrap_or(deadlines.handshake),
            head: group.duration("head").unwrap_or(deadlines.head),
            body: group.duration("body").unwrap_or(deadlines.body),
            send: group.duration("send").unwrap_or(deadlines.send),
            body_pace: None,
            send_pace: None,
            keep_alive: group.duration("keep_alive").unwrap_or(deadlines.keep_alive),
            linger: group.duration("linger").unwrap_or(deadlines.linger),
        };
    }
    (deadlines.body_pace, deadlines.send_pace) = overload::pace(Some(client));
    (client.count("connections").map_or(defaults::CONNECTIONS, narrow), limits, deadlines)
}

/// How many connections one address may hold.
pub(super) fn per_address(root: &Group) -> PerAddress {
    let given = root.group("client").and_then(|client| client.count("per_address"));
    PerAddress { most: given.map_or(defaults::PER_ADDRESS, narrow), counts_loopback: given.is_some() }
}

/// Reads `[resolver]`.
pub(super) fn resolver(build: &mut Build<'_>, root: &Group) -> ResolverPlan {
    let standard = ResolverPlan::default();
    let Some(group) = root.group("resolver") else { return standard };
    let mode = match group.text("mode").map(|text| text.value) {
        Some("system") => ResolverMode::System,
        _ => ResolverMode::Own,
    };
    let plan = ResolverPlan {
        mode,
        servers: group.texts("servers").filter_map(|text| address::server(build, &text)).collect(),
        ttl_min: group.duration("ttl_min").unwrap_or(standard.ttl_min),
        ttl_max: group.duration("ttl_max").unwrap_or(standard.ttl_max),
        negative_ttl: group.duration("negative_ttl").unwrap_or(standard.negative_ttl),
    };
    if plan.ttl_min > plan.ttl_max {
        let place = group.find("ttl_min").or(group.find("ttl_max")).map(|at| at.place).unwrap_or_default();
        build.complaints.error(place, "ttl_bounds_crossed");
    }
    if let (ResolverMode::System, Some(servers)) = (mode, group.key_place("servers")) {
        build.complaints.error(servers, "servers_with_system");
    }
    plan
}
