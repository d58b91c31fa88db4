//! The gateway as people run it, and what happens to it: processes killed and stopped, disks full, services hung,
//! signals under load. Every test starts the binary, on data, and on servers, of its own.
//!
//! `POLIGON_KILLS=100` runs the whole promise of [`kills`]; the default is small enough for every build.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // what is not as expected fails the test

mod disk;
mod doctor;
mod journal;
mod kills;
mod mail;
mod process;
#[cfg(feature = "services")]
mod proxy;
#[cfg(feature = "services")]
mod servers;
#[cfg(feature = "services")]
mod services;
mod stops;
mod storage;
mod syncs;
#[cfg(feature = "services")]
mod tls;
mod wire;
mod world;
