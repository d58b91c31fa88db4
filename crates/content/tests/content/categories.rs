//! Categories: a tree without cycles, and what becomes of articles when it changes.

use poligon_testkit::{TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, CATEGORIES, article, at, author, category, counted, editor, in_category, items, made, patching, person,
    published, start,
};

async fn a_category_is_made_changed_and_removed(app: TestApp) {
    let ed = editor(&app).await;
    let top = category(&ed, "Тестирование API", None).await;
    assert_eq!(top["slug"], "testirovanie-api");
    assert_eq!(top["path"], format!("/{}/", top["id"]));
    let below = category(&ed, "Тестирование API", Some(&top)).await;
    assert_eq!(below["slug"], "testirovanie-api-2");
    let changed = ed.patch(&at(CATEGORIES, &below)).json(&json!({"title": "Contracts", "position": 3})).send().await;
    assert_eq!(changed.expect(200).body["title"], "Contracts");
    let found = app.client().get(&at(CATEGORIES, &below)).send().await.expect(200);
    assert_eq!((&found.body["parent_id"], &found.body["position"]), (&top["id"], &json!(3)));
    ed.delete(&at(CATEGORIES, &top)).send().await.expect_problem(409, "category_used");
    ed.delete(&at(CATEGORIES, &below)).send().await.expect(204);
    ed.delete(&at(CATEGORIES, &below)).send().await.expect(404);
    ed.delete(&at(CATEGORIES, &top)).send().await.expect(204);
}

async fn only_those_who_may_change_the_tree(app: TestApp) {
    let ed = editor(&app).await;
    let top = category(&ed, "Top", None).await;
    for who in [author(&app).await, person(&app).await] {
        who.post(CATEGORIES).json(&json!({"title": "Mine"})).send().await.expect_problem(403, "forbidden");
        who.patch(&at(CATEGORIES, &top)).json(&json!({"title": "Mine"})).send().await.expect(403);
        who.delete(&at(CATEGORIES, &top)).send().await.expect(403);
    }
    app.client().post(CATEGORIES).json(&json!({"title": "Mine"})).send().await.expect(401);
}

async fn the_tree_has_no_cycle_and_no_more_than_eight_levels(app: TestApp) {
    let ed = editor(&app).await;
    let mut chain = vec![category(&ed, "1", None).await];
    for n in 2..=8 {
        chain.push(category(&ed, &n.to_string(), chain.last()).await);
    }
    let too_deep = json!({"title": "9", "parent_id": chain[7]["id"]});
    ed.post(CATEGORIES).json(&too_deep).send().await.expect_problem(409, "category_too_deep");
    let into_itself = json!({"parent_id": chain[5]["id"]});
    ed.patch(&at(CATEGORIES, &chain[1])).json(&into_itself).send().await.expect_problem(409, "category_cycle");
    let missing = ed.patch(&at(CATEGORIES, &chain[1])).json(&json!({"parent_id": 999_999})).send().await;
    assert_eq!(missing.expect_problem(422, "validation_failed").pointers(), ["/parent_id"]);
}

/// Each moves below the other: one of them is told that this would be a cycle.
async fn two_moves_at_once_make_no_cycle(app: TestApp) {
    let ed = editor(&app).await;
    for _ in 0..5 {
        let (a, b) = (category(&ed, "A", None).await, category(&ed, "B", None).await);
        let below =
            |one: &Value, other: &Value| ed.patch(&at(CATEGORIES, one)).json(&json!({"parent_id": other["id"]}));
        let replies = at_once([below(&a, &b), below(&b, &a)]).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

async fn the_whole_tree_is_one_answer_in_its_order(app: TestApp) {
    let ed = editor(&app).await;
    let place = async |title: &str, parent: Option<&Value>, position: i64| {
        let body = json!({"title": title, "parent_id": parent.map(|parent| &parent["id"]), "position": position});
        ed.post(CATEGORIES).json(&body).send().await.expect(201).body
    };
    let second = place("second", None, 2).await;
    let first = place("first", None, 1).await;
    place("second.b", Some(&second), 7).await;
    place("second.a", Some(&second), -7).await;
    place("first.a", Some(&first), 0).await;
    let tree = app.client().get(&format!("{CATEGORIES}/tree")).send().await.expect(200);
    let shown: Vec<(i64, &str)> =
        items(&tree).iter().map(|node| (node["level"].as_i64().unwrap(), node["title"].as_str().unwrap())).collect();
    assert_eq!(shown, [(1, "first"), (2, "first.a"), (1, "second"), (2, "second.a"), (2, "second.b")]);
}

async fn an_article_is_read_in_its_categories_and_in_those_above(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let top = category(&ed, "Top", None).await;
    let (left, right) = (category(&ed, "Left", Some(&top)).await, category(&ed, "Right", Some(&top)).await);
    published(&ann, &ed, json!({"title": "L", "category_ids": [left["id"]]})).await;
    published(&ann, &ed, json!({"title": "B", "category_ids": [right["id"], left["id"]]})).await;
    article(&ann, "draft").await;
    assert_eq!(in_category(&app, &top).await, ["B", "L"]);
    assert_eq!(in_category(&app, &left).await, ["B", "L"]);
    assert_eq!(in_category(&app, &right).await, ["B"]);
    assert_eq!(counted(&app, CATEGORIES, &top).await, 0);
    assert_eq!(counted(&app, CATEGORIES, &left).await, 2);
    let by_slug = app.client().get(&format!("{ARTICLES}?category=right")).send().await.expect(200);
    assert_eq!(items(&by_slug)[0]["categories"][0]["slug"], "right", "in the order in which it stands there");
    let unknown = app.client().get(&format!("{ARTICLES}?category=nowhere")).send().await;
    assert_eq!(unknown.expect_problem(422, "validation_failed").pointers(), ["/category"]);
}

async fn articles_follow_a_category_that_moves(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (old, new) = (category(&ed, "Old", None).await, category(&ed, "New", None).await);
    let (moved, stays) = (category(&ed, "Moved", Some(&old)).await, category(&ed, "Stays", Some(&old)).await);
    let leaf = category(&ed, "Leaf", Some(&moved)).await;
    published(&ann, &ed, json!({"title": "leaf", "category_ids": [leaf["id"]]})).await;
    published(&ann, &ed, json!({"title": "both", "category_ids": [leaf["id"], stays["id"]]})).await;
    published(&ann, &ed, json!({"title": "here", "category_ids": [new["id"], leaf["id"]]})).await;
    ed.patch(&at(CATEGORIES, &moved)).json(&json!({"parent_id": new["id"]})).send().await.expect(200);
    assert_eq!(in_category(&app, &old).await, ["both"], "it stands there by another way");
    assert_eq!(in_category(&app, &new).await, ["here", "both", "leaf"]);
    assert_eq!(in_category(&app, &moved).await, ["here", "both", "leaf"]);
    assert_eq!(counted(&app, CATEGORIES, &new).await, 1);
    assert_eq!(counted(&app, CATEGORIES, &leaf).await, 3);
}

async fn a_used_category_is_removed_when_it_is_said_who_takes_what_is_in_it(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let top = category(&ed, "Top", None).await;
    let (gone, heir) = (category(&ed, "Gone", Some(&top)).await, category(&ed, "Heir", None).await);
    let child = category(&ed, "Child", Some(&gone)).await;
    let one = published(&ann, &ed, json!({"title": "one", "category_ids": [gone["id"]]})).await;
    published(&ann, &ed, json!({"title": "two", "category_ids": [heir["id"], gone["id"]]})).await;
    published(&ann, &ed, json!({"title": "three", "category_ids": [child["id"]]})).await;
    let draft = made(&ann, json!({"title": "draft", "category_ids": [gone["id"]]})).await;
    let used = ed.delete(&at(CATEGORIES, &gone)).send().await.expect_problem(409, "category_used");
    assert_eq!(used.body["detail"], "3 articles and 1 categories stand in this category");
    for (heir, code) in [(&gone, "below"), (&child, "below"), (&json!({"id": 999_999}), "unknown_category")] {
        let refused = ed.delete(&format!("{}?move_to={}", at(CATEGORIES, &gone), heir["id"])).send().await;
        let refused = refused.expect_problem(422, "validation_failed");
        assert_eq!(refused.body["errors"][0]["code"], code);
    }
    ed.delete(&format!("{}?move_to={}", at(CATEGORIES, &gone), heir["id"])).send().await.expect(204);
    assert_eq!(in_category(&app, &heir).await, ["three", "two", "one"]);
    assert_eq!(in_category(&app, &top).await, Vec::<String>::new());
    assert_eq!(counted(&app, CATEGORIES, &heir).await, 2);
    let moved = app.client().get(&at(CATEGORIES, &child)).send().await.expect(200);
    assert_eq!(moved.body["parent_id"], heir["id"]);
    let shown = app.client().get(&at(ARTICLES, &one)).send().await.expect(200);
    assert_eq!(shown.body["categories"][0]["id"], heir["id"]);
    let draft = ann.get(&format!("{}/draft", at(ARTICLES, &draft))).send().await.expect(200);
    assert_eq!(draft.body["categories"][0]["id"], heir["id"]);
}

/// Categories are merged and moved while articles come and go: afterwards every counter is what is there.
async fn counters_are_exact_while_the_tree_changes(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (a, b) = (category(&ed, "A", None).await, category(&ed, "B", None).await);
    let mut articles = Vec::new();
    for n in 0..6 {
        let body = json!({"title": format!("n{n}"), "category_ids": [a["id"]], "tags": ["x", "y"]});
        articles.push(published(&ann, &ed, body).await);
    }
    let extra = category(&ed, "C", Some(&a)).await;
    let unpublish = articles.iter().take(3).map(|one| ed.post(&format!("{}/unpublish", at(ARTICLES, one))));
    let tree = [
        ed.patch(&at(CATEGORIES, &b)).json(&json!({"parent_id": extra["id"]})),
        ed.delete(&format!("{}?move_to={}", at(CATEGORIES, &a), extra["id"])),
        ed.delete(&format!("{}?move_to={}", at(CATEGORIES, &extra), b["id"])),
    ];
    at_once(unpublish.chain(tree)).await;
    let tree = app.client().get(&format!("{CATEGORIES}/tree")).send().await.expect(200);
    let mut all = 0;
    for node in items(&tree) {
        let page = app.client().get(&format!("{ARTICLES}?limit=100&category={}", node["id"])).send().await.expect(200);
        let own = items(&page).iter().filter(|one| one["categories"][0]["id"] == node["id"]).count();
        assert_eq!(node["article_count"].as_u64(), Some(own as u64), "{node}");
        all += own;
    }
    assert_eq!(all, 3, "three are left, each in one category");
}

async fn a_category_that_is_not_there_is_told(app: TestApp) {
    let ann = author(&app).await;
    let mine = article(&ann, "Mine").await;
    let refused = patching(&ann, &mine, json!({"category_ids": [999_999]})).send().await;
    assert_eq!(refused.expect_problem(422, "validation_failed").pointers(), ["/category_ids"]);
}

poligon_testkit::tests! { start =>
    a_category_is_made_changed_and_removed,
    only_those_who_may_change_the_tree,
    the_tree_has_no_cycle_and_no_more_than_eight_levels,
    two_moves_at_once_make_no_cycle,
    the_whole_tree_is_one_answer_in_its_order,
    an_article_is_read_in_its_categories_and_in_those_above,
    articles_follow_a_category_that_moves,
    a_used_category_is_removed_when_it_is_said_who_takes_what_is_in_it,
    counters_are_exact_while_the_tree_changes,
    a_category_that_is_not_there_is_told,
}
