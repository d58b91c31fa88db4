#!/usr/bin/env python3
"""Walks the whole purchase against the gateway's binary, as a client that knows only the contract, on both databases: search,
product, a guest's cart, login and merge, coupon, order, payment with 3-D Secure, webhook, shipment, tracking, delivery,
review, vote, return and refund; and the refusals on the way. Each check counts; each failure is one line. Ends with
`N passed, N failed`.
"""

import sys

from browsing import walk_cart_coupon, walk_catalogue, walk_coupons, walk_guest_cart, walk_merge, walk_price, walk_search
from buying import walk_challenge, walk_declined, walk_order, walk_used_coupon, walk_webhook
from client import Checks, attempt, outcome
from receiving import walk_refund, walk_return, walk_review, walk_shipping, walk_timeline
from service import KINDS, Gateway, Place
from shopper import CHALLENGE, DECLINED, LATER, SUCCEEDS, guest


def purchase(gateway, checks):
    anyone = guest(gateway, checks)
    manager, buyer, stranger = (guest(gateway, checks).log_in(name) for name in ("manager", "ann", "bob"))
    other, moderator = guest(gateway, checks).log_in("vera"), guest(gateway, checks).log_in("manager")
    mark, category, product, cup = walk_catalogue(manager, checks)
    code = walk_coupons(manager, mark, category, checks)
    walk_search(anyone, mark, category, product, checks)
    token = walk_guest_cart(anyone, product, cup, checks)
    cart = walk_merge(buyer, token, product, checks)
    walk_cart_coupon(buyer, code, mark, cart, checks)
    cart = walk_price(manager, buyer, cup, checks)
    order = walk_order(buyer, stranger, manager, cart, code, checks)
    walk_used_coupon(other, product, code, checks)
    walk_declined(buyer, stranger, order, checks)
    payment = walk_challenge(buyer, stranger, order, checks)
    walk_webhook(anyone, other, product, checks)
    order = walk_shipping(manager, buyer, stranger, order, checks)
    walk_review(buyer, stranger, moderator, product, checks)
    received = walk_return(manager, buyer, stranger, order, checks)
    walk_refund(manager, buyer, order, payment, received, checks)
    walk_timeline(buyer, manager, order, checks)


def main():
    checks = Checks()
    for kind in KINDS:
        checks.where = kind
        with Place(kind) as place, Gateway(place) as gateway:
            attempt(checks, purchase, gateway, checks)
            told = gateway.log.read_text()
            for number in (SUCCEEDS, CHALLENGE, DECLINED, LATER):
                checks.that(number not in told, "no card number in the log")
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
