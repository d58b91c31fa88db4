//! Analytics over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod dashboard_people;
mod dashboards;
mod events;
mod exports;
mod keep;
mod kpis;
mod live;
mod metrics;
mod people;
mod preview;
mod reports;
mod requests;
mod segments;
mod slow;
mod told;
mod world;
