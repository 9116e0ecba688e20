//! Does only a proxy get out of this network? The environment names one, and a direct connection to the site fails.
//!
//! Worth knowing, not a fault: requests of other programs on this machine fail unless they are told of the proxy too.

use super::judged::{proxy, site};
use crate::{Case, Checked};
use torwart_cause::finding::connect::EGRESS_NEEDS_PROXY;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let Some(proxy) = proxy(case) else { return Checked::not_applicable() };
    let reach = case.reach(&site(case)).await;
    let Some(failed) = reach.failed().next().filter(|_| !reach.is_connected()) else {
        return Checked::fine();
    };
    let direct =
        said("connect-direct-fails").with("address", &failed.far).with("proxy", without_secret(proxy));
    let url = &case.question().url;
    let place = Where::hop(Hop::You).name(without_secret(proxy));
    let finding = Finding::new(&EGRESS_NEEDS_PROXY, 85, place);
    Checked::found(vec![finding.proof_by(direct, format!("curl --noproxy '*' -sI {url}"))])
}

/// A proxy's address may carry a password.
fn without_secret(proxy: &str) -> String {
    match proxy.rsplit_once('@') {
        Some((before, host)) => match before.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://{host}"),
            None => host.to_owned(),
        },
        None => proxy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_not_shown() {
        assert_eq!(without_secret("http://user:secret@proxy:3128"), "http://proxy:3128");
        assert_eq!(without_secret("user:secret@proxy:3128"), "proxy:3128");
        assert_eq!(without_secret("http://proxy:3128"), "http://proxy:3128");
    }
}
