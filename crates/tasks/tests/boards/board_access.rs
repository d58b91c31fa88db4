//! Every role × every operation on boards and cards, against a table written by hand: who is answered what, and that a refusal
//! changes nothing.

use poligon_testkit::{Client, Part, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::access::{CALLERS, Verdict, verdict_of};
use crate::world::{BOARDS, CARDS, Desk, at, member, person, putting, removing, start};
use Verdict::{Done, Hidden, Low};

/// Who is in it in any way.
const READ: [Verdict; 7] = [Hidden, Hidden, Done, Done, Done, Done, Done];
/// Members and those above.
const WORK: [Verdict; 7] = [Hidden, Hidden, Low, Low, Done, Done, Done];
/// Administrators and owners.
const RULE: [Verdict; 7] = [Hidden, Hidden, Low, Low, Low, Done, Done];

/// The operations, each as it stands in the document. The guest is a viewer of the project alone.
const TABLE: &[(&str, [Verdict; 7])] = &[
    ("get /boards/{id}", READ),
    ("get /boards/{id}/activity", READ),
    ("get /boards/{id}/events", READ),
    ("get /boards/{id}/labels", READ),
    ("get /boards/{id}/trash", READ),
    ("get /boards/{id}/cards", READ),
    ("get /boards/{id}/transitions", READ),
    ("get /boards/{id}/export", READ),
    ("get /boards/{id}/reports/{kind}", READ),
    ("get /cards/{id}", READ),
    ("get /cards/{id}/activity", READ),
    ("get /cards/{id}/comments", READ),
    ("get /cards/{id}/attachments", READ),
    ("get /attachments/{id}", READ),
    ("get /attachments/{id}/file", READ),
    ("put /cards/{id}/watch", READ),
    ("delete /cards/{id}/watch", READ),
    ("post /cards", WORK),
    ("post /cards/bulk", WORK),
    ("put /cards/{id}", WORK),
    ("patch /cards/{id}", WORK),
    ("post /cards/{id}/move", WORK),
    ("post /cards/{id}/assign", WORK),
    ("post /cards/{id}/archive", WORK),
    ("post /cards/{id}/restore", WORK),
    ("post /cards/{id}/comments", WORK),
    ("post /cards/{id}/checklists", WORK),
    ("patch /checklists/{id}", WORK),
    ("post /checklists/{id}/items", WORK),
    ("patch /checklist-items/{id}", WORK),
    ("delete /checklist-items/{id}", WORK),
    ("delete /checklists/{id}", WORK),
    ("post /cards/{id}/attachments", WORK),
    ("delete /attachments/{id}", WORK),
    ("delete /cards/{id}", WORK),
    ("post /boards/{id}/labels", WORK),
    ("patch /boards/{id}/labels/{label_id}", WORK),
    ("delete /boards/{id}/labels/{label_id}", WORK),
    ("post /boards", RULE),
    ("patch /boards/{id}", RULE),
    ("post /boards/{id}/columns", RULE),
    ("patch /boards/{id}/columns/{column_id}", RULE),
    ("delete /boards/{id}/columns/{column_id}", RULE),
    ("delete /boards/{id}", RULE),
];

/// What the table does not hold, and where it is tried instead.
const ELSEWHERE: [&str; 3] = [
    "get /boards",           // one's own; `boards_are_listed_by_pages_and_projects`
    "patch /comments/{id}",  // its author's; `comments_are_written_edited_and_taken_back`
    "delete /comments/{id}", // the same
];

struct Stage {
    desk: Desk,
    card: Value,
    checklist: Value,
    attachment: Value,
    callers: Vec<Client>,
}

async fn stage(app: &TestApp) -> Stage {
    let desk = Desk::new(app).await;
    let card = desk.card("x", "Ready").await;
    let list = desk.ann.post(&format!("{}/checklists", at(CARDS, &card))).json(&json!({"title": "Before"}));
    let path = at("/api/tasks/checklists", &list.send().await.expect(201).body);
    let item = desk.ann.post(&format!("{path}/items")).json(&json!({"text": "one"}));
    let checklist = item.send().await.expect(201).body;
    let attachment = desk.ann.post(&format!("{}/attachments", at(CARDS, &card))).form(&file());
    let attachment = attachment.send().await.expect(201).body;
    let (stranger, guest) = (person(app).await, person(app).await);
    let removed = member(app, &desk.ann, &desk.team, "admin").await;
    removing(&desk.ann, &desk.team, &removed).send().await.expect(204);
    putting(&desk.ann, &desk.project, &guest, "viewer").send().await.expect(200);
    let mut callers = vec![stranger, removed, guest];
    for role in ["viewer", "member", "admin"] {
        callers.push(member(app, &desk.ann, &desk.team, role).await);
    }
    callers.push(desk.ann.clone());
    Stage { desk, card, checklist, attachment, callers }
}

fn file() -> [Part; 1] {
    [Part::file("file", "run.log", "text/plain", "passed")]
}

fn request(stage: &Stage, operation: &str, who: &Client) -> Request {
    let (method, path) = operation.split_once(' ').expect("a method and a path");
    let desk = &stage.desk;
    let of = [
        ("/boards/{id}", at(BOARDS, &desk.board)),
        ("/cards/{id}", at(CARDS, &stage.card)),
        ("/checklists/{id}", at("/api/tasks/checklists", &stage.checklist)),
        ("/checklist-items/{id}", at("/api/tasks/checklist-items", &stage.checklist["items"][0])),
        ("/attachments/{id}", at("/api/tasks/attachments", &stage.attachment)),
    ];
    let filled = match of.into_iter().find_map(|(part, real)| Some((part, real, path.strip_prefix(part)?))) {
        Some((_, real, rest)) => real + rest,
        None => format!("/api/tasks{path}"),
    };
    let filled = filled.replace("{kind}", "burnup").replace("{label_id}", &desk.label("Bug").to_string());
    let filled = filled.replace("{column_id}", &desk.column("Done").to_string());
    let request = who.request(method.to_uppercase().parse().expect("a method"), &filled);
    let id = &desk.board["id"];
    let body = match operation {
        "post /cards" => json!({"board_id": id, "title": "new"}),
        "post /cards/bulk" => json!({"board_id": id, "operations": [{"create": {"title": "new"}}]}),
        "put /cards/{id}" | "patch /cards/{id}" | "post /cards/{id}/checklists" | "patch /checklists/{id}" => {
            json!({"title": "changed"})
        }
        "post /cards/{id}/move" => json!({"column_id": desk.column("Review")}),
        "post /cards/{id}/assign" => json!({"user_ids": []}),
        "post /cards/{id}/comments" => json!({"body": "said"}),
        "post /cards/{id}/attachments" => return request.form(&file()),
        "post /checklists/{id}/items" => json!({"text": "new"}),
        "patch /checklist-items/{id}" => json!({"done": true}),
        "post /boards/{id}/labels" => json!({"name": "new", "color": "#000000"}),
        "patch /boards/{id}/labels/{label_id}" | "patch /boards/{id}" | "patch /boards/{id}/columns/{column_id}" => {
            json!({"name": "changed"})
        }
        "post /boards" => json!({"project_id": desk.project["id"], "name": "new"}),
        "post /boards/{id}/columns" => json!({"name": "new", "type": "active"}),
        _ => return request,
    };
    request.json(&body)
}

/// How the owner sees everything.
async fn snapshot(stage: &Stage) -> Vec<String> {
    let (board, card) = (at(BOARDS, &stage.desk.board), at(CARDS, &stage.card));
    let paths = [
        BOARDS.to_owned(),
        board.clone(),
        format!("{board}/activity?limit=100"),
        card.clone(),
        format!("{card}/comments"),
    ];
    let replies = at_once(paths.iter().map(|path| stage.desk.ann.get(path))).await;
    replies.into_iter().map(|reply| reply.expect(200).text).collect()
}

/// Every fourth operation, from the `part`th on, so that no test takes longer than tests may.
async fn tried(app: &TestApp, part: usize) {
    let refusing = stage(app).await;
    for (operation, verdicts) in TABLE.iter().skip(part).step_by(4) {
        let before = snapshot(&refusing).await;
        for (column, wanted) in verdicts.iter().enumerate().filter(|(_, wanted)| **wanted != Done) {
            let what = format!("{operation} by {}", CALLERS[column]);
            let reply = request(&refusing, operation, &refusing.callers[column]).send().await;
            assert_eq!(verdict_of(&reply, &what), *wanted, "{what}: {}", reply.text);
        }
        assert_eq!(snapshot(&refusing).await, before, "{operation} was refused and changed something");
        for (column, _) in verdicts.iter().enumerate().filter(|(_, wanted)| **wanted == Done) {
            let what = format!("{operation} by {}", CALLERS[column]);
            let spoilt;
            let stage = if operation.starts_with("get ") {
                &refusing
            } else {
                spoilt = stage(app).await;
                &spoilt
            };
            let request = request(stage, operation, &stage.callers[column]);
            if operation.ends_with("/events") {
                // A stream has no end: it is looked at, not read.
                let path = format!("{}/events", at(BOARDS, &stage.desk.board));
                stage.callers[column].request("HEAD".parse().unwrap(), &path).send().await.expect(200);
                continue;
            }
            let reply = request.send().await;
            assert_eq!(verdict_of(&reply, &what), Done, "{what}: {}", reply.text);
        }
    }
}

async fn every_role_may_what_the_table_says(app: TestApp) {
    tried(&app, 0).await;
}

async fn the_second_quarter_says_so_too(app: TestApp) {
    tried(&app, 1).await;
}

async fn the_third_quarter_says_so_too(app: TestApp) {
    tried(&app, 2).await;
}

async fn the_last_quarter_says_so_too(app: TestApp) {
    tried(&app, 3).await;
}

/// Every operation on boards and cards has a row in the table, or a test of its own.
async fn the_table_knows_every_operation(_: TestApp) {
    let document = serde_json::to_value((poligon_tasks::domain().routes)().document()).unwrap();
    let mut known = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.strip_prefix("/api/tasks").unwrap();
        let ours =
            ["/boards", "/cards", "/comments", "/checklist", "/attachments"].iter().any(|part| path.starts_with(part));
        known.extend(item.as_object().unwrap().keys().filter(|_| ours).map(|method| format!("{method} {path}")));
    }
    known.sort();
    let mut listed: Vec<String> = TABLE.iter().map(|(operation, _)| (*operation).to_owned()).collect();
    listed.extend(ELSEWHERE.map(ToOwned::to_owned));
    listed.sort();
    assert_eq!(known, listed);
}

poligon_testkit::tests! { start =>
    every_role_may_what_the_table_says,
    the_second_quarter_says_so_too,
    the_third_quarter_says_so_too,
    the_last_quarter_says_so_too,
    the_table_knows_every_operation,
}
