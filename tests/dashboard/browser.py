"""Chromium as somebody uses it: found by `data-testid`, watched for what it asks for and what it complains of."""

import json
import re
import shutil
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException, WebDriverException
from selenium.webdriver import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--hide-scrollbars"]  # fmt: skip
PATIENCE_S = 30
# A machine that has too much to do says so, and the page asks again.
BUSY = 503
DEMO = "practice makes perfect"
# Tells of what a policy has blocked, also of what was blocked before anybody could listen on the page itself.
WATCH = "window.blocked = []; addEventListener('securitypolicyviolation', (e) => window.blocked.push(`${e.violatedDirective} ${e.blockedURI}`));"


class Browser:
    """A window. `faults` collects what a person would find in the console; `requests` what was asked for."""

    def __init__(self, url, width=1440, height=1000, dark=False):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for flag in [*FLAGS, f"--window-size={width},{height}"]:
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        self.driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
        self.url, self.folder = url, tempfile.TemporaryDirectory(prefix="poligon-saved.")
        self.console, self.asked, self.blocked = [], [], []
        self.cdp("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.folder.name, eventsEnabled=True)
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        self.resize(width, height)
        self.prefer("dark" if dark else "light")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()
        self.folder.cleanup()

    def cdp(self, command, **more):
        return self.driver.execute_cdp_cmd(command, more)

    def resize(self, width, height):
        self.cdp("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme, motion="no-preference"):
        features = [{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": motion}]
        self.cdp("Emulation.setEmulatedMedia", features=features)

    def run(self, script, *given):
        return self.driver.execute_script(script, *given)

    def until(self, act, what="", patience=PATIENCE_S):
        """What `act` answers, as soon as it is true."""
        end, last = time.monotonic() + patience, None
        while time.monotonic() < end:
            try:
                found = act()
                if found:
                    return found
            except (StaleElementReferenceException, WebDriverException) as fault:
                last = fault.msg
            time.sleep(0.05)
        raise AssertionError(f"waited in vain for {what}{f' ({last[:200]})' if last else ''}; the page says: {self.complaints()}")

    def complaints(self):
        """What the page itself tells of what went wrong."""
        told = "return [...document.querySelectorAll('[role=alert], .toast, .refused')].map((one) => one.innerText).filter(Boolean).join('; ')"
        try:
            return self.run(told) or "nothing"
        except WebDriverException as fault:
            return fault.msg[:200]

    # What is there
    def all(self, testid, within=None):
        found = (within or self.driver).find_elements(By.CSS_SELECTOR, f'[data-testid="{testid}"]')
        return [one for one in found if one.is_displayed()]

    def starting(self, stem):
        """Those whose `data-testid` begins so."""
        found = self.driver.find_elements(By.CSS_SELECTOR, f'[data-testid^="{stem}"]')
        return [one for one in found if one.is_displayed()]

    def find(self, testid, patience=PATIENCE_S):
        return self.until(lambda: next(iter(self.all(testid)), None), testid, patience)

    def has(self, testid):
        return bool(self.all(testid))

    def gone(self, testid):
        self.until(lambda: not self.has(testid), f"{testid} to go")

    def read(self, testid, of):
        """What `of` says of it; when it is drawn anew meanwhile, of the new one."""
        return self.until(lambda: [of(one) for one in self.all(testid)[:1]], testid)[0]

    def inside(self, testid, selector):
        """The texts of what stands in it, all of one moment: figures that come draw it anew."""
        self.find(testid)
        script = "return [...document.querySelectorAll(`[data-testid=\"${arguments[0]}\"] ${arguments[1]}`)].map((one) => one.textContent)"
        return self.run(script, testid, selector)

    def text(self, testid):
        return self.read(testid, lambda one: one.text)

    def value(self, testid):
        return self.attribute(testid, "value")

    def attribute(self, testid, name):
        return self.read(testid, lambda one: one.get_attribute(name))

    def focused(self):
        return self.run("return document.activeElement?.dataset.testid ?? document.activeElement?.tagName")

    # What a person does
    def click(self, testid):
        def act():
            element = self.find(testid)
            self.run("arguments[0].scrollIntoView({block: 'nearest'})", element)
            element.click()
            return True

        self.until(act, f"a click on {testid}")

    def type(self, testid, text):
        element = self.find(testid)
        element.clear()
        element.send_keys(text)

    def choose(self, testid, value):
        Select(self.find(testid)).select_by_value(value)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def hold(self, holding, *keys):
        chain = ActionChains(self.driver).key_down(holding)
        for key in keys:
            chain.send_keys(key)
        chain.key_up(holding).perform()

    def focus(self, testid):
        self.run("arguments[0].focus()", self.find(testid))

    def tab_to(self, testid, most=80):
        """By Tab alone, as somebody without a mouse."""
        for _ in range(most):
            if self.focused() == testid:
                return True
            self.press(Keys.TAB)
        return False

    def drag(self, testid, dx, dy):
        element = self.find(testid)
        self.run("arguments[0].scrollIntoView({block: 'center'})", element)
        chain = ActionChains(self.driver, duration=30).click_and_hold(element)
        for _ in range(4):
            chain.move_by_offset(round(dx / 4), round(dy / 4))
        chain.release().perform()

    # The page
    def open(self, lang="en", hash=""):
        self.settle()
        self.driver.get("about:blank")
        self.driver.get(f"{self.url}/dashboard?lang={lang}{hash}")

    def login(self, name, lang="en", hash=""):
        self.open(lang, hash)
        self.type("login-username", name)
        self.type("login-password", DEMO)
        self.click("login-submit")
        self.shown()

    def shown(self):
        """Waits for a dashboard with its figures."""
        self.until(lambda: self.text("dashboard-title") and self.attribute("board", "aria-busy") == "false", "the dashboard")
        quiet = "return [...document.querySelectorAll('.card')].every((card) => card.dataset.state !== 'loading' && (!card.querySelector('.chart') || card.querySelector('.chart svg')))"
        self.until(lambda: self.run(quiet), "the figures")

    def view(self, name):
        """Goes to what there is beside dashboards, by its link."""
        self.click(f"view-link-{name}")
        self.viewed(name)

    def viewed(self, name):
        """Waits for it and what it lists."""
        self.until(lambda: self.attribute(f"view-{name}", "aria-busy") == "false", f"the view {name}")

    def state(self, widget):
        return self.attribute(f"widget-{widget}", "data-state")

    def saved(self, ending):
        """The next file that is saved."""
        folder = Path(self.folder.name)
        # The browser holds the name with an empty file until the other one is whole.
        whole = lambda: [path for path in folder.glob(f"*{ending}") if path.stat().st_size and not [*folder.glob("*.crdownload")]]  # noqa: E731
        path = self.until(lambda: next(iter(whole()), None), f"a file {ending}")
        data = path.read_bytes()
        path.unlink()
        return data

    # What happened behind it
    def settle(self):
        """Takes over what the browser has noted so far."""
        try:
            self.blocked += self.run("const told = window.blocked ?? []; window.blocked = []; return told") or []
        except WebDriverException:
            pass
        self.console += self.driver.get_log("browser")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                self.asked.append((request["method"], request["url"]))

    def requests(self, since=0):
        self.settle()
        return self.asked[since:]

    def foreign(self):
        """What was asked of another place than the gateway."""
        own = urlsplit(self.url).netloc
        schemes = ("http", "https", "ws", "wss")
        return sorted({url for _, url in self.requests() if urlsplit(url).scheme in schemes and urlsplit(url).netloc != own})

    def faults(self, *expected):
        """Complaints in the console; refusals of these statuses are told there, too, and are no fault of the page."""
        self.settle()
        status = re.compile(r"status of (\d+)")

        def counts(entry):
            if entry["level"] not in ("SEVERE", "WARNING"):
                return False
            told = status.search(entry["message"])
            return not (told and int(told.group(1)) in (BUSY, *expected))

        return [entry["message"][:300] for entry in self.console if counts(entry)] + self.blocked
