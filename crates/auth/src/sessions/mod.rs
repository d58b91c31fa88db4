//! Sessions: one for each login, ended by logout, by its person, by a lock, or by a change of password.

mod device;
mod http;
mod model;

use poligon_common::{Routes, op};

pub(crate) use model::{NewSession, anonymise, create_session, end_all, end_session};

/// The routes of this slice.
pub(crate) fn routes(routes: &mut Routes) {
    routes.user(op!(http::list_sessions)).user(op!(http::delete_session));
}
