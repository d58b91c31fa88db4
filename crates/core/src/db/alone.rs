//! Work on the whole database that only one process at a time may do: migrating, seeding.

use std::fs::File;

use super::connection::Db;
use super::error::DbError;
use super::open::Target;
use super::{Database, dialect};

/// Holds the others back while one copy of the gateway prepares the database.
const ALONE: i64 = 0x706f_6c69_676f_6e01;

impl Database {
    /// Runs `work` on a connection of its own, after whoever else does the same on this database is done. A process
    /// that dies lets the next one in. Blocks; opens no transaction.
    pub fn alone<T, E: From<DbError>>(&self, work: impl FnOnce(&mut Db) -> Result<T, E>) -> Result<T, E> {
        let _held = self.lock_file().map_err(|e| DbError::Unavailable(format!("the lock file: {e}")))?;
        let mut db = self.connect()?;
        dialect::hold(&mut db, ALONE).map_err(DbError::from)?; // until the connection is closed
        work(&mut db)
    }

    /// SQLite: a locked file beside the database, because a lock within it would not outlast a transaction.
    fn lock_file(&self) -> std::io::Result<Option<File>> {
        let Target::Sqlite { path } = &self.0.target else { return Ok(None) };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent)?;
        }
        let mut beside = path.clone().into_os_string();
        beside.push(".lock");
        let file = File::options().create(true).truncate(false).write(true).open(beside)?;
        file.lock()?;
        Ok(Some(file))
    }
}
