//! Events: what one domain tells the others. Written into the outbox in the transaction of the change itself, carried
//! to the subscribers at least once, in order for each object.

mod dispatcher;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use diesel::prelude::*;
use serde::Serialize;
use serde_json::Value;

pub use dispatcher::{Dispatcher, lag};

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Json, Timestamp};
use crate::on_each;
use crate::schema::outbox;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Queryable)]
pub struct Event {
    /// Its number; delivery is at least once, so a subscriber remembers the numbers that it has dealt with, or does
    /// something that may be done twice.
    pub id: i64,
    /// What happened: `<domain>.<deed>`.
    pub topic: String,
    /// To which object: `<kind>:<id>`.
    pub object: String,
    /// The particulars.
    pub payload: Json<Value>,
    /// When.
    pub occurred_at: Timestamp,
}

/// Writes an event into the transaction of `db`.
pub fn publish(
    db: &mut Db,
    topic: &str,
    object: &str,
    payload: &impl Serialize,
    now: Timestamp,
) -> Result<(), DbError> {
    let payload = serde_json::to_value(payload).map_err(|e| diesel::result::Error::SerializationError(Box::new(e)))?;
    let values = (
        outbox::topic.eq(topic),
        outbox::object.eq(object),
        outbox::payload.eq(Json(payload)),
        outbox::occurred_at.eq(now),
    );
    on_each!(db, c => diesel::insert_into(outbox::table).values(values).execute(c))?;
    Ok(())
}

/// A subscriber could not deal with an event; it is delivered again later.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DeliveryError(pub String);

impl From<DbError> for DeliveryError {
    fn from(error: DbError) -> Self {
        Self(error.to_string())
    }
}

type Delivery = Pin<Box<dyn Future<Output = Result<(), DeliveryError>> + Send>>;

/// Somebody who wants to know.
#[derive(Clone)]
pub struct Subscriber {
    /// Its name, unique and stable: what it has received is remembered under it.
    pub name: &'static str,
    /// The topics that it wants; one that ends in `.` is a whole domain.
    pub topics: &'static [&'static str],
    deliver: Arc<dyn Fn(Ctx, Event) -> Delivery + Send + Sync>,
}

impl Subscriber {
    /// A subscriber that runs `deliver` for each event.
    pub fn new<F, Fut>(name: &'static str, topics: &'static [&'static str], deliver: F) -> Self
    where
        F: Fn(Ctx, Event) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), DeliveryError>> + Send + 'static,
    {
        Self { name, topics, deliver: Arc::new(move |ctx, event| Box::pin(deliver(ctx, event))) }
    }

    fn wants(&self, topic: &str) -> bool {
        self.topics
            .iter()
            .any(|wanted| if wanted.ends_with('.') { topic.starts_with(wanted) } else { topic == *wanted })
    }
}
