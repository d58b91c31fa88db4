//! Demo comments on demo articles, in English and Russian: most of them approved, some with replies, some that wait.

use chrono::Duration;
use diesel::prelude::*;
use poligon_core::db::{Db, DbError, Timestamp};
use poligon_core::{insert_many, on_each};

use crate::articles::Language;
use crate::comments::{Status, html};
use crate::schema::{article_comments as comments, articles};

/// Demo articles that are talked about: the first ones.
const ARTICLES: i64 = 120;
/// Comments right on articles, and replies to them.
const TOP: usize = 90;
const REPLIES: usize = 60;
/// Who decides on what waits: `moderator`.
pub(super) const MODERATOR: i64 = 3;

const SAID_EN: [&str; 8] = [
    "This helped me on Monday morning, **thank you**.",
    "How many retries do you allow before you call it flaky?",
    "We had the same bug; a unique index was the whole fix.",
    "I would keep the pause and log the reason instead.",
    "Does this work with two copies behind a load balancer?",
    "The second example is the clearest one I have read about it.",
    "Nice, but what about people who have no time for a rewrite?",
    "We measure the p99 of this, too. It is worth it.",
];
const SAID_RU: [&str; 8] = [
    "Помогло прямо сегодня, **спасибо**.",
    "А сколько повторов вы допускаете, прежде чем назвать тест нестабильным?",
    "У нас была та же ошибка, хватило уникального индекса.",
    "Я бы оставил паузу и записал причину.",
    "Это работает, если копий сервиса две?",
    "Второй пример — самый понятный из всех, что я видел.",
    "Хорошо, но что делать тем, у кого нет времени всё переписать?",
    "Мы тоже измеряем p99, и не зря.",
];
const REPLY_EN: [&str; 4] =
    ["Same here.", "It does, we tried.", "Three, and then we look at the log.", "Good question!"];
const REPLY_RU: [&str; 4] = ["У нас так же.", "Работает, проверяли.", "Три, потом смотрим журнал.", "Хороший вопрос!"];
/// What the checks find something in.
const PUSHED: [(&str, &str); 4] = [
    ("The best casino in town, the first jackpot is yours", "Лучшее казино города, первые ставки за наш счёт"),
    (
        "Look: http://one.example http://two.example http://three.example",
        "Смотрите: http://a.example http://b.example http://c.example",
    ),
    ("My first comment here, hello everybody", "Мой первый комментарий, всем привет"),
    (
        "Payday loans for testers: http://x.example http://y.example http://z.example",
        "Кредиты без отказа, займы за минуту",
    ),
];
/// What people report.
const RUDE: [(&str, &str); 3] = [
    ("Whoever wrote this has never seen a test.", "Автор ни одного теста в жизни не видел."),
    ("Copied word for word from my own blog.", "Слово в слово списано из моего блога."),
    ("PostgreSQL loses every second row, everybody knows.", "PostgreSQL теряет каждую вторую строку, это все знают."),
];

/// What is to be made of a comment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// Everybody sees it.
    Seen,
    /// The checks have found something: it waits.
    Waits,
    /// Everybody sees it, and people have reported it.
    Reported,
    /// It was reported, and a moderator has decided so.
    Decided(Status),
}

/// A demo comment.
#[derive(Debug, Clone)]
pub(super) struct Comment {
    pub(super) id: i64,
    pub(super) article_id: i64,
    pub(super) title: String,
    parent: Option<(i64, bool)>,
    pub(super) author_id: i64,
    pub(super) body: String,
    pub(super) at: Timestamp,
    pub(super) fate: Fate,
}

fn fate(n: usize) -> Fate {
    match (n % 9, n / 9 % 3) {
        (4, _) => Fate::Waits,
        (7, _) => Fate::Reported,
        (2, 0) => Fate::Decided(Status::Trash),
        (2, 1) => Fate::Decided(Status::Approved),
        (2, _) => Fate::Decided(Status::Spam),
        _ => Fate::Seen,
    }
}

fn said(n: usize, fate: Fate, language: Language) -> &'static str {
    let (english, russian) = match fate {
        Fate::Waits => PUSHED[n / 9 % PUSHED.len()],
        Fate::Reported | Fate::Decided(Status::Trash | Status::Approved) => RUDE[n / 9 % RUDE.len()],
        Fate::Decided(_) => PUSHED[0],
        Fate::Seen => (SAID_EN[n % SAID_EN.len()], SAID_RU[n % SAID_RU.len()]),
    };
    if language == Language::Ru { russian } else { english }
}

impl Comment {
    pub(super) fn status(&self) -> Status {
        match self.fate {
            Fate::Waits => Status::Pending,
            Fate::Seen | Fate::Reported => Status::Approved,
            Fate::Decided(status) => status,
        }
    }

    /// When a moderator decided, where one did.
    pub(super) fn decided_at(&self) -> Option<Timestamp> {
        matches!(self.fate, Fate::Decided(_)).then(|| self.at + Duration::hours(3))
    }

    fn is_shown(&self) -> bool {
        self.status() == Status::Approved && self.parent.is_none_or(|(_, shown)| shown)
    }

    fn path(&self) -> String {
        self.parent.map_or_else(|| format!("/{}/", self.id), |(parent, _)| format!("/{parent}/{}/", self.id))
    }
}

/// Who says something: people from the sixth on.
fn author(n: usize) -> i64 {
    6 + i64::try_from(n * 7 % 54).unwrap_or(0)
}

fn id(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(0) + 1
}

/// What people have said of demo articles.
fn told(published: &[(i64, String, String, Timestamp)]) -> Vec<Comment> {
    let top = published.iter().cycle().take(TOP).enumerate().map(|(n, (article_id, language, title, since))| {
        let fate = fate(n);
        Comment {
            id: id(n),
            article_id: *article_id,
            title: title.clone(),
            parent: None,
            author_id: author(n),
            body: said(n, fate, Language::of(language)).to_owned(),
            at: *since + Duration::hours(1 + id(n) % 36),
            fate,
        }
    });
    let mut all: Vec<Comment> = top.collect();
    let answered: Vec<Comment> = all.iter().filter(|comment| comment.is_shown()).take(REPLIES).cloned().collect();
    let replies = answered.into_iter().enumerate().map(|(n, to)| {
        let said = if to.body.is_ascii() { REPLY_EN } else { REPLY_RU };
        Comment {
            id: id(all.len() + n),
            parent: Some((to.id, true)),
            author_id: author(n + 11),
            body: said[n % said.len()].to_owned(),
            at: to.at + Duration::minutes(17 + id(n)),
            fate: Fate::Seen,
            ..to
        }
    });
    let replies: Vec<Comment> = replies.collect();
    all.extend(replies);
    all
}

/// Makes the comments, if there are articles to say something of.
pub(super) fn insert(db: &mut Db) -> Result<Vec<Comment>, DbError> {
    let published = articles::table.filter(articles::id.le(ARTICLES)).filter(articles::live.is_not_null());
    let columns = (articles::id, articles::language, articles::title, articles::published_at.assume_not_null());
    let published: Vec<(i64, String, String, Timestamp)> = published.order(articles::id).select(columns).load(db)?;
    let all = told(&published);
    let row = |comment: &Comment| {
        let decided_at = comment.decided_at();
        (
            comments::id.eq(comment.id),
            comments::article_id.eq(comment.article_id),
            comments::parent_id.eq(comment.parent.map(|(id, _)| id)),
            comments::path.eq(comment.path()),
            comments::author_id.eq(comment.author_id),
            comments::status.eq(comment.status().name().to_owned()),
            comments::shown.eq(comment.is_shown()),
            comments::body.eq(comment.body.clone()),
            comments::html.eq(html(&comment.body).unwrap_or_default()), // texts of our own are never refused
            comments::version.eq(1_i64 + i64::from(decided_at.is_some())),
            comments::created_at.eq(comment.at),
            comments::decided_by.eq(decided_at.map(|_| MODERATOR)),
            comments::decided_at.eq(decided_at),
            comments::reason.eq(if decided_at.is_some() { super::queue::REASON.to_owned() } else { String::new() }),
        )
    };
    let rows: Vec<_> = all.iter().map(row).collect();
    insert_many!(db, comments::table, rows)?;
    let counted = "UPDATE articles SET comment_count = (SELECT count(*) FROM article_comments \
         WHERE article_id = articles.id AND shown) WHERE id IN (SELECT article_id FROM article_comments)";
    on_each!(db, c => diesel::sql_query(counted).execute(c))?;
    Ok(all)
}
