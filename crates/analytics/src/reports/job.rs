//! Making reports, and removing old ones.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::db::Db;
use poligon_core::jobs::{Job, JobError};
use poligon_core::security::identity::roles_and_permissions;
use poligon_core::{random, strays};
use serde_json::Value;

use super::input::Format;
use super::model::{self, Row};
use super::{chart, html};
use crate::dashboards::{self, Figures, View};
use crate::error::Error;
use crate::exports;

/// Makes a report.
pub(super) const MAKE: &str = "analytics.make_report";

/// A part of a report: what stands above it, and what it shows. What its owner may not see is left out.
pub(super) struct Section {
    pub(super) title: String,
    pub(super) figures: Arc<Figures>,
}

/// What is done in the background.
pub(crate) fn jobs() -> Vec<Job> {
    let mut make = Job::on_demand(MAKE, 4, make);
    make.timeout = Duration::from_mins(5);
    let sweep = Job::periodic("analytics.sweep_reports", Duration::from_hours(1), |ctx| async move {
        let now = ctx.clock.now();
        ctx.db
            .write(move |db| model::give_up_old(db, now))
            .await
            .map_err(|error: Error| JobError(error.to_string()))?;
        let step = || ctx.db.write(move |db| model::remove_old(db, now));
        while step().await.map_err(|error: Error| JobError(error.to_string()))? {}
        Ok(())
    });
    vec![make, sweep]
}

async fn make(ctx: Ctx, payload: Value) -> Result<(), JobError> {
    let Some(id) = payload["report_id"].as_i64() else { return Ok(()) };
    make_one(&ctx, id).await.map_err(|error| JobError(error.to_string()))
}

/// Why a report is not made, this time.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Rule(#[from] Error),
    #[error("{0}")]
    Other(String),
}

impl Failure {
    fn of(cause: impl std::fmt::Display) -> Self {
        Self::Other(cause.to_string())
    }
}

async fn make_one(ctx: &Ctx, id: i64) -> Result<(), Failure> {
    let now = ctx.clock.now();
    let Some(report) = ctx.db.write(move |db| model::begin(db, id, now)).await? else { return Ok(()) };
    let owner_id = report.owner_id;
    let (_, permissions) =
        ctx.db.read_primary(move |db: &mut Db| roles_and_permissions(db, owner_id).map_err(Error::from)).await?;
    let view = View::of(permissions, report.days(), &report.tz, now);
    let widgets = dashboards::built_in_widgets(report.template().name(), report.language());
    let (mut sections, mut needed) = (Vec::new(), BTreeSet::new());
    for (place, widget) in (1..).zip(&widgets) {
        if let Some((title, figures)) =
            dashboards::one(ctx, widget, &view).await.map_err(|problem| Failure::of(problem.message()))?
        {
            sections.push(Section { title, figures });
            needed.extend(dashboards::permissions(widget));
        }
        let percent = 90 * place / i64::try_from(widgets.len()).unwrap_or(1).max(1);
        ctx.db.write(move |db| model::progress(db, id, percent)).await?;
    }
    keep(ctx, &report, (sections, needed)).await
}

/// Writes the file, and says that it is there.
async fn keep(
    ctx: &Ctx,
    report: &Row,
    (sections, needed): (Vec<Section>, BTreeSet<&'static str>),
) -> Result<(), Failure> {
    let id = report.id;
    let name = format!("reports/{id}-{}.{}", random::id().map_err(Failure::of)?, report.format().name());
    let (file, due) = (name.clone(), ctx.clock.now() + strays::UPLOAD);
    ctx.db.write(move |db| strays::note(db, &file, std::slice::from_ref(&file), due).map_err(Error::from)).await?;
    let (written, made) = (report.clone(), ctx.clock.now());
    let folder = ctx.config.data_dir.0.clone();
    let work = move || match written.format() {
        Format::Html => html::page(&written, &sections, made).map_err(Failure::of),
        Format::Xlsx => {
            let figures: Vec<_> = sections.iter().map(|part| (part.title.as_str(), part.figures.as_ref())).collect();
            exports::workbook(&figures, &folder).map_err(Failure::of)
        }
    };
    let bytes = tokio::task::spawn_blocking(work).await.map_err(Failure::of)??;
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    ctx.storage.put(&name, bytes).await.map_err(Failure::of)?;
    let now = ctx.clock.now();
    Ok(ctx.db.write(move |db| model::finish(db, id, (&name, size, &needed), now)).await?)
}

/// A chart of a section, as SVG; none of what is better read as a table.
pub(super) fn drawn(section: &Section, language: poligon_common::html::Language) -> Option<String> {
    chart::of(&section.title, &section.figures, language)?.svg().ok()
}
