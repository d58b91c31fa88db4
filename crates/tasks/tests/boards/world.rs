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

pub(crate) const BOARDS: &str = "/api/tasks/boards";
pub(crate) const CARDS: &str = "/api/tasks/cards";

/// A new board of a project, of the template Kanban.
pub(crate) async fn board(owner: &Client, project: &Value) -> Value {
    let body = json!({"project_id": project["id"], "name": "Checkout"});
    owner.post(BOARDS).json(&body).send().await.expect(201).body
}

/// Somebody with a team, a project and a board of their own.
pub(crate) struct Desk {
    pub(crate) ann: Client,
    pub(crate) team: Value,
    pub(crate) project: Value,
    pub(crate) board: Value,
}

impl Desk {
    pub(crate) async fn new(app: &TestApp) -> Self {
        let ann = person(app).await;
        let team = team(&ann).await;
        let project = project(&ann, &team, "QA").await;
        let board = board(&ann, &project).await;
        Self { ann, team, project, board }
    }

    /// The id of the column with this name.
    pub(crate) fn column(&self, name: &str) -> i64 {
        let columns = self.board["columns"].as_array().unwrap();
        columns.iter().find(|column| column["name"] == name).unwrap()["id"].as_i64().unwrap()
    }

    /// The id of the label with this name.
    pub(crate) fn label(&self, name: &str) -> i64 {
        let labels = self.board["labels"].as_array().unwrap();
        labels.iter().find(|label| label["name"] == name).unwrap()["id"].as_i64().unwrap()
    }

    /// A new card in a column.
    pub(crate) async fn card(&self, title: &str, column: &str) -> Value {
        let body = json!({"board_id": self.board["id"], "title": title, "column_id": self.column(column)});
        self.ann.post(CARDS).json(&body).send().await.expect(201).body
    }

    /// The board as it is now.
    pub(crate) async fn now(&self) -> Value {
        self.ann.get(&at(BOARDS, &self.board)).send().await.expect(200).body
    }

    /// The titles of the cards in each column, by the column's name.
    pub(crate) async fn standing(&self) -> Vec<(String, Vec<String>)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let titles = |column: &Value| {
            let cards = column["cards"].as_array().unwrap();
            assert_eq!(column["card_count"], cards.len());
            (text(&column["name"]), cards.iter().map(|card| text(&card["title"])).collect())
        };
        self.now().await["columns"].as_array().unwrap().iter().map(titles).collect()
    }

    /// The titles of the cards in one column.
    pub(crate) async fn in_column(&self, name: &str) -> Vec<String> {
        self.standing().await.into_iter().find(|column| column.0 == name).unwrap().1
    }

    /// The whole activity, the oldest first.
    pub(crate) async fn activity(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut next = format!("{}/activity?limit=100", at(BOARDS, &self.board));
        loop {
            let page = self.ann.get(&next).send().await.expect(200);
            all.extend(items(&page).iter().cloned());
            match page.body["next_cursor"].as_str() {
                Some(cursor) => next = format!("{}/activity?limit=100&cursor={cursor}", at(BOARDS, &self.board)),
                None => break,
            }
        }
        all.reverse();
        all
    }
}

/// Moves a card; `place` is `{}`, `{"before_id": …}` or `{"after_id": …}`.
pub(crate) fn moving(who: &Client, card: &Value, column_id: i64, place: Value) -> Request {
    let mut body = place;
    body["column_id"] = json!(column_id);
    who.post(&format!("{}/move", at(CARDS, card))).json(&body)
}

/// Does something to a card that needs no body.
pub(crate) fn acting(who: &Client, card: &Value, what: &str) -> Request {
    who.post(&format!("{}/{what}", at(CARDS, card)))
}

/// The board that follows from activity: the ids of the cards in each column, in order.
pub(crate) fn replayed(activity: &[Value]) -> std::collections::BTreeMap<i64, Vec<i64>> {
    let mut columns: std::collections::BTreeMap<i64, Vec<i64>> = std::collections::BTreeMap::new();
    for (entry, seq) in activity.iter().zip(1..) {
        assert_eq!(entry["seq"], seq, "activity has no gap");
        let kind = entry["type"].as_str().unwrap();
        match kind {
            "column_created" => drop(columns.insert(entry["after"]["column_id"].as_i64().unwrap(), Vec::new())),
            "column_deleted" => drop(columns.remove(&entry["before"]["column_id"].as_i64().unwrap())),
            "card_created" | "card_moved" | "card_archived" | "card_trashed" | "card_restored" => {
                let card = entry["card_id"].as_i64().unwrap();
                if let Some(from) = entry["before"]["column_id"].as_i64() {
                    let cards = columns.get_mut(&from).unwrap();
                    let place = cards.iter().position(|id| *id == card).expect("it stood there");
                    let above = place.checked_sub(1).map(|above| cards[above]);
                    assert_eq!(entry["before"]["after_id"].as_i64(), above, "{entry}");
                    cards.remove(place);
                }
                if let Some(to) = entry["after"]["column_id"].as_i64() {
                    let cards = columns.get_mut(&to).unwrap();
                    let above = entry["after"]["after_id"].as_i64();
                    let place = above.map_or(0, |above| cards.iter().position(|id| *id == above).unwrap() + 1);
                    cards.insert(place, card);
                }
            }
            _ => {}
        }
    }
    columns
}

/// The ids of the cards in each column of a whole board, in order.
pub(crate) fn ids_by_column(board: &Value) -> std::collections::BTreeMap<i64, Vec<i64>> {
    let cards =
        |column: &Value| column["cards"].as_array().unwrap().iter().map(|card| card["id"].as_i64().unwrap()).collect();
    board["columns"].as_array().unwrap().iter().map(|column| (column["id"].as_i64().unwrap(), cards(column))).collect()
}

/// Waits for what happens a little later, ten seconds at most.
pub(crate) async fn eventually(mut is_so: impl AsyncFnMut() -> bool) {
    for _ in 0..400 {
        if is_so().await {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it has not happened within ten seconds");
}

/// Waits until it is so, by a job that runs every `period`: one that was at work when the clock was moved is due again only
/// so long after that.
pub(crate) async fn eventually_by_job(app: &TestApp, period: chrono::Duration, mut is_so: impl AsyncFnMut() -> bool) {
    for n in 1..=400 {
        if is_so().await {
            return;
        }
        if n % 80 == 0 {
            app.clock().advance(period);
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("it has not happened within ten seconds");
}
