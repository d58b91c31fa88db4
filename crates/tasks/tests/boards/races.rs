//! Requests that race for one rule.

use diesel::{RunQueryDsl as _, sql_query};
use poligon_core::db::{Db, DbError};
use poligon_testkit::{Client, Reply, Request, TestApp, at_once};
use serde_json::{Value, json};

use crate::world::{
    INVITATIONS, PROJECTS, TEAMS, accepting, at, giving, inviting, items, member, person, removing, roles, start, team,
    token_to,
};

fn owners(all: &[(i64, String)]) -> usize {
    all.iter().filter(|(_, role)| role == "owner").count()
}

async fn crowd(app: &TestApp, size: usize) -> Vec<Client> {
    let mut all = Vec::new();
    for _ in 0..size {
        all.push(person(app).await);
    }
    all
}

/// All owners leave, or step down, at once: one of them stays.
async fn of_owners_who_leave_at_once_one_stays(app: TestApp) {
    for step_down in [false, true] {
        let ann = person(&app).await;
        let team = team(&ann).await;
        let mut all = vec![ann.clone()];
        for _ in 0..5 {
            all.push(member(&app, &ann, &team, "owner").await);
        }
        let watcher = member(&app, &ann, &team, "viewer").await;
        let go = |who: &Client| if step_down { giving(who, &team, who, "member") } else { removing(who, &team, who) };
        let replies = at_once(all.iter().map(go)).await;
        let refused: Vec<&str> = replies.iter().filter(|reply| reply.status >= 300).map(Reply::problem_code).collect();
        assert_eq!(refused, ["last_owner"]);
        let left = roles(&watcher, &team).await;
        assert_eq!((owners(&left), left.len()), (1, if step_down { 7 } else { 2 }));
        let count = watcher.get(&at(TEAMS, &team)).send().await.expect(200).body["member_count"].clone();
        assert_eq!(count, left.len());
    }
}

/// Two owners demote each other: one is faster, and the other may no more.
async fn owners_who_demote_each_other(app: TestApp) {
    for _ in 0..5 {
        let ann = person(&app).await;
        let team = team(&ann).await;
        let bob = member(&app, &ann, &team, "owner").await;
        let replies = at_once([giving(&ann, &team, &bob, "viewer"), giving(&bob, &team, &ann, "viewer")]).await;
        let mut statuses: Vec<u16> = replies.iter().map(|reply| reply.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 403]);
        assert_eq!(owners(&roles(&ann, &team).await), 1);
    }
}

async fn an_invitation_is_used_by_one(app: TestApp) {
    let (ann, all) = (person(&app).await, crowd(&app, 12).await);
    let team = team(&ann).await;
    inviting(&ann, &team, "x@example.com", "member").send().await.expect(201);
    let token = token_to(&app, "x@example.com").await;
    let decline = ann.post(&format!("{INVITATIONS}/decline")).json(&json!({"token": token}));
    let accepts = all.iter().map(|who| accepting(who, &token));
    let replies = at_once(accepts.chain([decline])).await;
    let done = replies.iter().filter(|reply| reply.status < 300).count();
    let refused = replies.iter().filter(|reply| reply.status == 422).count();
    assert_eq!((done, refused), (1, 12), "{replies:?}");
    assert_eq!(roles(&ann, &team).await.len(), if replies[12].status == 204 { 1 } else { 2 });
}

/// The same person by many invitations at once is in the team once.
async fn a_person_comes_once(app: TestApp) {
    let (ann, bob) = (person(&app).await, person(&app).await);
    let team = team(&ann).await;
    let mut tokens = Vec::new();
    for n in 0..6 {
        let email = format!("bob{n}@example.com");
        inviting(&ann, &team, &email, "member").send().await.expect(201);
        tokens.push(token_to(&app, &email).await);
    }
    let replies = at_once(tokens.iter().map(|token| accepting(&bob, token))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.problem_code() == "already_in_team").count(), 5);
    assert_eq!(roles(&ann, &team).await.len(), 2);
    let open = ann.get(&format!("{}/invitations", at(TEAMS, &team))).send().await.expect(200);
    assert_eq!(items(&open).len(), 5, "those that were refused are not used up");
}

async fn one_address_has_one_open_invitation(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let replies = at_once((0..10).map(|_| inviting(&ann, &team, "x@example.com", "member"))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.problem_code() == "already_invited").count(), 9);
    assert_eq!(app.mails("x@example.com").await.len(), 1);
}

async fn a_key_is_given_to_one_project(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let body = json!({"team_id": team["id"], "key": "QA", "name": "x"});
    let replies = at_once((0..10).map(|_| ann.post(PROJECTS).json(&body))).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 201).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.problem_code() == "project_key_taken").count(), 9);
}

/// A project is made while its team is deleted: one of both.
async fn no_project_is_left_without_its_team(app: TestApp) {
    let ann = person(&app).await;
    for _ in 0..10 {
        let team = team(&ann).await;
        let body = json!({"team_id": team["id"], "key": "QA", "name": "x"});
        let replies = at_once([ann.post(PROJECTS).json(&body), ann.delete(&at(TEAMS, &team))]).await;
        match (replies[0].status, replies[1].status) {
            (201, 409) | (404, 204) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Edits of one version: one is done.
async fn of_edits_of_one_version_one_is_done(app: TestApp) {
    let ann = person(&app).await;
    let made = team(&ann).await;
    let tag = ann.get(&at(TEAMS, &made)).send().await.expect(200).header("etag").unwrap().to_owned();
    let edit = |n: i32| ann.patch(&at(TEAMS, &made)).json(&json!({"name": format!("n{n}")})).header("if-match", &tag);
    let replies = at_once((0..10).map(edit)).await;
    assert_eq!(replies.iter().filter(|reply| reply.status == 200).count(), 1);
    assert_eq!(replies.iter().filter(|reply| reply.status == 412).count(), 9);
    let after: Value = ann.get(&at(TEAMS, &made)).send().await.expect(200).body;
    assert_eq!(after["version"], 2);
}

/// Sends so many, twenty at once, which all succeed.
async fn fill(size: usize, request: impl Fn(usize) -> Request) {
    let all: Vec<usize> = (0..size).collect();
    for some in all.chunks(20) {
        for reply in at_once(some.iter().map(|n| request(*n))).await {
            reply.expect(201);
        }
    }
}

/// One place is left, and five want it: one gets it.
fn one_place(replies: &[Reply], code: &str) {
    let codes: Vec<&str> = replies.iter().filter(|reply| reply.status >= 300).map(Reply::problem_code).collect();
    assert_eq!(codes, [code; 4]);
}

async fn limits_hold_when_many_come_at_once(app: TestApp) {
    let ann = person(&app).await;
    fill(199, |_| ann.post(TEAMS).json(&json!({"name": "x"}))).await;
    one_place(&at_once((0..5).map(|_| ann.post(TEAMS).json(&json!({"name": "x"})))).await, "too_many_teams");
    let bob = person(&app).await;
    let team = team(&bob).await;
    let project = |n: usize| {
        let body = json!({"team_id": team["id"], "key": format!("P{n}"), "name": "x"});
        bob.post(PROJECTS).json(&body)
    };
    fill(199, project).await;
    one_place(&at_once((199..204).map(project)).await, "too_many_projects");
    let invitation = |n: usize| inviting(&bob, &team, &format!("p{n}@example.com"), "member");
    fill(99, invitation).await;
    one_place(&at_once((99..104).map(invitation)).await, "team_full");
}

/// A team with one place left, by a count that says so: 500 people take a test too long.
async fn a_team_is_never_too_full(app: TestApp) {
    let (ann, all) = (person(&app).await, crowd(&app, 5).await);
    let team = team(&ann).await;
    let mut tokens = Vec::new();
    for n in 0..5 {
        let email = format!("p{n}@example.com");
        inviting(&ann, &team, &email, "member").send().await.expect(201);
        tokens.push(token_to(&app, &email).await);
    }
    let count = |db: &mut Db| sql_query("UPDATE teams SET member_count = 499").execute(db);
    app.ctx.db.write(move |db| Ok::<_, DbError>(count(db)?)).await.unwrap();
    let replies = at_once(all.iter().zip(&tokens).map(|(who, token)| accepting(who, token))).await;
    one_place(&replies, "team_full");
    assert_eq!(roles(&ann, &team).await.len(), 2);
}

poligon_testkit::tests! { start =>
    limits_hold_when_many_come_at_once,
    a_team_is_never_too_full,
    of_owners_who_leave_at_once_one_stays,
    owners_who_demote_each_other,
    an_invitation_is_used_by_one,
    a_person_comes_once,
    one_address_has_one_open_invitation,
    a_key_is_given_to_one_project,
    no_project_is_left_without_its_team,
    of_edits_of_one_version_one_is_done,
}
