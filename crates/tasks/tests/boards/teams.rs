//! Teams and who is in them.

use poligon_testkit::TestApp;
use serde_json::{Value, json};

use crate::world::{TEAMS, at, giving, id_of, is, items, member, person, project, removing, roles, start, team};

async fn a_team_is_made_changed_and_deleted(app: TestApp) {
    let ann = person(&app).await;
    let body = json!({"name": "  Quality ", "description": "Tests"});
    let made = ann.post(TEAMS).json(&body).send().await.expect(201);
    let path = at(TEAMS, &made.body);
    assert_eq!(made.header("location"), Some(path.as_str()));
    let shown = ann.get(&path).send().await.expect(200);
    assert_eq!(shown.body, made.body);
    let told = ["name", "description", "role", "member_count", "version"].map(|name| shown.body[name].clone());
    assert_eq!(told, [json!("Quality"), json!("Tests"), json!("owner"), json!(1), json!(1)]);
    assert_eq!(roles(&ann, &made.body).await, [is(&ann, "owner")]);
    let tag = shown.header("etag").unwrap().to_owned();
    ann.get(&path).header("if-none-match", &tag).send().await.expect(304);
    let rename = |name: &str| ann.patch(&path).json(&json!({"name": name}));
    let renamed = rename("Speed").header("if-match", &tag).send().await.expect(200).body;
    assert_eq!(
        (&renamed["name"], &renamed["description"], &renamed["version"]),
        (&json!("Speed"), &json!("Tests"), &json!(2))
    );
    rename("Late").header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).header("if-match", &tag).send().await.expect_problem(412, "precondition_failed");
    ann.delete(&path).send().await.expect(204);
    ann.delete(&path).send().await.expect_problem(404, "not_found");
    ann.get(&path).send().await.expect_problem(404, "not_found");
}

async fn own_teams_are_listed_by_pages(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let mut made = Vec::new();
    for _ in 0..3 {
        made.push(team(&ann).await["id"].clone());
    }
    team(&bob).await;
    let first = ann.get(&format!("{TEAMS}?limit=2&include_total=true")).send().await.expect(200);
    let cursor = first.body["next_cursor"].as_str().unwrap();
    let second = ann.get(&format!("{TEAMS}?limit=2&cursor={cursor}")).send().await.expect(200);
    let ids: Vec<Value> = items(&first).iter().chain(items(&second)).map(|team| team["id"].clone()).collect();
    made.reverse();
    assert_eq!((ids, &first.body["total"], &second.body["next_cursor"]), (made, &json!(3), &Value::Null));
}

async fn a_team_with_projects_is_not_deleted(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let project = project(&ann, &team, "QA").await;
    let refused = ann.delete(&at(TEAMS, &team)).send().await.expect_problem(409, "team_not_empty");
    assert_eq!(refused.body["detail"], "the team has 1 projects");
    ann.delete(&at(crate::world::PROJECTS, &project)).send().await.expect(204);
    ann.delete(&at(TEAMS, &team)).send().await.expect(204);
}

async fn ranks_decide_who_gives_and_takes_roles(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let (bob, eve) = (member(&app, &ann, &team, "admin").await, member(&app, &ann, &team, "admin").await);
    let (dan, kim) = (member(&app, &ann, &team, "member").await, member(&app, &ann, &team, "viewer").await);
    for (who, whom, role) in [
        (&dan, &kim, "member"),
        (&kim, &kim, "member"),
        (&dan, &dan, "viewer"),
        (&bob, &eve, "member"),
        (&bob, &ann, "member"),
        (&bob, &dan, "admin"),
        (&bob, &bob, "owner"),
        (&bob, &bob, "member"),
    ] {
        giving(who, &team, whom, role).send().await.expect_problem(403, "role_too_low");
    }
    for (who, whom) in [(&dan, &kim), (&kim, &dan), (&bob, &eve), (&bob, &ann)] {
        removing(who, &team, whom).send().await.expect_problem(403, "role_too_low");
    }
    let given = giving(&bob, &team, &kim, "member").send().await.expect(200).body;
    assert_eq!((&given["role"], &given["person"]["id"]), (&json!("member"), &json!(id_of(&kim))));
    giving(&bob, &team, &dan, "viewer").send().await.expect(200);
    let all = [is(&ann, "owner"), is(&bob, "admin"), is(&eve, "admin"), is(&dan, "viewer"), is(&kim, "member")];
    assert_eq!(roles(&kim, &team).await, all);
    removing(&bob, &team, &dan).send().await.expect(204);
    removing(&bob, &team, &dan).send().await.expect_problem(404, "not_found");
    removing(&kim, &team, &kim).send().await.expect(204);
    removing(&ann, &team, &eve).send().await.expect(204);
    assert_eq!(ann.get(&at(TEAMS, &team)).send().await.expect(200).body["member_count"], 2);
    let stranger = person(&app).await;
    giving(&ann, &team, &stranger, "member").send().await.expect_problem(404, "not_found");
    let refused = giving(&ann, &team, &bob, "king").send().await.expect_problem(422, "validation_failed");
    assert_eq!(refused.pointers(), ["/role"]);
}

async fn a_team_keeps_an_owner(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    removing(&ann, &team, &ann).send().await.expect_problem(409, "last_owner");
    let bob = member(&app, &ann, &team, "member").await;
    removing(&ann, &team, &ann).send().await.expect_problem(409, "last_owner");
    giving(&ann, &team, &ann, "admin").send().await.expect_problem(409, "last_owner");
    giving(&ann, &team, &ann, "owner").send().await.expect(200);
    giving(&ann, &team, &bob, "owner").send().await.expect(200);
    giving(&bob, &team, &ann, "viewer").send().await.expect(200);
    giving(&ann, &team, &bob, "admin").send().await.expect_problem(403, "role_too_low");
    removing(&bob, &team, &bob).send().await.expect_problem(409, "last_owner");
    giving(&bob, &team, &ann, "owner").send().await.expect(200);
    removing(&bob, &team, &bob).send().await.expect(204);
    assert_eq!(roles(&ann, &team).await, [is(&ann, "owner")]);
    bob.get(&at(TEAMS, &team)).send().await.expect_problem(404, "not_found");
}

async fn members_are_listed_by_pages(app: TestApp) {
    let ann = person(&app).await;
    let (first_team, other_team) = (team(&ann).await, team(&ann).await);
    for _ in 0..3 {
        member(&app, &ann, &first_team, "viewer").await;
    }
    let path = format!("{}/members", at(TEAMS, &first_team));
    let first = ann.get(&format!("{path}?limit=3&include_total=true")).send().await.expect(200);
    assert_eq!((items(&first).len(), &first.body["total"]), (3, &json!(4)));
    let cursor = first.body["next_cursor"].as_str().unwrap();
    assert_eq!(items(&ann.get(&format!("{path}?cursor={cursor}")).send().await.expect(200)).len(), 1);
    let foreign = ann.get(&format!("{}/members?cursor={cursor}", at(TEAMS, &other_team))).send().await;
    assert_eq!(foreign.expect_problem(422, "validation_failed").pointers(), ["/cursor"]);
}

async fn bad_input_is_refused_by_name(app: TestApp) {
    let ann = person(&app).await;
    let made = team(&ann).await;
    for (body, pointers) in [
        (json!({}), vec!["/name"]),
        (json!({"name": ""}), vec!["/name"]),
        (json!({"name": "a\nb"}), vec!["/name"]),
        (json!({"name": "x".repeat(101)}), vec!["/name"]),
        (json!({"name": "x", "description": "y".repeat(2001)}), vec!["/description"]),
        (json!({"name": "x", "owner": 1}), vec!["/owner"]),
        (json!({"name": null}), vec!["/name"]),
    ] {
        let refused = ann.post(TEAMS).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), pointers, "{body}");
    }
    for body in [json!({"name": null}), json!({"name": ""})] {
        let refused = ann.patch(&at(TEAMS, &made)).json(&body).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), ["/name"], "{body}");
    }
    for id in ["0", "x", "999999", "-1"] {
        ann.get(&format!("{TEAMS}/{id}")).send().await.expect_problem(404, "not_found");
        ann.delete(&format!("{}/members/{id}", at(TEAMS, &made))).send().await.expect_problem(404, "not_found");
    }
    app.client().get(TEAMS).send().await.expect_problem(401, "unauthenticated");
}

poligon_testkit::tests! { start =>
    a_team_is_made_changed_and_deleted,
    own_teams_are_listed_by_pages,
    a_team_with_projects_is_not_deleted,
    ranks_decide_who_gives_and_takes_roles,
    a_team_keeps_an_owner,
    members_are_listed_by_pages,
    bad_input_is_refused_by_name,
}
