"""What the reports are, by their written definitions and with exact fractions, computed from the exported transitions, the
export and the trash of a board. Nothing here knows how the service computes them. Standard library only.
"""

import statistics
from bisect import bisect_left
from collections import defaultdict
from datetime import datetime, timedelta, timezone
from fractions import Fraction
from functools import lru_cache
from math import floor
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)

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
