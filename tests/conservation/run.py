#!/usr/bin/env python3
"""Conservation laws of the shop, after random concurrent traffic with `kill -9` in between, on both databases.

Many buyers and some staff do everything at once on the gateway, which is killed and started again several times.
Each keeps a journal of answers and repeats, with its key, what was not answered. Then the jobs settle, and the laws
(`laws.py`) are checked by SQL. The control tampers with a row for each kind of law and has to be told. Ends with
`N passed, N failed`. KILLS and SECONDS (of traffic between two) stretch a run.
"""

import os
import random
import re
import secrets
import sqlite3
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "journey"))
from client import Checks, Client  # noqa: E402
from laws import LAWS, MADE, TAMPERINGS  # noqa: E402
from service import KINDS, Gateway, Place, sql_on_postgres  # noqa: E402
from traffic import API, PASSWORD, Buyer, Shop, Staff  # noqa: E402

KILLS = int(os.environ.get("KILLS", "4"))
SECONDS = float(os.environ.get("SECONDS", "10"))
BUYERS, STAFF = 12, 3
SETTLE_S, DRAIN_S = 60.0, 30.0
MORE_S = 90.0  # of traffic, at most, on a machine on which the usual does not bring everything about
STOCK = 60


class Sql:
    """The database of a place, past the gateway."""

    def __init__(self, place):
        self.place = place
        postgres = place.kind == "PostgreSQL"
        self.now = "now()" if postgres else "strftime('%Y-%m-%dT%H:%M:%fZ', 'now')"
        self.all_tables = "SELECT tablename FROM pg_tables" if postgres else "SELECT name FROM sqlite_master"

    def rows(self, statement):
        """Rows of whole numbers; anything else is text."""
        if self.place.kind == "PostgreSQL":
            found = [line.split("|") for line in sql_on_postgres(self.place.url, statement)]
            whole = lambda text: int(text) if text.lstrip("-").isdigit() else text  # noqa: E731
            return [tuple(whole(text) for text in row) for row in found]
        with closing(sqlite3.connect(self.place.data / "poligon.db", timeout=20)) as db, db:
            return db.execute(statement).fetchall()

    def column(self, statement):
        return [row[0] for row in self.rows(statement)]

    def pass_time(self):
        """Lets the time of every third unpaid order run out, and of what the killed gateway held. It must not run."""
        past = "'2020-01-01T00:00:00.000Z'"
        self.rows(f"UPDATE orders SET expires_at = {past} WHERE status = 'pending_payment' AND id % 3 = 0")
        self.rows(f"UPDATE jobs SET locked_until = {past} WHERE locked_until IS NOT NULL")
        self.rows(f"UPDATE leases SET held_until = {past}")
        # What was asked of the provider by the killed one is asked again soon, however often that has happened before.
        for table in ("payments", "payment_refunds"):
            self.rows(f"UPDATE {table} SET ask_at = {past}, asks = 0 WHERE ask_at IS NOT NULL")


def stock_shop(gateway, shop):
    """Makes what is fought for: products, some with few pieces, one that is not counted, and coupons with limits."""
    manager = Client(gateway.url, Checks())
    manager.token = manager.post("/api/auth/login", {"username": "manager", "password": PASSWORD}).body["access_token"]
    mark = secrets.token_hex(3).upper()
    money = lambda amount: {"amount": amount, "currency": "USD"}  # noqa: E731
    for n in range(6):
        variants = [
            {"sku": f"{mark}-{n}-{size}", "options": {"size": size}, "price": money(800 + 100 * n), "weight_g": 20,
             "stock": 0 if n == 5 else STOCK, "track_stock": n != 5}
            for size in ("S", "M")
        ]  # fmt: skip
        body = {"title": f"Kettle {mark} {n}", "status": "active", "variants": variants}
        made = manager.post(f"{API}/products", body, 201, headers={"Idempotency-Key": secrets.token_hex(8)}).body
        shop.products.append(made["id"])
        shop.variants += [variant["id"] for variant in made["variants"]]
    for code, more in (
        ("FEW", {"kind": "percent", "percent": 10, "max_redemptions": 7}),
        ("ONCE", {"kind": "fixed", "amount": money(300), "max_per_customer": 1}),
        ("FREE", {"kind": "free_shipping", "max_redemptions": 40, "max_per_customer": 3}),
    ):
        body = {"code": f"{mark}-{code}"} | more
        manager.post(f"{API}/coupons", body, 201, headers={"Idempotency-Key": secrets.token_hex(8)})
        shop.coupons.append(body["code"])
    assert not manager.checks.failed


def callers_of(shop, sql, seed):
    names = sql.column(f"SELECT username FROM users WHERE id > 10 ORDER BY id LIMIT {BUYERS}")
    found = [Buyer(shop, name, f"{seed}-{name}") for name in names]
    found += [Staff(shop, "manager", f"{seed}-manager-{n}") for n in range(STAFF)]
    for caller in found:
        caller.log_in()
    return found


# So often each has to succeed in a run, or the laws would hold for want of traffic.
LEAST = {
    "order": 50, "payment": 30, "capture": 1, "refund": 5, "confirm": 3, "shipment": 10, "tracking": 20, "return": 1,
    "stock": 10, "review": 5,
}  # fmt: skip
SLICE = {
    "capture": "payments", "confirm": "payments", "tracking": "shipments", "review": "reviews",
}  # fmt: skip


def expected(sql):
    """What the traffic has to bring about, as far as the shop has it: parts may be missing while it is built."""
    there = lambda what: {MADE.get(what, ("orders",))[0], SLICE.get(what, "orders")} <= sql.tables  # noqa: E731
    return {what: least for what, least in LEAST.items() if there(what)}


def wanting(shop, sql):
    """What has not succeeded often enough yet."""
    return [what for what, least in expected(sql).items() if len(shop.answers(what)) < least]


def traffic(place, shop, sql, rng):
    """Runs the traffic, with kills in between; answers the callers, and the gateway, which runs."""
    gateway = Gateway(place)
    shop.url = gateway.url
    stock_shop(gateway, shop)
    sql.tables = set(sql.column(sql.all_tables))
    tables = [table for table, _ in MADE.values() if table in sql.tables]
    shop.before = {table: sql.column(f"SELECT COALESCE(MAX(id), 0) FROM {table}")[0] for table in tables}
    callers = callers_of(shop, sql, rng.random())
    for caller in callers:
        caller.start()
    for _ in range(KILLS):
        time.sleep(SECONDS * rng.uniform(0.6, 1.4))
        gateway.process.kill()
        shop.url = None
        gateway.stop()
        sql.pass_time()
        gateway = Gateway(place)
        shop.url = gateway.url
    time.sleep(SECONDS)
    give_up = time.monotonic() + MORE_S
    while wanting(shop, sql) and time.monotonic() < give_up:
        time.sleep(0.5)
    shop.stopped.set()
    for caller in callers:
        caller.join(60)
    return callers, gateway


def settle(sql, checks):
    """Waits until nothing happens by itself any more."""
    waiting = {
        "event": "outbox WHERE dispatched_at IS NULL",
        "job": "jobs WHERE unique_key IS NULL AND dead_at IS NULL",
        "order": f"orders WHERE status = 'pending_payment' AND expires_at < {sql.now}",
        "payment": "payments WHERE status = 'processing'",
        "refund": "payment_refunds WHERE status = 'pending'",
    }
    parts = [f"SELECT '{what}', id FROM {rows}" for what, rows in waiting.items() if rows.split()[0] in sql.tables]
    left = " UNION ALL ".join(parts) + " LIMIT 20"
    began = time.monotonic()
    while (found := sql.rows(left)) and time.monotonic() - began < SETTLE_S:
        time.sleep(0.5)
    checks.equal(found, [], f"everything is settled within {SETTLE_S:.0f} s")
    return time.monotonic() - began


def listed(numbers):
    return ", ".join(str(number) for number in numbers) or "0"


class Lawyer:
    """Checks the laws."""

    def __init__(self, shop, sql):
        self.shop, self.sql = shop, sql
        self.names = {"own": listed(shop.variants), "products": listed(shop.products), "now": sql.now}

    def is_there(self, query):
        """Whether every table of a query is there: parts of the shop may be missing while it is built."""
        return set(re.findall(r"(?:FROM|JOIN) (\w+)", query)) <= self.sql.tables

    def filled(self, text):
        for name, value in self.names.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    def broken(self, law):
        """What breaks a law."""
        return self.sql.column(self.filled(LAWS[law]))

    def made(self, what):
        """What was answered and is not there, and what is there and was answered to nobody, or to two."""
        table, of = MADE[what]
        there = self.sql.column(f"SELECT id FROM {table} WHERE id > {self.shop.before.get(table, 0)} AND {of}")
        answered = [shown["id"] for _, _, _, shown in self.shop.answers(what)]
        return sorted(set(answered) - set(there)), sorted(set(there) - set(answered)), len(answered) - len(set(answered))

    def stock_by_hand(self):
        """Variants of which another sum came or went by hand than was answered."""
        wanted = dict.fromkeys(self.shop.variants, 0)
        for _, path, body, _ in self.shop.answers("stock"):
            wanted[int(path.split("/")[-2])] += body["delta"]
        by_hand = "('received', 'damaged', 'lost', 'correction')"
        found = self.sql.rows(
            f"SELECT variant_id, SUM(delta) FROM stock_journal WHERE reason IN {by_hand} GROUP BY variant_id"
        )
        seen = dict(found)
        return {one: (seen.get(one, 0), sum_of) for one, sum_of in wanted.items() if seen.get(one, 0) != sum_of}

    def totals(self):
        """Orders that cost something else than was answered."""
        there = dict(self.sql.rows("SELECT id, total FROM orders"))
        return [shown["id"] for *_, shown in self.shop.answers("order") if there.get(shown["id"]) != shown["total"]["amount"]]

    def check(self, checks):
        for law in LAWS:
            if self.is_there(LAWS[law]):
                checks.equal(self.broken(law), [], law)
        for what, (table, _) in MADE.items():
            if table not in self.sql.tables:
                continue
            missing, strange, twice = self.made(what)
            checks.equal(missing, [], f"every {what} that was answered is there")
            checks.equal(strange, [], f"no {what} is there that was answered to nobody")
            checks.equal(twice, 0, f"no {what} was answered to two requests")
        checks.equal(self.stock_by_hand(), {}, "stock that came and went by hand is what was answered")
        checks.equal(self.totals(), [], "orders cost what was answered")

    def control(self, checks):
        """Tampers with a row for each kind of law; what cannot be told is a failure of the checker."""
        for law, table, change, where in TAMPERINGS:
            if not self.is_there(LAWS[law]):
                continue
            key = "reference" if table == "sandbox_charges" else "id"
            found = self.sql.column(self.filled(f"SELECT {key} FROM {table} WHERE {where} ORDER BY 1 DESC LIMIT 1"))
            if not checks.that(found, f"control: there is a row to break the law: {law}"):
                continue
            self.sql.rows(f"UPDATE {table} SET {change.format('+')} WHERE {key} = '{found[0]}'")
            checks.that(self.broken(law), f"control: told when broken: {law}")
            self.sql.rows(f"UPDATE {table} SET {change.format('-')} WHERE {key} = '{found[0]}'")
            checks.equal(self.broken(law), [], f"control: whole again: {law}")
        self.shop.answered.append(("order", "", None, {"id": 10**9, "total": {"amount": 1}}))
        checks.equal(self.made("order")[0], [10**9], "control: an order that is not there is told")
        checks.equal(self.totals(), [10**9], "control: another total is told")
        self.shop.answered.pop()
        self.shop.answered.append(("stock", f"{API}/variants/{self.shop.variants[0]}/stock", {"delta": 3}, {}))
        checks.that(self.stock_by_hand(), "control: pieces that are not there are told")
        self.shop.answered.pop()


def walk(kind, seed):
    """What came of one database: passed and failed."""
    checks = Checks()
    checks.where = kind
    shop, rng = Shop(), random.Random(seed)
    with Place(kind) as place:
        sql = Sql(place)
        callers, gateway = traffic(place, shop, sql, rng)
        with gateway:
            left = [request[:3] for caller in callers for request in caller.drain(DRAIN_S)]
            checks.equal(left, [], f"everything is answered within {DRAIN_S:.0f} s after the traffic")
            settled = settle(sql, checks)
        lawyer = Lawyer(shop, sql)
        checks.equal(shop.faults, [], "no answer is a fault of the gateway")
        lawyer.check(checks)
        tell(kind, shop, sql, settled)
        for what, least in expected(sql).items():
            checks.that(len(shop.answers(what)) >= least, f"the traffic did something: {what}", len(shop.answers(what)))
        lawyer.control(checks)
    return checks.passed, checks.failed


def tell(kind, shop, sql, settled):
    done = {what: len(shop.answers(what)) for what in LEAST}
    states = ", ".join(f"{n} {status}" for status, n in sql.rows("SELECT status, COUNT(*) FROM orders GROUP BY 1 ORDER BY 2 DESC"))
    print(f"{kind}: {sum(shop.asked.values())} answers, {KILLS} kills, settled in {settled:.1f} s; succeeded: {done}")
    print(f"{kind}: {shop.unanswered} without an answer at first, {shop.replayed} answers replayed, {shop.asked[503]} times 503")
    print(f"{kind}: orders: {states}")
    print(f"{kind}: refused: {dict(shop.codes.most_common())}", flush=True)


def main():
    seed = os.environ.get("SEED") or secrets.token_hex(4)
    print(f"seed {seed}", flush=True)
    with ProcessPoolExecutor(len(KINDS)) as pool:  # side by side: the callers take more of a machine than the gateway
        outcomes = list(pool.map(walk, KINDS, [seed] * len(KINDS)))
    passed, failed = (sum(numbers) for numbers in zip(*outcomes))
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
