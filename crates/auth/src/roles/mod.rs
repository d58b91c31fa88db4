//! Roles: named sets of the permissions that the domains declare.

mod http;
mod model;

use poligon_common::{Routes, op};

use crate::error;

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let guarded = &[&error::PERMISSION_NOT_HELD, &error::BUILT_IN_ROLE];
    routes
        .permitted("roles:read", op!(http::list_roles))
        .permitted("roles:read", op!(http::get_role))
        .permitted("roles:read", op!(http::list_permissions))
        .permitted(
            "roles:manage",
            op!(http::create_role)
                .refuses(&[&error::ROLE_TAKEN, &error::PERMISSION_NOT_HELD, &error::STEP_UP_REQUIRED])
                .idempotent_by_key(),
        )
        .permitted(
            "roles:manage",
            op!(http::put_role).refuses(guarded).refuses(&[&error::STEP_UP_REQUIRED]).by_version(),
        )
        .permitted(
            "roles:manage",
            op!(http::delete_role).refuses(guarded).by_version().refuses(&[&error::ROLE_IN_USE]),
        );
}
