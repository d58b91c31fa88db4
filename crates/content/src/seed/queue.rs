//! The queue of moderation of the demo: 27 open cases and 16 decided ones, with what the checks have found and what people have
//! reported.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Json, Timestamp};
use poligon_core::insert_many;

use super::talk::{Comment, Fate, MODERATOR};
use crate::articles::Status as ArticleStatus;
use crate::comments::Status;
use crate::moderation::checks::{self, Flag};
use crate::schema::{
    article_authors, article_steps, articles, content_case_authors, content_case_flags, content_case_log,
    content_cases, content_media, content_reports,
};

/// Demo articles that there are cases about: the first ones.
const ARTICLES: i64 = 120;
/// The reason of decisions.
pub(super) const REASON: &str = "Decided by the rules of the practice ground";
const REASONS: [&str; 8] = ["spam", "abuse", "hate", "violence", "sexual", "copyright", "misinformation", "other"];
const NOTES: [&str; 4] = ["Please look at this", "Уже не первый раз", "", "Это неправда"];

/// A case of the demo.
struct Case {
    kind: &'static str,
    object_id: i64,
    article_id: Option<i64>,
    title: String,
    excerpt: String,
    author_ids: Vec<i64>,
    flags: Vec<Flag>,
    reports: usize,
    opened_at: Timestamp,
    closed: Option<Closed>,
}

/// How it was closed.
struct Closed {
    decision: &'static str,
    elsewhere: bool,
    by: Option<i64>,
    reason: &'static str,
    at: Timestamp,
}

fn of_comment(n: usize, comment: &Comment) -> Option<Case> {
    let mut flags = checks::of_comment(&comment.body);
    if comment.fate == Fate::Waits && flags.is_empty() {
        flags.extend(Flag::new_author(0, checks::KNOWN_COMMENTS));
    }
    let (reports, decision) = match comment.fate {
        Fate::Seen => return None,
        Fate::Waits => (0, None),
        Fate::Reported => (1 + n % 4, None),
        Fate::Decided(status) => (1 + n % 3, Some(status)),
    };
    let decision = decision.map(|status| match status {
        Status::Approved => "approve",
        Status::Spam => "spam",
        Status::Pending | Status::Trash => "trash",
    });
    let closed = decision.zip(comment.decided_at());
    Some(Case {
        kind: "comment",
        object_id: comment.id,
        article_id: Some(comment.article_id),
        title: comment.title.clone(),
        excerpt: comment.body.clone(),
        author_ids: vec![comment.author_id],
        flags,
        reports,
        opened_at: if comment.fate == Fate::Waits { comment.at } else { comment.at + Duration::hours(1) },
        closed: closed.map(|(decision, at)| Closed {
            decision,
            elsewhere: false,
            by: Some(MODERATOR),
            reason: REASON,
            at,
        }),
    })
}

/// Articles that wait for a review, and those that their editors have archived: by the last step of each.
fn of_articles(db: &mut Db) -> Result<Vec<Case>, DbError> {
    let some = [ArticleStatus::InReview, ArticleStatus::Archived].map(ArticleStatus::name);
    let last = article_steps::article_id.eq(articles::id).and(article_steps::after.eq(articles::status));
    let rows = articles::table.inner_join(article_steps::table.on(last)).filter(articles::id.le(ARTICLES));
    let rows = rows.filter(articles::status.eq_any(some)).order(articles::id).select((
        articles::id,
        articles::status,
        articles::title,
        articles::excerpt,
        article_steps::actor_id,
        article_steps::created_at,
    ));
    let rows: Vec<(i64, String, String, String, Option<i64>, Timestamp)> = rows.load(db)?;
    let mut cases = Vec::with_capacity(rows.len());
    for (id, status, title, excerpt, actor_id, at) in rows {
        let authors = article_authors::table.filter(article_authors::article_id.eq(id));
        let author_ids = authors.order(article_authors::position).select(article_authors::user_id).load(db)?;
        let archived = status == ArticleStatus::Archived.name();
        let decision = "archive";
        cases.push(Case {
            kind: "article",
            object_id: id,
            article_id: Some(id),
            title,
            excerpt,
            author_ids,
            flags: if archived {
                Vec::new()
            } else {
                Flag::new_author(0, checks::KNOWN_ARTICLES).into_iter().collect()
            },
            reports: if archived { 2 } else { 0 },
            opened_at: if archived { at - Duration::hours(6) } else { at },
            closed: archived.then_some(Closed { decision, elsewhere: true, by: actor_id, reason: "", at }),
        });
    }
    Ok(cases)
}

/// Covers that people have reported: two that wait, and one that was given back.
fn of_covers(db: &mut Db) -> Result<Vec<Case>, DbError> {
    let some = content_media::table.filter(content_media::id.eq_any([11_i64, 12, 13])).order(content_media::id);
    let rows: Vec<(i64, i64, String, String, Timestamp)> = some
        .select((
            content_media::id,
            content_media::owner_id,
            content_media::name,
            content_media::alt,
            content_media::created_at,
        ))
        .load(db)?;
    let case = |(n, (id, owner_id, name, alt, at)): (usize, (i64, i64, String, String, Timestamp))| {
        let opened_at = at + Duration::hours(5);
        let (decision, at) = ("approve", opened_at + Duration::hours(3));
        Case {
            kind: "media",
            object_id: id,
            article_id: None,
            title: name,
            excerpt: alt,
            author_ids: vec![owner_id],
            flags: Vec::new(),
            reports: 1 + n,
            opened_at,
            closed: (id == 13).then_some(Closed {
                decision,
                elsewhere: false,
                by: Some(MODERATOR),
                reason: REASON,
                at,
            }),
        }
    };
    Ok(rows.into_iter().enumerate().map(case).collect())
}

/// Fills the queue.
pub(super) fn insert(db: &mut Db, comments: &[Comment]) -> Result<(), DbError> {
    let mut cases: Vec<Case> = comments.iter().enumerate().filter_map(|(n, one)| of_comment(n, one)).collect();
    cases.extend(of_articles(db)?);
    cases.extend(of_covers(db)?);
    cases.sort_by_key(|case| (case.opened_at, case.kind, case.object_id));
    insert_cases(db, &cases)?;
    insert_parts(db, &cases)?;
    insert_log(db, &cases)
}

fn numbered(cases: &[Case]) -> impl Iterator<Item = (i64, &Case)> {
    (1_i64..).zip(cases)
}

/// Whether a moderator has it.
fn assignee(id: i64, case: &Case) -> Option<i64> {
    (case.closed.is_none() && id % 3 == 0).then_some(MODERATOR)
}

/// Who reports: people who have not written it, why, what they say, and when.
fn reports(id: i64, case: &Case) -> impl Iterator<Item = (i64, &'static str, &'static str, Timestamp)> {
    let others = (0..).map(move |n: i64| 7 + (id * 5 + n) % 50).filter(|person| !case.author_ids.contains(person));
    others.take(case.reports).zip(0..).map(move |(person, n)| {
        let at = usize::try_from(id).unwrap_or(0) + n;
        let minutes = i64::try_from(n).unwrap_or(0);
        (person, REASONS[at % REASONS.len()], NOTES[at % NOTES.len()], case.opened_at + Duration::minutes(minutes))
    })
}

fn insert_cases(db: &mut Db, cases: &[Case]) -> Result<(), DbError> {
    let row = |(id, case): (i64, &Case)| {
        let closed = case.closed.as_ref();
        (
            content_cases::id.eq(id),
            content_cases::kind.eq(case.kind.to_owned()),
            content_cases::object_id.eq(case.object_id),
            content_cases::article_id.eq(case.article_id),
            content_cases::status.eq(if closed.is_some() { "closed" } else { "open" }.to_owned()),
            content_cases::title.eq(case.title.clone()),
            content_cases::excerpt.eq(case.excerpt.clone()),
            content_cases::report_count.eq(i64::try_from(case.reports).unwrap_or(0)),
            content_cases::assignee_id.eq(assignee(id, case)),
            content_cases::version.eq(1_i64),
            content_cases::opened_at.eq(case.opened_at),
            content_cases::closed_at.eq(closed.map(|closed| closed.at)),
            content_cases::decision.eq(closed.map(|closed| closed.decision.to_owned())),
            content_cases::elsewhere.eq(closed.is_some_and(|closed| closed.elsewhere)),
            content_cases::decided_by.eq(closed.and_then(|closed| closed.by)),
            content_cases::reason.eq(closed.map_or("", |closed| closed.reason).to_owned()),
        )
    };
    let rows: Vec<_> = numbered(cases).map(row).collect();
    insert_many!(db, content_cases::table, rows)?;
    Ok(())
}

fn insert_parts(db: &mut Db, cases: &[Case]) -> Result<(), DbError> {
    let (mut authors, mut flags, mut told) = (Vec::new(), Vec::new(), Vec::new());
    for (id, case) in numbered(cases) {
        authors.extend(case.author_ids.iter().zip(1_i64..).map(|(user_id, position)| {
            (
                content_case_authors::case_id.eq(id),
                content_case_authors::user_id.eq(*user_id),
                content_case_authors::position.eq(position),
            )
        }));
        flags.extend(case.flags.iter().map(|flag| {
            (
                content_case_flags::case_id.eq(id),
                content_case_flags::flag.eq(flag.check().name().to_owned()),
                content_case_flags::details.eq(Json(flag.clone())),
                content_case_flags::found_at.eq(case.opened_at),
            )
        }));
        told.extend(reports(id, case).map(|(reporter, reason, note, at)| {
            (
                content_reports::case_id.eq(id),
                content_reports::reporter_id.eq(reporter),
                content_reports::reason.eq(reason.to_owned()),
                content_reports::note.eq(note.to_owned()),
                content_reports::created_at.eq(at),
            )
        }));
    }
    insert_many!(db, content_case_authors::table, authors)?;
    insert_many!(db, content_case_flags::table, flags)?;
    insert_many!(db, content_reports::table, told)?;
    Ok(())
}

/// What was done: case, action, by whom, before, after, why, when.
type Entry = (i64, &'static str, Option<i64>, Option<String>, Option<String>, &'static str, Timestamp);

fn history(id: i64, case: &Case) -> Vec<Entry> {
    let text = |text: &str| Some(text.to_owned());
    let mut done: Vec<Entry> = vec![(id, "opened", None, None, text("open"), "", case.opened_at)];
    if !case.flags.is_empty() {
        let names = case.flags.iter().map(|flag| flag.check().name()).collect::<Vec<_>>().join(",");
        done.push((id, "flagged", None, None, Some(names), "", case.opened_at));
    }
    let reported = |(reporter, reason, note, at): (i64, &str, &'static str, Timestamp)| {
        (id, "reported", Some(reporter), None, text(reason), note, at)
    };
    done.extend(reports(id, case).map(reported));
    if let Some(has) = assignee(id, case) {
        done.push((id, "assigned", Some(has), None, Some(has.to_string()), "", case.opened_at + Duration::hours(2)));
    }
    if let Some(closed) = &case.closed {
        let action = if closed.elsewhere { "closed" } else { "decided" };
        done.push((id, action, closed.by, text("open"), text(closed.decision), closed.reason, closed.at));
    }
    done
}

fn insert_log(db: &mut Db, cases: &[Case]) -> Result<(), DbError> {
    let mut all: Vec<Entry> = numbered(cases).flat_map(|(id, case)| history(id, case)).collect();
    all.sort_by_key(|entry| entry.6);
    let row = |(case_id, action, actor_id, before, after, reason, at): Entry| {
        (
            content_case_log::case_id.eq(case_id),
            content_case_log::action.eq(action.to_owned()),
            content_case_log::actor_id.eq(actor_id),
            content_case_log::before.eq(before),
            content_case_log::after.eq(after),
            content_case_log::reason.eq(reason.to_owned()),
            content_case_log::created_at.eq(at),
        )
    };
    let rows: Vec<_> = all.into_iter().map(row).collect();
    insert_many!(db, content_case_log::table, rows)?;
    Ok(())
}
