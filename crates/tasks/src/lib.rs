//! Task boards, under `/api/tasks`.
//!
//! | slice | tables |
//! |---|---|
//! | `teams` | `teams`, `team_members`, `team_invitations` |
//! | `projects` | `projects`, `project_members` |
//!
//! What somebody may do in a project is decided in one place, `projects::access`.

mod error;
mod events;
mod people;
mod projects;
#[allow(dead_code, unused_imports, reason = "served in a following step")]
mod reports;
mod role;
mod schema;
mod teams;

use poligon_common::{Domain, Routes};

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "tasks",
        routes,
        subscribers: events::subscribers,
        jobs: Vec::new,
        permissions: &[],
        problems: error::KINDS,
        seed: |_, _, _| Ok(()), // no demo data yet
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/tasks", "tasks");
    teams::routes(&mut all);
    projects::routes(&mut all);
    all
}
