"""What people are told: notifications, events as they happen, and what moderators decide."""

import base64
import http.client
import json
import secrets

from client import Answer
from member import API, Stream, told, wait_told
from shopper import key
from talking import chat_of, say


def walk_ties_told(ann, bob, vera, checks):
    """Before anybody mutes anybody: whoever is muted when it is to be told is not told of."""
    checks.equal([one["actor"]["id"] for one in wait_told(ann, "friend_accepted", bool)[:1]], [vera.id], "a friendship is told")
    checks.that(bob.id in [one["actor"]["id"] for one in wait_told(ann, "follow", bool)], "a follower is told")
    checks.that(wait_told(bob, "follow_accepted", bool), "an accepted request is told")


def walk_notifications(ann, bob, vera, stranger, checks):
    """Each thing is told once to whom it concerns, reactions together, and nothing that is not wanted."""
    post = ann.post(f"{API}/posts", {"body": f"Do you like it, @{vera.name}?"}, 201).body["id"]
    path = f"{API}/posts/{post}"
    bob.post(f"{path}/like")
    vera.put(f"{path}/reaction", {"kind": "love"})
    bob.put(f"{path}/reaction", {"kind": "wow"})

    def of_post(items):
        return [one for one in items if one["post_id"] == post]

    seen = of_post(wait_told(ann, "reaction", lambda items: of_post(items) and of_post(items)[0]["actor_count"] == 2))
    checks.equal([one["actor_count"] for one in seen], [2], "reactions are told together")
    comment = bob.post(f"{path}/comment", {"body": "I do"}, 201).body["id"]
    seen = of_post(wait_told(ann, "comment", of_post))
    checks.equal([(one["comment_id"], one["actor"]["id"]) for one in seen], [(comment, bob.id)], "a comment is told")
    vera.post(f"{path}/comment", {"body": "I, too", "parent_id": comment}, 201)
    seen = of_post(wait_told(bob, "reply", of_post))
    checks.equal([one["actor"]["id"] for one in seen], [vera.id], "a reply is told")
    checks.equal([one["actor"]["id"] for one in of_post(wait_told(vera, "mention", of_post))], [ann.id], "who is named is told")
    walk_reading(ann, stranger, checks)
    # The like comes first: once the comment is told, the like would have been.
    checks.equal(ann.patch(f"{API}/notifications/preferences", {"reaction": False}).body["reaction"], False, "not wanted")
    ann.refused("PATCH", f"{API}/notifications/preferences", {"weather": True}, 422, "validation_failed")
    count = len(told(ann, "reaction"))
    other = ann.post(f"{API}/posts", {"body": "Quiet"}, 201).body["id"]
    stranger.post(f"{API}/posts/{other}/like")
    stranger.post(f"{API}/posts/{other}/comment", {"body": "Hello"}, 201)
    wait_told(ann, "comment", lambda items: items[0]["post_id"] == other)
    checks.equal(len(told(ann, "reaction")), count, "what is not wanted is not told")
    checks.equal(ann.get(f"{API}/notifications/preferences").body["reaction"], False, "preferences stay")
    ann.patch(f"{API}/notifications/preferences", {"reaction": True})
    return post


def walk_reading(ann, stranger, checks):
    unread = ann.get(f"{API}/notifications/unread-count").body["unread_count"]
    items = ann.page_through(f"{API}/notifications?unread=true&limit=3")
    checks.equal(len(items), unread, "unread notifications are counted")
    one = f"{API}/notifications/{items[0]['id']}"
    for _ in range(2):
        checks.that(ann.put(f"{one}/read").body["read_at"], "one is read, once and again")
    checks.equal(ann.get(f"{API}/notifications/unread-count").body["unread_count"], unread - 1, "one less is left")
    stranger.refused("PUT", f"{one}/read", {}, 404, "not_found")
    stranger.refused("DELETE", one, None, 404, "not_found")
    ann.delete(one)
    ann.refused("DELETE", one, None, 404, "not_found")
    until = items[-1]["updated_at"]
    left = ann.put(f"{API}/notifications/read", {"until": until}).body["unread_count"]
    checks.that(left < unread - 1, "what is older is read", left)
    checks.equal(ann.put(f"{API}/notifications/read").body["unread_count"], 0, "everything is read")
    checks.equal(ann.ids(f"{API}/notifications?unread=true"), [], "nothing is left")


# Events.


def walk_stream(anyone, ann, bob, stranger, chat, checks):
    """Every event in its order, what was missed after a drop, and nothing of others."""
    anyone.refused("GET", f"{API}/events", None, 401, "unauthenticated")
    stream, other = Stream(ann), Stream(stranger)
    sent = say(bob, chat, "On the air")
    frame = stream.next("message", chat_id=chat)
    checks.equal((frame["data"]["id"], frame["data"]["body"]), (sent["id"], "On the air"), "a message is told")
    one = f"{API}/messages/{sent['id']}"
    bob.patch(one, {"body": "On the air again"})
    checks.equal(stream.next("edit", chat_id=chat)["data"]["body"], "On the air again", "an edit is told")
    ann.put(f"{one}/reaction", {"kind": "wow"})
    checks.equal(stream.next("reaction", chat_id=chat)["chat_id"], chat, "a reaction is told")
    bob.put(f"{chat_of(chat)}/read", {"number": sent["number"]})
    marker = stream.next("read", chat_id=chat)["data"]
    checks.equal((marker.get("user_id"), marker.get("number")), (bob.id, sent["number"]), "a marker is told")
    bob.delete(one)
    gone = stream.next("delete", chat_id=chat)
    seqs = [frame["seq"] for frame in stream.heard if frame["chat_id"] == chat and frame["seq"]]
    checks.equal(seqs, list(range(seqs[0], seqs[0] + len(seqs))), "events of a conversation have no gaps")
    checks.that([f["n"] for f in stream.heard] == list(range(1, len(stream.heard) + 1)), "frames are numbered")
    last = stream.id
    stream.close()
    for n in range(5):
        say(bob, chat, f"Missed {n}")
    stream = Stream(ann, last)
    missed = [stream.next("message", chat_id=chat) for _ in range(5)]
    checks.equal([frame["data"].get("body") for frame in missed], [f"Missed {n}" for n in range(5)], "what was missed")
    checks.equal([frame.get("seq") for frame in missed], list(range(gone["seq"] + 1, gone["seq"] + 6)), "in order and once")
    checks.equal(stream.next("resumed")["data"].get("frames"), 5, "and how much that was")
    bob.refused("GET", f"{API}/events", None, 400, "malformed_header", headers={"Last-Event-ID": stream.id})
    ann.refused("GET", f"{API}/events", None, 400, "malformed_header", headers={"Last-Event-ID": "nonsense"})
    post = stranger.post(f"{API}/posts", {"body": "Mine"}, 201).body["id"]
    bob.post(f"{API}/posts/{post}/like")
    heard = other.next("notification")["data"]
    checks.equal((heard.get("kind"), heard.get("post_id")), ("reaction", post), "a notification is told")
    checks.that(all(frame["chat_id"] != chat for frame in other.heard), "nobody hears what they do not read", other.heard)
    walk_frames(anyone, stream.heard + other.heard, checks)
    stream.close()
    other.close()


def walk_frames(anyone, heard, checks):
    """What was heard is what the document of events describes."""
    parts = anyone.get("/api/asyncapi.json").body["components"]

    def form(schema):
        return parts["schemas"][schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema

    for frame in heard:
        described = form(parts["messages"].get(frame["type"], {}).get("payload", {}))
        for given, schema in ((frame, described), (frame["data"], form(described.get("properties", {}).get("data", {})))):
            for part in map(form, schema.get("allOf", [schema])):
                missing = set(part.get("required", ["described"])) - set(given)
                checks.that(not missing, f"a frame {frame['type']} has {missing}", given)


def open_socket(person, query):
    """The answer to the opening of a socket, and its first frame."""
    connection = http.client.HTTPConnection(person.url.hostname, person.url.port, timeout=10)
    headers = {
        "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": base64.b64encode(secrets.token_bytes(16)).decode(),
    }  # fmt: skip
    connection.request("GET", f"{API}/ws{query}", headers=headers)
    sock = connection.sock
    response = connection.getresponse()
    if response.status != 101:
        answer = Answer("GET", f"{API}/ws", response)
        connection.close()
        return answer, None
    frames = response.fp  # what has come behind the head is in its buffer
    first, size = frames.read(2)
    size = int.from_bytes(frames.read(2), "big") if size == 126 else size
    frame = json.loads(frames.read(size)) if first == 0x81 else {}
    sock.close()
    response.close()
    return response, frame


def walk_ticket(anyone, ann, checks):
    """A ticket opens one socket; the address never has a token."""
    anyone.refused("POST", f"{API}/ws/tickets", {}, 401, "unauthenticated")
    ticket = ann.post(f"{API}/ws/tickets", status=201).body["ticket"]
    checks.that(ann.token not in ticket, "a ticket is no token")
    opened, frame = open_socket(ann, f"?ticket={ticket}")
    checks.equal(opened.status, 101, "a ticket opens a socket")
    checks.equal((frame or {}).get("type"), "ready", "which is ready at once")
    checks.equal((frame or {}).get("data", {}).get("user_id"), ann.id, "for whoever asked for the ticket")
    for query in (f"?ticket={ticket}", "?ticket=nonsense"):
        answer, _ = open_socket(anyone, query)
        checks.equal((answer.status, answer.body["code"]), (401, "invalid_ticket"), "a ticket opens one socket")
    anyone.refused("GET", f"{API}/ws", None, 426, "upgrade_required")


# Moderation.


def report(person, kind, id_, status=201):
    body = {"object": {"kind": kind, "id": id_}, "reason": "spam", "note": "Again and again"}
    return person.post(f"{API}/reports", body, status, headers=key())


def walk_reports(ann, bob, stranger, moderator, checks):
    """A report is made, taken, and decided; what it was about is removed."""
    post = stranger.post(f"{API}/posts", {"body": "Buy cheap tea"}, 201).body["id"]
    made = report(ann, "post", post)
    one, mine = f"{API}/reports/{made.body['id']}", made.body
    checks.equal(made.headers.get("location"), one, "report: Location")
    checks.equal((mine["status"], mine["subject"]["id"], mine["snapshot"]), ("open", stranger.id, None), "a report")
    second = report(bob, "post", post).body["id"]
    body = {"object": {"kind": "post", "id": post}, "reason": "spam"}
    ann.refused("POST", f"{API}/reports", body, 409, "already_reported")
    stranger.refused("POST", f"{API}/reports", body, 409, "own_report")
    ann.refused("POST", f"{API}/reports", {"object": {"kind": "post", "id": 999999999}, "reason": "spam"}, 404, "not_found")
    for wrong in ({"reason": "spam"}, body | {"reason": "boring"}, body | {"object": {"kind": "planet", "id": 1}}, body | {"status": "open"}):
        ann.refused("POST", f"{API}/reports", wrong, 422, "validation_failed")
    stranger.refused("GET", one, None, 404, "not_found")
    for path in (f"{API}/reports", f"{API}/moderation/log"):
        ann.refused("GET", path, None, 403, "forbidden")
    checks.equal(ann.ids(f"{API}/reports/mine")[:1], [mine["id"]], "one's own reports")
    queue = [r["id"] for r in moderator.page_through(f"{API}/reports?status=open&object_kind=post&limit=100")]
    checks.that({mine["id"], second} <= set(queue) and queue == sorted(queue), "the queue, the oldest first", queue)
    whole = moderator.get(one)
    checks.equal(whole.body["snapshot"]["body"], "Buy cheap tea", "what was said then")
    checks.equal(whole.body["next_statuses"], ["assigned"], "it is to be taken first")
    moderator.refused("PUT", f"{one}/status", {"status": "resolved"}, 409, "invalid_transition")
    tag = {"If-Match": whole.headers["etag"]}
    taken = moderator.put(f"{one}/assignment", {"assignee_id": "me"}, headers=tag).body
    checks.equal((taken["status"], taken["assignee"]["id"]), ("assigned", moderator.id), "taken")
    moderator.refused("PUT", f"{one}/assignment", {"assignee_id": None}, 412, "precondition_failed", headers=tag)
    moderator.refused("PUT", f"{one}/assignment", {"assignee_id": ann.id}, 422, "validation_failed")
    ann.refused("PUT", f"{one}/assignment", {"assignee_id": "me"}, 403, "forbidden")
    for wrong in (
        {"status": "rejected", "action": "remove"}, {"status": "resolved", "action": "suspend"}, {"status": "open"},
        {"status": "resolved", "action": "warn", "suspend_days": 3}, {"status": "resolved", "action": "suspend", "suspend_days": 366},
    ):  # fmt: skip
        moderator.refused("PUT", f"{one}/status", wrong, 422, "validation_failed")
    decided = moderator.put(f"{one}/status", {"status": "resolved", "action": "remove", "note": "Spam it is"}).body
    checks.equal((decided["status"], decided["action"], decided["next_statuses"]), ("resolved", "remove", []), "decided")
    seen = ann.get(one).body
    checks.equal((seen["status"], seen["resolution"], seen["assignee"]), ("resolved", "Spam it is", None), "its maker is told")
    checks.equal(bob.get(f"{API}/reports/{second}").body["status"], "resolved", "the other report goes with it")
    for who in (ann, stranger):
        who.refused("GET", f"{API}/posts/{post}", None, 404, "not_found")
    heard = wait_told(stranger, "moderation", bool)
    checks.equal([(n["payload"]["action"], n["payload"]["note"], n["actor"]) for n in heard[:1]], [("remove", "Spam it is", None)],
                 "whoever it is about is told, and not by whom")  # fmt: skip
    log = moderator.get(f"{API}/moderation/log?subject_id={stranger.id}").body["items"]
    checks.equal([(n["action"], n["report_id"]) for n in log], [("close", second), ("remove", mine["id"])], "the log has it")
    restored = moderator.put(f"{API}/posts/{post}/status", {"status": "published"}).body
    checks.equal((restored["status"], restored["next_statuses"]), ("published", ["removed"]), "what was removed comes back")
    ann.get(f"{API}/posts/{post}")
    moderator.refused("PUT", f"{API}/posts/{post}/status", {"status": "published"}, 409, "invalid_transition")
    ann.refused("PUT", f"{API}/posts/{post}/status", {"status": "removed"}, 403, "forbidden")
    return post


def walk_more_reports(ann, stranger, moderator, chat, post, checks):
    """Of a comment, a message and a person: removed, rejected, and suspended for a time."""
    comment = stranger.post(f"{API}/posts/{post}/comment", {"body": "Buy"}, 201).body["id"]
    removed = moderator.put(f"{API}/comments/{comment}/status", {"status": "removed", "note": "Spam"}).body
    checks.equal((removed["status"], "body" in removed), ("removed", False), "a comment is removed, and not shown")
    back = moderator.put(f"{API}/comments/{comment}/status", {"status": "published"}).body
    checks.equal(back["status"], "published", "and comes back")
    ann.refused("PUT", f"{API}/comments/{comment}/status", {"status": "removed"}, 403, "forbidden")
    message = say(stranger, chat, "Buy tea")["id"]
    for kind, id_, decision, status in (
        ("comment", comment, {"status": "rejected", "note": "It is not"}, "rejected"),
        ("message", message, {"status": "resolved", "action": "remove"}, "resolved"),
        ("user", stranger.id, {"status": "resolved", "action": "suspend", "suspend_days": 3}, "resolved"),
    ):
        one = f"{API}/reports/{report(ann, kind, id_).body['id']}"
        moderator.put(f"{one}/assignment", {"assignee_id": "me"})
        checks.equal(moderator.put(f"{one}/status", decision).body["status"], status, f"a report of a {kind}")
    ann.get(f"{API}/comments/{comment}")
    stubs = [m["status"] for m in ann.get(f"{chat_of(chat)}/messages?limit=100").body["items"] if m["id"] == message]
    checks.equal(stubs, ["removed"], "a stub of the message stays")
    for method, path, body in (
        ("POST", f"{API}/posts", {"body": "x"}), ("POST", f"{API}/posts/{post}/comment", {"body": "x"}), ("POST", f"{API}/posts/{post}/like", {}),
        ("POST", f"{chat_of(chat)}/messages", {"body": "x"}), ("POST", f"{API}/users/{ann.id}/follow", {}), ("PATCH", f"{API}/users/me", {"bio": "x"}),
    ):  # fmt: skip
        refused = stranger.refused(method, path, body, 403, "suspended")
        checks.that((refused.body or {}).get("suspended_until"), f"{method} {path} says until when")
    stranger.get(f"{API}/posts/{post}")
    lift = f"{API}/users/{stranger.id}/suspension"
    ann.refused("DELETE", lift, None, 403, "forbidden")
    moderator.delete(lift)
    moderator.refused("DELETE", lift, None, 404, "not_found")
    stranger.post(f"{API}/posts", {"body": "Back again"}, 201)
    log = [entry["action"] for entry in moderator.page_through(f"{API}/moderation/log?subject_id={stranger.id}&limit=3")]
    checks.equal(log[:5], ["unsuspend", "suspend", "remove", "reject", "restore"], "the log has all of it, the newest first")
