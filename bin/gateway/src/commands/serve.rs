//! `gateway serve`

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use poligon_common::server::Running;
use poligon_core::db::Kind;
use poligon_core::seed::DemoAccount;
use poligon_core::{Clock, Config, Ctx};
use tokio::net::TcpSocket;

use crate::cli::is_production;
use crate::operation::docs_are_open;
use crate::startup::{self, Prepared};
use crate::{composition, demo_accounts};

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1_024;
/// The time between the last new connection and the closing of the listener: those in use get an answer with
/// `Connection: close` in it, so that none is cut with a request on its way.
const SETTLE: Duration = Duration::from_millis(250);
/// What a shell reports of a process that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Serves until a signal asks to stop.
pub(crate) fn run(mut config: Config) -> anyhow::Result<ExitCode> {
    log_panics();
    startup::prepare_folder(&mut config)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let code = runtime.block_on(serve(config));
    runtime.shutdown_timeout(Duration::from_secs(1)); // a thread that hangs in a database call is left behind
    code
}

async fn serve(config: Config) -> anyhow::Result<ExitCode> {
    let address = config.server.bind;
    let socket = bind(address)?; // a taken address is told before the database is touched
    let ctx = Ctx::new(config, Clock::system())?;
    let ended = serve_from(&ctx, address, socket).await;
    ctx.db.retire();
    ended.map(|()| ExitCode::SUCCESS)
}

async fn serve_from(ctx: &Ctx, address: SocketAddr, socket: TcpSocket) -> anyhow::Result<()> {
    let prepared = prepare(ctx).await?;
    let listener = listen(address, socket)?;
    let door = listener.try_clone()?;
    let mut signals = Signals::listen()?;
    let running = Running::start(ctx, composition::domains(), composition::extra, listener)?;
    greet(ctx, running.address, &prepared);
    signals.next().await;
    stop(ctx, running, signals, door).await;
    tracing::info!("stopped");
    Ok(())
}

/// How long the thread that prepared the database stays, so that what it has freed goes back to the system: mimalloc does that
/// when a thread ends, with what was freed a second ago at least.
const SETTLING: Duration = Duration::from_millis(1_200);

/// Prepares the database on a thread of its own: with it goes what the making of demo data has allocated.
async fn prepare(ctx: &Ctx) -> anyhow::Result<Prepared> {
    let (done, outcome) = tokio::sync::oneshot::channel();
    let ctx = ctx.clone();
    let work = move || {
        let told = done.send(startup::prepare_database(&ctx.config, &ctx.db, &ctx.keys)).is_ok();
        std::thread::sleep(SETTLING);
        told
    };
    std::thread::Builder::new().name("prepare".to_owned()).spawn(work)?;
    outcome.await.context("the preparation of the database has ended early")?
}

/// Turns not ready, lets load balancers and clients notice, finishes what is in flight. A second signal ends the
/// process at once.
async fn stop(ctx: &Ctx, running: Running, mut signals: Signals, door: TcpListener) {
    tracing::info!("stopping; a second signal stops at once");
    tokio::spawn(async move {
        signals.next().await;
        std::process::exit(INTERRUPTED);
    });
    ctx.health.start_draining();
    tokio::time::sleep(Duration::from_millis(ctx.config.server.drain_delay_ms)).await;
    if let Err(error) = close_door(&door) {
        tracing::debug!(%error, "connections that begin while the listener closes may be cut");
    }
    drop(door);
    tokio::time::sleep(SETTLE).await;
    running.stop().await;
}

/// Lets no new connection begin while those that have begun are served. Closing the listener at once would reset every
/// connection that the kernel has accepted and the server has not, with its request. A client that comes now is not
/// answered, tries again, and is refused or meets the next process.
#[cfg(target_os = "linux")]
fn close_door(listener: &TcpListener) -> std::io::Result<()> {
    use socket2::{SockFilter, SockRef};
    // Classic BPF over the TCP header: drop what has SYN among its flags (byte 13), keep the rest.
    let drop_syn = [
        SockFilter::new(0x30, 0, 0, 13),     // load byte 13
        SockFilter::new(0x45, 0, 1, 0x02),   // SYN set? else skip one
        SockFilter::new(0x06, 0, 0, 0),      // drop
        SockFilter::new(0x06, 0, 0, 0xffff), // keep
    ];
    SockRef::from(listener).attach_filter(&drop_syn)
}

/// Elsewhere there is no such filter.
#[cfg(not(target_os = "linux"))]
fn close_door(_: &TcpListener) -> std::io::Result<()> {
    Ok(())
}

/// Takes the address. Nobody can connect before [`listen`].
fn bind(address: SocketAddr) -> anyhow::Result<TcpSocket> {
    let open = || -> std::io::Result<TcpSocket> {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        #[cfg(unix)]
        socket.set_reuseaddr(true)?; // or a restart would have to wait for the last one's connections
        socket.bind(address)?;
        Ok(socket)
    };
    open().map_err(|error| unusable(address, error))
}

fn listen(address: SocketAddr, socket: TcpSocket) -> anyhow::Result<TcpListener> {
    let open = || socket.listen(BACKLOG)?.into_std();
    open().map_err(|error| unusable(address, error))
}

fn unusable(address: SocketAddr, error: std::io::Error) -> anyhow::Error {
    match error.kind() {
        ErrorKind::AddrInUse => anyhow::anyhow!("{address} is in use; choose another with --bind ADDRESS:PORT"),
        _ => anyhow::Error::new(error).context(format!("{address} cannot be listened on")),
    }
}

/// The signals that ask to stop.
struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    fn listen() -> anyhow::Result<Self> {
        Ok(Self {})
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

/// Tells people where everything is.
fn greet(ctx: &Ctx, address: SocketAddr, prepared: &Prepared) {
    let config = &ctx.config;
    let url = if config.server.public_url.is_empty() { format!("http://{address}") } else { config.server.base_url() };
    let database = match ctx.db.kind() {
        Kind::Sqlite => "SQLite",
        Kind::Postgres => "PostgreSQL",
    };
    println!("Poligon {} is ready\n", env!("CARGO_PKG_VERSION"));
    println!("  listening      {url}");
    if docs_are_open(config) {
        println!("  API documents  {url}/docs");
    }
    println!("  dashboards     {url}/dashboard");
    if !is_production(config) {
        println!("  mailbox        {url}/mailbox");
    }
    println!("  data           {}", config.data_dir.0.display());
    println!("  database       {database}");
    println!("  cache          {}", ctx.cache.kind());
    if !prepared.applied.is_empty() {
        println!("  migrated       {} steps", prepared.applied.len());
    }
    if prepared.seeded {
        println!("  demo data      loaded");
    }
    if !is_production(config) {
        greet_demo(&prepared.usable);
    }
}

/// The demo accounts that can log in here; what to do when some cannot.
fn greet_demo(usable: &[DemoAccount]) {
    if !usable.is_empty() {
        println!("\n  {:<12} {:<32} {:<16} password", "role", "e-mail", "user name");
    }
    for account in usable {
        println!("  {:<12} {:<32} {:<16} {}", account.role, account.email, account.username, account.password);
    }
    for account in usable {
        if let Some(secret) = account.totp_secret {
            println!("\n  {} has a second factor; its TOTP secret is {secret}", account.username);
        }
    }
    let missing = demo_accounts().len() - usable.len();
    if usable.is_empty() {
        println!(
            "\n  No demo account can log in: this database was filled by a gateway with another signing secret, or"
        );
        println!("  its accounts were changed. Give all gateways of one database one POLIGON_SIGNING_SECRET, or begin");
        println!("  with an empty database.");
    } else if missing > 0 {
        println!("\n  {missing} more demo accounts cannot log in as they were made, and are not listed.");
    }
}

/// A panic becomes one line in the log.
fn log_panics() {
    std::panic::set_hook(Box::new(|info| {
        let message = info.payload_as_str().unwrap_or("no message");
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        tracing::error!(location, message, "a panic");
    }));
}
