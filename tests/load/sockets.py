#!/usr/bin/env python3
"""Sockets through two copies of the gateway, one of which is killed: nothing is lost, repeated or out of order.

    POLIGON_GATEWAY=<binary> TEST_DATABASE_URL=postgres://… TEST_REDIS_URL=redis://… tests/load/sockets.py

100 people in 50 groups of ten, each with five sockets, half of them on each of two copies that share PostgreSQL and Redis.
One writer for each group sends messages through both copies in turn, each with an `Idempotency-Key`, and repeats a message
until it is answered. In the middle one copy is ended with `kill -9`; its sockets connect to the other and resume. At
the end every socket has every answered message of its groups exactly once and in order. SOCKETS, MESSAGES (of each
group) and PAUSE (seconds between two of them) change the size. Standard library only.
"""

import asyncio
import base64
import json
import os
import secrets
import statistics
import struct
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "journey"))
from service import Gateway, Place, sql_on_postgres  # noqa: E402

GROUPS, OF_GROUP, PEOPLE = 50, 10, 100
SOCKETS = int(os.environ.get("SOCKETS", "500"))
MESSAGES = int(os.environ.get("MESSAGES", "40"))
PAUSE = float(os.environ.get("PAUSE", "0.25"))
PASSWORD = "practice makes perfect"
PATIENCE_S = 60.0
AWAY = (ConnectionError, OSError, asyncio.IncompleteReadError, TimeoutError)


async def ask(url, method, path, body=None, **headers):
    """One request on a connection of its own: status and JSON."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        text = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {where.netloc}", "Connection: close"]
        lines += [f"Content-Length: {len(text)}", "Content-Type: application/json"] if text else []
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + text)
        await writer.drain()
        answer = await asyncio.wait_for(reader.read(), 20)
    finally:
        writer.close()
    head, _, rest = answer.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 "):
        raise ConnectionError("no answer")
    if b"chunked" in head.lower():
        raise ValueError("chunked answers are not read")
    return int(head.split()[1]), json.loads(rest) if rest else None


class WebSocket:
    """A client of RFC 6455, as far as this needs it."""

    @classmethod
    async def open(cls, url, path):
        self, where = cls(), urlsplit(url)
        self.reader, self.writer = await asyncio.wait_for(asyncio.open_connection(where.hostname, where.port), 10)
        key = base64.b64encode(secrets.token_bytes(16)).decode()
        self.writer.write(
            (
                f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            ).encode()
        )
        head = await asyncio.wait_for(self.reader.readuntil(b"\r\n\r\n"), 20)
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(head.split(b"\r\n")[0].decode())
        return self

    def _write(self, opcode, payload):
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0xFE]) + struct.pack(">H", size)
        mask = secrets.token_bytes(4)
        masked = bytes(byte ^ mask[n % 4] for n, byte in enumerate(payload))
        self.writer.write(bytes([0x80 | opcode]) + length + mask + masked)

    async def send(self, frame):
        self._write(1, json.dumps(frame).encode())
        await self.writer.drain()

    async def receive(self):
        """The next frame; raises ConnectionError at the end."""
        while True:
            first, second = await self.reader.readexactly(2)
            size = second & 0x7F
            if size > 125:
                size = int.from_bytes(await self.reader.readexactly(2 if size == 126 else 8), "big")
            payload = await self.reader.readexactly(size)
            match first & 0x0F:
                case 1:
                    return json.loads(payload)
                case 8:
                    raise ConnectionError(f"closed: {int.from_bytes(payload[:2], 'big')}")
                case 9:
                    self._write(10, payload)

    def close(self):
        self.writer.transport.abort()


class Listener:
    """A socket that comes back whenever it is dropped, and what it has heard."""

    def __init__(self, token, copies, first):
        self.token, self.copies, self.at = token, copies, first
        self.heard = {}
        self.cursor = None
        self.drops = self.resumed = 0
        self.wrong = []
        self.ready = asyncio.Event()

    async def run(self):
        while True:
            try:
                await self.listen(self.copies[self.at % len(self.copies)])
            except AWAY:
                self.drops += self.ready.is_set()
                self.at += 1
                await asyncio.sleep(0.1 + secrets.randbelow(200) / 1000)

    async def listen(self, url):
        socket, n = await WebSocket.open(url, "/api/social/ws"), 0
        try:
            await socket.send({"type": "auth", "token": self.token})
            while True:
                frame = await socket.receive()
                n += 1
                if frame["n"] != n:
                    self.wrong.append(f"frame {frame['n']} came as number {n}")
                match frame["type"]:
                    case "ready" if self.cursor is None:
                        self.cursor = frame["cursor"]
                        self.ready.set()
                    case "ready":
                        await socket.send({"type": "resume", "cursor": self.cursor})
                        continue  # its cursor is the present: what was missed comes first
                    case "resumed":
                        self.resumed += 1
                    case "message":
                        heard = (frame["seq"], frame["data"]["id"], time.monotonic())
                        self.heard.setdefault(frame["chat_id"], []).append(heard)
                    case "error":
                        self.wrong.append(str(frame["data"]))
                self.cursor = frame["cursor"] or self.cursor
        finally:
            socket.close()


async def log_in(url, name):
    status, answer = await ask(url, "POST", "/api/auth/login", {"username": name, "password": PASSWORD})
    if status != 200:
        raise RuntimeError(f"{name} cannot log in: {status} {answer}")
    return answer["access_token"], answer["user"]["id"] if "user" in answer else None


class Writer:
    """Writes into one group until every message was answered; keeps the journal of the answers."""

    def __init__(self, chat, tokens, copies, progress):
        self.chat, self.tokens, self.copies, self.progress = chat, tokens, copies, progress
        self.answered = []
        self.repeated = 0

    async def run(self):
        for n in range(MESSAGES):
            key, turn = secrets.token_hex(16), n
            headers = {"Authorization": f"Bearer {self.tokens[n % len(self.tokens)]}", "Idempotency_Key": key}
            while True:
                url = self.copies[turn % len(self.copies)]
                path = f"/api/social/chats/{self.chat}/messages"
                try:
                    status, answer = await ask(url, "POST", path, {"body": f"{n} of {self.chat}"}, **headers)
                except AWAY:
                    status, answer = 0, None
                if status == 201:
                    self.answered.append((answer["number"], answer["id"], time.monotonic()))
                    break
                if status not in (0, 409, 429, 503):
                    raise RuntimeError(f"{status}: {answer}")
                self.repeated += 1
                turn += 1
                await asyncio.sleep(0.2)
            self.progress()
            await asyncio.sleep(PAUSE)


async def gather_people(place, url):
    """Tokens and ids of people of the demo data."""
    rows = sql_on_postgres(place.url, f"SELECT id, username FROM users WHERE id > 10 ORDER BY id LIMIT {PEOPLE}")
    people = [row.split("|") for row in rows]
    tokens = []
    for _, name in people:
        tokens.append((await log_in(url, name))[0])
    return [int(user_id) for user_id, _ in people], tokens


async def make_groups(url, ids, tokens):
    groups, path = [], "/api/social/chats"
    for n in range(GROUPS):
        members = [(n * 2 + k * 9) % PEOPLE for k in range(OF_GROUP)]
        body = {"kind": "group", "title": f"Group {n}", "member_ids": [ids[m] for m in members[1:]]}
        key = {"Authorization": f"Bearer {tokens[members[0]]}"}
        status, answer = await ask(url, "POST", path, body, **key)
        if status != 201:
            # Some people of the demo data are hidden from each other: those who begin add whom they can.
            blocked = {int(error["pointer"].rsplit("/", 1)[1]) for error in answer.get("errors", [])}
            members = [m for at, m in enumerate(members) if at == 0 or at - 1 not in blocked]
            body["member_ids"] = [ids[m] for m in members[1:]]
            status, answer = await ask(url, "POST", path, body, **key)
        if status != 201:
            raise RuntimeError(f"no group: {status} {answer}")
        groups.append((answer["id"], members))
    return groups


async def hidden_pairs(place):
    rows = sql_on_postgres(place.url, "SELECT user_id, other_id FROM social_ties WHERE cut")
    return {tuple(map(int, row.split("|"))) for row in rows}


def judge(listeners, owners, groups, writers, ids, hidden):
    """What is wrong, in words; and how long messages took."""
    wrong, delays = [], []
    for listener, owner in zip(listeners, owners):
        wrong += listener.wrong
        for (chat, members), writer in zip(groups, writers):
            heard = listener.heard.get(chat, [])
            if owner not in members:
                if heard:
                    wrong.append(f"somebody heard of a group that they are not in: {chat}")
                continue
            seen = [(ids[m], ids[owner]) not in hidden for m in members]
            due = [m for n, m in enumerate(sorted(writer.answered)) if seen[n % len(members)]]
            if [message for _, message, _ in heard] != [message for _, message, _ in due]:
                wrong.append(f"group {chat}: {len(heard)} heard, {len(due)} answered, or in another order")
            delays += [max(0.0, h[2] - d[2]) for h, d in zip(heard, due)]
    return wrong, delays


async def run(place, gateways):
    copies = [gateway.url for gateway in gateways]
    ids, tokens = await gather_people(place, copies[0])
    groups = await make_groups(copies[0], ids, tokens)
    owners = [n % PEOPLE for n in range(SOCKETS)]
    listeners = [Listener(tokens[owner], copies, n // PEOPLE + n) for n, owner in enumerate(owners)]
    listening = [asyncio.create_task(listener.run()) for listener in listeners]
    await asyncio.wait_for(asyncio.gather(*(listener.ready.wait() for listener in listeners)), PATIENCE_S)
    await asyncio.sleep(1.5)  # until they are told what is new
    print(f"{len(listeners)} sockets, {len(groups)} groups")

    done, killed = 0, asyncio.Event()

    def progress():
        nonlocal done
        done += 1
        if done == GROUPS * MESSAGES // 2 and not killed.is_set():
            gateways[0].process.kill()
            killed.set()
            print(f"killed one copy after {done} messages")

    writers = []
    for chat, members in groups:
        writers.append(Writer(chat, [tokens[m] for m in members], copies, progress))
    began = time.monotonic()
    await asyncio.gather(*(writer.run() for writer in writers))
    took, hidden = time.monotonic() - began, await hidden_pairs(place)
    until = time.monotonic() + PATIENCE_S
    while True:
        wrong, delays = judge(listeners, owners, groups, writers, ids, hidden)
        if not wrong or time.monotonic() > until:
            break
        await asyncio.sleep(1)
    await asyncio.sleep(3)  # nothing comes twice later, either
    wrong, delays = judge(listeners, owners, groups, writers, ids, hidden)
    for task in listening:
        task.cancel()
    drops, repeated = sum(listener.drops for listener in listeners), sum(writer.repeated for writer in writers)
    resumed = sum(listener.resumed for listener in listeners)
    delays.sort()
    p50, p99 = statistics.median(delays) * 1000, delays[int(len(delays) * 0.99)] * 1000
    print(f"{done} messages answered in {took:.1f} s, {repeated} requests repeated, {drops} drops, {resumed} resumed")
    print(f"{len(delays)} deliveries; from the answer to the frame: median {p50:.0f} ms, 99 % within {p99:.0f} ms")
    if not killed.is_set() or resumed < SOCKETS // 3:
        wrong.append(f"one copy was to be killed and its sockets to resume: {resumed} have")
    for line in wrong[:20]:
        print("WRONG", line)
    return not wrong


def main():
    with Place("PostgreSQL") as place:
        gateways = [Gateway(place)]
        try:
            gateways.append(Gateway(place))
            passed = asyncio.run(run(place, gateways))
        finally:
            for gateway in gateways:
                gateway.process.kill()
    print("1 passed, 0 failed" if passed else "0 passed, 1 failed")
    return 0 if passed else 1


if __name__ == "__main__":
    sys.exit(main())
