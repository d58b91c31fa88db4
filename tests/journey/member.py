"""A member of the network: a new account, what every answer to it has, and its stream of events."""

import http.client
import json
import secrets

from client import new_name
from shopper import DEMO, Shopper, wait_for

API = "/api/social"
PASSWORD = f"granite otter {secrets.token_hex(6)}"
STREAM_S = 15.0


class Member(Shopper):
    """A client that also checks what every answer of the network has: times, next_statuses, Location, people."""

    api = API
    id = None
    name = None

    def _look(self, asked, value, at):
        super()._look(asked, value, at)
        if isinstance(value, dict) and "username" in value and "display_name" in value:
            told = {"email", "roles", "password", "status"} & set(value)
            self.checks.that(not told, f"{asked}: of people no more than everybody may know at {at}", value)

    def register(self, display_name):
        """A new person, logged in."""
        self.name = new_name()
        body = {"username": self.name, "email": f"{self.name}@example.com", "display_name": display_name, "password": PASSWORD}
        self.post("/api/auth/register", body, 201)
        pair = self.post("/api/auth/login", {"username": self.name, "password": PASSWORD}).body
        self.token, self.id = pair["access_token"], pair["user"]["id"]
        return self

    def put(self, path, body=None, status=200, **more):
        return self.ask("PUT", path, {} if body is None else body, status, **more)

    def patch(self, path, body, status=200, **more):
        return self.ask("PATCH", path, body, status, **more)

    def delete(self, path, status=204, **more):
        return self.ask("DELETE", path, None, status, **more)

    def relation(self, other):
        return self.get(f"{API}/users/{other.id}").body["relationship"]

    def ids(self, path):
        """The ids on a list; those of people, where it lists people."""
        return [one["person"]["id"] if "person" in one else one["id"] for one in self.get(path).body["items"]]

    def page_through(self, path, most=50):
        """Every item of a list, page by page, each once."""
        items, cursor = [], ""
        for _ in range(most):
            page = self.get(path + cursor).body
            items += page["items"]
            if page["next_cursor"] is None:
                break
            cursor = f"&cursor={page['next_cursor']}"
        ids = [one["id"] for one in items]
        self.checks.equal(len(ids), len(set(ids)), f"{path}: the pages have everything once")
        return items


def visitor(gateway, checks):
    return Member(gateway.url, checks)


def moderator(gateway, checks):
    member = visitor(gateway, checks)
    pair = member.post("/api/auth/login", {"username": "moderator", "password": DEMO}).body
    member.token, member.id = pair["access_token"], pair["user"]["id"]
    return member


def told(person, kind):
    return person.get(f"{API}/notifications?kind={kind}&limit=100").body["items"]


def wait_told(person, kind, holds):
    """Notifications of a kind, once they are as they shall be: they are written by events."""
    return wait_for(lambda: told(person, kind), holds)


def picture(name=b"picture.png", alt=b"A dot"):
    """A form with a picture of one grey dot; the body, and the headers for it."""
    dot = bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b550000000a49444154789c63680000008200"
        "8177cd72b60000000049454e44ae426082"
    )
    edge = secrets.token_hex(12).encode()
    body = b"--%s\r\nContent-Disposition: form-data; name=\"alt\"\r\n\r\n%s\r\n" % (edge, alt)
    body += b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n' % (edge, name)
    body += b"Content-Type: image/png\r\n\r\n%s\r\n--%s--\r\n" % (dot, edge)
    return body, {"Content-Type": f"multipart/form-data; boundary={edge.decode()}"}


class Stream:
    """Server-Sent Events as a client reads them; `id` is that of the last one."""

    def __init__(self, member, last=None):
        self.checks, self.id, self.heard = member.checks, last, []
        self.connection = http.client.HTTPConnection(member.url.hostname, member.url.port, timeout=STREAM_S)
        headers = {"Authorization": f"Bearer {member.token}", "Accept": "text/event-stream"}
        if last:
            headers["Last-Event-ID"] = last
        self.connection.request("GET", f"{API}/events", headers=headers)
        self.answer = self.connection.getresponse()
        self.checks.equal(self.answer.status, 200, "the stream opens")
        self.checks.equal(self.answer.getheader("content-type"), "text/event-stream", "the stream's media type")
        self.checks.equal(self.answer.getheader("cache-control"), "no-store", "nobody keeps the stream")
        ready = self.next("ready")
        self.checks.equal(ready["data"].get("user_id"), member.id, "the stream is the caller's")

    def next(self, kind, **wanted):
        """The next event of a kind, with `wanted` in its frame; others go by. Nothing when the stream has ended."""
        event = {}
        try:
            for line in iter(self.answer.readline, b""):
                name, _, value = line.decode().rstrip("\r\n").partition(": ")
                if name:
                    event[name] = value
                    continue
                if not line.strip() and "data" in event:
                    frame = self._frame(event)
                    event = {}
                    if frame["type"] == kind and wanted.items() <= frame.items():
                        return frame
        except TimeoutError:
            pass
        self.checks.that(False, f"an event {kind} {wanted} comes within {STREAM_S} s")
        return {"data": {}}

    def _frame(self, event):
        frame = json.loads(event["data"])
        self.checks.equal(frame["type"], event.get("event"), "the event is named as its frame")
        self.checks.equal(frame["cursor"], event.get("id"), "the id of an event is its cursor")
        self.id = event.get("id", self.id)
        self.heard.append(frame)
        return frame

    def close(self):
        self.answer.close()
        self.connection.close()
