"""What measurements beside the FastAPI reference have in common: both services, wrk, the CPU that everybody uses, the
table. A measurement is a module with scenarios; every scenario is a dictionary of names that `request.lua` reads."""

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
BARE = GATEWAY.parent / "examples/bare"
SECONDS = int(os.environ.get("SECONDS_EACH", "6"))
WARM_SECONDS = 2
PEOPLE = 64
DEMO, REFERENCE = "practice makes perfect", "correct horse battery"
SIDES = ("FastAPI", "PostgreSQL", "SQLite", "ready")
TICK = os.sysconf("SC_CLK_TCK")


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


class Bare:
    """HTTP alone: so many bytes at every path (`bare.rs`)."""

    def __init__(self, length):
        self.url = "http://127.0.0.1:18195"
        if not BARE.exists():
            sys.exit(f"{BARE} is not there: cargo build --release --package poligon-tests --example bare")
        self.process = subprocess.Popen([BARE, "18195", str(length)])

    def __enter__(self):
        for _ in range(100):
            try:
                urllib.request.urlopen(self.url, timeout=1).close()
                return self
            except OSError:
                time.sleep(0.05)
        self.__exit__()
        sys.exit(f"{BARE} did not start")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()

    def processes(self):
        return [self.process.pid]


def measure_bare(gateway, scenarios, endpoints, postmaster, results):
    """The same beside our ready answers, of the length of the first path."""
    for endpoint in endpoints:
        names = scenarios[endpoint]
        path = Path(names["PATHS"]).read_text().split("\n", 1)[0]
        with urllib.request.urlopen(f"{gateway.url}{path}", timeout=30) as answer:
            length = len(answer.read())
        with Bare(length) as bare:
            measure(bare, {endpoint: names}, postmaster, results, "bare")


class Place:
    """A database of ours, filled by `gateway seed` with `flags` and by `fill`."""

    def __init__(self, name, folder, peers, database, seed=()):
        self.name, self.peers, self.database = name, peers, database
        self.flags = ["--data-dir", f"{folder}/{name}"]
        drop = re.compile(r"^(POLIGON_|DATABASE_|REDIS_URL|STORAGE_URL|SMTP_URL)")
        kept = {key: value for key, value in os.environ.items() if not drop.match(key)}
        self.environment = kept | {"POLIGON_SECURITY__BCRYPT_COST": "4"}
        self.file = Path(folder, name, "poligon.db")
        if name == "PostgreSQL":
            peers.psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)", f"CREATE DATABASE {database}")
            self.flags += ["--database-url", peers.url_of(database)]
        seed = [GATEWAY, "seed", "--profile", "demo", *seed, *self.flags]
        subprocess.run(seed, check=True, env=self.environment, stdout=subprocess.DEVNULL)

    def change(self, *statements):
        if self.name == "PostgreSQL":
            self.peers.psql(self.database, *statements)
            return
        with sqlite3.connect(self.file) as db:
            for statement in statements:
                db.execute(statement)

    def settle(self):
        if self.name == "PostgreSQL":
            self.peers.psql(self.database, "VACUUM ANALYZE")

    def column(self, query):
        if self.name == "PostgreSQL":
            return self.peers.psql(self.database, query)
        with sqlite3.connect(self.file) as db:
            return [str(row[0]) for row in db.execute(query)]

    def tokens(self, gateway):
        """Of demo people without a role, logged in."""
        people = self.column(f"SELECT username FROM users WHERE id > 10 ORDER BY id LIMIT {PEOPLE}")
        login = f"{gateway.url}/api/auth/login"
        return [post(login, {"username": name, "password": DEMO})["access_token"] for name in people]


def reference_tokens(peers):
    people = [f"user{n + 1}@example.com" for n in range(PEOPLE)]
    login = f"{peers.url}/api/auth/login"
    return [post(login, {"email": email, "password": REFERENCE})["access_token"] for email in people]


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
    return f"{line} {ratio:7.1f} {by_cpu:7.1f} {aim or '':5}", ratio >= (aim or 0)


def share_of_bare(endpoint, results, least):
    """One line on what the ready answer has of HTTP alone, and whether that is as much as is aimed at."""
    pairs = zip(results[endpoint, "ready"], results[endpoint, "bare"], strict=True)
    share = middle(ready[0] / bare[0] for ready, bare in pairs)
    return f"{endpoint:9} ready has {share:.2f} of HTTP alone; aimed at: {least}", share >= least


def show(results, aims_of, least_of_bare):
    print(f"\n{'':20} {'req/s':>8} {'[from to]':>18} {'CPU us':>18} {'times':>7} {'by CPU':>7} {'aim':>5}")
    missed = []
    for endpoint, aims in aims_of.items():
        base = results[endpoint, "FastAPI"]
        for side, aim in zip(SIDES, (None, *aims, None)[: len(SIDES)], strict=True):
            if results[endpoint, side]:
                line, met = row(endpoint, side, results[endpoint, side], base, aim)
                missed += [] if met else [f"{endpoint} on {side}"]
                print(line)
    for endpoint, least in least_of_bare.items():
        print(row(endpoint, "bare", results[endpoint, "bare"], results[endpoint, "FastAPI"], 0)[0])
        line, met = share_of_bare(endpoint, results, least)
        missed += [] if met else [f"{endpoint} of HTTP alone"]
        print(line)
    print("CPU us of a request: the service + PostgreSQL + wrk. times: requests a second against FastAPI's, the median of the")
    print("rounds. by CPU: what all three use for a request, against FastAPI's: what the ratio is when nobody else is on the machine.")
    print("every aim is met" if not missed else f"missed: {', '.join(missed)}")
    return missed


def run(name, database, aims, place_of, reference_scenarios, our_scenarios, least_of_bare=None):
    """Runs a measurement in the rounds that the command line says; ends with 1 when an aim is missed. `least_of_bare`: what
    ready answers of an endpoint are to have of the requests a second that HTTP alone does with as many bytes."""
    least_of_bare = least_of_bare or {}
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    peers = Peers(os.environ.get("PEERS") or sys.exit("PEERS must name the folder of the reference services"))
    results = {(endpoint, side): [] for endpoint in aims for side in (*SIDES, "bare")}
    with tempfile.TemporaryDirectory(dir=peers.folder, prefix=f"{name}.") as folder:  # the disk of its PostgreSQL
        places = [place_of(side, folder, peers) for side in SIDES[1:3]]
        ready = [(places[0], True, "ready")] if any(len(aim) > 2 and aim[2] for aim in aims.values()) else []
        for number in range(rounds):
            print(f"round {number + 1}; load {os.getloadavg()[0]:.1f}", flush=True)
            with peers:
                measure(peers, reference_scenarios(peers, folder), peers.postmaster, results, "FastAPI")
            for place, is_ready, side in ((places[0], False, SIDES[1]), (places[1], False, SIDES[2]), *ready):
                with Gateway(place, is_ready) as gateway:
                    scenarios = our_scenarios(gateway, folder)
                    measure(gateway, scenarios, peers.postmaster, results, side)
                    if is_ready:
                        measure_bare(gateway, scenarios, least_of_bare, peers.postmaster, results)
    peers.psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
    sys.exit(1 if show(results, aims, least_of_bare) else 0)
