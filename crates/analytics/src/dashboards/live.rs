//! What becomes of a dashboard while somebody looks at it: other figures, another version, or nothing any more.

use std::collections::{BTreeMap, BTreeSet};

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use diesel::prelude::*;
use poligon_common::streams::{self, event_stream, take_place};
use poligon_common::{Ctx, CurrentUser, Id, Path, Problem};
use poligon_core::db::{Db, Timestamp, any_of};
use poligon_core::schema::user_roles;
use poligon_core::security::live_sessions;

use super::access::Viewer;
use super::data_http::first_version;
use super::hub::{Hub, Joined, Looker, Seen, Signal};
use super::model;
use crate::error::Error;
use crate::schema::{dashboard_shares, dashboards};

/// The topic on the bus: a dashboard has changed, or who sees it.
pub(super) const CHANGED: &str = "analytics.dashboard";

/// The topic on the bus: somebody has chosen which dashboard they see first.
pub(super) const CHOSEN: &str = "analytics.choice";
/// In place of the id of a dashboard: the built-in one, which everybody sees and nobody changes.
pub(super) const BUILT_IN: i64 = 0;

/// Tells everybody who looks at a dashboard that it has changed, or who sees it. To be called after the commit.
pub(super) fn tell(ctx: &Ctx, id: i64) {
    ctx.bus.publish(CHANGED, id);
}

/// Tells somebody's streams of the dashboard that they see first that it is another one. To be called after the commit.
pub(super) fn tell_choice(ctx: &Ctx, user_id: i64) {
    ctx.bus.publish(CHOSEN, user_id);
}

/// The versions of these dashboards, as far as there are any.
pub(super) fn versions(db: &mut Db, ids: &[i64]) -> Result<BTreeMap<i64, i64>, Error> {
    let rows = dashboards::table.filter(any_of(db, dashboards::id, ids)).select((dashboards::id, dashboards::version));
    let mut versions: BTreeMap<i64, i64> = rows.load::<(i64, i64)>(db)?.into_iter().collect();
    versions.insert(BUILT_IN, 0);
    Ok(versions)
}

/// Those of these who may look: by four statements, however many they are.
pub(super) fn allowed(db: &mut Db, lookers: &[Looker], now: Timestamp) -> Result<BTreeSet<Looker>, Error> {
    let distinct =
        |which: fn(&Looker) -> i64| lookers.iter().map(which).collect::<BTreeSet<i64>>().into_iter().collect();
    let (ids, user_ids): (Vec<i64>, Vec<i64>) = (distinct(|looker| looker.0), distinct(|looker| looker.1));
    let session_ids: Vec<i64> = distinct(|looker| looker.2);
    let live = live_sessions(db, &session_ids, now)?;
    let owned =
        dashboards::table.filter(any_of(db, dashboards::id, &ids)).select((dashboards::id, dashboards::owner_id));
    let mut seen: BTreeSet<(i64, i64)> = owned.load::<(i64, i64)>(db)?.into_iter().collect();
    let of_these = dashboard_shares::table.filter(any_of(db, dashboard_shares::dashboard_id, &ids));
    let people = of_these.clone().filter(dashboard_shares::user_id.is_not_null());
    let people = people.select((dashboard_shares::dashboard_id, dashboard_shares::user_id.assume_not_null()));
    seen.extend(people.load::<(i64, i64)>(db)?);
    let by_role = of_these
        .inner_join(user_roles::table.on(dashboard_shares::role.eq(user_roles::role.nullable())))
        .filter(any_of(db, user_roles::user_id, &user_ids))
        .select((dashboard_shares::dashboard_id, user_roles::user_id));
    seen.extend(by_role.load::<(i64, i64)>(db)?);
    let may =
        |(id, user, session): &Looker| live.contains(session) && (*id == BUILT_IN || seen.contains(&(*id, *user)));
    Ok(lookers.iter().copied().filter(may).collect())
}

/// What becomes of a dashboard, as Server-Sent Events: `ready` first, with the present `version`; `changed` with the new one;
/// `figures` when facts have come, at most once a second; `deleted` last, when it is gone. There is nothing to resume: whoever
/// connects again reads the dashboard.
#[utoipa::path(get, path = "/dashboards/{id}/events", params(("id" = i64, Path, minimum = 1)),
    responses((status = 200, description = "Events, until the session ends or the caller may no longer see the dashboard",
        body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream_dashboard_events(
    ctx: Ctx,
    req: HttpRequest,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
) -> Result<HttpResponse, Problem> {
    let viewer = Viewer::from(&user);
    let version = ctx.db.read_primary(move |db| model::find(db, id, &viewer)).await?.summary.version;
    let mut response = event_stream();
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    stream(&ctx, response, ((id, user.user_id, user.session_id), Seen::ByItself), version)
}

/// The same of the dashboard that the caller sees first, the built-in one included, whose version is 0. When they choose another,
/// the stream tells of it as `changed`, and ends: whoever connects again hears of that one.
#[utoipa::path(get, path = "/dashboard/events",
    responses((status = 200, description = "Events, until the session ends or another dashboard is seen first",
        body = String, content_type = "text/event-stream")))]
pub(crate) async fn stream_first_dashboard_events(
    ctx: Ctx,
    req: HttpRequest,
    user: CurrentUser,
) -> Result<HttpResponse, Problem> {
    let (id, version) = first_version(&ctx, &user).await?;
    let mut response = event_stream();
    if req.method() == Method::HEAD {
        return Ok(response.finish());
    }
    let looker = (id.unwrap_or(BUILT_IN), user.user_id, user.session_id);
    let response = stream(&ctx, response, (looker, Seen::First), version)?;
    // Somebody may have chosen before anybody listened.
    if first_version(&ctx, &user).await?.0 != id {
        Hub::of(&ctx).tell_choices(|person| person == user.user_id);
    }
    Ok(response)
}

/// What somebody is told of a dashboard, as a body.
fn stream(
    ctx: &Ctx,
    mut response: HttpResponseBuilder,
    who: (Looker, Seen),
    version: i64,
) -> Result<HttpResponse, Problem> {
    let place = take_place(ctx)?;
    let joined = Hub::of(ctx).join(ctx, who, version);
    let mut closing = joined.signals.clone();
    let over = async move {
        drop(closing.wait_for(|signal| signal.closed).await);
        drop(place);
    };
    let mut feed = Feed { told: None, is_over: false, joined };
    Ok(response.streaming(streams::events(ctx.0.clone(), over, async move || feed.next().await)))
}

/// What one stream is told.
struct Feed {
    /// What the client knows: nothing, before `ready`.
    told: Option<Signal>,
    is_over: bool,
    joined: Joined,
}

impl Feed {
    /// The next event; waits for it.
    async fn next(&mut self) -> Option<String> {
        loop {
            let now = *self.joined.signals.borrow_and_update();
            let version = format!("{{\"version\":{}}}", now.version);
            let Some(told) = &mut self.told else {
                self.told = Some(now);
                return Some(streams::event(None, "ready", &version));
            };
            if self.is_over {
                return None;
            }
            if now.deleted {
                self.is_over = true;
                return Some(streams::event(None, "deleted", "{}"));
            }
            if now.chosen {
                self.is_over = true;
                return Some(streams::event(None, "changed", &version));
            }
            if now.version != told.version {
                told.version = now.version;
                return Some(streams::event(None, "changed", &version));
            }
            if now.figures != told.figures {
                told.figures = now.figures;
                return Some(streams::event(None, "figures", "{}"));
            }
            self.joined.signals.changed().await.ok()?;
        }
    }
}
