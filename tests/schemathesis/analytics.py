"""What the fuzzer has to know of the analytics: which metrics there are."""

from callers import Admin, ask, numbers


def real_events(case):
    case.body["events"] = [{"id": f"fuzzed-{next(numbers)}", "kind": "page_view", "path": "/shop"}]


def real_query(case):
    metrics = ask("GET", "analytics/metrics", None, Admin.get())["items"]
    metric = metrics[next(numbers) % len(metrics)]
    case.body = {"metric": metric["name"], "interval": "week", "tz": "Europe/Berlin", "compare": "previous_period"}
    if metric["dimensions"]:
        case.body |= {"group_by": metric["dimensions"][0], "filters": {metric["dimensions"][0]: ["1"]}}


REAL = {
    "POST /api/analytics/events": real_events,
    "POST /api/analytics/metrics/query": real_query,
}


def refuse_bad(body):
    """Unless it is told to refuse them all, it takes what is right in a list and tells of what is wrong, in an answer of 200."""
    if isinstance(body, dict) and body.get("mode", "skip_bad") == "skip_bad" and isinstance(body.get("events"), list):
        body["mode"] = "all_or_nothing"
