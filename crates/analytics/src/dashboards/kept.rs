//! Figures that are kept near at hand until a fact comes of which they are made.
//!
//! What is out of date is asked anew, beginning with what is found fastest, as long as that takes little time in all. The rest would keep everybody waiting
//! who looks while facts come all the time: it is shown as it was, no older than ten seconds, while one of them is asked anew.

use std::collections::{BTreeMap, BTreeSet};
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
    /// When they were begun to be asked for.
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

/// How long each takes with all that are faster, by what they are kept under.
fn with_faster<'a>(costs: BTreeMap<&'a str, Duration>) -> BTreeMap<&'a str, Duration> {
    let mut order: Vec<(Duration, &'a str)> = costs.into_iter().map(|(key, cost)| (cost, key)).collect();
    order.sort_unstable();
    let mut sum = Duration::ZERO;
    let adding = order.into_iter().map(|(cost, key)| {
        sum = sum.saturating_add(cost);
        (key, sum)
    });
    adding.collect()
}

/// What an answer is kept by, under which name, and what is kept.
struct Place {
    of: Generation,
    key: String,
    kept: Option<Arc<Kept>>,
}

impl Place {
    fn of(ctx: &Ctx, ask: &Ask, view: &View) -> Self {
        let scopes = ask.scopes();
        let scopes: Vec<&str> = scopes.iter().map(String::as_str).collect();
        let key = ask.key(view);
        Self { of: ctx.near.generation(&scopes), kept: ctx.near.value(&[], &key), key }
    }

    /// How long it took, of what is out of date.
    fn stale(&self) -> Option<(&str, Duration)> {
        let kept = self.kept.as_ref().filter(|kept| kept.of != self.of)?;
        Some((&self.key, kept.cost))
    }

    /// Where its turn is among those that are asked anew: known ones by how long they took, then the others, and last what
    /// was given up.
    fn turn(&self, ctx: &Ctx, ask: &Ask) -> (u8, Duration) {
        match (&self.kept, ask) {
            (_, Ask::Text(_)) => (0, Duration::ZERO),
            (Some(kept), _) => (0, kept.cost),
            (None, _) if ctx.near.value::<GivenUp>(&[], &given_up(&self.key)).is_some() => (2, Duration::ZERO),
            (None, _) => (1, Duration::ZERO),
        }
    }
}

/// It stands where something took longer than a statement may: what stands behind it on a dashboard would never be found.
struct GivenUp;

fn given_up(key: &str) -> String {
    format!("given up:{key}")
}

/// What is kept of each and good enough, of all that is shown at once.
pub(super) fn find(ctx: &Ctx, asks: &[&Ask], view: &View) -> Vec<Option<Made>> {
    let places: Vec<Place> = asks.iter().map(|ask| Place::of(ctx, ask, view)).collect();
    let sums = with_faster(places.iter().filter_map(Place::stale).collect());
    let mut behind = Vec::new();
    let mut good_enough = |ask: &Ask, place: &Place| {
        let kept = place.kept.as_deref()?;
        if kept.of == place.of && !view.max_age.is_zero() {
            return Some(Made { as_of: view.now, ..kept.made.clone() }); // nothing has come since
        }
        let cost = sums.get(place.key.as_str()).copied().unwrap_or_default();
        match rule(cost, kept.since.elapsed(), view.max_age) {
            Use::NotAtAll => return None,
            Use::Meanwhile => behind.push((ask.clone(), place.key.clone())),
            Use::AsTheyWere => {}
        }
        Some(kept.made.clone())
    };
    let found = asks.iter().zip(&places).map(|(ask, place)| good_enough(ask, place)).collect();
    ask_anew(ctx, behind, view);
    found
}

/// Asks, the fastest first, and keeps each answer as soon as it is there: when all of them take longer than anybody waits, whoever
/// comes again finds more. All are of one state of the database. Answers what was found, and why the rest was not.
async fn ask_all(ctx: &Ctx, asks: Vec<Ask>, view: View) -> (Vec<Option<Made>>, Result<(), Error>) {
    let (as_of, since, near) = (ctx.clock.now(), Instant::now(), ctx.near.clone());
    let found = Arc::new(Mutex::new(vec![None; asks.len()]));
    let mut turns: Vec<(Place, usize, Ask)> =
        asks.into_iter().enumerate().map(|(n, ask)| (Place::of(ctx, &ask, &view), n, ask)).collect();
    turns.sort_by_cached_key(|(place, n, ask)| (place.turn(ctx, ask), *n));
    let making = Arc::clone(&found);
    let work = move |db: &mut Db| {
        for (place, n, ask) in turns {
            let begun = Instant::now();
            let figures = ask.run(db, &view).inspect_err(|error| {
                if matches!(error, Error::Db(error) if error.took_too_long()) {
                    near.put_value(near.generation(&[]), given_up(&place.key), Arc::new(GivenUp), 1);
                }
            })?;
            let made = Made { figures: Arc::new(figures), as_of };
            let kept = Kept { made: made.clone(), of: place.of, since, cost: begun.elapsed() };
            near.put_value(near.generation(&[]), place.key, Arc::new(kept), made.figures.bytes());
            if let Some(place) = making.lock().unwrap_or_else(PoisonError::into_inner).get_mut(n) {
                *place = Some(made);
            }
        }
        Ok::<_, Error>(())
    };
    let outcome = ctx.db.read_whole(work).await;
    let found = found.lock().unwrap_or_else(PoisonError::into_inner).clone();
    (found, outcome)
}

/// Asks for figures, and keeps them.
pub(super) async fn make(ctx: &Ctx, ask: Ask, view: View) -> Result<Made, Error> {
    let (mut found, outcome) = ask_all(ctx, vec![ask], view).await;
    outcome?;
    found.pop().flatten().ok_or(Error::Unreadable)
}

/// The same for all that is shown at once; in place of what was not found in time what is kept, or nothing.
pub(super) async fn make_all(ctx: &Ctx, asks: Vec<Ask>, view: &View) -> Result<Vec<Option<Made>>, Error> {
    let (found, outcome) = ask_all(ctx, asks.clone(), view.clone()).await;
    match outcome {
        Err(Error::Db(error)) if error.took_too_long() => {}
        outcome => outcome?,
    }
    let at_hand = |ask: &Ask| {
        let kept = Place::of(ctx, ask, view).kept?;
        (kept.since.elapsed() < view.max_age).then(|| kept.made.clone())
    };
    Ok(found.into_iter().zip(&asks).map(|(made, ask)| made.or_else(|| at_hand(ask))).collect())
}

/// Asks in the background, one after the other, for what nobody is asking for.
fn ask_anew(ctx: &Ctx, asks: Vec<(Ask, String)>, view: &View) {
    let underway = ctx.slots.of(Underway::default);
    let begun = asks.into_iter().filter_map(|(ask, key)| Some((ask, Arc::clone(&underway).begin(key)?)));
    let begun: Vec<(Ask, Begun)> = begun.collect();
    if begun.is_empty() {
        return;
    }
    let (ctx, view) = (ctx.clone(), view.clone());
    tokio::spawn(async move {
        for (ask, begun) in begun {
            if let Err(error) = make(&ctx, ask, view.clone()).await {
                tracing::warn!(%error, "figures could not be asked anew");
            }
            drop(begun);
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
        let of = |costs: &[(&'static str, u64)]| {
            let costs = costs.iter().map(|(key, cost)| (*key, Duration::from_millis(*cost))).collect();
            with_faster(costs).into_iter().map(|(key, sum)| (key, sum.as_millis())).collect::<Vec<_>>()
        };
        assert_eq!(of(&[("a", 4), ("b", 1), ("c", 2), ("d", 0)]), [("a", 7), ("b", 1), ("c", 3), ("d", 0)]);
        assert_eq!(of(&[("a", 5), ("b", 5), ("a", 5)]), [("a", 5), ("b", 10)], "what is shown twice is asked once");
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
