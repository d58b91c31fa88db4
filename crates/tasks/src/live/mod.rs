//! What happens on boards, told while it happens: a stream of Server-Sent Events for whoever looks at a board. Each event is an
//! entry of the board's activity, with its number as id; so order and once do not depend on how a stream hears of it: by the
//! bus, or by a look every 0.7 s where the bus or a copy of the gateway was lost. Whoever may no longer see the board is told
//! nothing from then on, and the stream ends.

mod http;
mod hub;
mod look;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};
use poligon_core::Ctx;

/// The topic of the bus for people who may have lost sight of boards.
const LEFT: &str = "board_people";

/// Tells the streams of all boards, in every copy of the gateway, to look whom they are still for.
pub(crate) fn announce_left(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish(LEFT, user_id);
}

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.user(op!(http::stream_board_events).refuses(&[&kinds::NOT_FOUND, &kinds::MALFORMED_HEADER]));
}
