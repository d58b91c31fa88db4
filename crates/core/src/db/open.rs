//! Opening one connection, by the scheme of its URL, so that the real error is told.

use std::path::PathBuf;
use std::sync::Arc;

use diesel::Connection as _;
use diesel::pg::PgConnection;
use diesel::sqlite::SqliteConnection;

use super::connection::Db;
use super::error::DbError;
use super::tls::TlsBridge;

/// Where a database is.
#[derive(Clone)]
pub(super) enum Target {
    /// A connection string for libpq, and the TLS bridge that it leads to, if any.
    Postgres { url: String, bridge: Option<Arc<TlsBridge>> },
    /// A file.
    Sqlite { path: PathBuf },
}

/// The address of a database cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadUrl(pub String);

/// Which kind of database a URL names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `postgres://…` or `postgresql://…`
    Postgres,
    /// `sqlite://path`
    Sqlite,
}

impl Kind {
    /// The kind that the scheme of `url` names.
    pub fn of(url: &str) -> Result<Self, BadUrl> {
        match url.split_once("://").map(|(scheme, _)| scheme) {
            Some("postgres" | "postgresql") => Ok(Self::Postgres),
            Some("sqlite") => Ok(Self::Sqlite),
            _ => Err(BadUrl("must begin with postgres:// or sqlite://".into())),
        }
    }
}

impl Target {
    /// Understands `url`; for PostgreSQL over TLS this starts the bridge.
    pub(super) fn parse(url: &str) -> Result<Self, BadUrl> {
        match Kind::of(url)? {
            Kind::Postgres => {
                let (url, bridge) = TlsBridge::for_url(url)?;
                Ok(Self::Postgres { url, bridge: bridge.map(Arc::new) })
            }
            Kind::Sqlite => Ok(Self::Sqlite { path: sqlite_path(url)? }),
        }
    }

    /// Removes what lies outside of the process for connecting.
    pub(super) fn tidy(&self) {
        if let Self::Postgres { bridge: Some(bridge), .. } = self {
            bridge.remove_folder();
        }
    }

    /// Opens a connection. Blocks.
    pub(super) fn open(&self) -> Result<Db, DbError> {
        match self {
            Self::Postgres { url, .. } => Ok(Db::Postgres(PgConnection::establish(url)?)),
            Self::Sqlite { path } => {
                if let Some(parent) = path.parent() {
                    std::fs::create_dir_all(parent).map_err(|e| DbError::Unavailable(e.to_string()))?;
                }
                Ok(Db::Sqlite(SqliteConnection::establish(&path.to_string_lossy())?))
            }
        }
    }
}

/// The file that `sqlite://path` names; relative paths start at the working directory.
pub fn sqlite_path(url: &str) -> Result<PathBuf, BadUrl> {
    let path = url.strip_prefix("sqlite://").unwrap_or(url);
    if path.is_empty() || path.contains(['?', '#']) {
        return Err(BadUrl("must be sqlite://PATH, with nothing behind the path".into()));
    }
    Ok(PathBuf::from(path))
}
