#!/usr/bin/env python3
"""The figures of the reports of a board are those that a spreadsheet would make of its exported transitions.

Demo data of a fixed day, whose 90 days hold a change of the clock in four time zones, is changed by hand on one board: cards are
reopened, put away and brought back, columns renamed and deleted. Two of three boards get milliseconds, one also working hours
around the midnights of the zones, over the Sundays on which clocks change, and some times that run backwards; on the third cards
come and end in the first and the last millisecond of those Sundays. Then every figure of every kind of report is computed here
from nothing but the transitions, the export and the trash of the board, by the written definitions and with exact fractions, and
compared with the answer: for the whole history, the week and the day of each change, days until now and to come; on each
database. Tables and charts of the same reports are read, too. Controls: with one transition left out every kind of report
differs, and so does cumulative flow with days of UTC, of a clock that is never changed, or that begin a millisecond sooner or
later.

Needs POLIGON_GATEWAY, TEST_DATABASE_URL, TEST_REDIS_URL, and the time zones of the system. Ends with `N passed, N failed`.
Standard library only.
"""

import csv
import io
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree
from bisect import bisect_left
from collections import defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from math import floor
from pathlib import Path
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from client import Checks, Client, attempt, outcome  # noqa: E402
from service import KINDS, Gateway, Place, sql_on_postgres  # noqa: E402

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
DAY = timedelta(days=1)
DAYS_OF_A_RANGE = 366

# Every kind of report, with whatever else it can be asked.
ASKED = [
    ("cumulative_flow", {}),
    ("burndown", {"measure": "cards"}),
    ("burndown", {"measure": "estimate"}),
    ("burnup", {"measure": "cards"}),
    ("burnup", {"measure": "estimate"}),
    ("lead_time", {}),
    ("cycle_time", {}),
    ("throughput", {"interval": "day"}),
    ("throughput", {"interval": "week"}),
    ("time_in_column", {}),
    ("workload", {}),
    ("overdue", {}),
    ("estimate_accuracy", {}),
]

# --- Instants, days and numbers


def millis(text):
    """Milliseconds since 1970 of an instant in RFC 3339."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def instant(at):
    """The other way round."""
    whole = datetime.fromtimestamp(at // 1000, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{at % 1000:03}Z"


@lru_cache(maxsize=None)
def beginning(day, zone):
    """When the calendar of a zone shows a day first, in milliseconds. Clocks change at quarters of an hour."""
    quarter = datetime(day.year, day.month, day.day, tzinfo=timezone.utc) - timedelta(hours=16)
    place = ZoneInfo(zone)
    while quarter.astimezone(place).date() < day:
        quarter += timedelta(minutes=15)
    return round(quarter.timestamp() * 1000)


def unchanged(day, zone):
    """The same for a clock that is never changed: it stays as it was in July."""
    at = datetime(day.year, day.month, day.day, tzinfo=timezone.utc)
    ahead = datetime(2026, 7, 15, tzinfo=ZoneInfo(zone)).utcoffset()
    return round((at - ahead).timestamp() * 1000)


def sooner(day, zone):
    return beginning(day, zone) - 1


def later(day, zone):
    return beginning(day, zone) + 1


def half_up(number, places=0):
    """Rounded, exactly."""
    scaled = floor(Fraction(number) * 10**places + Fraction(1, 2))
    return scaled if places == 0 else scaled / 10**places


def seconds(lasted):
    return half_up(Fraction(lasted, 1000))


def percentile(lasted, percent):
    """`PERCENTILE.INC` of 5, 10, 15 to 95, in seconds."""
    exact = [Fraction(one, 1000) for one in lasted]
    if len(exact) < 2:
        return half_up(exact[0]) if exact else None
    return half_up(statistics.quantiles(exact, n=20, method="inclusive")[percent // 5 - 1])


def mean(lasted):
    return half_up(Fraction(sum(lasted), 1000 * len(lasted))) if lasted else None


class Span:
    """Days of a zone as they are seen at a moment."""

    def __init__(self, first, last, zone, now, begins=beginning):
        self.first, self.last, self.zone, self.now = first, last, zone, now
        self.days = []  # (day, its first instant, the first one behind it)
        day = first
        while day <= last and begins(day, zone) <= now:
            self.days.append((day, begins(day, zone), begins(day + DAY, zone)))
            day += DAY
        self.start = begins(first, zone)
        # What is seen lies before this.
        self.cut = min(self.days[-1][2], now + 1)
        self.length = (last - first).days + 1

    def holds(self, at):
        return self.start <= at < self.cut


# --- A board as it was exported


class Board:
    """Columns, cards, and the sheet of each card: where it came, and when."""

    def __init__(self, whole, trash, transitions):
        there = [column for column in whole["columns"] if column["position"] is not None]
        gone = [column for column in whole["columns"] if column["position"] is None]
        columns = sorted(there, key=lambda c: c["position"]) + sorted(gone, key=lambda c: c["id"])
        self.columns = [
            {"id": c["id"], "name": c["name"], "type": c["type"], "deleted": c["position"] is None} for c in columns
        ]
        self.types = {column["id"]: column["type"] for column in columns}
        self.cards = {card["id"]: card for card in whole["cards"] + trash}
        self.people = {person["id"]: person for person in whole["people"]}
        self.transitions = transitions
        self.sheets = defaultdict(lambda: ([], []))  # times, columns
        for step in sorted(transitions, key=lambda step: step["id"]):
            times, places = self.sheets[step["card_id"]]
            if step["to_column_id"] != (places[-1] if places else None):
                # Nothing was before what was recorded ahead of it.
                times.append(max([millis(step["at"]), *times[-1:]]))
                places.append(step["to_column_id"])
        self.remembered = {}

    def without(self, transition):
        """The board, had this not been recorded."""
        other = object.__new__(Board)
        kept = [step for step in self.transitions if step != transition]
        whole = {"columns": [], "cards": [], "people": []}
        other.__init__(whole, [], kept)
        for name in ("columns", "types", "cards", "people"):
            setattr(other, name, getattr(self, name))
        return other

    def before(self, at):
        """Where each card stood just before an instant."""
        if at not in self.remembered:
            found = {card: bisect_left(times, at) for card, (times, _) in self.sheets.items()}
            standing = {card: self.sheets[card][1][n - 1] for card, n in found.items() if n}
            self.remembered[at] = {card: column for card, column in standing.items() if column is not None}
        return self.remembered[at]

    def steps(self, card, span):
        """What of the sheet of a card is seen."""
        times, places = self.sheets[card]
        n = bisect_left(times, span.cut)
        return list(zip(times[:n], places))

    def stays(self, span):
        """(card, column, since, until) of everything that is seen; until `None` for what goes on."""
        for card in self.sheets:
            steps = self.steps(card, span)
            for n, (since, column) in enumerate(steps):
                if column is not None:
                    yield card, column, since, steps[n + 1][0] if n + 1 < len(steps) else None

    def completed(self, span):
        """(when, card) of the cards that were completed in the range, in order."""
        ends = []
        for card in self.sheets:
            end = None
            for at, column in self.steps(card, span):
                if column is None or self.types[column] != "done":
                    end = None
                elif end is None:
                    end = at
            if end is not None and span.holds(end):
                ends.append((end, card))
        return sorted(ends)

    def open_cards(self):
        for card in self.cards.values():
            if card["status"] == "open" and self.types[card["column_id"]] != "done":
                yield card

    def told(self, card):
        return {name: self.cards[card][name] for name in ("id", "key", "title")}

    def estimate(self, card):
        return self.cards[card]["estimate"] or 0


# --- The kinds of reports


def cumulative_flow(board, span):
    rows = [(day, board.before(min(end, span.cut))) for day, _, end in span.days]
    used = {column for _, column, since, until in board.stays(span) if until is None or until >= span.start}
    columns = [column for column in board.columns if not column["deleted"] or column["id"] in used]
    counted = []
    for day, standing in rows:
        places = list(standing.values())
        counted.append({"date": str(day), "cards": [places.count(column["id"]) for column in columns]})
    return {"columns": columns, "days": counted}


def sums(board, standing, measure):
    """What is on the board, and what of it is done."""
    weighed = [(1 if measure == "cards" else board.estimate(card), board.types[c]) for card, c in standing.items()]
    return sum(weight for weight, _ in weighed), sum(weight for weight, kind in weighed if kind == "done")


def burndown(board, span, measure):
    scope, done = sums(board, board.before(span.start), measure)
    start, days = scope - done, []
    for number, (day, _, end) in enumerate(span.days, 1):
        scope, done = sums(board, board.before(min(end, span.cut)), measure)
        ideal = half_up(Fraction(start * (span.length - number), span.length), 1)
        days.append({"date": str(day), "scope": scope, "remaining": scope - done, "ideal": ideal})
    return {"measure": measure, "start": start, "days": days}


def burnup(board, span, measure):
    days = []
    for day, _, end in span.days:
        scope, done = sums(board, board.before(min(end, span.cut)), measure)
        days.append({"date": str(day), "scope": scope, "completed": done})
    return {"measure": measure, "days": days}


def times(board, timed):
    """Of (card, when completed, since when)."""
    lasted = [end - since for _, end, since in timed]
    cards = [
        board.told(card) | {"completed_at": instant(end), "seconds": seconds(end - since)} for card, end, since in timed
    ]
    percentiles = {f"p{percent}": percentile(lasted, percent) for percent in (50, 85, 95)}
    ends = {"min": seconds(min(lasted)), "max": seconds(max(lasted))} if lasted else {"min": None, "max": None}
    return {"count": len(timed), "mean": mean(lasted), "cards": cards} | percentiles | ends


def lead_time(board, span):
    return times(board, [(card, end, board.sheets[card][0][0]) for end, card in board.completed(span)])


def cycle_time(board, span):
    timed, never = [], 0
    for end, card in board.completed(span):
        active = [at for at, column in board.steps(card, span) if column and board.types[column] == "active"]
        if active:
            timed.append((card, end, min(active)))
        else:
            never += 1
    return times(board, timed) | {"never_started": never}


def throughput(board, span, interval):
    ends, periods = [at for at, _ in board.completed(span)], {}
    for day, start, end in span.days:
        monday = day - day.weekday() * DAY
        period = periods.setdefault(day if interval == "day" else monday, {"from": str(day), "count": 0})
        period["to"] = str(day)
        period["count"] += len([at for at in ends if start <= at < end])
    per = half_up(Fraction(len(ends), len(periods)), 2)
    return {"interval": interval, "periods": list(periods.values()), "total": len(ends), "mean": per}


def time_in_column(board, span):
    ended, cards, standing = defaultdict(list), defaultdict(set), defaultdict(int)
    for card, column, since, until in board.stays(span):
        if until is None:
            standing[column] += 1
        elif span.holds(until):
            ended[column].append(until - since)
            cards[column].add(card)
    rows = []
    for column in board.columns:
        lasted = ended[column["id"]]
        if column["deleted"] and not lasted and not standing[column["id"]]:
            continue
        row = {"stays": len(lasted), "cards": len(cards[column["id"]]), "total": seconds(sum(lasted))}
        row |= {"mean": mean(lasted), "p50": percentile(lasted, 50), "p85": percentile(lasted, 85)}
        row |= {"max": seconds(max(lasted)) if lasted else None, "standing": standing[column["id"]]}
        rows.append(column | row)
    return {"columns": rows}


def workload(board, span):
    """By person: the order is looked at by itself."""
    everybody = {person for card in board.cards.values() for person in card["assignee_ids"]}
    names = ("open", "backlog", "active", "estimate", "overdue", "completed")
    rows = {person: dict.fromkeys(names, 0) for person in [*everybody, None]}
    for card in board.open_cards():
        for person in card["assignee_ids"] or [None]:
            row = rows[person]
            row["open"] += 1
            row[board.types[card["column_id"]]] += 1
            row["estimate"] += card["estimate"] or 0
            row["overdue"] += card["due_at"] is not None and millis(card["due_at"]) < span.now
    for _, card in board.completed(span):
        for person in board.cards[card]["assignee_ids"] or [None]:
            rows[person]["completed"] += 1
    return {"people": {who: row | {"person": board.people.get(who)} for who, row in rows.items()}, "in_order": True}


def by_person(board, seen):
    """The report of workload in the form of `workload`."""
    rows = seen.pop("people")
    order = [(row["person"] is None, -row["open"]) for row in rows]
    seen |= {"people": {row["person"] and row["person"]["id"]: row for row in rows}, "in_order": order == sorted(order)}
    for who, row in seen["people"].items():
        if who not in board.people:
            row["person"] = None  # works on cards in the trash alone: the export does not name them


def overdue(board, span):
    now, late_now, late_then = span.now, [], []
    for card in board.open_cards():
        if card["due_at"] is not None and millis(card["due_at"]) < now:
            late_now.append((millis(card["due_at"]), card["id"], None))
    for end, card in board.completed(span):
        due = board.cards[card]["due_at"]
        if due is not None and millis(due) < end:
            late_then.append((millis(due), card, end))

    def row(due, card, end):
        late = seconds((now if end is None else end) - due)
        completed_at = None if end is None else instant(end)
        return board.told(card) | {"due_at": instant(due), "completed_at": completed_at, "seconds": late}

    rows = [row(*late) for late in late_then]
    rows.sort(key=lambda late: (-late["seconds"], late["completed_at"], late["id"]))
    return {"open": [row(*late) for late in sorted(late_now)], "completed": rows}


def estimate_accuracy(board, span):
    active = defaultdict(list)
    for card, column, since, until in board.stays(span):
        if board.types[column] == "active":
            active[card].append((since, until))
    points, estimates, actuals, groups = [], [], [], defaultdict(list)
    for end, card in board.completed(span):
        estimate = board.estimate(card)
        if estimate == 0:
            continue
        actual = sum(until - since for since, until in active[card] if until is not None and until <= end)
        told = {"completed_at": instant(end), "estimate": estimate, "actual": seconds(actual)}
        points.append(board.told(card) | told)
        estimates.append(estimate)
        actuals.append(actual)
        groups[estimate].append(actual)
    both = len(set(estimates)) > 1 and len(set(actuals)) > 1
    return {
        "points": points,
        "groups": [
            {
                "estimate": estimate,
                "count": len(lasted),
                "mean": mean(lasted),
                "p50": percentile(lasted, 50),
                "p85": percentile(lasted, 85),
            }
            for estimate, lasted in sorted(groups.items())
        ],
        "total_estimate": sum(estimates),
        "total_actual": seconds(sum(actuals)),
        "seconds_per_unit": half_up(Fraction(sum(actuals), 1000 * sum(estimates))) if estimates else None,
        "correlation": round(statistics.correlation(estimates, actuals), 4) if both else None,
    }


def computed(board, kind, span, options):
    return globals()[kind](board, span, **options)


# --- What is looked at


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


def differences(seen, wanted, path=""):
    """Where two values differ, with what is there."""
    if isinstance(seen, dict) and isinstance(wanted, dict) and seen.keys() == wanted.keys():
        return [found for name in seen for found in differences(seen[name], wanted[name], f"{path}/{name}")]
    if isinstance(seen, list) and isinstance(wanted, list) and len(seen) == len(wanted):
        return [found for n, (a, b) in enumerate(zip(seen, wanted)) for found in differences(a, b, f"{path}/{n}")]
    return [] if seen == wanted and isinstance(seen, bool) == isinstance(wanted, bool) else [(path, seen, wanted)]


def compare(checks, ann, board, id_, kind, options, zone, days):
    """One report."""
    first, last = days
    query = {"tz": zone} | options | {name: str(day) for name, day in zip(("from", "to"), days) if day}
    before = time.time_ns() // 1_000_000
    seen = ask(ann, id_, kind, query).body
    after = time.time_ns() // 1_000_000
    told = seen.pop("range")
    now = millis(told["as_of"])
    last = last or datetime.fromtimestamp(now / 1000, timezone.utc).astimezone(ZoneInfo(zone)).date()
    first = first or last - 29 * DAY
    span = Span(first, last, zone, now)
    wanted = computed(board, kind, span, options)
    if kind == "workload":
        by_person(board, seen)
    # The moment from which it sees is that of the request.
    seen["range"] = told | {"as_of": before <= now <= after}
    wanted["range"] = {"from": str(first), "to": str(last), "tz": zone, "as_of": True}
    which = " ".join([kind, *options.values()])
    to = "no last day" if days[1] is None else f"{last}"
    return checks.equal(differences(seen, wanted)[:5], [], f"board {id_}: {which}, {zone}, {first} to {to}")


# --- Tables and charts

HEADS = {
    "cumulative_flow": "date,column_id,column,type,cards",
    "burndown": "date,scope,remaining,ideal",
    "burnup": "date,scope,completed",
    "lead_time": "card_id,key,title,completed_at,seconds",
    "cycle_time": "card_id,key,title,completed_at,seconds",
    "throughput": "from,to,count",
    "time_in_column": "column_id,column,type,stays,cards,total,mean,p50,p85,max,standing",
    "workload": "person_id,username,display_name,open,backlog,active,estimate,overdue,completed",
    "overdue": "card_id,key,title,due_at,completed_at,seconds",
    "estimate_accuracy": "card_id,key,title,completed_at,estimate,actual",
}
TITLES = {
    "cumulative_flow": ("Cumulative flow", "Накопительная диаграмма потока"),
    "burndown": ("Burndown", "Диаграмма сгорания"),
    "burnup": ("Burnup", "Диаграмма выполнения"),
    "lead_time": ("Lead time", "Время выполнения (lead time)"),
    "cycle_time": ("Cycle time", "Время цикла (cycle time)"),
    "throughput": ("Throughput", "Пропускная способность"),
    "time_in_column": ("Time in column", "Время в колонках"),
    "workload": ("Workload", "Загрузка"),
    "overdue": ("Overdue cards", "Просроченные карточки"),
    "estimate_accuracy": ("Estimate and actual", "Оценка и факт"),
}


def rows_of(kind, report):
    """How many rows the table of a report has."""
    many = {name: len(value) for name, value in report.items() if isinstance(value, list)}
    if kind == "cumulative_flow":
        return many["days"] * many["columns"]
    if kind == "overdue":
        return many["open"] + many["completed"]
    return many["points"] if kind == "estimate_accuracy" else sum(many.values())


def is_formula(cell):
    return cell[:1] in tuple("=+-@\t\r\n") and not re.fullmatch(r"-?\d+(\.\d+)?", cell)


def table(checks, ann, id_, kind, query, report):
    answer = ask(ann, id_, kind, query, format="csv")
    name = f"board {id_}: table of {kind}"
    checks.that(answer.headers["content-type"].startswith("text/csv"), f"{name}: media type", answer.headers)
    head, *rows = csv.reader(io.StringIO(answer.raw.decode("utf-8"), newline=""), strict=True)
    checks.equal(",".join(head), HEADS[kind], f"{name}: header")
    checks.equal(len(rows), rows_of(kind, report), f"{name}: rows")
    checks.equal([row for row in rows if len(row) != len(head)], [], f"{name}: every row is whole")
    cells = [cell for row in rows for cell in row]
    checks.equal([cell for cell in cells if is_formula(cell)], [], f"{name}: no cell is a formula")
    return cells


def chart(checks, ann, id_, kind, query, language):
    answer = ask(ann, id_, kind, query, format="svg", lang=language)
    name = f"board {id_}: chart of {kind} in {language}"
    checks.equal(answer.headers["content-type"], "image/svg+xml", f"{name}: media type")
    text = answer.raw.decode("utf-8")
    drawn = ElementTree.fromstring(text)
    checks.equal(drawn.tag, "{http://www.w3.org/2000/svg}svg", f"{name}: root")
    words = ["".join(element.itertext()).strip() for element in drawn.iter() if element.tag.endswith(("}text", "}title"))]
    title = TITLES[kind][language == "ru"]
    checks.that(title in words, f"{name}: title", words)
    checks.that(language == "en" or any(re.search("[а-яё]", word) for word in words), f"{name}: language", words)
    checks.that("<script" not in text.lower(), f"{name}: no script")
    outside = [
        (element.tag, attribute, value)
        for element in drawn.iter()
        for attribute, value in element.attrib.items()
        if attribute.lower().endswith("href") and not value.startswith("#")
        or attribute.lower().startswith("on")
        or "://" in value
    ]
    checks.equal(outside, [], f"{name}: leads nowhere and does nothing")
    return words


def walk_forms(checks, ann, id_):
    cells, words = [], []
    for kind, options in ASKED:
        for zone, (sunday, _) in list(ZONES.items())[:2]:
            query = {"tz": zone, "from": sunday if zone == "America/New_York" else FIRST} | options
            cells += table(checks, ann, id_, kind, query, ask(ann, id_, kind, query).body)
        for language in ("en", "ru"):
            words += chart(checks, ann, id_, kind, query | {"from": FIRST}, language)
    if id_ == CHANGED:
        for title in ("'+open and late", "'-5", "'=HYPERLINK(\"x\")", "'@estimate 0 <script>alert(1)</script>", "'-Done"):
            checks.that(title in cells, f"{title} is in a table, behind a quote")
        checks.that(any(word.startswith("=Ready <script>") for word in words), "a name stays a text in charts", words)


# --- Controls


def backwards(board):
    """Cards of which something was recorded with an earlier time than what was recorded ahead of it."""
    recorded = defaultdict(list)
    for step in board.transitions:
        recorded[step["card_id"]].append(millis(step["at"]))
    return [card for card, times in recorded.items() if times != sorted(times)]


def walk_controls(checks, boards, late):
    """The comparison has something to compare, and can fail."""
    now = time.time_ns() // 1_000_000
    span = Span(max(FIRST, datetime.now(timezone.utc).date() - 300 * DAY), datetime.now(timezone.utc).date(), "UTC", now)
    board = boards[CHANGED]
    late_ones, cycle, flow = overdue(board, span), cycle_time(board, span), cumulative_flow(board, span)
    there = {
        "cards that are late": late_ones["open"],
        "cards that were late": late_ones["completed"],
        "cards that were never begun": cycle["never_started"],
        "a column that was deleted": [column for column in flow["columns"] if column["deleted"]],
        "a correlation": estimate_accuracy(board, span)["correlation"],
        "cards of nobody": workload(boards[CHANGED], span)["people"][None]["completed"],
        "times that run backwards": backwards(boards[NIGHTLY]),
    }
    for what, found in there.items():
        checks.that(found, f"control: among what is compared: {what}")
    end = [step for step in board.transitions if step["card_id"] == late][-1]
    other = board.without(end)
    for kind, options in ASKED:
        whole, part = (computed(one, kind, span, options) for one in (board, other))
        checks.that(whole != part, f"control: {kind} differs when a transition is left out")
    for zone, (sunday, hours) in ZONES.items():
        day = beginning(sunday, zone), beginning(sunday + DAY, zone)
        checks.equal((day[1] - day[0]) / 3_600_000, hours, f"control: {sunday} in {zone} has another length")
        right, utc, stiff, early, tardy = (
            [cumulative_flow(board, Span(FIRST, LAST, *given))["days"] for board in boards.values()]
            for given in ((zone, now), ("UTC", now), (zone, now, unchanged), (zone, now, sooner), (zone, now, later))
        )
        checks.that(right != utc, f"control: days of {zone} are not those of UTC")
        checks.that(right != stiff, f"control: days of {zone} are not those of a clock that stays")
        checks.that(early != right != tardy, f"control: days of {zone} begin in this millisecond")


def walk(checks, kind):
    checks.where = kind
    began = time.monotonic()
    with Place(kind) as place:
        prepare(place)
        with Gateway(place) as gateway:
            login = {"username": "ann", "password": PASSWORD}
            token = Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"]
            ann = Client(gateway.url, checks, token)
            late = change(ann)
            boards = {id_: exported(ann, id_) for id_ in BOARDS}
            compared = equal = 0
            for id_, board in boards.items():
                for zone in ZONES:
                    for days in ranges(zone):
                        for which, options in ASKED:
                            equal += compare(checks, ann, board, id_, which, options, zone, days)
                            compared += 1
                attempt(checks, walk_forms, checks, ann, id_)
            attempt(checks, walk_controls, checks, boards, late)
    took = time.monotonic() - began
    print(f"{kind}: {equal} of {compared} reports are equal, {took:.0f} s", flush=True)


def main():
    checks = Checks()
    for kind in KINDS:
        attempt(checks, walk, checks, kind)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
