//! What operators see: log lines and metrics.

mod logging;
mod metrics;
mod requests;

pub use logging::{ConnectionEnded, init_logging};
pub use metrics::{Metrics, Tally};
pub use requests::{ByRoute, latency_bounds};
