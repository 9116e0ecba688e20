//! Which class a request belongs to when not everybody can be served.

use crate::cookie;
use torwart_config::plan::{Priorities, Who};
use torwart_wire::{Head, Known};

/// How soon somebody is served when there is a queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// Before everybody else, such as checkouts.
    First,
    /// Before the rest, such as returning customers.
    Early,
    /// Whom no rule names.
    #[default]
    Usual,
    /// After everybody else, such as bots.
    Last,
}

impl Class {
    /// All of them, in order.
    pub const ALL: [Self; 4] = [Self::First, Self::Early, Self::Usual, Self::Last];

    /// Its place in the order.
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// The class of a request: the first rule that names it counts.
pub fn class_of(rules: &Priorities, head: &Head) -> Class {
    let is_named = |who: &[Who]| who.iter().any(|who| is_meant(who, head));
    if is_named(&rules.first) {
        Class::First
    } else if is_named(&rules.early) {
        Class::Early
    } else if is_named(&rules.last) {
        Class::Last
    } else {
        Class::Usual
    }
}

/// Whether a rule means a request.
pub fn is_meant(who: &Who, head: &Head) -> bool {
    match who {
        Who::Path(prefix) => head.path().starts_with(prefix.as_bytes()),
        Who::Cookie(name) => cookie::find(head, name.as_bytes()).is_some(),
        Who::Header(name) => head.find(name).is_some(),
        Who::Bots => is_bot(head.get(Known::UserAgent).unwrap_or_default()),
    }
}

/// Whether somebody calls himself a bot, or nothing at all.
fn is_bot(user_agent: &[u8]) -> bool {
    let contains = |word: &&[u8]| user_agent.windows(word.len()).any(|part| part.eq_ignore_ascii_case(word));
    user_agent.is_empty() || BOTS.iter().any(contains)
}

const BOTS: [&[u8]; 6] = [b"bot", b"crawl", b"spider", b"slurp", b"scrape", b"python-"];

#[cfg(test)]
mod tests {
    use super::*;

    fn class(path: &[u8], lines: &[(&str, &str)]) -> Class {
        let rules = Priorities {
            first: vec![Who::Path("/checkout".into()), Who::Header("x-vip".into())],
            early: vec![Who::Cookie("session".into())],
            last: vec![Who::Bots],
        };
        let mut head = Head::request(b"GET", path);
        for (name, value) in lines {
            head.push_field(name.as_bytes(), value.as_bytes());
        }
        class_of(&rules, &head)
    }

    #[test]
    fn the_first_rule_that_names_a_request_counts() {
        let agent = ("User-Agent", "Mozilla/5.0");
        assert_eq!(class(b"/", &[agent]), Class::Usual);
        assert_eq!(class(b"/", &[agent, ("Cookie", "a=b; session=1")]), Class::Early);
        assert_eq!(class(b"/", &[agent, ("Cookie", "xsession=1")]), Class::Usual);
        assert_eq!(class(b"/checkout/pay", &[agent, ("Cookie", "session=1")]), Class::First);
        assert_eq!(class(b"/", &[agent, ("X-Vip", "1")]), Class::First);
        assert_eq!(class(b"/", &[("User-Agent", "Mozilla/5.0 (compatible; GoogleBot/2.1)")]), Class::Last);
        assert_eq!(class(b"/", &[]), Class::Last);
    }
}
