"""A client of the shop, and of a domain like it: what every answer of it has is checked, and what requests are made of."""

import re
import secrets
import time

from client import Client

API = "/api/ecommerce"
DEMO = "practice makes perfect"
WAIT_S = 15.0
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
ADDRESS = {
    "name": "Ann Archer", "line1": "1 Main Street", "line2": None, "city": "Springfield", "region": "IL",
    "postal_code": "62701", "country": "US", "phone": None,
}  # fmt: skip
SUCCEEDS, CHALLENGE, DECLINED, LATER = "4242424242424242", "4000002760003184", "4000000000009995", "4000000000002008"


def money(amount):
    return {"amount": amount, "currency": "USD"}


def key():
    return {"Idempotency-Key": secrets.token_hex(12)}


def card(number, **more):
    given = {"number": number, "exp_month": 12, "exp_year": 2090, "cvc": "123", "holder": "Ann Archer"} | more
    return {"method": {"type": "card", "card": given}}


class Shopper(Client):
    """A client that also checks what every answer of the shop has: times, money, next_statuses."""

    api = API

    def _check(self, answer, status):
        super()._check(answer, status)
        if answer.is_json and answer.status < 400 and answer.asked.split()[1].startswith(self.api):
            self._look(answer.asked, answer.body, "")
            if answer.status == 201:
                location = answer.headers.get("location", "")
                self.checks.that(location.startswith(f"{self.api}/"), f"{answer.asked}: Location", location)

    def _look(self, asked, value, at):
        """Every member of every object: a time, money and a list of states look as the contract says."""
        if isinstance(value, list):
            for n, one in enumerate(value):
                self._look(asked, one, f"{at}/{n}")
        if not isinstance(value, dict):
            return
        if "amount" in value and isinstance(value["amount"], int):
            holds = set(value) == {"amount", "currency"} and value["currency"] == "USD"
            self.checks.that(holds, f"{asked}: money at {at}", value)
        if "next_statuses" in value:
            states = value["next_statuses"]
            holds = isinstance(states, list) and all(re.fullmatch("[a-z_]+", one) for one in states)
            self.checks.that(holds and "status" in value, f"{asked}: next_statuses at {at}", states)
        for name, member in value.items():
            if name.endswith("_at") and member is not None:
                self.checks.that(TIME.fullmatch(str(member)), f"{asked}: time at {at}/{name}", member)
            self._look(asked, member, f"{at}/{name}")

    def log_in(self, name, **more):
        pair = self.post("/api/auth/login", {"username": name, "password": DEMO} | more).body
        self.token, self.id = pair["access_token"], pair["user"]["id"]
        return self


def product_of(manager, order):
    return manager.get(f"{API}/products/{order['lines'][0]['product_id']}").body


def guest(gateway, checks):
    return Shopper(gateway.url, checks)


def wait_for(look, holds):
    """What `look` answers, once it is as it shall be, or as it is after a while."""
    give_up = time.monotonic() + WAIT_S
    while not holds(seen := look()) and time.monotonic() < give_up:
        time.sleep(0.1)
    return seen
