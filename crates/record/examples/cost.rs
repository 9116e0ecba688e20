//! What a record costs, for an instruction counter: run a part a given number of times.
//!
//! `valgrind --tool=callgrind target/release/examples/cost count 1000`, then with 2000, and divide the difference by
//! 1000. Parts: `count` raises the counters, `line` writes the JSON line, `human` the other, `id` makes and spells an
//! id, `all` does what a core does for a good exchange with the log on.

use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use torwart_cause::{Address, Attempt, ClientSide, Evidence, Local, Step, Verdict};
use torwart_record::{
    Client, Failures, HumanLog, JournalOptions, JournalWriter, JsonLog, Labels, Metrics, PoolLabels,
    Protocol, Record, Recorder, RequestIds, RouteLabels, Series, ServedBy, Sink, Status, Timestamp,
};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let part = arguments.next().unwrap_or_default();
    let rounds: u64 = arguments.next().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let status = Arc::new(Status::new("0.0.0", Timestamp::default()));
    let metrics = Metrics::new(1, status);
    let series = metrics.adopt(&labels());
    let evidence = evidence();
    let record = record(&series, &evidence);
    match part.as_str() {
        "count" => {
            let core = metrics.core(0);
            (0..rounds).for_each(|_| core.count(black_box(&record)));
        }
        "line" => {
            let (mut log, mut out) = (JsonLog::new(false), Vec::with_capacity(4096));
            for _ in 0..rounds {
                out.clear();
                log.write(black_box(&record), &mut out);
                black_box(&out);
            }
        }
        "human" => {
            let mut out = Vec::with_capacity(4096);
            for _ in 0..rounds {
                out.clear();
                HumanLog::new(true).write(black_box(&record), &mut out);
                black_box(&out);
            }
        }
        "id" => {
            let mut ids = RequestIds::new(42);
            for _ in 0..rounds {
                black_box(ids.next_id().text());
            }
        }
        _ => everything(&metrics, &record, rounds),
    }
}

fn everything(metrics: &Metrics, record: &Record<'_>, rounds: u64) {
    let options = JournalOptions::new(Sink::File("/dev/null".into()));
    let Ok(writer) = JournalWriter::start(options, metrics, Box::new(|_| {})) else { return };
    let recorder = Recorder::new(metrics.core(0), Some(writer.journal(metrics)), Arc::new(Failures::new(10)));
    let now = Duration::ZERO;
    (0..rounds).for_each(|_| recorder.record(black_box(record), now));
}

fn labels() -> Labels {
    Labels {
        routes: vec![RouteLabels { site: "shop.example".into(), route: "/".into(), pools: vec![0] }],
        pools: vec![PoolLabels { name: "shop".into(), upstreams: vec!["http://10.0.0.12:3000".into()] }],
    }
}

fn evidence() -> Evidence {
    let done = |micros| Step::Done { took: Duration::from_micros(micros) };
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
    Evidence {
        client: ClientSide { head: done(40), answer: done(10), ..ClientSide::default() },
        local: Local { route: done(0), guard: done(0), admit: done(0), pick: done(0) },
        attempts: vec![attempt],
    }
}

fn record<'a>(series: &'a Series, evidence: &'a Evidence) -> Record<'a> {
    Record {
        at: Timestamp::from_micros(1_795_264_496_789_012),
        id: RequestIds::new(42).next_id(),
        client: Client::Ip(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 7), 4711))),
        method: b"GET",
        host: b"shop.example",
        path: b"/products/4711/pictures",
        query: None,
        protocol: Protocol::Http11,
        status: Some(200),
        served_by: ServedBy::Upstream,
        is_complete: true,
        series,
        route: Some(0),
        pool: Some(0),
        verdict: &Verdict::Well,
        duration: Duration::from_micros(9_042),
        sent: 1210,
        received: 290,
        user_agent: b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        referer: b"https://shop.example/products",
        trace_id: b"4bf92f3577b34da6a3ce929d0e0e4736",
        crawler: None,
        evidence,
        attempt_causes: &[],
    }
}
