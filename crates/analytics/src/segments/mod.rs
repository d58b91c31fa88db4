//! Segments: people who have something in common by what they did. Figures can be asked of the people of one alone.

mod http;
mod input;
mod members;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

pub(crate) use members::Members;
pub(crate) use model::{Segment, find_given, scopes};

use crate::error::{METRIC_FORBIDDEN, SEGMENT_NAME_TAKEN, TOO_MANY_SEGMENTS};
use crate::permissions::{ANALYTICS_AUDIENCE, SEGMENTS_WRITE};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let changes = &[&kinds::NOT_FOUND, &METRIC_FORBIDDEN, &SEGMENT_NAME_TAKEN];
    routes
        .permitted(ANALYTICS_AUDIENCE, op!(http::list_segments))
        .permitted(
            SEGMENTS_WRITE,
            op!(http::create_segment)
                .refuses(&[&METRIC_FORBIDDEN, &SEGMENT_NAME_TAKEN, &TOO_MANY_SEGMENTS])
                .idempotent_by_key(),
        )
        .permitted(ANALYTICS_AUDIENCE, op!(http::get_segment).refuses(&[&kinds::NOT_FOUND]))
        .permitted(SEGMENTS_WRITE, op!(http::put_segment).refuses(changes).by_version())
        .permitted(SEGMENTS_WRITE, op!(http::delete_segment).refuses(&[&kinds::NOT_FOUND]).by_version());
}
