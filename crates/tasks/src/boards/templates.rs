//! What a new board begins with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::kind::ColumnType::{self, Active, Backlog, Done};

/// Which columns and labels a new board has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Template {
    /// None.
    Empty,
    /// A flow with limits of work in progress.
    #[default]
    Kanban,
    /// A product backlog and a sprint.
    Scrum,
    /// Reports that are confirmed, mended and verified.
    BugTriage,
}

/// A column: its name, its type, its limit.
pub(crate) type Column = (&'static str, ColumnType, Option<i64>);
/// A label: its name, its colour.
pub(crate) type Label = (&'static str, &'static str);

impl Template {
    /// All of them.
    #[cfg(test)]
    pub(crate) const ALL: [Self; 4] = [Self::Empty, Self::Kanban, Self::Scrum, Self::BugTriage];

    /// From left to right.
    pub(crate) fn columns(self) -> &'static [Column] {
        match self {
            Self::Empty => &[],
            Self::Kanban => &[
                ("Backlog", Backlog, None),
                ("Ready", Backlog, Some(10)),
                ("In progress", Active, Some(5)),
                ("Review", Active, Some(5)),
                ("Done", Done, None),
            ],
            Self::Scrum => &[
                ("Product backlog", Backlog, None),
                ("Sprint backlog", Backlog, None),
                ("In progress", Active, None),
                ("In review", Active, None),
                ("Done", Done, None),
            ],
            Self::BugTriage => &[
                ("New", Backlog, None),
                ("Confirmed", Backlog, None),
                ("Fixing", Active, Some(5)),
                ("Verifying", Active, Some(5)),
                ("Closed", Done, None),
            ],
        }
    }

    /// In no order.
    pub(crate) fn labels(self) -> &'static [Label] {
        match self {
            Self::Empty => &[],
            Self::Kanban => &[("Feature", "#0072b2"), ("Bug", "#d55e00"), ("Chore", "#999999")],
            Self::Scrum => &[("Story", "#0072b2"), ("Bug", "#d55e00"), ("Spike", "#cc79a7"), ("Chore", "#999999")],
            Self::BugTriage => &[
                ("Regression", "#d55e00"),
                ("Crash", "#cc79a7"),
                ("Needs info", "#f0e442"),
                ("Duplicate", "#999999"),
                ("Won't fix", "#56b4e9"),
            ],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ColumnType, Template};

    #[test]
    fn every_template_but_the_empty_one_begins_and_ends_somewhere() {
        for template in Template::ALL.into_iter().skip(1) {
            let kinds: Vec<ColumnType> = template.columns().iter().map(|column| column.1).collect();
            assert_eq!((kinds.first(), kinds.last()), (Some(&ColumnType::Backlog), Some(&ColumnType::Done)));
            assert!(kinds.contains(&ColumnType::Active) && kinds.is_sorted());
            assert!(!template.labels().is_empty());
        }
    }
}
