//! A visitor who asks the shop for something a few times a second, so that something happens without a browser.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};
use torwart_config::plan::{ExchangeDeadlines, LinkDeadlines, ResolverPlan};
use torwart_dial::ask::{AnswerLimits, Question, ask_once};
use torwart_dial::{Place, Resolver, SocketPlan, SystemFiles, Target};

/// Visits until nobody waits for it any more.
pub(super) fn visit(gateway: SocketAddr) -> io::Result<impl Future<Output = ()>> {
    let resolver = Arc::new(Resolver::start(&ResolverPlan::default(), SystemFiles::default())?);
    let target = Arc::new(Target {
        label: "gateway".into(),
        place: Place::Ip(gateway),
        tls: None,
        socket: SocketPlan::default(),
        is_fastcgi: false,
        prelude: None,
    });
    Ok(async move {
        let mut ticks = interval(PAUSE);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut running = JoinSet::new();
        for (method, path) in ROUND.iter().cycle() {
            ticks.tick().await;
            while running.try_join_next().is_some() {}
            if running.len() >= AT_ONCE {
                continue;
            }
            let (target, resolver) = (Arc::clone(&target), Arc::clone(&resolver));
            let question = question(method, path, gateway);
            running.spawn_local(async move {
                let (links, deadlines) = (LinkDeadlines::default(), ExchangeDeadlines::default());
                // What became of it stands in the gateway's log.
                ask_once(&target, &resolver, &links, &question, &deadlines, &AnswerLimits::default()).await;
            });
        }
    })
}

fn question(method: &str, path: &str, gateway: SocketAddr) -> Question {
    let host = gateway.to_string();
    match method {
        "POST" => {
            let fields = [("Content-Type", "application/json"), ("Content-Length", ORDER_LENGTH)];
            let mut question = Question::new(method, &host, path, &fields);
            question.bytes.extend_from_slice(ORDER.as_bytes());
            question
        }
        _ => Question::new(method, &host, path, &[]),
    }
}

/// What the visitor does, over and over. An order must not be repeated; the last path leads to the flaky shop alone.
const ROUND: [(&str, &str); 10] = [
    ("GET", "/"),
    ("GET", "/api/products"),
    ("GET", "/api/whoami"),
    ("POST", "/api/orders"),
    ("GET", "/"),
    ("GET", "/api/products"),
    ("GET", "/alone/"),
    ("GET", "/api/whoami"),
    ("POST", "/api/orders"),
    ("GET", "/api/products"),
];

const ORDER: &str = r#"{"ball":1}"#;
const ORDER_LENGTH: &str = "10";

/// Five times a second: enough to see something, little enough to read along.
const PAUSE: Duration = Duration::from_millis(200);
const AT_ONCE: usize = 20;
