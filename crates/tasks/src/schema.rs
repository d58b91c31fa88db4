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
        last_card_number -> BigInt,
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

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Boards of projects.
    boards (id) {
        id -> BigInt,
        project_id -> BigInt,
        name -> Text,
        description -> Text,
        card_count -> BigInt,
        last_seq -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Where cards of a board stand; those that were deleted, too.
    board_columns (id) {
        id -> BigInt,
        board_id -> BigInt,
        name -> Text,
        kind -> Text,
        wip_limit -> Nullable<BigInt>,
        position -> Nullable<BigInt>,
        card_count -> BigInt,
        created_at -> Instant,
        deleted_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Labels of a board.
    board_labels (id) {
        id -> BigInt,
        board_id -> BigInt,
        name -> Text,
        name_key -> Text,
        color -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What is to be done.
    cards (id) {
        id -> BigInt,
        board_id -> BigInt,
        column_id -> BigInt,
        rank -> Nullable<BigInt>,
        project_id -> BigInt,
        number -> BigInt,
        title -> Text,
        description -> Text,
        searched -> Text,
        priority -> BigInt,
        start_at -> Nullable<Instant>,
        due_at -> Nullable<Instant>,
        estimate -> Nullable<BigInt>,
        created_by -> BigInt,
        comment_count -> BigInt,
        attachment_count -> BigInt,
        item_count -> BigInt,
        done_item_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        entered_at -> Instant,
        archived_at -> Nullable<Instant>,
        trashed_at -> Nullable<Instant>,
        purged_at -> Nullable<Instant>,
        due_soon_told -> Nullable<Instant>,
        overdue_told -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Which labels a card has.
    card_labels (card_id, label_id) {
        card_id -> BigInt,
        label_id -> BigInt,
        board_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who works on a card.
    card_assignees (card_id, user_id) {
        card_id -> BigInt,
        user_id -> BigInt,
        board_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who is told of what happens to a card.
    card_watchers (card_id, user_id) {
        card_id -> BigInt,
        user_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What has happened on a board, in order and without a gap.
    board_activity (board_id, seq) {
        board_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        card_id -> Nullable<BigInt>,
        actor_id -> Nullable<BigInt>,
        before -> Jsonb,
        after -> Jsonb,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Where cards have stood, and when.
    card_transitions (id) {
        id -> BigInt,
        board_id -> BigInt,
        card_id -> BigInt,
        from_column_id -> Nullable<BigInt>,
        to_column_id -> Nullable<BigInt>,
        at -> Instant,
        to_kind -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Files on cards.
    card_attachments (id) {
        id -> BigInt,
        card_id -> BigInt,
        uploader_id -> BigInt,
        name -> Text,
        media_type -> Text,
        size -> BigInt,
        file -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What was said about cards.
    card_comments (id) {
        id -> BigInt,
        card_id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        html -> Text,
        version -> BigInt,
        created_at -> Instant,
        edited_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Lists of what a card consists of.
    checklists (id) {
        id -> BigInt,
        card_id -> BigInt,
        title -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What a card consists of.
    checklist_items (id) {
        id -> BigInt,
        checklist_id -> BigInt,
        card_id -> BigInt,
        text -> Text,
        position -> BigInt,
        done_at -> Nullable<Instant>,
        done_by -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What people are told of.
    task_notifications (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        actor_id -> Nullable<BigInt>,
        project_id -> BigInt,
        board_id -> Nullable<BigInt>,
        card_id -> Nullable<BigInt>,
        key -> Text,
        in_app -> Bool,
        by_mail -> Bool,
        created_at -> Instant,
        read_at -> Nullable<Instant>,
        mailed_at -> Nullable<Instant>,
        deleted_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What people want to be told of.
    task_notification_preferences (user_id, kind) {
        user_id -> BigInt,
        kind -> Text,
        in_app -> Bool,
        mail -> Bool,
    }
}

diesel::joinable!(team_members -> teams (team_id));
diesel::joinable!(team_invitations -> teams (team_id));
diesel::joinable!(projects -> teams (team_id));
diesel::joinable!(project_members -> projects (project_id));
diesel::joinable!(team_members -> users (user_id));
diesel::joinable!(project_members -> users (user_id));
diesel::joinable!(boards -> projects (project_id));
diesel::joinable!(board_columns -> boards (board_id));
diesel::joinable!(cards -> boards (board_id));
diesel::joinable!(card_labels -> cards (card_id));
diesel::joinable!(card_assignees -> cards (card_id));
diesel::joinable!(card_watchers -> cards (card_id));
diesel::joinable!(task_notifications -> projects (project_id));
diesel::joinable!(task_notifications -> boards (board_id));
diesel::joinable!(task_notifications -> cards (card_id));
diesel::allow_tables_to_appear_in_same_query!(
    teams,
    team_members,
    team_invitations,
    projects,
    project_members,
    boards,
    board_columns,
    board_labels,
    cards,
    card_labels,
    card_assignees,
    card_watchers,
    board_activity,
    card_transitions,
    card_attachments,
    card_comments,
    checklists,
    checklist_items,
    task_notifications,
    task_notification_preferences,
);
poligon_core::allow_joins!(team_members: users);
poligon_core::allow_joins!(project_members: users);
