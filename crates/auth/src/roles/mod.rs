//! Roles: named sets of the permissions that the domains declare.

mod http;
mod model;

use poligon_common::problem::kinds;
use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let guarded =
        &[&error::PERMISSION_NOT_HELD, &error::BUILT_IN_ROLE, &kinds::PRECONDITION_FAILED, &kinds::MALFORMED_HEADER];
    routes
        .permitted("roles:read", op!(http::list_roles))
        .permitted("roles:read", op!(http::get_role))
        .permitted("roles:read", op!(http::list_permissions))
        .permitted(
            "roles:manage",
            op!(http::create_role).refuses(&[&error::ROLE_TAKEN, &error::PERMISSION_NOT_HELD]).idempotent_by_key(),
        )
        .permitted("roles:manage", op!(http::put_role).refuses(guarded))
        .permitted("roles:manage", op!(http::delete_role).refuses(guarded).refuses(&[&error::ROLE_IN_USE]));
}
