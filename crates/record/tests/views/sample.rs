//! Records to look at: a good exchange, one that failed over, one that was turned away.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::*;
use torwart_record::*;

/// An exchange with everything it borrows.
pub(crate) struct Sample {
    pub(crate) series: Arc<Series>,
    pub(crate) verdict: Verdict,
    pub(crate) evidence: Evidence,
    pub(crate) causes: Vec<Option<Cause>>,
    pub(crate) record: Record<'static>,
}

impl Sample {
    /// The record, as the gateway would hand it over.
    pub(crate) fn record(&self) -> Record<'_> {
        Record {
            series: &self.series,
            verdict: &self.verdict,
            evidence: &self.evidence,
            attempt_causes: &self.causes,
            ..self.record
        }
    }
}

pub(crate) fn labels() -> Labels {
    Labels {
        routes: vec![RouteLabels { site: "shop.example".into(), route: "/".into(), pools: vec![0] }],
        pools: vec![PoolLabels {
            name: "shop".into(),
            upstreams: vec!["http://10.0.0.11:3000".into(), "http://10.0.0.12:3000".into()],
        }],
    }
}

pub(crate) fn metrics() -> Metrics {
    let status = Status::new("1.2.3", Timestamp::from_micros(1_795_000_000_000_000));
    status.set_generation(1);
    Metrics::new(2, Arc::new(status))
}

/// One attempt that went well.
pub(crate) fn good() -> Sample {
    let attempt = Attempt {
        upstream: "http://10.0.0.12:3000".into(),
        address: Some(Address::Ip(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 12), 3000)))),
        is_reused: true,
        send: done(20),
        head: done(8_500),
        body: done(400),
        sent: 310,
        received: 1210,
        status: Some(200),
        ..Attempt::default()
    };
    let evidence = Evidence {
        client: ClientSide { head: done(40), answer: done(10), ..ClientSide::default() },
        attempts: vec![attempt],
        ..Evidence::default()
    };
    sample(evidence, Some(200), ServedBy::Upstream)
}

/// The first upstream refused, the second one sent something wrong.
pub(crate) fn failed() -> Sample {
    let refused = Attempt {
        upstream: "http://10.0.0.11:3000".into(),
        address: Some(Address::Ip(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 11), 3000)))),
        connect: Step::Failed { ending: Ending::Refused, after: Duration::from_micros(250) },
        ..Attempt::default()
    };
    let fault = Fault { what: Malformation::NotHttp, at: 0 };
    let garbled = Attempt {
        upstream: "http://10.0.0.12:3000".into(),
        address: Some(Address::Ip(SocketAddr::from((Ipv4Addr::new(10, 0, 0, 12), 3000)))),
        connect: done(300),
        send: done(15),
        head: Step::Failed { ending: Ending::Malformed(fault), after: Duration::from_millis(3) },
        sent: 310,
        received: 24,
        first_bytes: Some(Box::from(*b"SSH-2.0-OpenSSH_9.6\r\n\x00\xff\"")),
        ..Attempt::default()
    };
    let evidence = Evidence {
        client: ClientSide { head: done(40), answer: done(10), ..ClientSide::default() },
        attempts: vec![refused, garbled],
        ..Evidence::default()
    };
    sample(evidence, Some(502), ServedBy::Answer)
}

/// No route matched.
pub(crate) fn turned_away() -> Sample {
    let failed = Step::Failed { ending: Ending::Decided(Decision::NoRoute), after: Duration::default() };
    let evidence = Evidence {
        client: ClientSide { head: done(40), ..ClientSide::default() },
        local: Local { route: failed, ..Local::default() },
        attempts: Vec::new(),
    };
    let mut sample = sample(evidence, Some(404), ServedBy::Answer);
    sample.record.route = None;
    sample.record.pool = None;
    sample
}

fn sample(evidence: Evidence, status: Option<u16>, served_by: ServedBy) -> Sample {
    static WELL: Verdict = Verdict::Well;
    static NOTHING: Evidence = Evidence {
        client: ClientSide {
            handshake: Step::NotReached,
            head: Step::NotReached,
            body: Step::NotReached,
            answer: Step::NotReached,
        },
        local: Local {
            route: Step::NotReached,
            guard: Step::NotReached,
            admit: Step::NotReached,
            pick: Step::NotReached,
        },
        attempts: Vec::new(),
    };
    let series = metrics().adopt(&labels());
    let record = Record {
        at: Timestamp::from_micros(1_795_264_496_789_012),
        id: "bakim-toruf-zalan".parse().unwrap(),
        client: Client::Ip(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4711))),
        method: b"GET",
        host: b"shop.example",
        path: b"/cart",
        query: Some(b"token=secret"),
        protocol: Protocol::Http11,
        status,
        served_by,
        is_complete: true,
        // Replaced by the sample's own when the record is asked for.
        series: Box::leak(Box::new(series.clone())),
        route: Some(0),
        pool: Some(0),
        verdict: &WELL,
        duration: Duration::from_micros(9_042),
        sent: 1210,
        received: 290,
        user_agent: b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        referer: b"https://shop.example/",
        trace_id: b"4bf92f3577b34da6a3ce929d0e0e4736",
        crawler: None,
        evidence: &NOTHING,
        attempt_causes: &[],
    };
    let verdict = diagnose(&evidence);
    let causes = evidence.attempts.iter().map(attempt_cause).collect();
    Sample { series, verdict, evidence, causes, record }
}

fn done(micros: u64) -> Step {
    Step::Done { took: Duration::from_micros(micros) }
}
