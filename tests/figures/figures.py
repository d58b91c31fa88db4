#!/usr/bin/env python3
"""The figures of every metric over the demo data are those that a spreadsheet would make of the facts.

Demo data of a fixed day, whose 90 days hold a change of the clock in three of four time zones. What the facts are is read from the
database, and compared with what the other domains have there; then every metric is computed here from nothing but the facts, by its
definition and by the local time of each, and compared with the answer: by hours, days, weeks and months, in each zone, with filters
and without, in groups, of segments, and beside the time before. What is taken away (CSV, JSON, XLSX) is held against the answers. Controls: with one fact left out, and with days of another zone, figures differ.
Counting all facts anew (`gateway analytics rebuild`) changes none. At the end the gateway is killed while it is told of things, and told
them again, backwards: the figures are those of what was told. What a gateway has shown Prometheus of its requests is what the next one
tells of them.

Needs POLIGON_GATEWAY, TEST_DATABASE_URL, TEST_REDIS_URL, and the time zones of the system. Ends with `N passed, N failed`.
Standard library only.
"""

import http.client
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from datetime import date, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from answered import walk_requests
from cards import walk_cards
from exported import walk_exports
from groups import walk_groups
from people import METRICS as OF_PEOPLE
from people import walk_people
from tables import rows

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from client import Checks, Client, attempt, outcome  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402

ANCHOR = "2026-04-30"
FROM, TO = date(2026, 2, 1), date(2026, 4, 30)
ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata")
DAY = timedelta(days=1)

# Of each metric: the kind that is counted or added up, and what from that is taken, or what it is divided by.
COUNT, SUM = "count", "sum"
METRICS = {
    "registrations": ((COUNT, "registration"),),
    "logins": ((COUNT, "login"),),
    "active_users": None,
    "page_views": ((COUNT, "page_view"),),
    "product_views": ((COUNT, "product_view"),),
    "article_views": ((COUNT, "article_view"),),
    "custom_events": ((COUNT, "custom"),),
    "posts": ((COUNT, "post"),),
    "comments": ((COUNT, "comment"),),
    "reactions": ((COUNT, "reaction"),),
    "messages": ((COUNT, "message"),),
    "follows": ((COUNT, "follow"),),
    "orders": ((COUNT, "order"),),
    "order_value": ((SUM, "order"),),
    "average_order_value": ((SUM, "order"), "/", (COUNT, "order")),
    "payments": ((SUM, "payment"),),
    "payment_failures": ((COUNT, "payment_failure"),),
    "refunds": ((SUM, "refund"),),
    "revenue": ((SUM, "payment"), "-", (SUM, "refund")),
    "refund_rate": ((SUM, "refund"), "/", (SUM, "payment")),
    "product_sales": ((SUM, "order_line"),),
    "product_pieces": ((SUM, "order_pieces"),),
    "carts": ((COUNT, "cart"),),
    "cart_abandonment": ((COUNT, "cart_order"), "lack", (COUNT, "cart")),
    "stock_outs": ((COUNT, "stock_out"),),
    "cards_created": ((COUNT, "card_created"),),
    "cards_moved": ((COUNT, "card_moved"),),
    "throughput": ((SUM, "card_done"),),
    "cycle_time": ((SUM, "card_cycle"), "/", (SUM, "card_timed")),
    "cards_overdue": ((COUNT, "card_overdue"),),
    "reports_resolved": ((COUNT, "report"),),
    "publications": ((COUNT, "publication"),),
    "moderation_cases": ((COUNT, "moderation_case"),),
    "time_in_moderation": ((SUM, "moderation_case"), "/", (COUNT, "moderation_case")),
}
# Requests are no facts: of the days that are looked at there are none, and `walk_requests` makes some.
NOTHING = ((SUM, "no fact"), "/", (COUNT, "no fact"))
METRICS |= {
    "requests": ((COUNT, "no fact"),),
    "error_rate": NOTHING,
    "request_latency_p50": NOTHING,
    "request_latency_p95": NOTHING,
    "request_latency_p99": NOTHING,
}
# Kinds whose person was not active by them.
PASSIVE = {
    "order_line", "order_pieces", "payment", "payment_failure", "refund", "publication", "moderation_case",
    "report", "cart_order", "stock_out", "card_done", "card_timed", "card_cycle", "card_overdue",
}  # fmt: skip
# Where the value of a dimension stands in a fact.
PLACES = {
    "path": 0, "product": 0, "article": 0, "name": 0, "reason": 0, "kind": 0, "object": 1, "decision": 1,
    "board": 0, "column_type": 1, "route": 0, "status": 1,
}  # fmt: skip
# What other domains have, and the facts that tell of it.
COUNTED = {
    "SELECT count(*) FROM accounts": "registration",
    "SELECT count(*) FROM orders": "order",
    "SELECT count(*) FROM order_lines": "order_line",
    # Of five demo orders four were of a cart; what else was begun stands in the carts.
    "SELECT count(*) FROM orders WHERE id % 5 <> 0": "cart_order",
    "SELECT (SELECT count(*) FROM orders WHERE id % 5 <> 0) + (SELECT count(*) FROM carts WHERE begun <> '[]')": "cart",
    "SELECT count(*) FROM variants WHERE track_stock AND stock_on_hand = stock_reserved": "stock_out",
    "SELECT count(*) FROM cards": "card_created",
    "SELECT count(*) FROM board_activity WHERE kind = 'card_moved'": "card_moved",
    "SELECT count(*) FROM payments WHERE captured > 0": "payment",
    "SELECT count(*) FROM payments WHERE status = 'failed'": "payment_failure",
    "SELECT count(*) FROM payment_refunds WHERE status = 'succeeded'": "refund",
    "SELECT count(*) FROM posts": "post",
    "SELECT count(*) FROM comments": "comment",
    "SELECT count(*) FROM messages": "message",
    "SELECT (SELECT count(*) FROM post_reactions) + (SELECT count(*) FROM comment_reactions)"
    " + (SELECT count(*) FROM message_reactions)": "reaction",
    "SELECT count(*) FROM social_ties WHERE follow = 'following'": "follow",
    "SELECT count(*) FROM reports WHERE closed_at IS NOT NULL": "report",
    "SELECT count(*) FROM content_cases WHERE status = 'closed'": "moderation_case",
}
ADDED = {
    "SELECT sum(total) FROM orders": "order",
    "SELECT sum(captured) FROM payments": "payment",
    "SELECT sum(refunded) FROM payments": "refund",
    "SELECT sum(unit_price * quantity) FROM order_lines": "order_line",
    "SELECT sum(quantity) FROM order_lines": "order_pieces",
}


class Fact:
    def __init__(self, kind, at, user, first, second, amount):
        self.kind, self.at, self.user, self.amount = kind, int(at), user, int(amount)
        self.labels = (first, second)
        self.when = datetime.fromtimestamp(self.at // 1000, timezone.utc)


def facts_of(place):
    return [Fact(*row) for row in rows(place, "SELECT kind, at, user_id, first, second, amount FROM analytics_facts")]


def label(when, interval, zone):
    """What the bucket of an instant is called, by its local time alone."""
    local = when.astimezone(ZoneInfo(zone))
    if interval == "week":
        year, week, _ = local.isocalendar()
        return f"{year}-W{week:02}"
    if interval == "hour":
        start = local.replace(minute=0, second=0)
        return start.isoformat(timespec="minutes")
    return local.strftime("%Y-%m-%d" if interval == "day" else "%Y-%m")


def inside(fact, zone, days):
    return days[0] <= fact.when.astimezone(ZoneInfo(zone)).date() <= days[1]


def value(metric, facts):
    """The figure of some facts, exactly; nothing for an average of nothing."""
    made = METRICS[metric]
    if made is None:
        return Fraction(len({fact.user for fact in facts if fact.user and fact.kind not in PASSIVE}))

    def term(how, kind):
        of_kind = [fact for fact in facts if fact.kind == kind]
        return Fraction(len(of_kind) if how == COUNT else sum(fact.amount for fact in of_kind))

    first = term(*made[0])
    if len(made) == 1:
        return first
    second = term(*made[2])
    if made[1] == "-":
        return first - second
    if made[1] == "lack":
        first = second - first
    return first / second if second else None


def kinds_of(metric):
    made = METRICS[metric]
    return None if made is None else {part[1] for part in made if isinstance(part, tuple)}


def relevant(metric, facts):
    kinds = kinds_of(metric)
    return [fact for fact in facts if kinds is None or fact.kind in kinds]


def expected(metric, facts, interval, zone, days):
    buckets = defaultdict(list)
    for fact in facts:
        if inside(fact, zone, days):
            buckets[label(fact.when, interval, zone)].append(fact)
    return buckets


def same(seen, wanted):
    return seen is None if wanted is None else seen is not None and abs(Fraction(seen) - wanted) <= abs(wanted) / 10**12


def compare(checks, answer, series, metric, facts, interval, zone, days, name):
    """One series of an answer with what the facts come to."""
    wanted = expected(metric, facts, interval, zone, days)
    empty = value(metric, [])
    wrong = []
    seen = {}
    for bucket, figure in zip(answer["buckets"], series["values"], strict=True):
        seen[bucket["label"]] = figure
        if not same(figure, value(metric, wanted[bucket["label"]]) if bucket["label"] in wanted else empty):
            wrong.append((bucket["label"], figure))
    lost = [one for one in wanted if one not in seen]
    total = value(metric, [fact for part in wanted.values() for fact in part])
    holds = not wrong and not lost and same(series["total"], total)
    return checks.that(holds, name, f"{wrong[:3]} {lost[:3]} total {series['total']} is not {total}")


def walk_metric(checks, auditor, metric, facts):
    name, mine = metric["name"], relevant(metric["name"], facts)

    def ask(**more):
        body = {"metric": name, "from": str(FROM), "to": str(TO)} | more
        return auditor.post("/api/analytics/metrics/query", body).body

    for zone in ZONES:
        for interval in ("day", "week", "month", "hour"):
            days = (FROM, TO) if interval != "hour" else (date(2026, 3, 8), date(2026, 4, 5))
            answer = ask(interval=interval, tz=zone, **{"from": str(days[0]), "to": str(days[1])})
            place = f"{name} by {interval} in {zone}"
            compare(checks, answer, answer["series"][0], name, mine, interval, zone, days, place)
        answer = ask(tz=zone, compare="previous_period", **{"from": "2026-04-01"})
        days = (date(2026, 3, 2), date(2026, 3, 31))
        before = answer["compared"]
        compare(checks, before, before["series"][0], name, mine, "day", zone, days, f"{name} before, in {zone}")
        for dimension in metric["dimensions"]:
            walk_dimension(checks, ask, name, mine, dimension, zone)


def walk_dimension(checks, ask, name, facts, dimension, zone):
    """Groups, the largest first and the others together; and filters by two of the values."""
    place = PLACES[dimension]
    answer = ask(tz=zone, interval="week", group_by=dimension, groups=3)
    groups = [series["group"] for series in answer["series"] if not series["is_rest"]]
    for series in answer["series"]:
        of_group = [
            fact for fact in facts
            if (fact.labels[place] == series["group"] if not series["is_rest"] else fact.labels[place] not in groups)
        ]  # fmt: skip
        compare(checks, answer, series, name, of_group, "week", zone, (FROM, TO), f"{name} of {series['group']} in {zone}")
    made = METRICS[name]
    how, kind = made[-1]
    sizes = Counter()
    for fact in facts:
        if fact.kind == kind and inside(fact, zone, (FROM, TO)):
            sizes[fact.labels[place]] += 1 if how == COUNT else fact.amount
    largest = [one for one, _ in sorted(sizes.items(), key=lambda item: (-item[1], item[0].encode()))][:3]
    checks.equal(groups, largest, f"the largest of {name} by {dimension} in {zone}")
    wanted = [*largest[:1], "nothing"]
    answer = ask(tz=zone, filters={dimension: wanted})
    chosen = [fact for fact in facts if fact.labels[place] in wanted]
    compare(checks, answer, answer["series"][0], name, chosen, "day", zone, (FROM, TO), f"{name} where {dimension} is {wanted}")


def walk_controls(checks, auditor, facts):
    """What is compared with would notice."""
    quiet = Checks()
    body = {"metric": "posts", "from": str(FROM), "to": str(TO), "tz": "Europe/Berlin"}
    answer = auditor.post("/api/analytics/metrics/query", body).body
    mine = [fact for fact in relevant("posts", facts) if inside(fact, "Europe/Berlin", (FROM, TO))]
    sys.stdout.flush()
    printed = sys.stdout
    with open(os.devnull, "w", encoding="utf-8") as sys.stdout:
        one_less = compare(quiet, answer, answer["series"][0], "posts", mine[1:], "day", "Europe/Berlin", (FROM, TO), "")
        elsewhere = compare(quiet, answer, answer["series"][0], "posts", mine, "day", "UTC", (FROM, TO), "")
    sys.stdout = printed
    checks.that(not one_less, "control: a fact that is left out is noticed")
    checks.that(not elsewhere, "control: days of another zone are noticed")


def tell(url, tokens, work, told):
    """Tells batches of events and writes posts until there is no more, or the gateway is gone."""
    quiet = Checks()
    while work:
        try:
            what, body = work.pop()
            Client(url, quiet, tokens[len(work) % len(tokens)]).post(what, body, status=None)
            told[what] += 1
        except (OSError, IndexError, http.client.HTTPException):
            return


def walk_kills(checks, place):
    """The gateway is killed while it is told of things, three times; then everything is told once more, backwards."""
    now = datetime.now(timezone.utc)
    events, posts = [], "/api/social/posts"
    for n in range(900):
        at = now - timedelta(minutes=41 * n + 7)
        if at > now - timedelta(days=29):
            events.append({"id": f"killed-{n}", "kind": "custom", "name": f"n{n % 3}", "at": at.isoformat()})
    batches = [("/api/analytics/events", {"events": events[n : n + 5]}) for n in range(0, len(events), 5)]
    login = {"username": "ann", "password": "practice makes perfect"}
    told = Counter()
    for round_ in range(3):
        with Gateway(place) as gateway:
            token = Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"]
            work = batches + [(posts, {"body": f"Round {round_}, {n}"}) for n in range(60)]
            random.shuffle(work)
            threads = [threading.Thread(target=tell, args=(gateway.url, [token], work, told)) for _ in range(4)]
            for thread in threads:
                thread.start()
            time.sleep(0.4 + 0.2 * round_)
            gateway.process.kill()
            for thread in threads:
                thread.join()
    checks.that(told[posts] > 10 and told["/api/analytics/events"] > 30, "something was told before the kills", told)
    with Gateway(place) as gateway:
        token = Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"]
        ann = Client(gateway.url, checks, token)
        for what, body in reversed(batches):
            ann.post(what, {"events": body["events"][::-1]})
        login["username"] = "auditor"
        auditor = Client(gateway.url, checks, Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"])

        def counted(metric, **more):
            first = str((now - timedelta(days=30)).date())
            return auditor.post("/api/analytics/metrics/query", {"metric": metric, "from": first} | more).body

        for name in ("n0", "n1", "n2"):
            answer = counted("custom_events", filters={"name": [name]})
            wanted = Counter(event["at"][:10] for event in events if event["name"] == name)
            seen = {b["label"]: v for b, v in zip(answer["buckets"], answer["series"][0]["values"], strict=True) if v}
            checks.equal(seen, dict(wanted), f"{name} after the kills")
        written = "SELECT count(*) FROM posts p JOIN users u ON u.id = p.author_id WHERE u.username = 'ann' AND body LIKE 'Round%'"
        wanted = int(rows(place, written)[0][0])
        heard = "SELECT count(*) FROM analytics_facts f JOIN posts p ON f.source = 'post:' || p.id WHERE p.body LIKE 'Round%'"
        give_up = time.monotonic() + 20
        while int(rows(place, heard)[0][0]) < wanted and time.monotonic() < give_up:
            time.sleep(0.1)
        checks.that(wanted >= told[posts], "what was answered is there", f"{wanted} posts, {told[posts]} answered")
        checks.equal(int(rows(place, heard)[0][0]), wanted, "every post is a fact, once")
        # Those of days of which facts are still kept: the demo is of an old day.
        since = int(rows(place, "SELECT since FROM analytics_kept")[0][0])
        hours = f"SELECT sum(facts) FROM analytics_hours WHERE kind = 'post' AND hour >= {since // 3_600_000}"
        facts = f"SELECT count(*) FROM analytics_facts WHERE kind = 'post' AND at >= {since}"
        checks.equal(rows(place, hours), rows(place, facts), "posts add up")


def walk(checks, kind):
    checks.where = kind
    began = time.monotonic()
    with Place(kind) as place:
        command = [os.environ["POLIGON_GATEWAY"], "seed", *place.flags, "--anchor", ANCHOR]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=place.environment(), timeout=120)
        facts = facts_of(place)
        counts, sums = Counter(fact.kind for fact in facts), Counter()
        for fact in facts:
            sums[fact.kind] += fact.amount
        for statement, of_kind in COUNTED.items():
            checks.equal(counts[of_kind], int(rows(place, statement)[0][0]), f"facts of {of_kind}")
        for statement, of_kind in ADDED.items():
            checks.equal(sums[of_kind], int(rows(place, statement)[0][0]), f"the sum of {of_kind}")
        attempt(checks, walk_cards, checks, place, facts)
        hours = "SELECT kind, hour, first, second, facts, amount FROM analytics_hours ORDER BY 1, 2, 3, 4"
        sums_of_days = "SELECT kind, day, first, second, facts, amount FROM analytics_days ORDER BY 1, 2, 3, 4"
        active = "SELECT hour, user_id FROM analytics_active ORDER BY 1, 2"
        people = "SELECT user_id FROM analytics_people ORDER BY 1"
        counted = [rows(place, statement) for statement in (hours, sums_of_days, active, people)]
        rebuild = [os.environ["POLIGON_GATEWAY"], "analytics", "rebuild", *place.flags]
        subprocess.run(rebuild, check=True, stdout=subprocess.DEVNULL, env=place.environment(), timeout=120)
        anew = [rows(place, statement) for statement in (hours, sums_of_days, active, people)]
        checks.that(anew == counted and len(counted[0]) > 1000, "counted anew it is the same")
        with Gateway(place) as gateway:
            login = {"username": "auditor", "password": "practice makes perfect"}
            token = Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"]
            auditor = Client(gateway.url, checks, token)
            metrics = auditor.get("/api/analytics/metrics").body["items"]
            checks.equal(sorted(metric["name"] for metric in metrics), sorted([*METRICS, *OF_PEOPLE]), "every metric is known here")
            for metric in metrics:
                if metric["name"] not in OF_PEOPLE:
                    attempt(checks, walk_metric, checks, auditor, metric, facts)
            attempt(checks, walk_people, checks, auditor, facts, PASSIVE, ZONES, (FROM, TO))
            login["username"] = "admin"
            admin = Client(gateway.url, checks, Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"])
            attempt(checks, walk_groups, checks, auditor, admin, facts, PASSIVE, ZONES, (FROM, TO), compare)
            last = max(fact.at for fact in facts)
            left = [fact for fact in facts_of(place) if fact.at <= last]
            attempt(checks, walk_exports, checks, auditor, metrics, left, ZONES, (FROM, TO))
            attempt(checks, walk_controls, checks, auditor, facts)
        attempt(checks, walk_kills, checks, place)
        attempt(checks, walk_requests, checks, place)
    print(f"{kind}: {len(facts)} facts, {time.monotonic() - began:.0f} s", flush=True)


def main():
    checks = Checks()
    for kind in KINDS:
        attempt(checks, walk, checks, kind)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
