//! Moves the write-ahead log of SQLite into the database beside the one writer, which else would wait for the disk each
//! time: most of it on a thread of its own, and what has come meanwhile by the writer itself, so that the log begins anew.
//!
//! How long the log is, SQLite is asked. Its files are never opened past it: who closes any of them takes from the whole
//! process the locks that it has on that file (<https://www.sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_>),
//! and the next process that opens the database begins a new index under the feet of this one.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::connection::Db;
use super::dialect;
use super::error::DbError;
use super::open::Target;
use super::pool::Manager;

/// Pages of the log at which it is moved (64 MiB). A page that was written often is moved once.
const BEGIN_AT: i32 = 16_000;
/// Most pages that the writer moves itself (2 MiB).
const REST: i32 = 500;

/// Commits after which the writer looks how long the log is. When it is to be moved, it looks after each.
const LOOK_EACH: u32 = 16;

/// The thread that moves the log, seen by the writer. It ends, and closes its connection, when this is dropped.
pub(super) struct Checkpoints {
    begin: Sender<()>,
    commits: u32,
    is_long: bool,
}

impl Checkpoints {
    /// Starts the thread. `None` when this is no database with a log.
    pub(super) fn start(manager: Arc<Manager>) -> Result<Option<Self>, DbError> {
        let Target::Sqlite { .. } = &manager.target else { return Ok(None) };
        let (begin, asked) = bounded(1);
        std::thread::Builder::new()
            .name("sqlite-log".into())
            .spawn(move || serve(&manager, &asked))
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Some(Self { begin, commits: 0, is_long: false }))
    }

    /// To be called by the writer after a commit.
    pub(super) fn after_commit(&mut self, db: &mut Db) {
        self.commits = self.commits.wrapping_add(1);
        if !self.is_long && !self.commits.is_multiple_of(LOOK_EACH) {
            return;
        }
        if let Err(error) = self.keep_short(db) {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
        }
    }

    fn keep_short(&mut self, db: &mut Db) -> Result<(), DbError> {
        let Some(log) = dialect::log(db)? else { return Ok(()) };
        self.is_long = log.pages >= BEGIN_AT;
        if !self.is_long {
            return Ok(());
        }
        if log.pages - log.moved > REST {
            self.begin.try_send(()).ok(); // full: it has been asked already
        } else {
            dialect::checkpoint(db)?;
        }
        Ok(())
    }
}

fn serve(manager: &Manager, asked: &Receiver<()>) {
    use r2d2::ManageConnection as _;
    let mut connection: Option<Db> = None;
    for () in asked {
        let moved = match connection.take() {
            Some(db) => Ok(db),
            None => manager.connect(),
        };
        let moved = moved.and_then(|mut db| {
            dialect::checkpoint(&mut db)?;
            Ok(db)
        });
        match moved {
            Ok(db) => connection = Some(db),
            Err(error) => tracing::warn!(%error, "the write-ahead log could not be moved into the database"),
        }
    }
}
