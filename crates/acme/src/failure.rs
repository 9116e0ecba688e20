//! Why a certificate could not be had: what we saw, or what the CA says it saw, in words for the operator.
//!
//! The CA's problem documents (RFC 8555 §6.7) are kept name by name. The sentences stand in `text/<lang>.ftl`: what
//! happened, and what to do about it.

use crate::courier::Unreachable;
use crate::hook::HookFault;
use crate::store::StoreError;
use instant_acme::{Error, Identifier, Problem};
use std::sync::LazyLock;
use torwart_report::{Arg, Lang, Words};

/// Why a certificate could not be had.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The CA could not be asked.
    Unreachable(Unreachable),
    /// The CA refused, for these reasons.
    Refused(Vec<Refusal>),
    /// The CA offers no way to prove this name that we may use.
    NotOffered { name: String, challenge: &'static str },
    /// The operator's program failed.
    Hook { name: String, program: String, fault: HookFault },
    /// The store cannot be written.
    Store(StoreError),
    /// A file of the operator's cannot be used.
    File { file: String, said: String },
    /// The CA did not decide in time.
    Undecided,
    /// What the CA said makes no sense.
    Garbled(String),
}

/// One reason of a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The name it is about, where it is about one.
    pub(crate) name: Option<String>,
    /// What kind of reason.
    pub(crate) kind: Kind,
    /// What the CA says, in its own words.
    pub(crate) detail: String,
}

macro_rules! kinds {
    ($($variant:ident $id:literal;)*) => {
        /// The kinds of reasons a CA has (RFC 8555 §6.7, RFC 9773 §7.4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Kind { $($variant,)* Other }

        impl Kind {
            /// The name in the CA's documents and in our texts.
            pub(crate) const fn id(self) -> &'static str {
                match self { $(Self::$variant => $id,)* Self::Other => "other" }
            }

            fn from_id(id: &str) -> Self {
                match id { $($id => Self::$variant,)* _ => Self::Other }
            }

            #[cfg(test)]
            const ALL: &[Self] = &[$(Self::$variant,)* Self::Other];
        }
    };
}

kinds! {
    Dns "dns";
    Connection "connection";
    Unauthorized "unauthorized";
    IncorrectResponse "incorrectResponse";
    Tls "tls";
    Caa "caa";
    RateLimited "rateLimited";
    RejectedIdentifier "rejectedIdentifier";
    UnsupportedIdentifier "unsupportedIdentifier";
    ExternalAccountRequired "externalAccountRequired";
    InvalidContact "invalidContact";
    UserActionRequired "userActionRequired";
    AccountDoesNotExist "accountDoesNotExist";
    AlreadyReplaced "alreadyReplaced";
    InvalidProfile "invalidProfile";
    BadNonce "badNonce";
    ServerInternal "serverInternal";
}

impl Kind {
    /// Whether the CA looked for the proof and did not find it, so that another way may work.
    const fn is_about_proof(self) -> bool {
        matches!(
            self,
            Self::Dns | Self::Connection | Self::Unauthorized | Self::IncorrectResponse | Self::Tls
        )
    }
}

impl Refusal {
    /// What a problem document says about this name.
    pub(crate) fn of(problem: &Problem, name: Option<&str>) -> Self {
        let kind = problem.r#type.as_deref().unwrap_or_default();
        let kind = Kind::from_id(kind.strip_prefix("urn:ietf:params:acme:error:").unwrap_or(kind));
        let detail = problem.detail.clone().unwrap_or_default();
        let detail = detail.trim_end_matches(['.', ' ']);
        Self { name: name.map(str::to_owned), kind, detail: clean(detail) }
    }

    /// The reasons in a problem document: those by name, where there are such, else the one for all.
    fn all(problem: &Problem) -> Vec<Self> {
        let part = |part: &instant_acme::Subproblem| {
            let name = match &part.identifier {
                Some(Identifier::Dns(name)) => Some(name.clone()),
                _ => None,
            };
            let problem = Problem {
                r#type: part.r#type.clone(),
                detail: part.detail.clone(),
                status: None,
                subproblems: Vec::new(),
            };
            Self::of(&problem, name.as_deref())
        };
        if problem.subproblems.is_empty() {
            vec![Self::of(problem, None)]
        } else {
            problem.subproblems.iter().map(part).collect()
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(problem) => Self::Refused(Refusal::all(&problem)),
            Error::Timeout(_) => Self::Undecided,
            Error::Other(inner) => match inner.downcast::<Unreachable>() {
                Ok(unreachable) => Self::Unreachable(*unreachable),
                Err(other) => Self::Garbled(clean(&other.to_string())),
            },
            other => Self::Garbled(clean(&other.to_string())),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// A short name for logs and state.
    pub(crate) fn id(&self) -> &'static str {
        match self {
            Self::Unreachable(_) => "ca_unreachable",
            Self::Refused(refusals) => refusals.first().map_or("other", |refusal| refusal.kind.id()),
            Self::NotOffered { .. } => "challenge_not_offered",
            Self::Hook { .. } => "dns_hook_failed",
            Self::Store(_) => "store_unwritable",
            Self::File { .. } => "file_unusable",
            Self::Undecided => "ca_undecided",
            Self::Garbled(_) => "ca_garbled",
        }
    }

    /// Whether another way to prove the names may work.
    pub(crate) fn is_about_proof(&self) -> bool {
        match self {
            Self::Refused(refusals) => refusals.iter().any(|refusal| refusal.kind.is_about_proof()),
            Self::NotOffered { .. } | Self::Hook { .. } => true,
            _ => false,
        }
    }

    /// Whether the CA does not know our account any more.
    pub(crate) fn is_unknown_account(&self) -> bool {
        self.names(Kind::AccountDoesNotExist)
    }

    /// Whether the CA gives this reason.
    pub(crate) fn names(&self, kind: Kind) -> bool {
        matches!(self, Self::Refused(refusals) if refusals.iter().any(|refusal| refusal.kind == kind))
    }

    /// What happened and what to do, in one or a few sentences.
    pub(crate) fn tell(&self, lang: Lang) -> String {
        let say = |key: &str, texts: &[(&str, &str)]| {
            let texts: Vec<_> = texts.iter().map(|(name, text)| (*name, Arg::Text(text))).collect();
            WORDS.say(lang, key, &texts)
        };
        match self {
            Self::Unreachable(Unreachable { host, cause, seen }) => match cause {
                Some(cause) => {
                    say("unreachable-cause", &[("host", host), ("cause", cause.id()), ("seen", seen)])
                }
                None => say("unreachable", &[("host", host), ("seen", seen)]),
            },
            Self::Refused(refusals) => {
                let mut told: Vec<String> = refusals.iter().map(|refusal| refusal.tell(lang)).collect();
                told.dedup();
                told.join(" ")
            }
            Self::NotOffered { name, challenge } => {
                say("not-offered", &[("name", name), ("challenge", challenge)])
            }
            Self::Hook { name, program, fault } => {
                let texts = [("name", name.as_str()), ("program", program.as_str())];
                match fault {
                    HookFault::Start(said) => say("hook-start", &[texts[0], texts[1], ("said", said)]),
                    HookFault::Status(status, said) => {
                        let status = status.to_string();
                        say("hook-status", &[texts[0], texts[1], ("status", &status), ("said", said)])
                    }
                    HookFault::Deadline(deadline) => {
                        let deadline = torwart_config::show_duration(*deadline);
                        say("hook-deadline", &[texts[0], texts[1], ("deadline", &deadline)])
                    }
                }
            }
            Self::Store(StoreError { file, error }) => {
                say("store", &[("file", &file.display().to_string()), ("error", &error.to_string())])
            }
            Self::File { file, said } => say("file", &[("file", file), ("said", said)]),
            Self::Undecided => say("undecided", &[]),
            Self::Garbled(said) => say("garbled", &[("said", said)]),
        }
    }
}

impl Refusal {
    fn tell(&self, lang: Lang) -> String {
        let name = self.name.as_deref().unwrap_or("-");
        let texts = [("name", Arg::Text(name)), ("detail", Arg::Text(&self.detail))];
        let key = format!("refused-{}", self.kind.id());
        let cited = if self.name.is_some() { "cited-name" } else { "cited" };
        format!("{} {}", WORDS.say(lang, cited, &texts), WORDS.say(lang, &key, &texts))
    }
}

/// What others say, as one line a terminal is safe with.
fn clean(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(LONGEST).collect()
}

static WORDS: LazyLock<Words> =
    LazyLock::new(|| Words::read(include_str!("../text/en.ftl"), include_str!("../text/de.ftl")));

/// Some CAs cite whole answers of the site.
const LONGEST: usize = 600;

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use std::time::Duration;
    use torwart_cause::Cause;

    fn problem(text: &str) -> Problem {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn every_kind_has_a_sentence_in_both_languages() {
        for kind in Kind::ALL {
            for lang in Lang::ALL {
                assert!(WORDS.has(lang, &format!("refused-{}", kind.id())), "{} {lang}", kind.id());
            }
        }
    }

    #[test]
    fn every_failure_is_told_without_gaps_in_both_languages() {
        let file = PathBuf::from("/var/lib/torwart/acme/a/certificate.pem");
        let hook = |fault| Failure::Hook { name: "a.example".into(), program: "/dns".into(), fault };
        let unreachable =
            |cause| Unreachable { host: "ca.example".into(), cause, seen: "192.0.2.1:443".into() };
        let failures = [
            Failure::Unreachable(unreachable(None)),
            Failure::Unreachable(unreachable(Some(Cause::ConnectRefused))),
            Failure::NotOffered { name: "a.example".into(), challenge: "dns-01" },
            hook(HookFault::Start("no such file".into())),
            hook(HookFault::Status(1, "no zone".into())),
            hook(HookFault::Deadline(Duration::from_secs(2))),
            Failure::Store(StoreError { file, error: std::io::Error::from_raw_os_error(28) }),
            Failure::File { file: "eab.key".into(), said: "not base64url".into() },
            Failure::Undecided,
            Failure::Garbled("what".into()),
        ];
        for failure in &failures {
            let told = Lang::ALL.map(|lang| failure.tell(lang));
            assert_ne!(told[0], told[1], "{failure:?}");
            for told in told {
                assert!(told.len() > 30 && !told.contains(['{', '}']), "{told}");
            }
        }
    }

    #[test]
    fn what_the_ca_saw_is_told_name_by_name() {
        let text = r#"{"type":"urn:ietf:params:acme:error:compound","detail":"two failed","subproblems":[
            {"type":"urn:ietf:params:acme:error:connection","detail":"192.0.2.1: Timeout\nduring connect",
             "identifier":{"type":"dns","value":"a.example"}},
            {"type":"urn:ietf:params:acme:error:caa","detail":"CAA forbids",
             "identifier":{"type":"dns","value":"b.example"}}]}"#;
        let failure = Failure::from(Error::Api(problem(text)));
        assert_eq!(failure.id(), "connection");
        assert!(failure.is_about_proof() && failure.names(Kind::Caa));
        let told = failure.tell(Lang::En);
        for part in ["a.example", "192.0.2.1: Timeout during connect", "b.example", "CAA forbids"] {
            assert!(told.contains(part), "{told}");
        }
    }

    #[test]
    fn an_unknown_kind_keeps_the_words_of_the_ca() {
        let failure = Failure::from(Error::Api(problem(r#"{"type":"urn:x:y","detail":"no mood"}"#)));
        assert_eq!(failure.id(), "other");
        assert!(failure.tell(Lang::De).contains("no mood"));
        assert!(!failure.is_about_proof());
    }
}
