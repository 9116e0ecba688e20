//! Crawlers of search engines and advertisers: how they are recognised, and what they get while an upstream is down.

use std::{path::PathBuf, sync::Arc, time::Duration};

/// What is done about crawlers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crawlers {
    /// Whether their addresses are checked by DNS: the name of the address, and the address of that name.
    pub dns: bool,
    /// Files with the networks an operator publishes, as JSON: the operator's name and the file.
    pub ranges: Vec<(Arc<str>, PathBuf)>,
    /// When a crawler is told to come back while there is no answer for it.
    pub retry_after: Duration,
    /// Whether a crawler that is what it says counts in no limit of the route.
    pub unlimited: bool,
}

impl Crawlers {
    /// The operators whose crawlers are known, as `ranges` names them.
    pub const OPERATORS: [&'static str; 13] = [
        "amazon",
        "apple",
        "baidu",
        "bing",
        "duckduckgo",
        "google",
        "naver",
        "petal",
        "qwant",
        "seznam",
        "sogou",
        "yahoo",
        "yandex",
    ];
}
