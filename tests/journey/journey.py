"""Walks every row of the accounts' contract and the operation of the gateway against the gateway's binary, as a client
that knows only the contract, on both databases. Each check counts; each failure is one line. Ends with
`N passed, N failed`.
"""

import sys
import time

import command_line
from client import WAIT_S, Checks, Client, attempt, mail_to, new_name, outcome, token_in, totp
from operation import log_lines, walk_operation
from service import KINDS, Gateway, Place

PASSWORD = "granite otter velvet 77"
SECOND = "cobalt heron meadow 31"
THIRD = "willow quartz lantern 58"
DEMO = "practice makes perfect"


class Person:
    """A registered account."""

    def __init__(self, client):
        self.name = new_name()
        self.email = f"{self.name}@example.com"
        body = {"email": self.email, "username": self.name, "display_name": "Wanda Walker", "password": PASSWORD}
        self.registered = client.post("/api/auth/register", body, 201)
        self.id = self.registered.body["id"]


def log_in(client, name, password, **more):
    body = client.post("/api/auth/login", {"username": name, "password": password} | more).body
    return body, Client(client.url.geturl(), client.checks, body["access_token"])


def walk_registration(anyone, checks):
    person = Person(anyone)
    user = person.registered.body
    checks.equal(person.registered.headers.get("location"), f"/api/auth/users/{person.id}", "register: Location")
    checks.equal(user["email_verified_at"], None, "register: the address is not confirmed yet")
    checks.that("password" not in person.registered.text(), "register: no password in the answer")
    again = {"email": person.email.upper(), "username": new_name(), "display_name": "X", "password": PASSWORD}
    anyone.refused("POST", "/api/auth/register", again, 409, "email_taken")
    again = {
        "email": f"{new_name()}@example.com",
        "username": person.name.upper(),
        "display_name": "X",
        "password": PASSWORD,
    }
    anyone.refused("POST", "/api/auth/register", again, 409, "username_taken")
    fresh = {"email": f"{new_name()}@example.com", "username": new_name(), "display_name": "X", "password": PASSWORD}
    for change, pointer in (
        ({"password": "password"}, "/password"),
        ({"password": "short"}, "/password"),
        ({"password": fresh["username"] + "1"}, "/password"),
        ({"password": "ж" * 129}, "/password"),
        ({"email": "nobody"}, "/email"),
        ({"username": "a b"}, "/username"),
        ({"display_name": ""}, "/display_name"),
        ({"role": "admin"}, "/role"),
    ):
        answer = anyone.refused("POST", "/api/auth/register", fresh | change, 422, "validation_failed")
        checks.equal([e["pointer"] for e in answer.body["errors"]], [pointer], f"register {change}: one wrong field")
    many = anyone.refused(
        "POST", "/api/auth/register", {"email": 1, "username": "", "extra": 2}, 422, "validation_failed"
    )
    told = {e["pointer"] for e in many.body["errors"]}
    checks.equal(
        told, {"/email", "/username", "/extra", "/display_name", "/password"}, "register: all wrong fields at once"
    )
    long = fresh | {"password": "Ж" + "длинный пароль из многих слов " * 4}
    anyone.post("/api/auth/register", long, 201)
    anyone.refused(
        "POST",
        "/api/auth/login",
        {"username": long["username"], "password": long["password"][:-1] + "!"},
        401,
        "invalid_credentials",
    )
    log_in(anyone, long["username"], long["password"])
    walk_idempotency(anyone, checks)
    return person


def walk_idempotency(anyone, checks):
    name = new_name()
    body = {"email": f"{name}@example.com", "username": name, "display_name": "Once", "password": PASSWORD}
    key = {"Idempotency-Key": new_name()}
    first = anyone.post("/api/auth/register", body, 201, headers=key)
    second = anyone.post("/api/auth/register", body, 201, headers=key)
    checks.equal(second.body, first.body, "Idempotency-Key: the same answer")
    checks.equal(second.headers.get("idempotency-replayed"), "true", "Idempotency-Key: marked as replayed")
    anyone.refused(
        "POST", "/api/auth/register", body | {"display_name": "Twice"}, 422, "idempotency_key_reused", headers=key
    )


def walk_verification(anyone, person, checks):
    first = token_in(mail_to(anyone, person.email, "verify_email"))
    checks.equal(
        anyone.post("/api/auth/resend-verification", {"email": person.email}, 202).body,
        {"status": "accepted"},
        "resend: answer",
    )
    nobody = anyone.post("/api/auth/resend-verification", {"email": f"{new_name()}@example.com"}, 202)
    checks.equal(nobody.body, {"status": "accepted"}, "resend: the same answer for nobody")
    give_up, token = time.monotonic() + WAIT_S, first
    while token == first and time.monotonic() < give_up:
        token = token_in(mail_to(anyone, person.email, "verify_email"))
        time.sleep(0.02)
    checks.that(token != first, "resend: a second mail comes")
    anyone.refused("POST", "/api/auth/verify-email", {"token": "made-up"}, 422, "invalid_one_time_token")
    user = anyone.post("/api/auth/verify-email", {"token": token}).body
    checks.that(user["email_verified_at"], "verify-email: the address is confirmed", user)
    anyone.refused("POST", "/api/auth/verify-email", {"token": token}, 422, "invalid_one_time_token")


def walk_login(anyone, person, checks):
    wrong = anyone.refused(
        "POST", "/api/auth/login", {"username": person.name, "password": "not this one"}, 401, "invalid_credentials"
    )
    unknown = anyone.refused(
        "POST", "/api/auth/login", {"username": new_name(), "password": "not this one"}, 401, "invalid_credentials"
    )
    checks.equal(wrong.body["detail"], unknown.body["detail"], "login: one answer for unknown and wrong")
    pair = anyone.post("/api/auth/login", {"email": person.email.upper(), "password": PASSWORD}).body
    checks.equal(
        (pair["token_type"], pair["status"], pair["expires_in"]), ("Bearer", "authenticated", 900), "login: token"
    )
    checks.equal(pair["user"]["id"], person.id, "login: user")
    cookie = anyone.post("/api/auth/login", {"username": person.name, "password": PASSWORD, "transport": "cookie"})
    checks.equal(cookie.body["refresh_token"], None, "login by cookie: no refresh token in the body")
    given = cookie.cookies[0] if cookie.cookies else ""
    for part in ("__Host-", "HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        checks.that(part in given, f"login by cookie: {part}", given)
    crumb = {"Cookie": given.split(";")[0]}
    renewed = anyone.ask("POST", "/api/auth/refresh", None, 200, headers=crumb)
    checks.that(renewed.cookies and renewed.cookies[0] != given, "refresh by cookie: a new cookie", renewed.cookies)
    checks.equal(renewed.body["refresh_token"], None, "refresh by cookie: nothing in the body")
    for path in ("/api/auth/login", "/api/auth/me"):
        bad = anyone.ask("GET", path, headers={"Authorization": "Bearer made.up.token"})
        checks.that(bad.status in (401, 405), f"{path} with a made-up token", bad.status)


def walk_profile(anyone, person, checks):
    anyone.refused("GET", "/api/auth/me", None, 401, "unauthenticated")
    pair, me = log_in(anyone, person.name, PASSWORD)
    seen = me.get("/api/auth/me")
    checks.equal(seen.headers.get("cache-control"), "no-store", "me: not stored by anyone")
    checks.equal((seen.body["username"], seen.body["email"]), (person.name, person.email), "me: who")
    changed = me.ask(
        "PATCH", "/api/auth/me", {"display_name": "Новое имя", "avatar_url": "https://example.com/a.png"}, 200
    )
    checks.equal(
        (changed.body["display_name"], changed.body["avatar_url"]), ("Новое имя", "https://example.com/a.png"), "patch"
    )
    checks.equal(
        me.ask("PATCH", "/api/auth/me", {"avatar_url": None}, 200).body["avatar_url"], None, "patch: null removes"
    )
    checks.equal(me.get("/api/auth/me").body["display_name"], "Новое имя", "patch: absent stays")
    for body in ({"display_name": None}, {"roles": ["admin"]}, {"id": 1}, {"avatar_url": "javascript:alert(1)"}):
        me.refused("PATCH", "/api/auth/me", body, 422, "validation_failed")
    for path in ("users", "roles", "permissions", "audit"):
        me.refused("GET", f"/api/auth/{path}", None, 403, "forbidden")
    return pair, me


def walk_sessions(anyone, person, pair, me, checks):
    other, device = log_in(anyone, person.name, PASSWORD)
    listed = me.get("/api/auth/sessions?include_total=true&limit=1")
    checks.that(listed.body["total"] >= 2 and len(listed.body["items"]) == 1, "sessions: page and total", listed.body)
    checks.that('rel="next"' in listed.headers.get("link", ""), "sessions: Link", listed.headers)
    following = me.get(f"/api/auth/sessions?limit=100&cursor={listed.body['next_cursor']}").body["items"]
    ids = [s["id"] for s in listed.body["items"] + following]
    checks.that(len(set(ids)) == len(ids) == listed.body["total"], "sessions: pages are whole", ids)
    current = [s["id"] for s in listed.body["items"] + following if s["current"]]
    checks.equal(current, [pair["session_id"]], "sessions: which is the current one")
    me.ask("DELETE", f"/api/auth/sessions/{other['session_id']}", None, 204)
    device.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    anyone.refused("POST", "/api/auth/refresh", {"refresh_token": other["refresh_token"]}, 401, "invalid_refresh_token")
    me.refused("DELETE", f"/api/auth/sessions/{other['session_id']}", None, 404, "not_found")
    _, stranger = log_in(anyone, "bob", DEMO)
    stranger.refused("DELETE", f"/api/auth/sessions/{pair['session_id']}", None, 404, "not_found")
    for wrong in ("0", "-1", "abc", "99999999999999999999", "1.0"):
        me.refused("DELETE", f"/api/auth/sessions/{wrong}", None, 404, "not_found")


def walk_refresh(anyone, person, checks):
    pair, _ = log_in(anyone, person.name, PASSWORD)
    send = lambda token, status=200: anyone.post("/api/auth/refresh", {"refresh_token": token}, status).body  # noqa: E731
    second = send(pair["refresh_token"])
    checks.that(second["refresh_token"] != pair["refresh_token"], "refresh: rotates")
    checks.equal(second["session_id"], pair["session_id"], "refresh: the same session")
    grace = send(pair["refresh_token"])
    checks.equal(grace["refresh_token"], second["refresh_token"], "refresh: the parent gets the current pair again")
    third = send(second["refresh_token"])
    caller = Client(anyone.url.geturl(), checks, third["access_token"])
    caller.get("/api/auth/me")
    send(pair["refresh_token"], 401)
    send(third["refresh_token"], 401)
    caller.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    anyone.refused("POST", "/api/auth/refresh", {}, 401, "invalid_refresh_token")


def walk_passwords(anyone, person, checks):
    _, me = log_in(anyone, person.name, PASSWORD)
    _, other = log_in(anyone, person.name, PASSWORD)
    wrong = {"current_password": "not this one", "new_password": SECOND}
    me.refused("POST", "/api/auth/change-password", wrong, 403, "wrong_password")
    weak = {"current_password": PASSWORD, "new_password": "password"}
    me.refused("POST", "/api/auth/change-password", weak, 422, "validation_failed")
    me.post("/api/auth/change-password", {"current_password": PASSWORD, "new_password": SECOND}, 204)
    me.get("/api/auth/me")
    other.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    anyone.refused(
        "POST", "/api/auth/login", {"username": person.name, "password": PASSWORD}, 401, "invalid_credentials"
    )
    for email in (person.email, f"{new_name()}@example.com"):
        told = anyone.post("/api/auth/forgot-password", {"email": email}, 202).body
        checks.equal(told, {"status": "accepted"}, "forgot-password: always the same")
    token = token_in(mail_to(anyone, person.email, "reset_password"))
    anyone.refused(
        "POST", "/api/auth/reset-password", {"token": token, "password": "password"}, 422, "validation_failed"
    )
    anyone.post("/api/auth/reset-password", {"token": token, "password": THIRD}, 204)
    anyone.refused(
        "POST", "/api/auth/reset-password", {"token": token, "password": SECOND}, 422, "invalid_one_time_token"
    )
    me.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    mail_to(anyone, person.email, "password_changed")


def walk_address(anyone, person, checks):
    _, me = log_in(anyone, person.name, THIRD)
    fresh = f"{new_name()}@example.com"
    me.refused(
        "POST", "/api/auth/change-email", {"current_password": SECOND, "new_email": fresh}, 403, "wrong_password"
    )
    taken = {"current_password": THIRD, "new_email": "ann@example.com"}
    me.refused("POST", "/api/auth/change-email", taken, 409, "email_taken")
    me.post("/api/auth/change-email", {"current_password": THIRD, "new_email": fresh}, 202)
    checks.equal(me.get("/api/auth/me").body["email"], person.email, "change-email: not before it is confirmed")
    anyone.post("/api/auth/verify-email", {"token": token_in(mail_to(anyone, fresh, "change_email"))})
    checks.equal(me.get("/api/auth/me").body["email"], fresh, "change-email: confirmed")
    anyone.refused("POST", "/api/auth/login", {"email": person.email, "password": THIRD}, 401, "invalid_credentials")
    anyone.post("/api/auth/login", {"email": fresh, "password": THIRD})


def walk_logout(anyone, person):
    callers = [log_in(anyone, person.name, THIRD)[1] for _ in range(4)]
    callers[0].refused("POST", "/api/auth/logout", {"scope": "everything"}, 422, "validation_failed")
    callers[3].post("/api/auth/logout", {}, 204)
    callers[0].ask("POST", "/api/auth/logout", None, 204)
    callers[0].refused("GET", "/api/auth/me", None, 401, "invalid_token")
    callers[1].post("/api/auth/logout", {"scope": "others"}, 204)
    callers[1].get("/api/auth/me")
    callers[2].refused("GET", "/api/auth/me", None, 401, "invalid_token")
    _, last = log_in(anyone, person.name, THIRD)
    last.post("/api/auth/logout", {"scope": "all"}, 204)
    for caller in (last, callers[1]):
        caller.refused("GET", "/api/auth/me", None, 401, "invalid_token")


def walk_second_factor(anyone, person, checks):
    _, me = log_in(anyone, person.name, THIRD)
    _, weaker = log_in(anyone, person.name, THIRD)
    login = {"username": person.name, "password": THIRD}
    off = {"enabled": False, "enabled_at": None, "recovery_codes_left": 0}
    checks.equal(me.get("/api/auth/2fa").body, off, "2fa: off")
    shown = me.post("/api/auth/2fa/totp").body
    checks.that(f"secret={shown['secret']}" in shown["otpauth_uri"], "2fa: the URI holds the secret", shown)
    checks.that("<svg" in shown["qr_svg"] and shown["qr_png"].startswith("data:image/png;base64,"), "2fa: pictures")
    code = totp(shown["secret"], -1)
    me.refused("POST", "/api/auth/2fa/totp/confirm", {"code": "000000"}, 403, "wrong_code")
    codes = me.post("/api/auth/2fa/totp/confirm", {"code": code}).body["recovery_codes"]
    checks.equal(len(set(codes)), 10, "2fa: ten recovery codes")
    weaker.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    mail_to(anyone, me.get("/api/auth/me").body["email"], "second_factor_on")
    asked = anyone.post("/api/auth/login", login).body
    checks.equal((asked["status"], asked["expires_in"]), ("second_factor_required", 300), "2fa: a challenge")
    checks.that("access_token" not in asked, "2fa: no token before the code", asked)
    verify = lambda challenge, code: {"challenge": challenge, "code": code}  # noqa: E731
    for wrong in (code, "000000", "12345"):
        sent = verify(asked["challenge"], wrong)
        anyone.refused("POST", "/api/auth/login/verify", sent, 401, "invalid_second_factor")
    anyone.post("/api/auth/login/verify", verify(asked["challenge"], totp(shown["secret"])))
    sent = verify(asked["challenge"], codes[0])
    anyone.refused("POST", "/api/auth/login/verify", sent, 401, "invalid_challenge")
    challenge = anyone.post("/api/auth/login", login).body["challenge"]
    pair = anyone.post("/api/auth/login/verify", verify(challenge, codes[0])).body
    me = Client(anyone.url.geturl(), checks, pair["access_token"])
    checks.equal(me.get("/api/auth/2fa").body["recovery_codes_left"], 9, "2fa: a recovery code is used up")
    checks.equal(me.post("/api/auth/step-up", {"code": codes[1]}).body["assurance"], "aal2", "step-up")
    me.refused("POST", "/api/auth/step-up", {"code": codes[1]}, 403, "wrong_code")
    fresh = me.post("/api/auth/2fa/recovery-codes").body["recovery_codes"]
    checks.that(not set(fresh) & set(codes), "2fa: new recovery codes")
    me.ask("DELETE", "/api/auth/2fa/totp", None, 204)
    me.refused("DELETE", "/api/auth/2fa/totp", None, 404, "not_found")
    me.refused("POST", "/api/auth/step-up", {"code": fresh[0]}, 409, "no_second_factor")
    anyone.post("/api/auth/login", login)
    return [shown["secret"], *codes, *fresh]


def walk_users(anyone, person, checks):
    _, admin = log_in(anyone, "admin", DEMO)
    page = admin.get("/api/auth/users?limit=100&include_total=true").body
    checks.that(page["total"] > 300, "users: the demo's are there", page["total"])
    admin.refused("GET", "/api/auth/users", None, 406, "not_acceptable", headers={"Accept": "text/html"})
    found = admin.get(f"/api/auth/users?q={person.name}").body["items"]
    checks.equal([u["id"] for u in found], [person.id], "users: found by name")
    checks.equal(admin.get("/api/auth/users?role=auditor").body["items"][0]["username"], "auditor", "users: by role")
    for query in (
        "limit=0",
        "limit=101",
        "status=happy",
        "sort=shoe",
        "cursor=x",
        f"role={'r' * 33}",
        f"q={'q' * 101}",
    ):
        admin.refused("GET", f"/api/auth/users?{query}", None, 422, "validation_failed")
    path = f"/api/auth/users/{person.id}"
    checks.equal(admin.get(path).body["next_statuses"], ["locked"], "user: what can be done next")
    checks.equal(
        admin.ask("PATCH", path, {"display_name": "Renamed"}, 200).body["display_name"], "Renamed", "user: patch"
    )
    given = admin.ask("PUT", f"{path}/roles", {"roles": ["auditor"]}, 200).body
    checks.equal(given["roles"], ["auditor"], "user: roles")
    admin.refused("PUT", f"{path}/roles", {"roles": ["no-such-role"]}, 422, "validation_failed")
    _, them = log_in(anyone, person.name, THIRD)
    them.get("/api/auth/audit")
    admin.ask("PUT", f"{path}/roles", {"roles": []}, 200)
    them.refused("GET", "/api/auth/audit", None, 403, "forbidden")
    locked = admin.post(f"{path}/lock", {"reason": "for a walk"}).body
    checks.equal((locked["status"], locked["lock_reason"]), ("locked", "for a walk"), "user: locked")
    them.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    anyone.refused("POST", "/api/auth/login", {"username": person.name, "password": THIRD}, 403, "account_locked")
    admin.refused("POST", f"{path}/lock", None, 409, "invalid_transition")
    checks.equal(admin.ask("DELETE", f"{path}/lock", None, 200).body["status"], "active", "user: unlocked")
    own = admin.get("/api/auth/me").body["id"]
    admin.refused("POST", f"/api/auth/users/{own}/lock", {}, 409, "own_account")
    admin.refused("DELETE", "/api/auth/me", None, 409, "last_administrator")
    _, moderator = log_in(anyone, "moderator", DEMO)
    moderator.refused("POST", f"/api/auth/users/{own}/lock", {}, 403, "permission_not_held")
    admin.refused("GET", "/api/auth/users/999999", None, 404, "not_found")
    return admin


def walk_roles(admin, checks):
    names = [p["name"] for p in admin.get("/api/auth/permissions?limit=100").body["items"]]
    checks.that("users:read" in names and names == sorted(names), "permissions: in order", names)
    built_in = [r["name"] for r in admin.get("/api/auth/roles?limit=100").body["items"]]
    checks.that({"admin", "auditor", "editor"} <= set(built_in), "roles: built-in ones", built_in)
    name = f"r-{new_name()}"
    made = admin.post("/api/auth/roles", {"name": name, "permissions": ["users:read"]}, 201)
    path = f"/api/auth/roles/{name}"
    checks.equal(made.headers.get("location"), path, "roles: Location")
    tag = made.headers.get("etag", "")
    checks.equal(admin.get(path).headers.get("etag"), tag, "roles: one tag")
    admin.get(path, 304, headers={"If-None-Match": tag})
    admin.refused("POST", "/api/auth/roles", {"name": name, "permissions": []}, 409, "role_taken")
    admin.refused(
        "POST", "/api/auth/roles", {"name": "other-role", "permissions": ["no:such"]}, 422, "validation_failed"
    )
    put = {"description": "two", "permissions": ["users:read", "audit:read"]}
    changed = admin.ask("PUT", path, put, 200, headers={"If-Match": tag})
    checks.equal(changed.body["permissions"], ["audit:read", "users:read"], "roles: replaced")
    admin.refused("PUT", path, put, 412, "precondition_failed", headers={"If-Match": tag})
    admin.refused("DELETE", path, None, 412, "precondition_failed", headers={"If-Match": tag})
    admin.ask("DELETE", path, None, 204, headers={"If-Match": changed.headers.get("etag", "")})
    admin.refused("DELETE", path, None, 404, "not_found")
    admin.refused("DELETE", "/api/auth/roles/admin", None, 409, "built_in_role")


def walk_audit(admin, person, checks):
    give_up = time.monotonic() + WAIT_S
    wanted = {
        "register",
        "login",
        "password_changed",
        "password_reset",
        "account_locked",
        "refresh_token_reused",
        "logout",
    }
    seen = set()
    while time.monotonic() < give_up and not wanted <= seen:
        items = admin.get(f"/api/auth/audit?subject_id={person.id}&limit=100").body["items"]
        seen = {entry["action"] for entry in items}
        time.sleep(0.05)
    checks.that(wanted <= seen, "audit: every kind of event", wanted - seen)
    failures = admin.get("/api/auth/audit?action=login&outcome=failure&limit=5").body["items"]
    checks.that(failures and all(e["outcome"] == "failure" for e in failures), "audit: filters", failures)
    for query in ("outcome=maybe", "from=yesterday", "actor_id=0", "subject_id=-1"):
        admin.refused("GET", f"/api/auth/audit?{query}", None, 422, "validation_failed")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        admin.refused(method, "/api/auth/audit", None, 405, "method_not_allowed")


def walk_deletion(anyone, person, admin, checks):
    _, me = log_in(anyone, person.name, THIRD)
    me.ask("DELETE", "/api/auth/me", None, 204)
    me.refused("GET", "/api/auth/me", None, 401, "invalid_token")
    anyone.refused("POST", "/api/auth/login", {"username": person.name, "password": THIRD}, 401, "invalid_credentials")
    left = admin.get(f"/api/auth/users/{person.id}").body
    checks.equal((left["status"], left["email"], left["next_statuses"]), ("deleted", None, []), "deletion: anonymous")
    checks.that(person.name not in str(left), "deletion: no name is left", left)


def walk_accounts(url, checks):
    anyone = Client(url, checks)
    person = walk_registration(anyone, checks)
    walk_verification(anyone, person, checks)
    walk_login(anyone, person, checks)
    pair, me = walk_profile(anyone, person, checks)
    walk_sessions(anyone, person, pair, me, checks)
    walk_refresh(anyone, person, checks)
    walk_passwords(anyone, person, checks)
    walk_address(anyone, person, checks)
    walk_logout(anyone, person)
    shown = walk_second_factor(anyone, person, checks)
    admin = walk_users(anyone, person, checks)
    walk_roles(admin, checks)
    walk_audit(admin, person, checks)
    walk_deletion(anyone, person, admin, checks)
    return admin, shown


def walk(kind, checks):
    with Place(kind) as place:
        with Gateway(place) as gateway:
            admin, shown = walk_accounts(gateway.url, checks)
            walk_operation(gateway, admin, checks)
            last = admin.get("/api/auth/me").headers["x-request-id"]
            checks.equal(gateway.stop(), 0, "SIGTERM: exit 0")
            told = [line for line in log_lines(gateway) if line.get("request_id") == last]
            checks.equal([line.get("route") for line in told], ["/api/auth/me"], "one line of the log for a request")
            for secret in (PASSWORD, SECOND, THIRD, admin.token, *shown):
                checks.that(secret not in gateway.log.read_text(), "no password, token, secret or code in the log")


def main():
    checks = Checks()
    for kind in KINDS:
        for part in (walk, command_line.walk_times, command_line.walk_commands, command_line.walk_catalogue, command_line.walk_demo_accounts):
            checks.where = f"{kind}, {part.__name__}"
            attempt(checks, part, kind, checks)
    for part in (command_line.walk_settings, command_line.walk_published, command_line.walk_demo_data):
        checks.where = part.__name__
        attempt(checks, part, checks)
    return outcome(checks)


if __name__ == "__main__":
    sys.exit(main())
