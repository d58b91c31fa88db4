//! Tables that only this domain reads and writes, as far as they are read and written by the query builder: facts are by SQL.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

use poligon_core::schema::user_roles;

diesel::table! {
    use diesel::sql_types::*;

    /// What has happened.
    analytics_facts (id) {
        id -> BigInt,
        source -> Text,
        kind -> Text,
        at -> BigInt,
        user_id -> Nullable<BigInt>,
        object_id -> Nullable<BigInt>,
        first -> Text,
        second -> Text,
        amount -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Everybody who was ever active.
    analytics_people (user_id) {
        user_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Dashboards.
    dashboards (id) {
        id -> BigInt,
        owner_id -> BigInt,
        title -> Text,
        description -> Text,
        definition -> Jsonb,
        widget_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who sees dashboards beside their owners.
    dashboard_shares (id) {
        id -> BigInt,
        dashboard_id -> BigInt,
        user_id -> Nullable<BigInt>,
        role -> Nullable<Text>,
        access -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Links by which anybody sees a dashboard.
    dashboard_links (id) {
        id -> BigInt,
        dashboard_id -> BigInt,
        token_hash -> Text,
        created_at -> Instant,
        expires_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Jsonb;

    /// How somebody sees a dashboard.
    dashboard_overrides (dashboard_id, user_id) {
        dashboard_id -> BigInt,
        user_id -> BigInt,
        settings -> Jsonb,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The dashboard that somebody sees first.
    dashboard_choices (user_id) {
        user_id -> BigInt,
        dashboard_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Figures that somebody watches over.
    kpis (id) {
        id -> BigInt,
        name -> Text,
        description -> Text,
        settings -> Jsonb,
        period -> Jsonb,
        tz -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// People who have something in common by what they did.
    segments (id) {
        id -> BigInt,
        name -> Text,
        description -> Text,
        conditions -> Jsonb,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Reports, which a job makes into files.
    analytics_reports (id) {
        id -> BigInt,
        owner_id -> BigInt,
        template -> Text,
        format -> Text,
        period_from -> Text,
        period_to -> Text,
        tz -> Text,
        lang -> Text,
        status -> Text,
        progress -> BigInt,
        attempts -> BigInt,
        file -> Nullable<Text>,
        size -> Nullable<BigInt>,
        created_at -> Instant,
        finished_at -> Nullable<Instant>,
        needed -> Jsonb,
    }
}

diesel::allow_tables_to_appear_in_same_query!(
    dashboards,
    dashboard_shares,
    dashboard_links,
    dashboard_overrides,
    dashboard_choices
);
poligon_core::allow_joins!(dashboard_shares: user_roles);
