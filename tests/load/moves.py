#!/usr/bin/env python3
"""Sixteen people move the cards of one board as they like, while the gateway is killed and started again.

Every card stands in one place, no column holds more than its limit, every answered move is in the activity, and what the
activity tells makes the same board; on each database. MOVES (5000) is how many moves are answered, KILLS (5) how often the
gateway is killed. Needs POLIGON_GATEWAY, TEST_DATABASE_URL, TEST_REDIS_URL. Ends with `N passed, N failed`. Standard library
only.
"""

import json
import os
import random
import sqlite3
import sys
import threading
import time
from collections import Counter
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from client import Checks, attempt, new_name, outcome  # noqa: E402
from service import KINDS, Gateway, Place, sql_on_postgres  # noqa: E402

MOVES = int(os.environ.get("MOVES", "5000"))
KILLS = int(os.environ.get("KILLS", "5"))
PEOPLE, CARDS = 16, 120
PASSWORD = "practice makes perfect"
GIVE_UP_S = 240.0


class Away(Exception):
    """The gateway did not answer."""


def ask(url, method, path, body=None, token=None):
    """Status and JSON."""
    at = urlsplit(url)
    connection = HTTPConnection(at.hostname, at.port, timeout=10)
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request(method, f"/api/{path}", None if body is None else json.dumps(body), headers)
        answer = connection.getresponse()
        raw = answer.read()
    except (OSError, HTTPException) as error:
        raise Away from error
    finally:
        connection.close()
    return answer.status, json.loads(raw) if raw else None


def need(url, method, path, body=None, token=None):
    """JSON of what has to succeed."""
    status, found = ask(url, method, path, body, token)
    if status >= 300:
        raise RuntimeError(f"{method} {path} answered {status}: {found}")
    return found


class Table:
    """What everybody shares: where the gateway is, the board, what was answered."""

    def __init__(self, url):
        self.url = url
        self.lock = threading.Lock()
        self.statuses, self.codes = Counter(), Counter()
        self.moved = []  # (card, column, when it came there) of every answer
        self.over = threading.Event()
        login = {"username": "ann", "password": PASSWORD}
        self.token = need(url, "POST", "auth/login", login)["access_token"]
        self.board = need(url, "POST", "tasks/boards", {"project_id": 1, "name": "Storm"}, self.token)
        self.columns = [column["id"] for column in self.board["columns"]]
        self.cards = [self.make(n) for n in range(CARDS)]
        self.tokens = [self.newcomer() for _ in range(PEOPLE)]

    def make(self, n):
        new = {"board_id": self.board["id"], "title": f"Card {n}", "column_id": self.columns[0 if n % 2 else 4]}
        return need(self.url, "POST", "tasks/cards", new, self.token)["id"]

    def newcomer(self):
        name = new_name()
        account = {"email": f"{name}@example.com", "username": name, "display_name": "Mover", "password": PASSWORD}
        id_ = need(self.url, "POST", "auth/register", account)["id"]
        need(self.url, "PUT", f"tasks/projects/1/members/{id_}", {"role": "member"}, self.token)
        return need(self.url, "POST", "auth/login", {"username": name, "password": PASSWORD})["access_token"]

    def move_on_and_on(self, seed):
        chance = random.Random(seed)
        while not self.over.is_set():
            card, other = chance.sample(self.cards, 2)
            place = chance.choice([{}, {"before_id": other}, {"after_id": other}])
            wanted = {"column_id": chance.choice(self.columns), **place}
            try:
                status, found = ask(self.url, "POST", f"tasks/cards/{card}/move", wanted, self.tokens[seed])
            except Away:
                time.sleep(0.05)
                continue
            with self.lock:
                self.statuses[status] += 1
                self.codes[(found or {}).get("code", "moved")] += 1
                if status == 200:
                    self.moved.append((card, found["column_id"], found["entered_at"]))
                    if len(self.moved) >= MOVES:
                        self.over.set()

    def whole_activity(self):
        entries, cursor = [], ""
        while True:
            path = f"tasks/boards/{self.board['id']}/activity?limit=100{cursor}"
            page = need(self.url, "GET", path, None, self.token)
            entries += page["items"]
            if not page["next_cursor"]:
                return entries[::-1]
            cursor = f"&cursor={page['next_cursor']}"


def replay(entries):
    """The columns with their cards that follow from activity; raises where an entry contradicts those before it."""
    columns = {}
    for entry in entries:
        before, after = entry["before"] or {}, entry["after"] or {}
        if entry["type"] == "column_created":
            columns[after["column_id"]] = []
        if entry["type"] not in ("card_created", "card_moved"):
            continue
        card = entry["card_id"]
        if entry["type"] == "card_moved":
            stood = columns[before["column_id"]]
            place = stood.index(card)
            if (stood[place - 1] if place else None) != before["after_id"]:
                raise ValueError(f"{entry} contradicts {stood}")
            stood.remove(card)
        goes = columns[after["column_id"]]
        goes.insert(goes.index(after["after_id"]) + 1 if after["after_id"] else 0, card)
    return columns


def makes(entries, standing):
    """Whether what is told makes this board."""
    try:
        return replay(entries) == standing
    except (KeyError, ValueError):
        return False


def rows(place, statement):
    if place.kind == "PostgreSQL":
        return [line.split("|") for line in sql_on_postgres(place.url, statement)]
    with sqlite3.connect(f"file:{place.data}/poligon.db?mode=ro", uri=True, timeout=10) as database:
        return [[str(value) for value in row] for row in database.execute(statement)]


def compare(checks, table, place):
    board = need(table.url, "GET", f"tasks/boards/{table.board['id']}", None, table.token)
    entries = table.whole_activity()
    standing = {column["id"]: [card["id"] for card in column["cards"]] for column in board["columns"]}
    cards = [card for stood in standing.values() for card in stood]
    checks.equal(sorted(cards), sorted(table.cards), "every card stands in one place")
    checks.equal([entry["seq"] for entry in entries], list(range(1, len(entries) + 1)), "activity has no gap")
    checks.that(makes(entries, standing), "activity makes the same board")
    last = max(n for n, entry in enumerate(entries) if entry["type"] == "card_moved")
    checks.that(not makes(entries[:last] + entries[last + 1 :], standing), "without its last move it would not")
    told = {(e["card_id"], e["after"]["column_id"], e["created_at"]) for e in entries if e["card_id"] and e["after"]}
    lost = [move for move in table.moved if move not in told]
    checks.equal(lost, [], "every answered move is in the activity")
    for column in board["columns"]:
        limit = column["wip_limit"] or CARDS
        checks.that(len(column["cards"]) <= limit, f"{column['name']} is within its limit", len(column["cards"]))
        checks.equal(column["card_count"], len(column["cards"]), f"{column['name']} is counted")
    id_ = table.board["id"]
    counted = rows(place, f"SELECT COUNT(*), COUNT(rank), COUNT(DISTINCT rank || '/' || column_id) FROM cards WHERE board_id = {id_}")
    checks.equal(counted, [[str(CARDS)] * 3], "every card has a rank of its own")
    most = f"SELECT COUNT(*) FROM (SELECT column_id FROM cards WHERE board_id = {id_} GROUP BY column_id) AS used"
    checks.that(int(rows(place, most)[0][0]) == len([1 for stood in standing.values() if stood]), "rows and answer agree")


def storm(checks, kind):
    checks.where = kind
    with Place(kind) as place:
        gateway = Gateway(place)
        try:
            table = Table(gateway.url)
            threads = [threading.Thread(target=table.move_on_and_on, args=(n,), daemon=True) for n in range(PEOPLE)]
            began = time.monotonic()
            for thread in threads:
                thread.start()
            for kill in range(1, KILLS + 1):
                while len(table.moved) < MOVES * kill // (KILLS + 1) and time.monotonic() - began < GIVE_UP_S:
                    time.sleep(0.01)
                gateway.process.kill()
                gateway.process.wait()
                gateway = Gateway(place)
                table.url = gateway.url
            table.over.wait(max(1.0, GIVE_UP_S - (time.monotonic() - began)))
            table.over.set()
            for thread in threads:
                thread.join(15)
            took = time.monotonic() - began
            checks.that(len(table.moved) >= MOVES, f"{MOVES} moves were answered", len(table.moved))
            checks.that(set(table.statuses) <= {200, 409, 422, 503}, "no other answer", dict(table.statuses))
            checks.that(table.codes["wip_limit_reached"] > 0, "a limit was met", dict(table.codes))
            compare(checks, table, place)
            print(f"{kind}: {len(table.moved)} moves, {KILLS} kills, {took:.0f} s; {dict(table.codes)}", flush=True)
        finally:
            gateway.stop()


def main():
    checks = Checks()
    for kind in KINDS:
        attempt(checks, storm, checks, kind)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
