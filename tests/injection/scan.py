#!/usr/bin/env python3
"""Looks for SQL injection with sqlmap at level 3: parameters of text in queries, paths and bodies of the content and of the figures,
on both databases (promise 18). First a planted hole, in a query and in a path, that has to be found."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from planted import Planted  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402

DEMO = "practice makes perfect"
# Where text that a client sends meets the database: address, and the parameter that is tried; `*` marks a part of a path.
CONTENT_QUERIES = [
    ("articles?q=checkout", "q"),
    ("articles?category=testing", "category"),
    ("articles?author=author", "author"),
    ("articles?tag=api", "tag"),
    ("articles?blog=1", "blog"),
    ("articles?sort=title", "sort"),
    ("articles?language=en", "language"),
    ("articles?from=2026-01-01T00:00:00Z", "from"),
    ("articles?limit=5", "limit"),
    ("tags?q=a", "q"),
    ("media/1/file?size=small", "size"),
    ("media/1/file?expires=1&signature=" + "A" * 43, "signature"),
]
CONTENT_PATHS = ["articles/slug*", "media/1*/file", "articles/1*/comments", "blogs/blog*", "categories/testing*", "tags/api*", "comments/1*"]
# With a body, as an author: what is written is searched and shown.
CONTENT_BODIES = [
    ("PATCH", "articles/1", {"title": "One*"}),
    ("PATCH", "articles/1", {"tags": ["api*"]}),
    ("POST", "reports", {"kind": "article", "id": 9, "reason": "other", "note": "x*"}),
]
# As an administrator, who sees all figures.
ANALYTICS_QUERIES = [
    ("export?what=facts&kind=page_view&format=csv&filters=" + quote('{"path":["/x*"]}', safe="*"), None),
    ("export?what=facts&format=csv&kind=order", "kind"),
    ("dashboard?filters=" + quote('{"product":["7*"]}', safe="*"), None),
    ("export?what=metric&metric=orders&format=json&group_by=product&tz=UTC", "group_by"),
    ("export?what=metric&metric=orders&format=json&tz=Europe/Berlin", "tz"),
    ("export?what=dashboard&format=csv&widget_id=orders", "widget_id"),
]
ANALYTICS_BODIES = [
    ("POST", "metrics/query", {"metric": "page_views", "group_by": "path", "filters": {"path": ["/x*"]}}),
    ("POST", "funnels/query", {"steps": [{"kind": "page_view", "values": ["/x*"]}, {"kind": "login"}]}),
    ("POST", "events", {"events": [{"id": "x*", "kind": "custom", "name": "tried"}]}),
    ("POST", "events", {"events": [{"id": "x", "kind": "page_view", "path": "/x*"}]}),
    ("POST", "metrics/query", {"metric": "orders*"}),
    ("POST", "segments", {"name": "x*", "conditions": [{"kind": "page_view", "values": ["/x"]}]}),
    ("POST", "segments", {"name": "Tried", "conditions": [{"kind": "page_view", "values": ["/x*"]}]}),
    ("POST", "cohorts/query", {"interval": "week", "returning": "order*"}),
]
# Who asks, and what of.
DOMAINS = [
    ("/api/content", "author", CONTENT_QUERIES, CONTENT_PATHS, CONTENT_BODIES),
    ("/api/analytics", "admin", ANALYTICS_QUERIES, [], ANALYTICS_BODIES),
]
# All of them take some minutes: the suite tries the first of each, INJECTION_ALL=1 everything.
MANY = 99 if os.environ.get("INJECTION_ALL") else 3
outcomes = {"passed": 0, "failed": 0}


def told(what, fault=None):
    outcomes["failed" if fault else "passed"] += 1
    print(f"{'FAILED' if fault else 'ok'}  {what}{': ' + str(fault)[:600] if fault else ''}", flush=True)


def sqlmap(url, *more, dbms="SQLite"):
    """Whether sqlmap finds a way in; what it said last."""
    with tempfile.TemporaryDirectory(prefix="poligon-sqlmap.") as out:
        fixed = ["--batch", "--level=3", "--risk=1", "--technique=BEUSQ", f"--dbms={dbms}", "--threads=2", "--flush-session"]
        quiet = ["--disable-coloring", f"--output-dir={out}", "--ignore-code=400,404,406,409,415,422", "--timeout=15", "--retries=1"]
        command = [Path(sys.executable).parent / "sqlmap", "-u", url, *fixed, *quiet, *more]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    said = done.stdout + done.stderr
    if "is vulnerable" in said or "identified the following injection point" in said:
        return True, said
    if "do not appear to be injectable" not in said:
        raise RuntimeError(f"sqlmap has not come to an end: {said[-800:]}")
    return False, said


def token(url, name):
    body = json.dumps({"username": name, "password": DEMO}).encode()
    request = urllib.request.Request(f"{url}/api/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def planted():
    with Planted() as hole:
        for url, more in ((f"{hole.url}/articles?q=checkout", ["-p", "q"]), (f"{hole.url}/articles/checkout*", [])):
            found, said = sqlmap(url, *more)
            told(f"a planted hole is found: {url.removeprefix(hole.url)} (control)", None if found else said[-600:])


def attacks(gateway):
    for api, name, queries, paths, bodies in DOMAINS:
        bearer = ["-H", f"Authorization: Bearer {token(gateway.url, name)}"]
        # The content is public.
        reader = [] if paths else bearer
        for path, parameter in queries[:MANY]:
            given = ["-p", parameter] if parameter else []
            yield f"GET {path}, {parameter or 'where it is marked'}", f"{gateway.url}{api}/{path}", [*given, *reader]
        for path in paths[:MANY]:
            yield f"GET {path}", f"{gateway.url}{api}/{path}", reader
        for method, path, body in bodies[:MANY]:
            given = [f"--method={method}", f"--data={json.dumps(body)}", "-H", "Content-Type: application/json", *bearer]
            yield f"{method} {path}, {json.dumps(body)}", f"{gateway.url}{api}/{path}", given


def scan(kind):
    with Place(kind) as place, Gateway(place, "--log", "error") as gateway:

        def one(attack):
            what, url, more = attack
            try:
                found, said = sqlmap(url, *more, dbms=kind)
            except (RuntimeError, subprocess.TimeoutExpired) as fault:
                return what, repr(fault)
            bad = "500 (Internal Server Error)" in said
            return what, "sqlmap has found a way in" if found else "an answer was 500" if bad else None

        with ThreadPoolExecutor(2) as pool:
            for what, fault in pool.map(one, attacks(gateway)):
                told(f"{kind}: {what}", fault)


def main():
    planted()
    for kind in KINDS:
        scan(kind)
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] or not outcomes["passed"] else 0)


if __name__ == "__main__":
    main()
