#!/usr/bin/env python3
"""A dashboard of twelve widgets over FACTS (10,000,000) facts, on each database: how long the first look takes, looks by one client
when nothing happens, and looks while facts come; then 1,000,000 facts as CSV and JSON and as many rows as a workbook: the time to
the first byte, and the most memory that the process takes.

Needs POLIGON_GATEWAY (an optimised binary), TEST_DATABASE_URL, TEST_REDIS_URL; ONLY names one of the databases. Ends with
`N passed, N failed`: looks have to be below 30 ms at the 99th percentile, the first byte of CSV and JSON and the head of a workbook,
whose body comes when it is whole, below 200 ms, memory below 150 MB. Standard library only.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "journey"))
from client import Checks, outcome  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402

FACTS = int(os.environ.get("FACTS", "10000000"))
LOOKS = int(os.environ.get("LOOKS", "500"))
ONLY = os.environ.get("ONLY")
MOST_MS, FIRST_BYTE_MS, MEMORY_MB, ROWS = 30, 200, 150, 1_000_000
PASSWORD = "practice makes perfect"


class Caller:
    """One connection of somebody who is logged in."""

    def __init__(self, url, token=None):
        at = urlsplit(url)
        self.connection = HTTPConnection(at.hostname, at.port, timeout=300)
        self.headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})

    def ask(self, method, path, body=None):
        self.connection.request(method, f"/api/{path}", None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {raw[:500]}")
        return raw

    def look(self):
        """Milliseconds of a look, and how old the oldest of its figures is."""
        began = time.perf_counter()
        shown = json.loads(self.ask("GET", "analytics/dashboard"))
        took = (time.perf_counter() - began) * 1000
        widgets = shown["widgets"]
        assert len(widgets) == 12 and all(widget["data"] for widget in widgets), [w["problem"] for w in widgets]
        return took


def percentile(times, part):
    return sorted(times)[min(len(times) - 1, int(len(times) * part))]


def told(what, times):
    middle, high, most = percentile(times, 0.5), percentile(times, 0.99), max(times)
    print(f"{what}: p50 {middle:.1f} ms, p99 {high:.1f} ms, slowest {most:.1f} ms, {len(times)} looks", flush=True)
    return high


def facts_come(url, token, over):
    """Twenty facts a second, until it is over."""
    caller, number = Caller(url, token), 0
    while not over.wait(0.05):
        number += 1
        event = {"id": f"load-{number}", "kind": "product_view", "object_id": number % 500 + 1}
        caller.ask("POST", "analytics/events", {"events": [event]})


def resident_mb(pid):
    return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())[1]) / 1024


def export(gateway, token, form, most):
    """Milliseconds to the head of the answer and to the first byte of its body, rows, the most memory in megabytes, seconds, bytes."""
    at = urlsplit(gateway.url)
    connection = HTTPConnection(at.hostname, at.port, timeout=900)
    began = time.perf_counter()
    path = f"/api/analytics/export?what=facts&kind=product_view&format={form}&from=2000-01-01"
    connection.request("GET", path, headers={"Authorization": f"Bearer {token}"})
    answer = connection.getresponse()
    head = time.perf_counter() - began
    assert answer.status == 200, answer.read()[:500]
    first, memory, rows, length = None, 0.0, 0, 0
    separator = b"\r\n" if form == "csv" else b"},{"
    while rows < most:
        piece = answer.read1(1 << 16)
        first = first or time.perf_counter() - began
        if not piece:
            break
        rows, length, memory = rows + piece.count(separator), length + len(piece), max(memory, resident_mb(gateway.process.pid))
    connection.close()
    took = time.perf_counter() - began
    return head * 1000, first * 1000, rows, memory, took, length


def walk(kind, checks):
    with Place(kind) as place:
        began = time.perf_counter()
        seed = [os.environ["POLIGON_GATEWAY"], "seed", "--facts", str(FACTS), *place.flags]
        subprocess.run(seed, check=True, stdout=subprocess.DEVNULL, env=place.environment())
        print(f"{kind}: {FACTS} facts in {time.perf_counter() - began:.0f} s", flush=True)
        with Gateway(place, POLIGON_LIMITS__ENABLED="false") as gateway:
            login = {"username": "admin", "password": PASSWORD}
            token = json.loads(Caller(gateway.url).ask("POST", "auth/login", login))["access_token"]
            caller = Caller(gateway.url, token)
            print(f"{kind}, the first look: {caller.look():.0f} ms", flush=True)
            high = told(f"{kind}, nothing happens", [caller.look() for _ in range(LOOKS)])
            checks.that(high < MOST_MS, f"{kind}: a look takes less than {MOST_MS} ms at p99")
            over = threading.Event()
            thread = threading.Thread(target=facts_come, args=(gateway.url, token, over))
            thread.start()
            times = []
            for _ in range(LOOKS):
                times.append(caller.look())
                time.sleep(0.02)
            over.set()
            thread.join()
            checks.that(told(f"{kind}, facts come", times) < MOST_MS, f"{kind}: so it does while facts come")
            for form in ("csv", "json"):
                _, first, rows, memory, took, length = export(gateway, token, form, ROWS)
                print(f"{kind}, {form}: {rows} rows, {length / 1e6:.0f} MB in {took:.1f} s, first byte {first:.0f} ms, {memory:.0f} MB of memory", flush=True)
                checks.that(first < FIRST_BYTE_MS, f"{kind}: the first byte of {form} comes in {FIRST_BYTE_MS} ms")
                checks.that(memory < MEMORY_MB, f"{kind}: {form} takes less than {MEMORY_MB} MB")
            head, first, _, memory, took, length = export(gateway, token, "xlsx", float("inf"))
            line = f"{kind}, xlsx: {length / 1e6:.0f} MB in {took:.1f} s, head {head:.0f} ms, first byte of the body {first:.0f} ms"
            print(f"{line}, {memory:.0f} MB of memory", flush=True)
            checks.that(head < FIRST_BYTE_MS, f"{kind}: the head of a workbook comes in {FIRST_BYTE_MS} ms")
            checks.that(memory < MEMORY_MB, f"{kind}: a workbook takes less than {MEMORY_MB} MB")


if __name__ == "__main__":
    checks = Checks()
    for kind in KINDS:
        if ONLY in (None, kind):
            walk(kind, checks)
    sys.exit(outcome(checks))
