//! The way of an article from a draft to what everybody sees, and back.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, article, at, author, blog, editor, id_of, items, join, made, patching, publish, published, start,
};

async fn status(who: &Client, article: &Value) -> Value {
    who.get(&format!("{}/draft", at(ARTICLES, article))).send().await.expect(200).body["status"].clone()
}

fn asking(who: &Client, article: &Value, note: &str) -> poligon_testkit::Request {
    who.post(&format!("{}/request-changes", at(ARTICLES, article))).json(&json!({"note": note}))
}

async fn the_way_of_an_article(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    let refused = acting(&ed, &one, "approve").send().await.expect_problem(409, "invalid_transition");
    assert_eq!((&refused.body["from"], &refused.body["to"]), (&json!("draft"), &json!("approved")));
    let waiting = acting(&ann, &one, "submit").send().await.expect(200).body;
    assert_eq!((&waiting["status"], &waiting["next_statuses"]), (&json!("in_review"), &json!([])));
    acting(&ann, &one, "submit").send().await.expect_problem(409, "invalid_transition");
    let empty = asking(&ed, &one, " ").send().await.expect_problem(422, "validation_failed");
    assert_eq!(empty.pointers(), ["/note"]);
    asking(&ed, &one, "Shorter, please").send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    let approved = acting(&ed, &one, "approve").send().await.expect(200).body;
    assert_eq!(approved["next_statuses"], json!(["changes_requested", "scheduled", "published", "archived"]));
    let seen = acting(&ed, &one, "publish").send().await.expect(200).body;
    assert_eq!((&seen["status"], &seen["next_statuses"]), (&json!("published"), &json!(["draft", "archived"])));
    acting(&ed, &one, "publish").send().await.expect_problem(409, "invalid_transition");
    acting(&ed, &one, "archive").send().await.expect(200);
    app.client().get(&at(ARTICLES, &one)).send().await.expect(404);
    patching(&ann, &one, json!({"title": "x"})).send().await.expect_problem(409, "article_archived");
    let back = acting(&ed, &one, "unpublish").send().await.expect(200).body;
    assert_eq!(back["status"], "draft");
    let history = ann.get(&format!("{}/history?include_total=true", at(ARTICLES, &one))).send().await.expect(200);
    let acts: Vec<&str> = items(&history).iter().map(|step| step["act"].as_str().unwrap()).collect();
    let all =
        ["created", "submitted", "changes_requested", "submitted", "approved", "published", "archived", "unpublished"];
    assert_eq!(acts, all);
    let asked = &items(&history)[2];
    assert_eq!((&asked["note"], &asked["before"]), (&json!("Shorter, please"), &json!("in_review")));
    assert_eq!(asked["actor"]["id"], id_of(&ed));
    assert_eq!(history.body["total"], all.len());
}

async fn authors_submit_and_editors_decide(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    acting(&ann, &one, "submit").send().await.expect(200);
    for what in ["approve", "publish", "unpublish", "archive"] {
        acting(&ann, &one, what).send().await.expect_problem(403, "role_too_low");
    }
    asking(&ann, &one, "More").send().await.expect_problem(403, "role_too_low");
    acting(&ed, &one, "approve").send().await.expect(200);
}

async fn nobody_approves_what_they_wrote_unless_they_may(app: TestApp) {
    let (ed, other) = (editor(&app).await, editor(&app).await);
    let own = article(&ed, "Own").await;
    acting(&ed, &own, "submit").send().await.expect(200);
    acting(&ed, &own, "approve").send().await.expect_problem(403, "own_text");
    acting(&other, &own, "approve").send().await.expect(200);
    // Whoever has saved it last has written it, too.
    let ann = author(&app).await;
    let hers = article(&ann, "Hers").await;
    patching(&ed, &hers, json!({"body": "Mended."})).send().await.expect(200);
    acting(&ann, &hers, "submit").send().await.expect(200);
    acting(&ed, &hers, "approve").send().await.expect_problem(403, "own_text");
    app.grant("chief", &["articles:write", "articles:publish", "articles:approve_own"]).await;
    let chief = app.sign_in_as(&["chief"]).await;
    let own = article(&chief, "Chief's").await;
    acting(&chief, &own, "submit").send().await.expect(200);
    acting(&chief, &own, "approve").send().await.expect(200);
}

async fn a_blog_may_let_its_editors_approve_their_own(app: TestApp) {
    let ann = author(&app).await;
    let mine = blog(&ann, "Mine").await;
    let own = made(&ann, json!({"title": "Own", "blog_id": mine["id"]})).await;
    acting(&ann, &own, "submit").send().await.expect(200);
    acting(&ann, &own, "approve").send().await.expect_problem(403, "own_text");
    ann.patch(&at("/api/content/blogs", &mine)).json(&json!({"self_approval": true})).send().await.expect(200);
    acting(&ann, &own, "approve").send().await.expect(200);
    acting(&ann, &own, "publish").send().await.expect(200);
}

async fn editors_of_a_blog_decide_on_what_stands_in_it_alone(app: TestApp) {
    let (ann, bob, eve) = (author(&app).await, author(&app).await, author(&app).await);
    let mine = blog(&ann, "Mine").await;
    join(&ann, &mine, &bob, "author").await;
    join(&ann, &mine, &eve, "editor").await;
    let inside = made(&bob, json!({"title": "Inside", "blog_id": mine["id"]})).await;
    let outside = article(&bob, "Outside").await;
    acting(&bob, &inside, "submit").send().await.expect(200);
    acting(&bob, &outside, "submit").send().await.expect(200);
    acting(&eve, &inside, "approve").send().await.expect(200);
    acting(&eve, &outside, "approve").send().await.expect(404);
    let queue = eve.get(&format!("{ARTICLES}?status=approved")).send().await.expect(200);
    assert_eq!(items(&queue).len(), 1);
    // Who has left the blog sees no more of what others wrote, and changes no more of what they wrote.
    let path = format!("{}/members/{}", at("/api/content/blogs", &mine), id_of(&bob));
    ann.delete(&path).send().await.expect(204);
    bob.get(&format!("{}/draft", at(ARTICLES, &inside))).send().await.expect(200);
    patching(&bob, &inside, json!({"title": "x"})).send().await.expect_problem(403, "role_too_low");
}

async fn a_save_takes_an_approval_back(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    crate::world::approve(&ann, &ed, &one).await;
    patching(&ann, &one, json!({"body": "Something else entirely"})).send().await.expect(200);
    assert_eq!(status(&ann, &one).await, "draft");
    acting(&ed, &one, "publish").send().await.expect_problem(409, "invalid_transition");
    acting(&ann, &one, "submit").send().await.expect(200);
    asking(&ed, &one, "Why?").send().await.expect(200);
    patching(&ann, &one, json!({"body": "Because."})).send().await.expect(200);
    assert_eq!(status(&ann, &one).await, "changes_requested", "until it is submitted again");
}

/// What is approved is what was read: an approval names the revision.
async fn an_act_may_ask_for_the_revision_that_was_read(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = article(&ann, "One").await;
    acting(&ann, &one, "submit").send().await.expect(200);
    let read = ed.get(&format!("{}/draft", at(ARTICLES, &one))).send().await.expect(200);
    let tag = read.header("etag").unwrap();
    patching(&ann, &one, json!({"body": "Other."})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    acting(&ed, &one, "approve").header("if-match", tag).send().await.expect_problem(412, "precondition_failed");
    assert_eq!(status(&ed, &one).await, "in_review");
}

async fn what_was_taken_back_is_published_anew(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "One"})).await;
    patching(&ann, &one, json!({"title": "Two"})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    let back = acting(&ed, &one, "unpublish").send().await.expect(200).body;
    assert_eq!(
        (&back["status"], &back["draft_status"], &back["title"]),
        (&json!("in_review"), &Value::Null, &json!("Two"))
    );
    app.client().get(&at(ARTICLES, &one)).send().await.expect(404);
    app.clock().advance(chrono::Duration::minutes(1));
    acting(&ed, &one, "approve").send().await.expect(200);
    let again = acting(&ed, &one, "publish").send().await.expect(200).body;
    assert!(again["published_at"].as_str() > one["published_at"].as_str(), "{again}");
    publish_again_is_refused(&ed, &again).await;
}

async fn publish_again_is_refused(ed: &Client, one: &Value) {
    acting(ed, one, "publish").send().await.expect_problem(409, "invalid_transition");
}

async fn the_queue_is_for_those_who_review(app: TestApp) {
    let (ann, ed, eve) = (author(&app).await, editor(&app).await, author(&app).await);
    let one = article(&ann, "One").await;
    let two = article(&ann, "Two").await;
    acting(&ann, &one, "submit").send().await.expect(200);
    publish(&ann, &ed, &two).await;
    patching(&ann, &two, json!({"title": "Two, better"})).send().await.expect(200);
    acting(&ann, &two, "submit").send().await.expect(200);
    let queue = async |who: &Client| {
        let page =
            who.get(&format!("{ARTICLES}?status=in_review&sort=oldest&include_total=true")).send().await.expect(200);
        let shown: Vec<Value> = items(&page).iter().map(|one| one["draft_title"].clone()).collect();
        assert_eq!(page.body["total"], shown.len());
        shown
    };
    assert_eq!(queue(&ed).await, ["One", "Two, better"]);
    assert_eq!(queue(&ann).await, ["One", "Two, better"]);
    assert!(queue(&eve).await.is_empty());
    app.client().get(&format!("{ARTICLES}?status=in_review")).send().await.expect(401);
}

fn moving(who: &Client, article: &Value, blog: &Value) -> poligon_testkit::Request {
    who.put(&format!("{}/blog", at(ARTICLES, article))).json(&json!({"blog_id": blog}))
}

/// Nobody has a text approved where they may do that themselves, and brings it to where they may not.
async fn a_move_is_no_way_round_a_review(app: TestApp) {
    let (ann, ed, owner) = (author(&app).await, editor(&app).await, author(&app).await);
    let (strict, own) = (blog(&owner, "Strict").await, blog(&ann, "Own").await);
    ann.patch(&at("/api/content/blogs", &own)).json(&json!({"self_approval": true})).send().await.expect(200);
    join(&owner, &strict, &ann, "author").await;
    // What she has published herself stays where she may do that, also when she works on it.
    let mine = made(&ann, json!({"title": "Mine", "blog_id": own["id"]})).await;
    publish(&ann, &ann, &mine).await;
    patching(&ann, &mine, json!({"body": "More."})).send().await.expect(200);
    for blog in [&Value::Null, &strict["id"]] {
        moving(&ann, &mine, blog).send().await.expect_problem(403, "role_too_low");
    }
    // What others have published of hers does not go there either.
    let theirs = made(&ann, json!({"title": "Theirs", "blog_id": strict["id"]})).await;
    publish(&ann, &ed, &theirs).await;
    patching(&ann, &theirs, json!({"body": "Unseen."})).send().await.expect(200);
    moving(&ann, &theirs, &own["id"]).send().await.expect_problem(403, "role_too_low");
    // Nor does an editor of both bring their own text by that way.
    join(&owner, &strict, &ann, "editor").await;
    let round = made(&ann, json!({"title": "Round", "blog_id": own["id"]})).await;
    publish(&ann, &ann, &round).await;
    moving(&ann, &round, &strict["id"]).send().await.expect_problem(403, "own_text");
    moving(&ed, &round, &strict["id"]).send().await.expect(200);
    // A draft that nobody has seen goes where its author may write.
    let draft = made(&ann, json!({"title": "Draft", "blog_id": strict["id"]})).await;
    moving(&ann, &draft, &own["id"]).send().await.expect(200);
}

/// Whoever has had a hand in what is to be published does not approve it, whoever is named as its author.
async fn a_text_is_ones_own_whoever_is_named(app: TestApp) {
    let (ann, ed, other) = (author(&app).await, editor(&app).await, editor(&app).await);
    let one = made(&ed, json!({"title": "One", "body": "By an editor", "author_ids": [id_of(&ed), id_of(&ann)]})).await;
    patching(&ed, &one, json!({"author_ids": [id_of(&ann)]})).send().await.expect(200);
    patching(&ann, &one, json!({"excerpt": "Tiny"})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    let next = async |who: &Client| {
        who.get(&format!("{}/draft", at(ARTICLES, &one))).send().await.expect(200).body["next_statuses"].clone()
    };
    assert_eq!(next(&ed).await, json!(["changes_requested", "archived"]), "and is not told that they may");
    assert_eq!(next(&other).await, json!(["approved", "changes_requested", "archived"]));
    acting(&ed, &one, "approve").send().await.expect_problem(403, "own_text");
    acting(&other, &one, "approve").send().await.expect(200);
    acting(&ed, &one, "publish").send().await.expect(200);
    // What was published is somebody else's word; from there on it is theirs who change it.
    patching(&ann, &one, json!({"body": "By its author"})).send().await.expect(200);
    acting(&ann, &one, "submit").send().await.expect(200);
    acting(&ed, &one, "approve").send().await.expect(200);
}

poligon_testkit::tests! { start =>
    a_move_is_no_way_round_a_review,
    a_text_is_ones_own_whoever_is_named,
    the_way_of_an_article,
    authors_submit_and_editors_decide,
    nobody_approves_what_they_wrote_unless_they_may,
    a_blog_may_let_its_editors_approve_their_own,
    editors_of_a_blog_decide_on_what_stands_in_it_alone,
    a_save_takes_an_approval_back,
    an_act_may_ask_for_the_revision_that_was_read,
    what_was_taken_back_is_published_anew,
    the_queue_is_for_those_who_review,
}
