//! What is written in conversations.

mod change;
pub(super) mod history;
pub(super) mod http;
mod media;
mod past;
mod read;
pub(super) mod search;
mod send;
pub(super) mod view;

pub(crate) use change::remove;
pub(crate) use read::mark;
