//! The pages of the admin address: a path in, a reply out.

use crate::reply::{Refusal, Reply, json, reply, sentence, text_page};
use crate::server::{AdminOptions, AdminState};
use crate::steering::{self, Order};
use crate::words::say;
use crate::{host, story};
use hyper::header::{ACCEPT, ACCEPT_LANGUAGE, HeaderName};
use hyper::{Method, Request, StatusCode};
use std::time::SystemTime;
use torwart_cause::Cause;
use torwart_record::{
    Exposition, RequestId, Timestamp, write_certificates, write_document, write_incident, write_summary,
};
use torwart_report::{Lang, choose_lang};

/// Answers one request. Looks at nothing but its head; whatever body it has is not read.
pub(crate) async fn answer<B>(request: &Request<B>, state: &AdminState, options: &AdminOptions) -> Reply {
    let languages = field(request, ACCEPT_LANGUAGE);
    let lang = choose_lang(Some(languages.as_bytes()), options.lang);
    page(request, state, options, lang).await.unwrap_or_else(|refusal| refusal.reply(lang))
}

async fn page<B>(
    request: &Request<B>,
    state: &AdminState,
    options: &AdminOptions,
    lang: Lang,
) -> Result<Reply, Refusal> {
    host::check(request, &options.hosts)?;
    let order = Order::of(request.uri().path());
    match (order, request.method()) {
        (Some(_), &Method::POST) | (None, &Method::GET | &Method::HEAD) => {}
        (Some(_), _) => return Err(Refusal::OnlyPosting),
        (None, _) => return Err(Refusal::OnlyReading),
    }
    host::check_page(request)?;
    // Load balancers and orchestrators ask for these and know no token; they tell nobody anything.
    let is_public = matches!(request.uri().path(), "/healthz" | "/readyz");
    if let Some(token) = options.token.as_ref().filter(|_| !is_public) {
        token.check(request)?;
    }
    if let Some(order) = order {
        return order.obey(request, state, lang).await;
    }
    let query = request.uri().query().unwrap_or_default();
    match request.uri().path() {
        "/metrics" => Ok(metrics(state, Exposition::accepted(&field(request, ACCEPT)))),
        "/healthz" => Ok(sentence(StatusCode::OK, say("alive", lang), lang)),
        "/readyz" => Ok(readiness(state, lang)),
        "/status" => Ok(json(status(state))),
        "/plan/generation" => Ok(json(format!("{{\"generation\":{}}}", state.status.generation()).into())),
        "/exchanges" => exchanges(state, query),
        "/incidents" => Ok(json(incidents(state))),
        "/upstreams" => {
            let roster = state.upstreams.as_ref().ok_or(Refusal::NoPage)?;
            Ok(steering::upstreams(roster, &field(request, ACCEPT), lang))
        }
        "/certificates" => Ok(json(certificates(state, lang))),
        path => match path.strip_prefix("/exchanges/") {
            Some(id) => exchange(state, id, &field(request, ACCEPT), lang),
            None => Err(Refusal::NoPage),
        },
    }
}

fn metrics(state: &AdminState, exposition: Exposition) -> Reply {
    reply(StatusCode::OK, exposition.content_type(), state.metrics.scrape(exposition).into())
}

fn readiness(state: &AdminState, lang: Lang) -> Reply {
    let status = &state.status;
    if status.is_ready() {
        return sentence(StatusCode::OK, say("ready", lang), lang);
    }
    let reason = if status.is_draining() {
        say("draining", lang)
    } else if status.generation() == 0 {
        say("no-plan", lang)
    } else {
        say("no-listeners", lang)
    };
    sentence(StatusCode::SERVICE_UNAVAILABLE, reason, lang)
}

fn status(state: &AdminState) -> Vec<u8> {
    let status = &state.status;
    // Versions are ours: letters, digits, dots, hyphens.
    format!(
        "{{\"version\":\"{}\",\"started\":\"{}\",\"uptime_seconds\":{},\"generation\":{},\"workers\":{},\
         \"listeners_up\":{},\"draining\":{},\"ready\":{},\"failed_exchanges_kept\":{}}}",
        status.version(),
        status.started(),
        now().since(status.started()).as_secs(),
        status.generation(),
        status.workers(),
        status.are_listeners_up(),
        status.is_draining(),
        status.is_ready(),
        state.failures.ring.len(),
    )
    .into()
}

fn exchanges(state: &AdminState, query: &str) -> Result<Reply, Refusal> {
    let cause = match parameter(query, "cause") {
        Some(id) => Some(Cause::from_id(id).ok_or(Refusal::BadCause)?),
        None => None,
    };
    let limit = match parameter(query, "limit") {
        Some(text) => {
            text.parse().ok().filter(|limit| (1..=1000).contains(limit)).ok_or(Refusal::BadLimit)?
        }
        None => 100,
    };
    let records = state.failures.ring.newest(limit, |record| cause.is_none() || record.cause() == cause);
    let mut document = b"{\"exchanges\":[".to_vec();
    for (index, record) in records.iter().enumerate() {
        if index > 0 {
            document.push(b',');
        }
        write_summary(record, &mut document);
    }
    document.extend_from_slice(b"]}");
    Ok(json(document))
}

fn exchange(state: &AdminState, id: &str, accept: &str, lang: Lang) -> Result<Reply, Refusal> {
    let id: RequestId = id.replace("%20", " ").parse().map_err(|_| Refusal::BadId)?;
    let record = state.failures.ring.find(id).ok_or(Refusal::NoExchange)?;
    if wants_text(accept) {
        return Ok(text_page(StatusCode::OK, story(&record, lang), lang));
    }
    let mut document = Vec::with_capacity(4096);
    write_document(&record, &mut document);
    Ok(json(document))
}

fn certificates(state: &AdminState, lang: Lang) -> Vec<u8> {
    let mut document = Vec::new();
    write_certificates(&state.status.automatic_certificates(), lang == Lang::De, &mut document);
    document
}

fn incidents(state: &AdminState) -> Vec<u8> {
    let now = now();
    let incidents = &state.failures.incidents;
    let mut document = b"{\"incidents\":[".to_vec();
    for (index, incident) in incidents.list().iter().enumerate() {
        if index > 0 {
            document.push(b',');
        }
        write_incident(incident, incidents.is_open(incident, now), &mut document);
    }
    document.extend_from_slice(b"]}");
    document
}

/// JSON, unless text is named before it. Browsers name HTML first and get what people read.
pub(crate) fn wants_text(accept: &str) -> bool {
    let place = |name| accept.find(name).unwrap_or(usize::MAX);
    place("text/") < place("application/json")
}

pub(crate) fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .filter_map(|pair| pair.split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

pub(crate) fn field<B>(request: &Request<B>, name: HeaderName) -> String {
    let values = request.headers().get_all(name);
    values.iter().filter_map(|value| value.to_str().ok()).collect::<Vec<_>>().join(",")
}

fn now() -> Timestamp {
    SystemTime::now().into()
}
