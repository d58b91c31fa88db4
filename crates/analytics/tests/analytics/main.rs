//! Analytics over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod events;
mod metrics;
mod told;
mod world;
