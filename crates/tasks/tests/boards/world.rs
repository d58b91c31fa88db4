//! What every test here starts from.

use poligon_testkit::{Backend, Client, Reply, Request, TestApp};
use serde_json::{Value, json};

pub(crate) const TEAMS: &str = "/api/tasks/teams";
pub(crate) const PROJECTS: &str = "/api/tasks/projects";
pub(crate) const INVITATIONS: &str = "/api/tasks/invitations";

/// The task boards on a fresh database, with a clock that can be moved.
pub(crate) async fn start(backend: Backend) -> TestApp {
    TestApp::builder(backend).domain(poligon_tasks::domain()).settable_clock().start().await
}

/// Somebody who is logged in.
pub(crate) async fn person(app: &TestApp) -> Client {
    app.sign_in_as(&[]).await
}

/// The id of a person who is logged in.
pub(crate) fn id_of(person: &Client) -> i64 {
    person.user_id.expect("somebody is logged in")
}

/// Where an object is.
pub(crate) fn at(collection: &str, object: &Value) -> String {
    format!("{collection}/{}", object["id"])
}

pub(crate) fn items(page: &Reply) -> &Vec<Value> {
    page.body["items"].as_array().expect("a list")
}

/// A new team of this person.
pub(crate) async fn team(owner: &Client) -> Value {
    owner.post(TEAMS).json(&json!({"name": "Quality"})).send().await.expect(201).body
}

pub(crate) fn inviting(who: &Client, team: &Value, email: &str, role: &str) -> Request {
    who.post(&format!("{}/invitations", at(TEAMS, team))).json(&json!({"email": email, "role": role}))
}

/// The token in the newest mail to this address.
pub(crate) async fn token_to(app: &TestApp, email: &str) -> String {
    let mail = app.last_mail(email).await;
    let (_, behind) = mail.body.split_once("\"token\": \"").expect("the mail shows a token");
    behind.split_once('"').expect("the token ends").0.to_owned()
}

pub(crate) fn accepting(who: &Client, token: &str) -> Request {
    who.post(&format!("{INVITATIONS}/accept")).json(&json!({"token": token}))
}

/// Brings somebody into a team.
pub(crate) async fn join(app: &TestApp, owner: &Client, team: &Value, who: &Client, role: &str) {
    let email = format!("p{}@example.com", id_of(who));
    inviting(owner, team, &email, role).send().await.expect(201);
    accepting(who, &token_to(app, &email).await).send().await.expect(200);
}

/// Somebody new who is in a team.
pub(crate) async fn member(app: &TestApp, owner: &Client, team: &Value, role: &str) -> Client {
    let who = person(app).await;
    join(app, owner, team, &who, role).await;
    who
}

/// A new project of a team.
pub(crate) async fn project(owner: &Client, team: &Value, key: &str) -> Value {
    let body = json!({"team_id": team["id"], "key": key, "name": "Checkout"});
    owner.post(PROJECTS).json(&body).send().await.expect(201).body
}

pub(crate) fn removing(who: &Client, team: &Value, other: &Client) -> Request {
    who.delete(&format!("{}/members/{}", at(TEAMS, team), id_of(other)))
}

pub(crate) fn giving(who: &Client, team: &Value, other: &Client, role: &str) -> Request {
    who.put(&format!("{}/members/{}/role", at(TEAMS, team), id_of(other))).json(&json!({"role": role}))
}

pub(crate) fn putting(who: &Client, project: &Value, other: &Client, role: &str) -> Request {
    who.put(&format!("{}/members/{}", at(PROJECTS, project), id_of(other))).json(&json!({"role": role}))
}

/// The members of a team and their roles.
pub(crate) async fn roles(reader: &Client, team: &Value) -> Vec<(i64, String)> {
    let page = reader.get(&format!("{}/members?limit=100", at(TEAMS, team))).send().await.expect(200);
    let role = |member: &Value| (member["person"]["id"].as_i64().unwrap(), member["role"].as_str().unwrap().to_owned());
    items(&page).iter().map(role).collect()
}

pub(crate) fn is(who: &Client, role: &str) -> (i64, String) {
    (id_of(who), role.to_owned())
}
