//! Accounts: registration, login, sessions, roles and the security log, under `/api/auth`.
//!
//! | slice | tables |
//! |---|---|
//! | `accounts` | `users`, `accounts`, `one_time_tokens` |
//! | `login` | `sessions`, `refresh_tokens` |
//! | `passwords` | `accounts`, `one_time_tokens` |
//! | `second_factor` | `totp_factors`, `recovery_codes`, `login_challenges` |
//! | `sessions` | `sessions` |
//! | `users` | `users`, `accounts`, `user_roles` |
//! | `roles` | `roles`, `role_permissions` |
//! | `audit` | `audit_log` |

mod accounts;
mod addresses;
pub mod admin;
mod audit;
mod error;
mod events;
mod history;
mod input;
mod jobs;
mod login;
mod mails;
mod one_time;
mod passwords;
mod permissions;
mod roles;
mod schema;
mod second_factor;
mod seed;
mod sessions;
mod users;

use poligon_common::{Domain, Routes};

pub use permissions::PERMISSIONS;
pub use seed::demo_accounts;

/// The front door.
pub fn domain() -> Domain {
    Domain {
        name: "auth",
        routes,
        subscribers: addresses::subscribers,
        jobs: jobs::jobs,
        beside: poligon_common::nothing_beside,
        permissions: PERMISSIONS,
        problems: error::KINDS,
        seed: seed::seed,
        history: history::tell,
    }
}

fn routes() -> Routes {
    let mut all = Routes::new("/api/auth", "auth");
    accounts::routes(&mut all);
    login::routes(&mut all);
    passwords::routes(&mut all);
    second_factor::routes(&mut all);
    sessions::routes(&mut all);
    users::routes(&mut all);
    roles::routes(&mut all);
    audit::routes(&mut all);
    all
}
