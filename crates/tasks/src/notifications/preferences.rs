//! What people want to be told of, and where. Everything in the app and nothing by mail, until they say otherwise.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::upsert::excluded;
use poligon_common::input::{Object, not_null};
use poligon_core::db::{Db, any_of};
use poligon_core::on_each;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kind::Kind;
use crate::error::Error;
use crate::schema::task_notification_preferences as preferences;

/// Where a kind of notification is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = TaskNotificationChannels)]
pub(crate) struct Channels {
    /// In the list.
    pub(super) in_app: bool,
    /// By mail, to your confirmed address: one a day at most, with all that was told since the last and is unread. The first
    /// comes an hour after what it tells of.
    pub(super) mail: bool,
}

impl Default for Channels {
    fn default() -> Self {
        Self { in_app: true, mail: false }
    }
}

/// Where a kind of notification shall be told (RFC 7396).
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TaskNotificationChannelsPatch)]
pub(crate) struct ChannelsPatch {
    /// In the list.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    in_app: Option<bool>,
    /// By mail, to your confirmed address: one a day at most, with all that was told since the last and is unread. The first
    /// comes an hour after what it tells of.
    #[serde(default, deserialize_with = "not_null")]
    #[schema(nullable = false)]
    mail: Option<bool>,
}

/// Declares the preferences and their patch: one field for each kind.
macro_rules! preferences {
    ($($(#[doc = $doc:literal])+ $field:ident: $kind:ident;)+) => {
        /// Where each kind of notification is told.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
        #[schema(as = TaskNotificationPreferences)]
        pub(crate) struct NotificationPreferences {
            $($(#[doc = $doc])+ $field: Channels,)+
        }

        impl NotificationPreferences {
            fn of(wanted: &BTreeMap<Kind, Channels>) -> Self {
                let of = |kind: Kind| wanted.get(&kind).copied().unwrap_or_default();
                Self { $($field: of(Kind::$kind),)+ }
            }
        }

        /// Which kinds shall be told elsewhere, or no longer (RFC 7396).
        #[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
        #[serde(deny_unknown_fields)]
        #[schema(as = TaskNotificationPreferencesPatch)]
        pub(crate) struct NotificationPreferencesPatch {
            $($(#[doc = $doc])+
            #[serde(default, deserialize_with = "not_null")]
            #[schema(value_type = Option<ChannelsPatch>, nullable = false)]
            $field: Option<Object<ChannelsPatch>>,)+
        }

        impl NotificationPreferencesPatch {
            fn changes(self) -> impl Iterator<Item = (Kind, ChannelsPatch)> {
                let all = [$((Kind::$kind, self.$field),)+].into_iter();
                all.filter_map(|(kind, patch)| patch.map(|Object(patch)| (kind, patch)))
            }
        }
    };
}

preferences! {
    /// You are to work on a card.
    assigned: Assigned;
    /// A comment names you, of which you have not been told already.
    mentioned: Mentioned;
    /// A card that you watch has a comment.
    commented: Commented;
    /// A card that you watch has gone to another column.
    moved: Moved;
    /// A card is due within a day.
    due_soon: DueSoon;
    /// A card is past its due date.
    overdue: Overdue;
    /// You have been put into a project.
    invited: Invited;
}

/// What people want that is not as it is by default.
pub(super) type Wanted = BTreeMap<(i64, Kind), Channels>;

/// What these people want.
pub(super) fn wanted(db: &mut Db, ids: &[i64]) -> Result<Wanted, Error> {
    let rows = preferences::table.filter(any_of(db, preferences::user_id, ids));
    let columns = (preferences::user_id, preferences::kind, preferences::in_app, preferences::mail);
    let rows: Vec<(i64, String, bool, bool)> = rows.select(columns).load(db)?;
    let channels = |(user_id, kind, in_app, mail): (i64, String, bool, bool)| {
        Some(((user_id, Kind::of(&kind)?), Channels { in_app, mail }))
    };
    Ok(rows.into_iter().filter_map(channels).collect())
}

/// What one person wants.
fn wanted_by(db: &mut Db, user_id: i64) -> Result<BTreeMap<Kind, Channels>, Error> {
    Ok(wanted(db, &[user_id])?.into_iter().map(|((_, kind), channels)| (kind, channels)).collect())
}

/// Where a person is told what.
pub(super) fn find(db: &mut Db, user_id: i64) -> Result<NotificationPreferences, Error> {
    Ok(NotificationPreferences::of(&wanted_by(db, user_id)?))
}

/// Changes what a person wants; answers all of it. What has been told stays.
pub(super) fn change(
    db: &mut Db,
    user_id: i64,
    patch: NotificationPreferencesPatch,
) -> Result<NotificationPreferences, Error> {
    crate::people::lock(db, user_id)?; // of two patches at once one sees the other
    let wanted = wanted_by(db, user_id)?;
    let row = |(kind, patch): (Kind, ChannelsPatch)| {
        let before = wanted.get(&kind).copied().unwrap_or_default();
        (
            preferences::user_id.eq(user_id),
            preferences::kind.eq(kind.name()),
            preferences::in_app.eq(patch.in_app.unwrap_or(before.in_app)),
            preferences::mail.eq(patch.mail.unwrap_or(before.mail)),
        )
    };
    let rows: Vec<_> = patch.changes().map(row).collect();
    if !rows.is_empty() {
        on_each!(db, c => diesel::insert_into(preferences::table)
            .values(rows)
            .on_conflict((preferences::user_id, preferences::kind))
            .do_update()
            .set((preferences::in_app.eq(excluded(preferences::in_app)), preferences::mail.eq(excluded(preferences::mail))))
            .execute(c))?;
    }
    find(db, user_id)
}
