//! Reports, assignments and decisions as clients write them.

use poligon_common::input::{FilterId, Object, Prose, Remark};
use poligon_common::markdown::is_seen;
use poligon_common::{FieldError, Problem, Refused};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::checks::Check;
use super::log::Action;
use super::object::ObjectKind;
use super::status::{Decision, Reason, Status};

/// Most decisions of one request.
const MOST: usize = 100;

/// A report.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentReportRequest)]
pub(crate) struct ReportRequest {
    /// What kind of thing.
    pub(super) kind: ObjectKind,
    /// Its id.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) id: FilterId,
    /// Why.
    pub(super) reason: Reason,
    /// What the moderators should know.
    #[serde(default)]
    #[schema(value_type = String, max_length = 1000)]
    pub(super) note: Prose<1000>,
}

/// Which of one's own reports are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnReportParams {
    /// The state of what was reported: whether it waits, or was decided.
    #[param(inline)]
    pub(super) status: Option<Status>,
}

/// Who shall have a case.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentAssigneeRequest)]
pub(crate) struct AssigneeRequest {
    /// The id of a moderator; `null` for nobody.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(value_type = Option<i64>, minimum = 1, required = true)]
    pub(super) assignee_id: Option<FilterId>,
}

/// A decision on a case.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentDecisionRequest)]
pub(crate) struct DecisionRequest {
    /// The case.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) case_id: FilterId,
    /// What is decided.
    pub(super) decision: Decision,
    /// Why: whoever wrote it reads this. Required for anything but `approve`.
    #[serde(default)]
    #[schema(value_type = String, max_length = 500)]
    pub(super) reason: Remark,
    /// The version of the case that was read; without it, whatever the case and its object are now.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    pub(super) version: Option<FilterId>,
}

/// Decisions on 1 to 100 cases.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Vec<Object<DecisionRequest>>")]
pub(super) struct Decisions(pub(super) Vec<DecisionRequest>);

impl TryFrom<Vec<Object<DecisionRequest>>> for Decisions {
    type Error = Refused;

    fn try_from(given: Vec<Object<DecisionRequest>>) -> Result<Self, Refused> {
        if !(1..=MOST).contains(&given.len()) {
            return Err(Refused::new("length", format!("must be 1 to {MOST} decisions")));
        }
        Ok(Self(given.into_iter().map(|one| one.0).collect()))
    }
}

/// Decisions on many cases.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ContentDecisionsRequest)]
pub(crate) struct DecisionsRequest {
    /// Each, in the order in which they are made.
    #[schema(value_type = Vec<DecisionRequest>, min_items = 1, max_items = 100)]
    pub(super) decisions: Decisions,
}

impl DecisionsRequest {
    /// Refuses decisions without a reason that need one, before any is made.
    pub(super) fn require_reasons(&self) -> Result<(), Problem> {
        let lacks = |one: &DecisionRequest| one.decision != Decision::Approve && !is_seen(&one.reason.0);
        let lacking = self.decisions.0.iter().enumerate().filter(|(_, one)| lacks(one));
        let wrong = |(index, _)| {
            let message = "is required for anything but approve";
            FieldError::new(format!("/decisions/{index}/reason"), "required", message)
        };
        let wrong: Vec<FieldError> = lacking.map(wrong).collect();
        if wrong.is_empty() { Ok(()) } else { Err(Problem::invalid(wrong)) }
    }
}

/// Who has the cases that a list is filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum AssigneeFilter {
    /// The caller.
    Me,
    /// Nobody.
    Nobody,
    /// Somebody.
    Person(i64),
}

impl TryFrom<String> for AssigneeFilter {
    type Error = Refused;

    fn try_from(given: String) -> Result<Self, Refused> {
        match given.as_str() {
            "me" => Ok(Self::Me),
            "none" => Ok(Self::Nobody),
            id => {
                let id = id.parse().ok().filter(|id| *id > 0);
                id.map(Self::Person).ok_or_else(|| Refused::new("assignee", "must be an id, me, or none"))
            }
        }
    }
}

/// An order of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ContentCaseSort)]
pub(crate) enum Sort {
    /// Who waits longest comes first.
    Oldest,
    /// The newest first.
    Newest,
    /// What was reported most first.
    Reports,
}

/// Which cases are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct CaseParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// What they are about.
    #[param(inline)]
    pub(super) kind: Option<ObjectKind>,
    /// Somebody has reported it for this.
    #[param(inline)]
    pub(super) reason: Option<Reason>,
    /// This check has found something.
    #[param(inline)]
    pub(super) flag: Option<Check>,
    /// Who has them: the id of a moderator, `me`, or `none` for nobody.
    #[param(value_type = Option<String>, pattern = "^(me|none|[1-9][0-9]{0,17})$")]
    pub(super) assignee: Option<AssigneeFilter>,
    /// The order; `oldest` unless said. A case that is reported while its list is read by `reports` may come twice, or not.
    #[param(inline)]
    pub(super) sort: Option<Sort>,
}

/// Which entries of the log are asked for.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct LogParams {
    /// The case.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) case_id: Option<FilterId>,
    /// Who did it.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) actor_id: Option<FilterId>,
    /// What was done.
    #[param(inline)]
    pub(super) action: Option<Action>,
}
