#!/usr/bin/env python3
"""Pages of 100,000 articles, as the large profile has them, on both databases: the first page and a far one of every list
that everybody sees, an article, and how long they take to load.

    TEST_DATABASE_URL=postgres://… TEST_REDIS_URL=redis://… tests/load/articles.py

Without ready answers, one request at a time, the two pages in turns. Ends with an error when p50 of a far page is more than
1.5 times that of the first, or p99 of anything is over MOST_MS (50). Needs a release build; REQUESTS is how many of each are
measured, ARTICLES how many there are, ONLY one of the databases.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import quote

from pages import Asker

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "journey"))
from service import KINDS, Gateway, Place, sql_on_postgres  # noqa: E402

ARTICLES = int(os.environ.get("ARTICLES", "100000"))
REQUESTS = int(os.environ.get("REQUESTS", "300"))
MOST_MS = float(os.environ.get("MOST_MS", "50"))
FAR = 30_000  # articles before the far page, or half of what the list has
LIMIT = 1.5
LIST = "/api/content/articles"
LISTS = {
    "newest": "",
    "oldest": "sort=oldest",
    "title": "sort=title",
    "category": "category=testing",
    "tag": "tag=api",
    "author": "author=25",
    "blog": "blog=1",
    "language": "language=ru",
    "blog, language": "blog=1&language=en",
    "category, tag": "category=testing&tag=api",
    "words": "q=" + quote("тест ошибка"),
    "rare words": "q=" + quote("checkout 4242"),
    "with total": "include_total=true",
}


def load(place):
    """Seconds of `gateway seed --articles`, after those of the demo alone."""
    command = [os.environ["POLIGON_GATEWAY"], "seed", "--articles", str(ARTICLES), *place.flags]
    began = time.monotonic()
    subprocess.run(command, check=True, env=place.environment(), stdout=subprocess.DEVNULL)
    took = time.monotonic() - began
    if place.kind == "PostgreSQL":
        sql_on_postgres(place.url, "ANALYZE")  # what autovacuum would come to by itself
    print(f"{place.kind}: the demo with {ARTICLES:,} articles loaded in {took:.0f} s", flush=True)


def far_page(asker, path):
    """The address of a page far behind, found as a client finds it: from page to page, by 100; and how far it is."""
    behind, rows = [None], 0
    while rows < FAR:
        at = f"&cursor={quote(behind[-1])}" if behind[-1] else ""
        page = json.loads(asker.ask(f"{path}&limit=100{at}")[0])
        if page["next_cursor"] is None:
            break
        behind.append(page["next_cursor"])
        rows += 100
    middle = behind[-1] if rows >= FAR else behind[len(behind) // 2]
    return (f"{path}&cursor={quote(middle)}", behind.index(middle) * 100) if middle else (None, 0)


def times(asker, paths):
    """p50 and p99 of each of these, asked in turns."""
    seen = {path: [] for path in paths}
    for n in range(REQUESTS + 20):
        for path in paths if n % 2 else reversed(paths):
            took = asker.ask(path)[1]
            if n >= 20:
                seen[path].append(took)
    return [(statistics.median(seen[path]), statistics.quantiles(seen[path], n=100)[98]) for path in paths]


def walk(asker):
    """Measures every list; answers what is too slow."""
    slow = []
    for name, query in LISTS.items():
        first = f"{LIST}?{query or 'limit=20'}"
        far, behind = far_page(asker, first.replace("limit=20", "sort=newest"))
        near, *rest = times(asker, [first, far] if far else [first])
        line = f"  {name:15} {near[0]:7.2f} {near[1]:7.2f}"
        slow += [f"{name}: p99"] if max(p99 for _, p99 in [near, *rest]) > MOST_MS else []
        if rest:
            ratio = rest[0][0] / near[0]
            line += f"   {rest[0][0]:7.2f} {rest[0][1]:7.2f}   {ratio:5.2f} times, {behind:,} behind"
            slow += [f"{name}: a far page"] if ratio > LIMIT else []
        print(line, flush=True)
    newest = json.loads(asker.ask(f"{LIST}?limit=100")[0])["items"]
    paths = [f"{LIST}/{item['id']}" for item in newest[:20]]
    p50, p99 = max(times(asker, paths))
    print(f"  {'an article':15} {p50:7.2f} {p99:7.2f}", flush=True)
    return slow + (["an article: p99"] if p99 > MOST_MS else [])


def main():
    os.environ.setdefault("POLIGON_GATEWAY", str(HERE.parents[1] / "target/release/gateway"))
    slow = []
    for kind in KINDS:
        if os.environ.get("ONLY", kind) != kind:
            continue
        with Place(kind) as place:
            load(place)
            with Gateway(place, "--log", "warn", POLIGON_CACHE__ANSWER_BYTES="0") as gateway:
                print(f"{kind}: ms of the first page and of a far one: p50, p99")
                slow += [f"{kind}, {what}" for what in walk(Asker(gateway.url))]
    print("all is fast enough" if not slow else f"too slow: {'; '.join(slow)}")
    sys.exit(1 if slow else 0)


if __name__ == "__main__":
    main()
