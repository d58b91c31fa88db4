//! The gateway's process.

use std::fs::File;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use poligon_testkit::Client;

use crate::world::World;

/// A free port below those that the kernel hands out: a client that tries to connect to a closed port among them may,
/// once in some ten thousand times, be connected to itself.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(crate::world::random_below(20_000)).unwrap();
    for _ in 0..1_000 {
        let port = 11_000 + (start + NEXT.fetch_add(7, Ordering::Relaxed)) % 20_000;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port");
}

/// Sends a signal, by its name without `SIG`, to a process.
pub(crate) fn signal(pid: u32, name: &str) {
    let sent = Command::new("sh").arg("-c").arg(format!("kill -{name} {pid}")).status().unwrap();
    assert!(sent.success(), "SIG{name} could not be sent to {pid}");
}

/// Waits for the end of a process, at most `longest`.
pub(crate) async fn ended(child: &mut Child, longest: Duration) -> Option<ExitStatus> {
    let began = Instant::now();
    while began.elapsed() < longest {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    None
}

/// A running gateway; killed when dropped.
pub(crate) struct Gateway {
    pub(crate) child: Child,
    pub(crate) address: SocketAddr,
    log: PathBuf,
}

impl Gateway {
    /// Starts it on a free port and does not wait.
    pub(crate) fn spawn(world: &World) -> Self {
        Self::spawn_at(world, SocketAddr::from(([127, 0, 0, 1], free_port())))
    }

    /// Starts it at `address` and does not wait.
    pub(crate) fn spawn_at(world: &World, address: SocketAddr) -> Self {
        let command = world.command(&["serve", "--bind", &address.to_string()]);
        Self::of(command, world, address)
    }

    /// The process of `command`, which listens at `address`.
    pub(crate) fn of(mut command: Command, world: &World, address: SocketAddr) -> Self {
        let log = world.folder.path().join(format!("gateway-{}.log", address.port()));
        let out = File::options().create(true).append(true).open(&log).unwrap();
        command.stdin(Stdio::null()).stdout(out.try_clone().unwrap()).stderr(out);
        Self { child: command.spawn().unwrap(), address, log }
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&mut self) {
        let client = self.client();
        let began = Instant::now();
        loop {
            let asked = tokio::time::timeout(Duration::from_secs(3), client.get("/health/ready").try_send()).await;
            if matches!(asked, Ok(Ok(reply)) if reply.status == 200) {
                return;
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                panic!("the gateway ended with {status}:\n{}", self.log());
            }
            assert!(began.elapsed() < Duration::from_mins(1), "the gateway is not ready:\n{}", self.log());
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(format!("http://{}", self.address))
    }

    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id(), name);
    }

    /// `kill -9`, now.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again at the same address, and does not wait.
    pub(crate) fn start_again(&mut self, world: &World) {
        *self = Self::spawn_at(world, self.address);
    }

    /// The end of what it has written.
    pub(crate) fn log(&self) -> String {
        let all = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&all[all.len().saturating_sub(6_000)..]).into_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("the gateway wrote last:\n{}", self.log());
        }
        drop(self.child.kill()); // it may have ended before
        drop(self.child.wait());
    }
}
