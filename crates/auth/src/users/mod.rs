//! Administration of accounts, by permission.
//!
//! Nobody gives or takes what they do not hold, nobody locks somebody with more permissions than their own, nobody
//! does this to their own account, and the last active administrator stays one.

mod http;
mod model;
mod rules;

use poligon_common::{Routes, op};

use crate::error;

pub(crate) use model::{lock, set_roles};
pub(crate) use rules::{guard_grants, guard_last_administrator};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    let guarded = &[&error::OWN_ACCOUNT, &error::LAST_ADMINISTRATOR, &error::PERMISSION_NOT_HELD];
    routes
        .permitted("users:read", op!(http::list_users))
        .permitted("users:read", op!(http::get_user))
        .permitted("users:manage", op!(http::patch_user).refuses(&[&error::PERMISSION_NOT_HELD]))
        .permitted("roles:grant", op!(http::put_user_roles).refuses(guarded).refuses(&[&error::STEP_UP_REQUIRED]))
        .permitted(
            "users:lock",
            op!(http::lock_user)
                .optional_body()
                .refuses(guarded)
                .refuses(&[&poligon_common::problem::kinds::INVALID_TRANSITION]),
        )
        .permitted(
            "users:lock",
            op!(http::unlock_user).refuses(guarded).refuses(&[&poligon_common::problem::kinds::INVALID_TRANSITION]),
        );
}
