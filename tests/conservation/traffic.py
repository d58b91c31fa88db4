"""Random traffic of many callers, each with a journal of what was answered. A request that got no answer is repeated with
its key until it gets one, as a careful client does. Standard library only.
"""

import http.client
import json
import random
import secrets
import threading
import time
from collections import Counter
from urllib.parse import urlsplit

API = "/api/ecommerce"
PASSWORD = "practice makes perfect"
REPEAT_AFTER_S = 0.5
ADDRESS = {
    "name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL", "postal_code": "62701",
    "country": "US",
}  # fmt: skip
# Test cards of the sandbox: success, refusal, 3-D Secure, silence, answers that come later, twice, or too early.
CARDS = (
    ["4242424242424242"] * 6 + ["4000002760003184"] * 3
    + ["4000000000000002", "4000000000001000", "4000000000002008", "4000000000002016", "4000000000003006", "4000000000004004"]
)  # fmt: skip


class Shop:
    """What the callers share: where the gateway is now, and what they have seen of it."""

    def __init__(self):
        self.lock = threading.Lock()
        self.url, self.stopped = None, threading.Event()
        self.variants, self.products, self.coupons = [], [], []
        self.orders, self.payments, self.shipments, self.returns, self.reviews = {}, {}, {}, {}, {}
        self.answered = []  # (what, path, body, answer) of every keyed request that succeeded
        self.asked, self.codes, self.faults = Counter(), Counter(), []
        self.replayed = self.unanswered = 0

    def recent(self, rng, registry, most=40):
        """One of the newest of a registry, or `None`."""
        with self.lock:
            keys = list(registry)[-most:]
            return registry[rng.choice(keys)] if keys else None

    def answers(self, what):
        with self.lock:
            return [entry for entry in self.answered if entry[0] == what]


class Caller(threading.Thread):
    """One person at the gateway."""

    def __init__(self, shop, name, seed):
        super().__init__(daemon=True, name=name)
        self.shop, self.username, self.rng = shop, name, random.Random(seed)
        self.token = self.connection = self.at = None
        self.open = []  # keyed requests without an answer: [what, method, path, body, key, when to ask again]

    # One request.

    def send(self, method, path, body=None, headers=None):
        """Status, body and headers; `None` when no answer came."""
        url = self.shop.url
        if url is None:
            time.sleep(0.02)
            return None
        try:
            if self.connection is None or self.at != url:
                self.at, parts = url, urlsplit(url)
                self.connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=30)
            sent = dict(headers or {})
            if self.token:
                sent["Authorization"] = f"Bearer {self.token}"
            data = None
            if body is not None:
                data, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
            self.connection.request(method, path, data, sent)
            response = self.connection.getresponse()
            raw = response.read()
        except (OSError, http.client.HTTPException):
            if self.connection is not None:
                self.connection.close()
            self.connection = None
            return None
        return self.seen(method, path, response, raw)

    def seen(self, method, path, response, raw):
        shown = json.loads(raw) if raw and "json" in response.getheader("content-type", "") else None
        code = shown.get("code", "") if response.status >= 400 and isinstance(shown, dict) else ""
        with self.shop.lock:
            self.shop.asked[response.status] += 1
            self.shop.codes[code] += bool(code)
            self.shop.replayed += response.getheader("idempotency-replayed") == "true"
            if response.status >= 500 and response.status != 503:
                self.shop.faults.append(f"{method} {path}: {response.status} {shown}")
        return response.status, shown, response.headers

    def log_in(self):
        status, shown, _ = self.send("POST", "/api/auth/login", {"username": self.username, "password": PASSWORD})
        assert status == 200, f"{self.username} cannot log in: {shown}"
        self.token, self.id = shown["access_token"], shown["user"]["id"]

    def get(self, path):
        answer = self.send("GET", path)
        return answer[1] if answer and answer[0] == 200 else None

    # A change with a key: repeated until it is answered.

    def change(self, what, method, path, body=None):
        """The answer to a success; `None` for a refusal, and while there is no answer yet."""
        return self.attempt([what, method, API + path, body, secrets.token_hex(12), 0.0])

    def attempt(self, request):
        what, method, path, body, key, _ = request
        answer = self.send(method, path, {} if body is None else body, {"Idempotency-Key": key})
        refused = answer and isinstance(answer[1], dict) and answer[1].get("code")
        if answer is None or answer[0] == 503 or refused == "idempotency_in_flight":
            if request not in self.open:
                self.open.append(request)
                with self.shop.lock:
                    self.shop.unanswered += 1
            request[5] = time.monotonic() + REPEAT_AFTER_S
            return None
        if request in self.open:
            self.open.remove(request)
        if answer[0] >= 300:
            return None
        with self.shop.lock:
            self.shop.answered.append((what, path, body, answer[1]))
        self.note(what, answer[1])
        return answer[1]

    def note(self, what, shown):
        """Enters what was made, for others to go on with."""
        registries = {
            "order": self.shop.orders, "payment": self.shop.payments, "shipment": self.shop.shipments,
            "return": self.shop.returns, "review": self.shop.reviews,
        }  # fmt: skip
        if what in registries:
            with self.shop.lock:
                registries[what][shown["id"]] = shown | {"by": self.username}

    def repeat(self):
        """Asks again what got no answer, when it is time."""
        for request in list(self.open):
            if request[5] <= time.monotonic():
                self.attempt(request)

    def run(self):
        acts, weights = [act for act, _ in self.ACTS], [weight for _, weight in self.ACTS]
        try:
            while not self.shop.stopped.is_set():
                self.repeat()
                self.rng.choices(acts, weights)[0](self)
        except Exception as error:  # an answer that is not as the contract says
            self.shop.faults.append(f"{self.username}: {type(error).__name__}: {error}")
            raise

    def drain(self, seconds):
        """After the traffic: asks until everything is answered; what is left without an answer."""
        give_up = time.monotonic() + seconds
        while self.open and time.monotonic() < give_up:
            self.repeat()
            time.sleep(0.05)
        return self.open


class Buyer(Caller):
    """Somebody who buys, pays, thinks better of it, sends back and reviews."""

    def own(self, registry):
        found = self.shop.recent(self.rng, registry, 200)
        return found if found and found["by"] == self.username else None

    def fill_cart(self):
        variant = self.rng.choice(self.shop.variants)
        self.change("cart", "POST", "/cart", {"variant_id": variant, "quantity": self.rng.randint(1, 3)})

    def change_cart(self):
        cart = self.get(f"{API}/cart")
        for item in (cart or {}).get("items", []):
            if self.rng.random() < 0.5:
                self.send("PATCH", f"{API}/cart/items/{item['id']}", {"quantity": self.rng.randint(1, 4)})
            elif self.rng.random() < 0.3:
                self.send("DELETE", f"{API}/cart/items/{item['id']}")
        if self.rng.random() < 0.5:
            self.send("POST", f"{API}/cart/coupon", {"code": self.rng.choice(self.shop.coupons)})

    def order(self):
        body = {"shipping_method": "standard", "shipping_address": ADDRESS}
        if self.rng.random() < 0.6:
            many = self.rng.randint(1, 3)
            lines = [(self.rng.choice(self.shop.variants), self.rng.randint(1, 3)) for _ in range(many)]
            body["items"] = [{"variant_id": variant, "quantity": quantity} for variant, quantity in lines]
            if self.rng.random() < 0.4:
                body["coupon"] = self.rng.choice(self.shop.coupons)
        made = self.change("order", "POST", "/orders", body)
        if made and self.rng.random() < 0.7:
            self.pay(made["id"])

    def pay_some(self):
        found = self.own(self.shop.orders)
        if found:
            self.pay(found["id"])

    def pay(self, order_id):
        card = {
            "number": self.rng.choice(CARDS), "exp_month": 12, "exp_year": 2090, "cvc": "123", "holder": "Ann Archer",
        }  # fmt: skip
        capture = self.rng.choice(["automatic", "automatic", "manual"])
        body = {"method": {"type": "card", "card": card}, "capture": capture}
        made = self.change("payment", "POST", f"/orders/{order_id}/payments", body)
        if made and made["next_action"] and self.rng.random() < 0.9:
            self.prove(made)

    def prove(self, payment):
        """3-D Secure: mostly passed, and mostly with a return to the shop."""
        path = urlsplit(payment["next_action"]["url"]).path
        self.send("POST", f"{path}/{self.rng.choice(['approve', 'approve', 'approve', 'fail'])}")
        if self.rng.random() < 0.7:
            self.change("confirm", "POST", f"/payments/{payment['id']}/confirm")

    def cancel_payment(self):
        found = self.own(self.shop.payments)
        if found:
            self.change("cancel payment", "POST", f"/payments/{found['id']}/cancel")

    def cancel(self):
        found = self.own(self.shop.orders)
        if found:
            self.send("POST", f"{API}/orders/{found['id']}/cancel", {"reason": "thought better of it"})

    def send_back(self):
        for _ in range(5):  # few of the newest have been delivered
            found = self.own(self.shop.orders)
            order = found and self.get(f"{API}/orders/{found['id']}")
            lines = [line for line in (order or {}).get("lines", []) if line["delivered"] > line["returned"]]
            if lines:
                line = self.rng.choice(lines)
                lines = [{"line_id": line["id"], "quantity": self.rng.randint(1, line["delivered"])}]
                self.change("return", "POST", f"/orders/{order['id']}/return", {"lines": lines, "reason": "unwanted"})
                return

    def keep_after_all(self):
        found = self.own(self.shop.returns)
        if found:
            self.send("POST", f"{API}/returns/{found['id']}/cancel")

    def review(self):
        product, rating = self.rng.choice(self.shop.products), self.rng.randint(1, 5)
        self.change("review", "POST", f"/products/{product}/reviews", {"rating": rating, "title": "As I found it"})

    def revise(self):
        found = self.own(self.shop.reviews)
        if found and self.rng.random() < 0.7:
            self.send("PATCH", f"{API}/reviews/{found['id']}", {"rating": self.rng.randint(1, 5)}, {"If-Match": "*"})
        elif found:
            self.send("DELETE", f"{API}/reviews/{found['id']}", None, {"If-Match": "*"})

    def vote(self):
        found = self.shop.recent(self.rng, self.shop.reviews)
        if found and self.rng.random() < 0.8:
            self.send("POST", f"{API}/reviews/{found['id']}/vote", {"helpful": self.rng.random() < 0.6})
        elif found:
            self.send("DELETE", f"{API}/reviews/{found['id']}/vote")

    ACTS = (
        (fill_cart, 8), (change_cart, 3), (order, 10), (pay_some, 4), (cancel_payment, 1), (cancel, 2), (send_back, 4),
        (keep_after_all, 1), (review, 1), (revise, 2), (vote, 2),
    )  # fmt: skip


class Staff(Caller):
    """Somebody of the shop, who captures, refunds, ships, takes back, counts the stock and moderates."""

    def count_stock(self):
        reason = self.rng.choice(["received", "received", "correction", "damaged", "lost"])
        delta = self.rng.randint(1, 8) * (1 if reason in ("received", "correction") else -1)
        self.change("stock", "POST", f"/variants/{self.rng.choice(self.shop.variants)}/stock", {"delta": delta, "reason": reason})

    def change_price(self):
        price = {"amount": self.rng.randint(500, 3000), "currency": "USD"}
        self.send("PATCH", f"{API}/variants/{self.rng.choice(self.shop.variants)}", {"price": price})

    def capture(self):
        found = self.shop.recent(self.rng, self.shop.payments)
        if found:
            self.change("capture", "POST", f"/payments/{found['id']}/capture")

    def refund(self):
        found = self.shop.recent(self.rng, self.shop.payments)
        if found:
            amount = self.rng.randint(1, max(1, found["amount"]["amount"] * 2 // 3))
            body = {"amount": {"amount": amount, "currency": "USD"}, "reason": "other"}
            self.change("refund", "POST", f"/payments/{found['id']}/refunds", {"reason": "other"} if amount % 4 == 0 else body)

    def ship(self):
        found = self.shop.recent(self.rng, self.shop.orders)
        if found:
            line = self.rng.choice(found["lines"])
            part = {"lines": [{"line_id": line["id"], "quantity": self.rng.randint(1, line["quantity"])}]}
            self.change("shipment", "POST", f"/orders/{found['id']}/shipments", part if self.rng.random() < 0.4 else {})

    def track(self):
        found = self.shop.recent(self.rng, self.shop.shipments)
        ways = [["in_transit", "out_for_delivery", "delivered"]] * 3
        ways += [["in_transit", "failed"], ["in_transit", "returned_to_sender"], ["cancel"]]
        for status in self.rng.choice(ways) if found else []:
            if status == "cancel":
                self.change("unpacked", "POST", f"/shipments/{found['id']}/cancel")
            else:
                self.change("tracking", "POST", f"/shipments/{found['id']}/events", {"status": status})

    def take_back(self):
        found = self.shop.recent(self.rng, self.shop.returns)
        for status in self.rng.choice([["approved", "received"], ["received"], ["rejected"]]) if found else []:
            restock = self.rng.random() < 0.6
            body = {"status": status} | ({"restock": restock} if status == "received" else {})
            self.send("PUT", f"{API}/returns/{found['id']}/status", body, {"If-Match": "*"})

    def call_off(self):
        found = self.shop.recent(self.rng, self.shop.orders)
        if found and self.rng.random() < 0.3:
            self.send("PUT", f"{API}/orders/{found['id']}/status", {"status": "cancelled"}, {"If-Match": "*"})

    def moderate(self):
        found = self.shop.recent(self.rng, self.shop.reviews)
        if found:
            status = self.rng.choice(["approved", "approved", "rejected"])
            self.send("PUT", f"{API}/reviews/{found['id']}/status", {"status": status}, {"If-Match": "*"})

    ACTS = (
        (count_stock, 4), (change_price, 1), (capture, 3), (refund, 2), (ship, 8), (track, 8), (take_back, 4), (call_off, 1),
        (moderate, 2),
    )  # fmt: skip
