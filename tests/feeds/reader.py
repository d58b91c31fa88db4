#!/usr/bin/env python3
"""Feeds and the list of addresses as an independent reader meets them, on both databases: `feedparser` for RSS 2.0 and Atom,
a parser of XML for the sitemap.

The reader finds what the API says is published, in its order and with its text, authors and tags; every address that a feed
or the list has answers. What is in them has been given by people: characters that XML cannot hold, ends of CDATA, markup.
"""

import email.utils
import json
import os
import re
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as xml
from datetime import datetime, timezone
from pathlib import Path

import feedparser

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from service import KINDS, Gateway, Place, free_port  # noqa: E402

DEMO = "practice makes perfect"
CONTENT = "/api/content"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
# Of RFC 4287, section 4.2: what an entry must have beside its title.
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
TEXTS = [
    ("In & out <script>alert(1)</script>", "An end of CDATA ]]> and *markup* <b>as text</b> &amp; an entity"),
    ("Снег ❄ и 🦀", "Строка\n\n```rust\nlet a = 1 < 2 && 3 > 2;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |"),
    ("Not in XML: \ufffe and \uffff", "Neither are these: \ufffe\uffff, while \t and \n\n\u2028 are"),
    ("  -- <!-- not a comment --> --", "<!-- it is text -->\n\n[a link](https://example.com/?a=1&b=2)"),
]

outcomes = {"passed": 0, "failed": 0}


def told(what, fault=None):
    outcomes["failed" if fault else "passed"] += 1
    print(f"{'FAILED' if fault else 'ok'}  {what}{': ' + str(fault)[:600] if fault else ''}", flush=True)


class Refused(Exception):
    """An answer that is no success."""


class Api:
    def __init__(self, url, name=None):
        self.url, self.headers = url, {}
        if name:
            answer = self.json("POST", "/api/auth/login", {"username": name, "password": DEMO})
            self.headers = {"Authorization": f"Bearer {answer['access_token']}"}

    def ask(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        headers = self.headers | ({"Content-Type": "application/json"} if data else {}) | headers
        place = self.url + path.removeprefix(self.url)
        try:
            with urllib.request.urlopen(urllib.request.Request(place, data, headers, method=method), timeout=30) as answer:
                return answer.headers, answer.read()
        except urllib.error.HTTPError as refused:
            raise Refused(f"{method} {path}: {refused.code} {refused.read().decode(errors='replace')}") from refused

    def json(self, method, path, body=None):
        return json.loads(self.ask(method, path, body)[1])


def publish(author, editor, title, body, **more):
    article = author.json("POST", f"{CONTENT}/articles", {"title": title, "body": body} | more)
    at = f"{CONTENT}/articles/{article['id']}"
    author.json("POST", f"{at}/submit")
    editor.json("POST", f"{at}/approve")
    editor.json("POST", f"{at}/publish")
    return article


def fault_of_feed(feed, form, published, url):
    """What is wrong with a feed, beside the articles that it should hold, newest first; `None` when nothing is."""
    if feed.bozo:
        return f"not well formed: {feed.bozo_exception}"
    if feed.version != form or not feed.feed.get("title") or not feed.feed.get("link"):
        return f"version {feed.version}, of the feed {dict(feed.feed)}"
    if [entry.link.rsplit("/", 2)[1] for entry in feed.entries] != [one["slug"] for one in published]:
        return f"other entries: {[entry.link for entry in feed.entries]}"
    if not all(place.startswith(f"{url}{CONTENT}/") for entry in feed.entries for place in (entry.link, entry.id)):
        return "an address that leads elsewhere"
    if len({entry.id for entry in feed.entries}) != len(feed.entries):
        return "two entries have one id"
    for entry, article in zip(feed.entries, published, strict=True):
        fault = fault_of_entry(entry, article)
        if fault:
            return f"entry {article['id']}: {fault}"
    return None


def without_what_xml_lacks(text):
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]", "", text)


def fault_of_entry(entry, article):
    told_at = datetime(*entry.published_parsed[:6], tzinfo=timezone.utc)
    wanted_at = datetime.fromisoformat(article["published_at"].replace("Z", "+00:00")).replace(microsecond=0)
    if told_at != wanted_at:
        return f"published at {told_at}, not at {wanted_at}"
    if article["title"].strip() and without_what_xml_lacks(article["title"]).strip() != entry.title.strip():
        return f"title {entry.title!r} of {article['title']!r}"
    if sorted(tag.term for tag in entry.get("tags", [])) != sorted(tag["name"] for tag in article["tags"]):
        return f"tags {entry.get('tags')}"
    if sorted(person["name"] for person in entry.authors) != sorted(a["display_name"] for a in article["authors"]):
        return f"authors {entry.authors}"
    texts = [part.value for part in entry.content]
    if without_what_xml_lacks(article["html"]).strip() not in [text.strip() for text in texts]:
        return f"another text: {texts[0][:200]!r} of {article['html'][:200]!r}"
    return None


def fault_of_form(raw, form):
    """What feedparser forgives: dates and ids in another form than the documents prescribe."""
    tree = xml.fromstring(raw)
    if form == "rss20":
        dates = [item.findtext("pubDate") for item in tree.iter("item")]
        wrong = [date for date in dates if email.utils.parsedate_to_datetime(date).tzinfo is None]
        missing = [name for name in ("title", "link", "description") if not tree.findtext(f"channel/{name}")]
        return (wrong or missing) or None
    atom = "{http://www.w3.org/2005/Atom}"
    dates = [one.text for name in ("updated", "published") for one in tree.iter(atom + name)]
    wrong = [date for date in dates if not RFC_3339.fullmatch(date)]
    entries = [tree, *tree.iter(f"{atom}entry")]
    missing = [name for one in entries for name in ("id", "title", "updated") if not one.findtext(atom + name)]
    own = [link for link in tree.findall(f"{atom}link") if link.get("rel") == "self"]
    return wrong or missing or (None if len(own) == 1 else "no link to itself")


def feeds(anyone, kind):
    listed = anyone.json("GET", f"{CONTENT}/articles?limit=100")["items"]
    blogs = anyone.json("GET", f"{CONTENT}/blogs?limit=100")["items"]
    of_blog = {blog["id"]: [one for one in listed if (one["blog"] or {}).get("id") == blog["id"]] for blog in blogs}
    busiest = max(blogs, key=lambda blog: blog["article_count"])
    for place, some in (("", listed), (f"/blogs/{busiest['slug']}", of_blog[busiest["id"]])):
        articles = [anyone.json("GET", f"{CONTENT}/articles/{one['id']}") for one in some[:20]]
        for name, form in (("feed.rss", "rss20"), ("feed.atom", "atom10")):
            what = f"{kind}: {CONTENT}{place}/{name}"
            headers, raw = anyone.ask("GET", f"{CONTENT}{place}/{name}")
            feed = feedparser.parse(raw, response_headers={"content-type": headers["content-type"]}, sanitize_html=False, resolve_relative_uris=False)
            told(what, fault_of_feed(feed, form, articles, anyone.url) or fault_of_form(raw, form))
            again = feedparser.parse(f"{anyone.url}{CONTENT}{place}/{name}", etag=headers["etag"])
            told(f"{what}: a reader that comes again", None if again.status == 304 else f"{again.status}")
        for entry in feed.entries:
            anyone.ask("GET", entry.link)


def sitemap(anyone, kind):
    index = xml.fromstring(anyone.ask("GET", f"{CONTENT}/sitemap.xml")[1])
    parts = [place.text for place in index.iter(f"{SITEMAP}loc")]
    places = []
    for part in parts:
        tree = xml.fromstring(anyone.ask("GET", part)[1])
        wrong = [at.text for at in tree.iter(f"{SITEMAP}lastmod") if not RFC_3339.fullmatch(at.text)]
        if tree.tag != f"{SITEMAP}urlset" or wrong:
            return told(f"{kind}: the sitemap", f"{tree.tag}, {wrong}")
        places += [place.text for place in tree.iter(f"{SITEMAP}loc")]
    published, path = [], f"{CONTENT}/articles?limit=100"
    while path:
        page = anyone.json("GET", path)
        published += [one["slug"] for one in page["items"]]
        path = page["next_cursor"] and f"{CONTENT}/articles?limit=100&cursor={page['next_cursor']}"
    listed = [place.rsplit("/", 2)[1] for place in places]
    fault = None if sorted(listed) == sorted(published) else f"{len(listed)} addresses of {len(published)} articles"
    for place in places:
        anyone.ask("GET", place)
    told(f"{kind}: the sitemap has the {len(published)} articles that are published", fault)


def main():
    for kind in KINDS:
        with Place(kind) as place, Gateway(place, "--log", "warn", port=free_port()) as gateway:
            author, editor, anyone = Api(gateway.url, "author"), Api(gateway.url, "editor"), Api(gateway.url)
            for title, body in TEXTS:
                publish(author, editor, title, body, tags=["a<b", "R&D"])
            try:
                feeds(anyone, kind)
                sitemap(anyone, kind)
            except (Refused, urllib.error.URLError, KeyError, IndexError, xml.ParseError, AttributeError, TypeError) as fault:
                told(f"{kind}: reading to the end", repr(fault))
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] or not outcomes["passed"] else 0)


if __name__ == "__main__":
    main()
