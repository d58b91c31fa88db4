"""Where files are stored in a trial: a local folder, or a bucket of an S3-compatible server (SeaweedFS)."""

import json
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

START_S = 60.0
GRPC = 10_000  # its parts speak gRPC to each other on ports that are so much higher


class LocalFolder:
    """What a gateway stores in without being told where."""

    name = "a local folder"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def settings(self):
        return {}

    def files(self, place):
        return {str(found) for found in (place.data / "files").rglob("*") if found.is_file()}


def is_free(port):
    try:
        socket.create_server(("127.0.0.1", port)).close()
        return True
    except OSError:
        return False


def free_ports(count):
    """Ports in a row that nobody listens on, nor on those of gRPC."""
    while True:
        first = 12_000 + secrets.randbelow(8_000)
        row = range(first, first + count)
        if all(is_free(port) and is_free(port + GRPC) for port in row):
            return row


class Bucket:
    """A bucket of a server of its own, which makes it when the first file comes."""

    name = "S3"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="poligon-s3.")
        self.key, self.secret = secrets.token_hex(10), secrets.token_hex(20)
        self.s3, self.filer, self.master, self.volume = free_ports(4)
        self.process = None

    def start(self):
        weed = Path(sys.executable).parent / "weed"
        ports = [f"-s3.port={self.s3}", f"-filer.port={self.filer}", f"-master.port={self.master}", f"-volume.port={self.volume}"]
        place = [f"-dir={self.folder.name}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
        small = ["-volume.max=20", "-master.volumeSizeLimitMB=64", "-s3.port.iceberg=0", "-s3.port.lance=0"]
        keys = {"AWS_ACCESS_KEY_ID": self.key, "AWS_SECRET_ACCESS_KEY": self.secret}
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": self.folder.name}
        self.process = subprocess.Popen([weed, "server", "-filer", "-s3", *ports, *place, *small], env=keys, **quiet)
        until = time.monotonic() + START_S
        while not self.answers():
            if time.monotonic() > until or self.process.poll() is not None:
                raise RuntimeError("SeaweedFS does not serve")
            time.sleep(0.2)

    def answers(self):
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.s3}/", timeout=2).close()
        except urllib.error.HTTPError as refused:
            return refused.code == 403  # it wants to know who asks
        except OSError:
            pass
        return False

    def stop(self):
        self.process.kill()
        self.process.wait()

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        self.folder.cleanup()

    def settings(self):
        return {
            "STORAGE_URL": "s3://poligon/files",
            "AWS_ACCESS_KEY_ID": self.key,
            "AWS_SECRET_ACCESS_KEY": self.secret,
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.s3}",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def files(self, _place, path="/buckets/poligon"):
        """What is in the bucket, as the server itself keeps it; parts of uploads that have come to no end among it."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.filer}{path}/?limit=10000", headers={"Accept": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                entries = json.load(answer)["Entries"] or []
        except urllib.error.HTTPError as refused:
            if refused.code == 404:
                return set()
            raise
        found = set()
        for entry in entries:
            is_folder = entry["Mode"] & 1 << 31
            found |= self.files(_place, entry["FullPath"]) if is_folder else {entry["FullPath"]}
        return found
