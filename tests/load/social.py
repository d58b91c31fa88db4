#!/usr/bin/env python3
"""Speed of the social network beside a reference service, interleaved, so that what the machine does to one it does to all.

    PEERS=<folder of the reference services, set up> tests/load/social.py [rounds]

The home feed (20 posts) and a like, with everything on, beside the same of the FastAPI reference, on PostgreSQL (the
reference's own server, fsync on) and on SQLite. Both sides have the reference's people, posts, follows and likes: 1,000,
50,000, 20,000 and 200,000. wrk with 32 connections runs on the same cores; see `beside.py` for what is printed. Needs
`wrk`, a release build, and the reference set up with its PostgreSQL running (`db/pg.sh start`); SECONDS_EACH is how long
each is measured.
"""

import csv
import sqlite3
import subprocess
from pathlib import Path

from beside import Drawn, Place, reference_tokens, run

DATABASE = "poligon_social"
AIMS = {"home": (6, 10), "like": (7, 20)}  # times the reference, from the design: PostgreSQL, SQLite
POSTS = 50_000
EMPTIED = (
    "comment_reactions", "comments", "bookmarks", "post_reactions", "post_tags", "post_revisions", "post_texts",
    "notifications", "posts", "social_ties",
)  # fmt: skip
FIRST = 310  # people with smaller ids are the demo's, who can log in


def rows_of(peers, name):
    with open(Path(peers.folder, "db/csv", f"{name}.csv"), newline="") as file:
        yield from csv.DictReader(file)


def millis(text):
    return text[:19] + ".000Z"


def tables(peers):
    """Tables with their columns and rows. The reference's people are the demo's, and others for those that are missing."""
    yield "users", ("id", "username", "username_key", "display_name", "created_at"), (
        (row["id"], f"other{row['id']}", f"other{row['id']}", row["display_name"], millis(row["created_at"]))
        for row in rows_of(peers, "users") if int(row["id"]) >= FIRST)  # fmt: skip
    liked = {}
    for row in rows_of(peers, "post_likes"):
        liked[row["post_id"]] = liked.get(row["post_id"], 0) + 1
    columns = ("id", "author_id", "body", "html", "content_warning", "visibility", "status", "like_count", "media",
               "mentions", "tags", "version", "created_at")  # fmt: skip
    yield "posts", columns, (
        (row["id"], row["author_id"], row["body"], f"<p>{row['body']}</p>", "", "public", "published",
         liked.get(row["id"], 0), "[]", "[]", "[]", 1, millis(row["created_at"]))
        for row in rows_of(peers, "posts"))  # fmt: skip
    yield "post_reactions", ("post_id", "user_id", "kind", "created_at"), (
        (row["post_id"], row["user_id"], "like", millis(row["created_at"])) for row in rows_of(peers, "post_likes"))
    yield "social_ties", ("user_id", "other_id", "follow", "follow_at"), (
        (row["follower_id"], row["followee_id"], "following", millis(row["created_at"])) for row in rows_of(peers, "follows"))


def fill(place, peers):
    if place.name == "PostgreSQL":
        place.change(*(f"DELETE FROM {name}" for name in EMPTIED))
        for name, columns, rows in tables(peers):
            copy = f"COPY {name} ({', '.join(columns)}) FROM STDIN WITH (FORMAT csv)"
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", peers.host, "-p", peers.port, "-U", peers.user]
            with subprocess.Popen([*command, "-d", place.database, "-c", copy], stdin=subprocess.PIPE, text=True) as psql:
                csv.writer(psql.stdin, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows(rows)
            assert psql.returncode == 0, copy
    else:
        with sqlite3.connect(place.file) as db:
            for name in EMPTIED:
                db.execute(f"DELETE FROM {'post_search' if name == 'post_texts' else name}")
            for name, columns, rows in tables(peers):
                marks = ", ".join("?" * len(columns))
                db.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", rows)
    follows = "(SELECT COUNT(*) FROM social_ties WHERE social_ties.{} = social_profiles.user_id)"
    place.change(
        "INSERT INTO social_profiles (user_id) SELECT id FROM users WHERE id NOT IN (SELECT user_id FROM social_profiles)",
        f"UPDATE social_profiles SET cuts_count = 0, friends_count = 0, following_count = {follows.format('user_id')}, "
        f"followers_count = {follows.format('other_id')}, public_posts = "
        "(SELECT COUNT(*) FROM posts WHERE author_id = social_profiles.user_id)",
    )
    place.settle()


def place_of(name, folder, peers):
    place = Place(name, folder, peers, DATABASE)
    fill(place, peers)
    return place


def scenarios(drawn, tokens):
    tokens = drawn.file("tokens", tokens)
    likes = [f"/api/social/posts/{n + 1}/like" for n in range(POSTS)]
    return {
        "home": {"PATHS": drawn.file("home", ["/api/social/posts?limit=20"]), "TOKENS": tokens},
        "like": {"PATHS": drawn.file("like", likes), "TOKENS": tokens, "METHOD": "POST"},
    }


def reference_scenarios(peers, folder):
    return scenarios(Drawn(folder, "reference"), reference_tokens(peers))


def our_scenarios(gateway, folder):
    return scenarios(Drawn(folder, gateway.place.name), gateway.place.tokens(gateway))


if __name__ == "__main__":
    run("social", DATABASE, AIMS, place_of, reference_scenarios, our_scenarios)
