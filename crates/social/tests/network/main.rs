//! The social network over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod feeds;
mod media;
mod media_hostile;
mod post_races;
mod posts;
mod ties;
mod chat_members;
mod chat_messages;
mod chat_races;
mod chat_requests;
mod chats;
mod realtime;
mod comment_races;
mod comment_tree;
mod comments;
mod reaction_races;
mod reactions;
mod rows;
mod blocks;
mod departures;
mod follows;
mod friendships;
mod people;
mod people_races;
mod notification_races;
mod notifications;
mod planted;
mod report_races;
mod reports;
mod world;
