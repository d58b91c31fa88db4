//! Who may do what with an article: every kind of caller, every operation on an article or a blog, drafts and what is published.

use poligon_testkit::{Client, Reply, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{ARTICLES, BLOGS, acting, at, author, blog, editor, id_of, join, made, person, publish, start};

/// How somebody is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Done,
    Low,
    Hidden,
    Unknown,
}
use Verdict::{Done, Hidden, Low, Unknown};

/// Nobody, somebody without a role, an author of elsewhere, another author of the blog, the author, an editor of the blog, an
/// owner of it, an editor of everything.
const CALLERS: [&str; 8] = [
    "nobody",
    "somebody",
    "another author",
    "an author of the blog",
    "its author",
    "an editor of the blog",
    "an owner",
    "an editor",
];

type Row = (&'static str, [Verdict; 8], [Verdict; 8]);

/// For each operation: who may do it with a draft, and who with what is published.
const TABLE: &[Row] = &[
    ("get", [Hidden, Hidden, Hidden, Hidden, Done, Done, Done, Done], [Done; 8]),
    ("page", [Hidden; 8], [Done; 8]),
    ("draft", WORK, WORK_LIVE),
    ("put", WORK, WORK_LIVE),
    ("patch", WORK, WORK_LIVE),
    ("delete", WORK, REVIEW_LIVE),
    ("delete draft", WORK, WORK_LIVE),
    ("put blog", WORK, REVIEW_LIVE),
    ("submit", WORK, WORK_LIVE),
    ("approve", REVIEW, REVIEW_LIVE),
    ("request-changes", REVIEW, REVIEW_LIVE),
    ("schedule", REVIEW, REVIEW_LIVE),
    ("publish", REVIEW, REVIEW_LIVE),
    ("unpublish", REVIEW, REVIEW_LIVE),
    ("archive", REVIEW, REVIEW_LIVE),
    ("history", WORK, WORK_LIVE),
    ("revisions", WORK, WORK_LIVE),
    ("revision", WORK, WORK_LIVE),
    ("diff", WORK, WORK_LIVE),
    ("restore", WORK, WORK_LIVE),
];

/// Those who work on a draft.
const WORK: [Verdict; 8] = [Unknown, Hidden, Hidden, Hidden, Done, Done, Done, Done];
/// The same of what everybody sees: others are told that they may not.
const WORK_LIVE: [Verdict; 8] = [Unknown, Low, Low, Low, Done, Done, Done, Done];
/// Those who decide on a draft.
const REVIEW: [Verdict; 8] = [Unknown, Hidden, Hidden, Hidden, Low, Done, Done, Done];
/// The same of what everybody sees.
const REVIEW_LIVE: [Verdict; 8] = [Unknown, Low, Low, Low, Low, Done, Done, Done];

fn request(who: &Client, operation: &str, article: &Value) -> Request {
    let place = at(ARTICLES, article);
    match operation {
        "get" => who.get(&place),
        "page" | "draft" | "history" | "revisions" => who.get(&format!("{place}/{operation}")),
        "put" => who.put(&place).json(&json!({"title": "Changed"})),
        "patch" => who.patch(&place).json(&json!({"title": "Changed"})),
        "delete" => who.delete(&place),
        "delete draft" => who.delete(&format!("{place}/draft")),
        "put blog" => who.put(&format!("{place}/blog")).json(&json!({"blog_id": article["blog"]["id"]})),
        "request-changes" => who.post(&format!("{place}/{operation}")).json(&json!({"note": "More"})),
        "schedule" => who.post(&format!("{place}/{operation}")).json(&json!({"publish_at": "2100-01-01T00:00:00Z"})),
        "revision" => who.get(&format!("{place}/revisions/1")),
        "diff" => who.get(&format!("{place}/revisions/1/diff")),
        "restore" => who.post(&format!("{place}/revisions/1/restore")),
        act => acting(who, article, act),
    }
}

/// Whoever may do it may be told that it cannot be done now.
fn verdict_of(reply: &Reply, what: &str) -> Verdict {
    match (reply.status, reply.problem_code()) {
        (200..=299, _) | (409, "invalid_transition") | (422, "validation_failed") => Done,
        (403, "role_too_low") => Low,
        (404, "not_found") => Hidden,
        (401, _) => Unknown,
        _ => panic!("{what}: {} {}", reply.status, reply.text),
    }
}

struct Stage {
    callers: [Client; 8],
    blog: Value,
}

async fn stage(app: &TestApp) -> Stage {
    let owner = author(app).await;
    let blog = blog(&owner, "The blog").await;
    let (colleague, writer, blog_editor) = (person(app).await, person(app).await, person(app).await);
    join(&owner, &blog, &colleague, "author").await;
    join(&owner, &blog, &writer, "author").await;
    join(&owner, &blog, &blog_editor, "editor").await;
    let others = (app.client(), person(app).await, author(app).await, editor(app).await);
    Stage { callers: [others.0, others.1, others.2, colleague, writer, blog_editor, owner, others.3], blog }
}

async fn subject(stage: &Stage, live: bool) -> Value {
    let (writer, editor) = (&stage.callers[4], &stage.callers[7]);
    let article = made(writer, json!({"title": "Subject", "blog_id": stage.blog["id"]})).await;
    if live { publish(writer, editor, &article).await } else { article }
}

async fn every_caller_may_what_the_table_says(app: TestApp) {
    let stage = stage(&app).await;
    for (operation, of_draft, of_live) in TABLE {
        for (live, verdicts) in [(false, of_draft), (true, of_live)] {
            let mut article = subject(&stage, live).await;
            for (caller, wanted) in verdicts.iter().enumerate() {
                let what = format!("{operation} by {} (published: {live})", CALLERS[caller]);
                let reply = request(&stage.callers[caller], operation, &article).send().await;
                let found = verdict_of(&reply, &what);
                // Whoever may give up a draft is told that there is none beside what is not published, or not changed.
                let no_draft = *operation == "delete draft" && found == Hidden && *wanted == Done;
                assert!(found == *wanted || no_draft, "{what}: {found:?}, not {wanted:?}: {}", reply.text);
                if (200..=299).contains(&reply.status) {
                    article = subject(&stage, live).await;
                }
            }
        }
    }
}

async fn the_table_knows_every_operation(_: TestApp) {
    let document = serde_json::to_value((poligon_content::domain().routes)().document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    // What hangs on an article has tests of its own.
    let others = ["/comments", "/discussion"];
    let of_articles = paths.iter().filter(|(path, _)| path.contains("/articles/{id}"));
    let of_articles = of_articles.filter(|(path, _)| !others.iter().any(|other| path.ends_with(other)));
    let count: usize = of_articles.map(|(_, item)| item.as_object().unwrap().len()).sum();
    assert_eq!(count, TABLE.len());
}

/// What a refused request was about stays as it was.
async fn a_refusal_changes_nothing(app: TestApp) {
    let stage = stage(&app).await;
    let article = subject(&stage, true).await;
    let writer = &stage.callers[4];
    let seen = async || {
        let draft = writer.get(&format!("{}/draft", at(ARTICLES, &article))).send().await.expect(200).text;
        let history = writer.get(&format!("{}/history", at(ARTICLES, &article))).send().await.expect(200).text;
        (draft, history)
    };
    let before = seen().await;
    for (operation, _, of_live) in TABLE {
        for (caller, _) in of_live.iter().enumerate().filter(|(_, verdict)| **verdict != Done) {
            request(&stage.callers[caller], operation, &article).send().await;
        }
    }
    assert_eq!(seen().await, before);
}

/// For each operation on a blog: who of the same callers may do it.
async fn blogs_are_decided_on_by_their_owners(app: TestApp) {
    let stage = stage(&app).await;
    let place = at(BLOGS, &stage.blog);
    let guest = person(&app).await;
    let member = format!("{place}/members/{}", id_of(&guest));
    let inside = [Unknown, Low, Low, Done, Done, Done, Done, Done];
    let owning = [Unknown, Low, Low, Low, Low, Low, Done, Done];
    for (caller, who) in stage.callers.iter().enumerate() {
        let check = async |what: &str, request: Request, wanted: Verdict| {
            let reply = request.send().await;
            let what = format!("{what} by {}", CALLERS[caller]);
            assert_eq!(verdict_of(&reply, &what), wanted, "{what}: {}", reply.text);
        };
        check("get", who.get(&place), Done).await;
        check("articles", who.get(&format!("{place}/articles")), Done).await;
        check("members", who.get(&format!("{place}/members")), inside[caller]).await;
        check("patch", who.patch(&place).json(&json!({"description": "d"})), owning[caller]).await;
        check("put member", who.put(&member).json(&json!({"role": "author"})), owning[caller]).await;
        check("delete member", who.delete(&member), owning[caller]).await;
        if owning[caller] != Done {
            check("delete", who.delete(&place), owning[caller]).await;
        }
    }
}

poligon_testkit::tests! { start =>
    every_caller_may_what_the_table_says,
    the_table_knows_every_operation,
    a_refusal_changes_nothing,
    blogs_are_decided_on_by_their_owners,
}
