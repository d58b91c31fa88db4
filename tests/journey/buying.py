"""The cart becomes an order, which is paid."""

import hashlib
import hmac
import json
import re
import secrets
import time
from urllib.parse import urlsplit

from client import Client
from shopper import ADDRESS, API, CHALLENGE, DECLINED, LATER, SUCCEEDS, card, key, money, product_of, wait_for


def walk_order(buyer, stranger, manager, cart, code, checks):
    """The cart becomes an order, once."""
    body = {"shipping_method": "standard", "shipping_address": ADDRESS, "note": "Ring twice"}
    path = f"{API}/orders"
    buyer.refused("POST", path, body, 400, "idempotency_key_required")
    stranger.refused("POST", path, body, 409, "cart_empty", headers=key())
    buyer.refused("POST", path, body | {"shipping_method": "balloon"}, 409, "shipping_unavailable", headers=key())
    wrong = buyer.refused("POST", path, body | {"shipping_address": ADDRESS | {"postal_code": "ABC", "region": "Illinois"}},
                          422, "address_invalid", headers=key())  # fmt: skip
    pointers = sorted(one["pointer"] for one in wrong.body["errors"])
    checks.equal(pointers, ["/shipping_address/postal_code", "/shipping_address/region"], "address_invalid names the fields")
    buyer.refused("POST", path, body | {"expected_total": money(1)}, 409, "price_changed", headers=key())
    for more in ({"total": money(1)}, {"status": "paid"}, {"user_id": 1}):
        buyer.refused("POST", path, body | more, 422, "validation_failed", headers=key())
    same = key()
    made = buyer.post(path, body | {"expected_total": cart["total"]}, 201, headers=same)
    order = made.body
    checks.equal(made.headers.get("location"), f"{path}/{order['id']}", "order: Location")
    again = buyer.post(path, body | {"expected_total": cart["total"]}, 201, headers=same)
    checks.equal((again.body, again.headers.get("idempotency-replayed")), (order, "true"), "the same key, the same order")
    buyer.refused("POST", path, body, 422, "idempotency_key_reused", headers=same)
    checks.that(re.fullmatch(r"ORD-\d{8,}", order["number"]), "a number for people", order["number"])
    checks.equal((order["status"], order["payment_status"], order["fulfilment_status"]),
                 ("pending_payment", "unpaid", "unfulfilled"), "states of a new order")  # fmt: skip
    checks.equal(order["next_statuses"], ["cancelled"], "next_statuses of a new order")
    for part in ("subtotal", "discount", "shipping", "tax", "total"):
        checks.equal(order[part], cart[part], f"the order's {part} is the cart's")
    checks.equal((order["coupon_code"], order["shipping_address"], order["note"]), (code, ADDRESS, "Ring twice"), "a snapshot")
    checks.equal(buyer.get(f"{API}/cart").body["items"], [], "the cart is empty")
    seen = buyer.get(f"{path}/{order['id']}")
    checks.equal(seen.headers.get("cache-control"), "no-store", "an order is nobody else's")
    buyer.ask("GET", f"{path}/{order['id']}", None, 304, headers={"If-None-Match": seen.headers["etag"]})
    listed = buyer.get(f"{path}?include_total=true&number={order['number']}").body
    checks.equal(([o["id"] for o in listed["items"]], listed["total"]), ([order["id"]], 1), "orders: by number")
    for method, below in (("GET", ""), ("POST", "/cancel"), ("GET", "/timeline")):
        stranger.refused(method, f"{path}/{order['id']}{below}", {} if method == "POST" else None, 404, "not_found")
    stranger.refused("GET", f"{path}?scope=all", None, 403, "forbidden")
    buyer.refused("PUT", f"{path}/{order['id']}/status", {"status": "completed"}, 403, "forbidden", headers={"If-Match": "*"})
    manager.refused("PUT", f"{path}/{order['id']}/status", {"status": "completed"}, 409, "invalid_transition", headers={"If-Match": "*"})
    stock = {v["sku"].split("-")[1]: (v["stock_on_hand"], v["stock_reserved"]) for v in product_of(manager, order)["variants"]}
    checks.equal(stock, {"S": (5, 2), "L": (3, 1)}, "its pieces are reserved")
    return order


def walk_used_coupon(other, product, code, checks):
    """A coupon that may be used once is used; another order of the same is called off."""
    body = {"items": [{"variant_id": product["variants"][0]["id"], "quantity": 1}], "coupon": code, "shipping_method": "express",
            "shipping_address": ADDRESS}  # fmt: skip
    other.refused("POST", f"{API}/orders", body, 409, "coupon_exhausted", headers=key())
    body.pop("coupon")
    short = body | {"items": [{"variant_id": product["variants"][0]["id"], "quantity": 4}]}
    told = other.refused("POST", f"{API}/orders", short, 409, "out_of_stock", headers=key())
    checks.equal([(line["quantity"], line["available"]) for line in told.body["lines"]], [(4, 3)], "out_of_stock names the lines")
    order = other.post(f"{API}/orders", body, 201, headers=key()).body
    cancelled = other.post(f"{API}/orders/{order['id']}/cancel", {"reason": "too dear"}).body
    checks.equal((cancelled["status"], cancelled["payment_status"], cancelled["next_statuses"]),
                 ("cancelled", "voided", []), "called off")  # fmt: skip
    checks.that(cancelled["cancelled_at"], "when it was called off")
    refused = other.refused("POST", f"{API}/orders/{order['id']}/cancel", {}, 409, "invalid_transition")
    checks.equal((refused.body["from"], refused.body["to"]), ("cancelled", "cancelled"), "invalid_transition names both states")
    kinds = [e["kind"] for e in other.get(f"{API}/orders/{order['id']}/timeline").body["items"]]
    checks.equal(kinds, ["placed", "cancelled", "status_changed"], "the timeline tells it")
    other.refused("POST", f"{API}/orders/{order['id']}/payments", card(SUCCEEDS), 409, "order_not_payable", headers=key())


def walk_declined(buyer, stranger, order, checks):
    path = f"{API}/orders/{order['id']}/payments"
    stranger.refused("POST", path, card(SUCCEEDS), 404, "not_found", headers=key())
    for number, pointer in (("4242424242424241", "/method/card/number"), ("4000056655665556", "/method/card/number"), ("12", "/method/card/number")):
        wrong = buyer.refused("POST", path, card(number), 422, "validation_failed", headers=key())
        checks.equal([one["pointer"] for one in wrong.body["errors"]], [pointer], "a number that is no test card's")
        checks.that(number not in wrong.text() or len(number) < 12, "the number is not in the answer")
    buyer.refused("POST", path, card(SUCCEEDS, exp_year=2020), 422, "validation_failed", headers=key())
    buyer.refused("POST", path, card(SUCCEEDS) | {"amount": money(1)}, 422, "validation_failed", headers=key())
    failed = buyer.post(path, card(DECLINED), 201, headers=key()).body
    checks.equal((failed["status"], failed["failure"]["code"]), ("failed", "insufficient_funds"), "declined")
    checks.equal(failed["next_statuses"], [], "a failed payment ends there")
    checks.equal(buyer.get(f"{API}/orders/{order['id']}").body["payment_status"], "unpaid", "the order still waits")


def walk_challenge(buyer, stranger, order, checks):
    """3-D Secure: the page as a browser would use it, then the return to the shop."""
    path, same = f"{API}/orders/{order['id']}/payments", key()
    made = buyer.post(path, card(CHALLENGE), 201, headers=same)
    payment = made.body
    checks.equal(made.headers.get("location"), f"{API}/payments/{payment['id']}", "payment: Location")
    checks.equal((payment["status"], payment["next_action"]["type"]), ("requires_action", "redirect"), "a challenge")
    checks.equal(payment["next_statuses"], ["captured", "cancelled"], "next_statuses of a challenge")
    checks.equal((payment["amount"], payment["captured"]), (order["total"], money(0)), "nothing is taken yet")
    checks.equal((payment["method"]["last4"], "number" in made.text()), ("3184", False), "of the card only its last digits")
    again = buyer.post(path, card(CHALLENGE), 201, headers=same)
    checks.equal((again.body["id"], again.headers.get("idempotency-replayed")), (payment["id"], "true"), "one payment for a key")
    buyer.refused("POST", path, card(SUCCEEDS), 409, "payment_in_progress", headers=key())
    confirm = f"{API}/payments/{payment['id']}/confirm"
    buyer.refused("POST", confirm, None, 409, "action_required", headers=key())
    for method, at in (("GET", f"{API}/payments/{payment['id']}"), ("POST", confirm), ("GET", path)):
        stranger.refused(method, at, None, 404, "not_found", headers=key())
    walk_page(buyer, payment, order, checks)
    done = buyer.post(confirm, headers=key()).body
    checks.equal((done["status"], done["captured"], done["next_action"]), ("captured", order["total"], None), "the money is here")
    checks.equal([entry["kind"] for entry in done["ledger"]], ["authorization", "capture"], "the ledger")
    paid = buyer.get(f"{API}/orders/{order['id']}").body
    checks.equal((paid["status"], paid["payment_status"], paid["captured"]), ("paid", "paid", order["total"]), "the order is paid")
    checks.that(paid["paid_at"], "when the money came")
    buyer.refused("POST", path, card(SUCCEEDS), 409, "order_not_payable", headers=key())
    buyer.refused("POST", f"{API}/payments/{payment['id']}/refunds", {"reason": "other"}, 403, "forbidden", headers=key())
    return done


def walk_page(buyer, payment, order, checks):
    browser = Client(buyer.url.geturl(), checks)
    address = urlsplit(payment["next_action"]["url"])
    for language, word in (("en", "Approve"), ("ru", "Подтвердить")):
        page = browser.get(f"{address.path}?lang={language}")
        checks.that(page.headers["content-type"].startswith("text/html"), "the challenge is a page", page.headers)
        checks.that("content-security-policy" in page.headers, "the page has a policy", page.headers)
        amount = f"{order['total']['amount'] // 100}.{order['total']['amount'] % 100:02}"
        checks.that(word in page.text() and amount in page.text(), f"the page in {language}", page.text()[:2000])
    form = re.search(r'<form method="post" action="([^"]+)"', page.text())
    button = re.search(r'formaction="([^"]+/fail[^"]*)"', page.text())
    checks.that(form and button, "the page has a form and a button to fail", page.text()[:2000])
    sent = {"Content-Type": "application/x-www-form-urlencoded"}
    gone = browser.ask("POST", form.group(1).replace("&amp;", "&"), b"", 303, headers=sent)
    shown = browser.get(gone.headers.get("location", "/")).text()
    checks.that('data-outcome="approved"' in shown, "the page tells what came of it", shown[:2000])
    browser.ask("POST", button.group(1).replace("&amp;", "&"), b"", 303, headers=sent)
    checks.that('data-outcome="approved"' in browser.get(address.path).text(), "a challenge that is over stays as it is")
    browser.refused("GET", f"{API}/payments/sandbox/challenges/{'x' * 43}", None, 404, "not_found")


def walk_webhook(anyone, other, product, checks):
    """A payment whose outcome comes by webhook: forged, out of time, genuine, twice."""
    body = {"items": [{"variant_id": product["variants"][0]["id"], "quantity": 1}], "shipping_method": "standard",
            "shipping_address": ADDRESS}  # fmt: skip
    order = other.post(f"{API}/orders", body, 201, headers=key()).body
    payment = other.post(f"{API}/orders/{order['id']}/payments", card(LATER), 201, headers=key()).body
    checks.equal((payment["status"], payment["next_statuses"]), ("processing", []), "the outcome comes later")
    told = anyone.get(f"{API}/payments/sandbox").body
    checks.that(any(c["number"] == LATER for c in told["cards"]), "the test cards are listed", told["cards"])
    hook, secret = told["webhooks"], told["webhooks"]["secret"]
    path = urlsplit(hook["url"]).path
    event = {"id": f"evt_{secrets.token_hex(6)}", "type": "charge.captured", "data": {"reference": payment["reference"]}}
    text = json.dumps(event).encode()

    def signed(at=None, by=secret):
        at = int(time.time()) if at is None else at
        of = hmac.new(by.encode(), f"{at}.".encode() + text, hashlib.sha256).hexdigest()
        return {hook["header"]: f"t={at},v1={of}"}

    anyone.refused("POST", path, text, 400, "signature_invalid")
    anyone.refused("POST", path, text, 400, "signature_invalid", headers=signed(by="whsec_other"))
    anyone.refused("POST", path, text, 400, "signature_out_of_time", headers=signed(int(time.time()) - 301))
    checks.equal(other.get(f"{API}/payments/{payment['id']}").body["status"], "processing", "forgeries change nothing")
    checks.equal(anyone.post(path, text, headers=signed()).body["outcome"], "applied", "a genuine webhook counts")
    checks.equal(anyone.post(path, text, headers=signed()).body["outcome"], "duplicate", "and once")
    seen = other.get(f"{API}/payments/{payment['id']}").body
    checks.equal((seen["status"], [e["kind"] for e in seen["ledger"]]), ("captured", ["authorization", "capture"]), "captured")
    anyone.refused("POST", path.replace("/sandbox", "/nobody"), text, 404, "not_found", headers=signed())
    # Called off: what was paid is given back by itself.
    other.post(f"{API}/orders/{order['id']}/cancel")
    order = wait_for(lambda: other.get(f"{API}/orders/{order['id']}").body, lambda o: o["refunded"] == o["captured"])
    checks.equal((order["status"], order["payment_status"], order["refunded"]), ("cancelled", "refunded", order["total"]),
                 "an order that is called off gives its money back")  # fmt: skip
