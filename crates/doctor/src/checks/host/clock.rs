//! Is this host's clock right?
//!
//! Compares it with the `Date` of answers from other hosts. One answer cannot tell whose clock is wrong; two hosts that
//! agree with each other and not with us prove that it is ours. Matters for certificates, on the gateway's host only.

use crate::observe::host::Host;
use crate::observe::tls::moment::{now, of_date_field};
use crate::{Case, Checked};
use std::net::IpAddr;
use torwart_cause::finding::host::CLOCK_WRONG;
use torwart_cause::finding::{Finding, Hop, Where, said};

/// Compares.
pub async fn check(case: &Case) -> Checked {
    if !case.gateway().await.is_here {
        return Checked::not_applicable();
    }
    let mut readings: Vec<(IpAddr, i64)> = Vec::new();
    for upstream in case.upstreams().await.iter() {
        let Some(address) = case.socket_address(&upstream.address).await else { continue };
        if Host::owns(address.ip()) || readings.iter().any(|(known, _)| *known == address.ip()) {
            continue;
        }
        let answered = case.answer(&upstream.address).await;
        let date = answered.exchange.as_ref().and_then(|it| of_date_field(it.field("date")?));
        // The answer was made a while before it was read: a few seconds at most, which do not matter here.
        readings.extend(date.map(|date| (address.ip(), now() - date)));
    }
    let Some((ahead, others)) = agreed(&readings.iter().map(|(_, ahead)| *ahead).collect::<Vec<_>>()) else {
        return if readings.is_empty() { Checked::not_applicable() } else { Checked::fine() };
    };
    let fact = said("host-clock").with("seconds", ahead).with("hosts", others);
    let finding = Finding::new(&CLOCK_WRONG, 85, Where::hop(Hop::Gateway));
    Checked::found(vec![finding.proof_by(fact, "timedatectl; chronyc tracking")])
}

/// How far we are ahead, in seconds, according to at least two others that agree; `None` where all is well or unclear.
fn agreed(ahead: &[i64]) -> Option<(i64, usize)> {
    let first = *ahead.first()?;
    let is_off = |value: &i64| value.abs() > WRONG && (value - first).abs() <= AGREE;
    (ahead.len() >= 2 && ahead.iter().all(is_off)).then_some((first, ahead.len()))
}

/// Below five minutes nothing but logs suffers.
const WRONG: i64 = 300;
/// Others agree within half a minute.
const AGREE: i64 = 30;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_that_agree_prove_our_clock_wrong() {
        assert_eq!(agreed(&[4000, 4003]), Some((4000, 2)));
        assert_eq!(agreed(&[-4000, -3990, -4001]), Some((-4000, 3)));
    }

    #[test]
    fn one_or_disagreeing_others_prove_nothing() {
        assert_eq!(agreed(&[4000]), None);
        assert_eq!(agreed(&[4000, 0]), None);
        assert_eq!(agreed(&[20, 21]), None);
        assert_eq!(agreed(&[]), None);
    }
}
