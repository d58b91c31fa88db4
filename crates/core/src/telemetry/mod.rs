//! What operators see: log lines and metrics.

mod logging;
mod metrics;

pub use logging::{ConnectionEnded, init_logging};
pub use metrics::{Metrics, Tally};
