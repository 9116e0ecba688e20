//! What the program says about itself while it runs: events on standard error, and panics.

use crate::Console;
use torwart_config::plan::LogLevel;
use torwart_report::terminal::Tone;
use tracing_subscriber::filter::{EnvFilter, LevelFilter};

/// Lets a new plan change how much is said.
pub(crate) struct Level(Box<dyn Fn(LogLevel)>);

impl Level {
    /// Says so much from now on.
    pub(crate) fn set(&self, level: LogLevel) {
        (self.0)(level);
    }
}

/// Starts writing events to standard error.
pub(crate) fn start(level: LogLevel, console: &Console) -> Level {
    let builder = tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(console.err.is_coloured)
        .with_target(false)
        .with_env_filter(filter(level))
        .with_filter_reloading();
    let handle = builder.reload_handle();
    // There is one subscriber in the program; a second one would be refused.
    let _ = builder.try_init();
    // Only a subscriber that is gone refuses.
    Level(Box::new(move |level| drop(handle.reload(filter(level)))))
}

/// Our own events down to this level; those of libraries only where they are warnings. HTTP/2's warns of frames that
/// any stranger can send, as often as he likes.
fn filter(level: LogLevel) -> EnvFilter {
    let mut filter = EnvFilter::default().add_directive(LevelFilter::WARN.into());
    if let Ok(quiet) = "h2=error".parse() {
        filter = filter.add_directive(quiet);
    }
    match format!("torwart={}", level.name()).parse() {
        Ok(own) => filter.add_directive(own),
        Err(_) => filter,
    }
}

/// Tells of a panic in one line. The gateway ends the exchange it happened in and goes on.
pub(crate) fn report_panics(console: Console) {
    std::panic::set_hook(Box::new(move |panic| {
        let place = panic.location().map(ToString::to_string).unwrap_or_default();
        let message = panic.payload_as_str().unwrap_or_default();
        let label = console.err.paint(Tone::Bad, &console.say("error"));
        let told = console.fill("panic", &[("place", &place), ("message", message)]);
        console.note(&format!("{label}: {}", told.replace('\n', " ")));
    }));
}
