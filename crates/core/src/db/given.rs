//! Rows that come with a statement, to be joined with tables: one statement for any number of them, so that it is prepared
//! once.

use diesel::QueryResult;
use diesel::backend::Backend;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::result::Error as DieselError;
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};
use serde::Serialize;

use super::connection::Db;

/// A table behind `FROM`. Made by [`given`].
#[derive(Debug, Clone)]
pub struct Given {
    around: [String; 2],
    rows: String,
}

/// A table named `given` of `rows`, each an object with these columns: their names, and their types on PostgreSQL.
pub fn given<T: Serialize>(db: &Db, columns: &[(&str, &str)], rows: &[T]) -> QueryResult<Given> {
    given_as("given", db, columns, rows)
}

/// The same under another name, for a statement with several. `name` is from the source, never input.
pub fn given_as<T: Serialize>(name: &str, db: &Db, columns: &[(&str, &str)], rows: &[T]) -> QueryResult<Given> {
    let rows = serde_json::to_string(rows).map_err(|error| DieselError::SerializationError(Box::new(error)))?;
    let list = |one: fn(&(&str, &str)) -> String| columns.iter().map(one).collect::<Vec<_>>().join(", ");
    let around = match db {
        Db::Postgres(_) => {
            let columns = list(|(column, of)| format!("{column} {of}"));
            ["jsonb_to_recordset(CAST(".to_owned(), format!(" AS jsonb)) AS {name}({columns})")]
        }
        Db::Sqlite(_) => {
            let columns = list(|(column, _)| format!("json_extract(value, '$.{column}') AS {column}"));
            [format!("(SELECT {columns} FROM json_each("), format!(")) AS {name}")]
        }
    };
    Ok(Given { around, rows })
}

#[derive(Serialize)]
struct Word<'a> {
    word: &'a str,
}

/// A table named `words` with one column, `word`.
pub fn words<T: AsRef<str>>(db: &Db, values: &[T]) -> QueryResult<Given> {
    let rows: Vec<Word<'_>> = values.iter().map(|word| Word { word: word.as_ref() }).collect();
    given_as("words", db, &[("word", "text")], &rows)
}

impl<DB> QueryFragment<DB> for Given
where
    DB: Backend + HasSqlType<Text>,
    String: ToSql<Text, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql(&self.around[0]);
        out.push_bind_param::<Text, String>(&self.rows)?;
        out.push_sql(&self.around[1]);
        Ok(())
    }
}
