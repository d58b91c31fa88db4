//! Lists of cards over HTTP.

use actix_web::Responder;
use poligon_common::input::{FilterId, FilterText};
use poligon_common::page::{Listing, Page, PageParams};
use poligon_common::{Ctx, CurrentUser, FieldError, Id, Path, Problem, Query};
use poligon_core::db::Timestamp;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::filter::Filter;
use super::list::{self, Cursor, Order, Wanted};
use super::priority::Priority;
use super::row::CardSummary;

/// The order of a list of cards; those without a due date come last.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[schema(as = TaskCardSort)]
pub(crate) enum Sort {
    /// By number.
    #[serde(rename = "number")]
    Number,
    /// By number, the newest first.
    #[serde(rename = "-number")]
    NumberDown,
    /// By priority.
    #[serde(rename = "priority")]
    Priority,
    /// By priority, the most urgent first.
    #[serde(rename = "-priority")]
    PriorityDown,
    /// By due date.
    #[serde(rename = "due_at")]
    Due,
    /// By due date, the latest first.
    #[serde(rename = "-due_at")]
    DueDown,
}

impl From<Sort> for Order {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Number => Self::Number,
            Sort::NumberDown => Self::NumberDown,
            Sort::Priority => Self::Priority,
            Sort::PriorityDown => Self::PriorityDown,
            Sort::Due => Self::Due,
            Sort::DueDown => Self::DueDown,
        }
    }
}

/// Which cards of a board are asked for; all of it must hold.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CardParams {
    /// That stand in this column.
    #[param(value_type = Option<i64>, minimum = 1)]
    column_id: Option<FilterId>,
    /// On which this person works.
    #[param(value_type = Option<i64>, minimum = 1)]
    assignee_id: Option<FilterId>,
    /// With this label.
    #[param(value_type = Option<i64>, minimum = 1)]
    label_id: Option<FilterId>,
    /// Of this priority.
    #[param(inline)]
    priority: Option<Priority>,
    /// Due at this instant or later.
    #[param(value_type = Option<String>, format = DateTime)]
    due_from: Option<Timestamp>,
    /// Due at this instant or before.
    #[param(value_type = Option<String>, format = DateTime)]
    due_to: Option<Timestamp>,
    /// With this in title or description.
    #[param(value_type = Option<String>, max_length = 200)]
    q: Option<FilterText<200>>,
    /// In the archive; without it cards on the board, unless the filter asks for `is:archived`.
    archived: Option<bool>,
    /// A filter, such as `assignee:me,ann -label:bug priority:>=high due:2026-10-01..2026-10-31 is:overdue payment`. Terms are
    /// separated by spaces, and all must hold; `-` turns one around; of values with commas one must hold; what has spaces stands
    /// in quotation marks. Fields: `assignee`, `label`, `column`, `priority`, `due`, `start`, `created`, `estimate`, `number`,
    /// `is` (`archived`, `done` for cards in a column of that type, also when it was deleted behind archived ones, `open` for those
    /// that are neither, `overdue` for open ones whose time has passed, `unassigned`), `has` (`due`, `estimate`, `label`, `comment`, `attachment`,
    /// `checklist`). Comparisons of priority, days and
    /// estimates are `>`, `>=`, `<`, `<=` and `from..to`. Every wrong term is told; of `assignee`, a name that nobody has finds nothing.
    #[param(value_type = Option<String>, max_length = 500)]
    filter: Option<String>,
    /// The order; `-number` without it.
    #[param(inline)]
    sort: Option<Sort>,
}

impl CardParams {
    fn wanted(self, now: Timestamp) -> Result<Wanted, Problem> {
        if self.due_from.zip(self.due_to).is_some_and(|(from, to)| to < from) {
            return Err(Problem::invalid(vec![FieldError::new("/due_to", "order", "must not be before due_from")]));
        }
        let filter = Filter::parse(self.filter.as_deref().unwrap_or_default(), now).map_err(Problem::invalid)?;
        Ok(Wanted {
            filter,
            column_ids: self.column_id.map(|id| vec![id.0]),
            assignee_id: self.assignee_id.map(|id| id.0),
            label_id: self.label_id.map(|id| id.0),
            priority: self.priority.map(Priority::number),
            due: (self.due_from.is_some() || self.due_to.is_some()).then_some((self.due_from, self.due_to)),
            text: self.q.map(|text| text.0),
            archived: self.archived,
            order: self.sort.map(Order::from).unwrap_or_default(),
        })
    }
}

/// The cards of a board, without those in the trash, behind filters.
#[utoipa::path(get, path = "/boards/{id}/cards", params(("id" = i64, Path, minimum = 1), CardParams, PageParams),
    responses((status = 200, description = "One page", body = Listing<CardSummary>)))]
pub(crate) async fn list_cards(
    ctx: Ctx,
    user: CurrentUser,
    Path(Id(id)): Path<Id>,
    page: Page,
    Query(params): Query<CardParams>,
) -> Result<impl Responder, Problem> {
    let (user_id, now) = (user.user_id, ctx.clock.now());
    let wanted = params.wanted(now)?;
    let order = wanted.order;
    let behind = page.after::<Cursor>()?;
    if behind.is_some_and(|cursor| !cursor.is_of(id, order)) {
        return Err(Problem::invalid_field("/cursor", "cursor", "is a cursor of another list"));
    }
    let part = (behind, page.fetch(), page.include_total);
    let work = move |db: &mut _| list::list(db, (id, user_id), &wanted, part, now);
    let (rows, total) = ctx.db.read_whole(work).await?;
    Ok(page.answer(rows, total, |card| Cursor::of(id, order, card)))
}
