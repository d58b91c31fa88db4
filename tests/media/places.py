"""Where files are stored in a trial: a local folder, or a bucket of an S3-compatible server (`rclone serve s3`)."""

import secrets
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from service import free_port

START_S = 20.0


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
        return sorted(found for found in (place.data / "files").rglob("*") if found.is_file())


class Bucket:
    """A bucket of a server of its own, which keeps it in a folder."""

    name = "S3"

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="poligon-s3.")
        self.bucket = Path(self.folder.name) / "poligon"
        self.bucket.mkdir()
        self.key, self.secret = secrets.token_hex(10), secrets.token_hex(20)
        self.port = free_port()
        self.process = None

    def start(self):
        rclone = Path(sys.executable).parent / "rclone"
        keys = ["--auth-key", f"{self.key},{self.secret}", "--addr", f"127.0.0.1:{self.port}"]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        # Found and forgotten at once: the gateways are not the only ones that look into the folder.
        flags = ["--vfs-cache-mode", "off", "--dir-cache-time", "0", "--config", "/dev/null"]
        self.process = subprocess.Popen([rclone, "serve", "s3", *flags, *keys, self.folder.name], **quiet)
        until = time.monotonic() + START_S
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=2)
            except urllib.error.HTTPError:
                return  # it wants to know who asks
            except OSError as fault:
                if time.monotonic() > until or self.process.poll() is not None:
                    raise RuntimeError("rclone does not serve") from fault
                time.sleep(0.1)

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
            "AWS_ENDPOINT": f"http://127.0.0.1:{self.port}",
            "AWS_REGION": "us-east-1",
            "AWS_ALLOW_HTTP": "true",
        }

    def files(self, _place):
        return sorted(found for found in self.bucket.rglob("*") if found.is_file())
