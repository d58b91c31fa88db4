//! Everything that differs between PostgreSQL and SQLite, each behind one named function. Domain crates never match
//! on the database themselves.

use diesel::connection::{AnsiTransactionManager, SimpleConnection as _, TransactionManager};
use diesel::query_dsl::methods::LoadQuery;
use diesel::sql_types::BigInt;
use diesel::{PgConnection, QueryResult, RunQueryDsl as _};

use super::connection::Db;
use super::types::{Instant, Timestamp};

/// Runs one body with the concrete connection of either database: `on_each!(db, c => query.execute(c))`. For what
/// the combined backend does not offer: `on_conflict`, and inserts of a `Vec`.
#[macro_export]
macro_rules! on_each {
    ($db:expr, $conn:ident => $body:expr) => {
        match $db {
            $crate::db::Db::Postgres($conn) => $body,
            $crate::db::Db::Sqlite($conn) => $body,
        }
    };
}

/// Adds many rows at once, for those who make them up (seeding): `insert_many!(db, table, rows)` with a `Vec` of flat tuples,
/// as many as SQLite takes values in a statement (32,766). PostgreSQL takes them by `COPY`, which neither plans nor parses
/// them; nothing is counted, and conflicts are errors.
#[macro_export]
macro_rules! insert_many {
    ($db:expr, $table:expr, $rows:expr) => {
        match $db {
            $crate::db::Db::Postgres(c) => diesel::copy_from($table).from_insertable($rows).execute(c),
            $crate::db::Db::Sqlite(c) => diesel::insert_into($table).values($rows).execute(c),
        }
    };
}

/// Opens a transaction that may write. SQLite takes the write lock at once (`BEGIN IMMEDIATE`); a lock taken later,
/// after a read, is refused whenever another writer came between.
pub fn begin_write(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => AnsiTransactionManager::begin_transaction(c),
        Db::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
    }
}

/// The same for a transaction whose statements are planned once for a connection and not for every set of values: for
/// those that find rows by their keys, whose planning takes longer than they do. A statement whose plan depends on its
/// values (a list behind filters) has no place in such a transaction.
pub fn begin_write_planned_once(db: &mut Db) -> QueryResult<()> {
    match db {
        // Without sequential scans: a plan that is made while a table is small has to do when it is large. One text, which
        // is one round trip.
        Db::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(
            c,
            "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off",
        ),
        Db::Sqlite(_) => begin_write(db), // plans never depend on values there (SQLITE_ENABLE_QPSG)
    }
}

/// Opens a transaction that only reads, and sees one state of everything: that of its first statement.
pub(super) fn begin_snapshot(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => {
            AnsiTransactionManager::begin_transaction_sql(c, "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        }
        Db::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN"),
    }
}

/// Opens a transaction inside of the open one: a savepoint.
pub(super) fn begin_nested(db: &mut Db) -> QueryResult<()> {
    on_each!(db, c => AnsiTransactionManager::begin_transaction(c))
}

/// Commits the innermost transaction.
pub fn commit(db: &mut Db) -> QueryResult<()> {
    on_each!(db, c => AnsiTransactionManager::commit_transaction(c))
}

/// Rolls the innermost transaction back.
pub fn rollback(db: &mut Db) -> QueryResult<()> {
    on_each!(db, c => AnsiTransactionManager::rollback_transaction(c))
}

/// Moves what it can of the write-ahead log of SQLite into the database, and waits for nobody.
pub(super) fn checkpoint(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Postgres(_) => Ok(()), // it does that by itself
        Db::Sqlite(c) => c.batch_execute("PRAGMA wal_checkpoint(PASSIVE)"),
    }
}

/// How long the write-ahead log of SQLite is.
#[derive(Debug, Clone, Copy, diesel::QueryableByName)]
pub(super) struct Log {
    /// Pages in it; -1 when there is none.
    #[diesel(sql_type = diesel::sql_types::Integer, column_name = log)]
    pub(super) pages: i32,
    /// Those of them that are in the database already.
    #[diesel(sql_type = diesel::sql_types::Integer, column_name = checkpointed)]
    pub(super) moved: i32,
}

/// Looks how long the write-ahead log of SQLite is, and changes nothing.
pub(super) fn log(db: &mut Db) -> QueryResult<Option<Log>> {
    match db {
        Db::Postgres(_) => Ok(None),
        Db::Sqlite(c) => diesel::sql_query("PRAGMA wal_checkpoint(NOOP)").get_result(c).map(Some),
    }
}

/// Leaves moving the log of SQLite to [`super::checkpoints`], as long as that comes round to it (160 MiB).
pub(super) fn leave_log(db: &mut Db) -> QueryResult<()> {
    match db {
        Db::Postgres(_) => Ok(()),
        Db::Sqlite(c) => c.batch_execute("PRAGMA wal_autocheckpoint = 40000"),
    }
}

/// Tells the planner how much these tables hold, after much was written at once: plans that were made when they held
/// little are made anew. `tables` are names from the source, never input.
pub fn analyze(db: &mut Db, tables: &[&'static str]) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => c.batch_execute(&format!("ANALYZE {}", tables.join(", "))),
        Db::Sqlite(_) => Ok(()), // plans do not depend on it: every index is made for its query
    }
}

/// Keeps everybody else from writing to a table until the end of the transaction. `table` is a name from the source, never
/// input.
pub fn hold_table(db: &mut Db, table: &'static str) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => c.batch_execute(&format!("LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")),
        Db::Sqlite(_) => Ok(()), // it has one writer at a time
    }
}

/// Takes a lock named by `key` until the end of the transaction, or says at once that another transaction holds it.
/// SQLite has one writer at a time, so there the lock is always free.
pub fn try_lock(db: &mut Db, key: i64) -> QueryResult<bool> {
    #[derive(diesel::QueryableByName)]
    struct Taken {
        #[diesel(sql_type = diesel::sql_types::Bool)]
        taken: bool,
    }
    match db {
        Db::Postgres(c) => diesel::sql_query("SELECT pg_try_advisory_xact_lock($1) AS taken")
            .bind::<BigInt, _>(key)
            .get_result::<Taken>(c)
            .map(|row| row.taken),
        Db::Sqlite(_) => Ok(true),
    }
}

/// What locks the rows of a query named `held`, in its order, until the transaction ends. SQLite has one writer at a time.
pub fn locking(db: &Db) -> &'static str {
    match db {
        Db::Postgres(_) => "FOR NO KEY UPDATE OF held",
        Db::Sqlite(_) => "",
    }
}

/// What keeps the rows of a query named `held` as they are until the transaction ends, for any number of readers. SQLite has
/// one writer at a time.
pub fn sharing(db: &Db) -> &'static str {
    match db {
        Db::Postgres(_) => "FOR SHARE OF held",
        Db::Sqlite(_) => "",
    }
}

/// Waits for a lock named by `key` and holds it until the end of the transaction, so that a rule over several rows
/// (the last administrator) is checked by one transaction at a time.
pub fn lock(db: &mut Db, key: i64) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock($1)").bind::<BigInt, _>(key).execute(c).map(drop)
        }
        Db::Sqlite(_) => Ok(()),
    }
}

/// The same for those who only read what [`lock`] guards: any number of them hold it at once, and none beside whoever
/// changes it.
pub fn lock_shared(db: &mut Db, key: i64) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => {
            diesel::sql_query("SELECT pg_advisory_xact_lock_shared($1)").bind::<BigInt, _>(key).execute(c).map(drop)
        }
        Db::Sqlite(_) => Ok(()),
    }
}

/// Waits for a lock named by `key` and holds it for as long as the connection lives. SQLite: see `Database::alone`.
pub(super) fn hold(db: &mut Db, key: i64) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => diesel::sql_query("SELECT pg_advisory_lock($1)").bind::<BigInt, _>(key).execute(c).map(drop),
        Db::Sqlite(_) => Ok(()),
    }
}

/// Runs a statement that changes several tables at once, or reads an object with all of its parts ([`super::nested`]),
/// where a statement is a round trip (PostgreSQL); `None` where it is none, and the caller goes step by step.
pub fn at_once<'q, Q, T>(db: &mut Db, statement: impl FnOnce() -> Q) -> Option<QueryResult<Vec<T>>>
where
    Q: LoadQuery<'q, PgConnection, T>,
{
    match db {
        Db::Postgres(c) => Some(statement().internal_load(c).and_then(Iterator::collect)),
        Db::Sqlite(_) => None,
    }
}

/// The present instant by the database's own clock.
pub fn clock(db: &mut Db) -> QueryResult<Timestamp> {
    #[derive(diesel::QueryableByName)]
    struct Clock {
        #[diesel(sql_type = Instant)]
        at: Timestamp,
    }
    match db {
        Db::Postgres(c) => diesel::sql_query("SELECT clock_timestamp() AS at").get_result::<Clock>(c),
        Db::Sqlite(c) => diesel::sql_query("SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now') AS at").get_result::<Clock>(c),
    }
    .map(|row| row.at)
}

/// Moves the identity counter of `table` past the rows that were inserted with ids of their own (seeding).
/// `table` is a name from the source, never input.
pub fn reset_identity(db: &mut Db, table: &'static str) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => c.batch_execute(&format!(
            "SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 0) + 1 FROM {table}), false)"
        )),
        Db::Sqlite(_) => Ok(()), // AUTOINCREMENT follows the largest id by itself
    }
}

/// Answers the name of the database and its version, for people.
pub fn version(db: &mut Db) -> QueryResult<String> {
    #[derive(diesel::QueryableByName)]
    struct Version {
        #[diesel(sql_type = diesel::sql_types::Text)]
        version: String,
    }
    match db {
        Db::Postgres(c) => diesel::sql_query("SELECT 'PostgreSQL ' || current_setting('server_version') AS version")
            .get_result::<Version>(c),
        Db::Sqlite(c) => diesel::sql_query("SELECT 'SQLite ' || sqlite_version() AS version").get_result::<Version>(c),
    }
    .map(|row| row.version)
}

/// Whether the connection takes and answers a statement.
pub fn ping(db: &mut Db) -> QueryResult<()> {
    on_each!(db, c => c.batch_execute("SELECT 1"))
}

/// Looks at what has arrived on an idle connection, without asking anything: an error when it is lost. Costs two calls of
/// the kernel, no round trip.
pub(super) fn look(db: &mut Db) -> QueryResult<()> {
    match db {
        // Twice: a server that ends a connection says so first, and libpq reads that alone.
        Db::Postgres(c) => (0..2).try_for_each(|_| c.notifications_iter().next().transpose().map(drop)),
        Db::Sqlite(_) => Ok(()),
    }
}

/// Whether this connection is broken: left inside a transaction, or used by a thread that is panicking. Of a loss diesel
/// hears only when a statement runs, and not when one cannot be prepared; see [`look`].
pub fn is_broken(db: &mut Db) -> bool {
    std::thread::panicking() || on_each!(db, c => AnsiTransactionManager::is_broken_transaction_manager(c))
}

/// A `LIKE` pattern that finds `text` anywhere, with its wildcards taken literally (`ESCAPE '\'`).
pub fn contains_pattern(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out.push('%');
    out
}

/// Brings a fresh connection into the product's state: time-outs, UTC and no just-in-time compiler on PostgreSQL, which takes
/// seconds for statements of milliseconds whose cost is estimated too high; journal, durability and foreign keys on SQLite.
pub(super) fn prepare(db: &mut Db, settings: &ConnectionSettings) -> QueryResult<()> {
    match db {
        Db::Postgres(c) => c.batch_execute(&format!(
            "SET application_name = 'poligon'; SET timezone = 'UTC'; SET statement_timeout = {statement}; \
             SET lock_timeout = {statement}; SET idle_in_transaction_session_timeout = {idle}; SET jit = off",
            statement = settings.statement_timeout_ms,
            idle = settings.statement_timeout_ms.saturating_mul(4),
        )),
        Db::Sqlite(c) => c.batch_execute(&format!(
            "PRAGMA busy_timeout = {busy}; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
             PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -{CACHE_KIB}; \
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; \
             PRAGMA query_only = {query_only};",
            busy = settings.statement_timeout_ms,
            query_only = if settings.read_only { "ON" } else { "OFF" },
        )),
    }
}

/// Pages of the write-ahead log of SQLite after which they go into the database (16 MiB): a page that was written often
/// goes there once, and the one writer waits for it seldom.
const CHECKPOINT_PAGES: u32 = 4_000;

/// Most memory for pages of SQLite that a connection holds, in KiB.
const CACHE_KIB: u32 = 8 * 1_024;

/// What [`prepare`] sets on a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionSettings {
    /// Longest run of one statement, in milliseconds.
    pub(super) statement_timeout_ms: u64,
    /// Whether writes are refused (the readers of SQLite).
    pub(super) read_only: bool,
}
