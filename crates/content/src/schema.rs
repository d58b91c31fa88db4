//! Tables that only this domain reads and writes.
// The macro writes a public item for each column; the columns are explained in the migrations. Its types come by `*`.
#![allow(missing_docs, clippy::wildcard_imports)]

use poligon_core::schema::users;

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Categories of articles.
    content_categories (id) {
        id -> BigInt,
        parent_id -> Nullable<BigInt>,
        path -> Text,
        slug -> Text,
        title -> Text,
        description -> Text,
        position -> BigInt,
        article_count -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Tags of articles.
    content_tags (id) {
        id -> BigInt,
        slug -> Text,
        name -> Text,
        name_key -> Text,
        article_count -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Where articles stand together.
    blogs (id) {
        id -> BigInt,
        slug -> Text,
        title -> Text,
        description -> Text,
        self_approval -> Bool,
        article_count -> BigInt,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        cover_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Who is in a blog, and as what.
    blog_members (blog_id, user_id) {
        blog_id -> BigInt,
        user_id -> BigInt,
        role -> Text,
        joined_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Articles.
    articles (id) {
        id -> BigInt,
        blog_id -> Nullable<BigInt>,
        slug -> Text,
        status -> Text,
        draft_status -> Nullable<Text>,
        head -> BigInt,
        live -> Nullable<BigInt>,
        publish_at -> Nullable<Instant>,
        published_at -> Nullable<Instant>,
        live_at -> Nullable<Instant>,
        title -> Text,
        title_key -> Text,
        language -> Text,
        excerpt -> Text,
        word_count -> BigInt,
        head_title -> Text,
        comments_open -> Bool,
        comment_count -> BigInt,
        created_by -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
        cover_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Names in addresses, also earlier ones.
    article_slugs (slug) {
        slug -> Text,
        article_id -> BigInt,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What articles said.
    article_revisions (article_id, number) {
        article_id -> BigInt,
        number -> BigInt,
        saved_by -> BigInt,
        saved_at -> Instant,
        restored_from -> Nullable<BigInt>,
        title -> Text,
        language -> Text,
        excerpt -> Nullable<Text>,
        meta_title -> Nullable<Text>,
        meta_description -> Nullable<Text>,
        canonical_url -> Nullable<Text>,
        author_ids -> Jsonb,
        category_ids -> Jsonb,
        tags -> Jsonb,
        word_count -> BigInt,
        summary -> Text,
        toc -> Jsonb,
        body -> Text,
        html -> Text,
        cover_id -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who has written articles.
    article_authors (article_id, user_id) {
        article_id -> BigInt,
        user_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What articles stand in.
    article_categories (article_id, category_id) {
        article_id -> BigInt,
        category_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What articles are tagged with.
    article_tags (article_id, tag_id) {
        article_id -> BigInt,
        tag_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Published articles of people.
    author_articles (article_id, user_id) {
        user_id -> BigInt,
        published_at -> Instant,
        article_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Published articles of tags.
    tag_articles (article_id, tag_id) {
        tag_id -> BigInt,
        published_at -> Instant,
        article_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Published articles of categories, and of what is below.
    category_articles (article_id, category_id) {
        category_id -> BigInt,
        published_at -> Instant,
        article_id -> BigInt,
        position -> Nullable<BigInt>,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What has become of articles.
    article_steps (id) {
        id -> BigInt,
        article_id -> BigInt,
        act -> Text,
        before -> Nullable<Text>,
        after -> Text,
        revision -> BigInt,
        actor_id -> Nullable<BigInt>,
        note -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What people say of articles.
    article_comments (id) {
        id -> BigInt,
        article_id -> BigInt,
        parent_id -> Nullable<BigInt>,
        path -> Text,
        author_id -> BigInt,
        status -> Text,
        shown -> Bool,
        body -> Text,
        html -> Text,
        version -> BigInt,
        created_at -> Instant,
        edited_at -> Nullable<Instant>,
        decided_by -> Nullable<BigInt>,
        decided_at -> Nullable<Instant>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// What is stored of media, once for the same bytes.
    content_files (id) {
        id -> BigInt,
        hash -> Text,
        name -> Text,
        kind -> Text,
        media_type -> Text,
        width -> Nullable<BigInt>,
        height -> Nullable<BigInt>,
        uses -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// Files that people have uploaded.
    content_media (id) {
        id -> BigInt,
        owner_id -> BigInt,
        file_id -> BigInt,
        kind -> Text,
        name -> Text,
        alt -> Text,
        size -> BigInt,
        private -> Bool,
        blocked -> Bool,
        version -> BigInt,
        created_at -> Instant,
        updated_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// How much people keep.
    content_media_quotas (user_id) {
        user_id -> BigInt,
        bytes -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Media in what articles say.
    article_media (article_id, media_id) {
        article_id -> BigInt,
        media_id -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What moderators look at.
    content_cases (id) {
        id -> BigInt,
        kind -> Text,
        object_id -> BigInt,
        article_id -> Nullable<BigInt>,
        status -> Text,
        title -> Text,
        excerpt -> Text,
        report_count -> BigInt,
        assignee_id -> Nullable<BigInt>,
        version -> BigInt,
        opened_at -> Instant,
        closed_at -> Nullable<Instant>,
        decision -> Nullable<Text>,
        elsewhere -> Bool,
        decided_by -> Nullable<BigInt>,
        reason -> Text,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Who has written what cases are about.
    content_case_authors (case_id, user_id) {
        case_id -> BigInt,
        user_id -> BigInt,
        position -> BigInt,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::{Instant, Jsonb};

    /// What checks have found.
    content_case_flags (case_id, flag) {
        case_id -> BigInt,
        flag -> Text,
        details -> Jsonb,
        found_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What people have reported.
    content_reports (id) {
        id -> BigInt,
        case_id -> BigInt,
        reporter_id -> BigInt,
        reason -> Text,
        note -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// What was done about cases.
    content_case_log (id) {
        id -> BigInt,
        case_id -> BigInt,
        action -> Text,
        actor_id -> Nullable<BigInt>,
        before -> Nullable<Text>,
        after -> Nullable<Text>,
        reason -> Text,
        created_at -> Instant,
    }
}

diesel::table! {
    use diesel::sql_types::*;
    use poligon_core::db::Instant;

    /// How published articles are shown in lists.
    article_cards (article_id) {
        article_id -> BigInt,
        turn -> BigInt,
        published_at -> Nullable<Instant>,
        comment_count -> BigInt,
        card -> Nullable<Text>,
        comments_open -> Bool,
    }
}

diesel::table! {
    use diesel::sql_types::*;

    /// Published articles as they are written into answers.
    article_pages (article_id) {
        article_id -> BigInt,
        turn -> BigInt,
        revision -> BigInt,
        page -> Text,
    }
}

diesel::joinable!(content_reports -> content_cases (case_id));
diesel::joinable!(articles -> blogs (blog_id));
diesel::joinable!(content_media -> content_files (file_id));
diesel::joinable!(blog_members -> blogs (blog_id));
diesel::joinable!(author_articles -> users (user_id));
diesel::joinable!(article_tags -> content_tags (tag_id));
diesel::joinable!(tag_articles -> content_tags (tag_id));
diesel::joinable!(article_cards -> articles (article_id));
diesel::joinable!(author_articles -> article_cards (article_id));
diesel::joinable!(tag_articles -> article_cards (article_id));
diesel::joinable!(category_articles -> article_cards (article_id));
diesel::joinable!(author_articles -> articles (article_id));
diesel::joinable!(tag_articles -> articles (article_id));
diesel::joinable!(category_articles -> articles (article_id));
diesel::allow_tables_to_appear_in_same_query!(
    content_categories,
    content_tags,
    blogs,
    blog_members,
    articles,
    article_cards,
    article_pages,
    article_slugs,
    article_revisions,
    article_authors,
    article_categories,
    article_tags,
    author_articles,
    tag_articles,
    category_articles,
    article_steps,
    article_comments,
    content_files,
    content_media,
    article_media,
    content_cases,
    content_case_authors,
    content_case_flags,
    content_reports,
    content_case_log,
);
poligon_core::allow_joins!(author_articles: users);
