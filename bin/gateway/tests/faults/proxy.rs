//! A TCP proxy of the test's own that delays, holds back or loses what goes through it.

use std::net::SocketAddr;
use std::os::fd::{AsFd as _, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socket2::{SockFilter, SockRef};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Pass,
    /// Each piece comes so much later.
    Delay(Duration),
    /// Nothing passes until the mode changes; then all of it does.
    Hold,
}

/// The proxy. Spreads connections over its targets in turn, and passes over one that refuses.
pub(crate) struct Proxy {
    pub(crate) address: SocketAddr,
    mode: watch::Sender<Mode>,
    clients: Arc<Mutex<Vec<OwnedFd>>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    pub(crate) async fn start(targets: Vec<SocketAddr>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (mode, seen) = watch::channel(Mode::Pass);
        let turn = Arc::new(AtomicUsize::new(0));
        let clients = Arc::new(Mutex::new(Vec::new()));
        let known = Arc::clone(&clients);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                known.lock().unwrap().push(client.as_fd().try_clone_to_owned().unwrap());
                tokio::spawn(serve(client, targets.clone(), Arc::clone(&turn), seen.clone()));
            }
        });
        Self { address, mode, clients, task }
    }

    /// From now on nothing arrives on the connections that there are, not even an acknowledgement, and they are not
    /// closed: what a network does that has lost them. New ones pass.
    pub(crate) fn forget(&self) {
        let drop_everything = [SockFilter::new(0x06, 0, 0, 0)]; // classic BPF: return 0 bytes of each packet
        for client in self.clients.lock().unwrap().iter() {
            SockRef::from(client).attach_filter(&drop_everything).unwrap();
        }
    }

    pub(crate) fn set(&self, mode: Mode) {
        self.mode.send_replace(mode);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(client: TcpStream, targets: Vec<SocketAddr>, turn: Arc<AtomicUsize>, mode: watch::Receiver<Mode>) {
    let first = turn.fetch_add(1, Ordering::Relaxed);
    for n in 0..targets.len() {
        let Ok(server) = TcpStream::connect(targets[(first + n) % targets.len()]).await else { continue };
        let (client_reads, client_writes) = client.into_split();
        let (server_reads, server_writes) = server.into_split();
        tokio::join!(carry(client_reads, server_writes, mode.clone()), carry(server_reads, client_writes, mode));
        return;
    }
}

/// Carries one direction until its end.
async fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut mode: watch::Receiver<Mode>) {
    let mut piece = vec![0; 16 * 1024];
    while let Ok(size @ 1..) = from.read(&mut piece).await {
        let now = *mode.borrow();
        match now {
            Mode::Pass => {}
            Mode::Delay(by) => tokio::time::sleep(by).await,
            Mode::Hold => drop(mode.wait_for(|mode| *mode != Mode::Hold).await),
        }
        if to.write_all(&piece[..size]).await.is_err() {
            return;
        }
    }
    drop(to.shutdown().await); // the other side may be gone already
}
