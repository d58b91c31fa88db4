//! The social network over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod comment_races;
mod comment_tree;
mod comments;
mod reaction_races;
mod reactions;
mod rows;
mod world;
