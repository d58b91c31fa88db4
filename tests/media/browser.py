"""Chromium as a visitor: what does it run, what does it play?"""

import http.server
import json
import shutil
import subprocess
import threading
import time

from uploads import CONTENT, png, wav
from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

# What marks the browser when it runs, by every way in which markup runs something.
EVIL = "<script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\"><svg onload=\"document.title='ran'\">"
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--mute-audio",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--autoplay-policy=no-user-gesture-required", "--disable-dev-shm-usage"]  # fmt: skip
PATIENCE_S = 30


def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
    return webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))


class Pages(http.server.ThreadingHTTPServer):
    """Pages of our own: `/` is what `body` holds."""

    daemon_threads = True

    def __init__(self, body):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/" else 404)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                if self.path == "/":
                    self.wfile.write(body.encode())

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()


def ran(driver, url):
    """Whether something ran at an address: by the title of the page, which is asked of the browser and not of the page."""
    driver.get("about:blank")
    try:
        driver.get(url)
    except WebDriverException as fault:
        if "ERR_ABORTED" not in fault.msg:  # it is saved, not shown
            raise
    time.sleep(0.3)
    pages = driver.execute_cdp_cmd("Target.getTargets", {})["targetInfos"]
    return any(page["type"] == "page" and page["title"] == "ran" for page in pages)


def nothing_runs(api, editor, told):
    """Files that are pages as well, and an article full of markup."""
    files = {
        "PNG and HTML": ("a.html", png(40, 40) + EVIL.encode()),
        "GIF and HTML": ("a.html", b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;" + EVIL.encode()),
        "PDF and HTML": ("a.html", b"%PDF-1.7\n" + EVIL.encode()),
        "MP4 and HTML": ("a.html", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + EVIL.encode()),
        "MP3 and HTML": ("a.svg", b"ID3\x03\0\0\0\0\0\0" + EVIL.encode()),
        "WAV and HTML": ("a.xhtml", wav(1) + EVIL.encode()),
    }
    with chromium() as driver:
        with Pages(f"<!doctype html><title>control</title>{EVIL}") as control:
            told("Chromium: what runs is seen to run (control)", None if ran(driver, control.url) else "it was not seen")
        for what, (name, body) in files.items():
            medium = api.medium(name, body, alt=EVIL[:100])
            urls = [url for url in medium["urls"].values() if url]
            bad = [url for url in urls if ran(driver, api.url + url)]
            told(f"Chromium: {what} does not run at any of {len(urls)} addresses", bad or None)
        cover = api.medium("cover.png", png(60, 40, 5), alt=f'"{EVIL}'[:200])
        address = f"{CONTENT}/media/{cover['id']}/file"
        body = f"# {EVIL}\n\n{EVIL}\n\n[a](javascript:document.title='ran') ![{EVIL}]({address})\n\n`{EVIL}`"
        new = {"title": EVIL[:150], "body": body, "cover_id": cover["id"], "tags": ["<script>document.title='ran'</script>"]}
        article = api.must("POST", f"{CONTENT}/articles", new | {"excerpt": EVIL, "meta_title": "<script>"}).json
        for who, act in ((api, "submit"), (editor, "approve"), (editor, "publish")):
            who.must("POST", f"{CONTENT}/articles/{article['id']}/{act}")
        page = f"{api.url}{CONTENT}/articles/{article['id']}/page"
        told("Chromium: an article full of markup does not run", "it ran" if ran(driver, page) else None)
        loaded = "return [...document.images].map(image => image.naturalWidth)"
        widths = driver.execute_script(loaded)
        told("Chromium: its images are shown", None if widths and all(widths) else widths)
        links = [link.get_attribute("href") for link in driver.find_elements(By.CSS_SELECTOR, "main a, article a")]
        told("Chromium: no link leads to a script", [link for link in links if (link or "").startswith("javascript")] or None)


def an_element_plays(api, told):
    """A sound that is long enough to be loaded in parts: the element jumps to its end."""
    medium = api.medium("sound.wav", wav(80))
    url = f"{api.url}{medium['urls']['original']}"
    page = f'<!doctype html><title>player</title><audio id=a preload=metadata src="{url}"></audio>'
    with Pages(page) as pages, chromium() as driver:
        driver.get(pages.url)
        known = "const a = document.getElementById('a'); return a.error ? a.error.message : a.readyState >= 1 && a.duration"
        length = WebDriverWait(driver, PATIENCE_S).until(lambda d: d.execute_script(known))
        told("Chromium: an audio element knows the length", None if length == 80 else length)
        driver.execute_script("const a = document.getElementById('a'); a.currentTime = 75; a.play()")
        at = "const a = document.getElementById('a'); return a.error ? a.error.message : a.readyState >= 3 && a.currentTime > 75.2 && a.currentTime"
        place = WebDriverWait(driver, PATIENCE_S).until(lambda d: d.execute_script(at))
        told("Chromium: it plays from the 75th second", None if isinstance(place, float) and place < 80.1 else place)
        events = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
        seen = [event["params"]["response"] for event in events if event["method"] == "Network.responseReceived"]
        parts = [answer for answer in seen if answer["url"] == url and answer["status"] == 206]
        begins = {value for answer in parts for name, value in answer["headers"].items() if name.lower() == "content-range"}
        later = [begin for begin in begins if not begin.startswith("bytes 0-")]
        told(f"Chromium: it has loaded parts ({len(parts)} of {len(seen)} answers)", None if later else f"{begins}")


def curl_goes_on(api, folder, told):
    """A download that is cut off and taken up again (`curl -C -`)."""
    sound = wav(100)
    medium = api.medium("long.wav", sound)
    url, file = f"{api.url}{medium['urls']['original']}", folder / "long.wav"
    cut = subprocess.run(["curl", "-s", "--limit-rate", "2M", "--max-time", "2", "-o", file, url], timeout=60)
    had = file.stat().st_size
    fault = None if cut.returncode == 28 and 0 < had < len(sound) else f"curl {cut.returncode}, {had} of {len(sound)} bytes"
    told("curl: a download is cut off", fault)
    tries = subprocess.run(["curl", "-sS", "-f", "-C", "-", "-w", "%{http_code} %{size_download}", "-o", file, url],
        capture_output=True, text=True, timeout=60)  # fmt: skip
    whole = tries.stdout == f"206 {len(sound) - had}" and file.read_bytes() == sound
    told("curl -C - takes it up, and has every byte", None if whole else f"{tries.returncode} {tries.stdout} {tries.stderr}")
    again = subprocess.run(["curl", "-s", "-C", "-", "-w", "%{http_code}", "-o", file, url], capture_output=True, text=True, timeout=60)
    told("curl -C - has nothing left to take up", None if again.stdout == "416" and file.read_bytes() == sound else again.stdout)
