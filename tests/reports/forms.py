"""The tables and charts of reports, read as a spreadsheet and a browser would."""

import csv
import io
import re
import xml.etree.ElementTree as ElementTree

from boards_at_work import CHANGED, FIRST, ZONES, ask
from definitions import ASKED

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
