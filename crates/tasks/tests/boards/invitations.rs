//! Invitations by mail.

use chrono::Duration;
use diesel::{RunQueryDsl as _, sql_query};
use poligon_core::db::{Db, DbError};
use poligon_testkit::{Client, Reply, TestApp};
use serde_json::{Value, json};

use crate::world::{
    INVITATIONS, TEAMS, accepting, at, giving, inviting, is, items, member, person, removing, roles, start, team,
    token_to,
};

const EVE: &str = "eve@example.com";

async fn open(reader: &Client, team: &Value) -> Vec<Value> {
    let page = reader.get(&format!("{}/invitations?include_total=true", at(TEAMS, team))).send().await.expect(200);
    assert_eq!(page.body["total"], items(&page).len());
    items(&page).clone()
}

fn refuses_token(reply: Reply) {
    assert_eq!(reply.expect_problem(422, "validation_failed").pointers(), ["/token"]);
}

async fn an_invitation_is_seen_and_accepted_once(app: TestApp) {
    let (ann, eve, dan) = (person(&app).await, person(&app).await, person(&app).await);
    let team = team(&ann).await;
    let sent = inviting(&ann, &team, EVE, "admin").send().await.expect(201);
    assert_eq!(sent.header("location"), Some(format!("{}/invitations", at(TEAMS, &team)).as_str()));
    assert_eq!((&sent.body["email"], &sent.body["role"]), (&json!(EVE), &json!("admin")));
    let token = token_to(&app, EVE).await;
    assert!(!sent.text.contains(&token), "the token stands in the mail only");
    assert_eq!(open(&ann, &team).await, vec![sent.body.clone()]);
    let seen = eve.post(&format!("{INVITATIONS}/lookup")).json(&json!({"token": token})).send().await.expect(200).body;
    assert_eq!((&seen["team"], &seen["role"]), (&json!("Quality"), &json!("admin")));
    assert_eq!(seen["invited_by"]["id"], sent.body["invited_by"]["id"]);
    let joined = accepting(&eve, &token).send().await.expect(200).body;
    assert_eq!((&joined["id"], &joined["role"], &joined["member_count"]), (&team["id"], &json!("admin"), &json!(2)));
    refuses_token(accepting(&dan, &token).send().await);
    refuses_token(accepting(&eve, &token).send().await);
    assert!(open(&ann, &team).await.is_empty());
    dan.get(&at(TEAMS, &team)).send().await.expect_problem(404, "not_found");
}

async fn an_invitation_ends_by_time_taking_back_and_declining(app: TestApp) {
    let (ann, eve) = (person(&app).await, person(&app).await);
    let team = team(&ann).await;
    let sent = inviting(&ann, &team, EVE, "viewer").send().await.expect(201).body;
    inviting(&ann, &team, "Eve@EXAMPLE.com", "member").send().await.expect_problem(409, "already_invited");
    let first = token_to(&app, EVE).await;
    let path = format!("{}/invitations/{}", at(TEAMS, &team), sent["id"]);
    ann.delete(&path).send().await.expect(204);
    ann.delete(&path).send().await.expect_problem(404, "not_found");
    refuses_token(accepting(&eve, &first).send().await);
    inviting(&ann, &team, EVE, "viewer").send().await.expect(201);
    let second = token_to(&app, EVE).await;
    eve.post(&format!("{INVITATIONS}/decline")).json(&json!({"token": second})).send().await.expect(204);
    refuses_token(accepting(&eve, &second).send().await);
    inviting(&ann, &team, EVE, "viewer").send().await.expect(201);
    let third = token_to(&app, EVE).await;
    // Seven days are longer than a token of access lives, so the invitation is made older instead.
    let sent = open(&ann, &team).await.remove(0);
    let instant = |name: &str| sent[name].as_str().unwrap().parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    assert_eq!(instant("expires_at") - instant("created_at"), Duration::days(7));
    let age = |db: &mut Db| sql_query("UPDATE team_invitations SET expires_at = created_at").execute(db);
    app.ctx.db.write(move |db| Ok::<_, DbError>(age(db)?)).await.unwrap();
    refuses_token(accepting(&eve, &third).send().await);
    refuses_token(eve.post(&format!("{INVITATIONS}/lookup")).json(&json!({"token": third})).send().await);
    assert!(open(&ann, &team).await.is_empty());
    inviting(&ann, &team, EVE, "viewer").send().await.expect(201);
    accepting(&eve, &token_to(&app, EVE).await).send().await.expect(200);
    assert_eq!(roles(&ann, &team).await, [is(&ann, "owner"), is(&eve, "viewer")]);
}

async fn nobody_invites_above_their_rank(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let (bob, dan) = (member(&app, &ann, &team, "admin").await, member(&app, &ann, &team, "member").await);
    for (who, role) in [(&bob, "owner"), (&bob, "admin"), (&dan, "viewer"), (&dan, "member")] {
        inviting(who, &team, EVE, role).send().await.expect_problem(403, "role_too_low");
    }
    dan.get(&format!("{}/invitations", at(TEAMS, &team))).send().await.expect_problem(403, "role_too_low");
    let sent = inviting(&ann, &team, EVE, "owner").send().await.expect(201).body;
    let path = format!("{}/invitations/{}", at(TEAMS, &team), sent["id"]);
    bob.delete(&path).send().await.expect_problem(403, "role_too_low");
    dan.delete(&path).send().await.expect_problem(403, "role_too_low");
    ann.delete(&path).send().await.expect(204);
    inviting(&bob, &team, EVE, "member").send().await.expect(201);
}

/// Whoever is removed has sent nobody, themselves included, a way back.
async fn invitations_go_with_the_right_to_send_them(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let (bob, dan) = (member(&app, &ann, &team, "admin").await, member(&app, &ann, &team, "admin").await);
    inviting(&bob, &team, EVE, "member").send().await.expect(201);
    inviting(&dan, &team, "kim@example.com", "member").send().await.expect(201);
    let (way_back, other) = (token_to(&app, EVE).await, token_to(&app, "kim@example.com").await);
    removing(&ann, &team, &bob).send().await.expect(204);
    refuses_token(accepting(&bob, &way_back).send().await);
    giving(&ann, &team, &dan, "member").send().await.expect(200);
    refuses_token(accepting(&bob, &other).send().await);
    assert!(open(&ann, &team).await.is_empty());
    // An owner who becomes an administrator keeps those that they might still send.
    let eve = member(&app, &ann, &team, "owner").await;
    inviting(&eve, &team, "one@example.com", "admin").send().await.expect(201);
    inviting(&eve, &team, "two@example.com", "member").send().await.expect(201);
    giving(&ann, &team, &eve, "admin").send().await.expect(200);
    let left = open(&ann, &team).await;
    assert_eq!((left.len(), &left[0]["email"]), (1, &json!("two@example.com")));
}

async fn whoever_is_in_it_does_not_use_an_invitation_up(app: TestApp) {
    let (ann, eve) = (person(&app).await, person(&app).await);
    let team = team(&ann).await;
    inviting(&ann, &team, EVE, "viewer").send().await.expect(201);
    let token = token_to(&app, EVE).await;
    accepting(&ann, &token).send().await.expect_problem(409, "already_in_team");
    accepting(&eve, &token).send().await.expect(200);
}

async fn a_repeated_invitation_is_one_mail(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    let send = || inviting(&ann, &team, EVE, "viewer").header("idempotency-key", "once").send();
    let (first, second) = (send().await.expect(201), send().await.expect(201));
    assert_eq!((&first.body, second.header("idempotency-replayed")), (&second.body, Some("true")));
    assert_eq!(app.mails(EVE).await.len(), 1);
}

async fn bad_invitations_are_refused_by_name(app: TestApp) {
    let ann = person(&app).await;
    let team = team(&ann).await;
    for (email, role, pointer) in [("eve", "viewer", "/email"), ("", "viewer", "/email"), (EVE, "king", "/role")] {
        let refused = inviting(&ann, &team, email, role).send().await.expect_problem(422, "validation_failed");
        assert_eq!(refused.pointers(), [pointer]);
    }
    for what in ["accept", "decline", "lookup"] {
        let path = format!("{INVITATIONS}/{what}");
        for token in [json!("nothing"), json!(""), json!("x".repeat(300)), json!(7)] {
            refuses_token(ann.post(&path).json(&json!({"token": token})).send().await);
        }
        app.client().post(&path).json(&json!({"token": "x"})).send().await.expect_problem(401, "unauthenticated");
    }
}

poligon_testkit::tests! { start =>
    an_invitation_is_seen_and_accepted_once,
    an_invitation_ends_by_time_taking_back_and_declining,
    nobody_invites_above_their_rank,
    invitations_go_with_the_right_to_send_them,
    whoever_is_in_it_does_not_use_an_invitation_up,
    a_repeated_invitation_is_one_mail,
    bad_invitations_are_refused_by_name,
}
