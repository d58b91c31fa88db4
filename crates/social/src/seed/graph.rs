//! Who is what to whom, by the numbers of people: the same for whoever asks, so that nobody has to remember millions.

use std::collections::BTreeSet;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::{SALT, Size};

/// Whom many follow.
const HUBS: [i64; 10] = [10, 11, 12, 17, 23, 42, 64, 77, 99, 150];
/// People in a circle of friends.
const CIRCLE: i64 = 8;
/// Who follows many: the first person without a role.
const CURIOUS: i64 = 10;
/// How many.
const MANY: usize = 5_000;

/// What one person is to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Tie {
    /// `none`, `requested` or `following`.
    pub(super) follow: Follow,
    /// `none`, `sent`, `received` or `friends`.
    pub(super) friend: Friend,
    pub(super) blocking: bool,
    pub(super) cut: bool,
    pub(super) muted: bool,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Follow {
    #[default]
    None,
    Requested,
    Following,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Friend {
    #[default]
    None,
    Sent,
    Received,
    Friends,
}

/// The graph of the people with the ids from 1 on.
pub(super) struct Graph {
    people: i64,
    follows: usize,
    seed: u64,
}

impl Graph {
    pub(super) fn new(size: &Size, seed: u64) -> Self {
        Self { people: size.people, follows: size.follows, seed: seed ^ SALT }
    }

    /// Whether somebody wants to be asked before they are followed.
    pub(super) fn is_locked(id: i64) -> bool {
        id % 12 == 5
    }

    /// Whether somebody is followed by many.
    pub(super) fn is_hub(id: i64) -> bool {
        HUBS.contains(&id)
    }

    /// Whom `id` blocks.
    fn blocks(&self, id: i64) -> Option<i64> {
        (id % 29 == 0 && id + 37 <= self.people).then_some(id + 37)
    }

    /// Whether one of the two blocks the other.
    fn is_cut(&self, id: i64, other: i64) -> bool {
        self.blocks(id) == Some(other) || self.blocks(other) == Some(id)
    }

    fn circle(id: i64) -> i64 {
        (id - 1) / CIRCLE
    }

    /// Whether the two are of one circle, and circles are close in every third.
    pub(super) fn are_friends(&self, id: i64, other: i64) -> bool {
        id != other && Self::circle(id) == Self::circle(other) && Self::circle(id) % 3 == 1 && !self.is_cut(id, other)
    }

    /// Whom `id` asks for friendship.
    fn asks(&self, id: i64) -> Option<i64> {
        let other = id + 11;
        (id % 17 == 3 && other <= self.people && !self.is_cut(id, other)).then_some(other)
    }

    /// What `id` is to everybody to whom there is something to say, in order of id.
    pub(super) fn ties(&self, id: i64) -> Vec<(i64, Tie)> {
        let (follows, requested) = self.followed(id);
        let near = (id - 40).max(1)..=(id + 40).min(self.people);
        let others: BTreeSet<i64> = follows.iter().chain(&requested).copied().chain(near).collect();
        let tie = |other: i64| {
            let friends = self.are_friends(id, other);
            let cut = self.is_cut(id, other);
            let follow = match (follows.contains(&other) || friends, requested.contains(&other)) {
                (true, _) => Follow::Following,
                (false, true) => Follow::Requested,
                (false, false) => Follow::None,
            };
            let friend = match (friends, self.asks(id) == Some(other), self.asks(other) == Some(id)) {
                (true, ..) => Friend::Friends,
                (false, true, _) => Friend::Sent,
                (false, false, true) => Friend::Received,
                _ => Friend::None,
            };
            Tie {
                follow,
                friend,
                blocking: self.blocks(id) == Some(other),
                cut,
                muted: id % 41 == 0 && other == id + 5,
            }
        };
        let ties = others.into_iter().filter(|other| *other != id).map(|other| (other, tie(other)));
        ties.filter(|(_, tie)| *tie != Tie::default()).collect()
    }

    /// Whom `id` follows, and whom they have asked whether they may.
    fn followed(&self, id: i64) -> (BTreeSet<i64>, BTreeSet<i64>) {
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed ^ id.unsigned_abs().wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let mut follows = BTreeSet::new();
        for hub in HUBS.into_iter().filter(|hub| *hub <= self.people) {
            if rng.random_ratio(3, 5) {
                follows.insert(hub);
            }
        }
        if id == CURIOUS {
            return (self.many(id, follows, &mut rng), BTreeSet::new());
        }
        let many = rng.random_range(0..=2 * self.follows);
        for _ in 0..many.min(usize::try_from(self.people * 2 / 3).unwrap_or(0)) {
            // Half of them nearby, where one is followed back.
            let other = if rng.random_ratio(1, 2) {
                (id + rng.random_range(-30..=30_i64)).clamp(1, self.people)
            } else {
                rng.random_range(1..=self.people)
            };
            follows.insert(other);
        }
        follows.retain(|other| *other != id && !self.is_cut(id, *other));
        let requested: BTreeSet<i64> = follows
            .iter()
            .copied()
            .filter(|other| Self::is_locked(*other) && rng.random_ratio(1, 5) && !self.are_friends(id, *other))
            .collect();
        follows.retain(|other| !requested.contains(other));
        (follows, requested)
    }

    /// So many whom somebody follows that a feed is measured by them: 5,000, or two thirds of fewer people. Locked accounts
    /// have accepted.
    fn many(&self, id: i64, mut follows: BTreeSet<i64>, rng: &mut ChaCha8Rng) -> BTreeSet<i64> {
        let many = MANY.min(usize::try_from(self.people * 2 / 3).unwrap_or(0));
        follows.retain(|other| *other != id && !self.is_cut(id, *other));
        while follows.len() < many {
            let other = rng.random_range(1..=self.people);
            if other != id && !self.is_cut(id, other) {
                follows.insert(other);
            }
        }
        follows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_person_follows_five_thousand() {
        let graph = Graph::new(&Size { people: 100_000, posts: 0, follows: 48, talk: false }, 42);
        let (followed, requested) = graph.followed(CURIOUS);
        assert_eq!((followed.len(), requested.len()), (MANY, 0));
        let following = graph.ties(CURIOUS).into_iter().filter(|(_, tie)| tie.follow == Follow::Following).count();
        assert!((MANY..MANY + 8).contains(&following), "friends are followed, too: {following}");
    }

    #[test]
    fn what_two_are_to_each_other_agrees() {
        let graph = Graph::new(&Size { people: 309, posts: 0, follows: 18, talk: true }, 42);
        let of: Vec<Vec<(i64, Tie)>> = (1..=309).map(|id| graph.ties(id)).collect();
        let tie = |id: i64, other: i64| {
            let all = &of[usize::try_from(id - 1).unwrap()];
            all.iter().find(|(known, _)| *known == other).map(|(_, tie)| *tie).unwrap_or_default()
        };
        let mut seen = [0; 5];
        for id in 1..=309 {
            for other in (1..=309).filter(|other| *other != id) {
                let (here, there) = (tie(id, other), tie(other, id));
                assert_eq!(here.cut, here.blocking || there.blocking, "{id} {other}");
                assert_eq!(here.cut, there.cut);
                assert!(!here.cut || (here.follow == Follow::None && here.friend == Friend::None));
                let mirrored = match here.friend {
                    Friend::Sent => Friend::Received,
                    Friend::Received => Friend::Sent,
                    same => same,
                };
                assert_eq!(mirrored, there.friend);
                for (n, is) in [
                    here.cut,
                    here.friend == Friend::Friends,
                    here.friend == Friend::Sent,
                    here.muted,
                    here.follow == Follow::Requested,
                ]
                .into_iter()
                .enumerate()
                {
                    seen[n] += i32::from(is);
                }
            }
        }
        assert!(seen.iter().all(|count| *count > 0), "there is something of everything: {seen:?}");
    }
}
