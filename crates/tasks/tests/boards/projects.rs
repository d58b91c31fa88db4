//! Projects and who is in them.

use poligon_testkit::{Client, TestApp};
use serde_json::{Value, json};

use crate::world::{PROJECTS, TEAMS, at, id_of, items, member, person, project, putting, removing, start, team};

async fn listed(reader: &Client, query: &str) -> Vec<Value> {
    let page = reader.get(&format!("{PROJECTS}?{query}")).send().await.expect(200);
    items(&page).iter().map(|project| project["key"].clone()).collect()
}

/// People of a project: id, role, role in the team, role of their own.
async fn people(reader: &Client, project: &Value) -> Vec<(i64, Value, Value, Value)> {
    let page = reader.get(&format!("{}/members?include_total=true", at(PROJECTS, project))).send().await.expect(200);
    assert_eq!(page.body["total"], items(&page).len());
    let shown = |one: &Value| {
        let id = one["person"]["id"].as_i64().unwrap();
        (id, one["role"].clone(), one["team_role"].clone(), one["own_role"].clone())
    };
    items(&page).iter().map(shown).collect()
}

async fn a_project_is_made_changed_and_deleted(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let body = json!({"team_id": team["id"], "key": "QA", "name": "Checkout", "description": "*Buy*"});
    let made = ann.post(PROJECTS).json(&body).send().await.expect(201);
    let path = at(PROJECTS, &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = ann.get(&path).send().await.expect(200);
    assert_eq!(shown.body, made.body);
    let told = ["team_id", "key", "role", "archived_at", "version"].map(|name| shown.body[name].clone());
    assert_eq!(told, [team["id"].clone(), json!("QA"), json!("admin"), Value::Null, json!(1)]);
    let tag = shown.header("etag").unwrap().to_owned();
    let patch = |body: Value| ann.patch(&path).json(&body);
    let changed = patch(json!({"key": "SHOP"})).header("if-match", &tag).send().await.expect(200).body;
    assert_eq!(
        (&changed["key"], &changed["name"], &changed["version"]),
        (&json!("SHOP"), &json!("Checkout"), &json!(2))
    );
    patch(json!({"name": "x"})).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).send().await.expect(204);
    ann.delete(&path).send().await.expect_problem(404, "not_found");
}

async fn a_key_is_unique_in_its_team(app: TestApp) {
    let ann = person(&app).await;
    let (one, two) = (team(&ann).await, team(&ann).await);
    project(&ann, &one, "QA").await;
    let other = project(&ann, &one, "OPS").await;
    project(&ann, &two, "QA").await;
    let again = json!({"team_id": one["id"], "key": "QA", "name": "Again"});
    let refused = ann.post(PROJECTS).json(&again).send().await.expect_problem(409, "project_key_taken");
    assert_eq!(refused.body["detail"], "the key QA is taken in this team");
    ann.patch(&at(PROJECTS, &other)).json(&json!({"key": "QA"})).send().await.expect_problem(409, "project_key_taken");
    ann.patch(&at(PROJECTS, &other)).json(&json!({"key": "OPS"})).send().await.expect(200);
}

async fn an_archived_project_is_only_read(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let team = team(&ann).await;
    let made = project(&ann, &team, "QA").await;
    putting(&ann, &made, &bob, "member").send().await.expect(200);
    let path = at(PROJECTS, &made);
    let act = |what: &str| ann.post(&format!("{path}/{what}"));
    let shut = act("archive").send().await.expect(200).body;
    assert!(shut["archived_at"].is_string());
    assert_eq!(act("archive").send().await.expect(200).body, shut);
    ann.patch(&path).json(&json!({"name": "x"})).send().await.expect_problem(409, "archived");
    putting(&ann, &made, &bob, "admin").send().await.expect_problem(409, "archived");
    let kick = ann.delete(&format!("{path}/members/{}", id_of(&bob)));
    kick.send().await.expect_problem(409, "archived");
    assert_eq!(bob.get(&path).send().await.expect(200).body["role"], "member");
    assert_eq!(
        (listed(&ann, "archived=true").await, listed(&ann, "archived=false").await),
        (vec![json!("QA")], vec![])
    );
    bob.delete(&format!("{path}/members/{}", id_of(&bob))).send().await.expect(204);
    let back = act("restore").send().await.expect(200).body;
    assert_eq!((&back["archived_at"], &back["version"]), (&Value::Null, &json!(3)));
    assert_eq!(act("restore").send().await.expect(200).body["version"], 3);
    ann.patch(&path).json(&json!({"name": "x"})).send().await.expect(200);
    act("archive").send().await.expect(200);
    ann.delete(&path).send().await.expect(204);
}

async fn projects_are_listed_by_pages_and_filters(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let (one, two, foreign) = (team(&ann).await, team(&ann).await, team(&bob).await);
    for key in ["AA", "BB", "CC"] {
        project(&ann, &one, key).await;
    }
    project(&ann, &two, "DD").await;
    let shared = project(&bob, &foreign, "EE").await;
    project(&bob, &foreign, "FF").await;
    assert_eq!(listed(&ann, "").await, ["DD", "CC", "BB", "AA"]);
    putting(&bob, &shared, &ann, "viewer").send().await.expect(200);
    assert_eq!(listed(&ann, "").await, ["EE", "DD", "CC", "BB", "AA"]);
    assert_eq!(listed(&ann, &format!("team_id={}", one["id"])).await, ["CC", "BB", "AA"]);
    assert_eq!(listed(&ann, &format!("team_id={}", foreign["id"])).await, ["EE"]);
    let first = ann.get(&format!("{PROJECTS}?limit=3&include_total=true")).send().await.expect(200);
    assert_eq!((items(&first).len(), &first.body["total"]), (3, &json!(5)));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(listed(&ann, &format!("limit=3&cursor={cursor}")).await, ["BB", "AA"]);
    for query in ["team_id=0", "team_id=x", "archived=maybe", "limit=0", "cursor=%21", "colour=red"] {
        let refused = ann.get(&format!("{PROJECTS}?{query}")).send().await.expect_problem(422, "validation_failed");
        let (name, _) = query.split_once('=').unwrap();
        assert_eq!(refused.pointers(), [format!("/{name}")]);
    }
}

async fn of_two_roles_the_higher_counts(app: TestApp) {
    let (ann, guest) = (person(&app).await, person(&app).await);
    let team = team(&ann).await;
    let (bob, eve) = (member(&app, &ann, &team, "viewer").await, member(&app, &ann, &team, "admin").await);
    let made = project(&ann, &team, "QA").await;
    for (who, role) in [(&bob, "member"), (&eve, "viewer"), (&guest, "viewer")] {
        putting(&ann, &made, who, role).send().await.expect(200);
    }
    let row = |who: &Client, role: &str, team: Value, own: Value| (id_of(who), json!(role), team, own);
    let mut all = vec![
        row(&ann, "admin", json!("owner"), Value::Null),
        row(&bob, "member", json!("viewer"), json!("member")),
        row(&eve, "admin", json!("admin"), json!("viewer")),
        row(&guest, "viewer", Value::Null, json!("viewer")),
    ];
    all.sort_by_key(|row| row.0);
    assert_eq!(people(&guest, &made).await, all);
    let again = putting(&ann, &made, &guest, "admin").send().await.expect(200).body;
    assert_eq!((&again["role"], &again["own_role"]), (&json!("admin"), &json!("admin")));
    putting(&guest, &made, &bob, "viewer").send().await.expect(200);
    let take = |who: &Client, whom: &Client| who.delete(&format!("{}/members/{}", at(PROJECTS, &made), id_of(whom)));
    take(&guest, &ann).send().await.expect_problem(404, "not_found"); // she is in it by the team
    take(&bob, &guest).send().await.expect_problem(403, "role_too_low");
    take(&guest, &guest).send().await.expect(204);
    guest.get(&at(PROJECTS, &made)).send().await.expect_problem(404, "not_found");
    take(&ann, &bob).send().await.expect(204);
    assert_eq!(bob.get(&at(PROJECTS, &made)).send().await.expect(200).body["role"], "viewer");
}

async fn whoever_goes_from_a_team_goes_from_its_projects(app: TestApp) {
    let ann = person(&app).await;
    let (one, two) = (team(&ann).await, team(&ann).await);
    let bob = member(&app, &ann, &one, "member").await;
    let (own, other) = (project(&ann, &one, "QA").await, project(&ann, &two, "OPS").await);
    for project in [&own, &other] {
        putting(&ann, project, &bob, "admin").send().await.expect(200);
    }
    removing(&ann, &one, &bob).send().await.expect(204);
    bob.get(&at(PROJECTS, &own)).send().await.expect_problem(404, "not_found");
    assert_eq!(listed(&bob, "").await, ["OPS"]);
    bob.get(&at(TEAMS, &two)).send().await.expect_problem(404, "not_found"); // a guest sees the project only
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let made = project(&ann, &team, "QA").await;
    let good = json!({"team_id": team["id"], "key": "OPS", "name": "x"});
    for (name, value) in [
        ("team_id", json!(0)),
        ("team_id", Value::Null),
        ("team_id", json!("1")),
        ("key", json!("q")),
        ("key", json!("qa")),
        ("key", json!("1A")),
        ("key", json!("ABCDEFGHIJK")),
        ("key", json!("QÄ")),
        ("name", json!("")),
        ("description", json!("\u{0}")),
        ("archived_at", Value::Null),
    ] {
        let mut body = good.clone();
        body[name] = value;
        let refused = ann.post(PROJECTS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [format!("/{name}")], "{body}");
    }
    let mut elsewhere = good.clone();
    elsewhere["team_id"] = json!(999_999);
    ann.post(PROJECTS).json(&elsewhere).send().await.expect_problem(404, "not_found");
    let nobody = format!("{}/members/999999", at(PROJECTS, &made));
    ann.put(&nobody).json(&json!({"role": "viewer"})).send().await.expect_problem(404, "not_found");
    let refused = putting(&ann, &made, &ann, "owner").send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/role"]);
}

poligon_testkit::tests! { start =>
    a_project_is_made_changed_and_deleted,
    a_key_is_unique_in_its_team,
    an_archived_project_is_only_read,
    projects_are_listed_by_pages_and_filters,
    of_two_roles_the_higher_counts,
    whoever_goes_from_a_team_goes_from_its_projects,
    bad_input_is_refused_by_name,
}
