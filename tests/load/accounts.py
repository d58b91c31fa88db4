#!/usr/bin/env python3
"""Speed of accounts beside a reference service, interleaved, so that what the machine does to one it does to all.

    PEERS=<folder of the reference services, set up> tests/load/accounts.py [rounds]

`GET /api/auth/me` with everything on, on SQLite and on PostgreSQL (the reference's own server), against product detail
of the FastAPI reference; and logins against what bcrypt alone costs on the same threads. Needs `wrk`, a release build,
and the reference's private PostgreSQL running (`db/pg.sh start`). Prints medians, spreads and ratios.
"""

import json
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
GATEWAY = Path(os.environ.get("POLIGON_GATEWAY", ROOT / "target/release/gateway"))
SECONDS = int(os.environ.get("SECONDS_EACH", "6"))
LOGIN_SECONDS = 4 * SECONDS  # some eight logins a second: the two in flight at the end would weigh too much
PASSWORD = "practice makes perfect"


def environment_of(peers):
    """The names and ports that the reference's own scripts use."""
    script = f'. "{peers}/env.sh" && echo "$PGHOST $PGPORT $PGUSER $FASTAPI_PORT"'
    host, port, user, fastapi = subprocess.run(["bash", "-c", script], check=True, capture_output=True, text=True).stdout.split()
    return {"postgres": f"postgresql://{user}@{host}:{port}", "psql": ["-h", host, "-p", port, "-U", user], "fastapi": int(fastapi)}


def wait_for(url):
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    sys.exit(f"no answer from {url}")


def wrk(url, token=None, lua=None, seconds=SECONDS):
    command = ["wrk", "-t1", "-c32", f"-d{seconds}", "--latency"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    if lua:
        command += ["-s", lua]
    text = subprocess.run([*command, url], check=True, capture_output=True, text=True).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    if bad:
        sys.exit(f"{url}: {bad[1]} answers were no success")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])


class Gateway:
    def __init__(self, folder, port, database_url=None):
        self.url = f"http://127.0.0.1:{port}"
        settings = {name: value for name, value in os.environ.items() if name != "POLIGON_GATEWAY"}
        settings |= {"DATABASE_URL": database_url} if database_url else {}
        self.process = subprocess.Popen(
            [str(GATEWAY), "--bind", f"127.0.0.1:{port}", "--data-dir", str(folder)],
            env=settings, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(f"{self.url}/health/ready")

    def login(self):
        body = json.dumps({"username": "ann", "password": PASSWORD}).encode()
        request = urllib.request.Request(f"{self.url}/api/auth/login", body, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access_token"]

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def logins(gateway, folder):
    lua = Path(folder) / "login.lua"
    body = json.dumps({"username": "ann", "password": PASSWORD}).replace("'", "\\'")
    lua.write_text(f"wrk.method='POST'; wrk.body='{body}'; wrk.headers['Content-Type']='application/json'")
    return wrk(f"{gateway.url}/api/auth/login", lua=str(lua), seconds=LOGIN_SECONDS)


def bcrypt_alone():
    """Hashes a second of the same bcrypt on as many threads as there are cores, without a server."""
    command = ["cargo", "run", "--release", "--quiet", "-p", "poligon-core", "--example", "hash_alone"]
    text = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return float(text.split()[0])


def show(name, values, base=None):
    middle = statistics.median(values)
    ratio = f"{middle / base:8.2f}x" if base else ""
    print(f"{name:34} {middle:10.1f}/s  [{min(values):.1f} to {max(values):.1f}] {ratio}")
    return middle


def main():
    bcrypt_alone()  # compiles it, so that the rounds only run
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    peers = os.environ.get("PEERS") or sys.exit("PEERS must name the folder of the reference services")
    names = environment_of(peers)
    subprocess.run(["createdb", *names["psql"], "poligon_load"], stderr=subprocess.DEVNULL)
    results = {"reference detail": [], "me, SQLite": [], "me, PostgreSQL": [], "logins, SQLite": [], "bcrypt alone": []}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            subprocess.run([f"{peers}/run.sh", "start", "fastapi"], check=True, stdout=subprocess.DEVNULL)
            results["reference detail"].append(wrk(f"http://127.0.0.1:{names['fastapi']}/api/ecommerce/products/42"))
            subprocess.run([f"{peers}/run.sh", "stop", "fastapi"], check=True)
            gateway = Gateway(f"{folder}/sqlite", 18180)
            results["me, SQLite"].append(wrk(f"{gateway.url}/api/auth/me", gateway.login()))
            results["logins, SQLite"].append(logins(gateway, folder))
            gateway.stop()
            gateway = Gateway(f"{folder}/postgres", 18181, f"{names['postgres']}/poligon_load")
            results["me, PostgreSQL"].append(wrk(f"{gateway.url}/api/auth/me", gateway.login()))
            gateway.stop()
            results["bcrypt alone"].append(bcrypt_alone())
    base = show("reference detail", results["reference detail"])
    show("me, SQLite", results["me, SQLite"], base)
    show("me, PostgreSQL", results["me, PostgreSQL"], base)
    hashes = show("bcrypt alone", results["bcrypt alone"])
    show("logins, SQLite", results["logins, SQLite"], hashes)
    subprocess.run(["dropdb", *names["psql"], "poligon_load"], stderr=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
