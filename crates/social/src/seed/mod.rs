//! Demo data of the social network: people with hubs whom many follow, circles of friends, locked accounts, pairs who
//! have blocked each other; what they write, react to and talk about. Everything follows from the seed and the anchor.

mod chats;
mod graph;
mod people;
mod posts;
mod talk;
mod words;

use poligon_core::db::{Db, DbError, Timestamp, dialect};
use poligon_core::schema::users;
use poligon_core::security::KeyRing;
use poligon_core::seed::{Plan, Profile};

use std::collections::BTreeMap;

use diesel::prelude::*;

use graph::Graph;
use posts::Post;
use talk::Talk;

/// Makes chance of its own, so that the data of other domains stays as it is.
const SALT: u64 = 0x736f_6369_616c_0000;
/// Rows that go to the database at once: few enough that a start holds little memory for them.
const BATCH: usize = 200;

/// How much is made.
struct Size {
    /// People who take part: the first ones.
    people: i64,
    posts: i64,
    /// Whom a person follows, on average, beside the circle of friends.
    follows: usize,
    /// Whether people talk: comments, reactions, bookmarks, conversations.
    talk: bool,
}

impl Size {
    fn of(profile: Profile) -> Option<Self> {
        match profile {
            Profile::Empty => None,
            Profile::Demo => Some(Self { people: 309, posts: 5_000, follows: 18, talk: true }),
            Profile::Large => Some(Self { people: 100_000, posts: 1_000_000, follows: 48, talk: false }),
        }
    }
}

/// Somebody who takes part.
#[derive(Debug, Clone, Queryable)]
struct Somebody {
    id: i64,
    username: String,
    display_name: String,
    created_at: Timestamp,
}

/// Makes the demo data of a plan, if its people are there.
pub(crate) fn seed(db: &mut Db, plan: &Plan<'_>, _: &KeyRing) -> Result<(), DbError> {
    let Some(size) = Size::of(plan.profile) else { return Ok(()) };
    let first = users::table.filter(users::id.le(size.people)).order(users::id);
    let columns = (users::id, users::username, users::display_name, users::created_at);
    let people: Vec<Somebody> = first.select(columns).load(db)?;
    if i64::try_from(people.len()) != Ok(size.people) {
        return Ok(()); // other people than the demo's: nobody is made to say something
    }
    let graph = Graph::new(&size, plan.seed);
    let posts = posts::all(plan, &people, &graph, &size);
    let written = if size.talk {
        let posts: Vec<Post<'_>> = posts.collect();
        let talk = Talk::about(&posts, plan, &people, &graph);
        let written = posts::insert(db, plan, posts.into_iter(), talk.counts(), &size)?;
        talk.insert(db, plan)?;
        chats::insert(db, plan, &people, &graph)?;
        written
    } else {
        posts::insert(db, plan, posts, &BTreeMap::new(), &size)?
    };
    people::insert(db, plan, &people, &graph, &written)?;
    for table in ["posts", "comments", "bookmarks", "chats", "messages"] {
        dialect::reset_identity(db, table)?;
    }
    Ok(dialect::analyze(db, &["social_profiles", "social_ties", "posts", "post_tags", "comments"])?)
}
