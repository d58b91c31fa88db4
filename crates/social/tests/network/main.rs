//! The social network over HTTP, on both backends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a test fails by panicking

mod blocks;
mod chat_gone;
mod chat_members;
mod chat_messages;
mod chat_races;
mod chat_requests;
mod chats;
mod comment_races;
mod comment_tree;
mod comments;
mod departures;
mod erased;
mod feeds;
mod follows;
mod friendships;
mod media;
mod media_hostile;
mod moderators;
mod notification_races;
mod notifications;
mod people;
mod people_races;
mod planted;
mod post_races;
mod posts;
mod reaction_races;
mod reactions;
mod realtime;
mod report_races;
mod reports;
mod rows;
mod texts;
mod ties;
mod visibility;
mod world;
