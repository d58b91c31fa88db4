//! A bounded pool of connections whose users run off the async workers.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use tokio::sync::oneshot;

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
        Ok(dialect::look(db)?)
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
    /// Longest wait for a connection to be opened, or for a place in the queue of the writer.
    pub(super) acquire: Duration,
    /// Longest wait for a connection and the work on it together.
    pub(super) call: Duration,
    /// Callers that may wait at once; one more is refused at once.
    pub(super) waiting: usize,
}

/// Work on its way to a thread.
type Work = Box<dyn FnOnce(&r2d2::Pool<Manager>) + Send>;

/// The pool: `r2d2` holds the connections, and for each there is a thread that works with it. Threads of our own cost a
/// third of what the runtime's blocking pool costs for a query as short as most are.
#[derive(Clone)]
pub(super) struct Pool(Arc<Inner>);

struct Inner {
    queue: Sender<Work>,
    in_use: Arc<AtomicUsize>,
    limits: Limits,
}

impl Pool {
    /// Starts the threads; they end, and close their connections, when the last handle is dropped. Connections are
    /// opened when they are first needed.
    pub(super) fn start(name: &'static str, manager: Manager, limits: Limits) -> Result<Self, DbError> {
        let connections = r2d2::Pool::builder()
            .max_size(limits.size)
            .min_idle(Some(0))
            .connection_timeout(limits.acquire)
            .test_on_check_out(true) // a lost connection is never handed out, however it was lost
            .error_handler(Box::new(LogLosses))
            .build_unchecked(manager);
        let (queue, work) = bounded::<Work>(limits.waiting.max(1));
        let in_use = Arc::new(AtomicUsize::new(0));
        for n in 0..limits.size {
            let (work, connections, in_use) = (work.clone(), connections.clone(), Arc::clone(&in_use));
            std::thread::Builder::new()
                .name(format!("{name}-{n}"))
                .spawn(move || serve(&work, &connections, &in_use))
                .map_err(|e| DbError::Unavailable(e.to_string()))?;
        }
        Ok(Self(Arc::new(Inner { queue, in_use, limits })))
    }

    /// Runs `work` with a connection on one of the threads. Work whose caller has left is not begun.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let span = tracing::Span::current();
        let task: Work = Box::new(move |connections| {
            if reply.is_closed() {
                return;
            }
            let result = span.in_scope(|| {
                let mut db = connections.get().map_err(|e| E::from(DbError::Unavailable(e.to_string())))?;
                work(&mut db)
            });
            drop(reply.send(result)); // the caller may have left meanwhile
        });
        self.0.queue.try_send(task).map_err(|_full| DbError::Busy)?;
        match tokio::time::timeout(self.0.limits.call, answer).await {
            Ok(Ok(result)) => result,
            Ok(Err(_dropped)) => Err(DbError::Panicked.into()),
            Err(_elapsed) => Err(DbError::Timeout.into()),
        }
    }

    /// How many connections are in use, and how many callers wait for one.
    pub(super) fn load(&self) -> Load {
        Load {
            size: self.0.limits.size as usize,
            in_use: self.0.in_use.load(Ordering::Relaxed),
            waiting: self.0.queue.len(),
        }
    }
}

/// The life of one thread. A panic ends its work, not the thread; the connection it had is dropped by `has_broken`.
fn serve(queue: &Receiver<Work>, connections: &r2d2::Pool<Manager>, in_use: &AtomicUsize) {
    for work in queue {
        in_use.fetch_add(1, Ordering::Relaxed);
        if catch_unwind(AssertUnwindSafe(|| work(connections))).is_err() {
            tracing::error!("the work with a database connection panicked");
        }
        in_use.fetch_sub(1, Ordering::Relaxed);
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

/// A connection that was lost while it rested, or cannot be opened, is a warning, with the cause, in the log.
#[derive(Debug)]
struct LogLosses;

impl r2d2::HandleError<DbError> for LogLosses {
    fn handle_error(&self, error: DbError) {
        tracing::warn!(%error, "a database connection was lost or could not be opened");
    }
}
