//! Content over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod access;
mod articles;
mod blogs;
mod categories;
mod comments;
mod demo;
mod departures;
mod feeds;
mod lists;
mod queries;
mod races;
mod revisions;
mod scheduling;
mod slugs;
mod tags;
mod workflow;
mod world;
