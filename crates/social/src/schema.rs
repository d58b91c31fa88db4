//! Tables that only this domain reads and writes.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

use poligon_core::schema::users;

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What the network knows of a person.
    social_profiles (user_id) {
        user_id -> BigInt,
        bio -> Text,
        locked -> Bool,
        followers_count -> BigInt,
        following_count -> BigInt,
        friends_count -> BigInt,
        public_posts -> BigInt,
        followers_posts -> BigInt,
        friends_posts -> BigInt,
        private_posts -> BigInt,
        cuts_count -> BigInt,
        notification_seq -> BigInt,
        suspended_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What a person is to another.
    social_ties (user_id, other_id) {
        user_id -> BigInt,
        other_id -> BigInt,
        follow -> Text,
        follow_at -> Nullable<Instant>,
        friend -> Text,
        friend_at -> Nullable<Instant>,
        blocking -> Bool,
        blocking_at -> Nullable<Instant>,
        cut -> Bool,
        muted -> Bool,
        muted_at -> Nullable<Instant>,
        muted_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// The words that a person is found by.
    social_name_words (word, user_id) {
        word -> Text,
        user_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Posts.
    posts (id) {
        id -> BigInt,
        author_id -> BigInt,
        body -> Text,
        html -> Text,
        content_warning -> Text,
        visibility -> Text,
        status -> Text,
        comments_locked -> Bool,
        like_count -> BigInt,
        love_count -> BigInt,
        laugh_count -> BigInt,
        wow_count -> BigInt,
        sad_count -> BigInt,
        angry_count -> BigInt,
        comment_count -> BigInt,
        media -> Jsonb,
        mentions -> Jsonb,
        tags -> Jsonb,
        version -> BigInt,
        created_at -> Instant,
        edited_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What posts said before.
    post_revisions (post_id, version) {
        post_id -> BigInt,
        version -> BigInt,
        body -> Text,
        html -> Text,
        content_warning -> Text,
        visibility -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Hashtags.
    post_tags (tag, post_id) {
        tag -> Text,
        post_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who reacted to a post, and how.
    post_reactions (post_id, user_id) {
        post_id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Posts to come back to.
    bookmarks (id) {
        id -> BigInt,
        user_id -> BigInt,
        post_id -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Comments, a tree under each post.
    comments (id) {
        id -> BigInt,
        post_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        path -> Text,
        depth -> BigInt,
        author_id -> BigInt,
        body -> Text,
        html -> Text,
        mentions -> Jsonb,
        status -> Text,
        locked -> Bool,
        like_count -> BigInt,
        love_count -> BigInt,
        laugh_count -> BigInt,
        wow_count -> BigInt,
        sad_count -> BigInt,
        angry_count -> BigInt,
        score -> BigInt,
        reply_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        edited_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who reacted to a comment.
    comment_reactions (comment_id, user_id) {
        comment_id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Conversations.
    chats (id) {
        id -> BigInt,
        kind -> Text,
        title -> Text,
        pair -> Nullable<Text>,
        last_seq -> BigInt,
        last_number -> BigInt,
        last_message_at -> Instant,
        member_count -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who is in them.
    chat_members (chat_id, user_id) {
        chat_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        status -> Text,
        from_number -> BigInt,
        from_seq -> BigInt,
        until_number -> Nullable<BigInt>,
        until_seq -> Nullable<BigInt>,
        read_number -> BigInt,
        read_seq -> BigInt,
        joined_at -> Instant,
        declined_at -> Nullable<Instant>,
        until_title -> Nullable<Text>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// Messages.
    messages (id) {
        id -> BigInt,
        chat_id -> BigInt,
        number -> BigInt,
        author_id -> BigInt,
        body -> Text,
        html -> Text,
        reply_to -> Nullable<BigInt>,
        attachments -> Jsonb,
        status -> Text,
        like_count -> BigInt,
        love_count -> BigInt,
        laugh_count -> BigInt,
        wow_count -> BigInt,
        sad_count -> BigInt,
        angry_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        edited_at -> Nullable<Instant>,
        ended_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who reacted to a message.
    message_reactions (message_id, user_id) {
        message_id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What has happened in conversations.
    chat_events (chat_id, seq) {
        chat_id -> BigInt,
        seq -> BigInt,
        kind -> Text,
        message_id -> Nullable<BigInt>,
        actor_id -> BigInt,
        payload -> Jsonb,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Pictures of posts and messages.
    social_media (id) {
        id -> BigInt,
        owner_id -> BigInt,
        file -> Text,
        media_type -> Text,
        width -> BigInt,
        height -> BigInt,
        alt -> Text,
        status -> Text,
        post_id -> Nullable<BigInt>,
        message_id -> Nullable<BigInt>,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What people are told.
    notifications (id) {
        id -> BigInt,
        user_id -> BigInt,
        kind -> Text,
        group_key -> Text,
        actor_id -> Nullable<BigInt>,
        post_id -> Nullable<BigInt>,
        comment_id -> Nullable<BigInt>,
        chat_id -> Nullable<BigInt>,
        payload -> Jsonb,
        event_id -> BigInt,
        seq -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        read_at -> Nullable<Instant>,
        deleted_at -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What they want to be told.
    notification_preferences (user_id, kind) {
        user_id -> BigInt,
        kind -> Text,
        enabled -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What was reported to the moderators.
    reports (id) {
        id -> BigInt,
        object_kind -> Text,
        object_id -> BigInt,
        subject_id -> BigInt,
        reporter_id -> BigInt,
        reason -> Text,
        note -> Text,
        snapshot -> Jsonb,
        status -> Text,
        assignee_id -> Nullable<BigInt>,
        action -> Nullable<Text>,
        resolution -> Text,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        closed_at -> Nullable<Instant>,
        suspended_until -> Nullable<Instant>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What moderators did.
    moderation_log (id) {
        id -> BigInt,
        moderator_id -> BigInt,
        action -> Text,
        object_kind -> Text,
        object_id -> BigInt,
        subject_id -> BigInt,
        report_id -> Nullable<BigInt>,
        note -> Text,
        created_at -> Instant,
        suspended_until -> Nullable<Instant>,
    }
}

diesel::joinable!(post_revisions -> posts (post_id));
diesel::joinable!(post_tags -> posts (post_id));
diesel::joinable!(post_reactions -> posts (post_id));
diesel::joinable!(bookmarks -> posts (post_id));
diesel::joinable!(comments -> posts (post_id));
diesel::joinable!(comment_reactions -> comments (comment_id));
diesel::joinable!(chat_members -> chats (chat_id));
diesel::joinable!(messages -> chats (chat_id));
diesel::joinable!(message_reactions -> messages (message_id));
diesel::joinable!(chat_events -> chats (chat_id));
diesel::allow_tables_to_appear_in_same_query!(
    social_profiles,
    social_ties,
    social_name_words,
    posts,
    post_revisions,
    post_tags,
    post_reactions,
    bookmarks,
    comments,
    comment_reactions,
    chats,
    chat_members,
    messages,
    message_reactions,
    chat_events,
    social_media,
    notifications,
    notification_preferences,
    reports,
    moderation_log,
);
poligon_core::allow_joins!(social_profiles: users);
poligon_core::allow_joins!(social_ties: users);
poligon_core::allow_joins!(social_name_words: users);
poligon_core::allow_joins!(posts: users);
poligon_core::allow_joins!(post_reactions: users);
poligon_core::allow_joins!(comments: users);
poligon_core::allow_joins!(comment_reactions: users);
poligon_core::allow_joins!(chat_members: users);
poligon_core::allow_joins!(messages: users);
poligon_core::allow_joins!(message_reactions: users);
poligon_core::allow_joins!(notifications: users);
poligon_core::allow_joins!(reports: users);
poligon_core::allow_joins!(moderation_log: users);
poligon_core::allow_joins!(bookmarks: users);
