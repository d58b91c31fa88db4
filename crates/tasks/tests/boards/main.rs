//! Task boards over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod access;
mod attachments;
mod board_access;
mod boards;
mod bulk;
mod cards;
mod demo;
mod departures;
mod digests;
mod invitations;
mod lists;
mod live;
mod move_races;
mod notifications;
mod parts;
mod projects;
mod queries;
mod races;
mod teams;
mod told;
mod world;
