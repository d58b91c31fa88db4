//! Every save of an article: listed, compared, brought back, and never lost.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{
    ARTICLES, acting, article, at, author, category, editor, id_of, items, made, patching, published, start,
};

async fn every_save_is_a_revision(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "One", "body": "a"})).await;
    patching(&ed, &one, json!({"body": "a\nb"})).send().await.expect(200);
    patching(&ann, &one, json!({"body": "a\nb"})).send().await.expect(200);
    let path = format!("{}/revisions", at(ARTICLES, &one));
    let all = ann.get(&format!("{path}?include_total=true")).send().await.expect(200);
    let shown: Vec<(i64, bool)> = items(&all)
        .iter()
        .map(|one| (one["revision"].as_i64().unwrap(), one["published"].as_bool().unwrap()))
        .collect();
    assert_eq!(shown, [(3, false), (2, false), (1, true)]);
    assert_eq!(items(&all)[1]["saved_by"]["id"], id_of(&ed));
    let page = ann.get(&format!("{path}?limit=2")).send().await.expect(200);
    let rest = ann.get(&format!("{path}?limit=2&cursor={}", page.body["next_cursor"].as_str().unwrap())).send().await;
    assert_eq!(items(&rest.expect(200))[0]["revision"], 1);
    let first = ann.get(&format!("{path}/1")).send().await.expect(200);
    assert_eq!((&first.body["body"], &first.body["html"]), (&json!("a"), &json!("<p>a</p>")));
    ann.get(&format!("{path}/4")).send().await.expect(404);
    author(&app).await.get(&path).send().await.expect_problem(403, "role_too_low");
    app.client().get(&path).send().await.expect(401);
}

async fn what_differs_is_told_member_by_member_and_line_by_line(app: TestApp) {
    let ann = author(&app).await;
    let one = made(&ann, json!({"title": "One", "body": "a\nb\nc\n", "tags": ["x"]})).await;
    patching(&ann, &one, json!({"title": "Two", "body": "a\nB\nc\nd\n", "tags": []})).send().await.expect(200);
    let path = format!("{}/revisions", at(ARTICLES, &one));
    let diff = ann.get(&format!("{path}/2/diff")).send().await.expect(200).body;
    assert_eq!(
        (&diff["from"], &diff["to"], &diff["inserted"], &diff["deleted"]),
        (&json!(1), &json!(2), &json!(2), &json!(1))
    );
    let fields = json!([{"field": "tags", "from": ["x"], "to": []}, {"field": "title", "from": "One", "to": "Two"}]);
    assert_eq!(diff["fields"], fields);
    let lines = diff["body"][0]["lines"].as_array().unwrap();
    let told: Vec<(&str, &str)> =
        lines.iter().map(|line| (line["change"].as_str().unwrap(), line["text"].as_str().unwrap())).collect();
    assert_eq!(told, [("equal", "a"), ("delete", "b"), ("insert", "B"), ("equal", "c"), ("insert", "d")]);
    assert_eq!((&lines[1]["from_line"], &lines[1]["to_line"]), (&json!(2), &Value::Null));
    assert!(diff["unified"].as_str().unwrap().contains("@@ -1,3 +1,4 @@\n a\n-b\n+B\n c\n+d\n"), "{}", diff["unified"]);
    let back = ann.get(&format!("{path}/1/diff?from=2")).send().await.expect(200).body;
    assert_eq!((&back["inserted"], &back["deleted"]), (&json!(1), &json!(2)));
    let itself = ann.get(&format!("{path}/1/diff")).send().await.expect(200).body;
    assert_eq!((&itself["body"], &itself["fields"], &itself["unified"]), (&json!([]), &json!([]), &json!("")));
    let unknown = ann.get(&format!("{path}/1/diff?from=9")).send().await.expect_problem(422, "validation_failed");
    assert_eq!(unknown.pointers(), ["/from"]);
    ann.get(&format!("{path}/9/diff")).send().await.expect(404);
}

async fn an_earlier_revision_comes_back_as_the_newest(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let (kept, gone) = (category(&ed, "Kept", None).await, category(&ed, "Gone", None).await);
    let body = json!({"title": "One", "body": "a", "tags": ["t"], "category_ids": [gone["id"], kept["id"]]});
    let one = made(&ann, body).await;
    let put = ann.put(&at(ARTICLES, &one)).json(&json!({"title": "Two", "author_ids": [id_of(&ann), id_of(&ed)]}));
    put.send().await.expect(200);
    ed.delete(&at("/api/content/categories", &gone)).send().await.expect(204);
    let path = format!("{}/revisions", at(ARTICLES, &one));
    ann.post(&format!("{path}/1/restore")).header("if-match", "\"1-x\"").send().await.expect(412);
    let back = ann.post(&format!("{path}/1/restore")).send().await.expect(200).body;
    assert_eq!((&back["title"], &back["body"], &back["revision"]), (&json!("One"), &json!("a"), &json!(3)));
    assert_eq!((&back["tags"][0]["name"], &back["categories"][0]["id"]), (&json!("t"), &kept["id"]));
    assert_eq!(back["authors"].as_array().unwrap().len(), 2, "who may write it is not a matter of what it said");
    let all = ann.get(&path).send().await.expect(200);
    assert_eq!((&items(&all)[0]["restored_from"], items(&all).len()), (&json!(1), 3));
    ann.post(&format!("{path}/9/restore")).send().await.expect(404);
    acting(&ed, &one, "archive").send().await.expect(200);
    ann.post(&format!("{path}/1/restore")).send().await.expect_problem(409, "article_archived");
}

async fn two_editors_are_told_what_to_bring_together(app: TestApp) {
    let ann = author(&app).await;
    let one = made(&ann, json!({"title": "One", "body": "base"})).await;
    let draft = format!("{}/draft", at(ARTICLES, &one));
    let tag = ann.get(&draft).send().await.expect(200).header("etag").unwrap().to_owned();
    patching(&ann, &one, json!({"body": "theirs"})).header("if-match", &tag).send().await.expect(200);
    let stale = patching(&ann, &one, json!({"title": "Mine"})).header("if-match", &tag).send().await;
    let stale = stale.expect_problem(412, "precondition_failed").body;
    assert_eq!((&stale["base"]["body"], &stale["base"]["revision"]), (&json!("base"), &json!(1)));
    assert_eq!((&stale["theirs"]["body"], &stale["theirs"]["revision"]), (&json!("theirs"), &json!(2)));
    assert_eq!((&stale["mine"]["title"], &stale["mine"]["body"]), (&json!("Mine"), &json!("base")));
    let put = ann.put(&at(ARTICLES, &one)).header("if-match", &tag).json(&json!({"title": "Whole", "body": "mine"}));
    let stale = put.send().await.expect_problem(412, "precondition_failed").body;
    assert_eq!((&stale["mine"]["title"], &stale["mine"]["body"]), (&json!("Whole"), &json!("mine")));
    let unknown = patching(&ann, &one, json!({"title": "x"})).header("if-match", "\"other\"").send().await;
    assert_eq!(unknown.expect_problem(412, "precondition_failed").body["base"], Value::Null);
    patching(&ann, &one, json!({"title": "x"})).header("if-match", "*").send().await.expect(200);
    assert_eq!(ann.get(&draft).send().await.expect(200).body["revision"], 3);
}

async fn a_tag_of_the_article_is_for_its_bytes_and_its_revision(app: TestApp) {
    let (ann, ed) = (author(&app).await, editor(&app).await);
    let one = published(&ann, &ed, json!({"title": "One"})).await;
    let first = app.client().get(&at(ARTICLES, &one)).send().await.expect(200);
    let tag = first.header("etag").unwrap().to_owned();
    assert!(tag.starts_with("\"1-"), "{tag}");
    app.client().get(&at(ARTICLES, &one)).header("if-none-match", &tag).send().await.expect(304);
    let other = article(&ann, "Other").await;
    app.client().get(&at(ARTICLES, &other)).header("if-none-match", &tag).send().await.expect(404);
}

poligon_testkit::tests! { start =>
    every_save_is_a_revision,
    what_differs_is_told_member_by_member_and_line_by_line,
    an_earlier_revision_comes_back_as_the_newest,
    two_editors_are_told_what_to_bring_together,
    a_tag_of_the_article_is_for_its_bytes_and_its_revision,
}
