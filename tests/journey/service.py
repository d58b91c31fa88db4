"""A gateway under test: its binary on a fresh database of its own. Standard library only."""

import os
import re
import secrets
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

START_S = 60.0  # the demo data are planted first
STOP_S = 35.0
KINDS = ("SQLite", "PostgreSQL")


def sql_on_postgres(url, statement):
    """What psql prints, one row a line, columns separated by `|`."""
    command = ["psql", "-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        raise RuntimeError(f"psql: {done.stderr.strip()}")
    return done.stdout.splitlines()


def free_port():
    """A port that nobody listens on, for addresses that a gateway writes down: with port 0 it does not know its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Place:
    """A data folder and an empty database, both removed at the end."""

    def __init__(self, kind):
        self.kind = kind
        self.name = f"poligon_step_{os.getpid()}_{secrets.token_hex(4)}"
        self.folder = tempfile.TemporaryDirectory(prefix="poligon-step.")
        self.data = Path(self.folder.name) / "data"
        self.flags = ["--data-dir", str(self.data)]
        self.url = f"sqlite://{self.data}/poligon.db"
        if kind == "PostgreSQL":
            server = os.environ["TEST_DATABASE_URL"]
            sql_on_postgres(server, f'CREATE DATABASE "{self.name}"')
            self.url = urlunsplit(urlsplit(server)._replace(path=f"/{self.name}"))
            self.flags += ["--database-url", self.url, "--redis-url", os.environ["TEST_REDIS_URL"]]

    def environment(self, **more):
        """The environment without anything that would set the gateway up otherwise."""
        drop = re.compile(r"^(POLIGON_|DATABASE_|REDIS_URL|STORAGE_URL|SMTP_URL)")
        kept = {name: value for name, value in os.environ.items() if not drop.match(name)}
        return kept | {"POLIGON_CACHE__PREFIX": f"{self.name}:", "POLIGON_SECURITY__BCRYPT_COST": "4"} | more

    def close(self):
        if self.kind == "PostgreSQL":
            sql_on_postgres(os.environ["TEST_DATABASE_URL"], f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Gateway:
    """A running gateway; `url` is where, `printed` what it said, `log` the file of its log. It takes a free port, or `port`."""

    def __init__(self, place, *flags, port=0, **environment):
        self.printed = []
        self.log = Path(place.folder.name) / f"gateway-{secrets.token_hex(3)}.log"
        self.began = time.monotonic()
        command = [os.environ["POLIGON_GATEWAY"], "serve", "--bind", f"127.0.0.1:{port}", *place.flags, *flags]
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, text=True, env=place.environment(**environment)
            )
        self.found = threading.Event()
        self.url = None
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if not self.found.wait(START_S) or self.url is None:
            self.stop()
            raise RuntimeError(f"the gateway did not start: {''.join(self.printed)}{self.log.read_text()[-2000:]}")

    def _read(self):
        for line in self.process.stdout:
            self.printed.append(line)
            told = re.match(r"\s+listening\s+(http://\S+)", line)
            if told:
                self.url = told.group(1)
                self.found.set()
        self.found.set()

    def resident_mb(self):
        """Memory in use, in megabytes (Linux): its own, and with the pages of the binary."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return [int(re.search(rf"{name}:\s+(\d+)", status).group(1)) / 1024 for name in ("RssAnon", "VmRSS")]

    def stop(self):
        """Asks it to stop; answers its exit code, or None when it had to be killed."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            code = None
        self.reader.join(5)
        return code

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
