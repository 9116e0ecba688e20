//! From the file as written to the plan as meant.
//!
//! Each part of the plan is built by one file below; [`cross`] and [`ladder`] look at what the parts mean together.
//! Building goes on after an error, so that all complaints come at once; a plan built past an error is thrown away
//! by [`crate::check`], so what stands in for a wrong value never matters.

mod acme;
mod address;
mod answers;
mod balance;
mod cache;
mod client_certificate;
mod compress;
mod crawlers;
mod cross;
mod door;
mod files;
mod headers;
mod health;
mod host;
mod hsts;
mod ladder;
mod listen;
mod log;
mod overload;
mod path;
mod pool;
mod process;
mod retry;
mod route;
mod secure_headers;
mod site;
mod upstream;

use std::{
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{
    Place, Plan,
    complaint::Complaints,
    defaults,
    file::{At, Group},
    plan::{AddressFrom, Door, Lenient, Pool, PoolIndex, ProcessPlan},
};

/// Builds the plan.
pub(crate) fn plan(
    root: &Group,
    folder: &Path,
    exists: &dyn Fn(&Path) -> bool,
    complaints: &mut Complaints,
) -> Plan {
    let mut build = Build {
        folder,
        exists,
        complaints,
        pools: Vec::new(),
        named: Vec::new(),
        routes: 0,
        door: Door::default(),
        secure_headers: None,
    };
    build.secure_headers = root.text("secure_headers").map(|text| text.value.to_owned());
    build.door = door::within(&mut build, &Door::default(), root, "gateway");
    let listen = listen::listen(&mut build, root);
    let (connections, limits, deadlines) = listen::client(root);
    let answers = answers::answers(&mut build, root, None);
    pool::named(&mut build, root);
    let acme = acme::acme(&mut build, root, &listen);
    let sites = site::sites(&mut build, root, &answers, &limits, acme.as_ref());
    acme::check(&mut build, root, acme.as_ref(), &listen, &sites);
    cross::check(&mut build, root, &listen, &sites);
    let mut lenient = Lenient::default();
    for option in root.texts("lenient") {
        lenient.allow(option.value);
    }
    let process = process::process(&mut build, root);
    let mut plan = Plan {
        listeners: listen.listeners,
        zone: root.text("zone").and_then(|zone| upstream::zone(&mut build, &zone)),
        early_data: listen.early_data,
        admin: listen.admin,
        admin_token: listen.admin_token,
        sites: sites.into_iter().map(|built| built.site).collect(),
        resolver: listen::resolver(&mut build, root),
        trusted: root.texts("trusted").filter_map(|text| address::network(&mut build, text)).collect(),
        address_from: match root.text("address_from").map(|text| text.value) {
            Some("forwarded") => AddressFrom::Forwarded,
            _ => AddressFrom::XForwardedFor,
        },
        pseudonym: host::pseudonym(&mut build, root),
        acme,
        cache: cache::store(root),
        log: log::log(&build, root),
        process: ProcessPlan { confine: process.confine, ..ProcessPlan::default() },
        pools: build.pools,
        routes: build.routes,
        limits,
        deadlines,
        lenient,
        connections,
        per_address: listen::per_address(root),
        drain: root.duration("drain").unwrap_or(defaults::DRAIN),
        workers: root.count("workers").and_then(|count| NonZeroUsize::new(usize::try_from(count).ok()?)),
        answers,
    };
    plan.run_as(process.user, process.group);
    plan
}

/// What is needed while building, and what comes together meanwhile.
struct Build<'a> {
    folder: &'a Path,
    exists: &'a dyn Fn(&Path) -> bool,
    complaints: &'a mut Complaints,
    pools: Vec<Pool>,
    /// The named pools, those whose upstreams are wrong included.
    named: Vec<Named>,
    /// How many routes were numbered so far.
    routes: usize,
    /// The door the whole gateway has.
    door: Door,
    /// The preset of fields the whole gateway has.
    secure_headers: Option<String>,
}

/// A pool with a table of its own.
struct Named {
    name: String,
    place: Place,
    index: PoolIndex,
    is_used: bool,
    /// Its deadlines and buffers hold for the routes that use it.
    group: Group,
}

impl Build<'_> {
    /// A file the operator named, relative to the configuration.
    fn file(&mut self, name: &At<&str>) -> PathBuf {
        let path = self.folder.join(name.value);
        if name.value.is_empty() || !(self.exists)(&path) {
            self.complaints.error(name.place, "file_missing").text("file", path.display().to_string());
        }
        path
    }
}

/// A count that the table of keys keeps far below what the type holds.
fn narrow(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// As [`narrow`].
fn narrow32(count: u64) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

fn shared(text: &str) -> Arc<str> {
    Arc::from(text)
}
