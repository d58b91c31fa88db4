//! The history of a board, card by card, as it was known at the end of a range.

use std::collections::HashMap;

use poligon_core::db::Timestamp;

use super::calendar::Range;
use super::flow::{BoardFlow, Card, Column, ColumnKind};

/// A column, by its number in [`History::columns`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    /// The number.
    pub(super) column: usize,
    /// What standing there means.
    pub(super) kind: ColumnKind,
}

/// A card has come to a place, or has left the board.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Move {
    /// When; never before the move ahead of it.
    pub(super) at: Timestamp,
    /// Where to; none from the board.
    pub(super) to: Option<Place>,
}

/// A card has stood in a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    /// Where.
    pub(super) place: Place,
    /// Since when.
    pub(super) since: Timestamp,
    /// Until when; none when it stands there at the end of the range.
    pub(super) until: Option<Timestamp>,
}

/// Where a card has stood.
#[derive(Debug, Clone)]
pub(super) struct CardHistory<'a> {
    /// The card.
    pub(super) card: &'a Card,
    /// In order.
    pub(super) moves: Vec<Move>,
}

impl CardHistory<'_> {
    /// Adds what was recorded next, unless the card stands there already. Clocks of several machines differ: nothing is
    /// taken to have been before what was recorded ahead of it.
    fn record(&mut self, at: Timestamp, to: Option<Place>) {
        let last = self.moves.last();
        if last.and_then(|last| last.to) != to {
            let at = last.map_or(at, |last| last.at.max(at));
            self.moves.push(Move { at, to });
        }
    }

    /// When it came to the board for the first time.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.moves.first().map(|first| first.at)
    }

    /// When it came into an active column for the first time.
    pub(super) fn first_active(&self) -> Option<Timestamp> {
        let active = |step: &&Move| step.to.is_some_and(|place| place.kind == ColumnKind::Active);
        self.moves.iter().find(active).map(|step| step.at)
    }

    /// Since when it has been done without a break; none when it is not done at the end of the range.
    pub(super) fn completed_at(&self) -> Option<Timestamp> {
        let done = |step: &&Move| step.to.is_some_and(|place| place.kind == ColumnKind::Done);
        self.moves.iter().rev().take_while(done).last().map(|step| step.at)
    }

    /// Where it has stood, in order.
    pub(super) fn stays(&self) -> impl Iterator<Item = Stay> {
        let ends = self.moves.iter().skip(1).map(|next| Some(next.at)).chain([None]);
        let stays = self.moves.iter().zip(ends);
        stays.filter_map(|(step, until)| Some(Stay { place: step.to?, since: step.at, until }))
    }
}

/// What the cards of a board have done until the end of a range: made in one pass over the transitions.
#[derive(Debug)]
pub(crate) struct History<'a> {
    /// The board.
    pub(super) flow: &'a BoardFlow,
    /// The days that are asked about.
    pub(super) range: &'a Range,
    /// The columns from left to right, those that were deleted behind them in the order in which they were made.
    pub(super) columns: Vec<&'a Column>,
    /// The cards, in the order of the board's.
    pub(super) cards: Vec<CardHistory<'a>>,
    places: HashMap<i64, Place>,
}

impl<'a> History<'a> {
    /// The history of a board until the end of a range, or until now.
    pub(crate) fn new(flow: &'a BoardFlow, range: &'a Range) -> Self {
        let mut columns: Vec<&Column> = flow.columns.iter().collect();
        columns.sort_by_key(|column| (column.position.is_none(), column.position, column.id));
        let numbered = columns.iter().enumerate();
        let places: HashMap<i64, Place> =
            numbered.map(|(number, column)| (column.id, Place { column: number, kind: column.kind })).collect();
        let mut cards: Vec<CardHistory<'_>> =
            flow.cards.iter().map(|card| CardHistory { card, moves: Vec::new() }).collect();
        let numbers: HashMap<i64, usize> =
            flow.cards.iter().enumerate().map(|(number, card)| (card.id, number)).collect();
        for step in &flow.transitions {
            let card = numbers.get(&step.card_id).and_then(|number| cards.get_mut(*number));
            if let Some(card) = card {
                card.record(step.at, step.to_column_id.and_then(|id| places.get(&id).copied()));
            }
        }
        for card in &mut cards {
            card.moves.retain(|step| step.at.millis() < range.cut());
        }
        Self { flow, range, columns, cards, places }
    }

    /// The cards that are on the board today and not done.
    pub(super) fn open(&self) -> impl Iterator<Item = (&'a Card, ColumnKind)> {
        let on_board = self.flow.cards.iter().filter(|card| !card.archived && !card.trashed);
        let placed = on_board.filter_map(|card| Some((card, self.places.get(&card.column_id)?.kind)));
        placed.filter(|(_, kind)| *kind != ColumnKind::Done)
    }
}
