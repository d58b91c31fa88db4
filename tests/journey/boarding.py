"""What people do on task boards, and what is checked of it."""

import csv
import http.client
import io
import json
import secrets
import xml.etree.ElementTree as xml
from urllib.parse import quote

from client import mail_to, token_in
from member import Member
from shopper import wait_for

API = "/api/tasks"
STREAM_S = 15.0


class Worker(Member):
    """Somebody who works on boards."""

    api = API

    @property
    def email(self):
        return f"{self.name}@example.com"


def form(name, content, media_type=b"text/plain"):
    """A form with one file; the body, and the headers for it."""
    edge = secrets.token_hex(12).encode()
    body = b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n' % (edge, name)
    body += b"Content-Type: %s\r\n\r\n%s\r\n--%s--\r\n" % (media_type, content, edge)
    return body, {"Content-Type": f"multipart/form-data; boundary={edge.decode()}"}


def column(board, name):
    return next(one["id"] for one in board["columns"] if one["name"] == name)


def standing(worker, board, name):
    """The ids of the cards in a column, from top to bottom."""
    full = worker.get(f"{API}/boards/{board['id']}").body
    return [card["id"] for one in full["columns"] if one["name"] == name for card in one["cards"]]


def walk_team(ann, bob, vera, stranger, checks):
    ann.refused("POST", f"{API}/teams", {"name": ""}, 422, "validation_failed")
    team = ann.post(f"{API}/teams", {"name": "Quality"}, 201).body
    checks.equal((team["name"], team["role"]), ("Quality", "owner"), "whoever makes a team owns it")
    path = f"{API}/teams/{team['id']}"
    for who, role in ((bob, "member"), (vera, "viewer")):
        ann.post(f"{path}/invitations", {"email": who.email, "role": role}, 201)
        ann.refused("POST", f"{path}/invitations", {"email": who.email.upper(), "role": role}, 409, "already_invited")
        token = token_in(mail_to(who, who.email, "team_invitation"))
        seen = who.post(f"{API}/invitations/lookup", {"token": token}).body
        checks.equal((seen["team"], seen["role"]), ("Quality", role), "an invitation says into what, and as what")
        who.post(f"{API}/invitations/accept", {"token": token})
        who.refused("POST", f"{API}/invitations/accept", {"token": token}, 422, "validation_failed")
    for method, path_, body in (
        ("GET", path, None), ("PATCH", path, {"name": "x"}), ("GET", f"{path}/members", None), ("DELETE", path, None),
        ("POST", f"{path}/invitations", {"email": "x@example.com", "role": "viewer"}),
    ):  # fmt: skip
        stranger.refused(method, path_, body, 404, "not_found")
    bob.refused("PATCH", path, {"name": "x"}, 403, "role_too_low")
    bob.refused("PUT", f"{path}/members/{bob.id}/role", {"role": "owner"}, 403, "role_too_low")
    ann.refused("DELETE", f"{path}/members/{ann.id}", None, 409, "last_owner")
    members = ann.get(f"{path}/members").body["items"]
    roles = {one["person"]["id"]: one["role"] for one in members}
    checks.equal(roles, {ann.id: "owner", bob.id: "member", vera.id: "viewer"}, "who is in the team, and as what")
    return team


def walk_project(ann, bob, vera, stranger, team, checks):
    new = {"team_id": team["id"], "key": "QA", "name": "Checkout"}
    for change, pointer in (({"key": "qa"}, "/key"), ({"key": ""}, "/key"), ({"name": ""}, "/name"), ({"kind": 1}, "/kind")):
        answer = ann.refused("POST", f"{API}/projects", new | change, 422, "validation_failed")
        checks.equal([e["pointer"] for e in answer.body["errors"]], [pointer], f"a project with {change}: what is wrong")
    project = ann.post(f"{API}/projects", new, 201).body
    ann.refused("POST", f"{API}/projects", new, 409, "project_key_taken")
    path = f"{API}/projects/{project['id']}"
    checks.equal(vera.get(path).body["role"], "viewer", "the role in the team is that in its projects")
    stranger.refused("GET", path, None, 404, "not_found")
    stale = {"If-Match": '"99-x"'}
    ann.refused("PATCH", path, {"name": "x"}, 412, "precondition_failed", headers=stale)
    tag = ann.get(path).headers.get("etag")
    ann.patch(path, {"name": "Checkout and carts"}, headers={"If-Match": tag})
    ann.refused("PATCH", path, {"name": "x"}, 412, "precondition_failed", headers={"If-Match": tag})
    return project


def walk_board(ann, bob, vera, stranger, project, checks):
    new = {"project_id": project["id"], "name": "Sprint"}
    names = {}
    for template in ("kanban", "scrum", "bug_triage"):
        made = ann.post(f"{API}/boards", new | {"template": template}, 201).body
        names[template] = [one["name"] for one in made["columns"]]
        checks.that(len(names[template]) >= 4 and made["labels"], f"{template}: columns and labels", made)
        if template != "kanban":
            ann.delete(f"{API}/boards/{made['id']}")
            ann.refused("GET", f"{API}/boards/{made['id']}", None, 404, "not_found")
        else:
            board = made
    checks.equal(len({tuple(one) for one in names.values()}), 3, "each template has columns of its own")
    ann.refused("POST", f"{API}/boards", new | {"template": "waterfall"}, 422, "validation_failed")
    bob.refused("POST", f"{API}/boards", new, 403, "role_too_low")
    stranger.refused("POST", f"{API}/boards", new, 404, "not_found")
    path = f"{API}/boards/{board['id']}"
    added = ann.post(f"{path}/columns", {"name": "On hold", "type": "active", "wip_limit": 2}, 201).body
    ann.patch(f"{path}/columns/{added['id']}", {"position": 1})
    full = vera.get(path).body
    checks.equal(full["columns"][0]["name"], "On hold", "a column is moved to the front")
    checks.equal([one["position"] for one in full["columns"]], list(range(1, len(full["columns"]) + 1)), "places without a gap")
    ann.delete(f"{path}/columns/{added['id']}")
    label = ann.post(f"{path}/labels", {"name": "Ошибка", "color": "#aa0000"}, 201).body
    ann.refused("POST", f"{path}/labels", {"name": "ОШИБКА", "color": "#00aa00"}, 409, "label_name_taken")
    ann.refused("POST", f"{path}/labels", {"name": "x", "color": "red"}, 422, "validation_failed")
    checks.that(label["id"] in [one["id"] for one in vera.get(f"{path}/labels").body["items"]], "the label is listed")
    vera.refused("POST", f"{path}/labels", {"name": "x", "color": "#000000"}, 403, "role_too_low")
    return vera.get(path).body


def walk_cards(ann, bob, vera, stranger, board, checks):
    new = {"board_id": board["id"], "title": "Coupon counts twice", "column_id": board["columns"][0]["id"]}
    once = {"Idempotency-Key": secrets.token_hex(12)}
    first = bob.post(f"{API}/cards", new, 201, headers=once)
    again = bob.post(f"{API}/cards", new, 201, headers=once)
    checks.equal((again.body, again.headers.get("idempotency-replayed")), (first.body, "true"), "a key makes one card")
    checks.equal(first.body["key"], "QA-1", "the first card of a project has number 1")
    for change, pointer in (
        ({"title": ""}, "/title"), ({"priority": "huge"}, "/priority"), ({"estimate": -1}, "/estimate"),
        ({"due_at": "soon"}, "/due_at"), ({"label_ids": [999999]}, "/label_ids"), ({"column_id": 999999}, "/column_id"),
        ({"assignee_ids": [stranger.id]}, "/assignee_ids/0"), ({"owner": 1}, "/owner"),
    ):  # fmt: skip
        answer = bob.refused("POST", f"{API}/cards", new | change, 422, "validation_failed")
        checks.equal([e["pointer"] for e in answer.body["errors"]], [pointer], f"a card with {change}: what is wrong")
    vera.refused("POST", f"{API}/cards", new, 403, "role_too_low")
    stranger.refused("POST", f"{API}/cards", new, 404, "not_found")
    ids = [first.body["id"]] + [bob.post(f"{API}/cards", new | {"title": f"Card {n}"}, 201).body["id"] for n in range(2, 7)]
    checks.equal(standing(vera, board, board["columns"][0]["name"]), ids, "new cards come to the bottom")
    path = f"{API}/cards/{ids[0]}"
    tag = bob.get(path).headers.get("etag")
    text = {"description": "# What\n\n**bold** [x](javascript:alert(1))\n\n<script>alert(1)</script>", "priority": "high"}
    shown = bob.patch(path, text | {"estimate": 5}, headers={"If-Match": tag}).body
    checks.that("<strong>bold</strong>" in shown["description_html"], "Markdown becomes HTML", shown)
    for danger in ("<script", 'href="javascript'):
        checks.that(danger not in shown["description_html"], f"{danger} does not get through", shown)
    bob.refused("PATCH", path, {"title": "x"}, 412, "precondition_failed", headers={"If-Match": tag})
    bob.patch(path, {"due_at": "2090-01-02T03:04:05Z", "label_ids": [board["labels"][0]["id"]]})
    bob.post(f"{path}/assign", {"user_ids": [ann.id, bob.id]})
    seen = vera.get(path).body
    checks.equal([one["id"] for one in seen["assignees"]], sorted([ann.id, bob.id]), "several work on a card")
    for method, path_ in (("GET", path), ("PATCH", path), ("DELETE", path), ("POST", f"{path}/move")):
        body = None if method in ("GET", "DELETE") else {"title": "x"} if method == "PATCH" else {"column_id": 1}
        stranger.refused(method, path_, body, 404, "not_found")
    return ids


def walk_moves(ann, bob, vera, board, cards, checks):
    first, name = board["columns"][0]["id"], board["columns"][0]["name"]

    def move(card, **where):
        return bob.post(f"{API}/cards/{card}/move", {"column_id": first} | where).body

    move(cards[5], before_id=cards[0])
    move(cards[0], after_id=cards[2])
    move(cards[1])
    wanted = [cards[n] for n in (5, 2, 0, 3, 4, 1)]
    checks.equal(standing(vera, board, name), wanted, "cards stand where they were put")
    move(cards[1])
    checks.equal(standing(vera, board, name), wanted, "moving to where it stands changes nothing")
    for where, pointer in (
        ({"before_id": cards[0], "after_id": cards[2]}, "/after_id"), ({"before_id": cards[1]}, "/before_id"),
        ({"after_id": 999999}, "/after_id"), ({"column_id": 999999}, "/column_id"), ({"rank": 1}, "/rank"),
    ):  # fmt: skip
        answer = bob.ask("POST", f"{API}/cards/{cards[1]}/move", {"column_id": first} | where, 422)
        checks.that(pointer in [e["pointer"] for e in answer.body["errors"]], f"a move by {where}: {pointer}", answer.body)
    vera.refused("POST", f"{API}/cards/{cards[1]}/move", {"column_id": first}, 403, "role_too_low")
    other = board["columns"][1]
    bob.post(f"{API}/cards/{cards[4]}/move", {"column_id": other["id"]})
    checks.equal(standing(vera, board, other["name"]), [cards[4]], "a card goes to another column")
    full = vera.get(f"{API}/boards/{board['id']}").body
    counts = [(one["card_count"], len(one["cards"])) for one in full["columns"]]
    checks.that(all(told == there for told, there in counts), "columns count their cards", counts)
    told = vera.get(f"{API}/cards/{cards[4]}/activity").body["items"][0]
    checks.equal(
        (told["type"], told["before"]["column_id"], told["after"]["column_id"]), ("card_moved", first, other["id"]),
        "activity tells from where to where",
    )  # fmt: skip


def walk_limit(ann, bob, board, cards, checks):
    path, active = f"{API}/boards/{board['id']}/columns", board["columns"][2]
    ann.patch(f"{path}/{active['id']}", {"wip_limit": 2})
    for card in cards[:2]:
        bob.post(f"{API}/cards/{card}/move", {"column_id": active["id"]})
    bob.refused("POST", f"{API}/cards/{cards[2]}/move", {"column_id": active["id"]}, 409, "wip_limit_reached")
    bob.post(f"{API}/cards/{cards[1]}/move", {"column_id": active["id"], "before_id": cards[0]})
    checks.equal(standing(bob, board, active["name"]), [cards[1], cards[0]], "within a full column cards change places")
    new = {"board_id": board["id"], "title": "One too many", "column_id": active["id"]}
    bob.refused("POST", f"{API}/cards", new, 409, "wip_limit_reached")
    ann.refused("DELETE", f"{path}/{active['id']}", None, 409, "column_not_empty")
    ann.patch(f"{path}/{active['id']}", {"wip_limit": None})


def walk_parts(ann, bob, vera, card, checks):
    path = f"{API}/cards/{card}"
    listed = bob.post(f"{path}/checklists", {"title": "Before the release"}, 201).body
    for text in ("one", "two", "three"):
        listed = bob.post(f"{API}/checklists/{listed['id']}/items", {"text": text}, 201).body
    bob.patch(f"{API}/checklist-items/{listed['items'][0]['id']}", {"done": True})
    bob.patch(f"{API}/checklist-items/{listed['items'][2]['id']}", {"position": 1})
    seen = vera.get(path).body
    checks.equal([one["text"] for one in seen["checklists"][0]["items"]], ["three", "one", "two"], "items are arranged")
    said = bob.post(f"{path}/comments", {"body": f"Seen on staging, @{ann.name}"}, 201).body
    checks.that('class="mention"' in said["body_html"], "who is named stands out", said)
    ann.refused("PATCH", f"{API}/comments/{said['id']}", {"body": "x"}, 403, "not_yours")
    bob.patch(f"{API}/comments/{said['id']}", {"body": f"Seen in production, @{ann.name}"})
    bob.refused("POST", f"{path}/comments", {"body": " "}, 422, "validation_failed")
    vera.refused("POST", f"{path}/comments", {"body": "x"}, 403, "role_too_low")
    checks.equal(len(vera.page_through(f"{path}/comments?limit=1")), 1, "one comment")


def walk_files(ann, bob, vera, stranger, card, checks):
    path = f"{API}/cards/{card}/attachments"
    body, head = form("Отчёт.log".encode(), b"passed\n")
    made = bob.post(path, body, 201, headers=head).body
    checks.equal((made["name"], made["size"]), ("Отчёт.log", 7), "a file keeps its name")
    file = vera.get(made["url"])
    checks.equal(file.raw, b"passed\n", "a file comes back as it went")
    checks.that(file.headers["content-disposition"].startswith("attachment;"), "a file is saved, not shown", file.headers)
    checks.equal(file.headers.get("x-content-type-options"), "nosniff", "nobody guesses what a file is")
    for name, content in ((b"a.html", b"<script>alert(1)</script>"), (b"a.png", b"no picture"), (b"a.txt", b"a\0b")):
        body, head = form(name, content)
        answer = bob.refused("POST", path, body, 422, "validation_failed", headers=head)
        checks.equal([e["pointer"] for e in answer.body["errors"]], ["/file"], f"{name}: what is wrong")
    body, head = form(b"a.txt", b"x")
    vera.refused("POST", path, body, 403, "role_too_low", headers=head)
    for url in (path, made["url"], f"{API}/attachments/{made['id']}"):
        stranger.refused("GET", url, None, 404, "not_found")
    ann.delete(f"{API}/attachments/{made['id']}")
    bob.refused("GET", made["url"], None, 404, "not_found")


def walk_bulk(bob, board, cards, checks):
    operations = [
        {"create": {"title": "By the dozen"}}, {"create": {"title": "x", "column_id": 999999}},
        {"card_id": cards[3], "status": "archived"}, {"card_id": 999999, "status": "trashed"},
    ]  # fmt: skip
    answer = bob.post(f"{API}/cards/bulk", {"board_id": board["id"], "mode": "skip_bad", "operations": operations})
    results = answer.body["results"]
    checks.equal([one["error"] is None for one in results], [True, False, True, False], "of many cards each has its answer")
    checks.equal(bob.get(f"{API}/cards/{cards[3]}").body["status"], "archived", "what could be done is done")


def walk_filter(bob, board, checks):
    path = f"{API}/boards/{board['id']}/cards"

    def found(query):
        return sorted(one["title"] for one in bob.get(f"{path}?limit=100&filter={quote(query)}").body["items"])

    everything = found("is:open")
    checks.that(len(everything) >= 5, "cards are found", everything)
    checks.equal(found("coupon"), ["Coupon counts twice"], "by a word of the title")
    checks.equal(found("assignee:me priority:>=high"), ["Coupon counts twice"], "by who works on it and how urgent")
    checks.equal(sorted(found("has:estimate") + found("-has:estimate is:open")), everything, "by what it lacks")
    checks.equal(found("due:>2089-12-31"), ["Coupon counts twice"], "by its due date")
    for wrong in ("colour:red", "priority:huge", "due:soon", "is:late", '"open'):
        answer = bob.refused("GET", f"{path}?filter={quote(wrong)}", None, 422, "validation_failed")
        checks.equal([e["pointer"] for e in answer.body["errors"]][:1], ["/filter"], f"{wrong}: what is wrong")


class Events:
    """What happens on a board, as a client reads it."""

    def __init__(self, worker, board, last=None):
        self.checks, self.id = worker.checks, last
        self.connection = http.client.HTTPConnection(worker.url.hostname, worker.url.port, timeout=STREAM_S)
        headers = {"Authorization": f"Bearer {worker.token}", "Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", f"{API}/boards/{board['id']}/events", headers=headers)
        self.answer = self.connection.getresponse()
        self.checks.equal(self.answer.status, 200, "the stream opens")
        self.checks.equal(self.answer.getheader("content-type"), "text/event-stream", "the stream's media type")

    def next(self, wanted):
        """The data of the next event of which `wanted` holds; nothing when the stream ends first."""
        event = {}
        try:
            for line in iter(self.answer.readline, b""):
                name, _, value = line.decode().rstrip("\r\n").partition(": ")
                if name:
                    event[name] = value
                    continue
                if "data" in event:
                    self.id = event.get("id", self.id)
                    told, event = json.loads(event["data"]), {}
                    if wanted(told):
                        return told
        except TimeoutError:
            self.checks.that(False, f"an event comes within {STREAM_S} s")
        return None

    def close(self):
        self.answer.close()
        self.connection.close()


def walk_stream(ann, bob, vera, team, board, cards, checks):
    live = Events(vera, board)
    bob.patch(f"{API}/cards/{cards[2]}", {"title": "Told as it happens"})
    told = live.next(lambda event: event.get("type") == "card_updated")
    checks.equal((told or {}).get("card_id"), cards[2], "a change is told as it happens")
    last = live.id
    live.close()
    bob.post(f"{API}/cards/{cards[2]}/comments", {"body": "While nobody listened"}, 201)
    behind = Events(vera, board, last)
    told = behind.next(lambda event: event.get("type") == "comment_created")
    checks.equal((told or {}).get("card_id"), cards[2], "what was missed is told behind the last one that was heard")
    ann.delete(f"{API}/teams/{team['id']}/members/{vera.id}")
    bob.patch(f"{API}/cards/{cards[2]}", {"title": "Not for everybody"})
    told = behind.next(lambda event: event.get("after", {}) and "Not for everybody" in json.dumps(event))
    checks.equal(told, None, "whoever is removed hears nothing more, and their stream ends")
    behind.close()
    vera.refused("GET", f"{API}/boards/{board['id']}", None, 404, "not_found")


def walk_notifications(ann, bob, card, checks):
    def kinds():
        return {one["kind"] for one in ann.get(f"{API}/notifications?limit=100").body["items"]}

    seen = wait_for(kinds, lambda seen: {"assigned", "mentioned"} <= seen)
    checks.that({"assigned", "mentioned"} <= seen, "who is assigned and named is told", seen)
    count = ann.get(f"{API}/notifications/unread-count").body["count"]
    checks.that(count >= 2, "unread ones are counted", count)
    one = ann.get(f"{API}/notifications?kind=assigned").body["items"][0]
    ann.put(f"{API}/notifications/{one['id']}/read")
    checks.equal(ann.get(f"{API}/notifications/unread-count").body["count"], count - 1, "one is read")
    bob.refused("PUT", f"{API}/notifications/{one['id']}/read", {}, 404, "not_found")
    ann.post(f"{API}/notifications/read")
    checks.equal(ann.get(f"{API}/notifications/unread-count").body["count"], 0, "all are read")
    wanted = ann.patch(f"{API}/notifications/preferences", {"assigned": {"in_app": False, "mail": True}}).body
    checks.equal(wanted["assigned"], {"in_app": False, "mail": True}, "one says what one wants to be told, and where")


def walk_trash(ann, bob, board, cards, checks):
    card = cards[5]
    bob.delete(f"{API}/cards/{card}")
    bob.refused("GET", f"{API}/cards/{card}", None, 404, "not_found")
    listed = [one["id"] for one in bob.get(f"{API}/boards/{board['id']}/trash").body["items"]]
    checks.equal(listed, [card], "it is in the trash")
    bob.post(f"{API}/cards/{card}/restore")
    checks.equal(bob.get(f"{API}/cards/{card}").body["status"], "open", "it comes back")
    bob.post(f"{API}/cards/{card}/archive")
    bob.refused("PATCH", f"{API}/cards/{card}", {"title": "x"}, 409, "card_archived")
    bob.post(f"{API}/cards/{card}/restore")


def walk_reports(ann, stranger, board, checks):
    path = f"{API}/boards/{board['id']}/reports"
    for kind in (
        "cumulative_flow", "burndown", "burnup", "lead_time", "cycle_time", "throughput", "time_in_column", "workload",
        "overdue", "estimate_accuracy",
    ):  # fmt: skip
        report = ann.get(f"{path}/{kind}?tz=Europe/Berlin").body
        checks.equal(report["range"]["tz"], "Europe/Berlin", f"{kind}: in the time zone that was asked for")
        rows = list(csv.reader(io.StringIO(ann.get(f"{path}/{kind}?format=csv").text())))
        checks.that(len({len(row) for row in rows}) == 1, f"{kind}: a table", rows[:2])
        drawn = ann.get(f"{path}/{kind}?format=svg&lang=ru")
        checks.equal(drawn.headers.get("content-type"), "image/svg+xml", f"{kind}: a chart")
        checks.that(xml.fromstring(drawn.text()).tag.endswith("svg"), f"{kind}: a chart that is whole")
        stranger.refused("GET", f"{path}/{kind}", None, 404, "not_found")
    ann.refused("GET", f"{path}/burnup?tz=Mars/Base", None, 422, "validation_failed")
    ann.refused("GET", f"{path}/velocity", None, 404, "not_found")


def walk_export(ann, board, checks):
    path = f"{API}/boards/{board['id']}/export"
    whole = ann.get(f"{path}?format=json").body
    there = ann.get(f"{API}/boards/{board['id']}").body
    open_ = sum(len(one["cards"]) for one in there["columns"])
    checks.that(len(whole["cards"]) >= open_, "everything is exported", len(whole["cards"]))
    rows = list(csv.DictReader(io.StringIO(ann.get(f"{path}?format=csv").text())))
    checks.equal([row["key"] for row in rows], [card["key"] for card in whole["cards"]], "both exports have the same cards")


def walk_archive(ann, bob, project, board, cards, checks):
    path = f"{API}/projects/{project['id']}"
    ann.post(f"{path}/archive")
    bob.refused("POST", f"{API}/cards", {"board_id": board["id"], "title": "x"}, 409, "archived")
    bob.refused("PATCH", f"{API}/cards/{cards[0]}", {"title": "x"}, 409, "archived")
    ann.refused("PATCH", f"{API}/boards/{board['id']}", {"name": "x"}, 409, "archived")
    checks.equal(bob.get(f"{API}/boards/{board['id']}").body["archived"], True, "what is archived is read")
    ann.post(f"{path}/restore")
    bob.patch(f"{API}/cards/{cards[0]}", {"title": "Goes on"})
    ann.delete(path)
    bob.refused("GET", f"{API}/cards/{cards[0]}", None, 404, "not_found")
