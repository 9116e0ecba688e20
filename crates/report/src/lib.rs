//! Presenting what Torwart knows: words, pages and tables, and the answers a visitor sees.
//!
//! The crate turns causes and endings into text in English and German, as terminal lines, Markdown, JSON and HTML.
//! It does no I/O and reads neither clock nor environment: time, colours and widths are arguments.
//! Sentences stand in `text/<lang>.ftl`, pages about causes in `text/<lang>/<cause>.md`, those about
//! findings in `text/<lang>/finding/<id>.md`, what the doctor says in `text/<lang>/doctor/<area>.ftl`, layouts beside the code.
//! What a stranger may read ([`Answer`] without details) and what an operator may read are separate texts.

pub mod answer;
pub mod diagnosis;
pub mod explain;
mod finding;
mod gathered;
mod html;
mod markup;
mod page;
mod reference;
mod registry;
pub mod sentence;
pub mod terminal;
mod words;

pub use answer::{Answer, Details, Rendered, Template, choose_format};
pub use diagnosis::{Form, Setting, report};
pub use explain::{explain, explain_all, explain_finding, explain_findings, nearest, nearest_findings};
pub use finding::FindingPage;
pub use page::Page;
pub use reference::{cause_page, finding_pages};
pub use sentence::{sentence, sentence_at};
pub use torwart_config::Lang;
pub use torwart_policy::language::choose as choose_lang;
pub use words::{Arg, Words};
