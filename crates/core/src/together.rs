//! Work of many callers done for all who wait at once: what comes while one batch is under way is the next batch. Nobody
//! waits for company: whoever comes alone is a batch of one.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc, oneshot};

/// Callers that may wait; one more is turned away.
const MOST_WAITING: usize = 1_024;

/// An item, and where its outcome goes.
type Waiting<I, O> = (I, oneshot::Sender<O>);

/// A queue whose items are worked on in batches.
pub struct Together<I, O> {
    queue: mpsc::Sender<Waiting<I, O>>,
}

impl<I: Send + 'static, O: Send + 'static> Together<I, O> {
    /// Starts `workers` that take batches of at most `most` items each. `work` answers one outcome for each item, in
    /// their order. The workers end when this is dropped, so they hold nothing that holds this. Needs a Tokio runtime.
    pub fn start<F, Fut>(workers: usize, most: usize, work: F) -> Self
    where
        F: Fn(Vec<I>) -> Fut + Clone + Send + 'static,
        Fut: Future<Output = Vec<O>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..workers {
            tokio::spawn(serve(Arc::clone(&waiting), most, work.clone()));
        }
        Self { queue }
    }

    /// The outcome of an item; `None` when too many wait, or the batch failed without an outcome.
    pub async fn run(&self, item: I) -> Option<O> {
        let (done, outcome) = oneshot::channel();
        self.queue.try_send((item, done)).ok()?;
        outcome.await.ok()
    }
}

async fn serve<I, O, F, Fut>(waiting: Arc<Mutex<mpsc::Receiver<Waiting<I, O>>>>, most: usize, work: F)
where
    F: Fn(Vec<I>) -> Fut,
    Fut: Future<Output = Vec<O>>,
{
    loop {
        let mut batch = Vec::with_capacity(most);
        if waiting.lock().await.recv_many(&mut batch, most).await == 0 {
            return;
        }
        let (items, callers): (Vec<I>, Vec<oneshot::Sender<O>>) = batch.into_iter().unzip();
        for (caller, outcome) in callers.into_iter().zip(work(items).await) {
            drop(caller.send(outcome)); // one who has left needs none
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn what_comes_meanwhile_is_one_batch_and_everybody_gets_their_own() {
        let sizes = Arc::new(std::sync::Mutex::new(Vec::new()));
        let seen = Arc::clone(&sizes);
        let together = Together::start(1, 8, move |items: Vec<u32>| {
            seen.lock().unwrap().push(items.len());
            async move {
                tokio::time::sleep(Duration::from_millis(20)).await;
                items.iter().map(|n| n * 2).collect()
            }
        });
        let all = futures_util::future::join_all((0..20).map(|n| together.run(n))).await;
        assert_eq!(all, (0..20).map(|n| Some(n * 2)).collect::<Vec<_>>());
        let sizes = sizes.lock().unwrap().clone();
        assert!(
            sizes.iter().all(|size| *size <= 8) && sizes.contains(&8) && sizes.iter().sum::<usize>() == 20,
            "{sizes:?}"
        );
    }

    #[tokio::test]
    async fn who_gets_no_outcome_is_told() {
        let together = Together::start(1, 8, |_: Vec<u32>| async { Vec::<u32>::new() });
        assert_eq!(together.run(1).await, None);
    }
}
