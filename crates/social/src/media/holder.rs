//! What a picture stands in: who sees it by that, and what becomes of it with that.

use diesel::prelude::*;
use poligon_core::db::Db;

use crate::chats::readable_message;
use crate::error::Error;
use crate::moderation::{ObjectKind, has_open_report, shows_picture};
use crate::schema::social_media as media;
use crate::visibility::{self, Reason, Viewer};

/// What takes a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Holder {
    /// The post with this id.
    Post(i64),
    /// The message with this id.
    Message(i64),
}

impl Holder {
    /// As reports name it.
    fn reported(self) -> (ObjectKind, i64) {
        match self {
            Self::Post(id) => (ObjectKind::Post, id),
            Self::Message(id) => (ObjectKind::Message, id),
        }
    }

    /// Refuses whoever sees no picture of it; whoever decides on a report sees those that it shows.
    fn require_seen(self, db: &mut Db, media_id: i64, viewer: Viewer) -> Result<(), Error> {
        let seen = match self {
            Self::Post(id) => visibility::require_seen(db, id, viewer),
            Self::Message(id) => match viewer.user_id {
                Some(user_id) => readable_message(db, id, user_id).map(drop),
                None => Err(Error::NotFound),
            },
        };
        match seen {
            Err(Error::NotFound) if viewer.moderator => {
                let (kind, id) = self.reported();
                if shows_picture(db, kind, id, media_id)? { Ok(()) } else { Err(Error::NotFound) }
            }
            seen => seen,
        }
    }
}

/// A file that may be sent.
#[derive(Debug, Clone)]
pub(super) struct MediaFile {
    pub(super) file: String,
    pub(super) media_type: String,
    /// Whether everybody may see it.
    pub(super) public: bool,
}

#[derive(Debug, Clone, Queryable)]
struct Stands {
    owner_id: i64,
    file: String,
    media_type: String,
    post_id: Option<i64>,
    message_id: Option<i64>,
}

/// The file of a picture that the viewer may see. Anybody else is told that there is none.
pub(super) fn find_file(db: &mut Db, id: i64, viewer: Viewer) -> Result<MediaFile, Error> {
    let columns = (media::owner_id, media::file, media::media_type, media::post_id, media::message_id);
    let row = media::table.find(id).filter(media::status.eq("stored")).select(columns);
    let row: Stands = row.first(db).optional()?.ok_or(Error::NotFound)?;
    let holder = row.post_id.map(Holder::Post).or(row.message_id.map(Holder::Message));
    if viewer.user_id != Some(row.owner_id) {
        holder.ok_or(Error::NotFound)?.require_seen(db, id, viewer)?;
    }
    let public = match row.post_id {
        Some(post_id) => visibility::verdict(db, post_id, Viewer::default())? == Reason::Public,
        None => false,
    };
    Ok(MediaFile { file: row.file, media_type: row.media_type, public })
}

/// Lets go of the pictures of what was deleted: their files are removed like those that nobody has used. As long as a
/// report of it is open they stay, for whoever decides on that.
pub(crate) fn let_go(db: &mut Db, holder: Holder) -> Result<(), Error> {
    let (kind, id) = holder.reported();
    let doomed = (media::status.eq("doomed"), media::post_id.eq(None::<i64>), media::message_id.eq(None::<i64>));
    let theirs = match holder {
        Holder::Post(_) => media::table.filter(media::post_id.eq(id)).select(media::id).load::<i64>(db)?,
        Holder::Message(_) => media::table.filter(media::message_id.eq(id)).select(media::id).load::<i64>(db)?,
    };
    if theirs.is_empty() || has_open_report(db, kind, id)? {
        return Ok(());
    }
    diesel::update(media::table.filter(media::id.eq_any(theirs))).set(doomed).execute(db)?;
    Ok(())
}
