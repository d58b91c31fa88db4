//! Orders of many customers in one transaction. Whatever is not plain (a cart, a coupon, a refusal, goods that run out,
//! a key that was used before) is left to [`super::place`], which does it for that order alone; so nothing is decided
//! here that is not decided there.

use std::collections::BTreeMap;
use std::sync::Arc;

use poligon_common::answer::Answer;
use poligon_common::idempotency::{KeyRow, Stored, find_used, insert_many};
use poligon_core::Ctx;
use poligon_core::db::{Database, Db, DbError, FromDb, Timestamp};
use poligon_core::together::Together;

use super::new::NewOrder;
use super::{Line, Placing, check_lines, find_rate, lines_of_items, price, write};
use crate::error::Error;
use crate::goods::{Good, find_goods};
use crate::pricing::Totals;
use crate::shipping::Rate;

/// Batches at once: while one is in the database the next is made.
const WORKERS: usize = 2;
/// Most orders of one batch.
const MOST: usize = 32;

/// An order on its way, with the row of its key.
struct Item {
    placing: Placing,
    key: KeyRow,
    now: Timestamp,
}

/// An order that was placed with others.
pub(in crate::orders) struct Done {
    /// The answer, as it is stored under the key.
    pub(in crate::orders) answer: Stored,
    pub(in crate::orders) products: Vec<i64>,
    pub(in crate::orders) sold_out: bool,
}

/// The orders that wait.
struct Queue(Together<Item, Option<Done>>);

impl Queue {
    fn start(db: Database) -> Self {
        Self(Together::start(WORKERS, MOST, move |items: Vec<Item>| {
            let db = db.clone();
            async move {
                let items = Arc::new(items);
                let all = Arc::clone(&items);
                let placed = db.write_planned_once(move |db| place_all(db, &all)).await;
                placed.unwrap_or_else(|_each_is_tried_alone| items.iter().map(|_| None).collect())
            }
        }))
    }
}

/// Places an order together with others that wait; `None` when it has to go alone.
pub(in crate::orders) async fn place(
    ctx: &Ctx,
    placing: &Placing,
    key: Option<KeyRow>,
    now: Timestamp,
) -> Option<Done> {
    let plain = placing.items.is_some() && placing.coupon.is_none() && placing.owner.token_hash.is_none();
    let key = key.filter(|_| plain)?;
    let queue = ctx.slots.of(|| Queue::start(ctx.db.clone()));
    queue.0.run(Item { placing: placing.clone(), key, now }).await.flatten()
}

/// Why a batch is rolled back.
enum Failure {
    /// Somebody else has the goods or a key.
    Taken,
    Other(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Other(error)
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Self {
        Self::Other(error.into())
    }
}

impl FromDb for Failure {
    fn db(&self) -> Option<&DbError> {
        match self {
            Self::Taken => None,
            Self::Other(error) => error.db(),
        }
    }
}

/// An order that nothing speaks against.
struct Ready<'a> {
    /// Which of the items.
    at: usize,
    item: &'a Item,
    lines: Vec<Line>,
    rate: Rate,
    totals: Totals,
}

fn place_all(db: &mut Db, items: &[Item]) -> Result<Vec<Option<Done>>, Failure> {
    let ready = prepare(db, items)?;
    let Some(now) = ready.iter().map(|one| one.item.now).max() else {
        return Ok(items.iter().map(|_| None).collect());
    };
    let orders: Vec<NewOrder<'_>> = ready
        .iter()
        .map(|one| NewOrder::of(&one.item.placing, &one.lines, &one.totals, &one.rate, None, now))
        .collect();
    let Ok(written) = write::write(db, &orders)? else { return Err(Failure::Taken) };
    let mut outcomes: Vec<Option<Done>> = items.iter().map(|_| None).collect();
    let mut keys = Vec::with_capacity(ready.len());
    for ((one, order), written) in ready.iter().zip(&orders).zip(&written) {
        let location = format!("/api/ecommerce/orders/{}", written.id);
        let answer = Stored::of(Answer::created(&location, order.shown(written)))?;
        keys.push((&one.item.key, answer.clone()));
        outcomes[one.at] = Some(Done { answer, products: order.products.clone(), sold_out: written.sold_out });
    }
    if insert_many(db, &keys, now)? { Ok(outcomes) } else { Err(Failure::Taken) }
}

/// The orders that nothing speaks against, by one look at all goods. Pieces that one of them takes are gone for those
/// behind it.
fn prepare<'a>(db: &mut Db, items: &'a [Item]) -> Result<Vec<Ready<'a>>, Error> {
    let wanted = items.iter().flat_map(|item| item.placing.items.iter().flatten().map(|(id, _)| *id));
    let mut ids: Vec<i64> = wanted.collect();
    ids.sort_unstable();
    ids.dedup();
    let mut goods: BTreeMap<i64, Good> =
        find_goods(db, &ids)?.into_iter().map(|good| (good.variant_id, good)).collect();
    let used = find_used(db, items.iter().map(|item| &item.key))?;
    let mut ready = Vec::with_capacity(items.len());
    for (at, item) in items.iter().enumerate().filter(|(_, item)| !used.contains(&item.key)) {
        let Some((lines, rate, totals)) = agreed(item, &goods) else { continue };
        for line in lines.iter().filter(|line| line.good.tracked) {
            if let Some(good) = goods.get_mut(&line.good.variant_id) {
                good.promise(line.quantity);
            }
        }
        ready.push(Ready { at, item, lines, rate, totals });
    }
    Ok(ready)
}

/// What is agreed, when nothing speaks against it.
fn agreed(item: &Item, goods: &BTreeMap<i64, Good>) -> Option<(Vec<Line>, Rate, Totals)> {
    let placing = &item.placing;
    let lines = lines_of_items(placing.items.as_ref()?, |id| goods.get(&id).cloned()).ok()?;
    check_lines(&lines).ok()?;
    let of: Vec<(&Good, i64)> = lines.iter().map(|line| (&line.good, line.quantity)).collect();
    let rate = find_rate(placing, &of).ok()?;
    let totals = price(&of, None, &rate);
    let as_expected = placing.expected_total.is_none_or(|expected| expected == totals.total);
    as_expected.then_some((lines, rate, totals))
}
