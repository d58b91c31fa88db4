//! Reports and decisions as clients write them.

use poligon_common::Refused;
use poligon_common::input::{FilterId, Prose, Whole};
use serde::{Deserialize, Deserializer};
use serde_json::Value;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{IntoParams, PartialSchema, ToSchema};

use super::object::ObjectKind;
use super::status::{Action, Decision, Reason, Status};

/// What is reported.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportedObjectRequest {
    /// What kind of thing.
    pub(super) kind: ObjectKind,
    /// Its id.
    #[schema(value_type = i64, minimum = 1)]
    pub(super) id: FilterId,
}

/// A report.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportRequest {
    /// What is reported.
    pub(super) object: ReportedObjectRequest,
    /// Why.
    pub(super) reason: Reason,
    /// What the moderators should know.
    #[serde(default)]
    #[schema(value_type = String, max_length = 1000)]
    pub(super) note: Prose<1000>,
}

/// A moderator: by id, or the caller as `me`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) enum Assignee {
    /// The caller.
    Me,
    /// Somebody.
    Person(i64),
}

impl Assignee {
    /// The id, when `caller` says it.
    pub(super) fn id(self, caller: i64) -> i64 {
        match self {
            Self::Me => caller,
            Self::Person(id) => id,
        }
    }
}

impl TryFrom<Value> for Assignee {
    type Error = Refused;

    fn try_from(given: Value) -> Result<Self, Refused> {
        if given == "me" {
            return Ok(Self::Me);
        }
        let id = given.as_i64().filter(|id| *id > 0);
        id.map(Self::Person).ok_or_else(|| Refused::new("assignee", "must be the id of a moderator, me, or null"))
    }
}

impl PartialSchema for Assignee {
    fn schema() -> RefOr<Schema> {
        let id = ObjectBuilder::new().schema_type(Type::Integer).minimum(Some(1.0));
        let me = ObjectBuilder::new().schema_type(Type::String).enum_values(Some(["me"]));
        let nobody = ObjectBuilder::new().schema_type(Type::Null);
        OneOfBuilder::new().item(id).item(me).item(nobody).into()
    }
}

impl ToSchema for Assignee {}

/// A member that has to be there, and may be `null`.
fn nullable<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Assignee>, D::Error> {
    Option::deserialize(deserializer)
}

/// Who looks into a report.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportAssignmentRequest {
    /// The id of a moderator, `me`, or `null` for nobody.
    #[serde(deserialize_with = "nullable")]
    #[schema(value_type = Assignee, required = true)]
    pub(super) assignee_id: Option<Assignee>,
}

/// A moderator's decision.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReportStatusRequest {
    /// What is decided.
    pub(super) status: Decision,
    /// What is done about it; `none` when nothing is said, and when the report is rejected.
    #[serde(default)]
    pub(super) action: Action,
    /// What reporter, and whoever it is about, are told.
    #[serde(default)]
    #[schema(value_type = String, max_length = 1000)]
    pub(super) note: Prose<1000>,
    /// For how many days, when somebody is suspended.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1, maximum = 365)]
    pub(super) suspend_days: Option<Whole<1, 365>>,
}

/// A moderator as a list is filtered by: an id, or `me`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AssigneeFilter(pub(super) Assignee);

impl TryFrom<String> for AssigneeFilter {
    type Error = Refused;

    fn try_from(given: String) -> Result<Self, Refused> {
        if given == "me" {
            return Ok(Self(Assignee::Me));
        }
        let id = given.parse().ok().filter(|id| *id > 0);
        id.map(|id| Self(Assignee::Person(id))).ok_or_else(|| Refused::new("assignee", "must be an id, or me"))
    }
}

/// Which reports are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReportParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
    /// What is reported.
    #[param(inline)]
    pub(super) object_kind: Option<ObjectKind>,
    /// Whom it is about.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) subject_id: Option<FilterId>,
    /// Who looks into it: the id of a moderator, or `me`.
    #[param(value_type = Option<String>, pattern = "^(me|[1-9][0-9]{0,17})$")]
    pub(super) assignee: Option<AssigneeFilter>,
}

/// Which of one's own reports are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct OwnReportParams {
    /// The state.
    #[param(inline)]
    pub(super) status: Option<Status>,
}

/// Which entries of the log are asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ModerationLogParams {
    /// Whom it was about.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) subject_id: Option<FilterId>,
    /// Who did it.
    #[param(value_type = Option<i64>, minimum = 1)]
    pub(super) moderator_id: Option<FilterId>,
}
