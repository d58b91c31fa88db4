//! Where the time comes from. Product code asks `ctx.clock.now()`; only this file reads the machine's clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{Duration, Utc};

use crate::db::Timestamp;

/// The clock of an application: the machine's, or one that a test sets.
#[derive(Debug, Clone, Default)]
pub struct Clock {
    /// Milliseconds added to the machine's clock; shared by all copies of this clock.
    offset: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// The machine's clock.
    pub fn system() -> Self {
        Self::default()
    }

    /// A clock that starts at the machine's time and can be moved by [`Clock::advance`].
    pub fn settable() -> Self {
        Self { offset: Some(Arc::default()) }
    }

    /// The present instant, at millisecond precision.
    #[allow(clippy::disallowed_methods)] // the one place that reads the machine's clock
    pub fn now(&self) -> Timestamp {
        let offset = self.offset.as_ref().map_or(0, |o| o.load(Ordering::SeqCst));
        Timestamp::from(Utc::now()) + Duration::milliseconds(offset)
    }

    /// Moves a settable clock; the machine's clock stays as it is.
    pub fn advance(&self, by: Duration) {
        if let Some(offset) = &self.offset {
            offset.fetch_add(by.num_milliseconds(), Ordering::SeqCst);
        }
    }
}
