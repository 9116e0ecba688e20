//! A site's own error page: a minijinja template from the configuration.
//!
//! The template gets the variables listed in [`VARIABLES`], all escaped for HTML, and a bounded amount of work. It can
//! neither include files nor call out. A template that fails never costs the visitor the answer.

use super::{Answer, context};
use minijinja::{Environment, UndefinedBehavior, context as values};
use std::fmt;

/// A checked template.
#[derive(Debug)]
pub struct Template {
    environment: Environment<'static>,
}

/// Why a template cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFault {
    /// The line at which it failed, if known.
    pub line: Option<usize>,
    /// What is wrong with it.
    pub sentence: String,
}

/// The names a template may use.
pub const VARIABLES: &[&str] = &[
    "status",
    "title",
    "message",
    "advice",
    "request_id",
    "site",
    "lang",
    "time",
    "retry_after",
    "support",
    "status_page",
    "is_safe_to_repeat",
];

impl Template {
    /// Reads a template. Faults of grammar show here, others when it is used.
    pub fn parse(source: &str) -> Result<Self, TemplateFault> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.add_template_owned(NAME, source.to_owned()).map_err(|error| fault(&error))?;
        Ok(Self { environment })
    }

    pub(super) fn page(&self, answer: &Answer<'_>) -> Result<String, TemplateFault> {
        let words = context::Words::of(answer);
        let template = self.environment.get_template(NAME).map_err(|error| fault(&error))?;
        let page = template.render(values! {
            status => answer.status,
            title => words.title,
            message => words.message,
            advice => words.advice,
            request_id => context::clean(answer.request_id),
            site => answer.site,
            lang => answer.lang.tag(),
            time => context::time(answer).0,
            retry_after => answer.retry_after,
            support => context::support(answer),
            status_page => context::status_page(answer),
            is_safe_to_repeat => answer.is_safe_to_repeat,
        });
        page.map_err(|error| fault(&error))
    }
}

impl fmt::Display for TemplateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.sentence),
            None => f.write_str(&self.sentence),
        }
    }
}

impl std::error::Error for TemplateFault {}

fn fault(error: &minijinja::Error) -> TemplateFault {
    let sentence = match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    };
    TemplateFault { line: error.line(), sentence }
}

/// The ending switches escaping on.
const NAME: &str = "page.html";
/// Instructions a page may take: a thousand times what a plain page needs, and still under a millisecond or two.
const FUEL: u64 = 100_000;
