//! Who is in a conversation, as the others see it.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_common::Problem;
use poligon_common::page::Page;
use poligon_core::db::{Db, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::access::{MemberRow, membership};
use super::role::{Kind, Role, Standing};
use crate::error::Error;
use crate::people::{Person, find_people};
use crate::schema::{chat_members, social_ties};

/// Somebody who is in a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct MemberResponse {
    /// Who.
    pub(super) person: Person,
    /// What they are in it.
    role: Role,
    /// The number of the last message that they have read; `null` while they have not accepted the conversation.
    read_number: Option<i64>,
    /// When they came into it.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
}

/// People who have come into a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct NewMembersResponse {
    /// In order of id.
    pub(super) items: Vec<MemberResponse>,
}

/// Where a page ended: the conversation and the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    members_of: i64,
    user_id: i64,
}

impl Cursor {
    pub(super) fn of(page: &Page, chat_id: i64) -> Result<Option<i64>, Problem> {
        let cursor = page.after::<Self>()?;
        if cursor.is_none_or(|cursor| cursor.members_of == chat_id) {
            return Ok(cursor.map(|cursor| cursor.user_id));
        }
        Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"))
    }

    pub(super) fn at(chat_id: i64, member: &MemberResponse) -> Self {
        Self { members_of: chat_id, user_id: member.person.id }
    }
}

/// Who is in a conversation and not hidden from `user_id`. A direct one always has both of its people: whether a request
/// was declined is nobody's business.
macro_rules! present {
    ($chat_id:expr, $user_id:expr, $kind:expr) => {{
        let cut = social_ties::table
            .filter(social_ties::user_id.eq($user_id))
            .filter(social_ties::other_id.eq(chat_members::user_id))
            .filter(social_ties::cut);
        let query =
            chat_members::table.filter(chat_members::chat_id.eq($chat_id)).filter(not(exists(cut))).into_boxed();
        match $kind {
            Kind::Group => query.filter(chat_members::status.eq(Standing::Active.name())),
            Kind::Direct => query,
        }
    }};
}

/// One page in order of id, with the count of all when it is asked for. For those who are in the conversation.
pub(super) fn list(
    db: &mut Db,
    chat_id: i64,
    user_id: i64,
    behind: Option<i64>,
    most: i64,
    count: bool,
) -> Result<(Vec<MemberResponse>, Option<i64>), Error> {
    let kind = membership(db, chat_id, user_id)?.require_present()?.chat.kind();
    let query = present!(chat_id, user_id, kind).order(chat_members::user_id).limit(most);
    let query = query.filter(chat_members::user_id.gt(behind.unwrap_or(0)));
    let rows: Vec<MemberRow> = query.select(MemberRow::as_select()).load(db)?;
    let total = if count { Some(present!(chat_id, user_id, kind).count().get_result(db)?) } else { None };
    Ok((show(db, rows)?, total))
}

/// These members of a group.
pub(super) fn find(db: &mut Db, chat_id: i64, ids: &[i64]) -> Result<Vec<MemberResponse>, Error> {
    let rows = chat_members::table.filter(chat_members::chat_id.eq(chat_id)).filter(chat_members::user_id.eq_any(ids));
    let rows = rows.order(chat_members::user_id).select(MemberRow::as_select()).load(db)?;
    show(db, rows)
}

fn show(db: &mut Db, rows: Vec<MemberRow>) -> Result<Vec<MemberResponse>, Error> {
    let ids: Vec<i64> = rows.iter().map(|row| row.user_id).collect();
    let people = find_people(db, &ids)?;
    let shown = rows.into_iter().filter_map(|row| {
        let person = people.get(&row.user_id)?.clone(); // a member is somebody (foreign key)
        let read_number = (row.standing() == Standing::Active).then_some(row.read_number);
        Some(MemberResponse { person, role: row.role(), read_number, joined_at: row.joined_at })
    });
    Ok(shown.collect())
}
