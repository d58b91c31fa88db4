#!/usr/bin/env python3
"""Media as clients meet them, with files in a local folder and in an S3-compatible store, on both databases: uploads and
downloads, parts, uploads that break off, a store that goes away, memory; and what Chromium makes of hostile ones."""

import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from browser import an_element_plays, curl_goes_on, nothing_runs  # noqa: E402
from places import Bucket, LocalFolder  # noqa: E402
from service import Gateway, Place, free_port  # noqa: E402
from uploads import CONTENT, Api, form, png, wav  # noqa: E402

MIB = 1024 * 1024
PDF = b"%PDF-1.7\n%%EOF\n"
# What the whole may hold while hostile files come, and how long files may stay behind what they belonged to.
MOST_MB = 200
SWEPT_S = 100
outcomes = {"passed": 0, "failed": 0}
counting = threading.Lock()


def teller(place):
    def told(what, fault=None):
        with counting:
            outcomes["failed" if fault else "passed"] += 1
        print(f"{'FAILED' if fault else 'ok'}  {place}: {what}{': ' + str(fault)[:600] if fault else ''}", flush=True)

    return told


class Memory:
    """The most that a gateway holds of its own while something goes on, in megabytes."""

    def __init__(self, gateway):
        self.gateway, self.most, self.ended = gateway, 0.0, threading.Event()

    def _look(self):
        while not self.ended.wait(0.02):
            self.most = max(self.most, self.gateway.resident_mb()[0])

    def __enter__(self):
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def comes_and_goes(api, files, told):
    """What is stored is served, whole and in parts, once for the same bytes. Answers which files belong to nothing then."""
    before = files()
    sound = wav(60)  # in several pieces, on S3
    first, second = api.medium("one.wav", sound), api.medium("two.wav", sound)
    stored = len(files() - before)
    told("the same bytes are stored once", None if stored == 1 else f"{stored} files")
    url = second["urls"]["original"]
    told("it is served as it came", None if api.must("GET", url).body == sound else "other bytes")
    for asked, wanted in (("bytes=0-99", sound[:100]), (f"bytes={9 * MIB}-{9 * MIB + 999}", sound[9 * MIB : 9 * MIB + 1000]),
        ("bytes=-50", sound[-50:])):  # fmt: skip
        part = api.must("GET", url, Range=asked)
        told(f"{asked} of it", None if (part.status, part.body) == (206, wanted) else part.status)
    beyond = api.ask("GET", url, Range=f"bytes={len(sound)}-")
    told("beyond its end", None if beyond.status == 416 else beyond.status)
    picture = api.medium("p.png", png(1_500, 900))
    bad = [u for u in picture["urls"].values() if not api.must("GET", u).headers["Content-Type"].startswith("image/")]
    come = files() - before
    told("an image in seven files", bad or None if len(come) == 8 else sorted(come))
    for medium in (first, second, picture):
        api.must("DELETE", f"{CONTENT}/media/{medium['id']}")
    return come


def breaks_off(api, told):
    media_type, body = form([("file", "a.wav", wav(20))])
    for sent in (0, 100, MIB, len(body) - 3):
        with api.open_upload(media_type, len(body)) as link:
            link.sendall(body[:sent])
            time.sleep(0.05)
    listed = api.must("GET", f"{CONTENT}/media?limit=100").json["items"]
    told("uploads that break off leave no medium", [one["name"] for one in listed if one["name"] == "a.wav"] or None)


def too_much(api, told):
    """Five gigabytes, as they are announced."""
    media_type, body = form([("file", "a.wav", wav(1))])
    head = body[: body.rindex(b"\r\n--")]
    answer, sent = b"", 0
    with api.open_upload(media_type, 5 << 30) as link:
        link.settimeout(0.001)
        pieces, piece = [head], bytes(MIB)
        while b"\r\n" not in answer and sent < 300:
            try:
                link.settimeout(10)
                link.sendall(pieces.pop() if pieces else piece)
                sent += 1
                link.settimeout(0.001)
                answer += link.recv(4096)
            except TimeoutError:
                continue
            except OSError:
                break
        try:
            link.settimeout(5)
            answer += link.recv(4096)
        except OSError:
            pass
    fault = None if answer.startswith(b"HTTP/1.1 413") and sent < 80 else f"{answer[:100]!r} after {sent} MiB"
    told("five gigabytes are refused early", fault)


def hostile(api, gateway, told):
    """Many large and broken files at once, within bounded memory."""
    large = [("a.wav", wav(110)), ("b.pdf", PDF + bytes(19 * MIB)), ("c.png", png(3_000, 2_000))]
    broken = [("d.png", png(64, 64)[:200]), ("e.svg", b"<svg onload=alert(1)>"), ("f.zip", b"PK\x03\x04"), ("g", b"\0" * 9)]
    statuses = []

    def send(name, body):
        statuses.append(api.upload((name, body)).status)

    with Memory(gateway) as memory:
        for _ in range(3):
            threads = [threading.Thread(target=send, args=one) for one in large * 2 + broken]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    bad = [status for status in statuses if status >= 500 and status != 503]
    told(f"{len(statuses)} large and broken files at once: {sorted(set(statuses))}", bad or None)
    told("memory stays bounded", None if memory.most < MOST_MB else f"{memory.most:.0f} MB")
    print(f"    at most {memory.most:.0f} MB", flush=True)


def goes_away(api, bucket, told):
    """The store is gone for a while."""
    kept = api.medium("kept.pdf", PDF + b"kept")
    bucket.stop()
    began = time.monotonic()
    refused = api.upload(("x.pdf", PDF + b"x"))
    took = time.monotonic() - began
    fault = None if refused.status == 503 and refused.headers["Retry-After"] and took < 6 else f"{refused.status} in {took:.1f} s"
    told("an upload without the store is told so", fault)
    unread = api.ask("GET", kept["urls"]["original"])
    told("so is a download", None if unread.status == 503 and unread.headers["Retry-After"] else unread.status)
    bucket.start()
    again = api.upload(("x.pdf", PDF + b"x"))
    whole = api.ask("GET", kept["urls"]["original"])
    told("with it everything works again", None if (again.status, whole.body) == (201, PDF + b"kept") else again.status)
    for medium in (kept, again.json["items"][0]):
        api.must("DELETE", f"{CONTENT}/media/{medium['id']}")


def is_swept(files, doomed, told):
    until = time.monotonic() + SWEPT_S
    while files() & doomed and time.monotonic() < until:
        time.sleep(1)
    told("files of what was removed go", sorted(files() & doomed) or None)


def trial(kind, store, with_browser):
    told = teller(f"{kind}, {store.name}")
    with store, Place(kind) as place:
        with Gateway(place, "--log", "warn", port=free_port(), **store.settings()) as gateway:
            api, editor = Api(gateway.url, "author"), Api(gateway.url, "editor")

            def files():
                return store.files(place)

            doomed = comes_and_goes(api, files, told)
            breaks_off(api, told)
            too_much(api, told)
            if isinstance(store, Bucket):
                goes_away(api, store, told)
            curl_goes_on(api, Path(place.folder.name), told)
            if with_browser:
                nothing_runs(api, editor, told)
                an_element_plays(api, told)
            hostile(Api(gateway.url, "admin"), gateway, told)
            is_swept(files, doomed, told)


def tried(kind, make_store, with_browser):
    store = make_store()
    try:
        trial(kind, store, with_browser)
    except Exception as fault:  # whatever it is, the other trials are made
        teller(f"{kind}, {store.name}")("goes on to the end", repr(fault))


def main():
    trials = [
        ("SQLite", LocalFolder, True),
        ("PostgreSQL", Bucket, True),
        ("SQLite", Bucket, False),
        ("PostgreSQL", LocalFolder, False),
    ]
    # Two at once: each waits a minute for files to be cleared away.
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(tried, *zip(*trials, strict=True)))
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] or not outcomes["passed"] else 0)


if __name__ == "__main__":
    main()
