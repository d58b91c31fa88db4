"""What the fuzzer has to know of the task boards: teams, projects, boards and cards that exist, made for the case. The demo
administrator calls, and owns the teams.
"""

import time

from callers import BASE, Admin, Person, ask, http, numbers
from network import TELL_WAIT_S, at

rooms: dict[str, list] = {}
joined: list[int] = []


def tasks(method, path, body=None, by=None, **more):
    return ask(method, f"tasks/{path}", body, by or Admin.get(), **more)


def is_there(kind, made):
    """Whether it is there still, and takes parts: other cases remove and archive what they meet."""
    id_ = made["id"] if isinstance(made, dict) else made
    path = {"team": "teams", "inviting team": "teams", "project": "projects", "board": "boards"}[kind]
    answer = http.get(
        f"{BASE}/api/tasks/{path}/{id_}", headers={"Authorization": f"Bearer {Admin.get()}"}, timeout=10
    )
    found = answer.json() if answer.status_code == 200 else {}
    owned = found.get("role") in ("owner", "admin")
    # New cards come into the first column.
    takes = kind != "board" or any(column["wip_limit"] is None for column in found.get("columns", [])[:1])
    return owned and takes and not found.get("archived_at") and not found.get("archived")


def roomy(kind, make, uses):
    """The same thing again and again, and a new one before it is full: nothing takes any number of parts."""
    room = rooms.get(kind)
    if room is None or room[1] >= uses or not is_there(kind, room[0]):
        room = rooms[kind] = [make(), 0]
    room[1] += 1
    return room[0]


class Somebody(Person):
    """A new account that is logged in."""

    def __init__(self):
        super().__init__()
        self.token = self.log_in()["access_token"]


# Teams and projects.


def new_team(by=None):
    return tasks("POST", "teams", {"name": "Fuzzed"}, by)["id"]


def team():
    return roomy("team", new_team, 50)


def new_invitation(team_id, email, by=None):
    return tasks("POST", f"teams/{team_id}/invitations", {"email": email, "role": "member"}, by)["id"]


def new_member(team_id):
    somebody = Somebody()
    new_invitation(team_id, somebody.email)
    token = somebody.token_from_mail("team_invitation")
    tasks("POST", "invitations/accept", {"token": token}, somebody.token)
    return somebody.id


def new_project():
    key = f"F{next(numbers)}"[:10]
    return tasks("POST", "projects", {"team_id": team(), "key": key, "name": "Fuzzed"})["id"]


def project():
    return roomy("project", new_project, 50)


def real_team(case):
    at(case, team())


def real_spare_team(case):
    at(case, new_team())


def real_member(case):
    at(case, team())
    at(case, new_member(case.path_parameters["id"]), "user_id")


def real_inviting_team(case):
    at(case, roomy("inviting team", new_team, 40))


def real_invitation(case):
    real_inviting_team(case)
    id_ = new_invitation(case.path_parameters["id"], f"fuzzed.guest.{next(numbers)}@example.com")
    at(case, id_, "invitation_id")


def real_token(case):
    """Somebody else's team asks the caller in, who goes from the one before: nobody is in very many teams."""
    me = ask("GET", "auth/me", None, Admin.get())["id"]
    for team_id in joined:
        tasks("DELETE", f"teams/{team_id}/members/{me}", expected=(204, 404))
    inviter, guest = Somebody(), Person()
    team_id = new_team(inviter.token)
    joined[:] = [team_id]
    new_invitation(team_id, guest.email, inviter.token)
    case.body["token"] = guest.token_from_mail("team_invitation")


def real_new_project(case):
    case.body["team_id"] = team()


def real_project(case):
    at(case, project())
    if isinstance(case.body, dict):
        case.body.pop("key", None)


def real_spare_project(case):
    at(case, new_project())


def real_project_member(case):
    at(case, project())
    at(case, Person().id, "user_id")


def real_gone_project_member(case):
    real_project_member(case)
    path = f"projects/{case.path_parameters['id']}/members/{case.path_parameters['user_id']}"
    tasks("PUT", path, {"role": "viewer"})


# Boards.


def new_board():
    return tasks("POST", "boards", {"project_id": project(), "name": "Fuzzed", "template": "scrum"})


def board():
    return roomy("board", new_board, 500)


def real_new_board(case):
    case.body["project_id"] = project()


def real_board(case):
    at(case, board()["id"])


def real_spare_board(case):
    at(case, new_board()["id"])


def real_column(case):
    made = new_board()
    at(case, made["id"])
    at(case, made["columns"][1]["id"], "column_id")


def real_label(case):
    made = new_board()
    at(case, made["id"])
    at(case, made["labels"][1]["id"], "label_id")


# Cards.


def new_card():
    return tasks("POST", "cards", {"board_id": board()["id"], "title": "Fuzzed"})["id"]


def without_others(body):
    """What only the board can say: columns, cards, labels and people of it. And of two dates either comes first."""
    for name in ("column_id", "before_id", "after_id", "label_ids", "assignee_ids", "start_at"):
        body.pop(name, None)


def real_new_card(case):
    case.body["board_id"] = board()["id"]
    without_others(case.body)


def real_card(case):
    at(case, new_card())
    if isinstance(case.body, dict):
        without_others(case.body)


def real_move(case):
    at(case, new_card())
    case.body = {"column_id": board()["columns"][next(numbers) % 5]["id"]}


def real_assignment(case):
    at(case, new_card())
    case.body["user_ids"] = [ask("GET", "auth/me", None, Admin.get())["id"]]


def real_archived_card(case):
    at(case, new_card())
    tasks("POST", f"cards/{case.path_parameters['id']}/archive")


def real_bulk(case):
    case.body["board_id"] = board()["id"]
    case.body["operations"] = [{"create": {"title": "Fuzzed"}}, {"card_id": new_card(), "status": "trashed"}]


def refuse_bad(body):
    """By `skip_bad` a wrong operation is told of by itself, in an answer of 200, which no schema can say. By the other mode it is
    refused."""
    if isinstance(body, dict) and body.get("mode") == "skip_bad" and isinstance(body.get("operations"), list):
        body["mode"] = "all_or_nothing"


def part_of(path, body, of=new_card):
    """A new part of a new card: of a list of it, when `of` makes that."""
    return tasks("POST", path.format(of()), body)


def new_comment():
    return part_of("cards/{}/comments", {"body": "Fuzzed"})["id"]


def new_checklist():
    return part_of("cards/{}/checklists", {"title": "Fuzzed"})["id"]


def real_comment(case):
    at(case, new_comment())
    if isinstance(case.body, dict):
        case.body["body"] = "Fuzzed again"


def real_said(case):
    at(case, new_card())
    case.body["body"] = "Fuzzed"


def real_checklist(case):
    at(case, new_checklist())


def real_item(case):
    at(case, part_of("checklists/{}/items", {"text": "Fuzzed"}, new_checklist)["items"][0]["id"])


def new_attachment():
    files = {"file": ("run.log", b"passed", "text/plain")}
    return tasks("POST", f"cards/{new_card()}/attachments", files=files)["id"]


def real_attachment(case):
    at(case, new_attachment())


def new_notification():
    """Made by an event, so it may take a moment. The fuzzer may have said that the caller wants none."""
    tasks("PATCH", "notifications/preferences", {"assigned": {"in_app": True}})
    somebody, card = Somebody(), new_card()
    tasks("PUT", f"projects/{board()['project_id']}/members/{somebody.id}", {"role": "member"})
    me = ask("GET", "auth/me", None, Admin.get())["id"]
    tasks("POST", f"cards/{card}/assign", {"user_ids": [me]}, somebody.token)
    give_up = time.monotonic() + TELL_WAIT_S
    while time.monotonic() < give_up:
        for told in tasks("GET", "notifications?kind=assigned&limit=5")["items"]:
            if told["card"] and told["card"]["id"] == card:
                return told["id"]
        time.sleep(0.02)
    raise RuntimeError(f"no notification of an assignment came within {TELL_WAIT_S} seconds")


def real_notification(case):
    at(case, new_notification())


REAL = {
    "PUT /api/tasks/notifications/{id}/read": real_notification,
    "DELETE /api/tasks/notifications/{id}": real_notification,
    "GET /api/tasks/boards/{id}/cards": real_board,
    "GET /api/tasks/boards/{id}/transitions": real_board,
    "GET /api/tasks/boards/{id}/export": real_board,
    "GET /api/tasks/boards/{id}/reports/{kind}": real_board,
    "GET /api/tasks/cards/{id}/comments": real_card,
    "POST /api/tasks/cards/{id}/comments": real_said,
    "PATCH /api/tasks/comments/{id}": real_comment,
    "DELETE /api/tasks/comments/{id}": real_comment,
    "POST /api/tasks/cards/{id}/checklists": real_card,
    "PATCH /api/tasks/checklists/{id}": real_checklist,
    "DELETE /api/tasks/checklists/{id}": real_checklist,
    "POST /api/tasks/checklists/{id}/items": real_checklist,
    "PATCH /api/tasks/checklist-items/{id}": real_item,
    "DELETE /api/tasks/checklist-items/{id}": real_item,
    "GET /api/tasks/cards/{id}/attachments": real_card,
    "POST /api/tasks/cards/{id}/attachments": real_card,
    "GET /api/tasks/attachments/{id}": real_attachment,
    "GET /api/tasks/attachments/{id}/file": real_attachment,
    "DELETE /api/tasks/attachments/{id}": real_attachment,
    "GET /api/tasks/teams/{id}": real_team,
    "PATCH /api/tasks/teams/{id}": real_team,
    "DELETE /api/tasks/teams/{id}": real_spare_team,
    "GET /api/tasks/teams/{id}/members": real_team,
    "PUT /api/tasks/teams/{id}/members/{user_id}/role": real_member,
    "DELETE /api/tasks/teams/{id}/members/{user_id}": real_member,
    "GET /api/tasks/teams/{id}/invitations": real_inviting_team,
    "POST /api/tasks/teams/{id}/invitations": real_inviting_team,
    "DELETE /api/tasks/teams/{id}/invitations/{invitation_id}": real_invitation,
    "POST /api/tasks/invitations/lookup": real_token,
    "POST /api/tasks/invitations/accept": real_token,
    "POST /api/tasks/invitations/decline": real_token,
    "POST /api/tasks/projects": real_new_project,
    "GET /api/tasks/projects/{id}": real_project,
    "PATCH /api/tasks/projects/{id}": real_project,
    "DELETE /api/tasks/projects/{id}": real_spare_project,
    "POST /api/tasks/projects/{id}/archive": real_spare_project,
    "POST /api/tasks/projects/{id}/restore": real_spare_project,
    "GET /api/tasks/projects/{id}/members": real_project,
    "PUT /api/tasks/projects/{id}/members/{user_id}": real_project_member,
    "DELETE /api/tasks/projects/{id}/members/{user_id}": real_gone_project_member,
    "POST /api/tasks/boards": real_new_board,
    "GET /api/tasks/boards/{id}": real_board,
    "PATCH /api/tasks/boards/{id}": real_board,
    "DELETE /api/tasks/boards/{id}": real_spare_board,
    "GET /api/tasks/boards/{id}/activity": real_board,
    "GET /api/tasks/boards/{id}/trash": real_board,
    "POST /api/tasks/boards/{id}/columns": real_spare_board,
    "PATCH /api/tasks/boards/{id}/columns/{column_id}": real_column,
    "DELETE /api/tasks/boards/{id}/columns/{column_id}": real_column,
    "GET /api/tasks/boards/{id}/labels": real_board,
    "POST /api/tasks/boards/{id}/labels": real_spare_board,
    "PATCH /api/tasks/boards/{id}/labels/{label_id}": real_label,
    "DELETE /api/tasks/boards/{id}/labels/{label_id}": real_label,
    "POST /api/tasks/cards": real_new_card,
    "POST /api/tasks/cards/bulk": real_bulk,
    "GET /api/tasks/cards/{id}": real_card,
    "PUT /api/tasks/cards/{id}": real_card,
    "PATCH /api/tasks/cards/{id}": real_card,
    "DELETE /api/tasks/cards/{id}": real_card,
    "GET /api/tasks/cards/{id}/activity": real_card,
    "POST /api/tasks/cards/{id}/move": real_move,
    "POST /api/tasks/cards/{id}/assign": real_assignment,
    "POST /api/tasks/cards/{id}/archive": real_card,
    "POST /api/tasks/cards/{id}/restore": real_archived_card,
    "PUT /api/tasks/cards/{id}/watch": real_card,
    "DELETE /api/tasks/cards/{id}/watch": real_card,
}


# What the schema cannot say of queries.


def name_filters(query):
    """A filter is a language of its own, and of two bounds the first comes first."""
    if "filter" in query:
        query["filter"] = ["priority:>=high", "is:open -has:due", "fuzzed", "estimate:none,>3"][next(numbers) % 4]
    query.pop("due_from", None)


def name_days(query):
    """Zones are those of a database, and the last day is not before the first, nor very far behind it."""
    if "tz" in query:
        query["tz"] = ["Europe/Berlin", "Asia/Kolkata"][next(numbers) % 2]
    for name, day in (("from", "2026-01-01"), ("to", "2026-03-31")):
        if "from" in query or "to" in query:
            query[name] = day


QUERIES = {
    "GET /api/tasks/boards/{id}/cards": name_filters,
    "GET /api/tasks/boards/{id}/reports/{kind}": name_days,
}
