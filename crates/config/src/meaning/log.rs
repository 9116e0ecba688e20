//! What is written down.

use super::{Build, narrow};
use crate::{
    file::Group,
    plan::{AccessLog, LogFormat, LogLevel, LogPlan, LogTarget},
};

/// `[log]`.
pub(super) fn log(build: &Build<'_>, root: &Group) -> LogPlan {
    let standard = LogPlan::default();
    let Some(group) = root.group("log") else { return standard };
    let format = match group.text("format").map(|text| text.value) {
        Some("human") => LogFormat::Human,
        _ => LogFormat::Json,
    };
    let target = match (group.switch("access"), group.text("access").map(|text| text.value)) {
        (Some(false), _) => None,
        (_, None | Some("stdout")) => Some(LogTarget::Stdout),
        (_, Some("stderr")) => Some(LogTarget::Stderr),
        (_, Some(file)) => Some(LogTarget::File(build.folder.join(file))),
    };
    let query = group.switch("query").unwrap_or(false);
    let level = match group.text("level").map(|text| text.value) {
        Some("error") => LogLevel::Error,
        Some("warn") => LogLevel::Warn,
        Some("debug") => LogLevel::Debug,
        Some("trace") => LogLevel::Trace,
        _ => LogLevel::Info,
    };
    LogPlan {
        access: target.map(|target| AccessLog { target, format, query }),
        level,
        failed_exchanges: group.count("failed_exchanges").map_or(standard.failed_exchanges, narrow),
    }
}
