//! People, all or by their names, in order of id.

use diesel::dsl::{exists, not};
use diesel::prelude::*;
use poligon_core::db::{Db, any_of};
use poligon_core::schema::users;
use serde::{Deserialize, Serialize};

use super::names;
use super::person::Person;
use crate::error::Error;
use crate::schema::{social_name_words, social_ties};
use crate::visibility::Viewer;

/// Where a page ended: the id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Cursor {
    /// Lists of other kinds have other names here.
    pub(super) person: i64,
}

/// What is asked for: everybody, or those who have words that begin with these.
#[derive(Debug, Clone, Default)]
pub(super) struct Words(Option<Vec<String>>);

impl Words {
    /// The words of a query. One without any finds nobody.
    pub(super) fn of(query: Option<&str>) -> Self {
        let Some(query) = query else { return Self(None) };
        let all = names::words(query);
        // `iv` asks nothing beside `ivan`.
        let asks = |word: &&String| !all.iter().any(|other| other != *word && other.starts_with(word.as_str()));
        Self(Some(all.iter().filter(asks).cloned().collect()))
    }
}

/// Whether the word of the row begins with this.
macro_rules! begins {
    ($word:expr) => {
        social_name_words::word.ge($word.clone()).and(social_name_words::word.lt(names::end_of_range($word)))
    };
}

/// People up to whom those that a word finds are put together first. When they are more, everybody is looked at in order of
/// id until the page is full: it soon is, and nobody makes a list of a good part of all people for it.
const FEW: i64 = 1_000;

/// How the people who are found are looked for.
#[derive(Debug)]
struct Plan {
    /// Those who have each of the words that few have; `None` when there is no such word.
    few: Option<Vec<i64>>,
    /// Words that many have.
    common: Vec<String>,
}

impl Plan {
    fn of(db: &mut Db, words: &Words) -> Result<Self, Error> {
        let mut plan = Self { few: None, common: Vec::new() };
        for word in words.0.iter().flatten() {
            let having = social_name_words::table.filter(begins!(word)).select(social_name_words::user_id);
            let having: Vec<i64> = having.limit(FEW + 1).load(db)?;
            if i64::try_from(having.len()).is_ok_and(|count| count > FEW) {
                plan.common.push(word.clone());
                continue;
            }
            plan.few = Some(match plan.few {
                None => having,
                Some(few) => few.into_iter().filter(|id| having.contains(id)).collect(),
            });
        }
        Ok(plan)
    }
}

/// The people who are found. A macro because the type of a boxed query is nothing to write down.
macro_rules! found {
    ($db:expr, $plan:expr, $viewer:expr) => {{
        let plan: &Plan = $plan;
        let mut query = users::table.filter(users::deleted_at.is_null()).into_boxed();
        if let Some(viewer) = $viewer.user_id {
            let tie = social_ties::user_id.eq(viewer).and(social_ties::other_id.eq(users::id));
            query = query.filter(not(exists(social_ties::table.filter(tie).filter(social_ties::cut))));
        }
        if let Some(few) = &plan.few {
            query = query.filter(any_of($db, users::id, few));
        }
        for word in &plan.common {
            let own = social_name_words::table.filter(social_name_words::user_id.eq(users::id));
            query = query.filter(exists(own.filter(begins!(word))));
        }
        query
    }};
}

/// A page of people behind a cursor, and how many there are if that is asked.
pub(super) fn page(
    db: &mut Db,
    words: &Words,
    viewer: Viewer,
    behind: Option<Cursor>,
    most: i64,
    counted: bool,
) -> Result<(Vec<Person>, Option<i64>), Error> {
    if words.0.as_ref().is_some_and(Vec::is_empty) {
        return Ok((Vec::new(), counted.then_some(0)));
    }
    let plan = Plan::of(db, words)?;
    let total = if counted { Some(found!(db, &plan, viewer).count().get_result(db)?) } else { None };
    let query = found!(db, &plan, viewer).filter(users::id.gt(behind.map_or(0, |cursor| cursor.person)));
    let columns = (users::id, users::username, users::display_name, users::avatar_url);
    let rows: Vec<(i64, String, String, Option<String>)> =
        query.order(users::id).limit(most).select(columns).load(db)?;
    let people = rows.into_iter().map(|(id, username, display_name, avatar_url)| Person {
        id,
        username,
        display_name,
        avatar_url,
    });
    Ok((people.collect(), total))
}
