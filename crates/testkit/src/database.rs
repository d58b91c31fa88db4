//! Fresh databases: a copy of a migrated file, or of a migrated template database.

use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use diesel::migration::{Migration, MigrationSource as _};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Text;
use diesel::sqlite::Sqlite;
use diesel::{PgConnection, sql_query};
use poligon_core::config::DatabaseConfig;
use poligon_core::db::{Database, migrate};
use poligon_core::random;
use poligon_core::security::tokens::fingerprint_bytes;
use url::Url;

use crate::backend::{Backend, POSTGRES_URL, address};

/// Every database made here begins so; `poligon_test_<seconds since 1970>_<random>`, or `…_template_…`.
const PREFIX: &str = "poligon_test";
/// What is older was left behind by a run that crashed.
const LEFTOVER: Duration = Duration::from_hours(1);
/// Of all test processes at once, one makes the template.
const TEMPLATE_LOCK: i64 = 0x706f_6c69_7465_7374;

/// A database that is dropped with this.
pub(crate) struct FreshDatabase {
    /// Where it is.
    pub(crate) url: String,
    postgres: Option<String>,
}

impl Drop for FreshDatabase {
    fn drop(&mut self) {
        let Some(name) = &self.postgres else { return };
        let dropped =
            PgConnection::establish(&address(POSTGRES_URL)).map_err(|e| e.to_string()).and_then(|mut admin| {
                let statement = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
                sql_query(statement).execute(&mut admin).map_err(|e| e.to_string())
            });
        if let Err(error) = dropped {
            eprintln!("the database {name} stays behind: {error}"); // a panic while dropping would hide the test's own
        }
    }
}

/// A migrated, empty database; `folder` is where a file goes.
pub(crate) fn migrated(backend: Backend, folder: &Path) -> FreshDatabase {
    match backend {
        Backend::Embedded => {
            let path = folder.join("test.db");
            std::fs::write(&path, migrated_file()).expect("the database file can be written");
            FreshDatabase { url: file_url(&path), postgres: None }
        }
        Backend::Services => create_postgres(Some(&template())),
    }
}

/// An empty database without a single table: for tests of the migrations. It is dropped with the second part.
pub fn fresh_database(backend: Backend) -> (String, impl Drop) {
    struct Kept(#[expect(dead_code)] FreshDatabase, #[expect(dead_code)] tempfile::TempDir);
    impl Drop for Kept {
        fn drop(&mut self) {} // the parts do it; this makes the type say that dropping it matters
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let database = match backend {
        Backend::Embedded => FreshDatabase { url: file_url(&folder.path().join("empty.db")), postgres: None },
        Backend::Services => create_postgres(None),
    };
    (database.url.clone(), Kept(database, folder))
}

/// A connection to the PostgreSQL server of the tests that may create databases.
pub fn admin_connection() -> PgConnection {
    PgConnection::establish(&address(POSTGRES_URL))
        .unwrap_or_else(|error| panic!("{POSTGRES_URL}: PostgreSQL cannot be reached: {error}"))
}

fn file_url(path: &Path) -> String {
    format!("sqlite://{}", path.display())
}

/// The bytes of a migrated SQLite file. It is made by whichever process comes first, and known by the text of the migrations.
fn migrated_file() -> &'static [u8] {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    FILE.get_or_init(|| {
        let hash = &hash_of::<Sqlite>("sqlite", migrate::SQLITE.migrations().expect("the steps"))[..16];
        let kept = std::env::temp_dir().join(format!("{PREFIX}_template_{hash}.db"));
        std::fs::read(&kept).unwrap_or_else(|_not_there_yet| {
            let folder = tempfile::tempdir().expect("a temporary folder can be made");
            let path = folder.path().join("template.db");
            migrate_at(&file_url(&path)); // its connection is closed again, so nothing stays in the write-ahead log
            let file = std::fs::read(&path).expect("the template can be read");
            std::fs::rename(&path, &kept).expect("the template can be kept"); // whole, whoever else does the same
            file
        })
    })
}

fn migrate_at(url: &str) {
    let config = DatabaseConfig { url: url.to_owned(), ..DatabaseConfig::default() };
    let database = Database::open(&config).expect("the database can be opened");
    let mut connection = database.connect().expect("the database can be reached");
    migrate::up(&mut connection).expect("the migrations run");
}

fn create_postgres(template: Option<&str>) -> FreshDatabase {
    let mut admin = admin_connection();
    let name = format!("{PREFIX}_{}_{}", now(), random::id().expect("randomness"));
    let from = template.map(|t| format!(" TEMPLATE {t}")).unwrap_or_default();
    let statement = format!("CREATE DATABASE {name}{from}");
    sql_query(statement).execute(&mut admin).expect("the user of the tests may create databases");
    FreshDatabase { url: url_of(&name), postgres: Some(name) }
}

/// The address of another database on the server of the tests.
fn url_of(name: &str) -> String {
    let mut url = Url::parse(&address(POSTGRES_URL)).expect("a URL");
    url.set_path(name);
    url.into()
}

/// The name of the migrated template. Made by whichever process comes first; known by the text of the migrations, so
/// that a changed migration makes a new one.
fn template() -> String {
    static NAME: OnceLock<String> = OnceLock::new();
    NAME.get_or_init(|| {
        let mut admin = admin_connection();
        let hash = &hash_of::<Pg>("postgres", migrate::POSTGRES.migrations().expect("the steps"))[..16];
        sql_query(format!("SELECT pg_advisory_lock({TEMPLATE_LOCK})")).execute(&mut admin).expect("the lock");
        let name = find_template(&mut admin, hash).unwrap_or_else(|| make_template(&mut admin, hash));
        remove_leftovers(&mut admin, &name);
        name // the lock goes with the connection
    })
    .clone()
}

#[derive(QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The databases whose name is like `pattern`.
fn names_like(admin: &mut PgConnection, pattern: &str) -> Vec<String> {
    let rows = sql_query("SELECT datname::text AS name FROM pg_database WHERE datname LIKE $1 ORDER BY 1")
        .bind::<Text, _>(pattern)
        .load::<Named>(admin);
    rows.expect("the list of databases").into_iter().map(|row| row.name).collect()
}

fn find_template(admin: &mut PgConnection, hash: &str) -> Option<String> {
    names_like(admin, &format!("{PREFIX}\\_template\\_%\\_{hash}")).pop()
}

/// Migrates under another name first, so that a crash leaves no half-made template.
fn make_template(admin: &mut PgConnection, hash: &str) -> String {
    let building = create_postgres(None);
    migrate_at(&building.url);
    let name = format!("{PREFIX}_template_{}_{hash}", now());
    let unnamed = building.postgres.as_deref().expect("a PostgreSQL database");
    for statement in [
        format!("ALTER DATABASE {unnamed} RENAME TO {name}"),
        // A database that somebody is connected to cannot be copied.
        format!("ALTER DATABASE {name} ALLOW_CONNECTIONS false"),
    ] {
        sql_query(statement).execute(admin).expect("the template can be made");
    }
    name
}

/// Drops what crashed runs left behind, and templates of other migrations.
fn remove_leftovers(admin: &mut PgConnection, template: &str) {
    for name in names_like(admin, &format!("{PREFIX}\\_%")) {
        let made = name.split('_').find_map(|part| part.parse::<u64>().ok());
        let old = made.is_some_and(|made| made + LEFTOVER.as_secs() < now());
        if old && name != template {
            // Another process may be at the same work.
            drop(sql_query(format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).execute(admin));
        }
    }
}

fn hash_of<DB: diesel::backend::Backend>(of: &str, steps: Vec<Box<dyn Migration<DB>>>) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../migrations").join(of);
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the migrations")
        .flat_map(|step| ["up.sql", "down.sql"].map(|file| step.as_ref().expect("a step").path().join(file)))
        .collect();
    files.sort();
    let mut text: Vec<u8> = files.iter().flat_map(|file| std::fs::read(file).expect("a migration")).collect();
    // What is run is what was compiled in: the folder may have grown since.
    text.extend(steps.iter().flat_map(|step| step.name().to_string().into_bytes()));
    fingerprint_bytes(&text)
}

#[allow(clippy::disallowed_methods)] // the age of a database on the server has nothing to do with a test's clock
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).expect("a clock after 1970").as_secs()
}
