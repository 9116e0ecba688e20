//! What the operator wants done when an upstream stays down: a program that is started without a shell, a service that
//! is told by POST. Each call has a deadline, and how it ended is logged.

use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Command;
use torwart_cause::{Cause, Evidence, diagnose};
use torwart_config::plan::{ExchangeDeadlines, LinkDeadlines, OnDown, Webhook};
use torwart_dial::ask::{AnswerLimits, Question, ask_once};
use torwart_dial::{Resolver, Target, TlsClient};
use torwart_wire::http1::{write_field, write_request_line};

/// An upstream that stays down.
pub struct Call {
    /// Its pool.
    pub pool: Arc<str>,
    /// The upstream.
    pub upstream: Arc<str>,
    /// Why it is down.
    pub cause: Cause,
    /// For how long it has been.
    pub down_for: Duration,
    /// What is to be done.
    pub plan: OnDown,
}

impl Call {
    /// Whom it is about.
    pub fn key(&self) -> (Arc<str>, Arc<str>) {
        (Arc::clone(&self.pool), Arc::clone(&self.upstream))
    }
}

/// Does what is to be done, and logs how that went.
pub async fn call(call: Call, resolver: Arc<Resolver>) {
    let (pool, upstream, cause) = (&*call.pool, &*call.upstream, call.cause.id());
    if let Some(program) = call.plan.command.first() {
        tracing::info!(pool, upstream, cause, %program, "an upstream stays down: a program is started");
        match start(&call).await {
            Ok(()) => tracing::info!(pool, upstream, %program, "the program has ended well"),
            Err(problem) => tracing::error!(pool, upstream, %program, problem, "the program has failed"),
        }
    }
    if let Some(hook) = &call.plan.url {
        let service = &*hook.service.label;
        match post(&call, hook, &resolver).await {
            Ok(status) => {
                tracing::info!(
                    pool,
                    upstream,
                    cause,
                    service,
                    status,
                    "an upstream stays down: a service is told"
                );
            }
            Err(problem) => {
                tracing::error!(pool, upstream, cause, service, problem, "a service could not be told");
            }
        }
    }
}

async fn start(call: &Call) -> Result<(), String> {
    let Some((program, arguments)) = call.plan.command.split_first() else { return Ok(()) };
    let mut child = Command::new(&**program)
        .args(arguments.iter().map(|argument| &**argument))
        .env("TORWART_POOL", &*call.pool)
        .env("TORWART_UPSTREAM", &*call.upstream)
        .env("TORWART_CAUSE", call.cause.id())
        .env("TORWART_DOWN_SECONDS", call.down_for.as_secs().to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .map_err(|error| error.to_string())?;
    let said = child.stderr.take();
    let ended = tokio::time::timeout(call.plan.deadline, async {
        let listening = async {
            match said {
                Some(said) => listen(said).await,
                None => String::new(),
            }
        };
        tokio::pin!(listening);
        tokio::select! {
            status = child.wait() => {
                // Something it left behind may keep its output open.
                (status, tokio::time::timeout(LAST_WORDS, listening).await.unwrap_or_default())
            }
            said = &mut listening => (child.wait().await, said),
        }
    });
    match ended.await {
        Ok((Ok(status), _)) if status.success() => Ok(()),
        Ok((Ok(status), said)) => Err(format!("{status}: {said}")),
        Ok((Err(error), _)) => Err(error.to_string()),
        Err(_) => Err("it took too long and was ended".to_owned()),
    }
}

/// What the program says, as one line: its beginning; the rest is read and thrown away, so that it is never blocked.
async fn listen(mut said: impl AsyncRead + Unpin) -> String {
    let mut kept = Vec::new();
    let mut part = [0; 1024];
    while let Ok(read @ 1..) = said.read(&mut part).await {
        let room = MOST_SAID.saturating_sub(kept.len()).min(read);
        kept.extend_from_slice(part.get(..room).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&kept);
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

/// The status the service answered with, if it is a good one.
async fn post(call: &Call, hook: &Webhook, resolver: &Resolver) -> Result<u16, String> {
    let is_tls = hook.service.scheme == torwart_config::plan::Scheme::Https;
    let tls = if is_tls {
        let client = TlsClient::build(&hook.tls).map_err(|problem| problem.to_string())?;
        Some(Arc::new(client))
    } else {
        None
    };
    let target = Target::new(&hook.service, tls);
    let deadline = call.plan.deadline;
    let links = LinkDeadlines { resolve: deadline, connect: deadline, handshake: deadline };
    let deadlines = ExchangeDeadlines {
        send: deadline,
        first_byte: deadline,
        between_bytes: deadline,
        ..ExchangeDeadlines::default()
    };
    let question = question(call, hook);
    let limits = AnswerLimits::default();
    let asking = ask_once(&target, resolver, &links, &question, &deadlines, &limits);
    let Ok((attempt, _)) = tokio::time::timeout(deadline, asking).await else {
        return Err("it took too long".to_owned());
    };
    match attempt.status {
        Some(status @ 200..=299) => Ok(status),
        Some(status) => Err(format!("status {status}")),
        None => {
            let evidence = Evidence { attempts: vec![attempt], ..Evidence::default() };
            Err(diagnose(&evidence).cause().map_or("no answer", Cause::id).to_owned())
        }
    }
}

fn question(call: &Call, hook: &Webhook) -> Question {
    let body = format!(
        "{{\"event\":\"upstream_down\",\"pool\":{},\"upstream\":{},\"cause\":\"{}\",\"down_seconds\":{}}}",
        quoted(&call.pool),
        quoted(&call.upstream),
        call.cause.id(),
        call.down_for.as_secs()
    );
    let length = body.len().to_string();
    let mut bytes = Vec::with_capacity(512);
    write_request_line(&mut bytes, b"POST", hook.target.as_bytes());
    for (name, value) in [
        ("Host", &*hook.service.authority),
        ("User-Agent", concat!("torwart/", env!("CARGO_PKG_VERSION"))),
        ("Content-Type", "application/json"),
        ("Content-Length", &length),
        ("Connection", "close"),
    ] {
        write_field(&mut bytes, name.as_bytes(), value.as_bytes());
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.as_bytes());
    Question { bytes, is_head: false, upgrade: None }
}

/// A JSON string. Names and labels hold no control characters, but what is not sure is escaped.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

const MOST_SAID: usize = 2048;
const LAST_WORDS: Duration = Duration::from_secs(1);
