//! Sockets and event streams: they deliver what the other slices write. To be written; what other slices tell it stands
//! here already.

use poligon_common::Routes;
use poligon_core::Ctx;

/// Something new stands in the log of a conversation, or a read marker moved. Called after the commit.
pub(crate) fn chat_changed(ctx: &Ctx, chat_id: i64) {
    ctx.bus.publish("social.chat", chat_id);
}

/// A person has come into conversations, or gone from them, or is hidden from somebody else than before. Called after the
/// commit.
pub(crate) fn person_changed(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish("social.person", user_id);
}

/// A notification of a person has changed. Called after the commit.
pub(crate) fn notified(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish("social.notified", user_id);
}

/// The routes of this slice.
pub(crate) fn routes(_routes: &mut Routes) {}
