//! Does this machine's hosts file send the site's name elsewhere than the name servers do?
//!
//! Proves: the file has a line for the name, and name servers give other addresses. It is the reason for a failure only
//! where the file's address is dead and theirs works; else somebody meant it so.

use crate::observe::names::Touch;
use crate::{Case, Checked};
use std::net::SocketAddr;
use torwart_cause::finding::client::HOSTS_OVERRIDE;
use torwart_cause::finding::{Finding, Fix, Hop, Severity, Where, said};

pub async fn check(case: &Case) -> Checked {
    let names = case.site().await;
    let port = case.question().url.port;
    let Some(line) = names.hosts.first().filter(|_| names.setup.reads_hosts()) else {
        return Checked::not_applicable();
    };
    let published = names.heard(case).await;
    if published.is_empty() || published.contains(&line.address) {
        return Checked::fine();
    }
    let mut own_works = false;
    for line in names.hosts.iter().take(2) {
        own_works |= !names.touch(case, SocketAddr::new(line.address, port)).await.is_dead();
    }
    let mut works = None;
    for address in published.iter().take(3) {
        if *names.touch(case, SocketAddr::new(*address, port)).await == Touch::Accepts {
            works = Some(*address);
            break;
        }
    }
    let severity = if !own_works && works.is_some() { Severity::Critical } else { Severity::Info };
    let addresses: Vec<_> = published.iter().map(ToString::to_string).collect();
    let in_file = said("client-hosts-line")
        .with("file", &line.file)
        .with("name", &names.host)
        .with("address", line.address);
    let published =
        said("client-published").with("name", &names.host).with("addresses", addresses.join(", "));
    let place = Where::hop(Hop::You).name(&names.host).file(&line.file, line.line);
    let mut finding = Finding::new(&HOSTS_OVERRIDE, 96, place)
        .severity(severity)
        .proof_by(in_file, format!("grep -n {} {}", names.host, line.file))
        .proof_by(published, format!("dig {} A", names.host));
    if severity == Severity::Critical {
        let works = works.map(|address| address.to_string()).unwrap_or_default();
        finding = finding
            .proof(
                said("client-hosts-dead")
                    .with("address", line.address)
                    .with("port", port)
                    .with("works", works),
            )
            .fix(Fix {
                product: None,
                file: Some((line.file.clone(), line.line)),
                before: Some(format!("{} {}", line.address, names.host)),
                after: format!("# {} {}", line.address, names.host),
            });
    }
    Checked::found(vec![finding])
}
