#!/usr/bin/env python3
"""How long a whole board takes, beside how long it takes to say who one is: a board of CARDS (2000) cards with labels,
people, comments and checklists, on each database; read by one client ROUNDS (400) times, then by four at once.

Needs POLIGON_GATEWAY (an optimised binary), TEST_DATABASE_URL, TEST_REDIS_URL. Ends with `N passed, N failed`; with MOST_MS
set, the 99th percentile of one client has to be below it. Standard library only.
"""

import json
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from client import Checks, outcome  # noqa: E402
from service import KINDS, Gateway, Place  # noqa: E402

CARDS = int(os.environ.get("CARDS", "2000"))
ROUNDS = int(os.environ.get("ROUNDS", "400"))
MOST_MS = float(os.environ.get("MOST_MS", "0"))
PASSWORD = "practice makes perfect"
AT_ONCE = 100


class Caller:
    """One connection of somebody who is logged in."""

    def __init__(self, url, token=None):
        at = urlsplit(url)
        self.connection = HTTPConnection(at.hostname, at.port, timeout=60)
        self.headers = {"Content-Type": "application/json"}
        if token:
            self.headers["Authorization"] = f"Bearer {token}"

    def ask(self, method, path, body=None):
        self.connection.request(method, f"/api/{path}", None if body is None else json.dumps(body), self.headers)
        answer = self.connection.getresponse()
        raw = answer.read()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {raw[:500]}")
        return raw

    def json(self, method, path, body=None):
        return json.loads(self.ask(method, path, body))


def make_board(caller):
    board = caller.json("POST", "tasks/boards", {"project_id": 1, "name": "Measured"})
    columns, labels = [c["id"] for c in board["columns"]], [label["id"] for label in board["labels"]]
    people = [m["person"]["id"] for m in caller.json("GET", "tasks/teams/1/members")["items"] if m["role"] != "viewer"]
    for first in range(0, CARDS, AT_ONCE):
        operations = [
            {
                "create": {
                    "title": f"Card {n} of many: the coupon is counted twice",
                    "description": "What happens, and what should. " * 10,
                    "column_id": columns[(0, 1, 2, 4)[n % 4]] if n % 16 == 0 else columns[0],
                    "label_ids": [labels[n % len(labels)]],
                    "assignee_ids": [people[n % len(people)]],
                    "due_at": "2090-01-01T00:00:00Z",
                    "estimate": n % 13,
                }
            }
            for n in range(first, min(first + AT_ONCE, CARDS))
        ]
        caller.ask("POST", "tasks/cards/bulk", {"board_id": board["id"], "operations": operations})
    return board["id"]


def times_of(caller, path, rounds):
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        length = len(caller.ask("GET", path))
        times.append((time.perf_counter() - began) * 1000)
    return sorted(times), length


def percentile(times, part):
    return times[min(len(times) - 1, int(len(times) * part))]


def tell(what, times, length):
    middle, high = percentile(times, 0.5), percentile(times, 0.99)
    print(f"{what}: p50 {middle:.1f} ms, p99 {high:.1f} ms, {length / 1000:.0f} kB", flush=True)
    return high


def measure(url, token, path, what):
    caller = Caller(url, token)
    times_of(caller, path, 20)
    high = tell(f"{what}, one client", *times_of(caller, path, ROUNDS))
    with ThreadPoolExecutor(4) as pool:
        began = time.perf_counter()
        parts = list(pool.map(lambda _: times_of(Caller(url, token), path, ROUNDS // 4), range(4)))
        took = time.perf_counter() - began
    tell(f"{what}, four clients, {ROUNDS / took:.0f} a second", sorted(t for part, _ in parts for t in part), parts[0][1])
    return high


def walk(kind, checks):
    with Place(kind) as place, Gateway(place, POLIGON_LIMITS__ENABLED="false") as gateway:
        login = {"username": "ann", "password": PASSWORD}
        token = Caller(gateway.url).json("POST", "auth/login", login)["access_token"]
        caller = Caller(gateway.url, token)
        board_id = make_board(caller)
        full = caller.json("GET", f"tasks/boards/{board_id}")
        there = sum(len(column["cards"]) for column in full["columns"])
        checks.equal(there, CARDS, f"{kind}: the board has all its cards")
        measure(gateway.url, token, "auth/me", f"{kind}: who one is")
        high = measure(gateway.url, token, f"tasks/boards/{board_id}", f"{kind}: a board of {CARDS} cards")
        if MOST_MS:
            checks.below(high, MOST_MS, f"{kind}: p99 in ms")


def main():
    checks = Checks()
    for kind in os.environ.get("DATABASES", ",".join(KINDS)).split(","):
        walk(kind, checks)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
