//! For tests only: the real application on a fresh database, a client, people who may do this and that.
//!
//! A test is written once and runs on both backends:
//!
//! ```text
//! async fn start(backend: Backend) -> TestApp {
//!     TestApp::start(backend, vec![my_domain()], |_| {}).await
//! }
//!
//! async fn a_stranger_is_refused(app: TestApp) {
//!     app.client().get("/api/mine").send().await.expect(401);
//! }
//!
//! poligon_testkit::tests! { start => a_stranger_is_refused }
//! ```
//!
//! This makes `embedded::a_stranger_is_refused` (SQLite, cache in the process), and, with the feature `services` of the
//! crate under test, `services::a_stranger_is_refused` (PostgreSQL and Redis). The crate declares that feature itself:
//! `[features] services = []`. With the feature and without the addresses of the servers, the test fails.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc, // what cannot be set up or is not as expected fails the test: that is the purpose
    clippy::must_use_candidate
)]

mod app;
mod backend;
mod client;
mod database;
mod memory;
mod people;
mod queries;
mod rows;
mod stream;
mod totp;

use std::future::Future;
use std::time::Duration;

pub use app::{Builder, TestApp, TestCtx};
pub use backend::{Backend, POSTGRES_URL, REDIS_URL};
pub use client::{Client, Part, Reply, Request, at_once, form_body};
pub use database::{admin_connection, fresh_database};
pub use memory::{peak, reset_peak};
pub use people::built_in_roles;
pub use queries::{count_queries, queries_of};
pub use stream::{EventStream, StreamEvent, request_stream};
pub use totp::totp_code;

/// Longest time of one test: a hung one fails with a name instead of holding up the rest.
const LONGEST: Duration = Duration::from_mins(2);

/// Runs a test on a runtime of its own and fails it when it takes longer than two minutes. The runtime has threads
/// beside the test's own, so that a server in it goes on while the test waits.
pub fn run<F: Future>(test: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let outcome = runtime.block_on(async { tokio::time::timeout(LONGEST, test).await });
    runtime.shutdown_timeout(Duration::from_secs(2));
    outcome.unwrap_or_else(|_elapsed| panic!("the test did not end within {LONGEST:?}"))
}

/// Makes a `#[test]` for each backend of every function named. `tests! { start => a, b }` passes what
/// `async fn start(Backend)` answers; `tests! { a, b }` passes the [`Backend`] itself. Once in a module.
#[macro_export]
macro_rules! tests {
    ($start:ident => $($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[test]
            fn $name() {
                $crate::run(async { super::$name(super::$start($crate::Backend::Embedded).await).await });
            })+
        }
        #[cfg(feature = "services")]
        mod services {
            $(#[test]
            fn $name() {
                $crate::run(async { super::$name(super::$start($crate::Backend::Services).await).await });
            })+
        }
    };
    ($($name:ident),+ $(,)?) => {
        mod embedded {
            $(#[test]
            fn $name() {
                $crate::run(super::$name($crate::Backend::Embedded));
            })+
        }
        #[cfg(feature = "services")]
        mod services {
            $(#[test]
            fn $name() {
                $crate::run(super::$name($crate::Backend::Services));
            })+
        }
    };
}
