//! Accounts.
use poligon_common::{Domain, Routes};
/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "auth",
        routes: || Routes::new("/api/auth", "auth"),
        subscribers: Vec::new,
        jobs: Vec::new,
        permissions: &[],
        problems: &[],
        seed: |_, _, _| Ok(()),
    }
}
