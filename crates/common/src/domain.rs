//! The front door of a domain crate: the few things that an application is composed of.

use std::future::Future;
use std::pin::Pin;

use poligon_core::Ctx;
use poligon_core::db::{Db, DbError};
use poligon_core::events::{Listener, Subscriber};
use poligon_core::jobs::Job;
use poligon_core::security::{KeyRing, Permission};
use poligon_core::seed::Plan;
use tokio::sync::watch;

use crate::problem::Kind;
use crate::routes::Routes;

/// What a domain does in each copy of the gateway beside the requests.
pub type Beside = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A domain, as its crate's `domain()` gives it.
#[derive(Clone, Copy)]
pub struct Domain {
    /// Its name in paths (`/api/<name>`) and topics.
    pub name: &'static str,
    /// Its routes with their documentation; `Routes::into_scope` is the actix `Scope`.
    pub routes: fn() -> Routes,
    /// Who in it wants to know what happens elsewhere.
    pub subscribers: fn() -> Vec<Subscriber>,
    /// Its jobs.
    pub jobs: fn() -> Vec<Job>,
    /// What it does in each copy of the gateway as long as that runs, until `stop` turns true, which is behind the last request.
    /// Jobs are done by one copy at a time.
    pub beside: fn(ctx: Ctx, stop: watch::Receiver<bool>) -> Beside,
    /// The permissions that its routes ask for.
    pub permissions: &'static [Permission],
    /// Its refusals.
    pub problems: &'static [&'static Kind],
    /// Makes its demo data, in the open transaction of `db`.
    pub seed: fn(db: &mut Db, plan: &Plan<'_>, keys: &KeyRing) -> Result<(), DbError>,
    /// Tells of its demo data what it would have told if all of it had happened.
    pub history: fn(db: &mut Db, listener: &mut Listener<'_>) -> Result<(), DbError>,
}

/// Of a domain that does nothing beside the requests.
pub fn nothing_beside(_: Ctx, _: watch::Receiver<bool>) -> Beside {
    Box::pin(std::future::ready(()))
}
