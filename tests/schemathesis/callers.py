"""Who calls the service while a case is prepared: new accounts, and the demo administrator."""

import itertools
import os
import re
import threading
import time

import requests

BASE = os.environ["POLIGON_FUZZ_URL"]
ADMIN = ("admin", "practice makes perfect")
PASSWORD = "granite otter velvet 77"
MAIL_WAIT_S = 5.0

http = requests.Session()
http.trust_env = False
numbers = itertools.count(int(os.environ.get("POLIGON_FUZZ_FIRST", "1")))
lock = threading.RLock()


def ask(method, path, body=None, token=None, expected=(200, 201, 202, 204), **more):
    """What an operation answers that has to succeed: its JSON, or nothing."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    answer = http.request(method, f"{BASE}/api/{path}", json=body, headers=headers, timeout=10, **more)
    if answer.status_code not in expected:
        raise RuntimeError(f"preparing a case: {method} {path} answered {answer.status_code}: {answer.text}")
    return answer.json() if answer.content else None


def post(path, body, token=None, domain="auth"):
    return ask("POST", f"{domain}/{path}", body, token)


def log_in(username, password):
    return post("login", {"username": username, "password": password})


class Person:
    """A new account."""

    def __init__(self):
        self.username = f"fuzzed.{next(numbers)}"
        self.email = f"{self.username}@example.com"
        body = {"email": self.email, "username": self.username, "display_name": "Somebody", "password": PASSWORD}
        self.id = post("register", body)["id"]

    def log_in(self):
        return log_in(self.username, PASSWORD)

    def token_from_mail(self, kind):
        """The token in the newest mail of this kind; mails are written by a job, so it may take a moment."""
        give_up = time.monotonic() + MAIL_WAIT_S
        while time.monotonic() < give_up:
            answer = http.get(f"{BASE}/mailbox/messages", params={"to": self.email}, timeout=10)
            for mail in answer.json()["items"]:
                found = re.search(r"[A-Za-z0-9_-]{40,}", mail["body"])
                if mail["kind"] == kind and found:
                    return found.group()
            time.sleep(0.02)
        raise RuntimeError(f"no mail of kind {kind} came to {self.email} within {MAIL_WAIT_S} seconds")


class Admin:
    """The demo administrator's access token, renewed well before it expires."""

    token, until = None, 0.0

    @classmethod
    def get(cls):
        with lock:
            if time.monotonic() > cls.until:
                cls.token, cls.until = log_in(*ADMIN)["access_token"], time.monotonic() + 300
            return cls.token
