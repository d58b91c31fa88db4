//! The steps of the schema: embedded in the binary, the same versions and names for both databases.

use diesel::migration::{Migration, MigrationSource as _, MigrationVersion};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

use super::connection::Db;
use super::error::DbError;

/// The steps for PostgreSQL.
pub const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
/// The steps for SQLite.
pub const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Holds the others back while one copy of the gateway migrates.
const MIGRATION_LOCK: i64 = 0x706f_6c69_676f_6e00;

/// One step and whether it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `<version>_<name>`, the name of its folder.
    pub name: String,
    /// Whether the database has it.
    pub applied: bool,
}

/// Applies what is missing and answers the names of the steps applied.
pub fn up(db: &mut Db) -> Result<Vec<String>, DbError> {
    let applied = locked(db, |db| match db {
        Db::Postgres(c) => versions(c.run_pending_migrations(POSTGRES)),
        Db::Sqlite(c) => versions(c.run_pending_migrations(SQLITE)),
    })?;
    named(db, &applied)
}

/// Takes the newest step back and answers its name; `None` when there is none.
pub fn down(db: &mut Db) -> Result<Option<String>, DbError> {
    if status(db)?.iter().all(|step| !step.applied) {
        return Ok(None);
    }
    let reverted = locked(db, |db| match db {
        Db::Postgres(c) => versions(c.revert_last_migration(POSTGRES).map(|v| vec![v])),
        Db::Sqlite(c) => versions(c.revert_last_migration(SQLITE).map(|v| vec![v])),
    })?;
    Ok(Some(named(db, &reverted)?.concat()))
}

/// Every step, oldest first.
pub fn status(db: &mut Db) -> Result<Vec<Step>, DbError> {
    let applied = match db {
        Db::Postgres(c) => versions(c.applied_migrations())?,
        Db::Sqlite(c) => versions(c.applied_migrations())?,
    };
    let known = known_names(db)?.into_iter();
    Ok(known.map(|name| Step { applied: applied.iter().any(|version| is_version_of(version, &name)), name }).collect())
}

/// How many steps the database lacks.
pub fn pending(db: &mut Db) -> Result<usize, DbError> {
    Ok(status(db)?.iter().filter(|step| !step.applied).count())
}

fn folder_names<B: diesel::backend::Backend>(source: &EmbeddedMigrations) -> Result<Vec<String>, DbError> {
    let steps: Vec<Box<dyn Migration<B>>> = source.migrations().map_err(|e| failed(&*e))?;
    Ok(steps.iter().map(|step| step.name().to_string()).collect())
}

/// The names of the steps that this binary has, oldest first.
fn known_names(db: &Db) -> Result<Vec<String>, DbError> {
    let mut known = match db {
        Db::Postgres(_) => folder_names::<diesel::pg::Pg>(&POSTGRES)?,
        Db::Sqlite(_) => folder_names::<diesel::sqlite::Sqlite>(&SQLITE)?,
    };
    known.sort();
    Ok(known)
}

/// The names of the steps with these versions, in the order of the versions.
fn named(db: &Db, versions: &[String]) -> Result<Vec<String>, DbError> {
    let known = known_names(db)?;
    let name = |version: &String| known.iter().find(|name| is_version_of(version, name)).unwrap_or(version).clone();
    Ok(versions.iter().map(name).collect())
}

fn is_version_of(version: &str, name: &str) -> bool {
    name.split_once('_').is_some_and(|(of_name, _)| of_name == version)
}

fn versions(
    answer: Result<Vec<MigrationVersion<'_>>, Box<dyn std::error::Error + Send + Sync>>,
) -> Result<Vec<String>, DbError> {
    Ok(answer.map_err(|e| failed(&*e))?.iter().map(ToString::to_string).collect())
}

fn failed(error: &(dyn std::error::Error + Send + Sync)) -> DbError {
    DbError::Unavailable(format!("migration: {error}"))
}

/// PostgreSQL: one migrating session at a time. SQLite: the file's own write lock does.
fn locked<T>(db: &mut Db, work: impl FnOnce(&mut Db) -> Result<T, DbError>) -> Result<T, DbError> {
    use diesel::connection::SimpleConnection as _;
    if let Db::Postgres(c) = db {
        c.batch_execute(&format!("SELECT pg_advisory_lock({MIGRATION_LOCK})"))?;
    }
    let outcome = work(db);
    if let Db::Postgres(c) = db {
        c.batch_execute(&format!("SELECT pg_advisory_unlock({MIGRATION_LOCK})"))?;
    }
    outcome
}
