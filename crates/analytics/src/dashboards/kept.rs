//! Figures that are kept near at hand until a fact comes of which they are made.
//!
//! What is out of date is asked anew, the fastest first, as long as that takes little time in all. The rest would keep everybody waiting
//! who looks while facts come all the time: it is shown as it was, no older than ten seconds, while one of them is asked anew.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use poligon_core::Ctx;
use poligon_core::db::{Db, Timestamp};
use poligon_core::near::Generation;

use super::figures::{Ask, Figures, View};
use crate::error::Error;

/// What is out of date is not shown as it was, where it and all that is faster is asked in less than this.
const FAST: Duration = Duration::from_millis(12);
/// How old figures may be that are shown as they were: this long at least, without being asked anew, and at most.
const PAUSE: Duration = Duration::from_secs(1);
pub(super) const OLDEST: Duration = Duration::from_secs(10);

/// Figures, and when they were asked for.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Made {
    pub(crate) figures: Arc<Figures>,
    pub(crate) as_of: Timestamp,
}

/// Figures that are kept.
struct Kept {
    made: Made,
    of: Generation,
    since: Instant,
    cost: Duration,
}

/// Keys of what is being asked anew.
#[derive(Default)]
struct Underway(Mutex<BTreeSet<String>>);

impl Underway {
    fn keys(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins to ask for a key; nothing, when that is being done.
    fn begin(self: Arc<Self>, key: String) -> Option<Begun> {
        let is_new = self.keys().insert(key.clone());
        is_new.then(|| Begun { underway: self, key })
    }
}

/// It is over when this goes, however.
struct Begun {
    underway: Arc<Underway>,
    key: String,
}

impl Drop for Begun {
    fn drop(&mut self) {
        self.underway.keys().remove(&self.key);
    }
}

/// What an answer is kept by, and under which name.
fn place(ctx: &Ctx, ask: &Ask, view: &View) -> (Generation, String) {
    let scopes = ask.scopes();
    let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
    (ctx.near.generation(&scopes), ask.key(view))
}

/// What is done with figures that are out of date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    /// They are shown as they were.
    AsTheyWere,
    /// The same, while they are asked anew.
    Meanwhile,
    /// They are asked for before anything is shown.
    NotAtAll,
}

/// The rule, by how long it took to find them and all that is found faster, and how long ago that was.
fn rule(cost: Duration, age: Duration, max_age: Duration) -> Use {
    if cost < FAST || age > max_age || max_age.is_zero() {
        Use::NotAtAll
    } else if age > PAUSE {
        Use::Meanwhile
    } else {
        Use::AsTheyWere
    }
}

/// How long each takes with all that are faster; those that are equal in their order.
fn with_faster(costs: &[Duration]) -> Vec<Duration> {
    let mut order: Vec<(Duration, usize)> = costs.iter().copied().zip(0..).collect();
    order.sort_unstable();
    let mut sums = vec![Duration::ZERO; costs.len()];
    let mut sum = Duration::ZERO;
    for (cost, place) in order {
        sum = sum.saturating_add(cost);
        if let Some(place) = sums.get_mut(place) {
            *place = sum;
        }
    }
    sums
}

/// What is kept of each and good enough, of all that is shown at once.
pub(super) fn find(ctx: &Ctx, asks: &[&Ask], view: &View) -> Vec<Option<Made>> {
    let places: Vec<(Generation, String)> = asks.iter().map(|ask| place(ctx, ask, view)).collect();
    let kept: Vec<Option<Arc<Kept>>> = places.iter().map(|(_, key)| ctx.near.value::<Kept>(&[], key)).collect();
    let cost = |(kept, (present, _)): (&Option<Arc<Kept>>, &(Generation, String))| {
        kept.as_ref().filter(|kept| kept.of != *present).map_or(Duration::ZERO, |kept| kept.cost)
    };
    let costs: Vec<Duration> = kept.iter().zip(&places).map(cost).collect();
    let each = asks.iter().zip(places).zip(kept).zip(with_faster(&costs));
    each.map(|(((ask, place), kept), cost)| good_enough(ctx, ask, view, place, &*kept?, cost)).collect()
}

/// What is kept, if it may be shown.
fn good_enough(
    ctx: &Ctx,
    ask: &Ask,
    view: &View,
    (present, key): (Generation, String),
    kept: &Kept,
    cost: Duration,
) -> Option<Made> {
    if kept.of == present {
        return Some(Made { as_of: view.now, ..kept.made.clone() }); // nothing has come since
    }
    match rule(cost, kept.since.elapsed(), view.max_age) {
        Use::NotAtAll => return None,
        Use::Meanwhile => ask_anew(ctx, ask.clone(), view.clone(), key),
        Use::AsTheyWere => {}
    }
    Some(kept.made.clone())
}

fn run(db: &mut Db, ask: &Ask, view: &View) -> Result<(Arc<Figures>, Duration), Error> {
    let begun = Instant::now();
    let figures = Arc::new(ask.clone().run(db, view)?);
    Ok((figures, begun.elapsed()))
}

/// Asks, and keeps the answers: all of them of one state of the database. Each is kept as soon as it is there: when all of
/// them take longer than anybody waits, whoever comes again finds some.
pub(super) async fn make(ctx: &Ctx, asks: Vec<Ask>, view: View) -> Result<Vec<Made>, Error> {
    let places: Vec<(Generation, String)> = asks.iter().map(|ask| place(ctx, ask, &view)).collect();
    let (as_of, near) = (ctx.clock.now(), ctx.near.clone());
    let keep = move |((of, key), (figures, cost)): ((Generation, String), (Arc<Figures>, Duration))| {
        let made = Made { figures, as_of };
        let kept = Kept { made: made.clone(), of, since: Instant::now(), cost };
        let bytes = made.figures.bytes();
        near.put_value(near.generation(&[]), key, Arc::new(kept), bytes);
        made
    };
    let work = move |db: &mut Db| {
        let asked = asks.iter().zip(places);
        asked.map(|(ask, place)| Ok(keep((place, run(db, ask, &view)?)))).collect::<Result<Vec<_>, Error>>()
    };
    ctx.db.read_whole(work).await
}

/// The same; nothing in place of what was not found in time.
pub(super) async fn make_all(ctx: &Ctx, asks: Vec<Ask>, view: &View) -> Result<Vec<Option<Made>>, Error> {
    match make(ctx, asks.clone(), view.clone()).await {
        Ok(made) => Ok(made.into_iter().map(Some).collect()),
        Err(Error::Db(error)) if error.took_too_long() => Ok(find(ctx, &asks.iter().collect::<Vec<_>>(), view)),
        Err(error) => Err(error),
    }
}

/// Asks in the background, unless that is being done.
fn ask_anew(ctx: &Ctx, ask: Ask, view: View, key: String) {
    let Some(begun) = ctx.slots.of(Underway::default).begin(key) else { return };
    let ctx = ctx.clone();
    tokio::spawn(async move {
        let _begun = begun;
        if let Err(error) = make(&ctx, vec![ask], view).await {
            tracing::warn!(%error, "figures could not be asked anew");
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_shown_as_it_was_for_a_while() {
        let (fast, slow) = (Duration::from_millis(11), Duration::from_millis(12));
        for (cost, age, wanted) in [
            (fast, 0, Use::NotAtAll),
            (fast, 5_000, Use::NotAtAll),
            (slow, 0, Use::AsTheyWere),
            (slow, 1_000, Use::AsTheyWere),
            (slow, 1_001, Use::Meanwhile),
            (slow, 10_000, Use::Meanwhile),
            (slow, 10_001, Use::NotAtAll),
        ] {
            assert_eq!(rule(cost, Duration::from_millis(age), OLDEST), wanted, "{cost:?} {age}");
        }
        let (none, second) = (Duration::ZERO, Duration::from_secs(1));
        assert_eq!([none, second].map(|age| rule(slow, age, none)), [Use::NotAtAll; 2]);
        assert_eq!([none, 2 * second].map(|age| rule(slow, age, second)), [Use::AsTheyWere, Use::NotAtAll]);
    }

    #[test]
    fn the_fastest_come_first() {
        let of = |costs: &[u64]| with_faster(&costs.iter().copied().map(Duration::from_millis).collect::<Vec<_>>());
        let wanted: Vec<Duration> = [10, 1, 3, 0, 6].map(Duration::from_millis).to_vec();
        assert_eq!(of(&[4, 1, 2, 0, 3]), wanted);
        assert_eq!(of(&[5, 5]), [5, 10].map(Duration::from_millis).to_vec());
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn one_asks_anew_and_when_it_is_over_another_may() {
        let underway = Arc::new(Underway::default());
        let begin = |key: &str| Arc::clone(&underway).begin(key.to_owned());
        let first = begin("a");
        assert!(first.is_some() && begin("a").is_none() && begin("b").is_some());
        drop(first);
        let panicking = std::panic::catch_unwind(|| {
            let _begun = begin("a");
            panic!("while it asks");
        });
        assert!(panicking.is_err() && begin("a").is_some());
    }
}
