//! The one writer of an SQLite database: a thread that drains its queue into one commit. `synchronous=FULL` then costs one
//! wait for the disk per batch and not per caller.
//!
//! A refusal rolls back its own caller's work and nobody else's. That takes a savepoint for each caller, for which every page
//! that they change is copied; so a batch is first tried without, and run again with them when somebody is refused.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use diesel::Connection as _;
use tokio::sync::{mpsc, oneshot};

use super::checkpoints::Checkpoints;
use super::connection::Db;
use super::dialect;
use super::error::{DbError, FromDb};
use super::pool::{Limits, Load, Manager};

/// Most callers that share one commit.
const BATCH: usize = 64;
/// Batches behind a refusal that are not tried without savepoints: where some are refused, more are.
const CAREFUL: u32 = 16;

/// A caller's work in the queue.
trait Job: Send {
    /// Whether the caller still waits; work that nobody waits for is not begun.
    fn is_wanted(&self) -> bool;
    /// Runs the work, for the first time or again; `false` asks for its rollback.
    fn run(&mut self, db: &mut Db) -> bool;
    /// Tells the caller: its own result, or why the commit failed.
    fn settle(self: Box<Self>, committed: Result<(), &str>);
}

struct Task<T, E, F> {
    work: F,
    span: tracing::Span,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<T, E, F> Job for Task<T, E, F>
where
    T: Send,
    E: FromDb,
    F: FnMut(&mut Db) -> Result<T, E> + Send,
{
    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run(&mut self, db: &mut Db) -> bool {
        let (work, span) = (&mut self.work, &self.span);
        let result = catch_unwind(AssertUnwindSafe(|| span.in_scope(|| work(db))));
        let result = result.unwrap_or_else(|_| Err(DbError::Panicked.into()));
        let keep = result.is_ok();
        self.result = Some(result);
        keep
    }

    fn settle(self: Box<Self>, committed: Result<(), &str>) {
        let answer = match (self.result, committed) {
            (Some(Ok(_)) | None, Err(cause)) => Err(DbError::Unavailable(cause.to_owned()).into()),
            (Some(result), _) => result,
            (None, Ok(())) => Err(DbError::Busy.into()), // never begun: the caller had left
        };
        drop(self.reply.send(answer)); // a caller that left has its answer nowhere to go
    }
}

/// The handle to the writer thread.
#[derive(Clone)]
pub(super) struct Writer {
    queue: mpsc::Sender<Box<dyn Job>>,
    waiting: Arc<AtomicUsize>,
    limits: Limits,
}

impl Writer {
    /// Starts the thread. It ends, and closes its connection, when the last handle is dropped.
    pub(super) fn start(manager: Manager, limits: Limits) -> Result<Self, DbError> {
        let (queue, jobs) = mpsc::channel(limits.waiting.max(1));
        let waiting = Arc::new(AtomicUsize::new(0));
        let manager = Arc::new(manager);
        let log = Checkpoints::start(Arc::clone(&manager))?;
        std::thread::Builder::new()
            .name("sqlite-writer".into())
            .spawn(move || write_loop(&manager, log, jobs))
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Self { queue, waiting, limits })
    }

    /// Runs `work` in a transaction of its own and answers after the commit is on disk.
    pub(super) async fn run<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnMut(&mut Db) -> Result<T, E> + Send + 'static,
    {
        let deadline = tokio::time::Instant::now() + self.limits.call;
        let (reply, answer) = oneshot::channel();
        let task = Box::new(Task { work, span: tracing::Span::current(), result: None, reply });
        self.queue.send_timeout(task, self.limits.acquire).await.map_err(|_| DbError::Busy)?;
        self.waiting.fetch_add(1, Ordering::Relaxed);
        let outcome = tokio::time::timeout_at(deadline, answer).await;
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        match outcome {
            Ok(Ok(result)) => result,
            Ok(Err(_dropped)) => Err(DbError::Panicked.into()),
            Err(_elapsed) => Err(DbError::Timeout.into()),
        }
    }

    pub(super) fn load(&self) -> Load {
        let waiting = self.waiting.load(Ordering::Relaxed);
        Load { size: 1, in_use: waiting.min(1), waiting: waiting.saturating_sub(1) }
    }
}

fn write_loop(manager: &Manager, mut log: Option<Checkpoints>, mut jobs: mpsc::Receiver<Box<dyn Job>>) {
    let (mut connection, mut careful) = (None, 0);
    while let Some(first) = jobs.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < BATCH
            && let Ok(next) = jobs.try_recv()
        {
            batch.push(next);
        }
        let outcome = with_connection(manager, &mut connection, |db| run_batch(db, &mut batch, &mut careful));
        let outcome = outcome.map_err(|error| {
            tracing::error!(%error, "a write could not be committed");
            error.to_string()
        });
        for job in batch {
            job.settle(match &outcome {
                Ok(()) => Ok(()),
                Err(cause) => Err(cause),
            });
        }
        if let (Some(log), Some(db)) = (&mut log, &mut connection) {
            log.after_commit(db); // when everybody has their answer
        }
    }
}

/// Runs `work` on the writer's connection, which is opened when there is none and dropped when it breaks.
fn with_connection(
    manager: &Manager,
    connection: &mut Option<Db>,
    work: impl FnOnce(&mut Db) -> Result<(), DbError>,
) -> Result<(), DbError> {
    let mut db = match connection.take() {
        Some(db) => db,
        None => connect(manager)?,
    };
    let outcome = work(&mut db);
    if !dialect::is_broken(&mut db) {
        *connection = Some(db);
    }
    outcome
}

fn connect(manager: &Manager) -> Result<Db, DbError> {
    use r2d2::ManageConnection as _;
    let mut db = manager.connect()?;
    dialect::leave_log(&mut db)?;
    Ok(db)
}

/// Runs a batch and commits it; `careful` is for how many batches yet savepoints are taken at once.
fn run_batch(db: &mut Db, batch: &mut [Box<dyn Job>], careful: &mut u32) -> Result<(), DbError> {
    let alone = batch.len() == 1;
    if alone || *careful == 0 {
        dialect::begin_write(db)?;
        if batch.iter_mut().filter(|job| job.is_wanted()).all(|job| job.run(db)) {
            return commit(db);
        }
        dialect::rollback(db)?;
        if alone {
            return Ok(());
        }
        *careful = CAREFUL;
    }
    *careful -= 1;
    run_each(db, batch, careful)
}

/// Runs a batch with a savepoint for each caller, and commits what is not refused.
fn run_each(db: &mut Db, batch: &mut [Box<dyn Job>], careful: &mut u32) -> Result<(), DbError> {
    /// Not an error of anybody's: tells Diesel to roll the savepoint back.
    struct Undo;
    impl From<diesel::result::Error> for Undo {
        fn from(_: diesel::result::Error) -> Self {
            Self
        }
    }
    dialect::begin_write(db)?;
    for job in batch.iter_mut().filter(|job| job.is_wanted()) {
        if db.transaction(|db| if job.run(db) { Ok(()) } else { Err(Undo) }).is_err() {
            *careful = CAREFUL;
        }
    }
    commit(db)
}

fn commit(db: &mut Db) -> Result<(), DbError> {
    dialect::commit(db).map_err(|error| {
        drop(dialect::rollback(db)); // the commit's own error is the one to tell
        error.into()
    })
}
