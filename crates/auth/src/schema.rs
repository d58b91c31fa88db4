//! Tables that only this domain reads and writes. `users`, `sessions`, roles and the security log are in the core.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

use poligon_core::schema::{sessions, user_roles, users};

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What only this domain knows of a person.
    accounts (user_id) {
        user_id -> BigInt,
        email -> Nullable<Text>,
        email_key -> Nullable<Text>,
        email_verified_at -> Nullable<Instant>,
        password_hash -> Nullable<Text>,
        password_changed_at -> Instant,
        lock_reason -> Nullable<Text>,
        last_login_at -> Nullable<Instant>,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Refresh tokens, hashed.
    refresh_tokens (id) {
        id -> BigInt,
        session_id -> BigInt,
        token_hash -> Text,
        parent_id -> Nullable<BigInt>,
        created_at -> Instant,
        rotated_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Tokens in mails, hashed.
    one_time_tokens (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        token_hash -> Text,
        email -> Nullable<Text>,
        created_at -> Instant,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Codes by time.
    totp_factors (user_id) {
        user_id -> BigInt,
        secret -> Text,
        created_at -> Instant,
        confirmed_at -> Nullable<Instant>,
        last_step -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Codes for a lost device, hashed.
    recovery_codes (id) {
        id -> BigInt,
        user_id -> BigInt,
        code_hash -> Text,
        created_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Logins whose second factor is awaited.
    login_challenges (id) {
        id -> BigInt,
        user_id -> BigInt,
        token_hash -> Text,
        proved -> Text,
        transport -> Text,
        tries -> BigInt,
        created_at -> Instant,
        expires_at -> Instant,
        used_at -> Nullable<Instant>,
    }
}

diesel::joinable!(accounts -> users (user_id));
diesel::joinable!(refresh_tokens -> sessions (session_id));
poligon_core::allow_joins!(accounts: users, user_roles);
poligon_core::allow_joins!(refresh_tokens: sessions, users);
