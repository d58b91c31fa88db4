"""The operation of a running gateway: methods, health, metrics, documents, pages, request ids, memory."""

import json
import time

from client import Client
SETTLE_S = 3.0


def walk_operation(gateway, admin, checks):
    anyone = Client(gateway.url, checks)
    walk_methods(anyone, checks)
    walk_health(anyone, admin, checks)
    walk_metrics(anyone, checks)
    walk_documents(anyone, checks)
    walk_refusals(anyone, admin, checks)
    printed = "".join(gateway.printed)
    for told in (f"{gateway.url}/docs", "admin@example.com", "practice makes perfect", "data "):
        checks.that(told in printed, f"serve prints {told!r}", printed)


def walk_methods(anyone, checks):
    for path in ("/health/live", "/docs", "/api/openapi.json", "/metrics"):
        whole, head = anyone.get(path), anyone.ask("HEAD", path, None, 200)
        checks.equal(head.raw, b"", f"HEAD {path} has no body")
        checks.equal(
            head.headers.get("content-type"), whole.headers.get("content-type"), f"HEAD {path} has the headers of GET"
        )
    document = anyone.get("/api/openapi.json").body
    names = {"get": {"GET", "HEAD"}, "post": {"POST"}, "put": {"PUT"}, "patch": {"PATCH"}, "delete": {"DELETE"}}
    for path, item in document["paths"].items():
        allowed = {"OPTIONS"}.union(*(names[m] for m in item if m in names))
        concrete = (
            path.replace("{id}", "1").replace("{name}", "admin").replace("{code}", "not_found").replace("{file}", "x")
        )
        options = anyone.ask("OPTIONS", concrete, None, 204)
        checks.equal(listed(options), allowed, f"OPTIONS {path}: Allow")
        for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - allowed:
            refused = anyone.refused(method, concrete, None, 405, "method_not_allowed")
            checks.equal(listed(refused), allowed, f"{method} {path}: Allow")


def listed(answer):
    return {name.strip() for name in answer.headers.get("allow", "").split(",")}


def walk_health(anyone, admin, checks):
    for path in ("/health/live", "/health/ready"):
        checks.equal(anyone.get(path).body, {"status": "ok"}, path)
    anyone.refused("GET", "/health", None, 401, "unauthenticated")
    details = admin.get("/health").body
    checks.equal(details["status"], "ok", "/health: for administrators")
    names = {check["name"] for check in details["checks"]}
    checks.equal(names, {"database", "migrations", "cache", "storage"}, "/health: each dependency")


def walk_metrics(anyone, checks):
    anyone.refused("GET", "/api/auth/nothing-here", None, 404, "not_found")
    text = anyone.get("/metrics").text()
    for wanted in (
        "poligon_http_requests_total{",
        'route="/api/auth/users/{id}"',
        'route="other"',
        "poligon_database_pool{",
        "poligon_http_request_duration_seconds_bucket{",
        "poligon_dependency_up{",
        "poligon_http_panics_total 0",
    ):
        checks.that(wanted in text, f"/metrics has {wanted}")
    checks.that("nothing-here" not in text and "walker" not in text, "/metrics: no path and no person in a label")


def walk_documents(anyone, checks):
    answer = anyone.get("/api/openapi.json")
    tag = answer.headers.get("etag", "")
    anyone.get("/api/openapi.json", 304, headers={"If-None-Match": tag})
    paths = answer.body["paths"]
    checks.that(answer.body["openapi"].startswith("3.1") and "/api/auth/login" in paths, "the OpenAPI document")
    page = anyone.get("/docs").text()
    checks.that("https://" not in page and "http://" not in page, "the docs page loads nothing from elsewhere")
    for file in ("swagger-ui.css", "swagger-ui-bundle.js", "swagger-initializer.js"):
        checks.that(len(anyone.get(f"/docs/{file}").raw) > 100, f"/docs/{file}")
    anyone.refused("GET", "/docs/no-such-file", None, 404, "not_found")
    for path in ("/", "/mailbox", "/problems/validation_failed"):
        for language in ("en", "ru"):
            shown = anyone.get(f"{path}?lang={language}")
            checks.that(f'lang="{language}"' in shown.text(), f"{path} in {language}")
            checks.that("default-src 'none'" in shown.headers.get("content-security-policy", ""), f"{path}: CSP")
    codes = set(part.split("`")[1] for operation in walk_items(paths) for part in descriptions(operation))
    for code in sorted(codes):
        anyone.get(f"/problems/{code}")
    checks.that(len(codes) > 20, "the document names the codes of problems", codes)
    anyone.refused("GET", "/problems/no_such_code", None, 404, "not_found")


def walk_items(paths):
    return [operation for item in paths.values() for operation in item.values() if "responses" in operation]


def descriptions(operation):
    texts = [r.get("description", "") for status, r in operation["responses"].items() if status >= "400"]
    return [line for text in texts for line in text.split("\n\n") if line.startswith("`")]


def walk_refusals(anyone, admin, checks):
    named = anyone.ask("GET", "/nowhere", None, 404, headers={"X-Request-Id": "my-own.id/1"})
    checks.equal(named.body["request_id"], "my-own.id/1", "a request id of the client's is kept")
    made = anyone.get("/health/live", headers={"X-Request-Id": "x" * 129})
    checks.that(made.headers["x-request-id"] != "x" * 129, "a request id that is too long is replaced")
    anyone.refused("POST", "/api/auth/login", b"{not json", 400, "malformed_json")
    anyone.refused("POST", "/api/auth/login", b'{"username": "\xff"}', 400, "malformed_json")
    text = {"Content-Type": "text/plain"}
    anyone.refused("POST", "/api/auth/login", b"{}", 415, "unsupported_media_type", headers=text)
    large = {"username": "x" * 300_000, "password": "y"}
    anyone.refused("POST", "/api/auth/login", large, 413, "payload_too_large")
    anyone.refused("GET", "/health/live?what=1", None, 422, "validation_failed")
    seen = anyone.get("/health/live").headers
    checks.equal(seen.get("x-content-type-options"), "nosniff", "security headers")
    foreign = anyone.get("/health/live", headers={"Origin": "https://evil.example"}).headers
    checks.that("access-control-allow-origin" not in foreign, "CORS: no foreign origin", foreign)
    for header in ("ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"):
        checks.that(header in admin.get("/api/auth/me").headers, f"{header} on a limited path")


def idle_memory(gateway):
    """The least memory seen while nothing is asked, in megabytes: its own, and with the pages of the binary."""
    least, give_up = gateway.resident_mb(), time.monotonic() + SETTLE_S
    while time.monotonic() < give_up:
        time.sleep(0.1)
        least = [min(pair) for pair in zip(least, gateway.resident_mb())]
    return least


def log_lines(gateway):
    """The log as JSON, line by line; a line that is none is an error."""
    return [json.loads(line) for line in gateway.log.read_text().splitlines() if line.strip()]
