//! Asking every upstream, and every service that says who may come in, once, as the gateway would, and keeping what was
//! observed.

use super::certificate::Facts;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use torwart_cause::{Attempt, Cause, Ending, Evidence, Step, diagnose};
use torwart_config::Plan;
use torwart_config::plan::{
    Action, Auth, ExchangeDeadlines, HostPattern, HostPolicy, LinkDeadlines, Pool, Protocol, Scheme,
    Upstream, UpstreamTls,
};
use torwart_dial::ask::{AnswerLimits, Question, ask};
use torwart_dial::{Resolver, Stream, SystemFiles, Target, TlsClient, fastcgi, http2, open};

/// What one upstream did.
#[derive(Debug)]
pub(super) struct Probe {
    /// Its pool.
    pub(super) pool: Arc<str>,
    /// The upstream, as the file names it.
    pub(super) upstream: Arc<str>,
    /// What was observed.
    pub(super) attempt: Attempt,
    /// What that means; none where all went well.
    pub(super) cause: Option<Cause>,
    /// Its certificate, where it showed one, accepted or not.
    pub(super) certificate: Option<Facts>,
    /// Whether it is a service that says who may come in, and let a stranger in.
    pub(super) lets_anybody_in: bool,
}

impl Probe {
    /// Whether requests can be forwarded to it. An upstream that answers with an error of its own can be reached.
    pub(super) fn is_well(&self) -> bool {
        self.cause.is_none_or(|cause| cause == Cause::UpstreamSaidSo)
    }
}

/// One upstream and how it shall be asked.
struct Order {
    pool: Arc<str>,
    target: Target,
    kind: Kind,
    tls: UpstreamTls,
    protocol: Protocol,
    links: LinkDeadlines,
    exchange: ExchangeDeadlines,
    host: String,
}

/// How an order is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// For the head of the front page.
    Web,
    /// For its own variables.
    FastCgi,
    /// Whether a stranger may come in: at this target, about this site.
    Authoriser { target: Arc<str>, site: Arc<str> },
}

/// Asks all upstreams at once; none may take longer than its deadlines, or than `timeout` per step.
pub(super) async fn all(plan: &Plan, timeout: Duration) -> io::Result<Vec<Probe>> {
    let resolver = Arc::new(Resolver::start(&plan.resolver, SystemFiles::default())?);
    let mut orders = Vec::new();
    for pool in &plan.pools {
        let tls = TlsClient::build(&pool.tls).map_err(|problem| io::Error::other(problem.to_string()))?;
        let tls = Arc::new(match pool.protocol {
            Protocol::Http1 => tls,
            Protocol::Http2 => tls.offering(&[http2::ALPN]),
            Protocol::Auto => tls.offering(&[http2::ALPN, b"http/1.1"]),
        });
        // The servers of a service are nobody's before the gateway runs.
        let upstreams = pool.upstreams.iter().filter(|upstream| !upstream.is_service);
        orders.extend(upstreams.map(|upstream| order(plan, pool, upstream, &tls, timeout)));
    }
    orders.extend(authorisers(plan, timeout)?);
    let mut orders = orders.into_iter().enumerate();
    let mut running = JoinSet::new();
    let mut probes = Vec::new();
    loop {
        while running.len() < AT_ONCE
            && let Some((place, order)) = orders.next()
        {
            let resolver = Arc::clone(&resolver);
            running.spawn_local(async move { (place, probe(order, &resolver).await) });
        }
        match running.join_next().await {
            Some(done) => probes.push(done.map_err(io::Error::other)?),
            None => break,
        }
    }
    probes.sort_by_key(|(place, _)| *place);
    Ok(probes.into_iter().map(|(_, probe)| probe).collect())
}

fn order(plan: &Plan, pool: &Pool, upstream: &Upstream, tls: &Arc<TlsClient>, timeout: Duration) -> Order {
    let route = plan.all_routes().find(|(_, route)| route.action == Action::Forward(pool.index));
    let exchange = route.map(|(_, route)| route.deadlines.clone()).unwrap_or_default();
    let host = route.and_then(|(site, route)| match &route.host {
        HostPolicy::Upstream => None,
        HostPolicy::Literal(host) => Some(host.to_string()),
        HostPolicy::Client => site.hosts.iter().find_map(|host| match host {
            HostPattern::Exact(name) => Some(name.to_string()),
            HostPattern::Below(_) | HostPattern::Any => None,
        }),
    });
    let is_tls = upstream.scheme == Scheme::Https;
    Order {
        pool: Arc::clone(&pool.name),
        target: Target {
            // It is asked by hand.
            is_fastcgi: false,
            ..Target::new(upstream, is_tls.then(|| Arc::clone(tls))).for_ourselves(pool.proxy_protocol)
        },
        kind: if upstream.scheme == Scheme::FastCgi { Kind::FastCgi } else { Kind::Web },
        tls: pool.tls.clone(),
        protocol: pool.protocol,
        links: LinkDeadlines {
            resolve: pool.deadlines.resolve.min(timeout),
            connect: pool.deadlines.connect.min(timeout),
            handshake: pool.deadlines.handshake.min(timeout),
        },
        exchange: ExchangeDeadlines {
            send: exchange.send.min(timeout),
            first_byte: exchange.first_byte.min(timeout),
            between_bytes: exchange.between_bytes.min(timeout),
            ..exchange
        },
        host: host.unwrap_or_else(|| upstream.authority.to_string()),
    }
}

/// Each service that says who may come in, once.
fn authorisers(plan: &Plan, timeout: Duration) -> io::Result<Vec<Order>> {
    let mut orders: Vec<Order> = Vec::new();
    for (site, route) in plan.all_routes() {
        let Some(Auth::Forward(asked)) = route.door.auth.as_deref() else { continue };
        let is_known = |order: &Order| {
            *order.host == *asked.service.authority
                && matches!(&order.kind, Kind::Authoriser { target, .. } if *target == asked.target)
        };
        if orders.iter().any(is_known) {
            continue;
        }
        let tls = match asked.service.scheme {
            Scheme::Https => {
                let tls =
                    TlsClient::build(&asked.tls).map_err(|problem| io::Error::other(problem.to_string()))?;
                Some(Arc::new(tls))
            }
            _ => None,
        };
        let step = asked.deadline.min(timeout);
        orders.push(Order {
            pool: "auth.forward".into(),
            target: Target::new(&asked.service, tls),
            kind: Kind::Authoriser { target: Arc::clone(&asked.target), site: Arc::clone(&site.name) },
            tls: asked.tls.clone(),
            protocol: Protocol::Http1,
            links: LinkDeadlines { resolve: step, connect: step, handshake: step },
            exchange: ExchangeDeadlines {
                send: step,
                first_byte: step,
                between_bytes: step,
                ..ExchangeDeadlines::default()
            },
            host: asked.service.authority.to_string(),
        });
    }
    Ok(orders)
}

async fn probe(order: Order, resolver: &Resolver) -> Probe {
    let mut attempt = Attempt::default();
    let (mut certificate, mut lets_anybody_in, mut is_unclear) = (None, false, false);
    match open(&order.target, resolver, &order.links, &mut attempt).await {
        Ok(stream) => {
            certificate = shown_by(&stream);
            match &order.kind {
                Kind::FastCgi => ask_for_worker(stream, order.exchange.first_byte, &mut attempt).await,
                Kind::Web => question(stream, &order, &mut attempt).await,
                Kind::Authoriser { target, site } => {
                    let status = ask_as_stranger(stream, &order, target, site, &mut attempt).await;
                    lets_anybody_in = matches!(status, Some(200..=299));
                    // What the gateway passes back; anything else is no answer to its question.
                    is_unclear = !matches!(status, Some(200..=299 | 301..=303 | 307 | 308 | 401 | 403));
                }
            }
        }
        Err(_) if matches!(attempt.handshake.ending(), Some(Ending::Certificate(_))) => {
            certificate = look_at_certificate(&order, resolver).await;
        }
        Err(_) => {}
    }
    let evidence = Evidence { attempts: vec![attempt.clone()], ..Evidence::default() };
    let cause = match diagnose(&evidence).cause() {
        None | Some(Cause::UpstreamSaidSo) if is_unclear => Some(Cause::AuthoriserFailed),
        cause => cause,
    };
    Probe { pool: order.pool, upstream: order.target.label, attempt, cause, certificate, lets_anybody_in }
}

/// Asks whether somebody who shows nothing may see the front page of a site.
async fn ask_as_stranger(
    mut stream: Stream,
    order: &Order,
    target: &str,
    site: &str,
    attempt: &mut Attempt,
) -> Option<u16> {
    let fields = [
        ("X-Forwarded-Method", "GET"),
        ("X-Forwarded-Proto", "https"),
        ("X-Forwarded-Host", site),
        ("X-Forwarded-Uri", "/"),
        ("X-Forwarded-For", "127.0.0.1"),
    ];
    let question = Question::new("GET", &order.host, target, &fields);
    let asked = ask(&mut stream, &question, &order.exchange, &AnswerLimits::default(), attempt).await;
    asked.ok().map(|reply| reply.response.status)
}

/// Asks a FastCGI application for its own variables: no script runs, but one that answers has a worker to spare.
async fn ask_for_worker(mut stream: Stream, deadline: Duration, attempt: &mut Attempt) {
    let begun = Instant::now();
    attempt.head = match fastcgi::ask_for_worker(&mut stream, deadline).await {
        Ok(()) => Step::Done { took: begun.elapsed() },
        Err(ending) => Step::Failed { ending, after: begun.elapsed() },
    };
}

/// Asks for the front page, in the version of HTTP that the pool wants.
async fn question(mut stream: Stream, order: &Order, attempt: &mut Attempt) {
    let chose_http2 =
        stream.tls_session().is_some_and(|session| session.alpn_protocol() == Some(http2::ALPN));
    let is_http2 = match order.protocol {
        Protocol::Http1 => false,
        Protocol::Http2 => true,
        Protocol::Auto => chose_http2,
    };
    let question = Question::new("HEAD", &order.host, "/", &[]);
    let limits = AnswerLimits::default();
    // What went wrong stands in the attempt.
    if !is_http2 {
        let _ = ask(&mut stream, &question, &order.exchange, &limits, attempt).await;
        return;
    }
    let options = http2::Options { head_bytes: 64 << 10, fields: 200, silence: http2::SILENCE };
    let Ok((streams, driver)) = http2::begin(stream, &options).await else { return };
    let mut stream = Stream::from(streams.open());
    let driven = async {
        driver.await;
        // Its streams tell how it ended.
        std::future::pending::<()>().await;
    };
    tokio::select! {
        _ = ask(&mut stream, &question, &order.exchange, &limits, attempt) => {}
        () = driven => {}
    }
    if let Some(bytes) = stream.first_bytes() {
        attempt.first_bytes = Some(bytes.into());
    }
}

/// Shakes hands once more without verifying, only to see what was refused; nothing is sent over it.
async fn look_at_certificate(order: &Order, resolver: &Resolver) -> Option<Facts> {
    let unverified = UpstreamTls { verify: false, ..order.tls.clone() };
    let target = Target { tls: Some(Arc::new(TlsClient::build(&unverified).ok()?)), ..order.target.clone() };
    let stream = open(&target, resolver, &order.links, &mut Attempt::default()).await.ok()?;
    shown_by(&stream)
}

fn shown_by(stream: &Stream) -> Option<Facts> {
    Facts::of(stream.tls_session()?.peer_certificates()?.first()?)
}

const AT_ONCE: usize = 64;
