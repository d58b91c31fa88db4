//! Lists of media.

use diesel::prelude::*;
use poligon_core::db::Db;

use super::input::MediaParams;
use super::model::{Row, columns};
use super::uses::unused;
use crate::caller::Caller;
use crate::error::Error;
use crate::schema::{content_files as files, content_media as media};

/// Which media are asked for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filter {
    owner_id: Option<i64>,
    kind: Option<&'static str>,
    used: Option<bool>,
}

impl Filter {
    /// What somebody asks for. Others' media are for editors and moderators.
    pub(super) fn of(params: &MediaParams, caller: &Caller) -> Result<Self, Error> {
        let all = params.all == Some(true);
        let owner_id = params.owner_id.map(|id| id.0).or(if all { None } else { Some(caller.user_id) });
        if owner_id != Some(caller.user_id) && !caller.publishes && !caller.moderates {
            return Err(Error::RoleTooLow("only editors and moderators see the media of others"));
        }
        Ok(Self { owner_id, kind: params.kind.map(super::kind::Kind::name), used: params.used })
    }
}

/// The media of a filter, as an expression.
macro_rules! filtered {
    ($filter:expr) => {{
        let mut query = media::table.inner_join(files::table).into_boxed();
        if let Some(owner_id) = $filter.owner_id {
            query = query.filter(media::owner_id.eq(owner_id));
        }
        if let Some(kind) = $filter.kind {
            query = query.filter(media::kind.eq(kind));
        }
        match $filter.used {
            Some(true) => query.filter(diesel::dsl::not(unused!())),
            Some(false) => query.filter(unused!()),
            None => query,
        }
    }};
}

/// Media with smaller ids than `before`, the newest first.
pub(super) fn list(db: &mut Db, filter: Filter, before: Option<i64>, most: i64) -> Result<Vec<Row>, Error> {
    let page = filtered!(filter).filter(media::id.lt(before.unwrap_or(i64::MAX))).order(media::id.desc()).limit(most);
    Ok(page.select(columns()).load(db)?)
}

/// How many there are.
pub(super) fn count(db: &mut Db, filter: Filter) -> Result<i64, Error> {
    Ok(filtered!(filter).count().get_result(db)?)
}
