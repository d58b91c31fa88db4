"""Reports as people meet them: asked for, waited for, taken away, removed."""

import io
import zipfile

from api import ANALYTICS, Api
from browser import Browser

REPORTS = f"{ANALYTICS}/reports"
# Tells of the newest report what `window.told` says, as if it were so.
PRETEND = """
    const real = window.fetch;
    window.fetch = async (url, options) => {
        const answer = await real(url, options);
        if (!window.told || !/\\/reports\\?/.test(String(url))) return answer;
        const body = await answer.json();
        Object.assign(body.items[0], window.told);
        return new Response(JSON.stringify(body), {status: 200, headers: {'Content-Type': 'application/json'}});
    };
"""
HIDE = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => arguments[0]}); document.dispatchEvent(new Event('visibilitychange'))"


def newest(api):
    return max((one["id"] for one in api.must("GET", REPORTS)["items"]), default=0)


def asks(browser, api, **chosen):
    """Asks for a report by its form; its id, as soon as it is shown."""
    before = newest(api)
    browser.click("reports-new")
    for name, value in chosen.items():
        browser.choose(f"report-{name}", value)
    browser.click("report-form-submit")
    browser.gone("report-form")
    number = browser.until(lambda: newest(api) > before and newest(api), "a report")
    browser.find(f"report-{number}")
    return number


def is_done(browser, number):
    browser.until(lambda: browser.text(f"report-{number}-status") == "Done", "a report that is done", 60)


def as_workbook(browser, api, told):
    number = asks(browser, api, template="audience", format="xlsx", period="last_7_days", tz="Europe/Berlin")
    is_done(browser, number)
    told("a report comes to its end without a click", None)
    stored = api.must("GET", f"{REPORTS}/{number}")
    read = {name: stored[name] for name in ("template", "format", "tz", "lang")}
    fits = read == {"template": "audience", "format": "xlsx", "tz": "Europe/Berlin", "lang": "en"}
    told("it is what was asked for", None if fits else read)
    words = browser.text(f"report-{number}")
    told("it says what it is of", None if all(one in words for one in ("Audience", "XLSX", "Berlin", "English")) else words)
    browser.click(f"report-{number}-download")
    names = zipfile.ZipFile(io.BytesIO(browser.saved(".xlsx"))).namelist()
    told("its file is a workbook", None if any("workbook" in name for name in names) else names)
    return number


def as_page(browser, api, told):
    browser.click("reports-new")
    browser.choose("report-period", "custom")
    for name, day in (("from", "2026-02-01"), ("to", "2026-01-01")):
        browser.run("arguments[0].value = arguments[1]", browser.find(f"report-{name}"), day)
    browser.click("report-form-submit")
    told("days the wrong way round are told", None if browser.text("report-to-error") else "no words")
    browser.click("report-form-cancel")
    browser.gone("report-form")
    number = asks(browser, api, template="sales", format="html", lang="ru")
    is_done(browser, number)
    browser.click(f"report-{number}-download")
    text = browser.saved(".html").decode()
    told("a page in Russian", None if "Продажи" in text else text[:200])
    return number


def asked(browser, since):
    return [url for _, url in browser.requests(since) if "/analytics/reports?" in url]


def is_waited_for(browser, number, told):
    """It is asked for as long as something is waited for, and somebody looks."""
    since = len(browser.requests())
    pause = "return new Promise((done) => setTimeout(done, arguments[0]))"
    browser.run(pause, 3000)
    told("what is done is not asked for again", asked(browser, since) or None)
    browser.run(PRETEND)
    browser.run("window.told = {status: 'running', progress: 40, file: null, finished_at: null, expires_at: null}")
    browser.click("reports-refresh")
    bar = browser.find(f"report-{number}-progress")
    told(
        "how far it is",
        None if bar.get_attribute("value") == "40" and "Being made" in browser.text(f"report-{number}-status") else "?",
    )
    browser.run("window.told.progress = 70")
    browser.until(lambda: browser.attribute(f"report-{number}-progress", "value") == "70", "more of it")
    told("and how it goes on", None)
    browser.run(HIDE, True)
    since = len(browser.requests())
    browser.run(pause, 3000)
    told("a tab that nobody sees does not ask", asked(browser, since) or None)
    browser.run("window.told = {status: 'failed', progress: 70, file: null, expires_at: null}")
    browser.run(HIDE, False)
    browser.find(f"report-{number}-failure")
    told("a failure is told", None if browser.text(f"report-{number}-status") == "Failed" else browser.text(f"report-{number}"))
    told("and there is nothing to take away", None if not browser.has(f"report-{number}-download") else "a button")
    browser.run("window.told = null")
    browser.click("reports-refresh")
    browser.find(f"report-{number}-download")


def are_deleted(browser, api, numbers, told):
    for number in numbers:
        browser.click(f"report-{number}-delete")
        browser.click("report-delete-submit")
        browser.gone(f"report-{number}")
    left = {one["id"] for one in api.must("GET", REPORTS)["items"]} & set(numbers)
    told("reports are deleted", left or None)


def reports_are_made(url, told):
    api = Api(url, "manager")
    with Browser(url, height=1400) as browser:
        browser.open(hash="#reports")
        browser.type("login-username", "manager")
        browser.type("login-password", "practice makes perfect")
        browser.click("login-submit")
        browser.viewed("reports")
        told(
            "after logging in, what the address says is open",
            None if browser.has("reports-new") and not browser.has("reports-error") else browser.text("view-reports"),
        )
        numbers = [as_workbook(browser, api, told), as_page(browser, api, told)]
        is_waited_for(browser, numbers[-1], told)
        are_deleted(browser, api, numbers, told)
        told("reports: a clean console", browser.faults() or None)
