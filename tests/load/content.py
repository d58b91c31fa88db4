#!/usr/bin/env python3
"""Speed of what everybody reads of the content beside a reference service, interleaved.

    PEERS=<folder of the reference services, set up> tests/load/content.py [rounds]

The newest 20 articles, 20 of one category, and one article with its text, cover, authors, categories and tags, beside the
newest 20 products, 20 of one category, and one product of the FastAPI reference: published articles are to meet the aims of
products. 10,000 on every side: ours as `gateway seed --articles 10000` makes them, of which three of four are published.
Otherwise as `shop.py` says.
"""

from beside import Drawn, Place, run
from shop import reference_scenarios as products

ARTICLES = 10_000
DATABASE = "poligon_content"
# Times the reference, from the design: PostgreSQL, SQLite, ready answers.
AIMS = {"list": (8, 15, 50), "category": (8, 15, 50), "detail": (10, 17, 40)}


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
    run("content", DATABASE, AIMS, place_of, reference_scenarios, our_scenarios)
