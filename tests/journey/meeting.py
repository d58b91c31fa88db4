"""People of the network: who they are, and what they are to each other."""

from urllib.parse import quote

from member import API, wait_told
from shopper import wait_for

NOTHING = {
    "following": False, "followed_by": False, "requested": False, "requested_by": False, "friend": False,
    "friend_request": None, "blocking": False, "blocked_by": False, "muting": False, "muted_until": None,
}  # fmt: skip


def user(person):
    return f"{API}/users/{person.id}"


def counts(viewer, person):
    return viewer.get(user(person)).body["counts"]


def walk_profile(anyone, ann, checks):
    """Who one is, to oneself, to others and to everybody; and being found."""
    me = ann.get(f"{API}/users/me")
    checks.equal((me.body["id"], me.body["username"], me.body["locked"]), (ann.id, ann.name, False), "who one is")
    checks.equal(ann.ask("GET", f"{API}/users/me", None, 304, headers={"If-None-Match": me.headers["etag"]}).raw, b"", "304 without a body")
    changed = ann.patch(f"{API}/users/me", {"bio": "Likes **tea**."}).body
    checks.equal(changed["bio"], "Likes **tea**.", "what one says of oneself")
    seen = anyone.get(user(ann)).body
    checks.equal((seen["bio"], seen["relationship"]), ("Likes **tea**.", None), "everybody sees it, and stands to nobody")
    checks.equal(seen["counts"], {"followers": 0, "following": 0, "friends": 0, "posts": 0}, "a new person has nothing yet")
    for words in (ann.name, ann.name[:14], "Анна " + ann.name):
        found = wait_for(lambda: anyone.ids(f"{API}/users?q={quote(words)}"), lambda ids: ann.id in ids)
        checks.that(ann.id in found, f"a person is found by {words!r}", found)
    checks.equal(anyone.ids(f"{API}/users?q={ann.name}nobody"), [], "nobody is found where nobody is")
    page = anyone.get(f"{API}/users?limit=2")
    checks.that('rel="next"' in page.headers.get("link", ""), "people: Link", page.headers)
    following = anyone.ids(f"{API}/users?limit=2&cursor={page.body['next_cursor']}")
    checks.that(not {one["id"] for one in page.body["items"]} & set(following), "people: the next page has others")
    for wrong in ({"bio": "x" * 501}, {"bio": None}, {"locked": "no"}, {"username": "other"}, {"suspended_until": None}):
        ann.refused("PATCH", f"{API}/users/me", wrong, 422, "validation_failed")
    anyone.refused("GET", f"{API}/users/me", None, 401, "unauthenticated")
    anyone.refused("GET", f"{API}/users/999999999", None, 404, "not_found")
    for query in ("limit=0", "limit=101", "cursor=!", "colour=red"):
        anyone.refused("GET", f"{API}/users?{query}", None, 422, "validation_failed")


def walk_following(ann, bob, stranger, checks):
    """Following an open account, and a locked one."""
    checks.equal(bob.relation(ann), NOTHING, "two who do not know each other")
    bob.refused("POST", f"{user(bob)}/follow", {}, 409, "own_account")
    bob.refused("POST", f"{API}/users/999999999/follow", {}, 404, "not_found")
    for _ in range(2):
        followed = bob.post(f"{user(ann)}/follow").body
        checks.equal(followed, NOTHING | {"following": True}, "following, once and again")
    checks.equal(ann.relation(bob), NOTHING | {"followed_by": True}, "the other side of it")
    checks.equal((counts(ann, ann)["followers"], counts(ann, bob)["following"]), (1, 1), "both are counted once")
    checks.equal(ann.ids(f"{user(ann)}/followers"), [bob.id], "her followers")
    checks.equal(bob.ids(f"{API}/users/me/following"), [ann.id], "whom he follows")
    # What does not stand any more when its event arrives is not told.
    checks.equal([one["actor"]["id"] for one in wait_told(ann, "follow", bool)], [bob.id], "a follower is told")
    ann.delete(f"{API}/users/me/followers/{bob.id}")
    ann.refused("DELETE", f"{API}/users/me/followers/{bob.id}", None, 404, "not_found")
    checks.equal(bob.relation(ann), NOTHING, "a follower was taken away")
    # A locked account decides.
    ann.patch(f"{API}/users/me", {"locked": True})
    checks.equal(bob.post(f"{user(ann)}/follow").body, NOTHING | {"requested": True}, "a locked account is asked")
    checks.equal(ann.relation(bob), NOTHING | {"requested_by": True}, "the other side of a request")
    checks.equal(ann.ids(f"{API}/follow-requests"), [bob.id], "requests that wait")
    checks.equal(bob.ids(f"{API}/follow-requests?direction=sent"), [ann.id], "requests of one's own")
    stranger.refused("GET", f"{user(ann)}/followers", None, 403, "locked_account")
    answer = ann.post(f"{API}/follow-requests/{bob.id}/decline").body
    checks.equal(answer, NOTHING, "declined")
    ann.refused("POST", f"{API}/follow-requests/{bob.id}/accept", {}, 404, "not_found")
    bob.post(f"{user(ann)}/follow")
    answer = ann.post(f"{API}/follow-requests/{bob.id}/accept").body
    checks.equal(answer, NOTHING | {"followed_by": True}, "accepted")
    checks.equal(bob.ids(f"{user(ann)}/followers"), [bob.id], "a follower sees the lists of a locked account")
    stranger.post(f"{user(ann)}/follow")
    ann.patch(f"{API}/users/me", {"locked": False})
    checks.equal(stranger.relation(ann), NOTHING | {"following": True}, "who has asked follows an account that is unlocked")
    stranger.delete(f"{user(ann)}/follow")
    stranger.refused("DELETE", f"{user(ann)}/follow", None, 404, "not_found")
    checks.equal(counts(ann, ann)["followers"], 1, "counted exactly")


def walk_friendship(ann, vera, stranger, checks):
    """Asked, declined, called off, crossed, ended."""
    checks.equal(ann.post(f"{user(vera)}/friend").body, NOTHING | {"friend_request": "sent"}, "asked for friendship")
    checks.equal(vera.relation(ann), NOTHING | {"friend_request": "received"}, "the other side of it")
    checks.equal(vera.ids(f"{API}/friend-requests"), [ann.id], "friendship that is asked for")
    checks.equal(ann.ids(f"{API}/friend-requests?direction=sent"), [vera.id], "friendship that one asks for")
    checks.equal(vera.post(f"{API}/friend-requests/{ann.id}/decline").body, NOTHING, "declined")
    vera.refused("POST", f"{API}/friend-requests/{ann.id}/accept", {}, 404, "not_found")
    ann.post(f"{user(vera)}/friend")
    ann.delete(f"{user(vera)}/friend")
    checks.equal(vera.relation(ann), NOTHING, "a request is taken back")
    ann.post(f"{user(vera)}/friend")
    checks.equal(vera.post(f"{user(ann)}/friend").body, NOTHING | {"friend": True}, "two who ask each other are friends")
    vera.delete(f"{user(ann)}/friend")
    ann.refused("DELETE", f"{user(vera)}/friend", None, 404, "not_found")
    ann.post(f"{user(vera)}/friend")
    checks.equal(vera.post(f"{API}/friend-requests/{ann.id}/accept").body, NOTHING | {"friend": True}, "accepted")
    checks.equal((ann.ids(f"{user(vera)}/friends"), vera.ids(f"{user(ann)}/friends")), ([ann.id], [vera.id]), "friends of both")
    checks.equal((counts(ann, ann)["friends"], counts(ann, vera)["friends"]), (1, 1), "friends are counted")
    stranger.refused("POST", f"{user(stranger)}/friend", {}, 409, "own_account")


def walk_mute(ann, bob, checks):
    """A mute has a time, and nobody is told."""
    path = f"{user(bob)}/mute"
    for wrong in ({"until": "2020-01-01T00:00:00Z"}, {"until": "tomorrow"}, {"for": 3}):
        ann.refused("PUT", path, wrong, 422, "validation_failed")
    muted = ann.put(path, {"until": "2090-01-01T00:00:00Z"}).body
    checks.equal((muted["muting"], muted["muted_until"]), (True, "2090-01-01T00:00:00.000Z"), "muted for a time")
    checks.equal(ann.put(path).body["muted_until"], None, "muted for good")
    checks.equal(ann.ids(f"{API}/mutes"), [bob.id], "who is muted")
    checks.equal(bob.relation(ann)["muting"], False, "nobody is told of it")
    ann.delete(path)
    ann.refused("DELETE", path, None, 404, "not_found")
    checks.equal(ann.ids(f"{API}/mutes"), [], "muted no longer")


def walk_block(anyone, ann, stranger, post, checks):
    """A block cuts both ways, ends what there was, and hides each from the other everywhere."""
    stranger.post(f"{user(ann)}/follow")
    stranger.post(f"{API}/posts/{post}/like")
    said = stranger.post(f"{API}/posts/{post}/comment", {"body": "I was here"}, 201).body["id"]
    before = ann.get(f"{API}/posts/{post}").body
    ann.refused("PUT", f"{user(ann)}/block", {}, 409, "own_account")
    for _ in range(2):
        checks.equal(ann.put(f"{user(stranger)}/block").body, NOTHING | {"blocking": True}, "blocked, once and again")
    checks.equal(ann.ids(f"{API}/blocks"), [stranger.id], "who is blocked")
    for method, path, body in (
        ("GET", user(ann), None), ("GET", f"{user(ann)}/followers", None), ("POST", f"{user(ann)}/follow", {}),
        ("POST", f"{user(ann)}/friend", {}), ("GET", f"{API}/posts/{post}", None), ("POST", f"{API}/posts/{post}/like", {}),
        ("POST", f"{API}/posts/{post}/comment", {"body": "Hello?"}), ("POST", f"{API}/chats", {"kind": "direct", "user_id": ann.id}),
    ):  # fmt: skip
        stranger.refused(method, path, body, 404, "not_found")
    ann.refused("POST", f"{user(stranger)}/follow", {}, 409, "blocked")
    ann.refused("GET", f"{API}/comments/{said}", None, 404, "not_found")
    checks.equal(stranger.ids(f"{API}/users?q={ann.name}"), [], "not found by whom she blocks")
    checks.equal(ann.ids(f"{API}/users?q={stranger.name}"), [], "and does not find them")
    checks.that(post not in stranger.ids(f"{API}/posts?feed=global&limit=100"), "no post of hers in his feeds")
    named = stranger.post(f"{API}/posts", {"body": f"Where is @{ann.name}?"}, 201).body
    checks.equal(named["mentions"], [], "no name of hers in his texts")
    checks.that(ann.id in anyone.ids(f"{API}/users?q={ann.name}"), "others see her as before")
    seen = ann.get(f"{API}/posts/{post}").body
    checks.equal((seen["reaction_count"], seen["comment_count"]), (before["reaction_count"] - 1, before["comment_count"] - 1),
                 "what they did is not counted for her")  # fmt: skip
    seen = anyone.get(f"{API}/posts/{post}").body
    checks.equal((seen["reaction_count"], seen["comment_count"]), (before["reaction_count"], before["comment_count"]),
                 "and is for others")  # fmt: skip
    ann.delete(f"{user(stranger)}/block")
    ann.refused("DELETE", f"{user(stranger)}/block", None, 404, "not_found")
    checks.equal(stranger.relation(ann), NOTHING, "nothing comes back that the block has ended")
    stranger.get(f"{API}/posts/{post}")
