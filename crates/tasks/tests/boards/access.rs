//! Every role × every operation, against a table written by hand: who is answered what, and that a refusal changes nothing.

use poligon_testkit::{Client, Reply, Request, TestApp};
use serde_json::{Value, json};

use crate::world::{PROJECTS, TEAMS, at, id_of, inviting, member, person, project, putting, removing, start, team};

/// What a caller is answered: done, of too low a role, or that there is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Done,
    Low,
    Hidden,
}
use Verdict::{Done, Hidden, Low};

/// The callers, in the order of the table's columns.
pub(crate) const CALLERS: [&str; 7] = ["stranger", "removed", "guest", "viewer", "member", "admin", "owner"];

/// Operations that leave everything as it is, or bring it to the state that it is in: any caller may try them in any order.
const TABLE: &[(&str, [Verdict; 7])] = &[
    ("get team", [Hidden, Hidden, Hidden, Done, Done, Done, Done]),
    ("list members", [Hidden, Hidden, Hidden, Done, Done, Done, Done]),
    ("patch team", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("give role", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("list invitations", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("invite", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("create project", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("get project", [Hidden, Hidden, Done, Done, Done, Done, Done]),
    ("list project members", [Hidden, Hidden, Done, Done, Done, Done, Done]),
    ("patch project", [Hidden, Hidden, Low, Low, Low, Done, Done]),
    ("restore project", [Hidden, Hidden, Low, Low, Low, Done, Done]),
    ("put project member", [Hidden, Hidden, Low, Low, Low, Done, Done]),
    ("archive and delete project", [Hidden, Hidden, Low, Low, Low, Done, Done]),
    ("remove member", [Hidden, Hidden, Hidden, Low, Low, Done, Done]),
    ("delete team", [Hidden, Hidden, Hidden, Low, Low, Low, Done]),
];

struct Stage {
    team: Value,
    project: Value,
    target: Client,
    callers: Vec<Client>,
}

async fn stage(app: &TestApp) -> Stage {
    let owner = person(app).await;
    let team = team(&owner).await;
    let project = project(&owner, &team, "QA").await;
    let (stranger, guest) = (person(app).await, person(app).await);
    let removed = member(app, &owner, &team, "admin").await;
    removing(&owner, &team, &removed).send().await.expect(204);
    putting(&owner, &project, &guest, "viewer").send().await.expect(200);
    let mut callers = vec![stranger, removed, guest];
    for role in ["viewer", "member", "admin"] {
        callers.push(member(app, &owner, &team, role).await);
    }
    callers.push(owner.clone());
    Stage { target: member(app, &owner, &team, "viewer").await, team, project, callers }
}

/// The requests of an operation; all are to have the same verdict.
fn requests(stage: &Stage, operation: &str, who: &Client, column: usize) -> Vec<Request> {
    let (team, project) = (at(TEAMS, &stage.team), at(PROJECTS, &stage.project));
    let target = id_of(&stage.target);
    match operation {
        "get team" => vec![who.get(&team)],
        "list members" => vec![who.get(&format!("{team}/members"))],
        "patch team" => vec![who.patch(&team).json(&json!({"name": "Quality"}))],
        "give role" => vec![who.put(&format!("{team}/members/{target}/role")).json(&json!({"role": "viewer"}))],
        "list invitations" => vec![who.get(&format!("{team}/invitations"))],
        "invite" => vec![inviting(who, &stage.team, &format!("new{column}@example.com"), "viewer")],
        "create project" => {
            let body = json!({"team_id": stage.team["id"], "key": format!("NEW{column}"), "name": "x"});
            vec![who.post(PROJECTS).json(&body)]
        }
        "get project" => vec![who.get(&project)],
        "list project members" => vec![who.get(&format!("{project}/members"))],
        "patch project" => vec![who.patch(&project).json(&json!({"name": "Checkout"}))],
        "restore project" => vec![who.post(&format!("{project}/restore"))],
        "put project member" => vec![putting(who, &stage.project, &stage.target, "viewer")],
        "archive and delete project" => vec![who.post(&format!("{project}/archive")), who.delete(&project)],
        "remove member" => vec![removing(who, &stage.team, &stage.target)],
        "delete team" => vec![who.delete(&team)],
        other => panic!("{other} is no operation"),
    }
}

/// How the owner sees everything.
async fn snapshot(stage: &Stage) -> Vec<String> {
    let owner = &stage.callers[6];
    let (team, project) = (at(TEAMS, &stage.team), at(PROJECTS, &stage.project));
    let mut seen = Vec::new();
    for path in [
        team.clone(),
        format!("{team}/members"),
        format!("{team}/invitations"),
        project.clone(),
        format!("{project}/members"),
        PROJECTS.to_owned(),
    ] {
        seen.push(owner.get(&path).send().await.expect(200).text);
    }
    seen
}

pub(crate) fn verdict_of(reply: &Reply, what: &str) -> Verdict {
    match (reply.status, reply.problem_code()) {
        (200..=299, _) => Done,
        (403, "role_too_low") => Low,
        (404, "not_found") => Hidden,
        _ => panic!("{what}: {} {}", reply.status, reply.text),
    }
}

async fn every_role_may_what_the_table_says(app: TestApp) {
    for (operation, verdicts) in TABLE {
        let refusing = stage(&app).await;
        for (column, wanted) in verdicts.iter().enumerate() {
            let what = format!("{operation} by {}", CALLERS[column]);
            let fresh = if *wanted == Done { Some(stage(&app).await) } else { None };
            let stage = fresh.as_ref().unwrap_or(&refusing);
            let before = snapshot(stage).await;
            if *operation == "delete team" && *wanted == Done {
                stage.callers[6].delete(&at(PROJECTS, &stage.project)).send().await.expect(204);
            }
            for request in requests(stage, operation, &stage.callers[column], column) {
                let reply = request.send().await;
                assert_eq!(verdict_of(&reply, &what), *wanted, "{what}: {}", reply.text);
            }
            if *wanted != Done {
                assert_eq!(snapshot(stage).await, before, "{what} was refused and changed something");
            }
        }
    }
}

/// Every operation on teams and projects has a row in the table, or a test of its own.
async fn the_table_knows_every_operation(_: TestApp) {
    let document = serde_json::to_value((poligon_tasks::domain().routes)().document()).unwrap();
    let paths = document["paths"].as_object().unwrap();
    let mut known: Vec<String> = paths
        .iter()
        .flat_map(|(path, item)| item.as_object().unwrap().iter().map(move |(method, _)| format!("{method} {path}")))
        .filter(|operation| ["/teams", "/projects", "/invitations"].iter().any(|part| operation.contains(part)))
        .collect();
    known.sort();
    let others = [
        "get /api/tasks/projects",
        "get /api/tasks/teams",
        "post /api/tasks/teams", // one's own
        "post /api/tasks/invitations/accept",
        "post /api/tasks/invitations/decline",
        "post /api/tasks/invitations/lookup",
        "delete /api/tasks/teams/{id}/invitations/{invitation_id}",
        "delete /api/tasks/projects/{id}/members/{user_id}",
    ];
    let rows = TABLE.len() + 1; // one row has two
    assert_eq!(known.len(), rows + others.len(), "{known:#?}");
    for operation in others {
        assert!(known.iter().any(|one| one == operation), "{operation} is not in {known:#?}");
    }
}

poligon_testkit::tests! { start =>
    every_role_may_what_the_table_says,
    the_table_knows_every_operation,
}
