"""People who were active in more than a bucket, who went through a funnel, and who came back: counted from the facts by their local
days, one person after the other."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WITHIN = {"weekly_active_users": 7, "monthly_active_users": 30}
METRICS = {*WITHIN, "stickiness"}
STEPS = ("product_view", "order", "payment")


class People:
    """On which local days each person was active."""

    def __init__(self, facts, passive, zone):
        self.days = {}
        for fact in facts:
            if fact.user and fact.kind not in passive:
                self.days.setdefault(fact.user, set()).add(fact.when.astimezone(ZoneInfo(zone)).date())

    def active(self, first, last):
        return sum(any(first <= day <= last for day in days) for days in self.days.values())

    def sticky(self, first, last):
        month = self.active(last - 29 * DAY, last)
        count = (last - first).days + 1
        daily = sum(self.active(first + n * DAY, first + n * DAY) for n in range(count))
        return Fraction(daily, month * count) if month else None


def day_of(text, zone, before=timedelta(0)):
    return (datetime.fromisoformat(text) - before).astimezone(ZoneInfo(zone)).date()


def same(seen, wanted):
    return seen is None if wanted is None else seen is not None and abs(Fraction(seen) - wanted) <= abs(wanted) / 10**12


def walk_people(checks, auditor, facts, passive, zones, days):
    for zone in zones:
        people = People(facts, passive, zone)
        for interval in ("day", "week", "month"):
            for name in sorted(METRICS):
                body = {"metric": name, "from": str(days[0]), "to": str(days[1]), "interval": interval, "tz": zone}
                answer = auditor.post("/api/analytics/metrics/query", body).body

                def wanted(first, last, name=name):
                    if name in WITHIN:
                        return people.active(last - (WITHIN[name] - 1) * DAY, last)
                    return people.sticky(first, last)

                series, wrong = answer["series"][0], []
                for bucket, seen in zip(answer["buckets"], series["values"], strict=True):
                    first, last = day_of(bucket["start"], zone), day_of(bucket["end"], zone, timedelta(milliseconds=1))
                    if not same(seen, wanted(first, last)):
                        wrong.append((bucket["label"], seen, wanted(first, last)))
                total = wanted(*days)
                holds = not wrong and same(series["total"], total)
                checks.that(holds, f"{name} by {interval} in {zone}", f"{wrong[:3]} total {series['total']} is not {total}")
        walk_funnel(checks, auditor, facts, zone, (date(2026, 3, 1), date(2026, 3, 31)))


def walk_funnel(checks, auditor, facts, zone, days):
    """From the first look at a product in the days on, within fourteen days."""
    reached = [0] * len(STEPS)
    of_person = {}
    for fact in facts:
        if fact.user and fact.kind in STEPS:
            of_person.setdefault(fact.user, []).append((fact.when, fact.kind))
    for own in of_person.values():
        own.sort()
        firsts = [when for when, kind in own if kind == STEPS[0] and days[0] <= when.astimezone(ZoneInfo(zone)).date() <= days[1]]
        if not firsts:
            continue
        began = at = firsts[0]
        for number, step in enumerate(STEPS):
            later = [when for when, kind in own if kind == step and at <= when <= began + timedelta(days=14)]
            if not later:
                break
            at = later[0]
            reached[number] += 1
    body = {"steps": [{"kind": kind} for kind in STEPS], "from": str(days[0]), "to": str(days[1]), "tz": zone}
    seen = auditor.post("/api/analytics/funnels/query", body).body["steps"]
    checks.equal([step["people"] for step in seen], reached, f"a funnel in {zone}")
    checks.that(reached[0] > reached[-1] > 0, f"the funnel in {zone} narrows", reached)
