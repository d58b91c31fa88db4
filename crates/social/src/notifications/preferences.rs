//! What people want to be told of. Everything, until they say otherwise.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel::upsert::excluded;
use poligon_common::input::not_null;
use poligon_core::db::{Db, Timestamp};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kind::Kind;
use crate::error::Error;
use crate::people::require_active;
use crate::schema::notification_preferences as preferences;

/// Declares the preferences and their patch: one field for each kind.
macro_rules! preferences {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ident;)+) => {
        /// Which kinds of notifications a person wants.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[allow(clippy::struct_excessive_bools)] // one for each kind, as clients see them
        pub(crate) struct NotificationPreferences {
            $($(#[doc = $doc])+ $field: bool,)+
        }

        impl NotificationPreferences {
            fn without(unwanted: &BTreeSet<Kind>) -> Self {
                Self { $($field: !unwanted.contains(&Kind::$kind),)+ }
            }
        }

        /// Which kinds shall be told, or no longer (RFC 7396).
        #[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        pub(crate) struct NotificationPreferencesPatch {
            $($(#[doc = $doc])+
            #[serde(default, deserialize_with = "not_null")]
            #[schema(nullable = false)]
            $field: Option<bool>,)+
        }

        impl NotificationPreferencesPatch {
            fn changes(self) -> impl Iterator<Item = (Kind, bool)> {
                [$((Kind::$kind, self.$field),)+].into_iter().filter_map(|(kind, enabled)| Some((kind, enabled?)))
            }
        }
    };
}

preferences! {
    /// Somebody follows you.
    follow: Follow;
    /// Somebody asks to follow you.
    follow_request: FollowRequest;
    /// Somebody lets you follow.
    follow_accepted: FollowAccepted;
    /// Somebody asks for your friendship.
    friend_request: FriendRequest;
    /// Somebody is your friend now.
    friend_accepted: FriendAccepted;
    /// A post or a comment names you.
    mention: Mention;
    /// Your post has a comment.
    comment: Comment;
    /// Your comment has a reply.
    reply: Reply;
    /// People react to your post, comment or message.
    reaction: Reaction;
    /// A stranger writes to you.
    message_request: MessageRequest;
    /// A moderator has decided something about you.
    moderation: Moderation;
}

/// The kinds that a person does not want.
pub(super) fn unwanted(db: &mut Db, user_id: i64) -> Result<BTreeSet<Kind>, Error> {
    let off = preferences::table.filter(preferences::user_id.eq(user_id)).filter(preferences::enabled.eq(false));
    let names: Vec<String> = off.select(preferences::kind).load(db)?;
    Ok(names.iter().filter_map(|name| Kind::of(name)).collect())
}

/// What a person wants.
pub(super) fn find(db: &mut Db, user_id: i64) -> Result<NotificationPreferences, Error> {
    Ok(NotificationPreferences::without(&unwanted(db, user_id)?))
}

/// Changes what a person wants; answers all of it. What has been told stays.
pub(super) fn change(
    db: &mut Db,
    user_id: i64,
    patch: NotificationPreferencesPatch,
    now: Timestamp,
) -> Result<NotificationPreferences, Error> {
    require_active(db, user_id, now)?;
    // In the order of the fields, whatever the body's: two patches at once take the rows in one order.
    for (kind, enabled) in patch.changes() {
        let values =
            (preferences::user_id.eq(user_id), preferences::kind.eq(kind.name()), preferences::enabled.eq(enabled));
        on_each!(db, c => diesel::insert_into(preferences::table)
            .values(values)
            .on_conflict((preferences::user_id, preferences::kind))
            .do_update()
            .set(preferences::enabled.eq(excluded(preferences::enabled)))
            .execute(c))?;
    }
    find(db, user_id)
}
