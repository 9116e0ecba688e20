//! The cookies that keep clients at their upstreams.
//!
//! A cookie holds a keyed hash of pool and upstream (HMAC-SHA-256, RFC 2104): the gateway knows its own upstreams by it,
//! and nobody else learns or makes up anything. The secret is made at the start, or read from the file the operator
//! names, so that several gateways and the next start know the same cookies.

use crate::snapshot::BuildProblem;
use aws_lc_rs::{hmac, rand};
use std::path::Path;
use std::sync::Arc;
use torwart_config::Plan;
use torwart_config::plan::{Balance, StickyCookie};

/// What the pools of a plan make their cookies with.
#[derive(Default)]
pub struct StickyPools {
    /// By pool.
    pools: Vec<Option<Sticky>>,
    /// The secret made at the start.
    own: Option<hmac::Key>,
}

/// What one pool makes its cookies with.
#[derive(Clone)]
pub struct Sticky {
    name: Arc<str>,
    key: hmac::Key,
}

/// What a cookie holds that means one upstream.
pub struct Token([u8; TOKEN]);

impl StickyPools {
    /// Reads the secrets a plan names; a secret made before is kept.
    pub fn build(plan: &Plan, before: Option<&Self>, problems: &mut Vec<BuildProblem>) -> Self {
        let mut own = before.and_then(|before| before.own.clone());
        let pools = plan.pools.iter().map(|pool| {
            let Balance::Cookie(StickyCookie { name, secret }) = &pool.balance else { return None };
            let key = match secret {
                Some(file) => match read(file) {
                    Ok(key) => key,
                    Err(problem) => {
                        problems.push(BuildProblem::CookieSecret { file: file.clone(), problem });
                        return None;
                    }
                },
                None => match own.clone().map_or_else(make, Ok) {
                    Ok(key) => own.insert(key).clone(),
                    Err(problem) => {
                        problems.push(BuildProblem::CookieSecret { file: "".into(), problem });
                        return None;
                    }
                },
            };
            Some(Sticky { name: Arc::clone(name), key })
        });
        let pools = pools.collect();
        Self { pools, own }
    }

    /// What a pool makes its cookies with.
    pub fn of(&self, pool: usize) -> Option<&Sticky> {
        self.pools.get(pool)?.as_ref()
    }
}

impl Sticky {
    /// The cookie's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What means this upstream.
    pub fn token(&self, pool: &str, upstream: &str) -> Token {
        let mut context = hmac::Context::with_key(&self.key);
        context.update(pool.as_bytes());
        context.update(&[0]);
        context.update(upstream.as_bytes());
        let mut token = [0; TOKEN];
        for (hex, byte) in token.chunks_exact_mut(2).zip(context.sign().as_ref()) {
            hex.copy_from_slice(&[HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]]);
        }
        Token(token)
    }

    /// The field line that sets the cookie, for as long as the browser runs.
    pub fn field_line(&self, token: &Token, is_tls: bool) -> Vec<u8> {
        let mut line = Vec::with_capacity(128);
        line.extend_from_slice(b"Set-Cookie: ");
        line.extend_from_slice(self.name.as_bytes());
        line.push(b'=');
        line.extend_from_slice(&token.0);
        line.extend_from_slice(b"; Path=/; HttpOnly; SameSite=Lax");
        line.extend_from_slice(if is_tls { b"; Secure\r\n" } else { b"\r\n" });
        line
    }
}

impl Token {
    /// Whether a cookie says this.
    pub fn is(&self, said: &[u8]) -> bool {
        said == self.0
    }
}

fn read(file: &Path) -> Result<hmac::Key, String> {
    let secret = std::fs::read(file).map_err(|error| error.to_string())?;
    let secret = secret.trim_ascii();
    if secret.len() < SHORTEST {
        return Err(format!("a secret has at least {SHORTEST} bytes"));
    }
    Ok(hmac::Key::new(hmac::HMAC_SHA256, secret))
}

fn make() -> Result<hmac::Key, String> {
    let mut secret = [0; 32];
    rand::fill(&mut secret).map_err(|_| "there is no randomness to be had".to_owned())?;
    Ok(hmac::Key::new(hmac::HMAC_SHA256, &secret))
}

/// Bytes of a token as written: 16 bytes in hex.
const TOKEN: usize = 32;

/// Bytes of a secret.
const SHORTEST: usize = 16;

const HEX: &[u8; 16] = b"0123456789abcdef";
