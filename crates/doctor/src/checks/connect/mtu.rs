//! Do large packets get lost on the way, without anybody saying so?
//!
//! The same request is made twice: as usual, and with segments of a thousand bytes. If the usual one stays without an answer (or
//! stops in the middle) while the small one has it at once, packets of the usual size disappear. The usual one must fail again
//! afterwards, so that a slow first request is not taken for it; some sizes between tell the size that still passes.

use super::judged::{Target, targets};
use crate::together::together;
use crate::{Case, Checked, Scheme};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use torwart_cause::finding::connect::MTU_BLACK_HOLE;
use torwart_cause::finding::{Finding, Fix, Hop, said};
use torwart_dial::ask::Question;
use torwart_dial::tls::inspect::{Look, inspect};
use torwart_dial::{SocketPlan, Stream, observe};

/// Makes the check.
pub async fn check(case: &Case) -> Checked {
    let targets = targets(case).await;
    let speaks_http = |target: &&Target| matches!(target.address.scheme, Scheme::Http | Scheme::Https);
    let looking = targets
        .iter()
        .filter(speaks_http)
        .filter_map(|target| Some((target, target.reach.connected()?.address()?)))
        .filter(|(_, address)| !address.ip().is_loopback())
        .map(async |(target, address)| look(case, target, address).await);
    together(looking).await.into_iter().fold(Checked::default(), Checked::and)
}

async fn look(case: &Case, target: &Target, address: SocketAddr) -> Checked {
    let Some(usual) = probe(case, target, address, None, FIRST_PATIENCE).await else {
        return Checked::not_applicable();
    };
    if usual.is_whole {
        return Checked::fine();
    }
    let Some(small) = probe(case, target, address, Some(SMALL), PATIENCE).await else {
        return Checked::fine();
    };
    if !small.tells_more_than(&usual) {
        return Checked::fine();
    }
    let sizes =
        SIZES.iter().map(async |&size| (size, probe(case, target, address, Some(size), PATIENCE).await));
    let sizes = together(sizes).await;
    let Some(again) = probe(case, target, address, None, PATIENCE).await else { return Checked::fine() };
    if again.is_whole || !small.tells_more_than(&again) {
        return Checked::fine();
    }
    let passing = sizes
        .iter()
        .filter(|(_, got)| got.is_some_and(|got| got.tells_more_than(&again)))
        .map(|(size, _)| *size)
        .max();
    let largest = passing.unwrap_or(SMALL);
    Checked::found(vec![finding(target, address, &usual, &small, largest)])
}

/// What came back.
#[derive(Clone, Copy, Debug)]
struct Got {
    bytes: usize,
    is_whole: bool,
}

impl Got {
    /// Clearly more: at least a segment, or the end.
    const fn tells_more_than(&self, other: &Self) -> bool {
        self.bytes >= other.bytes + 400 || (self.is_whole && !other.is_whole && self.bytes > other.bytes)
    }
}

/// One request over a connection with a cap on its segments. `None`: no connection, or the budget is spent.
async fn probe(
    case: &Case,
    target: &Target,
    address: SocketAddr,
    segment_size: Option<u16>,
    patience: Duration,
) -> Option<Got> {
    let host = address.ip().to_string();
    case.budget().connection(&host).ok()?;
    case.budget().request(&host).ok()?;
    let plan = SocketPlan { segment_size, ..SocketPlan::default() };
    let stream = observe(&plan, address, CONNECT).await.result.ok()?;
    let url = &case.question().url;
    let fields = [("Connection", "close"), ("Accept-Encoding", "identity")];
    let request = Question::new("GET", &url.authority(), &url.target, &fields).bytes;
    if target.address.scheme == Scheme::Https {
        let look = Look { name: Some(url.host.clone()), then: Some(request), ..Look::default() };
        let shown = inspect(Stream::from(stream), &look, patience).await;
        // The certificates are the large answer here. A failure that is not silence is an answer too.
        let chain: usize = shown.chain.iter().map(|certificate| certificate.len()).sum();
        let is_silent = shown
            .failure
            .as_ref()
            .is_some_and(|failure| matches!(failure.ending, torwart_cause::Ending::TimedOut(_)));
        return Some(Got { bytes: chain + shown.answer.len(), is_whole: !is_silent });
    }
    let mut stream = stream;
    stream.write_all(&request).await.ok()?;
    Some(read(&mut stream, patience).await)
}

/// Reads until the end, until enough came to have shown that large packets pass, or until nothing comes any more.
async fn read(stream: &mut tokio::net::TcpStream, patience: Duration) -> Got {
    let (mut bytes, mut piece) = (0, vec![0; 16 << 10]);
    let started = Instant::now();
    loop {
        let left = (patience * 2).saturating_sub(started.elapsed()).min(patience);
        match tokio::time::timeout(left, stream.read(&mut piece)).await {
            Ok(Ok(0) | Err(_)) => return Got { bytes, is_whole: true },
            Ok(Ok(read)) => bytes += read,
            Err(_) => return Got { bytes, is_whole: false },
        }
        if bytes > ENOUGH {
            return Got { bytes, is_whole: true };
        }
    }
}

fn finding(target: &Target, address: SocketAddr, usual: &Got, small: &Got, largest: u16) -> Finding {
    let headers = if address.is_ipv6() { 60 } else { 40 };
    let (host, port) = (address.ip(), address.port());
    let pair = said("connect-mtu-pair")
        .with("address", address)
        .with("usual", usual.bytes)
        .with("small", small.bytes)
        .with("segment", SMALL);
    let size = said("connect-mtu-size").with("segment", largest).with("mtu", largest + headers);
    let ping =
        format!("ping -M do -c 3 -s 1472 {host}; ping -M do -c 3 -s {} {host}", largest + headers - 28);
    let clamp = Fix {
        product: Some("nftables".to_owned()),
        after: "tcp flags syn tcp option maxseg size set rt mtu".to_owned(),
        ..Fix::default()
    };
    let probing = Fix {
        product: Some("sysctl".to_owned()),
        after: "net.ipv4.tcp_mtu_probing = 1".to_owned(),
        ..Fix::default()
    };
    Finding::new(&MTU_BLACK_HOLE, 96, target.place(Hop::Path, address))
        .proof_by(pair, format!("tcpdump -ni any tcp port {port} and host {host}"))
        .proof_by(size, ping)
        .fix(clamp)
        .fix(probing)
}

/// Small enough for every tunnel there is.
const SMALL: u16 = 1000;

/// Segment sizes on the way from a thousand to the usual one, by which the passing size is told.
const SIZES: &[u16] = &[1160, 1240, 1320, 1360, 1400, 1420];

/// A good part of a large answer: that much has passed the size in question many times.
const ENOUGH: usize = 64 << 10;

/// For the first one: most answers are whole by then.
const FIRST_PATIENCE: Duration = Duration::from_millis(2500);

/// For the others, which have a measure to be compared with.
const PATIENCE: Duration = Duration::from_millis(1800);

const CONNECT: Duration = Duration::from_secs(3);
