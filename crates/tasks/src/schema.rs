//! Tables that only this domain reads and writes.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

use poligon_core::schema::users;

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// People who work together.
    teams (id) {
        id -> BigInt,
        name -> Text,
        description -> Text,
        member_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who is in a team, and as what.
    team_members (team_id, user_id) {
        team_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        joined_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Whom a team has asked in.
    team_invitations (id) {
        id -> BigInt,
        team_id -> BigInt,
        email -> Text,
        email_key -> Text,
        role -> Text,
        token_hash -> Text,
        invited_by -> BigInt,
        created_at -> Instant,
        expires_at -> Instant,
        accepted_by -> Nullable<BigInt>,
        closed_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What a team works on.
    projects (id) {
        id -> BigInt,
        team_id -> BigInt,
        key -> Text,
        name -> Text,
        description -> Text,
        archived_at -> Nullable<Instant>,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// People of a project beside those whom its team brings.
    project_members (project_id, user_id) {
        project_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        joined_at -> Instant,
    }
}

diesel::joinable!(team_members -> teams (team_id));
diesel::joinable!(team_invitations -> teams (team_id));
diesel::joinable!(projects -> teams (team_id));
diesel::joinable!(project_members -> projects (project_id));
diesel::joinable!(team_members -> users (user_id));
diesel::joinable!(project_members -> users (user_id));
diesel::allow_tables_to_appear_in_same_query!(teams, team_members, team_invitations, projects, project_members);
poligon_core::allow_joins!(team_members: users);
poligon_core::allow_joins!(project_members: users);
