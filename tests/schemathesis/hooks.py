"""What the fuzzer has to know of the service to get past its doors: accounts, tokens from mails, ids that exist.

Loaded by schemathesis (SCHEMATHESIS_HOOKS). Every operation gets a caller that may call it; those that end the caller
(logout, deletion, change of password) get a new account for each case, so that no case takes the ground from another.
Valid cases get, one time in two, something real in place of a random token, password or id: without that no answer of
success would ever be compared with the document.

What was exercised is counted for each operation and written at the end to the file in POLIGON_FUZZ_COUNTS.
"""

import atexit
import hashlib
import hmac
import itertools
import json
import os
import re
import sys
import time
from collections import Counter
from pathlib import Path

import analytics
import boards
import content
import network
import schemathesis
from callers import ADMIN, BASE, PASSWORD, Admin, Person, http, lock, numbers, post
from schemathesis.generation.modes import GenerationMode

sys.path.append(str(Path(__file__).resolve().parents[1] / "journey"))

from client import totp  # noqa: E402

NEW_PASSWORD = "cobalt heron meadow 31"

ENDS_CALLER = {
    "DELETE /api/auth/me",
    "POST /api/auth/logout",
    "POST /api/auth/change-password",
    "POST /api/auth/change-email",
    "DELETE /api/auth/sessions/{id}",
    "POST /api/auth/2fa/totp/confirm",
    "DELETE /api/auth/2fa/totp",
    "POST /api/auth/2fa/recovery-codes",
    "POST /api/auth/step-up",
}

ENTITY_TAGS = re.compile(r'\*|(W/)?"[!#-~]*"(, ?(W/)?"[!#-~]*")*')

CART_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

countries = itertools.cycle(["AD", "BE", "CH", "DE", "ES", "FR", "GR", "IT", "MT", "NL", "PT", "SE"])
statuses: dict[str, Counter] = {}
injected: Counter = Counter()


def label(case):
    return f"{case.operation.method.upper()} {case.operation.path}"


people: dict[str, Person] = {}  # the accounts of ENDS_CALLER, by their header


@schemathesis.auth(refresh_interval=None)
class Caller:
    """An access token of somebody who may call the operation."""

    def get(self, case, context):
        if label(case) not in ENDS_CALLER:
            return Admin.get()
        with lock:
            person = Person()
            token = person.log_in()["access_token"]
            people[f"Bearer {token}"] = person
            return token

    def set(self, case, data, context):
        case.headers["Authorization"] = f"Bearer {data}"


def is_valid(case):
    """Whether every part of the request follows the document."""
    return case.meta is not None and case.meta.generation.mode == GenerationMode.POSITIVE


def real_login(case):
    case.body.pop("email", None)
    case.body |= {"username": ADMIN[0], "password": ADMIN[1]}


def real_refresh(case):
    case.body["refresh_token"] = Person().log_in()["refresh_token"]


def real_verification(case):
    case.body["token"] = Person().token_from_mail("verify_email")


def real_reset(case):
    person = Person()
    post("forgot-password", {"email": person.email})
    case.body |= {"token": person.token_from_mail("reset_password"), "password": NEW_PASSWORD}


def real_proof(case):
    case.body["current_password"] = PASSWORD
    if "new_password" in case.body:
        case.body["new_password"] = NEW_PASSWORD


def real_registration(case):
    name = f"fuzzed.{next(numbers)}"
    case.body |= {"username": name, "email": f"{name}@example.com", "password": PASSWORD}


def new_factor(token):
    """Switches a second factor on; its secret, and the code of this step is unused."""
    secret = post("2fa/totp", {}, token)["secret"]
    post("2fa/totp/confirm", {"code": totp(secret, -1)}, token)
    return secret


def caller_of(case):
    return case.headers["Authorization"].removeprefix("Bearer ")


def real_confirmation_of_totp(case):
    case.body["code"] = totp(post("2fa/totp", {}, caller_of(case))["secret"])


def real_factor(case):
    new_factor(caller_of(case))


def real_step_up(case):
    case.body["code"] = totp(new_factor(caller_of(case)))


def real_second_step(case):
    person = Person()
    secret = new_factor(person.log_in()["access_token"])
    case.body |= {"challenge": person.log_in()["challenge"], "code": totp(secret)}


def real_permissions(case):
    case.body["permissions"] = ["users:read", "audit:read"]


def real_session(case):
    person = people.get(case.headers.get("Authorization"))
    if person:
        case.path_parameters["id"] = person.log_in()["session_id"]


def real_user(case):
    case.path_parameters["id"] = Person().id
    if "roles" in (case.body if isinstance(case.body, dict) else {}):
        case.body["roles"] = ["editor", "auditor"]


def real_locked_user(case):
    real_user(case)
    post(f"users/{case.path_parameters['id']}/lock", {"reason": "for a case"}, Admin.get())


def real_role(case):
    name = f"role-{next(numbers)}"
    post("roles", {"name": name, "permissions": ["users:read"]}, Admin.get())
    case.path_parameters["name"] = name
    if isinstance(case.body, dict):
        real_permissions(case)


def real_account(case):
    case.body["email"] = Person().email


def new_variant():
    return {"sku": f"FUZZED-{next(numbers)}", "price": {"amount": 1200, "currency": "USD"}, "stock": 5}


def new_product():
    body = {"title": "A fuzzed kettle", "status": "active", "variants": [new_variant(), new_variant()]}
    return post("products", body, Admin.get(), domain="ecommerce")


def real_product(case):
    case.path_parameters["id"] = str(new_product()["id"])
    case.headers.pop("If-Match", None)  # a made-up tag is of no version that there is
    if isinstance(case.body, dict) and "category_id" in case.body:
        case.body["category_id"] = 1


def real_status(case):
    real_product(case)
    case.body["status"] = "archived"


def real_new_product(case):
    case.body |= {"category_id": 1, "variants": [new_variant()]}
    case.body.pop("slug", None)


def real_new_variant(case):
    real_product(case)
    case.body |= new_variant()
    case.body.pop("compare_at_price", None)


def real_variant(case):
    case.path_parameters["id"] = new_product()["variants"][0]["id"]
    for name in ("compare_at_price", "sku"):
        if isinstance(case.body, dict):
            case.body.pop(name, None)


def real_category(case):
    made = post("categories", {"title": "Fuzzed"}, Admin.get(), domain="ecommerce")
    case.path_parameters["id"] = made["id"]
    if isinstance(case.body, dict):
        case.body |= {"parent_id": 1}
        case.body.pop("slug", None)


def real_new_category(case):
    case.body |= {"parent_id": None}
    case.body.pop("slug", None)


def shop(path):
    answer = http.get(f"{BASE}/api/ecommerce/{path}", headers={"Authorization": f"Bearer {Admin.get()}"}, timeout=10)
    return answer.json()


def take_country(country):
    """Makes a country stand in no zone: the zone that has it goes."""
    path, cursor = "shipping/zones?limit=100", ""
    while cursor is not None:
        page = shop(path + cursor)
        for zone in page["items"]:
            if country in zone["countries"]:
                headers = {"Authorization": f"Bearer {Admin.get()}"}
                http.delete(f"{BASE}/api/ecommerce/shipping/zones/{zone['id']}", headers=headers, timeout=10)
        cursor = page["next_cursor"] and f"&cursor={page['next_cursor']}"
    return country


def free_country():
    return take_country(next(countries))


def new_method(zone, code):
    price = {"amount": 1200, "currency": "USD"}
    body = {"code": code, "name": "Fuzzed", "min_days": 0, "max_days": 365, "bands": [{"price": price}]}
    return post(f"shipping/zones/{zone}/methods", body, Admin.get(), domain="ecommerce")


def ship_to_the_united_states():
    """The fuzzer may have changed or removed what every order here is shipped by."""
    if any(offer["code"] == "standard" for offer in shop("shipping/rates?country=US")["items"]):
        return
    body = {"name": "United States", "countries": [take_country("US")]}
    new_method(post("shipping/zones", body, Admin.get(), domain="ecommerce")["id"], "standard")


def new_zone():
    return post("shipping/zones", {"name": "Fuzzed", "countries": [free_country()]}, Admin.get(), domain="ecommerce")


def real_new_zone(case):
    case.body["countries"] = [free_country()]


def real_zone(case):
    case.path_parameters["id"] = new_zone()["id"]
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict) and "countries" in case.body:
        case.body["countries"] = [free_country()]
    if isinstance(case.body, dict) and "max_days" in case.body:
        case.body["max_days"] = 365


def real_method(case):
    case.path_parameters["id"] = new_method(new_zone()["id"], "fuzzed")["id"]
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict) and ("max_days" in case.body or "min_days" in case.body):
        case.body["max_days"] = 365


def new_review():
    token = Person().log_in()["access_token"]
    body = {"rating": 4, "title": "Fuzzed"}
    return post(f"products/{new_product()['id']}/reviews", body, token, domain="ecommerce")["id"]


def real_review(case):
    """Somebody else's review, for moderators."""
    case.path_parameters["id"] = new_review()
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict) and "status" in case.body:
        case.body["status"] = "approved"


def real_own_review(case):
    product = new_product()["id"]
    body = {"rating": 4, "title": "Fuzzed"}
    case.path_parameters["id"] = post(f"products/{product}/reviews", body, Admin.get(), domain="ecommerce")["id"]
    case.headers.pop("If-Match", None)


def real_vote(case):
    real_review(case)
    post(f"reviews/{case.path_parameters['id']}/vote", {"helpful": True}, Admin.get(), domain="ecommerce")


def real_reviewed_product(case):
    case.path_parameters["id"] = new_product()["id"]


def new_order():
    """An order of the administrator, who calls every operation of payments."""
    ship_to_the_united_states()
    item = {"variant_id": new_product()["variants"][0]["id"], "quantity": 1}
    body = {"items": [item], "shipping_method": "standard", "shipping_address": ADDRESS}
    headers = {"Authorization": f"Bearer {Admin.get()}", "Idempotency-Key": f"fuzzed-{next(numbers)}"}
    answer = http.post(f"{BASE}/api/ecommerce/orders", json=body, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()["id"]


def card(number="4242424242424242"):
    return {"number": number, "exp_month": 12, "exp_year": 2090, "cvc": "123", "holder": "Ann Archer"}


def new_payment(number="4242424242424242", capture="manual"):
    body = {"method": {"type": "card", "card": card(number)}, "capture": capture}
    return post(f"orders/{new_order()}/payments", body, Admin.get(), domain="ecommerce")


def real_new_payment(case):
    case.path_parameters["id"] = new_order()
    case.body["method"] = {"type": "card", "card": card()}


def real_order_payments(case):
    case.path_parameters["id"] = new_payment()["order_id"]


def real_payment(case):
    case.path_parameters["id"] = new_payment()["id"]


def real_refund(case):
    case.path_parameters["id"] = new_payment(capture="automatic")["id"]
    case.body |= {"amount": {"amount": 1, "currency": "USD"}}


def new_shipment():
    order = new_payment(capture="automatic")["order_id"]
    return post(f"orders/{order}/shipments", {"carrier": "UPS"}, Admin.get(), domain="ecommerce")


def real_new_shipment(case):
    case.path_parameters["id"] = new_payment(capture="automatic")["order_id"]
    case.body.pop("lines", None)


def real_shipments(case):
    case.path_parameters["id"] = new_shipment()["order_id"]


def real_shipment(case):
    case.path_parameters["id"] = new_shipment()["id"]
    case.headers.pop("If-Match", None)


def real_tracking(case):
    real_shipment(case)
    case.body["status"] = "in_transit"
    case.body.pop("occurred_at", None)


def new_challenge():
    payment = new_payment("4000002760003184")
    return payment["id"], payment["next_action"]["url"].rsplit("/", 1)[1]


def real_challenge(case):
    case.path_parameters["challenge"] = new_challenge()[1]


def real_confirmation(case):
    payment, challenge = new_challenge()
    path = f"{BASE}/api/ecommerce/payments/sandbox/challenges/{challenge}/approve"
    http.post(path, timeout=10, allow_redirects=False).raise_for_status()
    case.path_parameters["id"] = payment


def real_webhook(case):
    """Signed over the bytes that the client makes of the body."""
    case.path_parameters["provider"] = "sandbox"
    case.body = {"id": f"evt_{next(numbers)}", "type": "charge.captured", "data": {"reference": new_payment()["reference"]}}
    now, secret = str(int(time.time())), shop("payments/sandbox")["webhooks"]["secret"]
    signed = now.encode() + b"." + json.dumps(case.body).encode()
    case.headers["Poligon-Signature"] = f"t={now},v1={hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}"


ADDRESS = {"name": "Ann Archer", "line1": "1 Main Street", "city": "Springfield", "region": "IL",
           "postal_code": "62701", "country": "US"}


def without_cart_token(case):
    """A made-up token is of no cart."""
    case.headers.pop("X-Cart-Token", None)


def real_addition(case):
    without_cart_token(case)
    post_nothing_left("cart")
    case.body.pop("product_id", None)
    case.body |= {"variant_id": new_product()["variants"][0]["id"], "quantity": 2}


def post_nothing_left(path):
    """Empties the administrator's cart, which holds a hundred things at most."""
    http.delete(f"{BASE}/api/ecommerce/{path}", headers={"Authorization": f"Bearer {Admin.get()}"}, timeout=10)


def filled_cart():
    post_nothing_left("cart")
    body = {"variant_id": new_product()["variants"][0]["id"]}
    return post("cart", body, Admin.get(), domain="ecommerce")


def real_cart(case):
    without_cart_token(case)
    filled_cart()


def real_cart_item(case):
    without_cart_token(case)
    case.path_parameters["id"] = filled_cart()["items"][0]["id"]
    if isinstance(case.body, dict):
        case.body["quantity"] = 3


def new_coupon():
    body = {"code": f"FUZZED-{next(numbers)}", "kind": "percent", "percent": 10}
    return post("coupons", body, Admin.get(), domain="ecommerce")


def real_cart_coupon(case):
    real_cart(case)
    coupon = new_coupon()
    if isinstance(case.body, dict):
        case.body["code"] = coupon["code"]
    else:
        post("cart/coupon", {"code": coupon["code"]}, Admin.get(), domain="ecommerce")


def real_coupon(case):
    case.path_parameters["id"] = new_coupon()["id"]
    case.headers.pop("If-Match", None)
    for name in ("starts_at", "ends_at"):
        if isinstance(case.body, dict):
            case.body.pop(name, None)


def real_new_coupon(case):
    case.body = {"code": f"FUZZED-{next(numbers)}", "kind": "fixed", "amount": {"amount": 100, "currency": "USD"}}


def real_new_order(case):
    without_cart_token(case)
    for name in ("coupon", "expected_total", "billing_address"):
        case.body.pop(name, None)
    item = {"variant_id": new_product()["variants"][0]["id"], "quantity": 1}
    case.body |= {"items": [item], "shipping_method": "standard", "shipping_address": ADDRESS}
    case.headers["Idempotency-Key"] = f"fuzzed-{next(numbers)}"


def real_order(case):
    case.path_parameters["id"] = new_order()
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict) and "postal_code" in case.body | {"postal_code": None} and "line1" in case.body:
        case.body = dict(ADDRESS)
    if isinstance(case.body, dict) and "status" in case.body:
        case.body["status"] = "cancelled"


def new_delivered_order():
    made = new_shipment()
    order, shipment = made["order_id"], made["id"]
    for status in ("in_transit", "out_for_delivery", "delivered"):
        post(f"shipments/{shipment}/events", {"status": status}, Admin.get(), domain="ecommerce")
    return order, shop(f"orders/{order}")["lines"][0]["id"]


def new_return():
    order, line = new_delivered_order()
    body = {"lines": [{"line_id": line, "quantity": 1}], "reason": "unwanted"}
    return order, post(f"orders/{order}/return", body, Admin.get(), domain="ecommerce")["id"]


def real_new_return(case):
    order, line = new_delivered_order()
    case.path_parameters["id"] = order
    case.body["lines"] = [{"line_id": line, "quantity": 1}]


def real_order_returns(case):
    case.path_parameters["id"] = new_return()[0]


def real_return(case):
    case.path_parameters["id"] = new_return()[1]
    case.headers.pop("If-Match", None)
    if isinstance(case.body, dict) and "status" in case.body:
        case.body["status"] = "approved"




def new_image():
    product = new_product()
    files = {"file": ("picture.png", network.PICTURE, "image/png")}
    headers = {"Authorization": f"Bearer {Admin.get()}"}
    answer = http.post(
        f"{BASE}/api/ecommerce/products/{product['id']}/images", files=files, headers=headers, timeout=10
    )
    answer.raise_for_status()
    return answer.json()


CSV = "product,title,sku,price\nfrom-csv,From CSV,FROM-CSV,100\n"


@schemathesis.serializer("text/csv")
def csv_body(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def real_import(case):
    case.body = CSV


def real_image(case):
    case.path_parameters["id"] = new_image()["id"]


def real_problem(case):
    case.path_parameters["code"] = "not_found"


def real_file(case):
    case.path_parameters["file"] = "swagger-ui.css"


def real_page_file(case):
    case.path_parameters["file"] = "main.js"


REAL = {
    "POST /api/auth/login": real_login,
    "POST /api/auth/login/verify": real_second_step,
    "POST /api/auth/2fa/totp/confirm": real_confirmation_of_totp,
    "DELETE /api/auth/2fa/totp": real_factor,
    "POST /api/auth/2fa/recovery-codes": real_factor,
    "POST /api/auth/step-up": real_step_up,
    "POST /api/auth/refresh": real_refresh,
    "POST /api/auth/verify-email": real_verification,
    "POST /api/auth/reset-password": real_reset,
    "POST /api/auth/change-password": real_proof,
    "POST /api/auth/change-email": real_proof,
    "POST /api/auth/forgot-password": real_account,
    "POST /api/auth/resend-verification": real_account,
    "POST /api/auth/register": real_registration,
    "POST /api/auth/roles": real_permissions,
    "GET /api/auth/roles/{name}": real_role,
    "PUT /api/auth/roles/{name}": real_role,
    "DELETE /api/auth/roles/{name}": real_role,
    "DELETE /api/auth/sessions/{id}": real_session,
    "GET /api/auth/users/{id}": real_user,
    "PATCH /api/auth/users/{id}": real_user,
    "PUT /api/auth/users/{id}/roles": real_user,
    "POST /api/auth/users/{id}/lock": real_user,
    "DELETE /api/auth/users/{id}/lock": real_locked_user,
    "POST /api/ecommerce/categories": real_new_category,
    "GET /api/ecommerce/categories/{id}": real_category,
    "PUT /api/ecommerce/categories/{id}": real_category,
    "PATCH /api/ecommerce/categories/{id}": real_category,
    "DELETE /api/ecommerce/categories/{id}": real_category,
    "POST /api/ecommerce/products": real_new_product,
    "GET /api/ecommerce/products/{id}": real_product,
    "PUT /api/ecommerce/products/{id}": real_product,
    "PATCH /api/ecommerce/products/{id}": real_product,
    "PUT /api/ecommerce/products/{id}/status": real_status,
    "DELETE /api/ecommerce/products/{id}": real_product,
    "POST /api/ecommerce/products/{id}/variants": real_new_variant,
    "PATCH /api/ecommerce/variants/{id}": real_variant,
    "DELETE /api/ecommerce/variants/{id}": real_variant,
    "GET /api/ecommerce/variants/{id}/stock": real_variant,
    "POST /api/ecommerce/variants/{id}/stock": real_variant,
    "POST /api/ecommerce/shipping/zones": real_new_zone,
    "GET /api/ecommerce/shipping/zones/{id}": real_zone,
    "PUT /api/ecommerce/shipping/zones/{id}": real_zone,
    "PATCH /api/ecommerce/shipping/zones/{id}": real_zone,
    "DELETE /api/ecommerce/shipping/zones/{id}": real_zone,
    "POST /api/ecommerce/shipping/zones/{id}/methods": real_zone,
    "GET /api/ecommerce/shipping/methods/{id}": real_method,
    "PUT /api/ecommerce/shipping/methods/{id}": real_method,
    "PATCH /api/ecommerce/shipping/methods/{id}": real_method,
    "DELETE /api/ecommerce/shipping/methods/{id}": real_method,
    "GET /api/ecommerce/products/{id}/reviews": real_reviewed_product,
    "POST /api/ecommerce/products/{id}/reviews": real_reviewed_product,
    "GET /api/ecommerce/reviews/{id}": real_review,
    "PATCH /api/ecommerce/reviews/{id}": real_own_review,
    "DELETE /api/ecommerce/reviews/{id}": real_review,
    "PUT /api/ecommerce/reviews/{id}/status": real_review,
    "POST /api/ecommerce/reviews/{id}/vote": real_review,
    "DELETE /api/ecommerce/reviews/{id}/vote": real_vote,
    "POST /api/ecommerce/orders/{id}/shipments": real_new_shipment,
    "GET /api/ecommerce/orders/{id}/shipments": real_shipments,
    "GET /api/ecommerce/shipments/{id}": real_shipment,
    "PATCH /api/ecommerce/shipments/{id}": real_shipment,
    "POST /api/ecommerce/shipments/{id}/cancel": real_shipment,
    "POST /api/ecommerce/shipments/{id}/events": real_tracking,
    "GET /api/ecommerce/shipments/{id}/events": real_shipment,
    "POST /api/ecommerce/orders/{id}/payments": real_new_payment,
    "GET /api/ecommerce/orders/{id}/payments": real_order_payments,
    "GET /api/ecommerce/payments/{id}": real_payment,
    "POST /api/ecommerce/payments/{id}/confirm": real_confirmation,
    "POST /api/ecommerce/payments/{id}/capture": real_payment,
    "POST /api/ecommerce/payments/{id}/cancel": real_payment,
    "POST /api/ecommerce/payments/{id}/refunds": real_refund,
    "POST /api/ecommerce/payments/webhooks/{provider}": real_webhook,
    "GET /api/ecommerce/payments/sandbox/challenges/{challenge}": real_challenge,
    "POST /api/ecommerce/payments/sandbox/challenges/{challenge}/approve": real_challenge,
    "POST /api/ecommerce/payments/sandbox/challenges/{challenge}/fail": real_challenge,
    "GET /api/ecommerce/cart": real_cart,
    "POST /api/ecommerce/cart": real_addition,
    "DELETE /api/ecommerce/cart": real_cart,
    "PATCH /api/ecommerce/cart/items/{id}": real_cart_item,
    "DELETE /api/ecommerce/cart/items/{id}": real_cart_item,
    "POST /api/ecommerce/cart/coupon": real_cart_coupon,
    "DELETE /api/ecommerce/cart/coupon": real_cart_coupon,
    "POST /api/ecommerce/coupons": real_new_coupon,
    "GET /api/ecommerce/coupons/{id}": real_coupon,
    "PATCH /api/ecommerce/coupons/{id}": real_coupon,
    "DELETE /api/ecommerce/coupons/{id}": real_coupon,
    "POST /api/ecommerce/orders": real_new_order,
    "GET /api/ecommerce/orders/{id}": real_order,
    "POST /api/ecommerce/orders/{id}/cancel": real_order,
    "GET /api/ecommerce/orders/{id}/timeline": real_order,
    "PUT /api/ecommerce/orders/{id}/status": real_order,
    "PUT /api/ecommerce/orders/{id}/address": real_order,
    "POST /api/ecommerce/orders/{id}/notes": real_order,
    "POST /api/ecommerce/orders/{id}/return": real_new_return,
    "GET /api/ecommerce/orders/{id}/returns": real_order_returns,
    "GET /api/ecommerce/returns/{id}": real_return,
    "POST /api/ecommerce/returns/{id}/cancel": real_return,
    "PUT /api/ecommerce/returns/{id}/status": real_return,
    "GET /api/ecommerce/products/{id}/images": real_product,
    "POST /api/ecommerce/catalogue/import": real_import,
    "PATCH /api/ecommerce/images/{id}": real_image,
    "DELETE /api/ecommerce/images/{id}": real_image,
    "GET /api/ecommerce/images/{id}/{size}": real_image,
    "GET /problems/{code}": real_problem,
    "GET /docs/{file}": real_file,
    "GET /dashboard/{file}": real_page_file,
    **network.REAL,
    **boards.REAL,
    **content.REAL,
    **analytics.REAL,
}
turns: Counter = Counter()


def wants_real(case, operation):
    if operation not in REAL or not is_valid(case) or case.method.upper() != case.operation.method.upper():
        return False
    if case.operation.body and not isinstance(case.body, dict) and operation != "POST /api/ecommerce/catalogue/import":
        return False
    turns[operation] += 1
    return turns[operation] % 2 == 1


category: list[int] = []  # the id of one that was there when it was asked for last


def known_category():
    """The id of a category that there is: the fuzzer renames and removes those that it meets."""
    if not category or http.get(f"{BASE}/api/ecommerce/categories/{category[0]}", timeout=10).status_code != 200:
        category[:] = [post("categories", {"title": "Fuzzed"}, Admin.get(), domain="ecommerce")["id"]]
    return category[0]


def name_what_exists(query):
    """The schema cannot say which categories there are, nor that an order by relevance needs words."""
    if "category" in query:
        query["category"] = str(known_category())
    if query.get("sort") == "relevance":
        query.setdefault("q", "kettle")


def say_it_twice(case):
    """In a form everything is text, a list of one is the one, and an empty list is nothing: what shall be no text there comes
    in two parts of one name."""
    for name, value in case.body.items():
        if not isinstance(value, str | bytes) and not (isinstance(value, list) and len(value) > 1):
            case.body[name] = [str(value), str(value)]


@schemathesis.hook
def before_call(context, case, kwargs):
    with lock:
        operation = label(case)
        if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
            say_it_twice(case)
        # Cursors are opaque: every made-up one is refused, and would hide what the rest of the query does.
        if is_valid(case) and case.query:
            case.query.pop("cursor", None)
            if operation == "GET /api/ecommerce/products":
                name_what_exists(case.query)
            for queries in (network.QUERIES, boards.QUERIES, content.QUERIES):
                if operation in queries:
                    queries[operation](case.query)
        # The generator gives valid headers that do not follow their own pattern.
        if is_valid(case) and not ENTITY_TAGS.fullmatch((case.headers or {}).get("If-Match", "*")):
            del case.headers["If-Match"]
        if is_valid(case) and not CART_TOKEN.fullmatch((case.headers or {}).get("X-Cart-Token", "A" * 43)):
            del case.headers["X-Cart-Token"]
        if operation == "POST /api/tasks/cards/bulk" and not is_valid(case):
            boards.refuse_bad(case.body)
        if operation == "POST /api/analytics/events" and not is_valid(case):
            analytics.refuse_bad(case.body)
        if wants_real(case, operation):
            REAL[operation](case)
            injected[operation] += 1


@schemathesis.hook
def after_call(context, case, response):
    with lock:
        people.pop(case.headers.get("Authorization"), None)
        if case.method.upper() != case.operation.method.upper():
            return  # a probe with a method that the document lacks says nothing of the operation
        statuses.setdefault(label(case), Counter())[response.status_code] += 1


@atexit.register
def write_counts():
    path = os.environ.get("POLIGON_FUZZ_COUNTS")
    if path:
        with open(path, "w", encoding="utf-8") as out:
            json.dump({"statuses": statuses, "real": injected}, out, indent=1)
