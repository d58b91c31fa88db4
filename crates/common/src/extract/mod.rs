//! What handlers ask for: context, caller, parsed and checked input. Every failure is a [`crate::Problem`].

mod body;
mod client;
mod context;
mod fields;
mod items;
mod path;
mod query;
mod spool;
mod twice;
mod upload;
mod user;

pub(crate) use body::expect_no_body;
pub use body::{BodyHash, Json, OptionalJson, RawJson, parse_json, refuse_encoded};
pub use client::Client;
pub(crate) use client::{RequestInfo, limit_key};
pub use context::Ctx;
pub(crate) use fields::pointer;
pub use items::{Item, Items};
pub use path::{Id, Path, Path2};
pub use query::Query;
pub(crate) use query::parse as parse_query;
pub use spool::{Pace, Spool, Spooled};
pub use upload::{Form, Text, Upload, UploadedFile, Uploads};
pub use user::CurrentUser;
