//! A person as the network shows them: what they say of themselves, how many there are around them, and what they are to
//! whoever looks.

use diesel::prelude::*;
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::schema::users;
use serde::Serialize;
use utoipa::ToSchema;

use super::http::ProfilePatch;
use super::pair::{Pair, lock_profiles};
use super::person::Person;
use super::relationship::Relationship;
use super::standing::{hidden_from, require_active};
use super::tie::{Follow, Friend};
use super::unlock;
use crate::error::Error;
use crate::schema::{social_profiles, social_ties};
use crate::visibility::Viewer;

/// A person of the network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct ProfileResponse {
    /// The person's id.
    id: i64,
    /// The unique name.
    username: String,
    /// The name for people.
    display_name: String,
    /// Where the picture is; `null` for whom the caller blocks, too.
    avatar_url: Option<String>,
    /// What they say of themselves; empty for whom the caller blocks, as are the counts.
    bio: String,
    /// Whether they decide on who follows them, and show their lists of people to followers and friends only.
    locked: bool,
    /// When they came.
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
    /// How many there are of what the caller may see.
    counts: ProfileCounts,
    /// What the caller and this person are to each other; `null` for oneself, and when nobody is logged in.
    relationship: Option<Relationship>,
}

/// How many there are of what the caller may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, ToSchema)]
pub(crate) struct ProfileCounts {
    /// People who follow this one, without those who are hidden from the caller.
    pub(super) followers: i64,
    /// People whom this one follows, without those who are hidden from the caller.
    pub(super) following: i64,
    /// Friends, without those who are hidden from the caller.
    pub(super) friends: i64,
    /// Published posts that the caller sees.
    posts: i64,
}

/// The row of `social_profiles` as far as it is shown; whoever has none is as new.
#[derive(Debug, Clone, Default, Queryable, Selectable)]
#[diesel(table_name = social_profiles)]
struct Row {
    bio: String,
    locked: bool,
    followers_count: i64,
    following_count: i64,
    friends_count: i64,
    public_posts: i64,
    followers_posts: i64,
    friends_posts: i64,
    private_posts: i64,
}

/// A person, and what they are to a viewer.
pub(super) struct Found {
    person: Person,
    joined_at: Timestamp,
    row: Row,
    /// Nothing for oneself, and when nobody is logged in.
    pair: Option<Pair>,
    own: bool,
}

/// A person whom the viewer may know of. Whoever blocks the viewer is not there; whom the viewer blocks is, so that they
/// can be unblocked.
pub(super) fn find(db: &mut Db, id: i64, viewer: Viewer) -> Result<Found, Error> {
    let columns = (users::id, users::username, users::display_name, users::avatar_url, users::created_at);
    let living = users::table.find(id).filter(users::deleted_at.is_null()).select(columns);
    let found: Option<(i64, String, String, Option<String>, Timestamp)> = living.first(db).optional()?;
    let (id, username, display_name, avatar_url, joined_at) = found.ok_or(Error::NotFound)?;
    let pair = match viewer.user_id.filter(|viewer| *viewer != id) {
        Some(viewer) => Some(Pair::load(db, viewer, id)?),
        None => None,
    };
    pair.as_ref().map_or(Ok(()), Pair::require_known)?;
    let row = social_profiles::table.find(id).select(Row::as_select()).first(db).optional()?.unwrap_or_default();
    let person = Person { id, username, display_name, avatar_url };
    Ok(Found { person, joined_at, row, pair, own: viewer.user_id == Some(id) })
}

impl Found {
    /// How many there are of what the viewer may see.
    pub(super) fn counts(&self, db: &mut Db, viewer: Viewer) -> Result<ProfileCounts, Error> {
        let hidden = if self.own { Hidden::default() } else { Hidden::of(db, self.person.id, viewer)? };
        Ok(ProfileCounts {
            // Who is hidden was counted a moment later: there are never fewer than none.
            followers: (self.row.followers_count - hidden.followers).max(0),
            following: (self.row.following_count - hidden.following).max(0),
            friends: (self.row.friends_count - hidden.friends).max(0),
            posts: self.posts(),
        })
    }

    /// The same rule as that of a single post, `visibility::seen_by`, on the counters of each kind.
    fn posts(&self) -> i64 {
        let Row { public_posts, followers_posts, friends_posts, private_posts, .. } = self.row;
        match &self.pair {
            _ if self.own => public_posts + followers_posts + friends_posts + private_posts,
            Some(pair) if pair.mine.cut => 0,
            Some(pair) if pair.mine.friend() == Friend::Friends => public_posts + followers_posts + friends_posts,
            Some(pair) if pair.mine.follow() == Follow::Following => public_posts + followers_posts,
            _ => public_posts,
        }
    }

    /// Refuses whoever may not see this person's lists: somebody whom they block (as if they were not there) or who
    /// blocks them; of a locked account, everybody but its followers and friends.
    pub(super) fn require_lists(&self) -> Result<(), Error> {
        let Some(pair) = &self.pair else {
            return if self.own || !self.row.locked { Ok(()) } else { Err(Error::LockedAccount) };
        };
        pair.require_open()?;
        let near = pair.mine.follow() == Follow::Following || pair.mine.friend() == Friend::Friends;
        if near || !self.row.locked { Ok(()) } else { Err(Error::LockedAccount) }
    }
}

impl Found {
    fn response(self, counts: ProfileCounts, now: Timestamp) -> ProfileResponse {
        let Self { person, joined_at, row, pair, .. } = self;
        ProfileResponse {
            id: person.id,
            username: person.username,
            display_name: person.display_name,
            avatar_url: person.avatar_url,
            bio: row.bio,
            locked: row.locked,
            joined_at,
            counts,
            relationship: pair.map(|pair| Relationship::of(&pair, now)),
        }
    }

    /// Somebody whom the viewer blocks: enough to unblock them. Somebody who blocks the viewer, too, is to be hidden from
    /// them; and both look the same, so that nobody learns from the answer whether they are blocked.
    fn name_only(mut self, now: Timestamp) -> ProfileResponse {
        self.person.avatar_url = None;
        self.row = Row::default();
        self.response(ProfileCounts::default(), now)
    }
}

/// How many of those around a person are hidden from a viewer.
#[derive(Debug, Clone, Copy, Default)]
struct Hidden {
    followers: i64,
    following: i64,
    friends: i64,
}

impl Hidden {
    fn of(db: &mut Db, id: i64, viewer: Viewer) -> Result<Self, Error> {
        use social_ties as of;
        let mut all = Self::default();
        let Some(viewer) = viewer.user_id else { return Ok(all) };
        let hidden = hidden_from(db, viewer)?;
        if hidden.is_empty() {
            return Ok(all);
        }
        let to_hidden = of::table.filter(of::user_id.eq(id)).filter(any_of(db, of::other_id, &hidden));
        for (follow, friend) in to_hidden.select((of::follow, of::friend)).load::<(String, String)>(db)? {
            all.following += i64::from(follow == "following");
            all.friends += i64::from(friend == "friends");
        }
        let from_hidden = of::table.filter(of::other_id.eq(id)).filter(any_of(db, of::user_id, &hidden));
        for follow in from_hidden.select(of::follow).load::<String>(db)? {
            all.followers += i64::from(follow == "following");
        }
        Ok(all)
    }
}

/// A person as they are shown to a viewer.
pub(super) fn show(db: &mut Db, id: i64, viewer: Viewer, now: Timestamp) -> Result<ProfileResponse, Error> {
    let found = find(db, id, viewer)?;
    if found.pair.as_ref().is_some_and(|pair| pair.mine.cut) {
        return Ok(found.name_only(now));
    }
    let counts = found.counts(db, viewer)?;
    Ok(found.response(counts, now))
}

/// Changes one's own profile; answers whether there are requests to follow that wait for nobody's word any more.
pub(super) fn update(db: &mut Db, me: i64, patch: &ProfilePatch, now: Timestamp) -> Result<bool, Error> {
    require_active(db, me, now)?;
    lock_profiles(db, &[me])?;
    let row = social_profiles::table.find(me);
    if let Some(bio) = &patch.bio {
        diesel::update(row).set(social_profiles::bio.eq(&bio.0)).execute(db)?;
    }
    if let Some(locked) = patch.locked {
        diesel::update(row).set(social_profiles::locked.eq(locked)).execute(db)?;
    }
    let opened = patch.locked == Some(false) && unlock::has_requests(db, me)?;
    if opened {
        unlock::enqueue(db, me, unlock::PATIENCE_S, now)?;
    }
    Ok(opened)
}
