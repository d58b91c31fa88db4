#!/usr/bin/env python3
"""The catalogue as CSV: a file of 100,000 rows in and out, over the API and by the command line, on both databases: how
long it takes, how much memory the process takes more, and what other clients see of it meanwhile.

    TEST_DATABASE_URL=postgres://… TEST_REDIS_URL=redis://… tests/load/catalogue.py

Ends with an error when an import is not what the file says, or takes more memory than MEMORY_MB. Needs a release build;
ROWS makes the file smaller, to try it out. ONLY names one of the databases.
"""

import csv
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "journey"))
from service import KINDS, Gateway, Place  # noqa: E402

ROWS = int(os.environ.get("ROWS", "100000"))
MEMORY_MB = 64
DEMO = "practice makes perfect"
HEAD = ["product", "title", "description", "status", "tags", "attributes", "sku", "options", "price", "currency", "weight_g", "stock"]


def write_file(path, price):
    """Products of two variants each."""
    with open(path, "w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(HEAD)
        for n in range(ROWS):
            product = n // 2
            size = "S" if n % 2 == 0 else "L"
            text = f"Kettle number {product}, чайник: boils *water* for {product % 12} people."
            rows.writerow([f"kettle-{product}", f"Kettle {product}", text, "active", '["tea","kitchen"]', '{"material":"steel"}',
                           f"KETTLE-{product}-{size}", f'{{"size":"{size}"}}', price + n % 100, "USD", "900", "7"])  # fmt: skip


class Api:
    def __init__(self, url):
        self.where = urlsplit(url).netloc
        body = json.dumps({"username": "admin", "password": DEMO})
        answer = json.loads(self.ask("POST", "/api/auth/login", body, {"Content-Type": "application/json"})[1])
        self.headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(self.where, timeout=900)
        connection.request(method, path, body, headers or self.headers)
        answer = connection.getresponse()
        return answer.status, answer.read()


class Watch:
    """The most memory that a process takes, and what a stranger's reads and writes meet meanwhile."""

    def __init__(self, pid, api=None):
        self.pid, self.api = pid, api
        self.before, self.most = self.resident(), 0.0
        self.reads, self.writes, self.ended = [], [], threading.Event()
        work = [self.look] + ([self.read, self.write] if api else [])
        self.threads = [threading.Thread(target=one) for one in work]

    def resident(self):
        try:
            return int(re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())[1]) / 1024
        except (OSError, TypeError):
            return 0.0

    def look(self):
        while not self.ended.wait(0.02):
            self.most = max(self.most, self.resident())

    def timed(self, seen, *request):
        began = time.perf_counter()
        status, _ = self.api.ask(*request)
        seen.append((status, time.perf_counter() - began))

    def read(self):
        while not self.ended.wait(0.05):
            self.timed(self.reads, "GET", "/api/ecommerce/products?sort=price&limit=20")

    def write(self):
        headers = self.api.headers | {"Content-Type": "application/json"}
        while not self.ended.wait(0.2):
            self.timed(self.writes, "PATCH", "/api/auth/me", '{"display_name": "A Stranger"}', headers)

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        for thread in self.threads:
            thread.join()

    def told(self):
        def of(seen):
            refused = sum(status == 503 for status, _ in seen)
            if any(status not in (200, 503) for status, _ in seen):
                sys.exit(f"a stranger met something else: {[status for status, _ in seen]}")
            return f"{len(seen)}, {refused} times 503, slowest {max((took for _, took in seen), default=0):.2f} s"

        return f"memory {self.most:.0f} MB (+{self.most - self.before:.0f}); reads {of(self.reads)}; writes {of(self.writes)}"


def over_api(gateway, kind, folder):
    api = Api(gateway.url)
    worst = 0.0
    for mode, price, wanted in (("all_or_nothing", 100, "created"), ("all_or_nothing", 100, "unchanged"), ("skip_bad", 200, "updated")):
        file = Path(folder) / "in.csv"
        write_file(file, price)
        headers = api.headers | {"Content-Type": "text/csv"}
        with Watch(gateway.process.pid, api) as watch, file.open("rb") as body:
            began = time.monotonic()
            status, answer = api.ask("POST", f"/api/ecommerce/catalogue/import?mode={mode}", body, headers)
            took = time.monotonic() - began
        report = json.loads(answer)
        print(f"{kind}: {ROWS} rows {wanted} by {mode} in {took:.1f} s; {watch.told()}", flush=True)
        if status != 200 or report["rows"] != ROWS or (wanted != "unchanged" and report[wanted] != ROWS):
            sys.exit(f"not what the file says: {status} {answer[:500]}")
        worst = max(worst, watch.most - watch.before)
    with Watch(gateway.process.pid) as watch:
        began = time.monotonic()
        status, answer = api.ask("GET", "/api/ecommerce/catalogue/export")
        took = time.monotonic() - began
    lines = answer.count(b"\r\n") + answer.count(b"\n") - answer.count(b"\r\n")
    print(f"{kind}: exported {len(answer) / 1e6:.0f} MB in {took:.1f} s; memory +{watch.most - watch.before:.0f} MB", flush=True)
    if status != 200 or lines <= ROWS:
        sys.exit(f"not the catalogue: {status}, {lines} lines")
    return max(worst, watch.most - watch.before)


def by_command(place, folder):
    file = Path(folder) / "in.csv"
    write_file(file, 100)
    worst = 0.0
    for what in (["import", "products", str(file)], ["export", "products", str(Path(folder) / "out.csv")]):
        process = subprocess.Popen([os.environ["POLIGON_GATEWAY"], *what, *place.flags], env=place.environment(), stdout=subprocess.PIPE, text=True)
        with Watch(process.pid) as watch:
            began = time.monotonic()
            told = process.communicate()[0].strip()
            took = time.monotonic() - began
        print(f"{place.kind}: gateway {what[0]} products: {told}; {took:.1f} s, memory {watch.most:.0f} MB", flush=True)
        if process.returncode != 0 or (what[0] == "import" and f"{ROWS} created" not in told):
            sys.exit(f"{what}: exit {process.returncode}")
        worst = max(worst, watch.most)
    return worst


def main():
    os.environ.setdefault("POLIGON_GATEWAY", str(HERE.parents[1] / "target/release/gateway"))
    worst = 0.0
    for kind in KINDS:
        if os.environ.get("ONLY", kind) != kind:
            continue
        with Place(kind) as place, Gateway(place, "--log", "warn") as gateway:
            time.sleep(2)
            worst = max(worst, over_api(gateway, kind, place.folder.name))
        with Place(kind) as place:
            worst = max(worst, by_command(place, place.folder.name))
    print(f"at most {worst:.0f} MB for it; the limit is {MEMORY_MB}")
    sys.exit(1 if worst > MEMORY_MB else 0)


if __name__ == "__main__":
    main()
