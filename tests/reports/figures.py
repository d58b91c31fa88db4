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

import sys
import time
from collections import defaultdict
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from boards_at_work import (  # noqa: E402
    BOARDS, CHANGED, FIRST, LAST, NIGHTLY, PASSWORD, ZONES, ask, change, exported, prepare, ranges,
)  # fmt: skip
from client import Checks, Client, attempt, outcome  # noqa: E402
from definitions import (  # noqa: E402
    ASKED, DAY, Span, beginning, by_person, computed, cumulative_flow, cycle_time, estimate_accuracy, later, millis, overdue,
    sooner, unchanged, workload,
)  # fmt: skip
from forms import walk_forms  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402


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
