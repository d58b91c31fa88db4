"""Conversations: requests of strangers, groups with their roles, messages, markers, search and history."""

from urllib.parse import quote

from member import API, picture, wait_told
from shopper import key


def chat_of(chat):
    return f"{API}/chats/{chat}"


def say(person, chat, body, status=201, **more):
    return person.post(f"{chat_of(chat)}/messages", {"body": body} | more, status, headers=key()).body


def bodies(person, chat, query=""):
    return [one["body"] for one in person.get(f"{chat_of(chat)}/messages?limit=100{query}").body["items"]]


def walk_direct(ann, vera, checks):
    """Friends have one conversation, whoever begins it."""
    made = ann.post(f"{API}/chats", {"kind": "direct", "user_id": vera.id}, 201)
    chat = made.body["id"]
    checks.equal(made.headers.get("location"), chat_of(chat), "chat: Location")
    checks.equal((made.body["kind"], made.body["other"]["id"], made.body["title"]), ("direct", vera.id, None), "a direct one")
    checks.equal(vera.post(f"{API}/chats", {"kind": "direct", "user_id": ann.id}, 200).body["id"], chat, "there is one of two people")
    checks.equal(vera.get(chat_of(chat)).body["standing"], "active", "friends need not ask")
    vera.refused("PATCH", chat_of(chat), {"title": "Us"}, 409, "direct_chat")
    vera.refused("POST", f"{chat_of(chat)}/members", {"user_ids": [1]}, 409, "direct_chat")
    for wrong in (
        {}, {"kind": "direct"}, {"kind": "direct", "user_id": vera.id, "title": "Us"}, {"kind": "group"}, {"kind": "group", "title": " "},
        {"kind": "group", "title": "x", "member_ids": [vera.id, vera.id]}, {"kind": "group", "title": "x", "member_ids": [ann.id]},
        {"kind": "group", "title": "x", "member_ids": [999999999]}, {"kind": "channel", "title": "x"},
    ):  # fmt: skip
        ann.refused("POST", f"{API}/chats", wrong, 422, "validation_failed")
    ann.refused("POST", f"{API}/chats", {"kind": "direct", "user_id": ann.id}, 409, "own_account")
    ann.refused("POST", f"{API}/chats", {"kind": "direct", "user_id": 999999999}, 404, "not_found")
    return chat


def walk_request(ann, stranger, checks):
    """A stranger writes one message, and waits."""
    chat = stranger.post(f"{API}/chats", {"kind": "direct", "user_id": ann.id}, 201).body["id"]
    say(stranger, chat, "Do you know me?")
    stranger.refused("POST", f"{chat_of(chat)}/messages", {"body": "Hello?"}, 409, "request_pending")
    checks.that(chat not in ann.ids(f"{API}/chats"), "a request is none of one's conversations")
    waiting = ann.get(f"{API}/chats?requests=true").body["items"]
    checks.equal([(one["id"], one["standing"], one["unread_count"]) for one in waiting], [(chat, "invited", 1)], "it waits beside")
    checks.equal(bodies(ann, chat), ["Do you know me?"], "and is read before it is accepted")
    heard = [(one["actor"]["id"], one["chat_id"]) for one in wait_told(ann, "message_request", bool)]
    checks.equal(heard, [(stranger.id, chat)], "a message request is told")
    stranger.refused("POST", f"{chat_of(chat)}/decline", {}, 409, "invalid_transition")
    ann.post(f"{chat_of(chat)}/decline", status=204)
    ann.refused("POST", f"{chat_of(chat)}/decline", {}, 404, "not_found")
    checks.equal(ann.ids(f"{API}/chats?requests=true"), [], "declined")
    stranger.refused("POST", f"{chat_of(chat)}/messages", {"body": "Hello?"}, 409, "request_pending")
    checks.equal(ann.post(f"{chat_of(chat)}/accept").body["standing"], "active", "a changed mind")
    say(stranger, chat, "At last")
    checks.that(chat in ann.ids(f"{API}/chats"), "it is one of one's conversations")
    return chat


def roles(person, chat):
    return {one["person"]["id"]: one["role"] for one in person.get(f"{chat_of(chat)}/members").body["items"]}


def walk_group(ann, bob, vera, stranger, checks):
    """Who is in a group, and who may do what there."""
    body = {"kind": "group", "title": "Tea", "member_ids": [bob.id]}
    same = key()
    made = ann.post(f"{API}/chats", body, 201, headers=same).body
    chat, path = made["id"], chat_of(made["id"])
    checks.equal(ann.post(f"{API}/chats", body, 201, headers=same).body["id"], chat, "one group for a key")
    checks.equal((made["title"], made["role"], made["member_count"]), ("Tea", "owner", 2), "a group")
    for method, at, given in (
        ("GET", path, None), ("GET", f"{path}/messages", None), ("GET", f"{path}/members", None), ("GET", f"{path}/search?q=x", None),
        ("POST", f"{path}/messages", {"body": "x"}), ("PATCH", path, {"title": "Mine"}), ("POST", f"{path}/members", {"user_ids": [stranger.id]}),
        ("PUT", f"{path}/read", {"number": 0}), ("DELETE", f"{path}/members/{bob.id}", None), ("POST", f"{path}/accept", {}),
    ):  # fmt: skip
        stranger.refused(method, at, given, 404, "not_found")
    bob.refused("PATCH", path, {"title": "Coffee"}, 403, "not_admin")
    bob.refused("POST", f"{path}/members", {"user_ids": [vera.id]}, 403, "not_admin")
    say(ann, chat, "Before vera came")
    added = ann.post(f"{path}/members", {"user_ids": [vera.id]}, 201, headers=key())
    checks.equal([one["person"]["id"] for one in added.body["items"]], [vera.id], "who has come in")
    checks.equal(added.headers.get("location"), f"{path}/members", "members: Location")
    ann.refused("POST", f"{path}/members", {"user_ids": [vera.id]}, 409, "already_member")
    checks.equal(bodies(vera, chat), [], "one reads what is written from then on")
    checks.equal(ann.put(f"{path}/members/{bob.id}/role", {"role": "admin"}).body["role"], "admin", "an administrator")
    bob.refused("PUT", f"{path}/members/{vera.id}/role", {"role": "admin"}, 403, "not_admin")
    checks.equal(bob.patch(path, {"title": "Green tea"}).body["title"], "Green tea", "who may rename")
    vera.refused("DELETE", f"{path}/members/{bob.id}", None, 403, "not_admin")
    bob.refused("DELETE", f"{path}/members/{ann.id}", None, 403, "not_admin")
    checks.equal(roles(vera, chat), {ann.id: "owner", bob.id: "admin", vera.id: "member"}, "everybody sees who is what")
    return chat


def walk_messages(ann, bob, vera, chat, checks):
    """Written, answered, reacted to, edited and taken back."""
    path = f"{chat_of(chat)}/messages"
    same = key()
    made = bob.post(path, {"body": "Who has a **samovar**?"}, 201, headers=same)
    message, one = made.body, f"{API}/messages/{made.body['id']}"
    checks.equal(made.headers.get("location"), one, "message: Location")
    checks.equal(bob.post(path, {"body": "Who has a **samovar**?"}, 201, headers=same).body["id"], message["id"], "one message for a key")
    checks.that("<strong>samovar</strong>" in message["html"], "messages are Markdown, too", message["html"])
    answer = vera.post(path, {"body": "I do", "reply_to": message["id"]}, 201, headers=key()).body
    checks.equal((answer["number"], answer["reply_to"]["id"]), (message["number"] + 1, message["id"]), "an answer")
    checks.equal((answer["reply_to"]["author_id"], answer["reply_to"]["text"]), (bob.id, message["body"]), "and what it answers")
    for wrong in ({}, {"body": " "}, {"body": "x" * 4001}, {"body": "x", "reply_to": 999999999}, {"body": "x", "media_ids": [999999999]}, {"body": "x", "number": 1}):
        bob.refused("POST", path, wrong, 422, "validation_failed")
    reacted = vera.put(f"{one}/reaction", {"kind": "laugh"}).body
    checks.equal((reacted["reactions"]["laugh"], reacted["reaction_count"]), (1, 1), "reacted")
    checks.equal(bob.ids(f"{one}/reactions"), [vera.id], "who reacted")
    vera.delete(f"{one}/reaction")
    checks.equal(bob.get(one).body["reactions"]["laugh"], 0, "taken back")
    vera.refused("PATCH", one, {"body": "Mine"}, 403, "not_yours")
    edited = bob.patch(one, {"body": "Who has a teapot?"}, headers={"If-Match": made.headers["etag"]})
    checks.equal((edited.body["body"], edited.body["version"]), ("Who has a teapot?", 2), "edited")
    bob.refused("PATCH", one, {"body": "Late"}, 412, "precondition_failed", headers={"If-Match": made.headers["etag"]})
    checks.equal(vera.get(f"{API}/messages/{answer['id']}").body["reply_to"]["text"], "Who has a teapot?", "quotes follow")
    ann.refused("DELETE", one, None, 403, "not_yours")
    bob.delete(one)
    stubs = [m for m in vera.get(f"{path}?limit=100").body["items"] if m["id"] == message["id"]]
    checks.equal([(m["status"], m["body"], m["html"]) for m in stubs], [("deleted", "", "")], "a stub stays")
    bob.refused("PATCH", one, {"body": "Again"}, 404, "not_found")
    checks.equal(vera.get(f"{API}/messages/{answer['id']}").body["reply_to"], None, "nothing is quoted that is gone")


def walk_attachment(ann, bob, stranger, chat, checks):
    """A picture in a message is for those who read the message, and for nobody once it is taken back."""
    body, headers = picture()
    media = ann.post(f"{API}/media", body, 201, headers=headers | key()).body
    small = media["urls"]["small"]
    bob.refused("GET", small, None, 404, "not_found")
    bob.refused("POST", f"{chat_of(chat)}/messages", {"media_ids": [media["id"]]}, 422, "validation_failed")
    sent = ann.post(f"{chat_of(chat)}/messages", {"media_ids": [media["id"]]}, 201, headers=key()).body
    checks.equal(([one["id"] for one in sent["attachments"]], sent["body"]), ([media["id"]], ""), "a picture needs no words")
    checks.equal(bob.get(small).headers["cache-control"], "private, no-store", "who reads the message sees it")
    stranger.refused("GET", small, None, 404, "not_found")
    ann.refused("DELETE", f"{API}/media/{media['id']}", None, 409, "media_in_use")
    checks.that(media["id"] not in ann.ids(f"{API}/media"), "it stands in something")
    ann.patch(f"{API}/media/{media['id']}", {"alt": "Another dot"})
    checks.equal(bob.get(f"{API}/messages/{sent['id']}").body["attachments"][0]["alt"], "Another dot", "its words change there")
    ann.delete(f"{API}/messages/{sent['id']}")
    bob.refused("GET", small, None, 404, "not_found")


def walk_markers(ann, bob, chat, checks):
    """Read markers go forwards only, and others see them."""
    last = [say(ann, chat, f"Number {n}")["number"] for n in range(3)][-1]
    before = bob.get(chat_of(chat)).body
    checks.that(before["unread_count"] >= 3, "unread messages", before["unread_count"])
    path = f"{chat_of(chat)}/read"
    checks.equal(bob.put(path, {"number": last - 1}).body["unread_count"], 1, "one is left")
    checks.equal(bob.put(path, {"number": last}).body, {"chat_id": chat, "read_number": last, "unread_count": 0}, "all is read")
    checks.equal(bob.put(path, {"number": 1}).body["read_number"], last, "a marker never goes back")
    bob.refused("PUT", path, {"number": last + 1}, 422, "validation_failed")
    bob.refused("PUT", path, {"number": -1}, 422, "validation_failed")
    seen = {one["person"]["id"]: one["read_number"] for one in ann.get(f"{chat_of(chat)}/members").body["items"]}
    checks.equal(seen[bob.id], last, "others see how far one has read")


def walk_history(ann, vera, stranger, chat, checks):
    """History both ways, page by page, and search."""
    sent = [say(ann, chat, f"Oolong {n}") for n in range(6)]
    numbers = [one["number"] for one in sent]
    checks.equal(numbers, list(range(numbers[0], numbers[0] + 6)), "numbers have no gaps")
    path = f"{chat_of(chat)}/messages"
    page = vera.get(f"{path}?limit=2").body
    checks.equal([one["number"] for one in page["items"]], numbers[-2:], "the newest page, in order")
    page = vera.get(f"{path}?limit=2&cursor={quote(page['next_cursor'])}").body
    checks.equal([one["number"] for one in page["items"]], numbers[-4:-2], "and the one before")
    page = vera.get(f"{path}?limit=2&after={numbers[0]}").body
    checks.equal([one["number"] for one in page["items"]], numbers[1:3], "what comes after")
    late = say(ann, chat, "Late")["number"]
    page = vera.get(f"{path}?limit=10&after={numbers[0]}&cursor={quote(page['next_cursor'])}").body
    checks.equal([one["number"] for one in page["items"]], [*numbers[3:], late], "forwards to the end, what is new included")
    checks.equal(page["next_cursor"], None, "there is no more")
    checks.equal([one["number"] for one in vera.get(f"{path}?before={numbers[1]}&limit=1").body["items"]], numbers[:1], "what comes before")
    for query in (f"before={late}&after=1", "before=0", "after=-1", "limit=0", "cursor=!"):
        vera.refused("GET", f"{path}?{query}", None, 422, "validation_failed")
    wanted = [one["id"] for one in sent[::-1]]
    checks.equal(vera.ids(f"{chat_of(chat)}/search?q=oolong"), wanted, "found by a word, the newest first")
    checks.equal(vera.ids(f"{API}/messages/search?q=oolong"), wanted, "in all conversations as well")
    found = [one["id"] for one in vera.page_through(f"{API}/messages/search?q=oolo&limit=4")]
    checks.equal(found, wanted, "by the beginning of a word, page by page")
    checks.equal(stranger.ids(f"{API}/messages/search?q=oolong"), [], "nobody finds what they do not read")
    vera.refused("GET", f"{API}/messages/search", None, 422, "validation_failed")


def walk_leaving(ann, bob, vera, chat, checks):
    """Removed, left, and handed over."""
    path = chat_of(chat)
    say(ann, chat, "While vera is here")
    bob.delete(f"{path}/members/{vera.id}")
    say(ann, chat, "After vera has gone")
    seen = vera.get(path).body
    checks.equal((seen["standing"], seen["member_count"]), ("removed", None), "who was removed")
    checks.equal(bodies(vera, chat)[-1:], ["While vera is here"], "reads what was written until then")
    vera.refused("POST", f"{path}/messages", {"body": "Hello?"}, 403, "not_member")
    ann.refused("DELETE", f"{path}/members/{vera.id}", None, 404, "not_found")
    ann.refused("PUT", f"{path}/members/{ann.id}/role", {"role": "member"}, 409, "invalid_transition")
    checks.equal(ann.put(f"{path}/members/{bob.id}/role", {"role": "owner"}).body["role"], "owner", "handed over")
    checks.equal(roles(ann, chat), {ann.id: "admin", bob.id: "owner"}, "who gave it is an administrator")
    bob.delete(f"{path}/members/{bob.id}")
    checks.equal(roles(ann, chat), {ann.id: "owner"}, "the group falls to whoever is left")
