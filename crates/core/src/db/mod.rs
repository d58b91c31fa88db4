//! The database: one set of queries over PostgreSQL and SQLite, run off the async workers, within bounded time.

mod alone;
mod any_of;
mod checkpoints;
mod connection;
pub mod dialect;
mod error;
mod given;
mod instant_text;
pub mod keyset;
pub mod migrate;
mod nested;
mod open;
mod pool;
pub mod text_search;
mod tls;
mod tls_verify;
mod tuned;
mod types;
mod writer;

use std::sync::Arc;
use std::time::Duration;

pub use any_of::{AnyOf, any_of};
pub use connection::{Db, MultiBackend};
pub use error::{DbError, FromDb};
pub use given::{Given, given, given_as, words};
pub use nested::{nested, whole};
pub use open::{BadUrl, Kind, sqlite_path};
pub use pool::Load;
pub use tuned::{kept, limited, planned_anew};
pub use types::{Instant, Json, Jsonb, Timestamp};

use crate::config::DatabaseConfig;
use dialect::ConnectionSettings;
use open::Target;
use pool::{Limits, Manager, Pool};
use writer::Writer;

/// How often a transaction is run again when the database asks for it.
const RETRIES: u32 = 8;

/// The database of an application. Cheap to clone.
#[derive(Clone)]
pub struct Database(Arc<Inner>);

struct Inner {
    kind: Kind,
    target: Target,
    /// The target, and the replica's.
    targets: Vec<Target>,
    primary: Primary,
    readers: Pool,
    settings: ConnectionSettings,
}

/// The threads of the pools may outlive the last handle; what was made for connecting does not.
impl Drop for Inner {
    fn drop(&mut self) {
        self.targets.iter().for_each(Target::tidy);
    }
}

enum Primary {
    Postgres(Pool),
    Sqlite(Writer),
}

impl Database {
    /// Prepares the pools; connections are opened when they are first needed.
    pub fn open(config: &DatabaseConfig) -> Result<Self, DbError> {
        let unusable = |e: BadUrl| DbError::Unavailable(e.to_string());
        let kind = Kind::of(&config.url).map_err(unusable)?;
        let target = Target::parse(&config.url).map_err(unusable)?;
        let limits = limits(config);
        let settings = ConnectionSettings { statement_timeout_ms: config.statement_timeout_ms, read_only: false };
        let manager = |target: &Target, read_only| Manager {
            target: target.clone(),
            settings: ConnectionSettings { read_only, ..settings },
        };
        let mut targets = vec![target.clone()];
        let (primary, readers) = match kind {
            Kind::Sqlite => {
                let writer = Writer::start(manager(&target, false), limits)?;
                (Primary::Sqlite(writer), Pool::start("sqlite-reader", manager(&target, true), limits)?)
            }
            Kind::Postgres => {
                let pool = Pool::start("postgres", manager(&target, false), limits)?;
                let readers = match &config.replica_url {
                    Some(url) => {
                        let replica = Target::parse(url).map_err(unusable)?;
                        targets.push(replica.clone());
                        Pool::start("replica", manager(&replica, false), limits)?
                    }
                    None => pool.clone(),
                };
                (Primary::Postgres(pool), readers)
            }
        };
        Ok(Self(Arc::new(Inner { kind, target, targets, primary, readers, settings })))
    }

    /// The process is about to end, whoever still has a handle: no new connection is opened from now on, and nothing is
    /// left behind in the folder for temporary files. Dropping the last handle does the same.
    pub fn retire(&self) {
        self.0.targets.iter().for_each(Target::tidy);
    }

    /// Which kind of database this is, for people and metrics; queries never ask.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether a statement is a trip to a server: then few statements for many callers are cheaper than few for each.
    pub fn is_remote(&self) -> bool {
        self.0.kind == Kind::Postgres
    }

    /// Runs `work` on a reader: a replica where one is configured, so it may be a moment old.
    pub async fn read<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    {
        self.0.readers.run(work).await
    }

    /// Runs `work` on a reader that sees every answered write: never a replica.
    pub async fn read_primary<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    {
        match &self.0.primary {
            Primary::Postgres(pool) => pool.run(work).await,
            Primary::Sqlite(_) => self.0.readers.run(work).await,
        }
    }

    /// Runs `work`, of several statements, so that all of them see one state of the database: whatever is written meanwhile,
    /// what they find is of one piece. On a reader that sees every answered write.
    pub async fn read_whole<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnOnce(&mut Db) -> Result<T, E> + Send + 'static,
    {
        self.read_primary(move |db| {
            dialect::begin_snapshot(db).map_err(DbError::from)?;
            let found = work(db);
            // Nothing was written, so it is no matter how it ends; a connection that cannot end it is not used again.
            let ended = if found.is_ok() { dialect::commit(db) } else { dialect::rollback(db) };
            let found = found?;
            ended.map_err(DbError::from)?;
            Ok(found)
        })
        .await
    }

    /// Runs `work` in one transaction on the primary, and again when the database asks for that. The answer comes
    /// after the commit; an `Err` rolls everything back.
    pub async fn write<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnMut(&mut Db) -> Result<T, E> + Send + 'static,
    {
        match &self.0.primary {
            Primary::Postgres(pool) => pool.run(move |db| transact(db, work)).await,
            Primary::Sqlite(writer) => writer.run(work).await,
        }
    }

    /// The same for work that finds its rows by their keys: its statements are planned once for a connection. See
    /// [`dialect::begin_write_planned_once`].
    pub async fn write_planned_once<T, E, F>(&self, work: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: FromDb,
        F: FnMut(&mut Db) -> Result<T, E> + Send + 'static,
    {
        match &self.0.primary {
            Primary::Postgres(pool) => {
                pool.run(move |db| transact_from(db, dialect::begin_write_planned_once, work)).await
            }
            Primary::Sqlite(writer) => writer.run(work).await,
        }
    }

    /// Opens a connection of the caller's own, outside of the pools (migrations, bulk loading). Blocks.
    pub fn connect(&self) -> Result<Db, DbError> {
        use r2d2::ManageConnection as _;
        let settings = ConnectionSettings { statement_timeout_ms: 0, ..self.0.settings };
        let busy = ConnectionSettings { statement_timeout_ms: 30_000, ..settings };
        let settings = if self.0.kind == Kind::Sqlite { busy } else { settings };
        Manager { target: self.0.target.clone(), settings }.connect()
    }

    /// How busy the primary and the readers are, by name.
    pub fn loads(&self) -> [(&'static str, Load); 2] {
        let primary = match &self.0.primary {
            Primary::Postgres(pool) => pool.load(),
            Primary::Sqlite(writer) => writer.load(),
        };
        [("primary", primary), ("readers", self.0.readers.load())]
    }
}

/// Runs `work` in one transaction on a connection of the caller's own (command line, seeding).
pub fn transact<T, E, F>(db: &mut Db, work: F) -> Result<T, E>
where
    E: FromDb,
    F: FnMut(&mut Db) -> Result<T, E>,
{
    transact_from(db, dialect::begin_write, work)
}

/// Runs `work` inside of the open transaction so that it leaves nothing behind when it is refused.
pub fn attempt<T, E: FromDb>(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<T, E>) -> Result<T, E> {
    dialect::begin_nested(db).map_err(DbError::from)?;
    let done = work(db);
    let ended = if done.is_ok() { dialect::commit(db) } else { dialect::rollback(db) };
    ended.map_err(DbError::from)?;
    done
}

/// How a transaction is opened.
type Begin = fn(&mut Db) -> diesel::QueryResult<()>;

fn transact_from<T, E, F>(db: &mut Db, begin: Begin, mut work: F) -> Result<T, E>
where
    E: FromDb,
    F: FnMut(&mut Db) -> Result<T, E>,
{
    let mut attempt = 0;
    loop {
        let result = transact_once(db, begin, &mut work);
        let again = result.as_ref().err().and_then(FromDb::db).is_some_and(DbError::asks_for_retry);
        if !again || attempt == RETRIES {
            return result;
        }
        attempt += 1;
        std::thread::sleep(Duration::from_millis(1 << attempt));
    }
}

fn transact_once<T, E, F>(db: &mut Db, begin: Begin, work: &mut F) -> Result<T, E>
where
    E: FromDb,
    F: FnMut(&mut Db) -> Result<T, E>,
{
    begin(db).map_err(DbError::from)?;
    match work(db) {
        Ok(value) => {
            dialect::commit(db).map_err(DbError::from)?;
            Ok(value)
        }
        Err(error) => {
            if let Err(rollback) = dialect::rollback(db) {
                tracing::warn!(error = %rollback, "a transaction could not be rolled back; its connection is dropped");
            }
            Err(error)
        }
    }
}

fn limits(config: &DatabaseConfig) -> Limits {
    Limits {
        size: config.pool_size,
        acquire: Duration::from_millis(config.acquire_timeout_ms),
        call: Duration::from_millis(config.call_timeout_ms),
        waiting: config.max_waiting,
    }
}
