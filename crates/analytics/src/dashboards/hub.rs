//! Who looks at which dashboard through this copy of the gateway: one hub for each application. One task looks for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use poligon_core::Ctx;
use poligon_core::bus::{LOST, Message};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::{RecvError, TryRecvError};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior};

use super::live;
use crate::error::Error;
use crate::facts::FIGURES;

/// Shortest time from one sign that figures have changed to the next.
const FIGURES_PAUSE: Duration = Duration::from_secs(1);

/// Somebody who looks at a dashboard: the dashboard, the person, the session.
pub(super) type Looker = (i64, i64, i64);

/// As what somebody looks at a dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Seen {
    /// As the one that they see first.
    First,
    /// As the one that they have named.
    ByItself,
}

/// What a stream knows of its dashboard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Signal {
    /// Its version.
    pub(super) version: i64,
    /// Counts the times that figures have changed.
    pub(super) figures: u64,
    /// Whether it is gone.
    pub(super) deleted: bool,
    /// Whether another one is seen first.
    pub(super) chosen: bool,
    /// Whether the stream is to end at once.
    pub(super) closed: bool,
}

struct Link {
    id: u64,
    looker: Looker,
    seen: Seen,
    signal: watch::Sender<Signal>,
}

#[derive(Default)]
struct State {
    links: Vec<Link>,
    /// Whether somebody looks.
    running: bool,
}

/// The hub of an application.
#[derive(Default)]
pub(super) struct Hub {
    state: Mutex<State>,
    next: AtomicU64,
}

/// What a stream has in hand.
pub(super) struct Joined {
    hub: Arc<Hub>,
    id: u64,
    pub(super) signals: watch::Receiver<Signal>,
}

impl Drop for Joined {
    fn drop(&mut self) {
        self.hub.state().links.retain(|link| link.id != self.id);
    }
}

impl Hub {
    /// The hub of this application.
    pub(super) fn of(ctx: &Ctx) -> Arc<Self> {
        ctx.slots.of(Self::default)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a stream. The oldest of its person is closed when they have too many.
    pub(super) fn join(self: &Arc<Self>, ctx: &Ctx, (looker, seen): (Looker, Seen), version: i64) -> Joined {
        let signal = Signal { version, figures: 0, deleted: false, chosen: false, closed: false };
        let (signal, signals) = watch::channel(signal);
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut state = self.state();
        state.links.push(Link { id, looker, seen, signal });
        let own: Vec<&Link> = state.links.iter().filter(|link| link.looker.1 == looker.1).collect();
        let over = own.len().saturating_sub(ctx.config.realtime.max_per_person);
        own.iter().take(over).for_each(|oldest| oldest.signal.send_modify(|signal| signal.closed = true));
        if !std::mem::replace(&mut state.running, true) {
            // Listens from before anybody is told that they are connected.
            tokio::spawn(run(ctx.clone(), Arc::clone(self), ctx.bus.subscribe()));
        }
        Joined { hub: Arc::clone(self), id, signals }
    }

    /// Ends the looking when nobody is connected; answers whether it ends.
    fn rest(&self) -> bool {
        let mut state = self.state();
        state.running = !state.links.is_empty();
        !state.running
    }

    /// Everybody who looks at one of these dashboards, or at any.
    fn lookers(&self, ids: Option<&BTreeSet<i64>>) -> Vec<Looker> {
        let state = self.state();
        let all = state.links.iter().map(|link| link.looker);
        all.filter(|(id, ..)| ids.is_none_or(|ids| ids.contains(id))).collect()
    }

    /// Tells all streams that figures have changed.
    fn tell_figures(&self) {
        for link in &self.state().links {
            link.signal.send_modify(|signal| signal.figures += 1);
        }
    }

    /// Tells the streams of some people that another dashboard may be seen first.
    pub(super) fn tell_choices(&self, is_told: impl Fn(i64) -> bool) {
        let state = self.state();
        let theirs = state.links.iter().filter(|link| link.seen == Seen::First && is_told(link.looker.1));
        theirs.for_each(|link| link.signal.send_modify(|signal| signal.chosen = true));
    }

    /// Tells those who were `asked` about what has become of their dashboard; ends the streams of those who are not `allowed`.
    fn tell(&self, asked: &[Looker], allowed: &BTreeSet<Looker>, versions: &BTreeMap<i64, i64>) {
        let asked: BTreeSet<&Looker> = asked.iter().collect();
        for link in self.state().links.iter().filter(|link| asked.contains(&link.looker)) {
            let version = versions.get(&link.looker.0).copied();
            let may = allowed.contains(&link.looker);
            link.signal.send_if_modified(|signal| {
                let before = *signal;
                match version {
                    None => signal.deleted = true,
                    Some(_) if !may => signal.closed = true,
                    Some(version) => signal.version = version.max(signal.version),
                }
                *signal != before
            });
        }
    }
}

/// What there is to look at.
#[derive(Default)]
struct News {
    dashboards: BTreeSet<i64>,
    /// People who have chosen.
    people: BTreeSet<i64>,
    all_choices: bool,
    everything: bool,
    figures: bool,
}

impl News {
    fn add(&mut self, message: &Message) {
        match message.topic.as_str() {
            live::CHANGED => self.dashboards.extend(message.payload.parse::<i64>().ok()),
            live::CHOSEN => self.people.extend(message.payload.parse::<i64>().ok()),
            FIGURES => self.figures = true,
            "session" => self.everything = true,
            LOST => self.miss(),
            _ => {}
        }
    }

    /// Messages were lost.
    fn miss(&mut self) {
        (self.everything, self.figures, self.all_choices) = (true, true, true);
    }
}

/// Whoever looks has gone, however: the next stream begins anew.
struct Watch {
    hub: Arc<Hub>,
    /// Whether the hub knows already.
    told: bool,
}

impl Drop for Watch {
    fn drop(&mut self) {
        if !self.told {
            self.hub.state().running = false;
        }
    }
}

/// Looks until nobody is connected.
async fn run(ctx: Ctx, hub: Arc<Hub>, mut bus: Receiver<Message>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(ctx.config.realtime.poll_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut watch = Watch { hub: Arc::clone(&hub), told: false };
    let (mut figures_wait, mut figures_at) = (false, Instant::now());
    loop {
        let mut news = News::default();
        tokio::select! {
            told = bus.recv() => match told {
                Ok(message) => {
                    news.add(&message);
                    loop {
                        match bus.try_recv() {
                            Ok(message) => news.add(&message),
                            Err(TryRecvError::Lagged(_)) => news.miss(),
                            Err(_) => break,
                        }
                    }
                }
                Err(RecvError::Lagged(_)) => news.miss(),
                Err(RecvError::Closed) => return,
            },
            () = tokio::time::sleep_until(figures_at), if figures_wait => {
                (figures_wait, figures_at) = (false, Instant::now() + FIGURES_PAUSE);
                hub.tell_figures();
            }
            _ = ticks.tick() => {
                if hub.rest() {
                    watch.told = true;
                    return;
                }
                news.everything = true;
            }
        }
        figures_wait |= news.figures;
        hub.tell_choices(|person| news.all_choices || news.people.contains(&person));
        if let Err(error) = look(&ctx, &hub, news).await {
            tracing::debug!(%error, "streams of dashboards could not be told what is new");
        }
    }
}

async fn look(ctx: &Ctx, hub: &Hub, news: News) -> Result<(), Error> {
    if !news.everything && news.dashboards.is_empty() {
        return Ok(());
    }
    let asked = hub.lookers(if news.everything { None } else { Some(&news.dashboards) });
    if asked.is_empty() {
        return Ok(());
    }
    let (lookers, now) = (asked.clone(), ctx.clock.now());
    let work = move |db: &mut _| {
        let ids: Vec<i64> = lookers.iter().map(|(id, ..)| *id).collect::<BTreeSet<_>>().into_iter().collect();
        Ok::<_, Error>((live::versions(db, &ids)?, live::allowed(db, &lookers, now)?))
    };
    let (versions, allowed) = ctx.db.read_primary(work).await?;
    hub.tell(&asked, &allowed, &versions);
    Ok(())
}
