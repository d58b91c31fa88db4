//! The task boards' part of the tables, and of what requests work on.

use poligon_testkit::{Client, Part, TestApp};
use serde_json::{Value, json};

use crate::policy::USER;
use crate::requests::PNG;

/// Who may call what: whoever is logged in; the rest is for teams and projects to say.
pub(crate) const POLICY: &[(&str, &str)] = &[
    // Teams and projects.
    ("tasks_list_teams", USER),
    ("tasks_create_team", USER),
    ("tasks_get_team", USER),
    ("tasks_patch_team", USER),
    ("tasks_delete_team", USER),
    ("tasks_list_team_members", USER),
    ("tasks_put_team_member_role", USER),
    ("tasks_delete_team_member", USER),
    ("tasks_list_team_invitations", USER),
    ("tasks_create_team_invitation", USER),
    ("tasks_delete_team_invitation", USER),
    ("tasks_look_up_invitation", USER),
    ("tasks_accept_invitation", USER),
    ("tasks_decline_invitation", USER),
    ("tasks_list_projects", USER),
    ("tasks_create_project", USER),
    ("tasks_get_project", USER),
    ("tasks_patch_project", USER),
    ("tasks_delete_project", USER),
    ("tasks_archive_project", USER),
    ("tasks_restore_project", USER),
    ("tasks_list_project_members", USER),
    ("tasks_put_project_member", USER),
    ("tasks_delete_project_member", USER),
    // Boards.
    ("tasks_list_boards", USER),
    ("tasks_create_board", USER),
    ("tasks_get_board", USER),
    ("tasks_patch_board", USER),
    ("tasks_delete_board", USER),
    ("tasks_list_board_activity", USER),
    ("tasks_stream_board_events", USER),
    ("tasks_create_column", USER),
    ("tasks_patch_column", USER),
    ("tasks_delete_column", USER),
    ("tasks_list_labels", USER),
    ("tasks_create_label", USER),
    ("tasks_patch_label", USER),
    ("tasks_delete_label", USER),
    ("tasks_list_trash", USER),
    // Cards.
    ("tasks_create_card", USER),
    ("tasks_bulk_cards", USER),
    ("tasks_get_card", USER),
    ("tasks_put_card", USER),
    ("tasks_patch_card", USER),
    ("tasks_delete_card", USER),
    ("tasks_list_card_activity", USER),
    ("tasks_move_card", USER),
    ("tasks_assign_card", USER),
    ("tasks_archive_card", USER),
    ("tasks_restore_card", USER),
    ("tasks_watch_card", USER),
    ("tasks_unwatch_card", USER),
    ("tasks_list_cards", USER),
    ("tasks_list_card_comments", USER),
    ("tasks_create_card_comment", USER),
    ("tasks_patch_comment", USER),
    ("tasks_delete_comment", USER),
    ("tasks_create_checklist", USER),
    ("tasks_patch_checklist", USER),
    ("tasks_delete_checklist", USER),
    ("tasks_create_checklist_item", USER),
    ("tasks_patch_checklist_item", USER),
    ("tasks_delete_checklist_item", USER),
    // Attachments.
    ("tasks_list_attachments", USER),
    ("tasks_create_attachment", USER),
    ("tasks_get_attachment", USER),
    ("tasks_get_attachment_file", USER),
    ("tasks_delete_attachment", USER),
    // Notifications.
    ("tasks_list_notifications", USER),
    ("tasks_count_unread_notifications", USER),
    ("tasks_read_notifications", USER),
    ("tasks_read_notification", USER),
    ("tasks_delete_notification", USER),
    ("tasks_get_notification_preferences", USER),
    ("tasks_patch_notification_preferences", USER),
    // Reports.
    ("tasks_get_report", USER),
    ("tasks_list_transitions", USER),
    ("tasks_export_board", USER),
];

/// Operations on an object that not everybody may call: how the owner of the team is answered, and how a stranger.
pub(crate) const OBJECTS: &[(&str, u16, u16)] = &[
    ("tasks_get_team", 200, 404),
    ("tasks_patch_team", 200, 404),
    ("tasks_delete_team", 409, 404), // it has a project
    ("tasks_list_team_members", 200, 404),
    ("tasks_put_team_member_role", 200, 404),
    ("tasks_delete_team_member", 204, 404),
    ("tasks_list_team_invitations", 200, 404),
    ("tasks_create_team_invitation", 201, 404),
    ("tasks_delete_team_invitation", 204, 404),
    ("tasks_get_project", 200, 404),
    ("tasks_patch_project", 200, 404),
    ("tasks_delete_project", 204, 404),
    ("tasks_archive_project", 200, 404),
    ("tasks_restore_project", 200, 404),
    ("tasks_list_project_members", 200, 404),
    ("tasks_put_project_member", 200, 404),
    ("tasks_delete_project_member", 204, 404),
    ("tasks_get_board", 200, 404),
    ("tasks_patch_board", 200, 404),
    ("tasks_delete_board", 204, 404),
    ("tasks_list_board_activity", 200, 404),
    ("tasks_stream_board_events", 406, 406), // a stream has no end: see the tests of the boards
    ("tasks_create_column", 201, 404),
    ("tasks_patch_column", 200, 404),
    ("tasks_delete_column", 204, 404),
    ("tasks_list_labels", 200, 404),
    ("tasks_create_label", 201, 404),
    ("tasks_patch_label", 200, 404),
    ("tasks_delete_label", 204, 404),
    ("tasks_list_trash", 200, 404),
    ("tasks_get_card", 200, 404),
    ("tasks_put_card", 200, 404),
    ("tasks_patch_card", 200, 404),
    ("tasks_delete_card", 204, 404),
    ("tasks_list_card_activity", 200, 404),
    ("tasks_move_card", 422, 404), // the table's body names a column of no board
    ("tasks_assign_card", 200, 404),
    ("tasks_archive_card", 200, 404),
    ("tasks_restore_card", 200, 404),
    ("tasks_watch_card", 204, 404),
    ("tasks_unwatch_card", 204, 404),
    ("tasks_list_cards", 200, 404),
    ("tasks_list_card_comments", 200, 404),
    ("tasks_create_card_comment", 201, 404),
    ("tasks_patch_comment", 200, 404),
    ("tasks_delete_comment", 204, 404),
    ("tasks_create_checklist", 201, 404),
    ("tasks_patch_checklist", 200, 404),
    ("tasks_delete_checklist", 204, 404),
    ("tasks_create_checklist_item", 201, 404),
    ("tasks_patch_checklist_item", 200, 404),
    ("tasks_delete_checklist_item", 204, 404),
    ("tasks_list_attachments", 200, 404),
    ("tasks_create_attachment", 201, 404),
    ("tasks_get_attachment", 200, 404),
    ("tasks_get_attachment_file", 200, 404),
    ("tasks_delete_attachment", 204, 404),
    ("tasks_read_notification", 404, 404), // made by events: see the tests of the boards
    ("tasks_delete_notification", 404, 404),
    ("tasks_get_report", 200, 404),
    ("tasks_list_transitions", 200, 404),
    ("tasks_export_board", 200, 404),
];

/// Ids of what a team works on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Work {
    pub(crate) team: i64,
    /// Somebody else who is in it, and in the project by themselves.
    pub(crate) member: i64,
    pub(crate) invitation: i64,
    pub(crate) project: i64,
    pub(crate) board: i64,
    /// A column in which nothing stands.
    pub(crate) column: i64,
    pub(crate) label: i64,
    pub(crate) card: i64,
    pub(crate) comment: i64,
    pub(crate) checklist: i64,
    pub(crate) item: i64,
    pub(crate) attachment: i64,
}

impl Work {
    /// None of it is there.
    pub(crate) const NONE: Self = Self {
        team: 999_999,
        member: 999_999,
        invitation: 999_999,
        project: 999_999,
        board: 999_999,
        column: 999_999,
        label: 999_999,
        card: 999_999,
        comment: 999_999,
        checklist: 999_999,
        item: 999_999,
        attachment: 999_999,
    };

    /// A path of the task boards with its ids filled.
    pub(crate) fn fill(&self, path: &str) -> String {
        let ids = [
            ("/teams/", self.team),
            ("/projects/", self.project),
            ("/boards/", self.board),
            ("/cards/", self.card),
            ("/comments/", self.comment),
            ("/checklists/", self.checklist),
            ("/checklist-items/", self.item),
            ("/attachments/", self.attachment),
            ("/notifications/", 999_999), // made by events only
        ];
        let id = ids.into_iter().find(|(part, _)| path.contains(part)).map_or(0, |(_, id)| id);
        let filled = path.replace("{id}", &id.to_string()).replace("{user_id}", &self.member.to_string());
        let filled = filled.replace("{invitation_id}", &self.invitation.to_string());
        let filled = filled.replace("{column_id}", &self.column.to_string());
        filled.replace("{label_id}", &self.label.to_string()).replace("{kind}", "burnup")
    }
}

/// One of everything, by `owner`: a team with somebody else, an open invitation, a project, a board with a card.
pub(crate) async fn work_of(app: &TestApp, owner: &Client) -> Work {
    let api = "/api/tasks";
    let make =
        async |path: &str, body: Value| owner.post(&format!("{api}/{path}")).json(&body).send().await.expect(201).body;
    let id = |value: &Value| value["id"].as_i64().expect("an id");
    let team = id(&make("teams", json!({"name": "Quality"})).await);
    let other = app.sign_in_as(&[]).await;
    let member = other.user_id.expect("an id");
    let email = format!("invited{member}@example.com");
    make(&format!("teams/{team}/invitations"), json!({"email": email, "role": "viewer"})).await;
    let mail = app.last_mail(&email).await;
    let token = mail.body.split("\"token\": \"").nth(1).and_then(|rest| rest.split('"').next()).expect("a token");
    other.post(&format!("{api}/invitations/accept")).json(&json!({"token": token})).send().await.expect(200);
    let open = json!({"email": format!("open{member}@example.com"), "role": "viewer"});
    let invitation = id(&make(&format!("teams/{team}/invitations"), open).await);
    let project = id(&make("projects", json!({"team_id": team, "key": "QA", "name": "Checkout"})).await);
    let own = owner.put(&format!("{api}/projects/{project}/members/{member}")).json(&json!({"role": "viewer"}));
    own.send().await.expect(200);
    let board = make("boards", json!({"project_id": project, "name": "Checkout"})).await;
    let (column, label) = (id(&board["columns"][4]), id(&board["labels"][0]));
    let card = id(&make("cards", json!({"board_id": board["id"], "title": "Coupon counts twice"})).await);
    let comment = id(&make(&format!("cards/{card}/comments"), json!({"body": "Seen on staging"})).await);
    let checklist = id(&make(&format!("cards/{card}/checklists"), json!({"title": "Before the release"})).await);
    let item = make(&format!("checklists/{checklist}/items"), json!({"text": "Try it"})).await;
    let item = id(&item["items"][0]);
    let file = [Part::file("file", "screen.png", "image/png", PNG)];
    let attachment = owner.post(&format!("{api}/cards/{card}/attachments")).form(&file).send().await.expect(201).id();
    let board = id(&board);
    Work { team, member, invitation, project, board, column, label, card, comment, checklist, item, attachment }
}

/// The body of an operation that takes one.
pub(crate) fn body(operation: &str) -> Value {
    match operation {
        "tasks_create_team" | "tasks_patch_team" | "tasks_patch_project" | "tasks_patch_board" => {
            json!({"name": "Changed"})
        }
        "tasks_put_team_member_role" => json!({"role": "member"}),
        "tasks_put_project_member" => json!({"role": "admin"}),
        "tasks_create_team_invitation" => json!({"email": "somebody@example.com", "role": "viewer"}),
        "tasks_look_up_invitation" | "tasks_accept_invitation" | "tasks_decline_invitation" => {
            json!({"token": "a-token-that-nobody-was-given"})
        }
        "tasks_create_project" => json!({"team_id": 1, "key": "MADE", "name": "Made here"}),
        "tasks_create_board" => json!({"project_id": 1, "name": "Made here"}),
        "tasks_create_column" => json!({"name": "Made here", "type": "active"}),
        "tasks_patch_column" => json!({"name": "Changed", "position": 1}),
        "tasks_create_label" => json!({"name": "Made here", "color": "#0072b2"}),
        "tasks_patch_label" => json!({"name": "Changed"}),
        "tasks_create_card" => json!({"board_id": 1, "title": "Made here"}),
        "tasks_bulk_cards" => json!({"board_id": 1, "operations": [{"create": {"title": "Made here"}}]}),
        "tasks_put_card" | "tasks_patch_card" | "tasks_create_checklist" | "tasks_patch_checklist" => {
            json!({"title": "Changed"})
        }
        "tasks_move_card" => json!({"column_id": 999_999}),
        "tasks_assign_card" => json!({"user_ids": []}),
        "tasks_create_card_comment" | "tasks_patch_comment" => json!({"body": "Said here"}),
        "tasks_read_notifications" | "tasks_create_attachment" => json!({}),
        "tasks_patch_notification_preferences" => json!({"moved": {"in_app": false}}),
        "tasks_create_checklist_item" => json!({"text": "Made here"}),
        "tasks_patch_checklist_item" => json!({"done": true}),
        other => panic!("{other}: what does its body look like? Say so here"),
    }
}
