//! What an application under test stands on.

/// Names the variable with a PostgreSQL URL whose user may create databases.
pub const POSTGRES_URL: &str = "TEST_DATABASE_URL";
/// Names the variable with a Redis URL.
pub const REDIS_URL: &str = "TEST_REDIS_URL";

/// What an application under test stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backend {
    /// SQLite, and a cache in the process.
    Embedded,
    /// PostgreSQL and Redis, at the addresses in [`POSTGRES_URL`] and [`REDIS_URL`].
    Services,
}

/// The address in `variable`. A test that needs it and has none fails: it has shown nothing.
#[allow(clippy::disallowed_methods)] // where the servers of the tests are, is no setting of the product
pub(crate) fn address(variable: &str) -> String {
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => url,
        _ => panic!("{variable} is not set: this test needs a server. `tests/run` starts one and sets it"),
    }
}
