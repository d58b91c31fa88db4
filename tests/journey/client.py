"""A client that knows only the contract, and a counter of checks. Standard library only."""

import base64
import hashlib
import hmac
import http.client
import json
import re
import secrets
import time
from urllib.parse import quote, urlsplit

WAIT_S = 5.0


class Checks:
    """Counts; one line for each check that fails."""

    def __init__(self):
        self.passed = self.failed = 0
        self.where = ""

    def that(self, holds, name, seen=""):
        if holds:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED {self.where}: {name}: {str(seen)[:400]}", flush=True)
        return bool(holds)

    def equal(self, seen, wanted, name):
        return self.that(seen == wanted, name, f"{seen!r} is not {wanted!r}")

    def below(self, seen, limit, name):
        return self.that(seen < limit, name, f"{seen:.2f} is not below {limit}")


class Answer:
    def __init__(self, method, path, response):
        self.asked = f"{method} {path}"
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.cookies = [v for n, v in response.getheaders() if n.lower() == "set-cookie"]
        self.raw = response.read()
        self.is_json = "json" in self.headers.get("content-type", "")
        self.body = json.loads(self.raw) if self.is_json and self.raw else None

    def text(self):
        return self.raw.decode("utf-8", "replace")


class Client:
    """One caller: `token` for `Authorization`, and every answer checked for what all answers have."""

    def __init__(self, url, checks, token=None):
        self.url, self.checks, self.token = urlsplit(url), checks, token

    def ask(self, method, path, body=None, status=None, headers=None):
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        data = body if isinstance(body, bytes) else None
        if body is not None and data is None:
            data = json.dumps(body).encode()
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=10)
        try:
            connection.request(method, path, body=data, headers=sent)
            answer = Answer(method, path, connection.getresponse())
        finally:
            connection.close()
        self._check(answer, status)
        return answer

    def _check(self, answer, status):
        checks, name = self.checks, f"{answer.asked}"
        if status is not None:
            checks.that(answer.status == status, f"{name} answers {status}", f"{answer.status} {answer.text()[:300]}")
        checks.that(re.fullmatch(r"[!-~]{1,128}", answer.headers.get("x-request-id", "")), f"{name} has a request id")
        if answer.status >= 400 and not answer.asked.startswith("HEAD"):
            self._check_problem(answer, name)

    def _check_problem(self, answer, name):
        checks, body = self.checks, answer.body or {}
        checks.equal(answer.headers.get("content-type"), "application/problem+json", f"{name} answers a problem")
        wanted = {"type", "title", "status", "code", "detail", "instance", "request_id", "errors"}
        checks.that(wanted <= set(body), f"{name}: the problem is whole", body)
        checks.equal(body.get("type"), f"/problems/{body.get('code')}", f"{name}: type leads to the code")
        checks.equal(body.get("status"), answer.status, f"{name}: status in the body")
        checks.equal(body.get("request_id"), answer.headers.get("x-request-id"), f"{name}: request id in the body")
        if answer.status == 401:
            challenge = answer.headers.get("www-authenticate", "")
            checks.that(challenge.startswith("Bearer"), f"{name}: WWW-Authenticate", challenge)

    def get(self, path, status=200, **more):
        return self.ask("GET", path, None, status, **more)

    def post(self, path, body=None, status=200, **more):
        return self.ask("POST", path, {} if body is None else body, status, **more)

    def refused(self, method, path, body, status, code, **more):
        answer = self.ask(method, path, body, status, **more)
        self.checks.equal((answer.body or {}).get("code"), code, f"{method} {path} refuses with {code}")
        return answer


def attempt(checks, part, *given):
    """Walks a part. What cannot be walked to its end is one failure, with its line; what comes after it is still tried."""
    try:
        part(*given)
    except Exception as error:
        where = error.__traceback__
        while where.tb_next:
            where = where.tb_next
        checks.that(False, f"line {where.tb_lineno}: {type(error).__name__}", error)


def outcome(checks):
    """Says what was found; answers the exit status."""
    print(f"{checks.passed} passed, {checks.failed} failed")
    return 0 if checks.passed and not checks.failed else 1


def new_name():
    """A name that nobody has, with letters and digits that look like others."""
    return f"walkerm10{secrets.token_hex(5)}"


def totp(secret, steps=0):
    """The code of a secret in Base32 (RFC 6238: SHA-1, six digits, thirty seconds), so many steps from now; not in the last second of
    a step, so that it arrives in the step that it was made in."""
    if time.time() % 30 > 29:
        time.sleep(1)
    counter = int(time.time()) // 30 + steps
    digest = hmac.new(base64.b32decode(secret), counter.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[19] & 15
    return f"{(int.from_bytes(digest[offset : offset + 4], 'big') & 0x7FFFFFFF) % 1_000_000:06}"


def mail_to(client, address, kind):
    """The newest mail of this kind. Some are written by a job, so it may take a moment."""
    give_up = time.monotonic() + WAIT_S
    while time.monotonic() < give_up:
        mails = client.get(f"/mailbox/messages?to={quote(address)}").body["items"]
        for mail in mails:
            if mail["kind"] == kind:
                return mail
        time.sleep(0.02)
    client.checks.that(False, f"a mail {kind} comes to {address} within {WAIT_S} s")
    return {"body": "", "subject": ""}


def token_in(mail):
    found = re.search(r'"token": "([^"]+)"', mail["body"])
    return found.group(1) if found else "no-token"
