//! How many statements a request takes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use diesel::connection::{InstrumentationEvent, set_default_instrumentation};

/// How often a request is asked again: what runs beside it (jobs, deliveries) makes some counts too high, and none too low.
const TRIES: usize = 6;
/// Without a statement for so long, most of what was there to do is done.
const QUIET: Duration = Duration::from_millis(120);
/// Longest wait for it.
const PATIENCE: Duration = Duration::from_secs(10);

/// Statements of this process.
static STARTED: AtomicUsize = AtomicUsize::new(0);

fn count(event: InstrumentationEvent<'_>) {
    if matches!(event, InstrumentationEvent::StartQuery { .. }) {
        STARTED.fetch_add(1, Ordering::SeqCst);
    }
}

/// From now on the statements of new connections are counted: to be called before an application starts.
pub fn count_queries() {
    set_default_instrumentation(|| Some(Box::new(count))).expect("nobody holds the instrumentation");
}

/// The statements that something takes, which needs [`count_queries`]: the fewest of some tries.
pub async fn queries_of(what: impl AsyncFn()) -> usize {
    let mut fewest = usize::MAX;
    for _ in 0..TRIES {
        quiet().await;
        let before = STARTED.load(Ordering::SeqCst);
        what().await;
        fewest = fewest.min(STARTED.load(Ordering::SeqCst) - before);
    }
    fewest
}

/// Waits until nothing happens beside the test.
async fn quiet() {
    let began = Instant::now();
    let mut seen = usize::MAX;
    while began.elapsed() < PATIENCE {
        let now = STARTED.load(Ordering::SeqCst);
        if now == seen {
            return;
        }
        seen = now;
        tokio::time::sleep(QUIET).await;
    }
}
