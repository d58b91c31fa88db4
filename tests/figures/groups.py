"""Who came back, and what the people of a segment did: counted from the facts, one person after the other."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from people import People

DAY = timedelta(days=1)
# Cohorts of an answer at most, and intervals behind the last of them.
MOST = 26
SEGMENTS = {
    "Regular buyers": [{"kind": "order", "at_least": 2, "within_days": 45}],
    "Quiet readers": [{"kind": "product_view", "at_least": 3}, {"kind": "post", "at_most": 0}, {"kind": "comment", "at_most": 0}],
    "Some reactions": [{"kind": "reaction", "at_least": 2, "at_most": 12, "within_days": 60}],
}
OF_SEGMENTS = ("orders", "posts", "product_views", "revenue")


def begin(day, interval):
    return {"day": day, "week": day - day.weekday() * DAY, "month": day.replace(day=1)}[interval]


def following(day, interval):
    return begin(day + {"day": 1, "week": 7, "month": 31}[interval] * DAY, interval)


def buckets(first, last, interval):
    found, day = [], begin(first, interval)
    while day <= last:
        found.append((day, following(day, interval)))
        day = found[-1][1]
    return found


def local_day(fact, zone):
    return fact.when.astimezone(ZoneInfo(zone)).date()


def cohorts(facts, passive, zone, interval, days, returning):
    """The size of each, and how many were there later."""
    registered = {}
    for fact in facts:
        if fact.kind == "registration" and fact.user:
            day = local_day(fact, zone)
            registered[fact.user] = min(day, registered.get(fact.user, day))
    if returning is None:
        there = People(facts, passive, zone).days
    else:
        there = {}
        for fact in facts:
            if fact.user and fact.kind == returning:
                there.setdefault(fact.user, set()).add(local_day(fact, zone))
    today = datetime.now(ZoneInfo(zone)).date()
    whole = buckets(days[0], max(days[1], today), interval)
    asked = sum(start <= days[1] for start, _ in whole)
    whole = whole[max(0, asked - MOST) :]
    asked = min(asked, MOST)
    whole = whole[: asked + MOST]
    found = []
    for place, (start, end) in enumerate(whole[:asked]):
        people = [user for user, day in registered.items() if start <= day < end]
        kept = [sum(any(a <= day < b for day in there.get(user, ())) for user in people) for a, b in whole[place:]]
        found.append((len(people), kept))
    return found


def walk_cohorts(checks, auditor, facts, passive, zones):
    days, seen = (date(2026, 1, 1), date(2026, 4, 30)), 0
    for zone in zones:
        for interval in ("day", "week", "month"):
            for returning in (None, "order"):
                body = {"interval": interval, "from": str(days[0]), "to": str(days[1]), "tz": zone}
                body |= {"returning": returning} if returning else {}
                answer = auditor.post("/api/analytics/cohorts/query", body).body["cohorts"]
                told = [(one["size"], [kept["people"] for kept in one["kept"]]) for one in answer]
                wanted = cohorts(facts, passive, zone, interval, days, returning)
                checks.equal(told, wanted, f"cohorts by {interval} in {zone}, {returning or 'whatever they did'}")
                seen += sum(sum(kept[1:]) for _, kept in wanted)
    checks.that(seen > 100, "people came back", seen)


def members(facts, conditions, last, zone):
    """Who fulfils all of them, as of the end of a day."""
    everybody = {fact.user for fact in facts if fact.user}

    def holds(user, condition):
        within = condition.get("within_days")
        first = date.min if within is None else last - (within - 1) * DAY
        times = sum(fact.user == user and fact.kind == condition["kind"] and first <= local_day(fact, zone) <= last for fact in facts)
        least = condition.get("at_least", 0 if condition.get("at_most") == 0 else 1)
        return least <= times <= condition.get("at_most", times)

    kinds = {condition["kind"] for condition in conditions}
    facts = [fact for fact in facts if fact.kind in kinds and fact.user]
    return {user for user in everybody if all(holds(user, condition) for condition in conditions)}


def walk_segments(checks, admin, facts, zones, days, compare):
    for name, conditions in SEGMENTS.items():
        made = admin.post("/api/analytics/segments", {"name": name, "conditions": conditions}, 201).body
        for zone in zones:
            people = members(facts, conditions, days[1], zone)
            checks.that(people, f"{name} has people in {zone}")
            of_people = [fact for fact in facts if fact.user in people]
            for metric in OF_SEGMENTS:
                body = {"metric": metric, "from": str(days[0]), "to": str(days[1]), "tz": zone, "segment_id": made["id"], "interval": "week"}
                answer = admin.post("/api/analytics/metrics/query", body, 200).body
                compare(checks, answer, answer["series"][0], metric, of_people, "week", zone, days, f"{metric} of {name} in {zone}")


def walk_groups(checks, auditor, admin, facts, passive, zones, days, compare):
    walk_cohorts(checks, auditor, facts, passive, zones)
    walk_segments(checks, admin, facts, zones, days, compare)
