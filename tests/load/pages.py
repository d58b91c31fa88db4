#!/usr/bin/env python3
"""Page 1 against page 10,000 of the list of 1,000,000 products, in every order, on both databases; and how long the large
profile takes to load.

    TEST_DATABASE_URL=postgres://… TEST_REDIS_URL=redis://… tests/load/pages.py

Without ready answers, one request at a time, the two pages in turns, so that what the machine does to one it does to the
other. Ends with an error when p50 or p99 of a far page is more than 1.5 times that of the first. Needs a release build;
REQUESTS is how many of each are measured. PRODUCTS makes the shop smaller (and the far page nearer), to try it out.
ONLY names one of the databases.
"""

import http.client
import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "journey"))
from service import KINDS, Gateway, Place, sql_on_postgres  # noqa: E402

PRODUCTS = int(os.environ.get("PRODUCTS", "1000000"))
REQUESTS = int(os.environ.get("REQUESTS", "2000"))
ORDERS = ("newest", "price", "-price", "rating", "popularity", "title")
SIZE, FAR = 20, min(10_000, PRODUCTS // 100)
LIMIT = 1.5
LIST = "/api/ecommerce/products"


class Asker:
    """One connection that is kept, and how long each answer takes."""

    def __init__(self, url):
        parts = urlsplit(url)
        self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)

    def ask(self, path):
        """The body, and milliseconds until it was there."""
        began = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        raw = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != 200:
            sys.exit(f"{path}: {answer.status} {raw[:300]!r}")
        return raw, took


def load(place):
    """Seconds of `gateway seed --profile large`."""
    more = [] if PRODUCTS == 1_000_000 else ["--products", str(PRODUCTS)]
    began = time.monotonic()
    command = [os.environ["POLIGON_GATEWAY"], "seed", "--profile", "large", *more, *place.flags]
    subprocess.run(command, check=True, env=place.environment(), stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    if place.kind == "PostgreSQL":
        sql_on_postgres(place.url, "ANALYZE")  # what autovacuum would come to by itself
        size = int(sql_on_postgres(place.url, "SELECT pg_database_size(current_database())")[0])
    else:
        size = sum(file.stat().st_size for file in place.data.glob("poligon.db*"))
    print(f"{place.kind}: {PRODUCTS} products loaded in {took:.0f} s, {size / 1e6:.0f} MB", flush=True)


def far_page(asker, order):
    """The address of the page `FAR`, found as a client finds it: from page to page, by 100."""
    path, behind, rows = f"{LIST}?sort={order}", None, (FAR - 1) * SIZE
    while rows:
        step = min(100, rows)
        at = f"&cursor={quote(behind)}" if behind else ""
        behind = json.loads(asker.ask(f"{path}&limit={step}{at}")[0])["next_cursor"]
        rows -= step
    return f"{path}&limit={SIZE}&cursor={quote(behind)}"


def compare(asker, order):
    """p50 and p99 of the first page and of the far one."""
    first, far = f"{LIST}?sort={order}&limit={SIZE}", far_page(asker, order)
    times = {first: [], far: []}
    for n in range(REQUESTS + 50):
        for path in (first, far) if n % 2 else (far, first):
            took = asker.ask(path)[1]
            if n >= 50:
                times[path].append(took)
    return [(statistics.median(seen), statistics.quantiles(seen, n=100)[98]) for seen in (times[first], times[far])]


def main():
    os.environ.setdefault("POLIGON_GATEWAY", str(HERE.parents[1] / "target/release/gateway"))
    worst = 0.0
    for kind in KINDS:
        if os.environ.get("ONLY", kind) != kind:
            continue
        with Place(kind) as place:
            load(place)
            with Gateway(place, "--log", "warn", POLIGON_CACHE__ANSWER_BYTES="0") as gateway:
                asker = Asker(gateway.url)
                print(f"{kind}: ms of page 1 and of page {FAR:,}: p50, p99")
                for order in ORDERS:
                    near, far = compare(asker, order)
                    ratios = [f / n for f, n in zip(far, near, strict=True)]
                    worst = max(worst, *ratios)
                    print(f"  {order:10} {near[0]:6.2f} {near[1]:6.2f}   {far[0]:6.2f} {far[1]:6.2f}"
                          f"   {ratios[0]:4.2f} {ratios[1]:4.2f} times", flush=True)  # fmt: skip
    print(f"the worst is {worst:.2f} times; the limit is {LIMIT}")
    sys.exit(1 if worst > LIMIT else 0)


if __name__ == "__main__":
    main()
