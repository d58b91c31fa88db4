//! The pool of threads that hash passwords: as many as cores, of low priority, with a bounded queue. A flood of logins
//! fills the queue and is refused; it never takes the threads that serve other requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError, bounded};
use tokio::sync::oneshot;

use crate::config::SecurityConfig;

/// No hash can be computed in reasonable time; try again in a few seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many password hashes are waiting")]
pub struct HashQueueFull;

type Work = Box<dyn FnOnce() + Send>;

/// The handle to the threads. They end when the last handle is dropped.
#[derive(Clone)]
pub struct Hasher {
    queue: Sender<Work>,
    running: Arc<AtomicUsize>,
    begun: Arc<AtomicU64>,
    timeout: Duration,
    /// 2^cost rounds of bcrypt.
    cost: u32,
}

impl Hasher {
    /// Starts the threads.
    pub fn start(config: &SecurityConfig) -> std::io::Result<Self> {
        let threads = if config.hash_threads == 0 { crate::config::cores() } else { config.hash_threads };
        let (queue, work) = bounded::<Work>(config.hash_queue.max(1));
        let (running, begun) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicU64::new(0)));
        for n in 0..threads {
            let (work, running, begun) = (work.clone(), Arc::clone(&running), Arc::clone(&begun));
            std::thread::Builder::new().name(format!("password-hash-{n}")).spawn(move || {
                step_back();
                for run in work {
                    running.fetch_add(1, Ordering::Relaxed);
                    begun.fetch_add(1, Ordering::Relaxed);
                    run();
                    running.fetch_sub(1, Ordering::Relaxed);
                }
            })?;
        }
        Ok(Self {
            queue,
            running,
            begun,
            timeout: Duration::from_millis(config.hash_timeout_ms),
            cost: config.bcrypt_cost,
        })
    }

    /// The cost of bcrypt for new hashes.
    pub fn cost(&self) -> u32 {
        self.cost
    }

    /// Hashes that wait, and hashes being computed.
    pub fn load(&self) -> (usize, usize) {
        (self.queue.len(), self.running.load(Ordering::Relaxed))
    }

    /// How many pieces of work have been begun since the start.
    pub fn begun(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Runs `work` on one of the threads. Work whose caller has left is not begun.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, HashQueueFull> {
        let (reply, answer) = oneshot::channel();
        let run: Work = Box::new(move || {
            if !reply.is_closed() {
                drop(reply.send(work())); // the caller may leave while the hash is computed
            }
        });
        match self.queue.try_send(run) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => return Err(HashQueueFull),
        }
        match tokio::time::timeout(self.timeout, answer).await {
            Ok(Ok(value)) => Ok(value),
            _ => Err(HashQueueFull),
        }
    }
}

/// How much the threads step back, on the library's scale of 0 to 99: "nice 5", a third of the weight of the threads that
/// serve requests. With the least of priorities a login would starve beside any other work of the machine, such as a
/// build or a browser.
#[cfg(target_os = "linux")]
const A_STEP_BACK: u8 = 35;

/// Lets the threads that serve requests go first.
fn step_back() {
    #[cfg(target_os = "linux")]
    {
        use thread_priority::{NormalThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy, unix};
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Batch);
        let lower = A_STEP_BACK.try_into().map_or(ThreadPriority::Min, ThreadPriority::Crossplatform);
        if let Err(error) = unix::set_thread_priority_and_policy(unix::thread_native_id(), lower, policy) {
            tracing::debug!(?error, "password hashing keeps its priority");
        }
    }
}
