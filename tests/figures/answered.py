"""Requests, beside what Prometheus is shown of them."""

import re
import sys
from collections import Counter, defaultdict
from datetime import datetime, timedelta, timezone
from pathlib import Path

from tables import rows

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from client import Checks, Client  # noqa: E402
from service import Gateway  # noqa: E402


# The upper ends of the buckets.
LIMITS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 300, 500, 1000, 2500, 5000, 10000)


def scraped(url):
    """What the gateway shows Prometheus of requests: how many by route and class, and how many took at most how long."""
    text = Client(url, Checks()).get("/metrics").text()
    answered, below = Counter(), defaultdict(Counter)
    for line in text.splitlines():
        name, _, rest = line.partition("{")
        labels = dict(re.findall(r'(\w+)="([^"]*)"', rest))
        route = f"{labels.get('method')} {labels.get('route')}"
        if name == "poligon_http_requests_total":
            answered[route, labels["status"][0] + "xx"] += int(line.rpartition(" ")[2])
        elif name == "poligon_http_request_duration_seconds_bucket":
            below[route][float(labels["le"])] += int(line.rpartition(" ")[2])
    return answered, below


def counted(place, table, what):
    """How many requests stand there, by route and by something."""
    found = rows(place, f"SELECT route, {what}, sum(requests) FROM {table} GROUP BY route, {what}")
    return {(route, str(key)): int(float(count)) for route, key, count in found}


def quantile(share, below):
    """By the definition of `histogram_quantile`, in milliseconds; `below`: how many took at most so many seconds."""
    bounds = sorted(below)
    rank = share * below[bounds[-1]]
    at = next(n for n, bound in enumerate(bounds) if below[bound] >= rank)
    if bounds[at] == float("inf"):
        return 1000 * bounds[at - 1]
    start, before = (bounds[at - 1], below[bounds[at - 1]]) if at else (0, 0)
    return 1000 * (start + (bounds[at] - start) * (rank - before) / (below[bounds[at]] - before))


def walk_requests(checks, place):
    """A gateway answers requests, and stops; what the next one tells of them is what the first has shown Prometheus."""
    paths = ("/api/ecommerce/products", "/api/ecommerce/products/1", "/api/ecommerce/products/none", "/api/social/reports")
    before = counted(place, "analytics_requests", "status")
    before_took = counted(place, "analytics_latencies", "bucket")
    with Gateway(place) as gateway:
        for _ in range(40):
            for path in paths:
                Client(gateway.url, Checks()).get(path, None)
        answered, below = scraped(gateway.url)
        gateway.stop()
    after, took = counted(place, "analytics_requests", "status"), counted(place, "analytics_latencies", "bucket")
    answered = {key: count for key, count in answered.items() if "/metrics" not in key[0]}
    seen = {key: after.get(key, 0) - before.get(key, 0) for key in answered}
    checks.that(sum(answered.values()) >= 40 * len(paths), "there were requests", answered)
    checks.equal(seen, answered, "requests are those that Prometheus is shown")
    routes = {route for route, _ in answered}
    for route in routes:
        seen = sum(count - before_took.get(key, 0) for key, count in took.items() if key[0] == route)
        checks.equal(seen, below[route][float("inf")], f"how many of {route} took some time")
        for bound in sorted(below[route])[:-1]:
            seen = sum(
                count - before_took.get(key, 0)
                for key, count in took.items() if key[0] == route and 0 < int(key[1]) <= round(1000 * bound)
            )  # fmt: skip
            checks.equal(seen, below[route][bound], f"how many of {route} took {bound} s at most")
    with Gateway(place) as gateway:
        login = {"username": "auditor", "password": "practice makes perfect"}
        auditor = Client(gateway.url, checks, Client(gateway.url, checks).post("/api/auth/login", login).body["access_token"])
        first = str((datetime.now(timezone.utc) - timedelta(days=2)).date())

        def total(metric, **filters):
            body = {"metric": metric, "from": first, "filters": filters}
            return auditor.post("/api/analytics/metrics/query", body).body["series"][0]["total"]

        for route in routes - {"POST /api/auth/login"}:
            # Also those into which nothing fell: a bucket begins where the one before it ends.
            whole = Counter(dict.fromkeys([limit / 1000 for limit in LIMITS_MS], 0))
            for (name, bound), count in took.items():
                for limit in LIMITS_MS:
                    if name == route and 0 < int(bound) <= limit:
                        whole[limit / 1000] += count
                if name == route:
                    whole[float("inf")] += count
            for percent in (50, 95, 99):
                wanted, seen = quantile(percent / 100, whole), total(f"request_latency_p{percent}", route=[route])
                checks.that(abs(seen - wanted) < 0.001, f"p{percent} of {route}", f"{seen} is not {wanted}")
            all_of = sum(count for (name, _), count in after.items() if name == route)
            checks.equal(total("requests", route=[route]), all_of, f"requests to {route}")
            refused = after.get((route, "4xx"), 0)
            checks.equal(total("requests", route=[route], status=["4xx"]), refused, f"refused requests to {route}")
            wanted = after.get((route, "5xx"), 0) / all_of
            checks.that(abs(total("error_rate", route=[route]) - wanted) < 1e-9, f"errors of {route}")
