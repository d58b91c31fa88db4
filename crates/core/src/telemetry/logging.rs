//! Log lines: readable on a terminal, one JSON object a line otherwise.

use std::io::IsTerminal as _;

use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config::{LogFormat, TelemetryConfig};

/// Starts logging to standard error, for the whole process. A filter that cannot be read is an error for the caller to
/// tell; a second call changes nothing.
pub fn init_logging(config: &TelemetryConfig) -> Result<(), String> {
    let filter = EnvFilter::try_new(&config.log_filter).map_err(|e| format!("telemetry.log_filter: {e}"))?;
    let json = match config.log_format {
        LogFormat::Json => true,
        LogFormat::Text => false,
        LogFormat::Auto => !std::io::stderr().is_terminal(),
    };
    let registry = tracing_subscriber::registry().with(filter).with(Quiet);
    let started = if json {
        let lines = fmt::layer().json().flatten_event(true).with_current_span(false).with_span_list(false);
        registry.with(lines.with_writer(std::io::stderr)).try_init()
    } else {
        let colour = std::io::stderr().is_terminal();
        registry.with(fmt::layer().compact().with_ansi(colour).with_writer(std::io::stderr)).try_init()
    };
    drop(started); // already started, by a test in the same process
    Ok(())
}

/// The error by which a body ends its connection when all is well: the server ends one that its client holds open in no
/// other way, and would note each as an error.
#[derive(Debug, thiserror::Error)]
#[error("the connection has ended")]
pub struct ConnectionEnded;

/// Leaves out what the server says of [`ConnectionEnded`].
struct Quiet;

impl<S: Subscriber> Layer<S> for Quiet {
    fn event_enabled(&self, event: &Event<'_>, _: Context<'_, S>) -> bool {
        let mut names_it = NamesIt(false);
        if event.metadata().target().starts_with("actix_http") {
            event.record(&mut names_it);
        }
        !names_it.0
    }
}

struct NamesIt(bool);

impl Visit for NamesIt {
    fn record_debug(&mut self, _: &Field, value: &dyn std::fmt::Debug) {
        self.0 |= format!("{value:?}").contains("ConnectionEnded");
    }
}
