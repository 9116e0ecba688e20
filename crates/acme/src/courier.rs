//! HTTP to the CA: one connection per request, through the same dialling that upstreams have.
//!
//! There are a dozen requests per certificate, so nothing is kept open. What matters is that a CA that cannot be reached
//! is told as exactly as an upstream that cannot, and that an endless answer ends.

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{CONNECTION, HOST, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Request, Response, Uri};
use hyper_util::rt::TokioIo;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use std::fmt;
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};
use torwart_cause::{Attempt, Cause, attempt_cause};
use torwart_config::plan::{LinkDeadlines, Roots, UpstreamTls};
use torwart_dial::{Place, Resolver, SocketPlan, Target, TlsClient, TlsConfigProblem, open};

/// Carries requests to the CA.
#[derive(Clone)]
pub(crate) struct Courier {
    resolver: Arc<Resolver>,
    tls: Arc<TlsClient>,
    /// When the CA last wanted to be asked again, of an answer that was a refusal.
    later: Arc<Mutex<Option<SystemTime>>>,
}

/// The CA could not be asked.
#[derive(Debug)]
pub(crate) struct Unreachable {
    /// Whom we tried to reach.
    pub(crate) host: String,
    /// What it was, where dialling says so.
    pub(crate) cause: Option<Cause>,
    /// What was seen.
    pub(crate) seen: String,
}

impl Courier {
    /// A courier that trusts these CAs for the directory itself.
    pub(crate) fn new(resolver: Arc<Resolver>, ca: Option<&Path>) -> Result<Self, TlsConfigProblem> {
        let roots = ca.map_or(Roots::System, |file| Roots::File(file.to_owned()));
        let tls = TlsClient::build(&UpstreamTls { roots, ..UpstreamTls::default() })?;
        Ok(Self { resolver, tls: Arc::new(tls), later: Arc::default() })
    }

    /// When the CA wants to be asked again, if its last refusal said so.
    pub(crate) fn take_later(&self) -> Option<SystemTime> {
        self.later.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    async fn carry(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Result<Response<Full<Bytes>>, Unreachable> {
        let uri = request.uri().clone();
        let host = uri.authority().map(ToString::to_string).unwrap_or_default();
        let failed = |seen: String| Unreachable { host: host.clone(), cause: None, seen };
        let target = self.target(&uri).ok_or_else(|| failed(format!("{uri} is not an address of a CA")))?;
        let mut attempt = Attempt::default();
        let Ok(stream) = open(&target, &self.resolver, &LinkDeadlines::default(), &mut attempt).await else {
            let cause = attempt_cause(&attempt);
            let seen = attempt.address.as_ref().map(ToString::to_string).unwrap_or_default();
            return Err(Unreachable { host: host.clone(), cause, seen });
        };
        let request =
            prepare(request, &host).ok_or_else(|| failed("the request cannot be written".to_owned()))?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|e| failed(e.to_string()))?;
        let exchange = async move {
            let (parts, body) = sender.send_request(request).await.map_err(|e| e.to_string())?.into_parts();
            let body = Limited::new(body, LARGEST).collect().await.map_err(|e| e.to_string())?;
            Ok::<_, String>(Response::from_parts(parts, Full::new(body.to_bytes())))
        };
        // The connection has to be driven while its answer is waited for; how it ends does not matter then.
        let (answer, _) = tokio::join!(exchange, connection);
        answer.map_err(failed)
    }

    fn target(&self, uri: &Uri) -> Option<Target> {
        let is_tls = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let host = uri.host()?;
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let place = match bare.parse::<IpAddr>() {
            Ok(address) => Place::Ip(SocketAddr::new(address, port)),
            Err(_) => Place::Name { host: host.into(), port },
        };
        let tls = is_tls.then(|| Arc::clone(&self.tls));
        Some(Target {
            label: host.into(),
            place,
            tls,
            socket: SocketPlan::default(),
            is_fastcgi: false,
            prelude: None,
        })
    }

    fn remember(&self, answer: &Response<Full<Bytes>>) {
        if answer.status().as_u16() < 400 {
            return;
        }
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let seconds = after.and_then(|text| text.trim().parse::<u64>().ok());
        // The other form, a date, is not worth a parser: our own back-off is never short.
        let until = seconds.and_then(|seconds| SystemTime::now().checked_add(Duration::from_secs(seconds)));
        *self.later.lock().unwrap_or_else(PoisonError::into_inner) = until;
    }
}

impl HttpClient for Courier {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let courier = self.clone();
        Box::pin(async move {
            let host = request.uri().authority().map(ToString::to_string).unwrap_or_default();
            let answer = match tokio::time::timeout(DEADLINE, courier.carry(request)).await {
                Ok(answer) => answer.map_err(|failure| Error::Other(Box::new(failure)))?,
                Err(_) => {
                    let cause = Some(Cause::HeadTimedOut);
                    return Err(Error::Other(Box::new(Unreachable { host, cause, seen: String::new() })));
                }
            };
            courier.remember(&answer);
            Ok(BytesResponse::from(answer))
        })
    }
}

/// The request as it goes out: to a path, with the host in a field.
fn prepare(request: Request<BodyWrapper<Bytes>>, host: &str) -> Option<Request<BodyWrapper<Bytes>>> {
    let (mut parts, body) = request.into_parts();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    parts.uri = path.parse().ok()?;
    parts.headers.insert(HOST, HeaderValue::from_str(host).ok()?);
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    parts.headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    Some(Request::from_parts(parts, body))
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.host, self.seen)
    }
}

impl std::error::Error for Unreachable {}

/// How a CA can see who asks (RFC 8555 §6.1 wants a name).
const AGENT: &str = concat!("torwart/", env!("CARGO_PKG_VERSION"));

/// For one request with its answer; CAs under load take their time.
const DEADLINE: Duration = Duration::from_secs(30);

/// Chains are a few kilobytes.
const LARGEST: usize = 1 << 20;
