//! Moves the write-ahead log of SQLite into the database beside the one writer, which else would wait for the disk each
//! time: most of it on a thread of its own, and what has come meanwhile by the writer itself, so that the log begins anew.
//!
//! How long the log is stands in its index, the file `-shm` (<https://www.sqlite.org/walformat.html#the_wal_index_header>).
//! It is read without a lock: the figures decide when something is done, never what.

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, bounded};

use super::connection::Db;
use super::dialect;
use super::error::DbError;
use super::open::Target;
use super::pool::Manager;

/// Pages of the log at which it is moved (64 MiB). A page that was written often is moved once.
const BEGIN_AT: u32 = 16_000;
/// Most pages that the writer moves itself (2 MiB).
const REST: u32 = 500;

/// Where the figures stand in the index of the log, each of four bytes in the order of the machine.
const PAGES_AT: usize = 16;
const MOVED_AT: usize = 96;

/// How long the log is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    /// Pages in it.
    pages: u32,
    /// Those of them that are in the database already.
    moved: u32,
}

/// The thread that moves the log, seen by the writer. It ends, and closes its connection, when this is dropped.
pub(super) struct Checkpoints {
    index: PathBuf,
    begin: Sender<()>,
}

impl Checkpoints {
    /// Starts the thread. `None` when this is no database with a log.
    pub(super) fn start(manager: Arc<Manager>) -> Result<Option<Self>, DbError> {
        let Target::Sqlite { path } = &manager.target else { return Ok(None) };
        let mut index = path.clone().into_os_string();
        index.push("-shm");
        let (begin, asked) = bounded(1);
        std::thread::Builder::new()
            .name("sqlite-log".into())
            .spawn(move || serve(&manager, &asked))
            .map_err(|e| DbError::Unavailable(e.to_string()))?;
        Ok(Some(Self { index: index.into(), begin }))
    }

    /// To be called by the writer after a commit.
    pub(super) fn after_commit(&self, db: &mut Db) {
        let Some(log) = self.look().filter(|log| log.pages >= BEGIN_AT) else { return };
        if log.pages.saturating_sub(log.moved) > REST {
            self.begin.try_send(()).ok(); // full: it has been asked already
        } else if let Err(error) = dialect::checkpoint(db) {
            tracing::warn!(%error, "the write-ahead log could not be moved into the database");
        }
    }

    /// `None` when the figures cannot be read: then the log is moved when it is much longer, see [`dialect::leave_log`].
    fn look(&self) -> Option<Log> {
        let mut head = [0; MOVED_AT + 4];
        File::open(&self.index).ok()?.read_exact(&mut head).ok()?;
        let figure = |at: usize| Some(u32::from_ne_bytes(head.get(at..at + 4)?.try_into().ok()?));
        Some(Log { pages: figure(PAGES_AT)?, moved: figure(MOVED_AT)? })
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
