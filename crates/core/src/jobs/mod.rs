//! Jobs: work for later, and work that comes back. At most one copy of the gateway runs a job at a time; one that
//! fails is tried again with growing pauses, and after its last try stays as dead, to be looked at.

mod runner;
mod store;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

pub use runner::Runner;
pub use store::{DeadJob, enqueue, list_dead, revive, schedule};

use crate::ctx::Ctx;
use crate::db::DbError;

/// A job failed; it is run again later.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct JobError(pub String);

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

type Run = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A kind of job.
#[derive(Clone)]
pub struct Job {
    /// Its name, unique and stable: `<domain>.<deed>`.
    pub name: &'static str,
    /// For periodic work: the pause between two runs.
    pub every: Option<Duration>,
    /// Tries before it is left as dead. Periodic work is never dead; it comes back with the next period.
    pub tries: u32,
    /// Longest time of one run.
    pub timeout: Duration,
    run: Arc<dyn Fn(Ctx, Value) -> Run + Send + Sync>,
}

impl Job {
    /// Work that is asked for by [`enqueue`].
    pub fn on_demand<F, Fut>(name: &'static str, tries: u32, run: F) -> Self
    where
        F: Fn(Ctx, Value) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let run = Arc::new(move |ctx, payload| -> Run { Box::pin(run(ctx, payload)) });
        Self { name, every: None, tries, timeout: Duration::from_mins(1), run }
    }

    /// Work that comes back.
    pub fn periodic<F, Fut>(name: &'static str, every: Duration, run: F) -> Self
    where
        F: Fn(Ctx) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        let run = Arc::new(move |ctx, _| -> Run { Box::pin(run(ctx)) });
        Self { name, every: Some(every), tries: 1, timeout: Duration::from_mins(1), run }
    }
}
