"""Somebody who calls the API, to prepare what is looked at and to see what has become of it. Standard library only."""

import base64
import hmac
import json
import secrets
import time
import urllib.error
import urllib.request

DEMO = "practice makes perfect"
ANALYTICS = "/api/analytics"
TOTP_SECRET = "PRACTICEMAKESPERFECTPOLIGON23456"


def totp():
    """The code of now (RFC 6238)."""
    made = hmac.digest(base64.b32decode(TOTP_SECRET), (int(time.time()) // 30).to_bytes(8, "big"), "sha1")
    offset = made[19] & 15
    return f"{(int.from_bytes(made[offset : offset + 4], 'big') & 0x7FFFFFFF) % 10**6:06d}"


class Api:
    def __init__(self, url, name=None):
        self.url, self.headers, self.user = url, {}, None
        if name:
            pair = self.must("POST", "/api/auth/login", {"username": name, "password": DEMO})
            self.headers, self.user = {"Authorization": f"Bearer {pair['access_token']}"}, pair["user"]

    def ask(self, method, path, body=None, **headers):
        """Status and body, whatever it is."""
        data = None if body is None else json.dumps(body).encode()
        sent = self.headers | ({} if data is None else {"Content-Type": "application/json"}) | headers
        request = urllib.request.Request(self.url + path, data, sent, method=method)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                status, raw = answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            status, raw = refused.code, refused.read()
        return status, json.loads(raw) if raw else None

    def must(self, method, path, body=None, **headers):
        status, answer = self.ask(method, path, body, **headers)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def dashboard(self, title, widgets=(), **more):
        """A new dashboard."""
        return self.must("POST", f"{ANALYTICS}/dashboards", {"title": title, "widgets": list(widgets)} | more)

    def of_template(self, template, title):
        templates = self.must("GET", f"{ANALYTICS}/dashboards/templates")["items"]
        file = next(one["dashboard"] for one in templates if one["name"] == template)
        return self.must("POST", f"{ANALYTICS}/dashboards/import", file | {"title": title})

    def read(self, dashboard_id):
        return self.must("GET", f"{ANALYTICS}/dashboards/{dashboard_id}")

    def widget(self, dashboard_id, widget_id):
        return next((one for one in self.read(dashboard_id)["widgets"] if one["id"] == widget_id), None)

    def own(self):
        """The newest dashboard of one's own."""
        listed = self.must("GET", f"{ANALYTICS}/dashboards?limit=100")["items"]
        return max((one for one in listed if one["access"] == "owner"), key=lambda one: one["id"])

    def share(self, dashboard_id, access, **whom):
        return self.must("POST", f"{ANALYTICS}/dashboards/{dashboard_id}/shares", whom | {"access": access})

    def link(self, dashboard_id):
        return self.must("POST", f"{ANALYTICS}/dashboards/{dashboard_id}/links", {})

    def happens(self, path="/dashboard-trial"):
        """Somebody looks at a page: a figure that changes."""
        event = {"id": secrets.token_hex(8), "kind": "page_view", "path": path}
        self.must("POST", f"{ANALYTICS}/events", {"events": [event]})


def widget(widget_id, kind, place, title=None, **settings):
    x, y, w, h = place
    return {"id": widget_id, "type": kind, "title": title or widget_id, "x": x, "y": y, "w": w, "h": h, "settings": settings}
