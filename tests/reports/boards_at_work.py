"""The boards that reports are compared on: demo data of a fixed day, changed in the database and by hand."""

import os
import sqlite3
import subprocess
import sys
import time
from datetime import date, datetime, timezone
from pathlib import Path
from urllib.parse import urlencode

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from definitions import DAY, Board, beginning, instant  # noqa: E402
from service import sql_on_postgres  # noqa: E402

ANCHOR = "2026-11-10"
FIRST, LAST = date(2026, 8, 12), date(2026, 11, 9)
# The Sunday on which clocks change, and how many hours it has.
ZONES = {
    "Europe/Berlin": (date(2026, 10, 25), 25),
    "America/New_York": (date(2026, 11, 1), 25),
    "America/Santiago": (date(2026, 9, 6), 23),  # there is no midnight
    "Australia/Lord_Howe": (date(2026, 10, 4), 23.5),
}
CHANGED, NIGHTLY, PLAIN = 1, 2, 3  # boards
BOARDS = (CHANGED, NIGHTLY, PLAIN)
PASSWORD = "practice makes perfect"
DAYS_OF_A_RANGE = 366


def at_the_edges():
    """Statements that make cards come and end in the first and the last millisecond of the days on which clocks change."""
    done = f"to_column_id = (SELECT MAX(id) FROM board_columns WHERE board_id = {PLAIN})"
    for zone, (sunday, _) in ZONES.items():
        first, behind = beginning(sunday, zone), beginning(sunday + DAY, zone)
        for what in ("from_column_id IS NULL", done):
            for edge, at in ((first, first), (behind, behind - 1), (behind, behind)):
                next_one = f"SELECT id FROM card_transitions WHERE board_id = {PLAIN} AND {what}"
                next_one += f" AND at > '{instant(edge)}' ORDER BY at, id LIMIT 1"
                yield f"UPDATE card_transitions SET at = '{instant(at)}' WHERE id = ({next_one})"


def prepare(place):
    """Demo data of the fixed day. Times of two boards are changed where nothing else can: in the database."""
    command = [os.environ["POLIGON_GATEWAY"], "seed", *place.flags, "--anchor", ANCHOR]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=place.environment(), timeout=120)
    if place.kind == "PostgreSQL":
        shift = "at + {days} * interval '1 day' + {hours} * interval '1 hour' + {ms} * interval '1 millisecond'"
        now = "now()"
    else:
        form = "strftime('%Y-%m-%dT%H:%M:%fZ', "
        shift = form + "at, ({days}) || ' days', ({hours}) || ' hours', (({ms}) / 1000.0) || ' seconds')"
        now = form + "'now')"
    scatter, last = "id * 617 % 1000", "SELECT MAX(id) FROM card_transitions"
    statements = [
        "UPDATE card_transitions SET at = " + shift.format(days=0, hours=0, ms=scatter) + f" WHERE board_id = {CHANGED}",
        # From Monday, 8 to 18 o'clock, to Saturday, 21 to 7 o'clock.
        "UPDATE card_transitions SET at = " + shift.format(days=-1, hours=-11, ms=scatter) + f" WHERE board_id = {NIGHTLY}",
        # Two clocks that differ: some cards come into their last column before they have left the one before.
        "UPDATE card_transitions SET at = " + shift.format(days=-4, hours=0, ms=0) + f" WHERE board_id = {NIGHTLY}"
        f" AND card_id % 9 = 0 AND id IN ({last} WHERE board_id = {NIGHTLY} GROUP BY card_id)",
        # What has been in the trash for 30 days would be gone at once.
        f"UPDATE cards SET trashed_at = {now} WHERE trashed_at IS NOT NULL",
        *at_the_edges(),
    ]
    if place.kind == "PostgreSQL":
        sql_on_postgres(place.url, ";".join(statements))
        return
    database = sqlite3.connect(place.data / "poligon.db", timeout=10)
    with database:
        for statement in statements:
            database.execute(statement)
    database.close()


def change(ann):
    """Makes the present of a board differ from the demo data. Answers a card that was completed late."""
    board = f"/api/tasks/boards/{CHANGED}"
    match = {"If-Match": "*"}
    columns = ann.get(board).body["columns"]
    ids = [column["id"] for column in columns]
    backlog, ready, *_, done = ids
    ended = [card["id"] for card in columns[-1]["cards"]]

    def new(title, **more):
        return ann.post("/api/tasks/cards", {"board_id": CHANGED, "title": title} | more, 201).body["id"]

    def move(card, column):
        ann.post(f"/api/tasks/cards/{card}/move", {"column_id": column})

    def bring(card, *acts):
        for act in acts:
            if act == "trash":
                ann.ask("DELETE", f"/api/tasks/cards/{card}", None, 204, headers=match)
            else:
                ann.post(f"/api/tasks/cards/{card}/{act}")

    def column(name, kind, position):
        return ann.post(f"{board}/columns", {"name": name, "type": kind, "position": position}, 201).body["id"]

    def rename(id_, **more):
        ann.ask("PATCH", f"{board}/columns/{id_}", more, 200)

    limbo, shipped, never = column("Limbo", "active", 3), column("Shipped", "done", 30), column("Never", "backlog", 2)
    move(ended[0], backlog)
    move(ended[1], backlog)
    move(ended[1], done)
    move(ended[2], shipped)  # is not completed anew
    bring(ended[3], "archive")
    bring(ended[4], "archive", "restore")
    bring(ended[5], "trash")
    bring(ended[6], "trash", "restore")
    bring(ended[7], "archive", "trash")
    due = {"due_at": "2026-09-01T12:00:00.250Z", "estimate": 8}
    ann.ask("PATCH", f"/api/tasks/cards/{ended[8]}", due, 200, headers=match)
    waiting = [new(f"Waiting {n}", estimate=n, assignee_ids=[7 + n % 3]) for n in range(1, 8)]
    bring(waiting[0], "archive")
    bring(waiting[1], "archive", "restore")
    bring(waiting[2], "trash")
    bring(waiting[3], "trash", "restore")
    bring(waiting[4], "archive", "trash", "restore")
    move(waiting[5], ready)
    # Titles that a spreadsheet or a browser would take for more than that.
    new("+open and late", due_at="2026-11-09T10:00:00.500Z", estimate=1000, assignee_ids=[7, 8])
    new("Open and early", due_at="2999-11-09T10:00:00Z", assignee_ids=[7])
    move(new("-5"), done)
    move(new("=1+1 never started", estimate=3), done)
    nothing = new("@estimate 0 <script>alert(1)</script>", column_id=limbo, estimate=0, assignee_ids=[7])
    move(nothing, shipped)
    late = new("=HYPERLINK(\"x\")", column_id=limbo, estimate=5, due_at="2026-10-01T00:00:00Z", assignee_ids=[7, 8])
    time.sleep(0.7)
    move(late, done)
    away = new("In a column that is no more", column_id=limbo, estimate=2)
    bring(away, "archive")
    for gone in (limbo, never):
        ann.ask("DELETE", f"{board}/columns/{gone}", None, 204)
    rename(ready, name="=Ready <script>x</script> & 'href'", type="active")
    rename(done, name="-Done", position=4)
    return late


def pages(ann, path):
    """All items of a list."""
    items, cursor = [], ""
    while cursor is not None:
        page = ann.get(f"{path}?limit=100{cursor and '&cursor='}{cursor}").body
        items += page["items"]
        cursor = page["next_cursor"]
    return items


def exported(ann, id_):
    path = f"/api/tasks/boards/{id_}"
    whole = ann.get(f"{path}/export").body
    board = Board(whole, pages(ann, f"{path}/trash"), pages(ann, f"{path}/transitions"))
    unknown = sorted(set(board.sheets) - set(board.cards))
    ann.checks.equal(unknown, [], f"board {id_}: every card that stood somewhere is in the export or the trash")
    ann.checks.equal(whole["transitions"], board.transitions, f"board {id_}: the export has the transitions of the list")
    return board


def ask(ann, id_, kind, query, **more):
    return ann.get(f"/api/tasks/boards/{id_}/reports/{kind}?{urlencode(query | more)}")


def ranges(zone):
    """First and last days; `None` for what is not said."""
    today = datetime.now(timezone.utc).date()
    first = max(FIRST, today - (DAYS_OF_A_RANGE - 20) * DAY)
    sunday, _ = ZONES[zone]
    yield FIRST, LAST
    yield sunday - 3 * DAY, sunday + 3 * DAY
    yield sunday, sunday
    yield first, None
    yield first, today + 10 * DAY
    yield None, None
