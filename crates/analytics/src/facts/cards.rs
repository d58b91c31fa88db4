//! What task boards tell of their cards. A card that is no longer done takes its completion back, at the time of that completion:
//! so what is done comes to the cards that are done as far as is known, each when it was.

use poligon_core::db::Timestamp;
use serde_json::Value;

use super::kind::Kind;
use super::record::Fact;
use super::told::Told;

impl Told<'_> {
    /// Where cards of a board have gone.
    pub(super) fn passages(&self) -> Vec<Fact> {
        let cards = self.payload["cards"].as_array().into_iter().flatten().enumerate();
        cards.flat_map(|(n, card)| self.passage(n, card)).collect()
    }

    /// A fact about a card of the event: its kind, what of the card it is, when it was and what it comes to.
    fn of_card(&self, kind: Kind, (n, card): (usize, &Value), at: Timestamp, amount: i64) -> Fact {
        let source = format!("event:{}:{n}:{}", self.event.id, kind.name());
        let (object_id, first) = (card["card_id"].as_i64(), self.number("board_id").unwrap_or_default().to_string());
        Fact { object_id, first, amount, ..Fact::new(kind, source, at, self.number("actor_id")) }
    }

    fn passage(&self, n: usize, card: &Value) -> Vec<Fact> {
        let at = self.event.occurred_at;
        let mut facts = match card["deed"].as_str() {
            Some("created") => vec![self.of_card(Kind::CardCreated, (n, card), at, 0)],
            Some("moved") => {
                let second = card["column_type"].as_str().unwrap_or_default().to_owned();
                vec![Fact { second, ..self.of_card(Kind::CardMoved, (n, card), at, 0) }]
            }
            _ => Vec::new(),
        };
        for (done, sign) in [(&card["done"], 1), (&card["undone"], -1)] {
            let Some(at) = done["at"].as_i64().and_then(Timestamp::from_millis) else { continue };
            facts.push(self.of_card(Kind::CardDone, (n, card), at, sign));
            if let Some(cycle) = done["cycle_ms"].as_i64() {
                facts.push(self.of_card(Kind::CardTimed, (n, card), at, sign));
                facts.push(self.of_card(Kind::CardCycle, (n, card), at, sign * cycle));
            }
        }
        facts
    }

    /// Cards whose due dates have passed, each date once however often it is told.
    pub(super) fn overdue(&self) -> Vec<Fact> {
        let board = self.number("board_id").unwrap_or_default().to_string();
        let fact = |card: &Value| {
            let (card_id, due_at) = (card["card_id"].as_i64()?, card["due_at"].as_i64()?);
            let source = format!("card_overdue:{card_id}:{due_at}");
            let fact = Fact::new(Kind::CardOverdue, source, Timestamp::from_millis(due_at)?, None);
            Some(Fact { object_id: Some(card_id), first: board.clone(), ..fact })
        };
        self.payload["cards"].as_array().into_iter().flatten().filter_map(fact).collect()
    }
}
