#!/usr/bin/env python3
"""Walks the social network against the gateway's binary, as a client that knows only the contract, on both databases: people and
what they are to each other, posts for four audiences, comments, reactions and feeds, conversations with requests,
groups, roles, markers, search and history both ways, notifications, events as they happen and after a drop, reports
and what moderators decide; and the refusals on the way. Each check counts; each failure is one line. Ends with
`N passed, N failed`.
"""

import sys

from client import Checks, attempt, outcome
from meeting import walk_block, walk_following, walk_friendship, walk_mute, walk_profile
from member import API, moderator, visitor
from posting import (
    walk_bookmarks, walk_comments, walk_deletion, walk_feeds, walk_media, walk_posts, walk_reactions, walk_visibility,
)  # fmt: skip
from service import KINDS, Gateway, Place
from talking import (
    walk_attachment, walk_direct, walk_group, walk_history, walk_leaving, walk_markers, walk_messages, walk_request,
)  # fmt: skip
from telling import walk_more_reports, walk_notifications, walk_reports, walk_stream, walk_ticket, walk_ties_told


def network(gateway, checks):
    anyone, judge = visitor(gateway, checks), moderator(gateway, checks)
    ann, bob, vera, stranger = (visitor(gateway, checks).register(name) for name in ("Анна Ann", "Bob", "Вера", "Stranger"))
    walk_profile(anyone, ann, checks)
    walk_following(ann, bob, stranger, checks)
    walk_friendship(ann, vera, stranger, checks)
    walk_ties_told(ann, bob, vera, checks)
    walk_mute(ann, bob, checks)
    media = walk_media(ann, bob, checks)
    post = walk_posts(anyone, ann, bob, media, checks)
    walk_visibility(anyone, ann, bob, vera, stranger, judge, checks)
    walk_reactions(ann, bob, vera, f"{API}/posts/{post}", checks)
    walk_comments(anyone, ann, bob, vera, post, checks)
    walk_bookmarks(ann, bob, post, checks)
    walk_feeds(anyone, ann, bob, vera, checks)
    walk_block(anyone, ann, stranger, post, checks)
    walk_direct(ann, vera, checks)
    asked = walk_request(ann, stranger, checks)
    chat = walk_group(ann, bob, vera, stranger, checks)
    walk_messages(ann, bob, vera, chat, checks)
    walk_attachment(ann, bob, stranger, chat, checks)
    walk_markers(ann, bob, chat, checks)
    walk_history(ann, vera, stranger, chat, checks)
    walk_stream(anyone, ann, bob, stranger, chat, checks)
    walk_ticket(anyone, ann, checks)
    walk_notifications(ann, bob, vera, stranger, checks)
    reported = walk_reports(ann, bob, stranger, judge, checks)
    walk_more_reports(ann, stranger, judge, asked, reported, checks)
    walk_leaving(ann, bob, vera, chat, checks)
    walk_deletion(anyone, ann, bob, post, checks)


def main():
    checks = Checks()
    for kind in KINDS:
        checks.where = kind
        with Place(kind) as place, Gateway(place) as gateway:
            attempt(checks, network, gateway, checks)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
