//! What everything stands on. One binary; a module for each part.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

#[cfg(feature = "services")]
mod bus;
mod cache;
mod config;
mod database;
mod events;
mod jobs;
mod leases;
mod schema;
#[cfg(feature = "services")]
mod tls;
