//! What the handlers of Poligon stand on. Nothing here knows HTTP.
//!
//! Everything is reached through a [`Ctx`]: database, cache, bus, storage, mail, clock, settings and keys. Domains
//! tell each other what happened through [`events`], and put work off through [`jobs`].

pub mod bus;
pub mod cache;
pub mod clock;
pub mod config;
pub mod ctx;
pub mod db;
pub mod events;
pub mod health;
pub mod housekeeping;
pub mod jobs;
pub mod lease;
pub mod mail;
pub mod near;
pub mod random;
pub mod schema;
pub mod security;
pub mod seed;
pub mod slots;
pub mod storage;
pub mod strays;
pub mod telemetry;
pub mod together;
pub mod users;

pub use clock::Clock;
pub use config::Config;
pub use ctx::{Ctx, StartError};
pub use db::Timestamp;
