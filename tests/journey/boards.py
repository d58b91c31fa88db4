#!/usr/bin/env python3
"""Walks the task boards against the gateway's binary, as a client that knows only the contract, on both databases: teams and
who is invited into them, projects, boards from templates, columns, labels, cards and their places, limits of work in
progress, checklists, comments, files, many cards at once, the filter language, archive and trash, activity and its
stream, notifications, reports in three forms, exports; and the refusals on the way. Each check counts; each failure is
one line. Ends with `N passed, N failed`.
"""

import sys

from boarding import (
    Worker, walk_archive, walk_board, walk_bulk, walk_cards, walk_export, walk_files, walk_filter, walk_limit, walk_moves,
    walk_notifications, walk_parts, walk_project, walk_reports, walk_stream, walk_team, walk_trash,
)  # fmt: skip
from client import Checks, attempt, outcome
from service import KINDS, Gateway, Place


def boards(gateway, checks):
    ann, bob, vera, stranger = (
        Worker(gateway.url, checks).register(name) for name in ("Анна Ann", "Bob", "Вера", "Stranger")
    )
    team = walk_team(ann, bob, vera, stranger, checks)
    project = walk_project(ann, bob, vera, stranger, team, checks)
    board = walk_board(ann, bob, vera, stranger, project, checks)
    cards = walk_cards(ann, bob, vera, stranger, board, checks)
    walk_moves(ann, bob, vera, board, cards, checks)
    walk_limit(ann, bob, board, cards, checks)
    walk_parts(ann, bob, vera, cards[0], checks)
    walk_files(ann, bob, vera, stranger, cards[0], checks)
    walk_bulk(bob, board, cards, checks)
    walk_filter(bob, board, checks)
    walk_stream(ann, bob, vera, team, board, cards, checks)
    walk_notifications(ann, bob, cards[0], checks)
    walk_trash(ann, bob, board, cards, checks)
    walk_reports(ann, stranger, board, checks)
    walk_export(ann, board, checks)
    walk_archive(ann, bob, project, board, cards, checks)


def main():
    checks = Checks()
    for kind in KINDS:
        checks.where = kind
        with Place(kind) as place, Gateway(place) as gateway:
            attempt(checks, boards, gateway, checks)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
