"""What is taken away is what the screen shows: every metric as CSV, JSON and XLSX, and the facts themselves."""

import csv
import io
import zipfile
from collections import Counter
from datetime import datetime, timezone
from urllib.parse import urlencode
from xml.etree import ElementTree

EXPORT = "/api/analytics/export"
QUERY = "/api/analytics/metrics/query"
SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
INTERVALS = ("day", "week", "month", "hour")
# An hourly answer is about so many days at most.
HOURS = {"from": "2026-03-20", "to": "2026-04-05"}


def taken(client, form, **params):
    answer = client.get(f"{EXPORT}?{urlencode({'format': form} | params)}", 200)
    if form == "json":
        return answer.body
    return workbook(answer.raw) if form == "xlsx" else list(csv.reader(io.StringIO(answer.text(), newline="")))


def workbook(raw):
    """The cells of the first sheet, as text; those that are left out are empty."""
    with zipfile.ZipFile(io.BytesIO(raw)) as file:
        shared = []
        if "xl/sharedStrings.xml" in file.namelist():
            strings = ElementTree.fromstring(file.read("xl/sharedStrings.xml"))
            shared = ["".join(part.text or "" for part in one.iter(f"{SHEET}t")) for one in strings.iter(f"{SHEET}si")]
        sheet = ElementTree.fromstring(file.read("xl/worksheets/sheet1.xml"))
    found = []
    for row in sheet.iter(f"{SHEET}row"):
        cells = []
        for cell in row.iter(f"{SHEET}c"):
            place = ord(cell.get("r")[0]) - ord("A")
            cells += [""] * (place - len(cells))
            text = "".join(part.text or "" for part in (*cell.iter(f"{SHEET}t"), *cell.iter(f"{SHEET}v")))
            cells.append(shared[int(text)] if cell.get("t") == "s" else text)
        found.append(cells)
    return found


def on_the_screen(answer):
    """The rows that an answer of `POST metrics/query` comes to."""
    found = []
    compared = answer["compared"]["series"] if answer["compared"] else []
    for series in answer["series"]:
        group = "(others)" if series["is_rest"] else series["group"] or ""
        before = [one for one in compared if (one["group"], one["is_rest"]) == (series["group"], series["is_rest"])]
        then = before[0]["values"] if before else []
        for place, (bucket, value) in enumerate(zip(answer["buckets"], series["values"], strict=True)):
            was = then[place] if place < len(then) else None
            found.append((group, bucket["label"], bucket["start"], bucket["end"], value, was))
        ends = (answer["buckets"][0]["start"], answer["buckets"][-1]["end"])
        found.append((group, "total", *ends, series["total"], before[0]["total"] if before else None))
    return found


def of_cells(rows):
    """The same of a table; a text that a spreadsheet could take for a formula has `'` before it."""
    number = lambda text: float(text) if text else None  # noqa: E731
    for row in rows[1:]:
        group, label, start, end, value, before = row + [""] * (6 - len(row))
        yield group.removeprefix("'"), label, start, end, number(value), number(before)


def walk_metrics(checks, auditor, metrics, zones, days):
    seen = Counter()
    for number, metric in enumerate(metrics):
        interval, zone = INTERVALS[number % 4], zones[number % len(zones)]
        asked = {"from": str(days[0]), "to": str(days[1])} if interval != "hour" else HOURS
        asked = asked | {"metric": metric["name"], "interval": interval, "tz": zone}
        if metric["dimensions"]:
            asked |= {"group_by": metric["dimensions"][number % len(metric["dimensions"])], "groups": 5}
        if number % 3 == 0:
            asked["compare"] = "previous_period"
        screen = on_the_screen(auditor.post(QUERY, asked).body)
        seen["figures"] += sum(row[4] not in (None, 0) for row in screen)
        tables = {form: list(of_cells(taken(auditor, form, what="metric", **asked))) for form in ("csv", "xlsx")}
        items = taken(auditor, "json", what="metric", **asked)["sheets"][0]["items"]
        tables["json"] = [(item["group"] or "", *[item[name] for name in ("bucket", "start", "end", "value", "compared")]) for item in items]
        for form, table in tables.items():
            wrong = [pair for pair in zip(table, screen) if pair[0] != pair[1]]  # noqa: B905
            holds = not wrong and len(table) == len(screen)
            checks.that(holds, f"{metric['name']} as {form} is what the screen shows", f"{len(table)} {len(screen)} {wrong[:2]}")
    checks.that(seen["figures"] > 500, "there were figures to take away", seen)


def instant(text):
    moment = datetime.fromisoformat(text).astimezone(timezone.utc)
    return round(moment.timestamp() * 1000)


def of_facts(rows):
    plain = lambda text: text.removeprefix("'")  # noqa: E731
    for row in rows[1:]:
        _, kind, at, user, _, first, second, amount = row
        yield kind, instant(at), user, plain(first), plain(second), int(float(amount))


def walk_facts(checks, auditor, facts):
    """`facts` are those that are there by now, of the time before anybody asked: old ones have been removed."""
    end, of_kind = max(fact.at for fact in facts), {}
    for fact in facts:
        of_kind.setdefault(fact.kind, []).append((fact.kind, fact.at, fact.user, *fact.labels, fact.amount))
    for kind, wanted in sorted(of_kind.items()):
        rows = taken(auditor, "csv", what="facts", kind=kind, **{"from": "2000-01-01"})
        seen = Counter(fact for fact in of_facts(rows) if fact[1] <= end)
        wrong = [*(seen - Counter(wanted)), *(Counter(wanted) - seen)]
        checks.that(not wrong, f"facts of {kind}, taken away", f"{len(wrong)}: {wrong[:2]}")
        if len(wanted) < 3000:
            sheet = taken(auditor, "xlsx", what="facts", kind=kind, **{"from": "2000-01-01"})
            checks.that(list(of_facts(sheet)) == list(of_facts(rows)), f"facts of {kind} as xlsx are those as csv", len(sheet))
    checks.that(len(of_kind) > 15, "there were facts to take away", sorted(of_kind))


def walk_exports(checks, auditor, metrics, facts, zones, days):
    walk_metrics(checks, auditor, metrics, zones, days)
    walk_facts(checks, auditor, facts)
