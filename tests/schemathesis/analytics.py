"""What the fuzzer has to know of the analytics: which metrics there are, what people do, and dashboards of every kind of widget.
The demo administrator calls, and sees all figures.
"""

import itertools
import json
import time
from urllib.parse import parse_qsl, urlsplit

from callers import Admin, Person, ask, numbers
from network import at


def figures(method, path, body=None, **more):
    return ask(method, f"analytics/{path}", body, Admin.get(), **more)


def real_events(case):
    case.body["events"] = [{"id": f"fuzzed-{next(numbers)}", "kind": "page_view", "path": "/shop"}]


def real_query(case):
    metrics = figures("GET", "metrics")["items"]
    metric = metrics[next(numbers) % len(metrics)]
    case.body = {"metric": metric["name"], "interval": "week", "tz": "Europe/Berlin", "compare": "previous_period"}
    if metric["dimensions"]:
        case.body |= {"group_by": metric["dimensions"][0], "filters": {metric["dimensions"][0]: ["1"]}}


def real_funnel(case):
    case.body = {"steps": [{"kind": "product_view"}, {"kind": "order"}, {"kind": "payment"}], "tz": "Asia/Kolkata"}


def real_cohorts(case):
    case.body = {"interval": ("day", "week", "month")[next(numbers) % 3], "returning": "order"}


def widgets():
    """One of every type."""
    settings = {
        "number": {"metric": "orders", "target": 5},
        "line": {"metric": "revenue"},
        "area": {"metric": "active_users"},
        "bar": {"metric": "posts", "interval": "week"},
        "stacked_bar": {"metric": "reactions", "group_by": "kind"},
        "pie": {"metric": "product_sales", "group_by": "product"},
        "table": {"metric": "page_views", "by": "group", "group_by": "path"},
        "funnel": {"steps": [{"kind": "order"}, {"kind": "payment"}]},
        "cohort": {"interval": "week"},
        "text": {"markdown": "**Words**"},
    }
    place = enumerate(settings.items())
    return [{"id": f"w{n}", "type": kind, "title": kind, "x": 0, "y": n, "w": 4, "h": 1, "settings": of} for n, (kind, of) in place]


def tidy():
    """Somebody has a hundred dashboards at most."""
    for dashboard in figures("GET", "dashboards?limit=100")["items"][10:]:
        figures("DELETE", f"dashboards/{dashboard['id']}", expected=(204, 403, 404))


made = itertools.count()


def new_dashboard():
    if next(made) % 40 == 0:
        tidy()
    return figures("POST", "dashboards", {"title": f"Fuzzed {next(numbers)}", "widgets": widgets()})["id"]


def plain(body):
    """The schema cannot say what settings each type of widget has, nor which dimensions there are."""
    for name, value in (("widgets", widgets()), ("filters", {"path": ["/"]}), ("period", {"preset": "today"})):
        if name in body:
            body[name] = value


def plain_days(query):
    """The schema cannot say that days are in order, and what stands in a JSON object."""
    if "filters" in query:
        query["filters"] = json.dumps({"product": ["1"]})
    if "from" in query or "to" in query:
        query |= {"from": "2026-01-01", "to": "2026-01-31"}


def real_new(case):
    plain(case.body)
    case.body["title"] = f"Fuzzed {next(numbers)}"
    if next(made) % 40 == 0:
        tidy()


def real_dashboard(case):
    at(case, new_dashboard())
    if isinstance(case.body, dict):
        plain(case.body)
    if case.query:
        plain_days(case.query)


def real_choice(case):
    case.body["dashboard_id"] = new_dashboard()


def real_share(case):
    at(case, new_dashboard())
    who = {"role": "manager"} if next(numbers) % 2 else {"user_id": Person().id}
    case.body = who | {"access": case.body.get("access", "view")}


def real_known_share(case):
    id_ = new_dashboard()
    at(case, id_)
    at(case, figures("POST", f"dashboards/{id_}/shares", {"role": "manager", "access": "view"})["id"], "share_id")


def real_link(case):
    at(case, new_dashboard())
    if isinstance(case.body, dict):
        case.body.pop("expires_at", None)


def real_known_link(case):
    id_ = new_dashboard()
    at(case, id_)
    at(case, figures("POST", f"dashboards/{id_}/links", {})["id"], "link_id")


def real_shared(case):
    at(case, figures("POST", f"dashboards/{new_dashboard()}/links", {})["token"], "token")
    if case.query:
        plain_days(case.query)


def real_override(case):
    at(case, new_dashboard())
    case.body = {"period": {"preset": "last_7_days"}, "hidden": ["w1"], "layout": [{"id": "w2", "x": 6, "y": 0, "w": 6, "h": 2}]}


def real_known_override(case):
    id_ = new_dashboard()
    at(case, id_)
    figures("PUT", f"dashboards/{id_}/override", {"tz": "Europe/Berlin"})


def real_days(case):
    if case.query:
        plain_days(case.query)


def new_kpi(name):
    return {"name": name, "metric": "orders", "period": {"preset": "this_month"}, "target": 5, "direction": "up"}


def real_new_kpi(case):
    for kpi in figures("GET", "kpis")["items"][10:]:  # there are fifty at most
        figures("DELETE", f"kpis/{kpi['id']}", expected=(204, 404))
    case.body = new_kpi(f"Fuzzed {next(numbers)}")


def real_kpi(case):
    real = figures("POST", "kpis", new_kpi(f"Fuzzed {next(numbers)}"), expected=(201, 409))
    at(case, real["id"] if "id" in real else figures("GET", "kpis")["items"][0]["id"])
    if isinstance(case.body, dict):
        case.body = new_kpi(f"Fuzzed {next(numbers)}")


def new_segment(name):
    return {"name": name, "conditions": [{"kind": "order", "at_least": 2, "within_days": 90}, {"kind": "post", "at_most": 0}]}


def real_new_segment(case):
    for segment in figures("GET", "segments")["items"][10:]:  # there are a hundred at most
        figures("DELETE", f"segments/{segment['id']}", expected=(204, 404))
    case.body = new_segment(f"Fuzzed {next(numbers)}")


def real_segment(case):
    real = figures("POST", "segments", new_segment(f"Fuzzed {next(numbers)}"), expected=(201, 409))
    at(case, real["id"] if "id" in real else figures("GET", "segments")["items"][0]["id"])
    if isinstance(case.body, dict):
        case.body = new_segment(f"Fuzzed {next(numbers)}")


def real_preview(case):
    widget = widgets()[next(numbers) % 10]
    case.body = {"type": widget["type"], "settings": widget["settings"], "tz": "Asia/Kolkata"}


def real_new_report(case):
    case.body = {"template": "sales", "format": ("xlsx", "html")[next(numbers) % 2], "period": {"preset": "today"}}


def new_report():
    """Of somebody new who sees figures: the administrator waits for five at most."""
    person = Person()
    ask("PUT", f"auth/users/{person.id}/roles", {"roles": ["auditor"]}, Admin.get())
    token = person.log_in()["access_token"]
    return ask("POST", "analytics/reports", {"template": "content", "format": "html"}, token)["id"], token


def real_report(case):
    id_, token = new_report()
    at(case, id_)
    case.headers["Authorization"] = f"Bearer {token}"


def real_import(case):
    body = {"schema_version": 1, "title": "Fuzzed", "description": "", "tz": "UTC", "filters": {}}
    case.body = body | {"period": {"preset": "today"}, "widgets": widgets()}


def real_export(case):
    case.query = {"what": "metric", "metric": "orders", "format": ("csv", "json", "xlsx")[next(numbers) % 3]}


def real_report_file(case):
    """A report that is made in a moment, by its link."""
    id_, token = new_report()
    for _ in range(100):
        report = ask("GET", f"analytics/reports/{id_}", None, token)
        if report["file"]:
            break
        time.sleep(0.05)
    at(case, id_)
    if report["file"]:
        case.query = dict(parse_qsl(urlsplit(report["file"]["url"]).query))


REAL = {
    "POST /api/analytics/dashboards/import": real_import,
    "GET /api/analytics/export": real_export,
    "GET /api/analytics/reports/{id}/file": real_report_file,
    "POST /api/analytics/reports": real_new_report,
    "GET /api/analytics/reports/{id}": real_report,
    "DELETE /api/analytics/reports/{id}": real_report,
    "POST /api/analytics/segments": real_new_segment,
    "GET /api/analytics/segments/{id}": real_segment,
    "PUT /api/analytics/segments/{id}": real_segment,
    "DELETE /api/analytics/segments/{id}": real_segment,
    "POST /api/analytics/widgets/preview": real_preview,
    "POST /api/analytics/kpis": real_new_kpi,
    "GET /api/analytics/kpis/{id}": real_kpi,
    "PUT /api/analytics/kpis/{id}": real_kpi,
    "DELETE /api/analytics/kpis/{id}": real_kpi,
    "POST /api/analytics/events": real_events,
    "POST /api/analytics/metrics/query": real_query,
    "POST /api/analytics/funnels/query": real_funnel,
    "POST /api/analytics/cohorts/query": real_cohorts,
    "POST /api/analytics/dashboards": real_new,
    "GET /api/analytics/dashboards/{id}": real_dashboard,
    "PUT /api/analytics/dashboards/{id}": real_dashboard,
    "PATCH /api/analytics/dashboards/{id}": real_dashboard,
    "DELETE /api/analytics/dashboards/{id}": real_dashboard,
    "POST /api/analytics/dashboards/{id}/copy": real_dashboard,
    "GET /api/analytics/dashboards/{id}/file": real_dashboard,
    "GET /api/analytics/dashboards/{id}/data": real_dashboard,
    "GET /api/analytics/dashboard": real_days,
    "PUT /api/analytics/dashboard": real_choice,
    "GET /api/analytics/dashboards/{id}/shares": real_dashboard,
    "POST /api/analytics/dashboards/{id}/shares": real_share,
    "DELETE /api/analytics/dashboards/{id}/shares/{share_id}": real_known_share,
    "GET /api/analytics/dashboards/{id}/links": real_dashboard,
    "POST /api/analytics/dashboards/{id}/links": real_link,
    "DELETE /api/analytics/dashboards/{id}/links/{link_id}": real_known_link,
    "GET /api/analytics/shared/{token}": real_shared,
    "PUT /api/analytics/dashboards/{id}/override": real_override,
    "DELETE /api/analytics/dashboards/{id}/override": real_known_override,
}


def refuse_bad(body):
    """Unless it is told to refuse them all, it takes what is right in a list and tells of what is wrong, in an answer of 200."""
    if isinstance(body, dict) and body.get("mode", "skip_bad") == "skip_bad" and isinstance(body.get("events"), list):
        body["mode"] = "all_or_nothing"
