//! A running application of one test.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use poligon_common::Domain;
use poligon_common::server::{Extra, Running};
use poligon_core::config::DataDir;
use poligon_core::db::Timestamp;
use poligon_core::mail::{Mail, list_mails};
use poligon_core::{Clock, Config, Ctx, random};

use crate::backend::{Backend, REDIS_URL, address};
use crate::client::Client;
use crate::database::{FreshDatabase, migrated};

/// The secret that every application under test derives its keys from.
const SECRET: &str = "a secret of the tests, the same in every run";

/// What all copies of one application share; goes with the last of them. The database goes first.
struct Home {
    _database: FreshDatabase,
    _folder: tempfile::TempDir,
}

/// The real application, listening on a port of its own, on a fresh database. Stops and clears up when dropped.
pub struct TestApp {
    /// What the application stands on.
    pub ctx: Ctx,
    /// Which of the two backends this is.
    pub backend: Backend,
    running: Option<Running>,
    address: std::net::SocketAddr,
    config: Config,
    domains: Vec<Domain>,
    extra: Extra,
    home: Arc<Home>,
}

type Change = Box<dyn FnOnce(&mut Config)>;

/// An application under test, before it starts.
pub struct Builder {
    backend: Backend,
    domains: Vec<Domain>,
    extra: Extra,
    clock: Clock,
    changes: Vec<Change>,
}

impl Builder {
    /// Adds a domain.
    #[must_use]
    pub fn domain(mut self, domain: Domain) -> Self {
        self.domains.push(domain);
        self
    }

    /// Adds routes that belong to no domain.
    #[must_use]
    pub fn extra(mut self, extra: Extra) -> Self {
        self.extra = extra;
        self
    }

    /// Changes the settings.
    #[must_use]
    pub fn config(mut self, change: impl FnOnce(&mut Config) + 'static) -> Self {
        self.changes.push(Box::new(change));
        self
    }

    /// Gives the application a clock that the test moves: `app.clock().advance(…)`.
    #[must_use]
    pub fn settable_clock(mut self) -> Self {
        self.clock = Clock::settable();
        self
    }

    /// The same, with a clock that says `at` before anything looks at it.
    #[must_use]
    pub fn clock_from(self, at: Timestamp) -> Self {
        let settable = self.settable_clock();
        settable.clock.advance(at.since(settable.clock.now()));
        settable
    }

    /// Starts it.
    pub async fn start(self) -> TestApp {
        let (domains, extra, clock, backend) = (self.domains.clone(), self.extra, self.clock.clone(), self.backend);
        let (config, home) = self.prepare().await;
        TestApp::listen(backend, config, domains, extra, clock, home)
    }

    /// The context alone: no server, and nothing works in the background.
    pub async fn without_server(self) -> TestCtx {
        let clock = self.clock.clone();
        let (config, home) = self.prepare().await;
        TestCtx::open(config, clock, home)
    }

    async fn prepare(self) -> (Config, Arc<Home>) {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let backend = self.backend;
        let path = folder.path().to_owned();
        let making = tokio::task::spawn_blocking(move || migrated(backend, &path));
        let database = making.await.expect("a fresh database");
        let mut config = settings(backend, &database.url, folder.path());
        for change in self.changes {
            change(&mut config);
        }
        (config, Arc::new(Home { _database: database, _folder: folder }))
    }
}

fn settings(backend: Backend, database_url: &str, folder: &std::path::Path) -> Config {
    let mut config = Config { data_dir: DataDir(folder.to_owned()), ..Config::default() };
    config.database.url = database_url.into();
    // Many applications at once share one PostgreSQL, which has 100 connections.
    config.database.pool_size = 4;
    config.storage.url = format!("file://{}", folder.join("files").display());
    config.security.signing_secret = SECRET.into();
    config.security.bcrypt_cost = 4;
    config.server.workers = 2;
    config.server.shutdown_timeout_s = 5;
    if backend == Backend::Services {
        config.cache.redis_url = Some(address(REDIS_URL));
        config.cache.pool_size = 4;
        config.cache.prefix = format!("poligon-test:{}:", random::id().expect("randomness"));
    }
    config
}

/// The context of an application that does not run: a test runs the dispatcher and the jobs itself.
pub struct TestCtx {
    ctx: Ctx,
    config: Config,
    home: Arc<Home>,
}

impl TestCtx {
    fn open(config: Config, clock: Clock, home: Arc<Home>) -> Self {
        let ctx = Ctx::new(config.clone(), clock).expect("the application can be put together");
        Self { ctx, config, home }
    }

    /// Another context on the same database, Redis and clock, as another copy of the gateway has it.
    #[must_use]
    pub fn another_copy(&self) -> Self {
        Self::open(self.config.clone(), self.ctx.clock.clone(), Arc::clone(&self.home))
    }
}

impl std::ops::Deref for TestCtx {
    type Target = Ctx;
    fn deref(&self) -> &Ctx {
        &self.ctx
    }
}

impl TestApp {
    /// Starts an application of these domains and routes with the settings of tests.
    pub async fn start(backend: Backend, domains: Vec<Domain>, extra: Extra) -> Self {
        Builder { domains, extra, ..Self::builder(backend) }.start().await
    }

    /// An application without domains, to be told more before it starts.
    pub fn builder(backend: Backend) -> Builder {
        Builder { backend, domains: Vec::new(), extra: |_| {}, clock: Clock::system(), changes: Vec::new() }
    }

    fn listen(
        backend: Backend,
        mut config: Config,
        domains: Vec<Domain>,
        extra: Extra,
        clock: Clock,
        home: Arc<Home>,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        config.server.bind = listener.local_addr().expect("an address");
        let ctx = Ctx::new(config.clone(), clock).expect("the application can be put together");
        let running = Running::start(&ctx, domains.clone(), extra, listener).expect("the server starts");
        let address = running.address;
        Self { ctx, backend, running: Some(running), address, config, domains, extra, home }
    }

    /// Starts another copy of the gateway: the same database, files, Redis and clock, an own port, own memory. On the
    /// embedded backend each copy has a cache of its own, as two processes would.
    #[must_use]
    pub fn another_copy(&self) -> Self {
        let (config, clock) = (self.config.clone(), self.ctx.clock.clone());
        Self::listen(self.backend, config, self.domains.clone(), self.extra, clock, Arc::clone(&self.home))
    }

    /// Where it listens: `http://127.0.0.1:<port>`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A client without credentials.
    pub fn client(&self) -> Client {
        Client::new(self.url())
    }

    /// The folder of the storage.
    pub fn storage_folder(&self) -> PathBuf {
        PathBuf::from(self.ctx.config.storage.url.trim_start_matches("file://"))
    }

    /// Every file in the storage.
    pub fn stored_files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        walk(&self.storage_folder(), &mut found);
        found
    }

    /// The clock; moves only after [`Builder::settable_clock`].
    pub fn clock(&self) -> &Clock {
        &self.ctx.clock
    }

    /// The mails to an address, newest first.
    pub async fn mails(&self, to: &str) -> Vec<Mail> {
        let to = to.to_owned();
        self.ctx.db.read_primary(move |db| list_mails(db, Some(&to), 1_000)).await.expect("the mails")
    }

    /// The newest mail to an address.
    pub async fn last_mail(&self, to: &str) -> Mail {
        self.mails(to).await.into_iter().next().unwrap_or_else(|| panic!("no mail to {to}"))
    }

    /// Stops as the gateway does: requests in flight are finished, then the work in the background. Dropping does the
    /// same for at most a few seconds.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            running.stop().await;
        }
    }
}

impl Drop for TestApp {
    /// Waits for the server on a thread of its own: a drop cannot await. Bounded, because a test may have left the
    /// application in any state.
    fn drop(&mut self) {
        let Some(running) = self.running.take() else { return };
        let waiting = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
            runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), running.stop()).await.ok() })
        });
        if !matches!(waiting.join(), Ok(Some(()))) {
            eprintln!("an application under test did not stop in time");
        }
    }
}

/// Every file under a folder; nothing when it does not exist (yet).
fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() { walk(&entry.path(), found) } else { found.push(entry.path()) }
    }
}
