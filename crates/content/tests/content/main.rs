//! Content over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod access;
mod articles;
mod blogs;
mod cards;
mod categories;
mod comments;
mod demo;
mod departures;
mod feeds;
mod lists;
mod media;
mod media_cases;
mod media_files;
mod media_hostile;
mod media_races;
mod media_uses;
mod moderation;
mod moderation_desk;
mod moderation_queue;
mod moderation_races;
mod queries;
mod races;
mod revisions;
mod scheduling;
mod slugs;
mod tags;
mod workflow;
mod world;
