//! A bounded pool of connections whose users run off the async workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::connection::Db;
use super::dialect::{self, ConnectionSettings};
use super::error::{DbError, FromDb};
use super::open::Target;

/// Opens and checks connections for `r2d2`.
pub(super) struct Manager {
    pub(super) target: Target,
    pub(super) settings: ConnectionSettings,
}

impl r2d2::ManageConnection for Manager {
    type Connection = Db;
    type Error = DbError;

    fn connect(&self) -> Result<Db, DbError> {
        let mut db = self.target.open()?;
        dialect::prepare(&mut db, &self.settings)?;
        Ok(db)
    }

    fn is_valid(&self, db: &mut Db) -> Result<(), DbError> {
        Ok(dialect::ping(db)?)
    }

    fn has_broken(&self, db: &mut Db) -> bool {
        dialect::is_broken(db)
    }
}

/// How long callers wait, and for how many.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections.
    pub(super) size: u32,
    /// Longest wait for a connection.
    pub(super) acquire: Duration,
    /// Longest wait for the work itself.
    pub(super) call: Duration,
    /// Callers that may wait at once; one more is refused at once.
    pub(super) waiting: usize,
}

/// The pool: `r2d2` holds the connections, a semaphore of the same size keeps callers from blocking a thread while
/// they wait for one.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    connections: r2d2::Pool<Manager>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    limits: Limits,
}

impl Pool {
    pub(super) fn new(manager: Manager, limits: Limits) -> Self {
        let connections = r2d2::Pool::builder()
            .max_size(limits.size)
            .min_idle(Some(0))
            .connection_timeout(limits.acquire)
            .test_on_check_out(false) // a round trip per use; broken ones are found by `has_broken`
            .error_handler(Box::new(LogConnectErrors))
            .build_unchecked(manager);
        let permits = Arc::new(Semaphore::new(limits.size as usize));
        Self(Arc::new(Inner { connections, permits, waiting: AtomicUsize::new(0), limits }))
    }

    /// Runs `work` with a connection on a thread that may block.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let permit = self.permit().await?;
        let (pool, span) = (self.0.connections.clone(), tracing::Span::current());
        let call = tokio::task::spawn_blocking(move || {
            let _held = permit; // until the thread is done, however long the caller waited
            span.in_scope(|| {
                let mut db = pool.get().map_err(|e| E::from(DbError::Unavailable(e.to_string())))?;
                work(&mut db)
            })
        });
        match tokio::time::timeout(self.0.limits.call, call).await {
            Ok(Ok(result)) => result,
            Ok(Err(_panicked)) => Err(DbError::Panicked.into()),
            Err(_elapsed) => Err(DbError::Timeout.into()),
        }
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, DbError> {
        let inner = &self.0;
        if let Ok(permit) = Arc::clone(&inner.permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&inner.waiting, inner.limits.waiting).ok_or(DbError::Busy)?;
        match tokio::time::timeout(inner.limits.acquire, Arc::clone(&inner.permits).acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            _ => Err(DbError::Busy),
        }
    }

    /// How many connections are in use, and how many callers wait for one.
    pub(super) fn load(&self) -> Load {
        let inner = &self.0;
        let size = inner.limits.size as usize;
        Load {
            size,
            in_use: size.saturating_sub(inner.permits.available_permits()),
            waiting: inner.waiting.load(Ordering::Relaxed),
        }
    }
}

/// How busy a pool is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Connections that the pool may hold.
    pub size: usize,
    /// Connections in use.
    pub in_use: usize,
    /// Callers that wait for one.
    pub waiting: usize,
}

/// A place among the waiting, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, most: usize) -> Option<Self> {
        if waiting.fetch_add(1, Ordering::Relaxed) < most {
            return Some(Self(waiting));
        }
        waiting.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A connection that cannot be opened is a warning, with the cause, in the log.
#[derive(Debug)]
struct LogConnectErrors;

impl r2d2::HandleError<DbError> for LogConnectErrors {
    fn handle_error(&self, error: DbError) {
        tracing::warn!(%error, "a database connection could not be opened");
    }
}
