//! The social network over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod blocks;
mod departures;
mod follows;
mod friendships;
mod people;
mod people_races;
mod world;
