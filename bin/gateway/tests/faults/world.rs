//! What one gateway, or several copies of it, stand on.

use std::time::{Duration, Instant};

use poligon_core::config::DatabaseConfig;
use poligon_core::db::{Database, Db};
use poligon_testkit::{Backend, Client};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::process::Gateway;
#[cfg(feature = "services")]
use crate::servers::{Postgres, Redis};

/// A password that is accepted.
pub(crate) const PASSWORD: &str = "four tired lemons";

/// A data folder, settings, and, for the services, servers of the test's own.
pub(crate) struct World {
    pub(crate) folder: TempDir,
    /// The environment of the gateway: all of it, beside `PATH`.
    pub(crate) environment: Vec<(String, String)>,
    #[cfg(feature = "services")]
    pub(crate) servers: Option<(Postgres, Redis)>,
}

impl World {
    /// Everything fresh, nothing started but the servers.
    pub(crate) async fn new(backend: Backend) -> Self {
        match backend {
            Backend::Embedded => Self::embedded(),
            #[cfg(feature = "services")]
            Backend::Services => Self::on(Postgres::start(&[]).await, Redis::start().await),
            #[cfg(not(feature = "services"))]
            Backend::Services => unreachable!("the feature `services` is off"),
        }
    }

    /// SQLite, and a cache in the process.
    pub(crate) fn embedded() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = format!("sqlite://{}", folder.path().join("data/poligon.db").display());
        let mut world = Self {
            environment: Vec::new(),
            #[cfg(feature = "services")]
            servers: None,
            folder,
        };
        world.set("DATABASE_URL", &database);
        world.common_settings();
        world
    }

    /// These servers.
    #[cfg(feature = "services")]
    pub(crate) fn on(postgres: Postgres, redis: Redis) -> Self {
        let mut world = Self::embedded();
        world.set("DATABASE_URL", &postgres.url());
        world.set("REDIS_URL", &redis.url());
        world.servers = Some((postgres, redis));
        world
    }

    /// As in production, but cheap hashes, and quotas that nobody meets: the limiter still asks its cache each time.
    fn common_settings(&mut self) {
        let data = self.folder.path().join("data").display().to_string();
        self.set("POLIGON_PROFILE", "production");
        self.set("POLIGON_DATA_DIR", &data);
        self.set("POLIGON_SIGNING_SECRET", "a secret of the tests, the same in every run");
        self.set("POLIGON_ALLOWED_ORIGINS", "https://poligon.test");
        self.set("POLIGON_SECURITY__BCRYPT_COST", "4");
        for family in ["READ", "WRITE", "LOGIN", "REGISTER", "MAIL"] {
            self.set(&format!("POLIGON_LIMITS__FAMILIES__{family}__BURST"), "1000000");
            self.set(&format!("POLIGON_LIMITS__FAMILIES__{family}__PER_MINUTE"), "1000000");
        }
    }

    /// Sets a variable of the gateway's environment.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.retain(|(known, _)| known != name);
        self.environment.push((name.into(), value.into()));
    }

    pub(crate) fn setting(&self, name: &str) -> String {
        let found = self.environment.iter().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("{name} is not set")).1.clone()
    }

    /// The program with this world's settings and these arguments.
    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_gateway"));
        self.settle(&mut command).args(arguments);
        command
    }

    /// Gives `command` this world's environment and folder, and nothing else.
    pub(crate) fn settle<'a>(&self, command: &'a mut std::process::Command) -> &'a mut std::process::Command {
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin").current_dir(self.folder.path());
        command.envs(self.environment.iter().map(|(name, value)| (name, value)))
    }

    /// A gateway that is ready.
    pub(crate) async fn gateway(&self) -> Gateway {
        let mut gateway = Gateway::spawn(self);
        gateway.ready().await;
        gateway
    }

    /// A connection to the database, past the gateway.
    pub(crate) fn database(&self) -> Db {
        let config = DatabaseConfig { url: self.setting("DATABASE_URL"), ..DatabaseConfig::default() };
        Database::open(&config).unwrap().connect().unwrap()
    }
}

/// The number that a query answers as `n`.
pub(crate) fn count(db: &mut Db, query: &str) -> i64 {
    use diesel::RunQueryDsl as _;
    #[derive(diesel::QueryableByName)]
    struct Count {
        #[diesel(sql_type = diesel::sql_types::BigInt)]
        n: i64,
    }
    diesel::sql_query(query).get_result::<Count>(db).unwrap().n
}

/// What a person called `name` registers with.
pub(crate) fn registration(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "username": name, "display_name": "A Person", "password": PASSWORD})
}

/// Registers and logs in; answers a client with the token.
pub(crate) async fn sign_in(client: &Client, name: &str) -> Client {
    client.post("/api/auth/register").json(&registration(name)).send().await.expect(201);
    let login = client.post("/api/auth/login").json(&json!({"username": name, "password": PASSWORD}));
    let pair = login.send().await.expect(200).body;
    client.with_token(pair["access_token"].as_str().expect("a token"))
}

/// Asks again and again until `done` says so; fails with `what` after `longest`. Answers how long it took.
pub(crate) async fn until(what: &str, longest: Duration, mut done: impl AsyncFnMut() -> bool) -> Duration {
    let began = Instant::now();
    while !done().await {
        assert!(began.elapsed() < longest, "{what}: not within {longest:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let took = began.elapsed();
    assert!(took <= longest, "{what}: took {took:?}, more than {longest:?}");
    took
}

/// A number below `end` that nobody can foresee.
pub(crate) fn random_below(end: u64) -> u64 {
    u64::from_le_bytes(poligon_core::random::bytes().unwrap()) % end
}

/// Runs a test that may take long; the bound is its own.
pub(crate) fn run_within<F: Future>(longest: Duration, test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(longest, test).await });
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome.unwrap_or_else(|_elapsed| panic!("the test did not end within {longest:?}"))
}
