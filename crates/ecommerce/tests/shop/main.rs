//! The shop over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod categories;
mod kept;
mod listing;
mod products;
mod races;
mod search;
mod seed;
mod shipping;
mod variants;
mod world;
