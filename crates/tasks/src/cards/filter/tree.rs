//! What a filter says.

use poligon_common::input::Whole;
use poligon_core::db::Timestamp;

use crate::cards::priority::Priority;

/// What cards are asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// All of them must hold; every card fits when there are none.
    pub(crate) terms: Vec<Term>,
}

/// One condition, or its opposite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    /// Whether the condition must not hold.
    pub(crate) negated: bool,
    /// What must hold, or must not.
    pub(crate) condition: Condition,
}

/// What may be true of a card. Of several values one must hold; there is always one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Condition {
    /// Title or description has this word, which is in normalisation form C.
    Word(String),
    /// Title or description has these words in this order.
    Phrase(String),
    /// Somebody of these works on it.
    Assignee(Assignees),
    /// It has one of these labels.
    Label(Labels),
    /// It stands in a column with one of these names, as [`crate::names::name_key`] has them.
    Column(Vec<String>),
    /// How urgent it is.
    Priority(Vec<Bounds<Priority>>),
    /// When it must be done.
    Due(Perhaps<Timestamp>),
    /// When it begins.
    Start(Perhaps<Timestamp>),
    /// When it was made.
    Created(Vec<Bounds<Timestamp>>),
    /// How much work it is.
    Estimate(Perhaps<Estimate>),
    /// Its number in the project.
    Number(Vec<i64>),
    /// Where it is in its life.
    Is(Vec<State>),
    /// What there is on it.
    Has(Vec<Part>),
}

/// Who works on a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Assignees {
    /// Whoever asks.
    pub(crate) me: bool,
    /// Nobody at all.
    pub(crate) none: bool,
    /// These, as [`poligon_core::users::username_key`] has their names.
    pub(crate) names: Vec<String>,
}

/// The labels of a card.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Labels {
    /// None at all.
    pub(crate) none: bool,
    /// These, as [`crate::names::name_key`] has their names.
    pub(crate) names: Vec<String>,
}

/// What a card may not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Perhaps<T> {
    /// It has none.
    pub(crate) none: bool,
    /// It is within one of these.
    pub(crate) within: Vec<Bounds<T>>,
}

/// From one value to another, both included. Instants are those of milliseconds, as they are stored, so that the last of
/// a day is at 23:59:59.999.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds<T> {
    /// The least, if there is one; not above the greatest.
    pub(crate) least: Option<T>,
    /// The greatest, if there is one.
    pub(crate) most: Option<T>,
}

/// How much work a card is.
pub(crate) type Estimate = Whole<0, 1000>;

/// Where a card is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Put away.
    Archived,
    /// Neither put away nor done.
    Open,
    /// In a column of what is done.
    Done,
    /// Not done, and its time is over.
    Overdue,
    /// Nobody works on it.
    Unassigned,
}

impl State {
    /// All of them, as they are written.
    pub(super) const ALL: [(&'static str, Self); 5] = [
        ("archived", Self::Archived),
        ("open", Self::Open),
        ("done", Self::Done),
        ("overdue", Self::Overdue),
        ("unassigned", Self::Unassigned),
    ];
}

/// What there may be on a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// A time when it must be done.
    Due,
    /// How much work it is.
    Estimate,
    /// A label.
    Label,
    /// A comment.
    Comment,
    /// An attachment.
    Attachment,
    /// A checklist.
    Checklist,
}

impl Part {
    /// All of them, as they are written.
    pub(super) const ALL: [(&'static str, Self); 6] = [
        ("due", Self::Due),
        ("estimate", Self::Estimate),
        ("label", Self::Label),
        ("comment", Self::Comment),
        ("attachment", Self::Attachment),
        ("checklist", Self::Checklist),
    ];
}
