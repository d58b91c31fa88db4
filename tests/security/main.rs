//! The promises of security, kept by the whole application as the gateway composes it. Tables are generated from the
//! `OpenAPI` document, and compared with what is written here by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod access;
mod analytics;
mod audit;
mod boards;
mod content;
mod document;
mod headers;
mod leaks;
mod limits;
mod mass;
mod metrics;
mod network;
mod page;
mod policy;
mod requests;
mod routes;
mod timing;
mod world;
