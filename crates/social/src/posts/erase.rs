//! What goes with a post that is deleted: all that it ever said. Its row stays, for what names it.

use diesel::prelude::*;
use poligon_core::db::text_search::POSTS;
use poligon_core::db::{Db, Json};
use serde_json::{Value, json};

use crate::error::Error;
use crate::media::{self, Holder};
use crate::schema::{post_revisions, post_tags, posts};

/// Takes what a post says and has said, with its pictures, its hashtags and the words that it is found by. The post is
/// taken.
pub(super) fn erase(db: &mut Db, id: i64) -> Result<(), Error> {
    let nothing = || Json::<Value>(json!([]));
    let values = (
        (posts::body.eq(""), posts::html.eq(""), posts::content_warning.eq("")),
        (posts::media.eq(nothing()), posts::mentions.eq(nothing()), posts::tags.eq(nothing())),
    );
    diesel::update(posts::table.find(id)).set(values).execute(db)?;
    diesel::delete(post_revisions::table.filter(post_revisions::post_id.eq(id))).execute(db)?;
    diesel::delete(post_tags::table.filter(post_tags::post_id.eq(id))).execute(db)?;
    POSTS.put(db, id, "", "")?;
    media::let_go(db, Holder::Post(id))
}
