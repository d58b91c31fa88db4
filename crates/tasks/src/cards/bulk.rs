//! Many things done to the cards of one board at once.

use poligon_common::FieldError;
use poligon_common::extract::{Item, Items};
use poligon_common::input::{FilterId, Object};
use poligon_core::db::{Db, Timestamp, attempt};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::content::Content;
use super::create::insert;
use super::input::{AssignRequest, CardPatch, CardRequest, MoveRequest, NewCard};
use super::keep::Step;
use super::row::{self, CardSummary};
use super::status::Status;
use super::update::{edit, reassign, relocate};
use crate::boards::{self, Change, change};
use crate::error::Error;
use crate::projects;
use crate::role::ProjectRole;

/// Most operations of one request.
const MOST: usize = 100;

/// What happens when one of them cannot be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BulkMode)]
pub(crate) enum Mode {
    /// Nothing is done.
    #[default]
    AllOrNothing,
    /// The others are done.
    SkipBad,
}

/// One of many things: a card that is made, or one thing that is done to the card `card_id`.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkOperation {
    /// The card that it is done to.
    #[serde(default)]
    #[schema(value_type = Option<i64>, minimum = 1)]
    card_id: Option<FilterId>,
    /// Makes a card; without `card_id`.
    #[serde(default)]
    #[schema(value_type = Option<NewCard>)]
    create: Option<Object<NewCard>>,
    /// Changes what it says.
    #[serde(default)]
    #[schema(value_type = Option<CardPatch>)]
    update: Option<Object<CardPatch>>,
    /// Puts it to another place.
    #[serde(default, rename = "move")]
    #[schema(value_type = Option<MoveRequest>)]
    to: Option<Object<MoveRequest>>,
    /// Says who works on it.
    #[serde(default)]
    #[schema(value_type = Option<AssignRequest>)]
    assign: Option<Object<AssignRequest>>,
    /// Brings it into the archive, into the trash, or back.
    #[serde(default)]
    status: Option<Status>,
}

/// Many things to do on one board.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkRequest {
    /// The board.
    pub(super) board_id: FilterId,
    /// What happens when one of them cannot be done.
    #[serde(default)]
    mode: Mode,
    /// What is to be done, in this order; 1 to 100.
    #[schema(value_type = Vec<BulkOperation>, min_items = 1, max_items = 100)]
    operations: Items<BulkOperation>,
}

/// What is to be done, or what is wrong with it.
fn deed_of(given: &Item<BulkOperation>) -> Result<Deed<'_>, Error> {
    match given {
        Item::Read(operation) => operation.deed(),
        Item::Wrong(wrong) => Err(Error::Fields(wrong.clone())),
    }
}

fn makes_a_card(given: &Item<BulkOperation>) -> bool {
    matches!(given, Item::Read(operation) if operation.create.is_some())
}

/// Why one of them was not done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BulkError {
    /// Stable name of the refusal, as problems have it.
    code: String,
    /// The same in words.
    detail: String,
    /// Wrong fields, with pointers into the operation.
    errors: Vec<FieldError>,
}

/// What has become of one of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BulkResult {
    /// Its place among the operations, from 0.
    index: usize,
    /// The card as it is behind all of them; `null` when it is in the trash, or nothing was done.
    card: Option<CardSummary>,
    /// Why it was not done.
    error: Option<BulkError>,
}

/// What has become of all.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct BulkResponse {
    /// How many were done.
    done: usize,
    /// How many were not.
    failed: usize,
    /// Each, in their order.
    results: Vec<BulkResult>,
}

/// An operation that says one thing.
enum Deed<'a> {
    Create(&'a NewCard),
    Update(i64, &'a CardPatch),
    Move(i64, MoveRequest),
    Assign(i64, &'a AssignRequest),
    Bring(i64, Step),
}

impl BulkOperation {
    fn deed(&self) -> Result<Deed<'_>, Error> {
        let all = [
            self.create.is_some(),
            self.update.is_some(),
            self.to.is_some(),
            self.assign.is_some(),
            self.status.is_some(),
        ];
        if all.into_iter().filter(|given| *given).count() != 1 {
            return Err(Error::field("", "one_of", "must have one of create, update, move, assign, status"));
        }
        if let Some(Object(new)) = &self.create {
            return match self.card_id {
                None => Ok(Deed::Create(new)),
                Some(_) => Err(Error::field("/card_id", "unexpected", "must not stand beside create")),
            };
        }
        let Some(FilterId(id)) = self.card_id else {
            return Err(Error::field("/card_id", "required", "is required"));
        };
        let deed = match (&self.update, &self.to, &self.assign, self.status) {
            (Some(Object(patch)), ..) => Deed::Update(id, patch),
            (_, Some(Object(to)), ..) => Deed::Move(id, *to),
            (_, _, Some(Object(to)), _) => Deed::Assign(id, to),
            (.., Some(Status::Archived)) => Deed::Bring(id, Step::Archive),
            (.., Some(Status::Trashed)) => Deed::Bring(id, Step::Trash),
            (.., Some(Status::Open) | None) => Deed::Bring(id, Step::Restore),
        };
        Ok(deed)
    }
}

impl Deed<'_> {
    fn card_id(&self) -> Option<i64> {
        match self {
            Self::Create(_) => None,
            Self::Update(id, _) | Self::Move(id, _) | Self::Assign(id, _) | Self::Bring(id, _) => Some(*id),
        }
    }

    /// Does it; answers which card it was done to.
    fn run(&self, db: &mut Db, change: &mut Change, number: &mut i64) -> Result<i64, Error> {
        let board_id = change.board.id;
        if let Some(id) = self.card_id()
            && !matches!(row::board_of(db, id), Ok(of) if of == board_id)
        {
            return Err(Error::field("/card_id", "unknown_card", "is no card of the board"));
        }
        let open = |db: &mut Db, id| row::find_open(db, id);
        match self {
            Self::Create(new) => {
                let new = CardRequest::of(FilterId(board_id), (*new).clone());
                *number += 1;
                return within("/create", insert(db, change, &new, *number - 1));
            }
            Self::Update(id, patch) => {
                let card = open(db, *id)?;
                within("/update", edit(db, change, &card, |before: &Content| before.patched(patch), &|_| true))?;
            }
            Self::Move(id, to) => {
                let card = open(db, *id)?;
                within("/move", relocate(db, change, &card, *to))?;
            }
            Self::Assign(id, to) => {
                let card = open(db, *id)?;
                within("/assign", reassign(db, change, &card, to))?;
            }
            Self::Bring(id, step) => step.take(db, change, *id, &|_| true)?,
        }
        self.card_id().ok_or(Error::NotFound)
    }
}

/// The same outcome, whose wrong fields stand within `place`.
fn within<T>(place: &str, outcome: Result<T, Error>) -> Result<T, Error> {
    outcome.map_err(|error| match error {
        Error::Fields(wrong) => {
            let inner = |field: FieldError| FieldError { pointer: format!("{place}{}", field.pointer), ..field };
            Error::Fields(wrong.into_iter().map(inner).collect())
        }
        other => other,
    })
}

/// Does many things; members of the project do. In one transaction, whatever the mode.
pub(super) fn run(db: &mut Db, user_id: i64, asked: &BulkRequest, now: Timestamp) -> Result<BulkResponse, Error> {
    if !(1..=MOST).contains(&asked.operations.0.len()) {
        return Err(Error::field("/operations", "length", "must be 1 to 100 operations"));
    }
    let board_id = asked.board_id.0;
    let (board, access) = boards::access(db, board_id, user_id).map_err(|error| error.named("board_id"))?;
    access.require(ProjectRole::Member)?.require_open()?;
    let new = asked.operations.0.iter().filter(|operation| makes_a_card(operation)).count();
    let mut number = match i64::try_from(new) {
        Ok(new) if new > 0 => projects::take_numbers(db, board.project_id, new)?,
        _ => 0,
    };
    let (outcomes, project_key) = change(db, board_id, (user_id, ProjectRole::Member), now, |db, change| {
        let mut outcomes = Vec::new();
        for operation in &asked.operations.0 {
            let before = change.mark();
            let done = match deed_of(operation) {
                Ok(deed) => attempt(db, |db| deed.run(db, change, &mut number)),
                Err(error) => Err(error),
            };
            match done {
                Err(Error::Db(error)) => return Err(Error::Db(error)),
                Err(_) => change.back_to(before),
                Ok(_) => {}
            }
            outcomes.push(done);
        }
        if asked.mode == Mode::AllOrNothing {
            require_all(&outcomes)?;
        }
        let key = change.access.as_ref().map(|access| access.project.key.clone()).unwrap_or_default();
        Ok((outcomes, key))
    })?;
    shown(db, outcomes, &project_key)
}

/// An error for each that was not done, when there is any.
fn require_all(outcomes: &[Result<i64, Error>]) -> Result<(), Error> {
    let wrong = |(index, outcome): (usize, &Result<i64, Error>)| {
        let at = format!("/operations/{index}");
        match outcome {
            Ok(_) => Vec::new(),
            Err(Error::Fields(wrong)) => {
                let inner =
                    |field: &FieldError| FieldError { pointer: format!("{at}{}", field.pointer), ..field.clone() };
                wrong.iter().map(inner).collect()
            }
            Err(error) => vec![FieldError::new(at, error.kind().code, error.to_string())],
        }
    };
    let wrong: Vec<FieldError> = outcomes.iter().enumerate().flat_map(wrong).collect();
    if wrong.is_empty() { Ok(()) } else { Err(Error::Fields(wrong)) }
}

fn shown(db: &mut Db, outcomes: Vec<Result<i64, Error>>, project_key: &str) -> Result<BulkResponse, Error> {
    let ids: Vec<i64> = outcomes.iter().filter_map(|outcome| outcome.as_ref().ok().copied()).collect();
    let cards = row::named(db, &ids, project_key)?;
    let result = |(index, outcome): (usize, Result<i64, Error>)| match outcome {
        Ok(id) => BulkResult { index, card: cards.iter().find(|card| card.id == id).cloned(), error: None },
        Err(error) => {
            let (code, detail) = (error.kind().code.to_owned(), error.to_string());
            let errors = if let Error::Fields(wrong) = error { wrong } else { Vec::new() };
            BulkResult { index, card: None, error: Some(BulkError { code, detail, errors }) }
        }
    };
    let results: Vec<BulkResult> = outcomes.into_iter().enumerate().map(result).collect();
    let failed = results.iter().filter(|result| result.error.is_some()).count();
    Ok(BulkResponse { done: results.len() - failed, failed, results })
}
