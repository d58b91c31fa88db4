"""Posts and pictures, comments and reactions, and the feeds that they come in."""

from urllib.parse import quote

from member import API, picture, wait_told
from shopper import key, wait_for

KINDS = ("like", "love", "laugh", "wow", "sad", "angry")


def tally(**given):
    return dict.fromkeys(KINDS, 0) | given


def walk_media(ann, bob, checks):
    """A picture is uploaded, named, and read by its owner only while it stands in nothing."""
    body, headers = picture()
    made = ann.post(f"{API}/media", body, 201, headers=headers | key())
    path = f"{API}/media/{made.body['id']}"
    checks.equal(made.headers.get("location"), path, "picture: Location")
    checks.equal((made.body["alt"], made.body["width"], made.body["height"]), ("A dot", 1, 1), "what is known of a picture")
    checks.that(made.body["id"] in ann.ids(f"{API}/media"), "it stands in nothing yet")
    checks.equal(ann.patch(path, {"alt": "One grey dot"}).body["alt"], "One grey dot", "said in other words")
    for size in ("original", "large", "medium", "small"):
        got = ann.get(made.body["urls"][size])
        checks.that(got.headers["content-type"] in ("image/png", "image/jpeg"), f"a picture, {size}", got.headers)
        checks.equal(got.headers["cache-control"], "private, no-store", "nobody keeps what is not for everybody")
    bob.refused("GET", path, None, 404, "not_found")
    bob.refused("GET", made.body["urls"]["small"], None, 404, "not_found")
    ann.refused("GET", f"{path}/huge", None, 404, "not_found")
    text, headers = picture()
    ann.refused("POST", f"{API}/media", text.replace(b"\x89PNG", b"none"), 422, "validation_failed", headers=headers)
    ann.refused("POST", f"{API}/media", {"file": "x"}, 415, "unsupported_media_type")
    return made.body["id"]


def walk_posts(anyone, ann, bob, media, checks):
    """A post is written, read, edited with its history, and refused where it is nothing."""
    body = {"body": f"**Tea** with @{bob.name} #Чай #tea <script>x</script>", "content_warning": "Caffeine", "media_ids": [media]}
    same = key()
    made = ann.post(f"{API}/posts", body, 201, headers=same)
    post, path = made.body, f"{API}/posts/{made.body['id']}"
    checks.equal(made.headers.get("location"), path, "post: Location")
    checks.equal(ann.post(f"{API}/posts", body, 201, headers=same).body["id"], post["id"], "one post for a key")
    checks.equal([one["id"] for one in post["mentions"]], [bob.id], "who is named")
    checks.equal(sorted(post["tags"]), ["tea", "чай"], "its hashtags")
    checks.that("<strong>Tea</strong>" in post["html"] and "<script" not in post["html"], "safe HTML", post["html"])
    checks.equal([one["id"] for one in post["media"]], [media], "its picture")
    checks.equal((post["visibility"], post["status"], post["version"]), ("public", "published", 1), "a new post")
    checks.equal(post["next_statuses"], ["deleted"], "its author may take it back")
    seen = anyone.get(path)
    checks.equal((seen.body["mine"], seen.body["next_statuses"]), (None, []), "everybody reads it")
    kept = anyone.get(post["media"][0]["urls"]["small"]).headers["cache-control"]
    checks.that(kept.startswith("public"), "and sees its picture", kept)
    ann.refused("DELETE", f"{API}/media/{media}", None, 409, "media_in_use")
    anyone.ask("GET", path, None, 304, headers={"If-None-Match": seen.headers["etag"]})
    for wrong in (
        {}, {"body": "  "}, {"body": "x" * 5001}, {"body": "x", "visibility": "nobody"}, {"body": "x", "media_ids": [media]},
        {"body": "x", "media_ids": [1, 2, 3, 4, 5]}, {"body": "x", "author_id": 1}, {"body": None},
    ):  # fmt: skip
        ann.refused("POST", f"{API}/posts", wrong, 422, "validation_failed")
    anyone.refused("POST", f"{API}/posts", {"body": "x"}, 401, "unauthenticated")
    bob.refused("PATCH", path, {"body": "Mine"}, 403, "not_yours")
    tag = ann.get(path).headers["etag"]
    edited = ann.patch(path, {"body": "Green tea #tea"}, headers={"If-Match": tag})
    checks.equal((edited.body["version"], edited.body["tags"], edited.body["mentions"]), (2, ["tea"], []), "edited")
    checks.that(edited.body["edited_at"], "when it was edited")
    ann.refused("PATCH", path, {"body": "Late"}, 412, "precondition_failed", headers={"If-Match": tag})
    before = anyone.get(f"{path}/revisions").body["items"]
    checks.equal([(one["version"], one["body"]) for one in before], [(1, body["body"])], "what it said before")
    return post["id"]


def walk_visibility(anyone, ann, follower, friend, stranger, moderator, checks):
    """Four audiences and four readers: the post, its lists, and the verdict that moderators are told."""
    posts = {}
    for visibility in ("public", "followers", "friends", "private"):
        said = {"body": f"For {visibility} #{ann.name}", "visibility": visibility}
        posts[visibility] = ann.post(f"{API}/posts", said, 201).body["id"]
    readers = {
        "anyone": (anyone, ["public"], ["public", "not_follower", "not_friend", "private"]),
        "stranger": (stranger, ["public"], ["public", "not_follower", "not_friend", "private"]),
        "follower": (follower, ["public", "followers"], ["public", "follower", "not_friend", "private"]),
        "friend": (friend, ["public", "followers", "friends"], ["public", "friend", "friend", "private"]),
        "author": (ann, list(posts), ["own"] * 4),
    }
    for name, (reader, sees, reasons) in readers.items():
        wanted = [posts[one] for one in sees]
        for visibility, post in posts.items():
            if visibility in sees:
                reader.get(f"{API}/posts/{post}")
            else:
                reader.refused("GET", f"{API}/posts/{post}", None, 404, "not_found")
                reader.refused("GET", f"{API}/posts/{post}/comments", None, 404, "not_found")
        for query in (f"user_id={ann.id}", f"tag={ann.name}", f"q={ann.name}"):
            listed = [one for one in reader.ids(f"{API}/posts?{query}&limit=100") if one in posts.values()]
            checks.equal(listed, wanted[::-1], f"what the {name} finds by {query.split('=')[0]}")
        viewer = f"?viewer={reader.id}" if reader.id else ""
        told = [moderator.get(f"{API}/posts/{post}/visibility{viewer}").body for post in posts.values()]
        checks.equal([one["reason"] for one in told], reasons, f"why the {name} sees it or not")
        checks.equal([one["visible"] for one in told], [one in sees for one in posts], f"whether the {name} sees it")
    ann.refused("GET", f"{API}/posts/{posts['public']}/visibility", None, 403, "forbidden")
    return posts


def walk_reactions(ann, bob, vera, path, checks):
    """One reaction of each person; counts are what the list says."""
    checks.equal(bob.post(f"{path}/like").body, {"liked": True, "reactions": tally(like=1), "reaction_count": 1}, "liked")
    checks.equal(bob.post(f"{path}/like").body["reaction_count"], 1, "a like counts once")
    changed = bob.put(f"{path}/reaction", {"kind": "wow"}).body
    checks.equal(changed, {"kind": "wow", "reactions": tally(wow=1), "reaction_count": 1}, "another reaction takes its place")
    bob.delete(f"{path}/like")
    checks.equal(bob.get(path).body["reactions"], tally(wow=1), "a like that is not there is not taken back")
    vera.put(f"{path}/reaction", {"kind": "love"})
    seen = ann.get(path).body
    checks.equal((seen["reactions"], seen["reaction_count"], seen["mine"]["reaction"]), (tally(wow=1, love=1), 2, None), "counted by kind")
    checks.equal(bob.get(path).body["mine"]["reaction"], "wow", "one's own is shown")
    walk_reactors(ann, path, [(bob.id, "wow"), (vera.id, "love")], checks)
    bob.refused("PUT", f"{path}/reaction", {"kind": "meh"}, 422, "validation_failed")
    for _ in range(2):
        vera.delete(f"{path}/reaction")
    checks.equal(ann.get(path).body["reactions"], tally(wow=1), "taken back, once and again")


def walk_reactors(ann, path, wanted, checks):
    listed = ann.get(f"{path}/reactions?include_total=true").body
    checks.equal([(one["person"]["id"], one["kind"]) for one in listed["items"]], wanted, "who reacted")
    checks.equal(listed["total"], len(wanted), "and how many")
    for person, kind in wanted:
        checks.equal(ann.ids(f"{path}/reactions?kind={kind}"), [person], f"who reacted with {kind}")


def walk_comments(anyone, ann, bob, vera, post, checks):
    """A tree of comments: replies, orders, edits, a stub that keeps its replies, locks."""
    path = f"{API}/posts/{post}"
    made = bob.post(f"{path}/comment", {"body": "First *of all*"}, 201, headers=key())
    first, one = made.body["id"], f"{API}/comments/{made.body['id']}"
    checks.equal(made.headers.get("location"), one, "comment: Location")
    checks.equal((made.body["depth"], made.body["parent_id"]), (1, None), "a comment on the post")
    second = vera.post(f"{path}/comment", {"body": "Second"}, 201).body["id"]
    reply = ann.post(f"{path}/comment", {"body": f"A reply to @{bob.name}", "parent_id": first}, 201).body
    checks.equal((reply["depth"], reply["parent_id"], [who["id"] for who in reply["mentions"]]), (2, first, [bob.id]), "a reply")
    deep = bob.post(f"{path}/comment", {"body": "And another", "parent_id": reply["id"]}, 201).body
    checks.equal(anyone.get(path).body["comment_count"], 4, "comments are counted")
    for order, wanted in (("old", [first, second]), ("new", [second, first])):
        checks.equal(anyone.ids(f"{path}/comments?sort={order}"), wanted, f"comments by {order}")
    ann.put(f"{API}/comments/{second}/reaction", {"kind": "love"})
    checks.equal(anyone.ids(f"{path}/comments?sort=top"), [second, first], "the most liked comes first")
    walk_reactors(ann, f"{API}/comments/{second}", [(ann.id, "love")], checks)
    tree = anyone.get(f"{path}/comments?sort=old&depth=3").body["items"][0]
    inner = tree["replies"]["items"][0]
    checks.equal((inner["id"], [c["id"] for c in inner["replies"]["items"]]), (reply["id"], [deep["id"]]), "three levels at once")
    checks.equal(anyone.ids(f"{path}/comments?parent_id={first}"), [reply["id"]], "one branch")
    page = anyone.get(f"{path}/comments?sort=old&limit=1").body
    checks.equal(anyone.ids(f"{path}/comments?sort=old&limit=1&cursor={page['next_cursor']}"), [second], "the next page")
    tag = bob.get(one).headers["etag"]
    checks.equal(bob.patch(one, {"body": "First"}, headers={"If-Match": tag}).body["body"], "First", "edited")
    bob.refused("PATCH", one, {"body": "Late"}, 412, "precondition_failed", headers={"If-Match": tag})
    vera.refused("PATCH", one, {"body": "Mine"}, 403, "not_yours")
    vera.refused("DELETE", one, None, 403, "not_yours")
    for wrong in ({}, {"body": ""}, {"body": " \n"}, {"body": "x" * 2001}, {"body": "x", "parent_id": 999999999}, {"body": "x", "depth": 1}):
        ann.refused("POST", f"{path}/comment", wrong, 422, "validation_failed")
    bob.delete(one)
    stub = anyone.get(one).body
    checks.equal((stub["status"], stub["author"], stub["body"]), ("deleted", None, None), "what is deleted says nothing")
    checks.equal(anyone.ids(f"{path}/comments?parent_id={first}"), [reply["id"]], "and keeps its replies")
    checks.equal(anyone.get(path).body["comment_count"], 3, "it is counted no more")
    walk_locks(ann, bob, path, reply["id"], deep["id"], checks)
    return second


def walk_locks(ann, bob, path, comment, below, checks):
    lock = f"{API}/comments/{comment}/lock"
    bob.refused("PUT", lock, {"locked": True}, 403, "not_yours")
    checks.equal(ann.put(lock, {"locked": True}).body["locked"], True, "a branch is locked")
    for parent in (comment, below):
        bob.refused("POST", f"{path}/comment", {"body": "x", "parent_id": parent}, 409, "comments_locked")
    ann.put(lock, {"locked": False})
    checks.equal(ann.put(f"{path}/comments-lock", {"locked": True}).body["comments_locked"], True, "a post is locked")
    bob.refused("POST", f"{path}/comment", {"body": "x"}, 409, "comments_locked")
    bob.refused("PUT", f"{path}/comments-lock", {"locked": False}, 403, "not_yours")
    ann.put(f"{path}/comments-lock", {"locked": False})


def walk_bookmarks(ann, bob, post, checks):
    path = f"{API}/posts/{post}/bookmark"
    for _ in range(2):
        checks.equal(bob.put(path).body["mine"]["bookmarked"], True, "bookmarked, once and again")
    checks.equal(bob.ids(f"{API}/posts?feed=bookmarks"), [post], "what is bookmarked")
    checks.equal(ann.ids(f"{API}/posts?feed=bookmarks"), [], "nobody else sees it")
    for _ in range(2):
        bob.delete(path)
    checks.equal(bob.ids(f"{API}/posts?feed=bookmarks"), [], "bookmarked no longer")


def walk_feeds(anyone, ann, bob, vera, checks):
    """The home feed has whom one follows, stays while posts are written, and leaves out whom one has muted."""
    mine = [ann.post(f"{API}/posts", {"body": f"Number {n} #{ann.name}n"}, 201).body["id"] for n in range(5)]
    theirs = vera.post(f"{API}/posts", {"body": "Not followed"}, 201).body["id"]
    home = bob.ids(f"{API}/posts?feed=home&limit=100")
    checks.equal([one for one in home if one in mine], mine[::-1], "the home feed, the newest first")
    checks.that(theirs not in home, "whoever is not followed is not in it")
    checks.equal(bob.ids(f"{API}/posts?limit=100"), home, "home is what one gets without asking")
    page = bob.get(f"{API}/posts?feed=home&limit=2").body
    late = ann.post(f"{API}/posts", {"body": "Late"}, 201).body["id"]
    following = bob.ids(f"{API}/posts?feed=home&limit=2&cursor={page['next_cursor']}")
    checks.equal([one["id"] for one in page["items"]] + following, mine[:0:-1], "a page stays while posts are written")
    pages = [one["id"] for one in bob.page_through(f"{API}/posts?feed=home&limit=3")]
    checks.equal(pages, [late, *home], "the pages are the list")
    checks.that({late, theirs} <= set(anyone.ids(f"{API}/posts?feed=global&limit=100")), "the global feed has everybody")
    checks.equal(anyone.ids(f"{API}/posts?feed=tag&tag=%23{ann.name.upper()}N"), mine[::-1], "by hashtag, in whatever case")
    found = anyone.ids(f"{API}/posts?q={quote(f'number {ann.name}n')}")
    checks.equal(found, mine[::-1], "by words")
    # Whoever is muted when it is to be told is not told of: before he mutes her, he hears that she has named him.
    checks.equal([one["actor"]["id"] for one in wait_told(bob, "mention", bool)[:1]], [ann.id], "who is named is told")
    bob.put(f"{API}/users/{ann.id}/mute")
    checks.that(not set(mine) & set(bob.ids(f"{API}/posts?feed=home&limit=100")), "a muted person is not in the home feed")
    checks.equal(bob.ids(f"{API}/posts?tag={ann.name}n"), [], "nor under a hashtag")
    found = bob.ids(f"{API}/posts?q={quote(f'number {ann.name}n')}")
    checks.equal(found, mine[::-1], "but found where one looks for her")
    bob.delete(f"{API}/users/{ann.id}/mute")
    for query in ("feed=user", "feed=tag", f"feed=home&user_id={ann.id}", "feed=mine", "feed=home&limit=0", "cursor=!", "user_id=0"):
        bob.refused("GET", f"{API}/posts?{query}", None, 422, "validation_failed")
    for feed in ("home", "bookmarks"):
        anyone.refused("GET", f"{API}/posts?feed={feed}", None, 401, "unauthenticated")


def walk_deletion(anyone, ann, bob, post, checks):
    path = f"{API}/posts/{post}"
    before = ann.get(f"{API}/users/me").body["counts"]["posts"]
    bob.refused("DELETE", path, None, 403, "not_yours")
    ann.refused("DELETE", path, None, 412, "precondition_failed", headers={"If-Match": '"0"'})
    ann.delete(path)
    for who in (anyone, ann):
        who.refused("GET", path, None, 404, "not_found")
    ann.refused("DELETE", path, None, 404, "not_found")
    seen = wait_for(lambda: ann.get(f"{API}/users/me").body["counts"]["posts"], lambda count: count < before)
    checks.equal(seen, before - 1, "it is counted no more")
