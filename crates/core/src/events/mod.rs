//! Events: what one domain tells the others. Written into the outbox in the transaction of the change itself, carried
//! to the subscribers at least once, in order for each object.

mod dispatcher;
mod past;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use diesel::backend::Backend;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, QueryFragment};
use diesel::serialize::ToSql;
use diesel::sql_types::{HasSqlType, Text};
use serde::Serialize;
use serde_json::{Value, json};

pub use dispatcher::{Dispatcher, lag};
pub use past::{Listener, retell};

use crate::ctx::Ctx;
use crate::db::{Db, DbError, Given, Instant, Json, Timestamp, given};
use crate::schema::outbox;
use crate::{on_each, statements};

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

/// Writes events of one topic into the transaction of `db`, in this order: objects with their payloads.
pub fn publish_all(db: &mut Db, topic: &str, told: &[(String, Value)], now: Timestamp) -> Result<(), DbError> {
    let rows = told.iter().enumerate();
    let rows = rows.map(|(at, (object, payload))| json!({"at": at, "object": object, "payload": payload}));
    let rows: Vec<Value> = rows.collect();
    let events = given(db, &[("at", "bigint"), ("object", "text"), ("payload", "jsonb")], &rows)?;
    let all = PublishAll { topic: topic.to_owned(), events, now };
    on_each!(db, c => all.execute(c))?;
    Ok(())
}

/// One statement for any number of events.
struct PublishAll {
    topic: String,
    events: Given,
    now: Timestamp,
}

impl<DB> QueryFragment<DB> for PublishAll
where
    DB: Backend + HasSqlType<Text> + HasSqlType<Instant>,
    Given: QueryFragment<DB>,
    String: ToSql<Text, DB>,
    Timestamp: ToSql<Instant, DB>,
{
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, DB>) -> QueryResult<()> {
        out.push_sql("INSERT INTO outbox (topic, object, payload, occurred_at) SELECT ");
        out.push_bind_param::<Text, String>(&self.topic)?;
        out.push_sql(", object, payload, ");
        out.push_bind_param::<Instant, Timestamp>(&self.now)?;
        out.push_sql(" FROM ");
        self.events.walk_ast(out.reborrow())?;
        out.push_sql(" ORDER BY at");
        Ok(())
    }
}

statements!(PublishAll);

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
    /// Most events that it is given at once.
    most: usize,
    deliver: Arc<dyn Fn(Ctx, Vec<Event>) -> Delivery + Send + Sync>,
}

impl Subscriber {
    /// A subscriber that runs `deliver` for each event.
    pub fn new<F, Fut>(name: &'static str, topics: &'static [&'static str], deliver: F) -> Self
    where
        F: Fn(Ctx, Event) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), DeliveryError>> + Send + 'static,
    {
        let deliver = Arc::new(deliver);
        Self::of_many(name, topics, 1, move |ctx, events| {
            let deliver = Arc::clone(&deliver);
            async move {
                for event in events {
                    deliver(ctx.clone(), event).await?;
                }
                Ok(())
            }
        })
    }

    /// A subscriber that runs `deliver` for up to `most` events at once, in their order. When it fails for several, each of
    /// them is delivered alone, so what it has done of them before it failed may be done again.
    pub fn of_many<F, Fut>(name: &'static str, topics: &'static [&'static str], most: usize, deliver: F) -> Self
    where
        F: Fn(Ctx, Vec<Event>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), DeliveryError>> + Send + 'static,
    {
        Self { name, topics, most: most.max(1), deliver: Arc::new(move |ctx, events| Box::pin(deliver(ctx, events))) }
    }

    fn wants(&self, topic: &str) -> bool {
        self.topics
            .iter()
            .any(|wanted| if wanted.ends_with('.') { topic.starts_with(wanted) } else { topic == *wanted })
    }
}
