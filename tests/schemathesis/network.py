"""What the fuzzer has to know of the social network: posts, comments, pictures, people, conversations, notifications and
reports that exist, made for the case. The demo administrator calls, who also is a moderator of the network.
"""

import base64
import itertools
import time

from callers import Admin, Person, ask

TELL_WAIT_S = 5.0
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNoAAAAggCBd81ytgAAAABJRU5ErkJggg=="
)

words = itertools.count()
last_picture: list[int] = []


def social(method, path, body=None, by=None, **more):
    return ask(method, f"social/{path}", body, by or Admin.get(), **more)


class Somebody(Person):
    """A new account that is logged in."""

    def __init__(self):
        super().__init__()
        self.token = self.log_in()["access_token"]

    def does(self, method, path, body=None):
        return social(method, path, body, self.token)


def at(case, id_, name="id"):
    """The case is about this one, in whatever version it is: a made-up tag is of none that there is."""
    case.path_parameters[name] = id_
    case.headers.pop("If-Match", None)


def say(case):
    """The schema cannot say that something visible is to be said; every second time it is."""
    if next(words) % 2 == 0 or not str(case.body.get("body", "")).strip():
        case.body["body"] = "Said by **nobody** in particular, about #tea"


# Posts, comments and pictures.


def new_post(by=None):
    return social("POST", "posts", {"body": "Fuzzed #tea"}, by)["id"]


def real_new_post(case):
    say(case)
    case.body.pop("media_ids", None)
    case.body.pop("content_warning", None)


def real_post(case):
    at(case, new_post())
    if isinstance(case.body, dict) and "body" in case.body:
        say(case)
    if isinstance(case.body, dict):
        case.body.pop("content_warning", None)


def real_revised_post(case):
    at(case, new_post())
    social("PATCH", f"posts/{case.path_parameters['id']}", {"body": "Fuzzed again"})


def real_reacted_post(case):
    real_post(case)
    social("POST", f"posts/{case.path_parameters['id']}/like", {})


def real_post_status(case):
    at(case, new_post(Somebody().token))
    case.body["status"] = "removed"
    case.body.pop("note", None)


def new_comment(by=None):
    return social("POST", f"posts/{new_post()}/comment", {"body": "Fuzzed"}, by)["id"]


def real_new_comment(case):
    at(case, new_post())
    say(case)
    case.body.pop("parent_id", None)


def real_comment(case):
    at(case, new_comment())
    if isinstance(case.body, dict) and "body" in case.body:
        say(case)


def real_reacted_comment(case):
    real_comment(case)
    social("PUT", f"comments/{case.path_parameters['id']}/reaction", {"kind": "wow"})


def real_comment_status(case):
    at(case, new_comment(Somebody().token))
    case.body["status"] = "removed"
    case.body.pop("note", None)


def new_picture():
    """A person has at most 100 pictures that stand in nothing, so the one before is removed."""
    for id_ in last_picture:
        social("DELETE", f"media/{id_}", expected=(204, 404, 409))
    made = social("POST", "media", files={"file": ("picture.png", PICTURE, "image/png")})["id"]
    last_picture[:] = [made]
    return made


def real_picture(case):
    at(case, new_picture())
    if isinstance(case.body, dict):
        case.body["alt"] = "One grey dot"


# People.


def real_person(case):
    at(case, Person().id)


def real_whom(case):
    """An id as text, which `me` is as well: with a number the fuzzer would take the case for an invalid one."""
    at(case, str(Person().id))


def of_person(first=None, name="id"):
    """About somebody whom the caller stands to in some way: `first` is done with their id and a `Somebody`."""

    def real(case):
        somebody = Somebody()
        first(somebody)
        at(case, somebody.id, name)

    return real


def real_mute(case):
    real_person(case)
    case.body = {} if next(words) % 2 else {"until": "2090-01-01T00:00:00Z"}


def follow_the_caller(somebody):
    caller = social("GET", "users/me")["id"]
    if somebody.does("POST", f"users/{caller}/follow", {})["requested"]:
        social("POST", f"follow-requests/{somebody.id}/accept", {})


def ask_to_follow(somebody):
    social("PATCH", "users/me", {"locked": True})
    somebody.does("POST", f"users/{social('GET', 'users/me')['id']}/follow", {})


def ask_for_friendship(somebody):
    somebody.does("POST", f"users/{social('GET', 'users/me')['id']}/friend", {})


def done_to(method, path):
    """What the caller has done to somebody before."""
    return lambda somebody: social(method, path.format(id=somebody.id), {})


def suspend(somebody):
    report = new_report({"kind": "user", "id": somebody.id})
    social("PUT", f"reports/{report}/assignment", {"assignee_id": "me"})
    social("PUT", f"reports/{report}/status", {"status": "resolved", "action": "suspend", "suspend_days": 1})


# Conversations.


def new_group(members=()):
    return social("POST", "chats", {"kind": "group", "title": "Fuzzed", "member_ids": list(members)})["id"]


def new_message():
    chat = new_group()
    return chat, social("POST", f"chats/{chat}/messages", {"body": "Fuzzed"})["id"]


def real_new_chat(case):
    somebody = Person().id
    if case.body["kind"] == "direct":
        case.body = {"kind": "direct", "user_id": somebody}
    else:
        case.body = {"kind": "group", "title": "Fuzzed", "member_ids": [somebody]}


def real_chat(case):
    at(case, new_message()[0])
    if isinstance(case.body, dict) and "title" in case.body and next(words) % 2:
        case.body["title"] = "Renamed"


def real_new_message(case):
    at(case, new_group())
    say(case)
    case.body.pop("media_ids", None)
    case.body.pop("reply_to", None)


def real_marker(case):
    at(case, new_message()[0])
    case.body["number"] = 1


def real_message(case):
    at(case, new_message()[1])
    if isinstance(case.body, dict) and "body" in case.body:
        say(case)


def real_reacted_message(case):
    real_message(case)
    social("PUT", f"messages/{case.path_parameters['id']}/reaction", {"kind": "wow"})


def real_member(case):
    somebody = Person().id
    at(case, new_group([somebody]))
    at(case, somebody, "user_id")


def real_new_members(case):
    at(case, new_group())
    case.body["user_ids"] = [Person().id]


def real_chat_request(case):
    somebody, caller = Somebody(), social("GET", "users/me")["id"]
    chat = somebody.does("POST", "chats", {"kind": "direct", "user_id": caller})["id"]
    somebody.does("POST", f"chats/{chat}/messages", {"body": "Do you know me?"})
    at(case, chat)


# Notifications and moderation.


def new_notification():
    """Made by an event, so it may take a moment. The fuzzer may have said that the caller wants none."""
    social("PATCH", "notifications/preferences", {"comment": True})
    somebody = Somebody()
    somebody.does("POST", f"posts/{new_post()}/comment", {"body": "Do you hear me?"})
    give_up = time.monotonic() + TELL_WAIT_S
    while time.monotonic() < give_up:
        for told in social("GET", "notifications?kind=comment&limit=5")["items"]:
            if told["actor"]["id"] == somebody.id:
                return told["id"]
        time.sleep(0.02)
    raise RuntimeError(f"no notification of a comment came within {TELL_WAIT_S} seconds")


def real_notification(case):
    at(case, new_notification())


def new_report(about=None):
    about = about or {"kind": "post", "id": new_post(Somebody().token)}
    return social("POST", "reports", {"object": about, "reason": "spam"})["id"]


def real_new_report(case):
    case.body["object"] = {"kind": "post", "id": new_post(Somebody().token)}
    case.body.pop("note", None)


def real_report(case):
    at(case, new_report())


def real_assignment(case):
    at(case, new_report())
    if case.body["assignee_id"] is not None:
        case.body["assignee_id"] = "me"


def real_decision(case):
    at(case, new_report())
    social("PUT", f"reports/{case.path_parameters['id']}/assignment", {"assignee_id": "me"})
    case.body = {"status": case.body["status"]}


REAL = {
    "POST /api/social/posts": real_new_post,
    "GET /api/social/posts/{id}": real_post,
    "PATCH /api/social/posts/{id}": real_post,
    "DELETE /api/social/posts/{id}": real_post,
    "GET /api/social/posts/{id}/revisions": real_revised_post,
    "PUT /api/social/posts/{id}/bookmark": real_post,
    "DELETE /api/social/posts/{id}/bookmark": real_post,
    "GET /api/social/posts/{id}/visibility": real_post,
    "PUT /api/social/posts/{id}/status": real_post_status,
    "PUT /api/social/posts/{id}/comments-lock": real_post,
    "POST /api/social/posts/{id}/like": real_post,
    "DELETE /api/social/posts/{id}/like": real_reacted_post,
    "PUT /api/social/posts/{id}/reaction": real_post,
    "DELETE /api/social/posts/{id}/reaction": real_reacted_post,
    "GET /api/social/posts/{id}/reactions": real_reacted_post,
    "POST /api/social/posts/{id}/comment": real_new_comment,
    "GET /api/social/posts/{id}/comments": real_post,
    "GET /api/social/comments/{id}": real_comment,
    "PATCH /api/social/comments/{id}": real_comment,
    "DELETE /api/social/comments/{id}": real_comment,
    "PUT /api/social/comments/{id}/lock": real_comment,
    "PUT /api/social/comments/{id}/status": real_comment_status,
    "PUT /api/social/comments/{id}/reaction": real_comment,
    "DELETE /api/social/comments/{id}/reaction": real_reacted_comment,
    "GET /api/social/comments/{id}/reactions": real_reacted_comment,
    "GET /api/social/media/{id}": real_picture,
    "PATCH /api/social/media/{id}": real_picture,
    "DELETE /api/social/media/{id}": real_picture,
    "GET /api/social/media/{id}/{size}": real_picture,
    "GET /api/social/users/{id}": real_person,
    "GET /api/social/users/{id}/followers": real_whom,
    "GET /api/social/users/{id}/following": real_whom,
    "GET /api/social/users/{id}/friends": real_whom,
    "POST /api/social/users/{id}/follow": real_person,
    "DELETE /api/social/users/{id}/follow": of_person(done_to("POST", "users/{id}/follow")),
    "DELETE /api/social/users/me/followers/{user_id}": of_person(follow_the_caller, "user_id"),
    "POST /api/social/follow-requests/{user_id}/accept": of_person(ask_to_follow, "user_id"),
    "POST /api/social/follow-requests/{user_id}/decline": of_person(ask_to_follow, "user_id"),
    "POST /api/social/users/{id}/friend": real_person,
    "DELETE /api/social/users/{id}/friend": of_person(done_to("POST", "users/{id}/friend")),
    "POST /api/social/friend-requests/{user_id}/accept": of_person(ask_for_friendship, "user_id"),
    "POST /api/social/friend-requests/{user_id}/decline": of_person(ask_for_friendship, "user_id"),
    "PUT /api/social/users/{id}/block": real_person,
    "DELETE /api/social/users/{id}/block": of_person(done_to("PUT", "users/{id}/block")),
    "PUT /api/social/users/{id}/mute": real_mute,
    "DELETE /api/social/users/{id}/mute": of_person(done_to("PUT", "users/{id}/mute")),
    "DELETE /api/social/users/{id}/suspension": of_person(suspend),
    "POST /api/social/chats": real_new_chat,
    "GET /api/social/chats/{id}": real_chat,
    "PATCH /api/social/chats/{id}": real_chat,
    "GET /api/social/chats/{id}/members": real_chat,
    "POST /api/social/chats/{id}/members": real_new_members,
    "DELETE /api/social/chats/{id}/members/{user_id}": real_member,
    "PUT /api/social/chats/{id}/members/{user_id}/role": real_member,
    "POST /api/social/chats/{id}/accept": real_chat_request,
    "POST /api/social/chats/{id}/decline": real_chat_request,
    "GET /api/social/chats/{id}/messages": real_chat,
    "POST /api/social/chats/{id}/messages": real_new_message,
    "PUT /api/social/chats/{id}/read": real_marker,
    "GET /api/social/chats/{id}/search": real_chat,
    "GET /api/social/messages/{id}": real_message,
    "PATCH /api/social/messages/{id}": real_message,
    "DELETE /api/social/messages/{id}": real_message,
    "PUT /api/social/messages/{id}/reaction": real_message,
    "DELETE /api/social/messages/{id}/reaction": real_reacted_message,
    "GET /api/social/messages/{id}/reactions": real_reacted_message,
    "PUT /api/social/notifications/{id}/read": real_notification,
    "DELETE /api/social/notifications/{id}": real_notification,
    "POST /api/social/reports": real_new_report,
    "GET /api/social/reports/{id}": real_report,
    "PUT /api/social/reports/{id}/assignment": real_assignment,
    "PUT /api/social/reports/{id}/status": real_decision,
}


# What the schema cannot say of queries.


def name_one_feed(query):
    """Each feed has its own parameters."""
    feed = query.get("feed") or ("user" if "user_id" in query else "tag" if "tag" in query else "")
    if feed == "user":
        query.setdefault("user_id", "1")
    else:
        query.pop("user_id", None)
    if feed == "tag":
        query["tag"] = query.get("tag", "").strip("#") or "tea"
    else:
        query.pop("tag", None)


def name_one_bound(query):
    if "before" in query:
        query.pop("after", None)


def name_a_viewer(query):
    if "viewer" in query:
        query["viewer"] = "1"


QUERIES = {
    "GET /api/social/posts": name_one_feed,
    "GET /api/social/chats/{id}/messages": name_one_bound,
    "GET /api/social/posts/{id}/visibility": name_a_viewer,
}
