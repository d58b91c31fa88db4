//! Messages between the parts of a gateway, and between its copies when there is Redis. They say "look again", never
//! more: one may be lost, and everything that depends on one also looks by itself after a while.

use std::sync::Arc;
use std::time::Duration;

use deadpool_redis::redis::{self, AsyncCommands as _};
use futures_util::StreamExt as _;
use tokio::sync::{broadcast, mpsc};

use crate::config::CacheConfig;

/// Messages that a slow listener may be behind before it loses the oldest.
const BACKLOG: usize = 1_024;

/// The topic of a message that this process tells itself: others may have been lost. Whoever knows only by messages what is out
/// of date takes everything for that.
pub const LOST: &str = "lost";

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What it is about (`session`, `user`, `outbox`, …).
    pub topic: String,
    /// Which one, usually an id.
    pub payload: String,
}

/// The bus of an application. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Inner>);

struct Inner {
    local: broadcast::Sender<Message>,
    /// Towards Redis; the listener there brings every message back to all copies, this one included.
    remote: Option<mpsc::Sender<Message>>,
}

impl Bus {
    /// A bus within this process.
    pub fn local() -> Self {
        Self(Arc::new(Inner { local: broadcast::channel(BACKLOG).0, remote: None }))
    }

    /// The bus that the settings name. Needs a Tokio runtime.
    pub fn open(config: &CacheConfig) -> Result<Self, redis::RedisError> {
        let Some(url) = &config.redis_url else { return Ok(Self::local()) };
        let client = redis::Client::open(url.as_str())?;
        let local = broadcast::channel(BACKLOG).0;
        let (remote, outgoing) = mpsc::channel(BACKLOG);
        let channel = format!("{}bus", config.prefix);
        tokio::spawn(listen(client.clone(), channel.clone(), local.downgrade()));
        tokio::spawn(send(client, channel, outgoing));
        Ok(Self(Arc::new(Inner { local, remote: Some(remote) })))
    }

    /// Tells everybody who listens, here and in the other copies. Never waits.
    pub fn publish(&self, topic: &str, payload: impl ToString) {
        let message = Message { topic: topic.to_owned(), payload: payload.to_string() };
        if let Some(remote) = &self.0.remote {
            drop(remote.try_send(message.clone())); // a full queue loses the message, as any network may
        }
        drop(self.0.local.send(message)); // nobody listening is fine
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Message> {
        self.0.local.subscribe()
    }
}

async fn send(client: redis::Client, channel: String, mut outgoing: mpsc::Receiver<Message>) {
    let mut connection = None;
    while let Some(message) = outgoing.recv().await {
        if connection.is_none() {
            connection = client.get_multiplexed_async_connection().await.ok();
        }
        let Some(open) = &mut connection else { continue };
        let text = format!("{}\n{}", message.topic, message.payload);
        let sent: redis::RedisResult<()> = open.publish(&channel, text).await;
        if sent.is_err() {
            connection = None;
        }
    }
}

/// Listens on Redis until the bus is gone, and comes back after every break.
async fn listen(client: redis::Client, channel: String, local: broadcast::WeakSender<Message>) {
    let mut is_new = true;
    while local.upgrade().is_some() {
        if let Err(error) = listen_once(&client, &channel, &local, is_new).await {
            tracing::warn!(%error, "the message bus lost Redis; trying again");
        }
        is_new = false;
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
}

async fn listen_once(
    client: &redis::Client,
    channel: &str,
    local: &broadcast::WeakSender<Message>,
    is_new: bool,
) -> redis::RedisResult<()> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    if let Some(sender) = local.upgrade().filter(|_| !is_new) {
        drop(sender.send(Message { topic: LOST.to_owned(), payload: String::new() }));
    }
    let mut messages = subscription.on_message();
    while let Some(message) = messages.next().await {
        let text: String = message.get_payload()?;
        let Some(sender) = local.upgrade() else { break };
        if let Some((topic, payload)) = text.split_once('\n') {
            drop(sender.send(Message { topic: topic.to_owned(), payload: payload.to_owned() }));
        }
    }
    Ok(())
}
