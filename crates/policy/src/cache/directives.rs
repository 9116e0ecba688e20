//! What `Cache-Control` says, of answers and of requests (RFC 9111 §5.2), and the fields aimed at us alone (RFC 9213).

use std::time::Duration;

use torwart_wire::{Head, Known, fields::list::quoted};

use super::dictionary;

/// What an answer says about its being kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Directives {
    /// `no-store`.
    pub no_store: bool,
    /// `no-cache`, of all or of some fields.
    pub no_cache: Scope,
    /// `private`, of all or of some fields.
    pub private: Scope,
    /// `public`.
    pub public: bool,
    /// `must-revalidate`.
    pub must_revalidate: bool,
    /// `proxy-revalidate`.
    pub proxy_revalidate: bool,
    /// `must-understand`.
    pub must_understand: bool,
    /// `max-age`; zero where its value is none.
    pub max_age: Option<Duration>,
    /// `s-maxage`; zero where its value is none.
    pub s_maxage: Option<Duration>,
    /// `stale-while-revalidate`.
    pub stale_while_revalidate: Option<Duration>,
    /// `stale-if-error`.
    pub stale_if_error: Option<Duration>,
    /// Whether this was said to us alone, so that nothing else in the answer counts (RFC 9213 §2.1).
    pub is_targeted: bool,
}

/// What a directive is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// It is not there.
    #[default]
    Nothing,
    /// The whole answer.
    Whole,
    /// The fields of these names.
    Fields(Vec<Box<[u8]>>),
}

impl Directives {
    /// What the head of an answer says: a field for caches like us beats `Cache-Control`.
    #[must_use]
    pub fn of(head: &Head) -> Self {
        if let Some(directives) = Self::targeted(head) {
            return directives;
        }
        let mut directives = Self::default();
        for member in head.all(Known::CacheControl).flat_map(quoted) {
            let (name, value) = split(member);
            directives.take(name, value);
        }
        directives
    }

    fn targeted(head: &Head) -> Option<Self> {
        let mut lines = head.fields().filter(|field| field.name.eq_ignore_ascii_case(TARGETED)).peekable();
        lines.peek()?;
        let mut text = Vec::new();
        for field in lines {
            if !text.is_empty() {
                text.extend_from_slice(b", ");
            }
            text.extend_from_slice(field.value);
        }
        // One that cannot be read, or says nothing, is as good as none.
        let members = dictionary::parse(&text).filter(|members| !members.is_empty())?;
        let mut directives = Self { is_targeted: true, ..Self::default() };
        for member in members {
            directives.take_typed(member.name, member.value);
        }
        Some(directives)
    }

    /// In a structured field the types of values are fixed; one of another type is ignored.
    fn take_typed(&mut self, name: &[u8], value: dictionary::Value<'_>) {
        let is_time =
            matches!(name, b"max-age" | b"s-maxage" | b"stale-while-revalidate" | b"stale-if-error");
        match value {
            dictionary::Value::Integer(text) if is_time => {
                // Later ones of the same name count in a dictionary.
                match name {
                    b"max-age" => self.max_age = None,
                    b"s-maxage" => self.s_maxage = None,
                    _ => {}
                }
                self.take(name, Some(text));
            }
            dictionary::Value::True if !is_time => self.take(name, None),
            dictionary::Value::Text(text) if matches!(name, b"no-cache" | b"private") => {
                self.take(name, Some(text));
            }
            _ => {}
        }
    }

    /// The first of several that contradict each other counts (§4.2.1).
    fn take(&mut self, name: &[u8], value: Option<&[u8]>) {
        let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
        if is("no-store") {
            self.no_store = true;
        } else if is("no-cache") {
            self.no_cache.add(value);
        } else if is("private") {
            self.private.add(value);
        } else if is("public") {
            self.public = true;
        } else if is("must-revalidate") {
            self.must_revalidate = true;
        } else if is("proxy-revalidate") {
            self.proxy_revalidate = true;
        } else if is("must-understand") {
            self.must_understand = true;
        } else if is("max-age") {
            self.max_age.get_or_insert_with(|| lifetime(value));
        } else if is("s-maxage") {
            self.s_maxage.get_or_insert_with(|| lifetime(value));
        } else if is("stale-while-revalidate") {
            self.stale_while_revalidate.get_or_insert_with(|| lifetime(value));
        } else if is("stale-if-error") {
            self.stale_if_error.get_or_insert_with(|| lifetime(value));
        }
    }

    /// Whether a stale answer may not go out before it was validated (§5.2.2.2, §5.2.2.8, §5.2.2.10).
    #[must_use]
    pub fn forbids_stale(&self) -> bool {
        self.must_revalidate || self.proxy_revalidate || self.s_maxage.is_some()
    }
}

impl Scope {
    fn add(&mut self, value: Option<&[u8]>) {
        let names = value.map(|value| {
            let names = value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii);
            names.filter(|name| !name.is_empty()).map(|name| name.to_ascii_lowercase().into()).collect()
        });
        match (std::mem::take(self), names) {
            (Self::Fields(mut before), Some(names)) => {
                let names: Vec<Box<[u8]>> = names;
                before.extend(names);
                *self = Self::Fields(before);
            }
            (Self::Nothing, Some(names)) if !names.is_empty() => *self = Self::Fields(names),
            _ => *self = Self::Whole,
        }
    }

    /// Whether a field of this name is in it.
    #[must_use]
    pub fn names(&self, name: &[u8]) -> bool {
        matches!(self, Self::Fields(names) if names.iter().any(|named| named.eq_ignore_ascii_case(name)))
    }
}

/// What a request wants of a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wishes {
    /// `no-store`: nothing of it is kept.
    pub no_store: bool,
    /// `no-cache`: only what was validated.
    pub no_cache: bool,
    /// `only-if-cached`: nobody else is asked.
    pub only_if_cached: bool,
    /// `max-age`: not older than this.
    pub max_age: Option<Duration>,
    /// `min-fresh`: fresh for this long still.
    pub min_fresh: Option<Duration>,
    /// `max-stale`: stale for this long at most; for any time where it says none.
    pub max_stale: Option<Duration>,
}

impl Wishes {
    /// What a request says. `obeys` tells whether that counts; `no-store` and `only-if-cached` always do, because what
    /// they ask for costs nobody else anything.
    #[must_use]
    pub fn of(head: &Head, obeys: bool) -> Self {
        let mut wishes = Self::default();
        for member in head.all(Known::CacheControl).flat_map(quoted) {
            let (name, value) = split(member);
            let is = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
            if is("no-store") {
                wishes.no_store = true;
            } else if is("only-if-cached") {
                wishes.only_if_cached = true;
            } else if !obeys {
            } else if is("no-cache") {
                wishes.no_cache = true;
            } else if is("max-age") {
                wishes.max_age = Some(lifetime(value));
            } else if is("min-fresh") {
                wishes.min_fresh = seconds(value);
            } else if is("max-stale") {
                wishes.max_stale = Some(value.map_or(Duration::MAX, |value| lifetime(Some(value))));
            }
        }
        // Clients of another time (§5.4).
        if obeys && !head.has(Known::CacheControl) {
            wishes.no_cache =
                head.find("pragma").is_some_and(|value| value.eq_ignore_ascii_case(b"no-cache"));
        }
        wishes
    }
}

fn split(member: &[u8]) -> (&[u8], Option<&[u8]>) {
    match memchr::memchr(b'=', member) {
        None => (member, None),
        Some(at) => {
            let (name, value) = member.split_at_checked(at).unwrap_or((member, &[]));
            (name, Some(unquoted(value.get(1..).unwrap_or_default())))
        }
    }
}

/// A value without the quotes around it; both forms mean the same (§5.2).
fn unquoted(value: &[u8]) -> &[u8] {
    match value {
        [b'"', inner @ .., b'"'] => inner,
        value => value,
    }
}

/// A number of seconds; none is as much as nothing, so that what nobody understands is stale (§4.2.1).
fn lifetime(value: Option<&[u8]>) -> Duration {
    seconds(value).unwrap_or(Duration::ZERO)
}

/// Seconds as caches count them (§1.2.2); more than fits counts as much as fits.
fn seconds(value: Option<&[u8]>) -> Option<Duration> {
    let digits = value?;
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().unwrap_or(MOST);
    Some(Duration::from_secs(number.min(MOST)))
}

/// The field for caches in front of an origin (RFC 9213 §3.1).
const TARGETED: &[u8] = b"cdn-cache-control";

/// The most a cache has to count to (§1.2.2).
const MOST: u64 = 1 << 31;
