//! The story of a demo article: what it says in each revision, and what has become of it.

use chrono::Duration;
use poligon_common::input::Slug;
use poligon_core::db::Timestamp;
use poligon_core::seed::Plan;
use rand::RngExt as _;
use rand::rngs::ChaCha8Rng;

use super::words;
use super::{members, top};
use crate::articles::{Language, Rendered, Status, render};

/// An article of the demo data.
pub(super) struct Story {
    pub(super) id: i64,
    pub(super) blog_id: Option<i64>,
    pub(super) slug: String,
    pub(super) status: Status,
    pub(super) draft_status: Option<Status>,
    pub(super) language: Language,
    pub(super) authors: Vec<i64>,
    pub(super) categories: Vec<i64>,
    pub(super) tags: Vec<i64>,
    pub(super) revisions: Vec<Revision>,
    pub(super) steps: Vec<Step>,
    pub(super) published_at: Option<Timestamp>,
    pub(super) publish_at: Option<Timestamp>,
}

/// What it says.
pub(super) struct Revision {
    pub(super) title: String,
    pub(super) body: String,
    pub(super) rendered: Rendered,
    pub(super) saved_at: Timestamp,
}

/// What has become of it: act, state before, state after, by whom, when.
pub(super) struct Step {
    pub(super) act: &'static str,
    pub(super) before: Option<Status>,
    pub(super) after: Status,
    pub(super) actor_id: i64,
    pub(super) at: Timestamp,
}

/// The state that an article has in the end. Three of four are published.
fn end(id: i64) -> (Status, Option<Status>) {
    match id % 24 {
        1 => (Status::Draft, None),
        2 => (Status::InReview, None),
        3 => (Status::ChangesRequested, None),
        4 => (Status::Approved, None),
        5 => (Status::Scheduled, None),
        6 => (Status::Archived, None),
        7 => (Status::Published, Some(Status::Draft)),
        8 => (Status::Published, Some(Status::InReview)),
        _ => (Status::Published, None),
    }
}

impl Story {
    /// Tells the story of an article, whose number counts from 1.
    pub(super) fn tell(id: i64, plan: &Plan<'_>, rng: &mut ChaCha8Rng) -> Self {
        let language = if id % 2 == 0 { Language::Ru } else { Language::En };
        let (status, draft_status) = end(id);
        let blog_id = (id % 7 != 0).then(|| id % 6 + 1);
        let authors = authors(blog_id, id);
        let start = plan.before(Duration::minutes(rng.random_range(3 * 24 * 60..365 * 24 * 60)));
        let title = words::title(language, rng);
        let count = 1 + id % 3 + i64::from(draft_status.is_some());
        let revisions: Vec<Revision> = (0..count).map(|n| revision(&title, language, start, n, rng)).collect();
        let mut story = Self {
            id,
            blog_id,
            slug: format!("{}-{id}", Slug::of_title(&title, "article").0),
            status,
            draft_status,
            language,
            categories: categories(id, rng),
            tags: tags(rng),
            steps: Vec::new(),
            published_at: None,
            publish_at: None,
            authors,
            revisions,
        };
        story.go(start, plan);
        story
    }

    /// Goes the way to its end.
    fn go(&mut self, start: Timestamp, plan: &Plan<'_>) {
        let (author, editor) = (self.authors[0], editor(self.blog_id, self.authors[0]));
        self.step("created", None, Status::Draft, author, start);
        if self.status == Status::Draft {
            return;
        }
        let hour = |n: i64| start + Duration::hours(n);
        self.step("submitted", Some(Status::Draft), Status::InReview, author, hour(20));
        match self.status {
            Status::InReview => return,
            Status::ChangesRequested => {
                self.step("changes_requested", Some(Status::InReview), self.status, editor, hour(22));
                return;
            }
            _ => self.step("approved", Some(Status::InReview), Status::Approved, editor, hour(22)),
        }
        match self.status {
            Status::Approved => return,
            Status::Scheduled => {
                self.publish_at = Some(plan.anchor + Duration::days(3_650 + self.id % 30));
                self.step("scheduled", Some(Status::Approved), self.status, editor, hour(23));
                return;
            }
            _ => self.step("published", Some(Status::Approved), Status::Published, editor, hour(24)),
        }
        self.published_at = Some(hour(24));
        if self.status == Status::Archived {
            self.step("archived", Some(Status::Published), Status::Archived, editor, hour(40));
        }
        if let Some(draft) = self.draft_status {
            self.step("edited", Some(Status::Published), Status::Draft, author, hour(30));
            if draft == Status::InReview {
                self.step("submitted", Some(Status::Draft), Status::InReview, author, hour(31));
            }
        }
    }

    fn step(&mut self, act: &'static str, before: Option<Status>, after: Status, actor_id: i64, at: Timestamp) {
        self.steps.push(Step { act, before, after, actor_id, at });
    }

    /// The number of the newest revision.
    pub(super) fn head(&self) -> i64 {
        i64::try_from(self.revisions.len()).unwrap_or(1)
    }

    /// The number of the revision that everybody sees.
    pub(super) fn live(&self) -> Option<i64> {
        (self.status == Status::Published).then(|| self.head() - i64::from(self.draft_status.is_some()))
    }

    /// What lists show of it.
    pub(super) fn face(&self) -> &Revision {
        let number = self.live().unwrap_or(self.head());
        let index = usize::try_from(number - 1).unwrap_or(0);
        &self.revisions[index.min(self.revisions.len() - 1)]
    }
}

fn authors(blog_id: Option<i64>, id: i64) -> Vec<i64> {
    let Some(blog_id) = blog_id else { return vec![5] };
    let members = members(blog_id);
    let count = members.len();
    let at = |n: i64| members[usize::try_from(n).unwrap_or(0) % count].0;
    let mut authors = vec![at(id / 6)];
    if id % 4 == 0 {
        authors.push(at(id / 6 + 1));
    }
    authors
}

/// Somebody else who may approve it.
fn editor(blog_id: Option<i64>, author: i64) -> i64 {
    let of_blog = blog_id.map(members).into_iter().flatten();
    let others = of_blog.filter(|(id, role)| *role != "author" && *id != author).map(|(id, _)| id);
    others.max().unwrap_or(4)
}

fn revision(title: &str, language: Language, start: Timestamp, n: i64, rng: &mut ChaCha8Rng) -> Revision {
    let body = words::body(language, rng.random_range(1..4), rng);
    let rendered = render(&body).unwrap_or_default(); // texts of our own are never refused
    // Those up to the last before submission come within a day; a draft beside what is published comes behind.
    let saved_at = start + Duration::hours(if n == 0 { 0 } else { 5 * n });
    Revision { title: title.to_owned(), body, rendered, saved_at }
}

fn categories(id: i64, rng: &mut ChaCha8Rng) -> Vec<i64> {
    let first = top(id % 6) + rng.random_range(0..5);
    let second = top((id + 2) % 6) + rng.random_range(1..5);
    if id % 3 == 0 { vec![first, second] } else { vec![first] }
}

fn tags(rng: &mut ChaCha8Rng) -> Vec<i64> {
    let count = i64::try_from(words::TAGS.len()).unwrap_or(1);
    let mut tags: Vec<i64> = (0..rng.random_range(1..5)).map(|_| rng.random_range(1..=count)).collect();
    tags.sort_unstable();
    tags.dedup();
    tags
}
