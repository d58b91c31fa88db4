//! Tables that belong to no single domain. `users`, `sessions` and the role tables are written by the auth domain
//! only; everybody reads them.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// People.
    users (id) {
        id -> BigInt,
        username -> Text,
        username_key -> Text,
        display_name -> Text,
        avatar_url -> Nullable<Text>,
        locked_at -> Nullable<Instant>,
        deleted_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Jsonb, Instant};

    /// Logins, one for each device.
    sessions (id) {
        id -> BigInt,
        user_id -> BigInt,
        created_at -> Instant,
        last_seen_at -> Instant,
        expires_at -> Instant,
        revoked_at -> Nullable<Instant>,
        revoked_reason -> Nullable<Text>,
        address -> Text,
        user_agent -> Text,
        amr -> Jsonb,
        second_factor_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// Named sets of permissions.
    roles (name) {
        name -> Text,
        description -> Text,
        built_in -> Bool,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    /// What each role may do.
    role_permissions (role, permission) {
        role -> Text,
        permission -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// Who has which role.
    user_roles (user_id, role) {
        user_id -> BigInt,
        role -> Text,
        granted_at -> Instant,
        granted_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Jsonb, Instant};

    /// Events on their way to the subscribers.
    outbox (id) {
        id -> BigInt,
        topic -> Text,
        object -> Text,
        payload -> Jsonb,
        occurred_at -> Instant,
        dispatched_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// Deliveries that are not simply done.
    outbox_deliveries (event_id, subscriber) {
        event_id -> BigInt,
        subscriber -> Text,
        attempts -> BigInt,
        next_attempt_at -> Instant,
        done_at -> Nullable<Instant>,
        dead_at -> Nullable<Instant>,
        last_error -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Jsonb, Instant};

    /// Work for later.
    jobs (id) {
        id -> BigInt,
        name -> Text,
        unique_key -> Nullable<Text>,
        payload -> Jsonb,
        run_at -> Instant,
        attempts -> BigInt,
        locked_by -> Nullable<Text>,
        locked_until -> Nullable<Instant>,
        last_error -> Nullable<Text>,
        dead_at -> Nullable<Instant>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// One holder at a time.
    leases (name) {
        name -> Text,
        holder -> Text,
        held_until -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::Instant;

    /// Mail.
    mails (id) {
        id -> BigInt,
        recipient -> Text,
        kind -> Text,
        subject -> Text,
        body -> Text,
        created_at -> Instant,
        sent_at -> Nullable<Instant>,
        attempts -> BigInt,
        next_attempt_at -> Instant,
        dead_at -> Nullable<Instant>,
        last_error -> Nullable<Text>,
        user_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Jsonb, Instant};

    /// First answers by `Idempotency-Key`.
    idempotency_keys (scope) {
        scope -> Text,
        body_hash -> Text,
        status -> BigInt,
        headers -> Jsonb,
        body -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Instant, Jsonb};

    /// Files that nothing has.
    stray_files (file) {
        file -> Text,
        names -> Jsonb,
        due_at -> Instant,
        doomed -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use crate::db::{Instant, Jsonb};

    /// The security log.
    audit_log (id) {
        id -> BigInt,
        at -> Instant,
        action -> Text,
        outcome -> Text,
        actor_id -> Nullable<BigInt>,
        subject_id -> Nullable<BigInt>,
        address -> Text,
        user_agent -> Text,
        request_id -> Text,
        details -> Jsonb,
    }
}

diesel::joinable!(sessions -> users (user_id));
diesel::joinable!(user_roles -> users (user_id));
diesel::joinable!(user_roles -> roles (role));
diesel::joinable!(role_permissions -> roles (role));
diesel::allow_tables_to_appear_in_same_query!(users, sessions, roles, role_permissions, user_roles);

/// Lets a domain's table stand in one query with tables of the core: `allow_joins!(accounts: users, user_roles)`.
/// Diesel's own macro also covers `ONLY` and `TABLESAMPLE`, which Rust's orphan rule forbids across crates.
#[macro_export]
macro_rules! allow_joins {
    ($own:ident: $($other:ident),+) => {
        $(
            impl diesel::query_source::TableNotEqual<$own::table> for $other::table {}
            impl diesel::query_source::TableNotEqual<$other::table> for $own::table {}
        )+
    };
}
