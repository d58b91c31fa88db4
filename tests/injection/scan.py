#!/usr/bin/env python3
"""Looks for SQL injection with sqlmap at level 3: parameters of text in queries, paths and bodies of the content, on both
databases (promise 18). First a planted hole, in a query and in a path, that has to be found."""

import json
import os
import subprocess
import sys
import tempfile
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from planted import Planted  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402

DEMO = "practice makes perfect"
API = "/api/content"
# Where text that a client sends meets the database: address, and the parameter that is tried; `*` marks a part of a path.
QUERIES = [
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
PATHS = ["articles/slug*", "media/1*/file", "articles/1*/comments", "blogs/blog*", "categories/testing*", "tags/api*", "comments/1*"]
# With a body, as an author: what is written is searched and shown.
BODIES = [
    ("PATCH", "articles/1", {"title": "One*"}),
    ("PATCH", "articles/1", {"tags": ["api*"]}),
    ("POST", "reports", {"kind": "article", "id": 9, "reason": "other", "note": "x*"}),
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


def token(url):
    body = json.dumps({"username": "author", "password": DEMO}).encode()
    request = urllib.request.Request(f"{url}/api/auth/login", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["access_token"]


def planted():
    with Planted() as hole:
        for url, more in ((f"{hole.url}/articles?q=checkout", ["-p", "q"]), (f"{hole.url}/articles/checkout*", [])):
            found, said = sqlmap(url, *more)
            told(f"a planted hole is found: {url.removeprefix(hole.url)} (control)", None if found else said[-600:])


def attacks(gateway):
    bearer = ["-H", f"Authorization: Bearer {token(gateway.url)}"]
    for path, name in QUERIES[:MANY]:
        yield f"GET {path}, {name}", f"{gateway.url}{API}/{path}", ["-p", name]
    for path in PATHS[:MANY]:
        yield f"GET {path}", f"{gateway.url}{API}/{path}", []
    for method, path, body in BODIES[:MANY]:
        given = [f"--method={method}", f"--data={json.dumps(body)}", "-H", "Content-Type: application/json", *bearer]
        yield f"{method} {path}, {next(iter(body.values()))}", f"{gateway.url}{API}/{path}", given


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
