#!/usr/bin/env python3
"""Speed of what everybody reads of the content beside a reference service, interleaved.

    PEERS=<folder of the reference services, set up> tests/load/content.py [rounds]

The newest 20 articles, 20 of one category, and one article with its text, cover, authors, categories and tags, beside the
newest 20 products, 20 of one category, and one product of the FastAPI reference: published articles are to meet the aims of
products. 10,000 on every side: ours as `gateway seed --articles 10000` makes them, of which three of four are published.
Otherwise as `shop.py` says.

A page of articles has 33 kB where the reference's page of products has 5: no service answers so many bytes as often. Ready
pages are held against HTTP alone, which answers as many bytes and does nothing else (`bare.rs`; build it as the gateway: `cargo
build --release --package poligon-tests --example bare`). The aim for ready products is 50 times 1,105 requests a second, where
HTTP alone did 79,000 of their length: a share of 0.7.
"""

from beside import Drawn, Place, run
from shop import reference_scenarios as products

ARTICLES = 10_000
DATABASE = "poligon_content"
# Times the reference, from the design: PostgreSQL, SQLite, ready answers.
AIMS = {"list": (8, 15, None), "category": (8, 15, None), "detail": (10, 17, 40)}
LEAST_OF_BARE = {"list": 0.7}


def reference_scenarios(peers, folder):
    found = products(peers, folder)
    return {name: found[name] for name in AIMS}


def our_scenarios(gateway, folder):
    place = gateway.place
    drawn = Drawn(folder, f"{place.name}-{gateway.ready}")
    articles = "/api/content/articles"
    shelves = place.column("SELECT slug FROM content_categories WHERE parent_id IS NOT NULL AND article_count > 20")
    seen = place.column("SELECT id FROM articles WHERE live IS NOT NULL")
    return {
        "list": {"PATHS": drawn.file("list", [f"{articles}?limit=20"])},
        "category": {"PATHS": drawn.file("category", [f"{articles}?limit=20&category={slug}" for slug in shelves])},
        "detail": {"PATHS": drawn.file("detail", [f"{articles}/{id_}" for id_ in seen])},
    }


def place_of(name, folder, peers):
    place = Place(name, folder, peers, DATABASE, ["--articles", str(ARTICLES)])
    place.settle()
    return place


if __name__ == "__main__":
    run("content", DATABASE, AIMS, place_of, reference_scenarios, our_scenarios, LEAST_OF_BARE)
