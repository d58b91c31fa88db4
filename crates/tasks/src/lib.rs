//! Task boards, under `/api/tasks`.
//!
//! | slice | tables |
//! |---|---|
//! | `teams` | `teams`, `team_members`, `team_invitations` |
//! | `projects` | `projects`, `project_members` |
//! | `boards` | `boards`, `board_columns`, `board_labels`, `board_activity`, `card_transitions` |
//! | `cards` | `cards`, `card_labels`, `card_assignees`, `card_watchers` |
//! | `comments` | `card_comments` |
//! | `attachments` | `card_attachments`, and the files themselves in the storage |
//! | `checklists` | `checklists`, `checklist_items` |
//! | `reports` | none: what boards have been through, counted and drawn; and their export |
//! | `notifications` | `task_notifications`, `task_notification_preferences` |
//! | `live` | none: streams of what has happened on boards |
//!
//! What somebody may do in a project is decided in one place, `projects::access`.

mod attachments;
mod boards;
mod cards;
mod checklists;
mod comments;
mod error;
mod events;
mod history;
mod live;
mod names;
mod notifications;
mod people;
mod projects;
mod reports;
mod role;
mod schema;
mod seed;
mod teams;
mod texts;

use poligon_common::{Domain, Routes};
use poligon_core::jobs::Job;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "tasks",
        routes,
        subscribers: events::subscribers,
        jobs,
        beside: poligon_common::nothing_beside,
        permissions: &[],
        problems: error::KINDS,
        seed: seed::seed,
        history: history::tell,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/tasks", "tasks");
    teams::routes(&mut all);
    projects::routes(&mut all);
    boards::routes(&mut all);
    cards::routes(&mut all);
    comments::routes(&mut all);
    checklists::routes(&mut all);
    attachments::routes(&mut all);
    reports::routes(&mut all);
    live::routes(&mut all);
    notifications::routes(&mut all);
    all
}

fn jobs() -> Vec<Job> {
    [cards::jobs(), notifications::jobs()].concat()
}
