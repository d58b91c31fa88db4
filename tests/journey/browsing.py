"""The staff prepares the shop, a guest looks around, and logs in with something in the cart."""

import re
import secrets
from urllib.parse import quote

from shopper import ADDRESS, API, Shopper, key, money

def walk_catalogue(manager, checks):
    """A category with two products of known price and stock, and coupons."""
    mark = secrets.token_hex(4)
    parent = manager.post(f"{API}/categories", {"title": f"Tea {mark}"}, 201, headers=key()).body
    category = manager.post(f"{API}/categories", {"title": f"Pots {mark}", "parent_id": parent["id"]}, 201, headers=key()).body
    body = {
        "title": f"Samovar {mark} Самовар", "description": "Boils **water**.", "status": "active",
        "category_id": category["id"], "tags": ["tea", mark], "attributes": {"material": "brass"},
        "variants": [
            {"sku": f"{mark}-S", "options": {"size": "S"}, "price": money(4000), "weight_g": 700, "stock": 5},
            {"sku": f"{mark}-L", "options": {"size": "L"}, "price": money(6000), "weight_g": 900, "stock": 3,
             "compare_at_price": money(7500), "max_per_order": 2},
        ],
    }  # fmt: skip
    made = manager.post(f"{API}/products", body, 201, headers=key())
    checks.equal(made.headers.get("location"), f"{API}/products/{made.body['id']}", "product: Location")
    checks.that(made.headers.get("etag", "").startswith('"'), "product: ETag", made.headers)
    other = {"title": f"Cup {mark}", "status": "active", "variants": [{"sku": f"{mark}-C", "price": money(1250), "weight_g": 100, "stock": 10}]}
    cup = manager.post(f"{API}/products", other, 201, headers=key()).body
    for wrong, status, code in (
        (body, 409, "sku_taken"), (body | {"variants": []}, 422, "validation_failed"),
        (body | {"price": money(1)}, 422, "validation_failed"),
    ):  # fmt: skip
        manager.refused("POST", f"{API}/products", wrong, status, code, headers=key())
    tag = made.headers["etag"]
    title = {"title": f"Samovar of brass {mark}"}
    path = f"{API}/products/{made.body['id']}"
    changed = manager.ask("PATCH", path, title, 200, headers={"If-Match": tag})
    checks.that(changed.headers.get("etag") != tag, "a change changes the tag", changed.headers)
    manager.refused("PATCH", path, title, 412, "precondition_failed", headers={"If-Match": tag})
    return mark, category, changed.body, cup


def walk_coupons(manager, mark, category, checks):
    ten = {"code": f"TEN-{mark}", "kind": "percent", "percent": 10, "category_id": category["id"], "max_redemptions": 1}
    made = manager.post(f"{API}/coupons", ten, 201, headers=key())
    checks.equal(made.headers.get("location"), f"{API}/coupons/{made.body['id']}", "coupon: Location")
    manager.refused("POST", f"{API}/coupons", ten, 409, "coupon_code_taken", headers=key())
    over = {"code": f"OVER-{mark}", "kind": "fixed", "amount": money(100), "ends_at": "2020-01-01T00:00:00Z"}
    manager.post(f"{API}/coupons", over, 201, headers=key())
    much = {"code": f"MUCH-{mark}", "kind": "free_shipping", "minimum_spend": money(10_000_000)}
    manager.post(f"{API}/coupons", much, 201, headers=key())
    return ten["code"].upper()


# The guest looks around.


def walk_search(anyone, mark, category, product, checks):
    for words in (f"samovars {mark}", mark, f"{mark} samov"):
        found = anyone.get(f"{API}/products?q={quote(words)}").body["items"]
        checks.that(product["id"] in [one["id"] for one in found], f"search finds the product by {words!r}", found)
    checks.equal(anyone.get(f"{API}/products?q={mark}nothing").body["items"], [], "search finds nothing where nothing is")
    listed = anyone.get(f"{API}/products?category={category['slug']}&sort=price&include_total=true&facets=true")
    checks.equal(listed.body["total"], 1, "one product in the category")
    checks.equal(listed.body["items"][0]["price"], money(4000), "lists show the lowest price")
    checks.that("facets" in listed.body, "facets on request", listed.body)
    tag = listed.headers["etag"]
    again = anyone.ask("GET", f"{API}/products?category={category['slug']}&sort=price&include_total=true&facets=true",
                       None, 304, headers={"If-None-Match": tag})  # fmt: skip
    checks.equal(again.raw, b"", "304 without a body")
    page = anyone.get(f"{API}/products?limit=1&sort=title")
    checks.that('rel="next"' in page.headers.get("link", ""), "lists: Link", page.headers)
    following = anyone.get(f"{API}/products?limit=1&sort=title&cursor={quote(page.body['next_cursor'])}").body["items"]
    checks.that(following[0]["id"] != page.body["items"][0]["id"], "lists: the next page is another")
    for query in ("sort=weight", "colour=red", "limit=0", "limit=101", "cursor=!", "price_min=-1"):
        anyone.refused("GET", f"{API}/products?{query}", None, 422, "validation_failed")
    for named in (product["id"], product["slug"]):
        seen = anyone.get(f"{API}/products/{named}").body
        checks.equal(seen["id"], product["id"], f"the product by {named}")
        checks.equal([one["available"] for one in seen["variants"]], [5, 3], "how many can be bought")
        checks.equal({one["stock_on_hand"] for one in seen["variants"]}, {None}, "what is on hand is for the staff")
        checks.equal(seen["next_statuses"], [], "nobody but the staff changes a product")
    for unknown in ("999999999", "no-such-slug", "0", "-1", "9" * 30):
        anyone.refused("GET", f"{API}/products/{unknown}", None, 404, "not_found")
    anyone.refused("POST", f"{API}/products", {}, 401, "unauthenticated")


def walk_guest_cart(anyone, product, cup, checks):
    """A guest's cart; answers its token."""
    empty = anyone.get(f"{API}/cart").body
    checks.equal((empty["items"], empty["total"]), ([], money(0)), "nobody's cart is empty")
    small, large = (one["id"] for one in product["variants"])
    for body, pointer in (
        ({}, "/variant_id"), ({"variant_id": small, "quantity": 0}, "/quantity"), ({"variant_id": 999999999}, "/variant_id"),
        ({"product_id": product["id"]}, "/variant_id"), ({"variant_id": small, "price": 1}, "/price"),
    ):  # fmt: skip
        wrong = anyone.refused("POST", f"{API}/cart", body, 422, "validation_failed")
        checks.equal([one["pointer"] for one in wrong.body["errors"]], [pointer], f"cart {body}: one wrong field")
    anyone.refused("POST", f"{API}/cart", {"variant_id": small, "quantity": 6}, 409, "out_of_stock")
    limited = anyone.refused("POST", f"{API}/cart", {"variant_id": large, "quantity": 3}, 409, "quantity_limited")
    checks.equal([line["available"] for line in limited.body["lines"]], [2], "quantity_limited names the line")
    made = anyone.post(f"{API}/cart", {"variant_id": small, "quantity": 2}, 201).body
    checks.that(re.fullmatch("[A-Za-z0-9_-]{43}", made["token"] or ""), "the guest gets a token", made["token"])
    carries = {"X-Cart-Token": made["token"]}
    cart = anyone.post(f"{API}/cart", {"product_id": cup["id"]}, 201, headers=carries).body
    checks.equal(cart["token"], None, "the token is shown once")
    checks.equal([(i["quantity"], i["line_total"]) for i in cart["items"]], [(2, money(8000)), (1, money(1250))], "line totals")
    # Standard shipping to the US weighs 1500 g: 499; tax is 8.25 % of goods and shipping.
    checks.equal((cart["subtotal"], cart["shipping"], cart["tax"]), (money(9250), money(499), money(804)), "sums of the cart")
    checks.equal(cart["total"], money(9250 + 499 + 804), "total of the cart")
    checks.equal((cart["problems"], cart["shipping_estimate"]["method"]), ([], "standard"), "nothing in the way")
    item = cart["items"][1]["id"]
    more = anyone.ask("PATCH", f"{API}/cart/items/{item}", {"quantity": 2}, 200, headers=carries).body
    checks.equal(more["items"][1]["line_total"], money(2500), "another quantity")
    anyone.refused("PATCH", f"{API}/cart/items/{item}", {"quantity": 2}, 404, "not_found")
    anyone.refused("GET", f"{API}/cart", None, 400, "malformed_header", headers={"X-Cart-Token": "short"})
    elsewhere = anyone.get(f"{API}/cart?country=DE", headers=carries).body
    checks.equal((elsewhere["tax"], elsewhere["shipping"]), (money(0), money(1499)), "another country, other shipping and tax")
    anyone.refused("POST", f"{API}/orders", {}, 401, "unauthenticated", headers=key())
    return made["token"]


def walk_merge(buyer, token, product, checks):
    """The guest logs in with something in the cart already."""
    large = product["variants"][1]["id"]
    own = buyer.post(f"{API}/cart", {"variant_id": large}, 201, headers=key()).body
    checks.equal(own["token"], None, "who is logged in needs no token")
    both = buyer.get(f"{API}/cart", headers={"X-Cart-Token": token}).body
    checks.equal(sorted(i["quantity"] for i in both["items"]), [1, 2, 2], "logging in merges the carts")
    checks.equal(buyer.get(f"{API}/cart").body["items"], both["items"], "the cart is the person's now")
    left = guest_cart_of(buyer, token)
    checks.equal(left["items"], [], "the guest's cart is gone")
    return both


def guest_cart_of(buyer, token):
    return Shopper(buyer.url.geturl(), buyer.checks).get(f"{API}/cart", headers={"X-Cart-Token": token}).body


def walk_cart_coupon(buyer, code, mark, cart, checks):
    path = f"{API}/cart/coupon"
    buyer.refused("POST", path, {"code": "NO-SUCH-CODE"}, 422, "validation_failed")
    buyer.refused("POST", path, {"code": f"OVER-{mark}"}, 409, "coupon_expired")
    buyer.refused("POST", path, {"code": f"MUCH-{mark}"}, 409, "coupon_minimum_not_met")
    with_it = buyer.post(path, {"code": code.lower()}).body
    checks.equal(with_it["coupon"], {"code": code, "applies": True}, "the coupon applies")
    # 10 % of the samovars (2 x 4000 + 6000); the cups are of no category.
    checks.equal(with_it["discount"], money(1400), "the coupon is for its category only")
    checks.equal(sum(i["discount"]["amount"] for i in with_it["items"]), 1400, "the discount is shared out to the last cent")
    buyer.ask("DELETE", path, None, 204)
    buyer.refused("DELETE", path, None, 404, "not_found")
    checks.equal(buyer.get(f"{API}/cart").body["total"], cart["total"], "without the coupon it costs what it did")
    return buyer.post(path, {"code": code}).body


def walk_price(manager, buyer, cup, checks):
    """A price that changes while the cart waits is a problem, until it is accepted."""
    variant = cup["variants"][0]["id"]
    manager.ask("PATCH", f"{API}/variants/{variant}", {"price": money(1300)}, 200)
    cart = buyer.get(f"{API}/cart").body
    item = next(i for i in cart["items"] if i["variant_id"] == variant)
    checks.equal([(p["code"], p["item_id"]) for p in cart["problems"]], [("price_changed", item["id"])], "a price has changed")
    body = {"shipping_method": "standard", "shipping_address": ADDRESS}
    refused = buyer.refused("POST", f"{API}/orders", body, 409, "price_changed", headers=key())
    checks.equal([line["variant_id"] for line in refused.body["lines"]], [variant], "price_changed names the line")
    accepted = buyer.ask("PATCH", f"{API}/cart/items/{item['id']}", {"quantity": 2}, 200).body
    checks.equal((accepted["problems"], accepted["subtotal"]), ([], money(16600)), "the new price is accepted")
    return accepted
