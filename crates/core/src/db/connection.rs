//! The one connection type of the product: PostgreSQL or SQLite behind the same queries.
#![allow(missing_docs, clippy::pedantic)] // the derive below writes public items that carry neither

use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

/// An open connection. Queries are written once, over `&mut Db`; what differs by database stands in
/// [`super::dialect`].
#[derive(diesel::MultiConnection)]
pub enum Db {
    Postgres(PgConnection),
    Sqlite(SqliteConnection),
}
