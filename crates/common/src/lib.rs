//! What the handlers of Poligon speak: the HTTP vocabulary that every domain shares.
//!
//! [`routes`] turns handlers into an actix `Scope` with its OpenAPI document and asks for the caller's right before a
//! handler runs; [`extract`] gives handlers what they need; [`problem`] is how anything is refused (RFC 9457).

pub mod answer;
pub mod calendar;
pub mod chart;
pub mod csv;
pub mod domain;
pub mod edge;
pub mod email;
pub mod etag;
pub mod extract;
pub mod files;
pub mod html;
pub mod idempotency;
pub mod input;
mod limits;
pub mod markdown;
pub mod money;
pub mod near;
pub mod openapi;
pub mod page;
pub mod person;
pub mod pictures;
pub mod problem;
pub mod routes;
pub mod server;
pub mod stems;
pub mod streams;

pub use domain::{Beside, Domain, nothing_beside};
pub use extract::{Client, Ctx, CurrentUser, Id, Json, OptionalJson, Path, Path2, Query};
pub use problem::{FieldError, Kind, Problem, Refused};
pub use routes::{Op, Routes};

#[doc(hidden)]
pub use pastey as __pastey;
