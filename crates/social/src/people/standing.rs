//! What people are to each other, as other slices ask it.

use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::on_each;
use poligon_core::schema::users;

use crate::error::Error;
use crate::schema::{social_profiles, social_ties};

/// Makes the row of a person, who may have none.
pub(crate) fn ensure_profile(db: &mut Db, user_id: i64) -> Result<(), DbError> {
    let row = social_profiles::user_id.eq(user_id);
    on_each!(db, c => diesel::insert_into(social_profiles::table).values(row).on_conflict_do_nothing().execute(c))?;
    Ok(())
}

/// Ties of a person to those who are hidden from them, and from whom they are hidden.
#[diesel::dsl::auto_type]
pub(crate) fn hidden_ties(user_id: i64) -> _ {
    // Said twice: the first is the condition of the index, the second its column. Without it SQLite reads all of a person's ties.
    let cut = social_ties::cut.and(social_ties::cut.eq(true));
    social_ties::table.filter(social_ties::user_id.eq(user_id)).filter(cut)
}

/// People who are hidden from this person, and from whom this person is hidden, in order of id; nobody for 0.
pub(crate) fn hidden_from(db: &mut Db, user_id: i64) -> Result<Vec<i64>, DbError> {
    Ok(hidden_ties(user_id).order(social_ties::other_id).select(social_ties::other_id).load(db)?)
}

/// Whether one of two people blocks the other.
pub(crate) fn is_cut(db: &mut Db, user_id: i64, other_id: i64) -> Result<bool, DbError> {
    let tie = social_ties::table.find((user_id, other_id)).select(social_ties::cut);
    Ok(tie.first(db).optional()?.unwrap_or(false))
}

/// Refuses whoever is suspended: they read, and write nothing. Whoever has deleted their account is not there: their session
/// has ended, but another copy may remember it for a moment, and nothing is written behind the one that clears up.
pub(crate) fn require_active(db: &mut Db, user_id: i64, now: Timestamp) -> Result<(), Error> {
    let profile = social_profiles::table.on(social_profiles::user_id.eq(users::id));
    let standing = users::table.find(user_id).left_join(profile);
    let standing = standing.select((users::deleted_at, social_profiles::suspended_until.nullable()));
    match standing.first::<(Option<Timestamp>, Option<Timestamp>)>(db).optional()? {
        None | Some((Some(_), _)) => Err(Error::AccountGone),
        Some((None, Some(until))) if until > now => Err(Error::Suspended(until)),
        Some(_) => Ok(()),
    }
}

/// Counts published posts of a person up or down.
pub(crate) fn count_posts(db: &mut Db, author_id: i64, visibility: &str, by: i64) -> Result<(), Error> {
    use social_profiles as of;
    ensure_profile(db, author_id)?;
    let row = of::table.find(author_id);
    match visibility {
        "public" => diesel::update(row).set(of::public_posts.eq(of::public_posts + by)).execute(db)?,
        "followers" => diesel::update(row).set(of::followers_posts.eq(of::followers_posts + by)).execute(db)?,
        "friends" => diesel::update(row).set(of::friends_posts.eq(of::friends_posts + by)).execute(db)?,
        _ => diesel::update(row).set(of::private_posts.eq(of::private_posts + by)).execute(db)?,
    };
    Ok(())
}
