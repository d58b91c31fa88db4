"""The built-in overview: live and to be taken away as any other dashboard, until another one comes first."""

import csv
import io
import json
import zipfile

from api import ANALYTICS, Api, widget
from browser import Browser


# Nobody tells of anything, and the first two answers have a figure that is not of now.
OLD = """
    const real = window.fetch; window.asked = 0;
    window.fetch = async (url, options) => {
        if (/\\/events$/.test(String(url))) return new Response('{}', {status: 404});
        const answer = await real(url, options);
        if (!/analytics\\/dashboard\\?/.test(String(url))) return answer;
        window.asked += 1;
        if (window.asked > 2) return answer;
        const body = await answer.json();
        body.widgets[0].as_of = '2026-01-01T00:00:00.000Z';
        return new Response(JSON.stringify(body), {status: 200, headers: {'Content-Type': 'application/json'}});
    };
"""


def first_row(browser):
    """The path and the figure of the most frequent page."""
    path, count = (browser.inside("widget-pages-data", f"tbody tr {cell}")[0] for cell in ("th", "td"))
    return path, int(count.replace(",", ""))


def is_live(browser, api, told):
    browser.until(lambda: browser.attribute("live-state", "data-state") == "live", "a live overview")
    told("the overview is live, and says so", None if "Live" in browser.text("live-state") else browser.text("live-state"))
    path, before = first_row(browser)
    api.happens(path)
    browser.until(lambda: first_row(browser)[1] > before, "another figure")
    told("its figures come without a click", None if first_row(browser) == (path, before + 1) else first_row(browser))


def is_taken_away(browser, told):
    browser.click("dashboard-export")
    browser.click("dashboard-export-xlsx")
    names = zipfile.ZipFile(io.BytesIO(browser.saved(".xlsx"))).namelist()
    told("all of it as XLSX", None if any("workbook" in name for name in names) else names)
    browser.click("dashboard-export")
    browser.click("dashboard-export-json")
    told("all of it as JSON", None if json.loads(browser.saved(".json")) else "empty")
    browser.click("widget-pages-export")
    browser.click("widget-pages-export-csv")
    rows = list(csv.reader(io.StringIO(browser.saved(".csv").decode("utf-8-sig"))))
    shown = browser.find("widget-pages-data").text
    told("a widget of it as CSV", None if len(rows) > 1 and any(cell and cell in shown for cell in rows[1]) else rows[:3])


def another_comes_first(browser, api, told):
    board = api.dashboard("Comes first", [widget("n", "number", (0, 0, 4, 3), metric="orders")])["id"]
    api.must("PUT", f"{ANALYTICS}/dashboard", {"dashboard_id": board})
    browser.until(lambda: browser.text("dashboard-title") == "Comes first", "the dashboard that is chosen now")
    browser.shown()
    told("what is chosen elsewhere is shown", None if browser.has("widget-n-value") else browser.text("board"))
    hash = browser.run("return location.hash")
    told("the address says what is shown", None if hash == f"#dashboard={board}" else hash)
    told("it can be changed", None if browser.has("dashboard-edit") and not browser.has("dashboard-make-own") else "no button")
    browser.until(lambda: browser.attribute("live-state", "data-state") == "live", "a live dashboard")
    api.must("PATCH", f"{ANALYTICS}/dashboards/{board}", {"title": "Renamed elsewhere"})
    browser.until(lambda: browser.text("dashboard-title") == "Renamed elsewhere", "its new title")
    told("and is followed from then on", None)
    api.must("PUT", f"{ANALYTICS}/dashboard", {"dashboard_id": None})
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
    browser.find("dashboard-make-own")


def old_figures(url, told):
    """What is shown as it was is asked for until it is as it is."""
    with Browser(url) as browser:
        browser.cdp("Page.addScriptToEvaluateOnNewDocument", source=OLD)
        browser.login("auditor")
        browser.until(lambda: browser.run("return window.asked") >= 3, "another question")
        browser.run("return new Promise((done) => setTimeout(done, 5000))")
        asked = browser.run("return window.asked")
        told("old figures are asked for again until they are new", None if asked == 3 else asked)


def the_overview(url, told):
    api = Api(url, "auditor")
    with Browser(url, height=1800) as browser:
        browser.login("auditor")
        told("who has chosen none sees the overview", None if browser.has("dashboard-make-own") else browser.text("board"))
        is_live(browser, api, told)
        is_taken_away(browser, told)
        another_comes_first(browser, api, told)
        told("the overview: a clean console", browser.faults() or None)
    old_figures(url, told)
