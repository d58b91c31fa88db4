"""Somebody who calls the API, and files to call it with. Standard library only."""

import io
import json
import secrets
import socket
import struct
import urllib.error
import urllib.request
import zlib
from urllib.parse import urlsplit

DEMO = "practice makes perfect"
CONTENT = "/api/content"


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def form(parts):
    """The media type and the body of a form; a part is a name, a file's name or None, and bytes."""
    boundary, out = secrets.token_hex(16), io.BytesIO()
    for name, file_name, body in parts:
        file = "" if file_name is None else f'; filename="{file_name}"'
        out.write(f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + body + b"\r\n")
    out.write(f"--{boundary}--\r\n".encode())
    return f"multipart/form-data; boundary={boundary}", out.getvalue()


class Api:
    def __init__(self, url, name=None):
        self.url, self.headers = url, {}
        if name:
            answer = self.ask("POST", "/api/auth/login", {"username": name, "password": DEMO})
            self.headers = {"Authorization": f"Bearer {answer.json['access_token']}"}

    def ask(self, method, path, body=None, **headers):
        """Any answer, whatever its status."""
        headers = self.headers | headers
        if isinstance(body, dict):
            body, headers = json.dumps(body).encode(), headers | {"Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path.removeprefix(self.url), body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as refused:
            return Answer(refused.code, refused.headers, refused.read())

    def must(self, method, path, body=None, **headers):
        answer = self.ask(method, path, body, **headers)
        if answer.status >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        return answer

    def upload(self, *files, **texts):
        """The answer to an upload of files, each a name and bytes."""
        parts = [("file", name, body) for name, body in files]
        media_type, body = form(parts + [(name, None, text.encode()) for name, text in texts.items()])
        return self.ask("POST", f"{CONTENT}/upload", body, **{"Content-Type": media_type})

    def medium(self, name, body, **texts):
        answer = self.upload((name, body), **texts)
        if answer.status != 201:
            raise RuntimeError(f"upload of {name}: {answer.status} {answer.body[:500]!r}")
        return answer.json["items"][0]

    def open_upload(self, media_type, length):
        """A connection on which an upload has been announced."""
        place = urlsplit(self.url)
        link = socket.create_connection((place.hostname, place.port), timeout=30)
        head = f"POST {CONTENT}/upload HTTP/1.1\r\nHost: {place.netloc}\r\nContent-Type: {media_type}\r\n"
        head += f"Authorization: {self.headers['Authorization']}\r\nContent-Length: {length}\r\n\r\n"
        link.sendall(head.encode())
        return link


def png(width, height, shade=0):
    """A picture of random greys."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + bytes((x * 7 + y * 3 + shade) % 256 for x in range(width)) for y in range(height))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def wav(seconds):
    """A quiet sound of 176,400 bytes a second."""
    frames = b"".join(struct.pack("<hh", n % 200 - 100, n % 300 - 150) for n in range(44_100)) * seconds
    head = struct.pack("<IHHIIHH", 16, 1, 2, 44_100, 176_400, 4, 16)
    return b"RIFF" + struct.pack("<I", 36 + len(frames)) + b"WAVEfmt " + head + b"data" + struct.pack("<I", len(frames)) + frames
