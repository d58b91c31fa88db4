"""What was bought arrives, is reviewed, goes back, and is refunded."""

from shopper import API, Shopper, key, money, product_of


def walk_shipping(manager, buyer, stranger, order, checks):
    """Two parcels; the order follows them."""
    path = f"{API}/orders/{order['id']}/shipments"
    buyer.refused("POST", path, {}, 403, "forbidden", headers=key())
    first_line = order["lines"][0]
    for lines, status, code in (
        ([{"line_id": 999999999, "quantity": 1}], 422, "validation_failed"), ([], 422, "validation_failed"),
        ([{"line_id": first_line["id"], "quantity": 99}], 409, "nothing_left_to_ship"),
    ):  # fmt: skip
        manager.refused("POST", path, {"lines": lines}, status, code, headers=key())
    part = {"lines": [{"line_id": first_line["id"], "quantity": 1}], "carrier": "UPS", "tracking_number": "1Z999"}
    same = key()
    made = manager.post(path, part, 201, headers=same)
    checks.equal(made.headers.get("location"), f"{API}/shipments/{made.body['id']}", "shipment: Location")
    checks.equal(manager.post(path, part, 201, headers=same).body["id"], made.body["id"], "one shipment for a key")
    seen = buyer.get(f"{API}/orders/{order['id']}").body
    checks.equal((seen["status"], seen["fulfilment_status"]), ("partially_shipped", "partially_shipped"), "some is on its way")
    checks.equal(seen["next_statuses"], [], "what is on its way cannot be called off")
    buyer.refused("POST", f"{API}/orders/{order['id']}/cancel", {}, 409, "invalid_transition")
    rest = manager.post(path, {"carrier": "DHL"}, 201, headers=key()).body
    checks.equal(buyer.get(f"{API}/orders/{order['id']}").body["status"], "shipped", "all is on its way")
    manager.refused("POST", path, {}, 409, "nothing_left_to_ship", headers=key())
    one = f"{API}/shipments/{made.body['id']}"
    stranger.refused("GET", one, None, 404, "not_found")
    stranger.refused("GET", path, None, 404, "not_found")
    changed = manager.ask("PATCH", one, {"tracking_number": "1Z1000"}, 200, headers={"If-Match": made.headers["etag"]})
    checks.equal(changed.body["tracking_number"], "1Z1000", "another tracking number")
    manager.refused("PATCH", one, {"carrier": None}, 412, "precondition_failed", headers={"If-Match": made.headers["etag"]})
    manager.refused("POST", f"{one}/events", {"status": "delivered"}, 409, "invalid_transition", headers=key())
    walk_tracking(manager, buyer, made.body["id"], checks)
    checks.equal(buyer.get(f"{API}/orders/{order['id']}").body["status"], "shipped", "one of two has arrived")
    for status in ("in_transit", "out_for_delivery", "delivered"):
        manager.post(f"{API}/shipments/{rest['id']}/events", {"status": status}, 201, headers=key())
    seen = buyer.get(f"{API}/orders/{order['id']}").body
    checks.equal((seen["status"], seen["fulfilment_status"]), ("delivered", "delivered"), "all has arrived")
    checks.that(seen["delivered_at"], "when it had arrived")
    checks.equal([(line["shipped"], line["delivered"]) for line in seen["lines"]],
                 [(line["quantity"], line["quantity"]) for line in seen["lines"]], "the lines tell it")  # fmt: skip
    stock = {v["sku"].split("-")[1]: (v["stock_on_hand"], v["stock_reserved"]) for v in product_of(manager, order)["variants"]}
    checks.equal(stock, {"S": (3, 0), "L": (2, 0)}, "the pieces have left the store")
    return seen


def walk_tracking(manager, buyer, shipment, checks):
    path = f"{API}/shipments/{shipment}/events"
    buyer.refused("POST", path, {"status": "in_transit"}, 403, "forbidden", headers=key())
    manager.refused("POST", path, {"status": "created"}, 422, "validation_failed", headers=key())
    manager.refused("POST", path, {"status": "in_transit", "occurred_at": "2001-01-01T00:00:00Z"}, 422, "validation_failed", headers=key())
    for status, nexts in (
        ("in_transit", ["in_transit", "out_for_delivery", "delivered", "failed", "returned_to_sender"]), ("out_for_delivery", ["delivered", "failed", "returned_to_sender"]),
        ("delivered", []),
    ):  # fmt: skip
        noted = manager.post(path, {"status": status, "location": "Chicago"}, 201, headers=key()).body
        checks.equal((noted["status"], noted["location"]), (status, "Chicago"), "what was heard")
        checks.equal(manager.get(f"{API}/shipments/{shipment}").body["next_statuses"], nexts, f"next_statuses of {status}")
    heard = [one["status"] for one in buyer.get(path).body["items"]]
    checks.equal(heard, ["created", "in_transit", "out_for_delivery", "delivered"], "the customer follows it")
    checks.equal(buyer.get(f"{API}/shipments/{shipment}").body["next_statuses"], [], "the customer moves nothing")
    manager.refused("POST", f"{API}/shipments/{shipment}/cancel", None, 409, "invalid_transition", headers=key())


def walk_review(buyer, stranger, moderator, product, checks):
    """A verified review, seen when it is approved."""
    path = f"{API}/products/{product['id']}/reviews"
    anyone = Shopper(buyer.url.geturl(), checks)
    anyone.refused("POST", path, {"rating": 5, "title": "Fine"}, 401, "unauthenticated")
    for body in ({"rating": 0, "title": "x"}, {"rating": 6, "title": "x"}, {"rating": 5}, {"rating": 5, "title": "x", "verified": True}):
        buyer.refused("POST", path, body, 422, "validation_failed", headers=key())
    made = buyer.post(path, {"rating": 4, "title": "Boils well", "body": "As *told*."}, 201, headers=key())
    review = made.body
    checks.equal(made.headers.get("location"), f"{API}/reviews/{review['id']}", "review: Location")
    checks.equal((review["status"], review["verified"]), ("pending", True), "who has received it is marked")
    buyer.refused("POST", path, {"rating": 1, "title": "Again"}, 409, "review_exists", headers=key())
    unmarked = stranger.post(path, {"rating": 1, "title": "Never had it"}, 201, headers=key()).body
    checks.equal(unmarked["verified"], False, "who has not is not")
    one = f"{API}/reviews/{review['id']}"
    anyone.refused("GET", one, None, 404, "not_found")
    checks.equal(anyone.get(path).body["items"], [], "nobody sees what waits")
    buyer.refused("PUT", f"{one}/status", {"status": "approved"}, 403, "forbidden", headers={"If-Match": "*"})
    approved = moderator.ask("PUT", f"{one}/status", {"status": "approved"}, 200, headers={"If-Match": made.headers["etag"]})
    checks.equal((approved.body["status"], approved.body["next_statuses"]), ("approved", ["rejected"]), "approved")
    moderator.ask("PUT", f"{API}/reviews/{unmarked['id']}/status", {"status": "rejected", "note": "You have not had it"}, 200,
                  headers={"If-Match": "*"})  # fmt: skip
    rating = anyone.get(f"{API}/products/{product['id']}").body["rating"]
    checks.equal((rating["average"], rating["count"]), (4.0, 1), "the product's rating is that of what is approved")
    checks.equal([r["id"] for r in anyone.get(path).body["items"]], [review["id"]], "everybody sees what is approved")
    vote = f"{one}/vote"
    buyer.refused("POST", vote, {"helpful": True}, 409, "own_review")
    for helpful, counts in ((True, (1, 0)), (True, (1, 0)), (False, (0, 1))):
        voted = stranger.post(vote, {"helpful": helpful}).body
        checks.equal((voted["helpful_count"], voted["unhelpful_count"]), counts, "the last word of each counts")
    stranger.ask("DELETE", vote, None, 204)
    stranger.refused("DELETE", vote, None, 404, "not_found")
    stranger.refused("PATCH", one, {"rating": 1}, 403, "not_author", headers={"If-Match": "*"})
    edited = buyer.ask("PATCH", one, {"rating": 5}, 200, headers={"If-Match": "*"}).body
    checks.equal(edited["status"], "pending", "what is edited waits again")
    checks.equal(anyone.get(f"{API}/products/{product['id']}").body["rating"]["count"], 0, "and counts no more")
    moderator.ask("PUT", f"{one}/status", {"status": "approved"}, 200, headers={"If-Match": "*"})
    rating = anyone.get(f"{API}/products/{product['id']}").body["rating"]
    checks.equal((rating["average"], rating["count"]), (5.0, 1), "an edited review counts once")


def walk_return(manager, buyer, stranger, order, checks):
    """One piece goes back, and on sale again."""
    path, line = f"{API}/orders/{order['id']}/return", order["lines"][0]
    asked = {"lines": [{"line_id": line["id"], "quantity": 1}], "reason": "unwanted"}
    stranger.refused("POST", path, asked, 404, "not_found", headers=key())
    buyer.refused("POST", path, asked | {"reason": "bored"}, 422, "validation_failed", headers=key())
    too_many = asked | {"lines": [{"line_id": line["id"], "quantity": line["quantity"] + 1}]}
    buyer.refused("POST", path, too_many, 409, "nothing_to_return", headers=key())
    made = buyer.post(path, asked, 201, headers=key())
    one = f"{API}/returns/{made.body['id']}"
    checks.equal(made.headers.get("location"), one, "return: Location")
    checks.equal((made.body["status"], made.body["next_statuses"]), ("requested", ["cancelled"]), "asked for")
    stranger.refused("GET", one, None, 404, "not_found")
    buyer.refused("PUT", f"{one}/status", {"status": "approved"}, 403, "forbidden", headers={"If-Match": "*"})
    manager.refused("PUT", f"{one}/status", {"status": "received"}, 409, "invalid_transition", headers={"If-Match": "*"})
    tag = manager.get(one).headers["etag"]
    approved = manager.ask("PUT", f"{one}/status", {"status": "approved"}, 200, headers={"If-Match": tag})
    manager.refused("PUT", f"{one}/status", {"status": "received"}, 412, "precondition_failed", headers={"If-Match": tag})
    received = manager.ask("PUT", f"{one}/status", {"status": "received"}, 200, headers={"If-Match": approved.headers["etag"]}).body
    checks.equal((received["status"], received["next_statuses"]), ("received", []), "it is back")
    # What was paid for one of the two: 4000 less a tenth.
    checks.equal(received["goods_value"], money(3600), "what was paid for it")
    variant = next(v for v in product_of(manager, order)["variants"] if v["id"] == line["variant_id"])
    checks.equal((variant["stock_on_hand"], variant["stock_reserved"]), (4, 0), "it is on sale again")
    entry = manager.get(f"{API}/variants/{variant['id']}/stock").body["items"][0]
    checks.equal((entry["reason"], entry["delta"]), ("returned", 1), "the journal tells it")
    return received


def walk_refund(manager, buyer, order, payment, received, checks):
    path = f"{API}/payments/{payment['id']}/refunds"
    back = received["goods_value"]
    for amount, status, code in (
        (money(0), 422, "validation_failed"), (money(-5), 422, "validation_failed"), ({"amount": 1, "currency": "EUR"}, 422, "validation_failed"),
        (money(order["total"]["amount"] + 1), 409, "refund_exceeds_captured"),
    ):  # fmt: skip
        manager.refused("POST", path, {"amount": amount, "reason": "returned"}, status, code, headers=key())
    same = key()
    made = manager.post(path, {"amount": back, "reason": "returned"}, 201, headers=same)
    checks.equal((made.body["status"], made.body["amount"]), ("succeeded", back), "given back")
    checks.equal(made.headers.get("location"), f"{API}/payments/{payment['id']}", "refund: Location")
    checks.equal(manager.post(path, {"amount": back, "reason": "returned"}, 201, headers=same).body, made.body, "one refund for a key")
    seen = buyer.get(f"{API}/orders/{order['id']}").body
    checks.equal((seen["status"], seen["payment_status"], seen["refunded"]), ("partially_refunded", "partially_refunded", back), "a part is back")
    rest = manager.post(path, {"reason": "requested_by_customer"}, 201, headers=key()).body
    checks.equal(rest["amount"], money(order["total"]["amount"] - back["amount"]), "everything that is left")
    seen = buyer.get(f"{API}/orders/{order['id']}").body
    checks.equal((seen["status"], seen["payment_status"], seen["refunded"]), ("refunded", "refunded", seen["captured"]), "all is back")
    manager.refused("POST", path, {"reason": "other"}, 409, "invalid_transition", headers=key())
    ledger = buyer.get(f"{API}/payments/{payment['id']}").body["ledger"]
    checks.equal([(e["kind"], e["amount"]["amount"]) for e in ledger],
                 [("authorization", order["total"]["amount"]), ("capture", order["total"]["amount"]), ("refund", back["amount"]),
                  ("refund", rest["amount"]["amount"])], "the ledger tells all of it")  # fmt: skip


def walk_timeline(buyer, manager, order, checks):
    path = f"{API}/orders/{order['id']}"
    note = {"text": "Called the customer"}
    manager.post(f"{path}/notes", note, 201, headers=key())
    manager.post(f"{path}/notes", {"text": "Thank you", "visible_to_customer": True}, 201, headers=key())
    events = buyer.get(f"{path}/timeline?limit=100").body["items"]
    moves = [event["data"]["to"] for event in events if event["kind"] == "status_changed"]
    wanted = ["paid", "partially_shipped", "shipped", "delivered", "partially_refunded", "refunded"]
    checks.equal(moves, wanted, "the timeline has every state")
    checks.equal([e["id"] for e in events], sorted(e["id"] for e in events), "the oldest comes first")
    notes = [event["data"]["text"] for event in events if event["kind"] == "note"]
    checks.equal(notes, ["Thank you"], "the customer sees what is for the customer")
    staff = [event["data"]["text"] for event in manager.get(f"{path}/timeline?limit=100").body["items"] if event["kind"] == "note"]
    checks.equal(staff, ["Called the customer", "Thank you"], "the staff sees all of it")
    buyer.refused("POST", f"{path}/notes", note, 403, "forbidden", headers=key())
