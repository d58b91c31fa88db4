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

from beside import Drawn, Place, reference_tokens, run

PRODUCTS = 10_000
DATABASE = "poligon_shop"
AIMS = {  # times the reference, from the design: PostgreSQL, SQLite, ready answers
    "list": (8, 15, 50), "category": (8, 15, 50), "detail": (10, 17, 40), "order": (8, 20, None),
}  # fmt: skip
ADDRESS = {
    "name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701",
    "country": "US",
}  # fmt: skip


def reference_scenarios(peers, folder):
    drawn = Drawn(folder, "reference")
    categories = peers.psql(peers.database, "SELECT DISTINCT category FROM products")
    products = "/api/ecommerce/products"
    ids = [str(n + 1) for n in range(PRODUCTS)]
    tokens = reference_tokens(peers)
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
    tokens = place.tokens(gateway)
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


def place_of(name, folder, peers):
    """10,000 products that never run out."""
    place = Place(name, folder, peers, DATABASE, ["--products", str(PRODUCTS)])
    place.change("UPDATE variants SET stock_on_hand = 1000000", "UPDATE products SET in_stock = true")
    place.settle()
    return place


if __name__ == "__main__":
    run("shop", DATABASE, AIMS, place_of, reference_scenarios, our_scenarios)
