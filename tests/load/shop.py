#!/usr/bin/env python3
"""Speed of the shop beside a reference service, interleaved, so that what the machine does to one it does to all.

    PEERS=<folder of the reference services, set up> tests/load/shop.py [rounds]

The newest 20 products, 20 of one category, one product, and an order of three lines, with everything on, beside the same
of the FastAPI reference: on PostgreSQL (the reference's own server, fsync on) and on SQLite, both without ready answers,
and with ready answers as they are by default. 10,000 products on every side: the reference's own, and ours as
`gateway seed --products 10000` makes them, with so much of each in stock that none runs out. wrk with 32 connections
runs on the same cores. Prints medians of the rounds, ratios, and the CPU time of a request, which is steadier than
requests a second: on a crowded machine many threads get more of it than the reference's two processes do. Needs `wrk`, a release build, and the reference set up with its PostgreSQL
running (`db/pg.sh start`); SECONDS_EACH is how long each is measured.
"""

import json
import os
import re
import resource
import secrets
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent
GATEWAY = Path(os.environ.get("POLIGON_GATEWAY", HERE.parents[1] / "target/release/gateway"))
SECONDS = int(os.environ.get("SECONDS_EACH", "6"))
WARM_SECONDS = 2
PRODUCTS, PEOPLE = 10_000, 64
DATABASE = "poligon_shop"
DEMO, REFERENCE = "practice makes perfect", "correct horse battery"
AIMS = {  # times the reference, from the design: PostgreSQL, SQLite, ready answers
    "list": (8, 15, 50), "category": (8, 15, 50), "detail": (10, 17, 40), "order": (8, 20, None),
}  # fmt: skip
SIDES = ("FastAPI", "PostgreSQL", "SQLite", "ready")
TICK = os.sysconf("SC_CLK_TCK")
ADDRESS = {
    "name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701",
    "country": "US",
}  # fmt: skip


class Peers:
    """The reference service and its PostgreSQL."""

    def __init__(self, folder):
        self.folder = Path(folder)
        script = f'. "{folder}/env.sh" && echo "$PGHOST $PGPORT $PGUSER $PGDATABASE $FASTAPI_PORT $PGDATA_DIR"'
        names = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.split()
        self.host, self.port, self.user, self.database, port, data = names
        self.url = f"http://127.0.0.1:{port}"
        self.postmaster = int(Path(data, "postmaster.pid").read_text().split()[0])

    def psql(self, database, *statements):
        command = ["psql", "-X", "-qtA", "-v", "ON_ERROR_STOP=1", "-h", self.host, "-p", self.port, "-U", self.user]
        given = [part for statement in statements for part in ("-c", statement)]
        done = subprocess.run([*command, "-d", database, *given], check=True, capture_output=True, text=True)
        return done.stdout.split()

    def url_of(self, database):
        return f"postgresql://{self.user}@{self.host}:{self.port}/{database}"

    def run(self, what):
        subprocess.run([self.folder / "run.sh", what, "fastapi"], check=True, stdout=subprocess.DEVNULL)

    def __enter__(self):
        self.run("start")
        return self

    def __exit__(self, *_):
        self.run("stop")

    def processes(self):
        group = int((self.folder / "run/fastapi.pid").read_text())
        return [pid for pid, (_, of_group, _) in processes().items() if of_group == group]


def processes():
    """Of every process: its parent, its group and its seconds of CPU."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue
        fields = stat[stat.rindex(")") + 2 :].split()
        found[int(folder.name)] = (int(fields[1]), int(fields[2]), (int(fields[11]) + int(fields[12])) / TICK)
    return found


def cpu(pids, postmaster):
    """Seconds of CPU of these processes, and of every process of PostgreSQL."""
    all_of = processes()
    of_database = sum(used for parent, _, used in all_of.values() if parent == postmaster)
    return sum(all_of[pid][2] for pid in pids if pid in all_of), of_database


def post(url, body):
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


class Gateway:
    """Ours on a database that is filled; `ready` with ready answers as they are by default."""

    def __init__(self, place, ready=False):
        self.place, self.ready = place, ready
        self.port = 18190 + SIDES.index(place.name)
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self):
        more = {} if self.ready else {"POLIGON_CACHE__ANSWER_BYTES": "0"}
        command = [GATEWAY, *self.place.flags, "--bind", f"127.0.0.1:{self.port}", "--log", "warn"]
        self.process = subprocess.Popen(
            command, env=self.place.environment | more, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for _ in range(600):
            try:
                urllib.request.urlopen(f"{self.url}/health/ready", timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        sys.exit("the gateway did not start")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()

    def processes(self):
        return [self.process.pid]


class Place:
    """A database of ours with 10,000 products that never run out."""

    STOCK = "UPDATE variants SET stock_on_hand = 1000000"
    SHOWN = "UPDATE products SET in_stock = true"

    def __init__(self, name, folder, peers):
        self.name, self.peers = name, peers
        self.flags = ["--data-dir", f"{folder}/{name}"]
        drop = re.compile(r"^(POLIGON_|DATABASE_|REDIS_URL|STORAGE_URL|SMTP_URL)")
        kept = {key: value for key, value in os.environ.items() if not drop.match(key)}
        self.environment = kept | {"POLIGON_SECURITY__BCRYPT_COST": "4"}
        self.file = Path(folder, name, "poligon.db")
        if name == "PostgreSQL":
            peers.psql("postgres", f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)", f"CREATE DATABASE {DATABASE}")
            self.flags += ["--database-url", peers.url_of(DATABASE)]
        seed = [GATEWAY, "seed", "--profile", "demo", "--products", str(PRODUCTS), *self.flags]
        subprocess.run(seed, check=True, env=self.environment, stdout=subprocess.DEVNULL)
        self.change(self.STOCK, self.SHOWN)
        if name == "PostgreSQL":
            peers.psql(DATABASE, "VACUUM ANALYZE")

    def change(self, *statements):
        if self.name == "PostgreSQL":
            self.peers.psql(DATABASE, *statements)
            return
        with sqlite3.connect(self.file) as db:
            for statement in statements:
                db.execute(statement)

    def column(self, query):
        if self.name == "PostgreSQL":
            return self.peers.psql(DATABASE, query)
        with sqlite3.connect(self.file) as db:
            return [str(row[0]) for row in db.execute(query)]


class Drawn:
    """What requests are drawn from: files for `request.lua`."""

    def __init__(self, folder, name):
        self.folder, self.name = Path(folder), name

    def file(self, kind, lines):
        path = self.folder / f"{self.name}-{kind}"
        path.write_text("\n".join(lines) + "\n")
        return str(path)


def ask(side, names, postmaster, seconds):
    """Requests a second, and microseconds of CPU a request: of the service, of PostgreSQL, of wrk."""
    command = ["wrk", "-t1", "-c32", f"-d{seconds}", "--timeout", "20", "-s", str(HERE / "request.lua"), side.url]
    service, database = cpu(side.processes(), postmaster)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=os.environ | names | {"SEED": str(secrets.randbits(30))}
    )
    after, wrk = cpu(side.processes(), postmaster), resource.getrusage(resource.RUSAGE_CHILDREN)
    told = json.loads(re.search(r"@@(\{.*\})", done.stdout)[1])
    if told["refused"] or told["errors"] or not told["requests"]:
        sys.exit(f"{side.url} {names}: not every answer was a success: {told}")
    load = wrk.ru_utime + wrk.ru_stime - before.ru_utime - before.ru_stime
    used = (after[0] - service, after[1] - database, load)
    return told["requests"] / told["seconds"], *(seconds * 1e6 / told["requests"] for seconds in used)


def reference_scenarios(peers, folder):
    drawn = Drawn(folder, "reference")
    categories = peers.psql(peers.database, "SELECT DISTINCT category FROM products")
    products = "/api/ecommerce/products"
    ids = [str(n + 1) for n in range(PRODUCTS)]
    people = [f"user{n + 1}@example.com" for n in range(PEOPLE)]
    login = f"{peers.url}/api/auth/login"
    tokens = [post(login, {"email": email, "password": REFERENCE})["access_token"] for email in people]
    items = ",".join('{"product_id":@,"quantity":1}' for _ in range(3))
    return {
        "list": {"PATHS": drawn.file("list", [f"{products}?limit=20"])},
        "category": {"PATHS": drawn.file("category", [f"{products}?limit=20&category={name}" for name in categories])},
        "detail": {"PATHS": drawn.file("detail", [f"{products}/{n}" for n in ids])},
        "order": {
            "PATHS": drawn.file("order", ["/api/ecommerce/orders"]), "TOKENS": drawn.file("tokens", tokens),
            "IDS": drawn.file("ids", ids), "BODY": f'{{"items":[{items}]}}',
        },
    }  # fmt: skip


def our_scenarios(gateway, folder):
    place = gateway.place
    drawn = Drawn(folder, f"{place.name}-{gateway.ready}")
    products = "/api/ecommerce/products"
    shelves = place.column("SELECT slug FROM categories WHERE parent_id IS NOT NULL")
    people = place.column(f"SELECT username FROM users WHERE id > 10 ORDER BY id LIMIT {PEOPLE}")
    login = f"{gateway.url}/api/auth/login"
    tokens = [post(login, {"username": name, "password": DEMO})["access_token"] for name in people]
    variants = place.column("SELECT min(id) FROM variants GROUP BY product_id ORDER BY product_id")
    items = ",".join('{"variant_id":@,"quantity":1}' for _ in range(3))
    body = f'{{"items":[{items}],"shipping_method":"standard","shipping_address":{json.dumps(ADDRESS)}}}'
    found = {
        "list": {"PATHS": drawn.file("list", [f"{products}?limit=20"])},
        "category": {"PATHS": drawn.file("category", [f"{products}?limit=20&category={slug}" for slug in shelves])},
        "detail": {"PATHS": drawn.file("detail", [f"{products}/{n + 1}" for n in range(PRODUCTS)])},
    }
    if not gateway.ready:
        found["order"] = {
            "PATHS": drawn.file("order", ["/api/ecommerce/orders"]), "TOKENS": drawn.file("tokens", tokens),
            "IDS": drawn.file("ids", variants), "BODY": body,
        }  # fmt: skip
    return found


def measure(side, scenarios, postmaster, results, name):
    for endpoint, names in scenarios.items():
        for seconds in (WARM_SECONDS, SECONDS):
            keys = {"KEYS": f"{secrets.token_hex(8)}-"} if name != "FastAPI" and "BODY" in names else {}
            seen = ask(side, names | keys, postmaster, seconds)
        results[endpoint, name].append(seen)
        print(f"  {name:10} {endpoint:9} {seen[0]:9.1f}/s  CPU {seen[1]:6.0f} + {seen[2]:5.0f} + {seen[3]:3.0f} us", flush=True)


def middle(values):
    return statistics.median(list(values))


def row(endpoint, side, seen, base, aim):
    """One line of the table, and whether the aim is met."""
    rates = [one[0] for one in seen]
    costs = " + ".join(f"{middle(one[n] for one in seen):.0f}" for n in (1, 2, 3))
    line = f"{endpoint:9} {side:10} {middle(rates):8.0f} {f'[{min(rates):.0f} to {max(rates):.0f}]':>18} {costs:>18}"
    if seen is base:
        return line, True
    ratio = middle(one[0] / other[0] for one, other in zip(seen, base, strict=True))
    by_cpu = middle(sum(other[1:]) / sum(one[1:]) for one, other in zip(seen, base, strict=True))
    return f"{line} {ratio:7.1f} {by_cpu:7.1f} {aim:5}", ratio >= aim


def show(results):
    print(f"\n{'':20} {'req/s':>8} {'[from to]':>18} {'CPU us':>18} {'times':>7} {'by CPU':>7} {'aim':>5}")
    missed = []
    for endpoint, aims in AIMS.items():
        base = results[endpoint, "FastAPI"]
        for side, aim in zip(SIDES, (None, *aims), strict=True):
            if results[endpoint, side]:
                line, met = row(endpoint, side, results[endpoint, side], base, aim)
                missed += [] if met else [f"{endpoint} on {side}"]
                print(line)
    print("CPU us of a request: the service + PostgreSQL + wrk. times: requests a second against FastAPI's, the median of the")
    print("rounds. by CPU: what all three use for a request, against FastAPI's: what the ratio is when nobody else is on the machine.")
    print("every aim is met" if not missed else f"missed: {', '.join(missed)}")
    return missed


def main():
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    peers = Peers(os.environ.get("PEERS") or sys.exit("PEERS must name the folder of the reference services"))
    results = {(endpoint, side): [] for endpoint in AIMS for side in SIDES}
    with tempfile.TemporaryDirectory(dir=peers.folder, prefix="shop.") as folder:  # the disk of its PostgreSQL
        places = [Place(name, folder, peers) for name in SIDES[1:3]]
        for number in range(rounds):
            print(f"round {number + 1}; load {os.getloadavg()[0]:.1f}", flush=True)
            with peers:
                measure(peers, reference_scenarios(peers, folder), peers.postmaster, results, "FastAPI")
            for place, ready, name in ((places[0], False, SIDES[1]), (places[1], False, SIDES[2]), (places[0], True, "ready")):
                with Gateway(place, ready) as gateway:
                    measure(gateway, our_scenarios(gateway, folder), peers.postmaster, results, name)
    peers.psql("postgres", f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
    sys.exit(1 if show(results) else 0)


if __name__ == "__main__":
    main()
