"""Two browsers at one dashboard: figures that come by themselves, and changes that cross."""

from api import ANALYTICS, Api, widget
from browser import Browser


def figures_come(first, second, api, told):
    for browser in (first, second):
        browser.until(lambda browser=browser: browser.attribute("live-state", "data-state") == "live", "a live page")
    told("it is told in words that the page is live", None if "Live" in first.text("live-state") else first.text("live-state"))
    before = [browser.text("widget-views-value") for browser in (first, second)]
    api.happens()
    for browser in (first, second):
        browser.until(lambda browser=browser: browser.text("widget-views-value") != before[0], "another figure")
    after = [browser.text("widget-views-value") for browser in (first, second)]
    number = [int(text.replace(",", "")) for text in (before[0], after[0])]
    told(
        "new figures come to both without a click",
        None if after[0] == after[1] and number[1] == number[0] + 1 else f"{before} {after}",
    )


def connection_drops(first, api, told):
    first.cdp("Network.enable")
    first.cdp("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    first.run("window.dispatchEvent(new Event('offline'))")
    before = first.text("widget-views-value")
    api.happens()
    first.cdp("Network.emulateNetworkConditions", offline=False, latency=0, downloadThroughput=-1, uploadThroughput=-1)
    first.until(lambda: first.text("widget-views-value") != before, "what was missed", 60)
    told("after a break the figures are right again", None)


def tab_is_hidden(first, api, told):
    """Tabs that nobody sees hold no connection: a browser has six."""
    turn = "Object.defineProperty(document, 'hidden', {configurable: true, get: () => arguments[0]}); document.dispatchEvent(new Event('visibilitychange'))"
    first.run(turn.replace("arguments[0]", "true"))
    first.gone("live-state")
    before = first.text("widget-views-value")
    api.happens()
    first.run(turn.replace("arguments[0]", "false"))
    first.until(lambda: first.text("widget-views-value") != before, "what was missed")
    first.until(lambda: first.attribute("live-state", "data-state") == "live", "a live page")
    told("a tab that was hidden catches up", None)


def changes_come(first, second, told):
    first.click("dashboard-edit")
    first.click("dashboard-settings")
    first.type("settings-title", "Together, by one")
    first.click("settings-submit")
    first.click("save")
    first.gone("save")
    second.until(lambda: second.text("dashboard-title") == "Together, by one", "the new title")
    told("what one saves, the other sees", None)


def changes_cross(first, second, api, board, told):
    for browser, title in ((first, "Mine"), (second, "Theirs")):
        browser.click("dashboard-edit")
        browser.click("dashboard-settings")
        browser.type("settings-title", title)
        browser.click("settings-submit")
    second.click("save")
    second.gone("save")
    first.find("overtaken")
    told("who edits is told that somebody was faster", None)
    told("and keeps what they have typed", None if first.text("dashboard-title") == "Mine" else first.text("dashboard-title"))
    first.click("save")
    version = api.read(board)["version"]
    told(
        "saving says which version is ahead", None if str(version) in first.text("conflict-text") else first.text("conflict-text")
    )
    told("and overwrites nothing", None if api.read(board)["title"] == "Theirs" else api.read(board)["title"])
    first.click("conflict-copy")
    first.until(lambda: "Mine" in first.text("dashboard-title") and not first.has("save"), "a copy")
    told("what was made can be kept as a copy", None if api.own()["id"] != board and "Mine" in api.own()["title"] else api.own())
    told("the other one stays as it was saved", None if api.read(board)["title"] == "Theirs" else api.read(board)["title"])


def changes_cross_again(first, second, board, told):
    for browser, title in ((first, "Mine again"), (second, "Theirs again")):
        browser.open(hash=f"#dashboard={board}")
        browser.shown()
        browser.click("dashboard-edit")
        browser.click("dashboard-settings")
        browser.type("settings-title", title)
        browser.click("settings-submit")
    second.click("save")
    second.gone("save")
    first.click("save")
    first.click("conflict-reload")
    first.until(lambda: first.text("dashboard-title") == "Theirs again" and not first.has("save"), "their state")
    told("or one takes over what is there", None)


def is_deleted(first, api, board, told):
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
    first.find("toast-error")
    first.until(lambda: first.text("dashboard-title") != "Theirs again", "another dashboard")
    told("who looks at what is deleted is told", None)


def two_at_once(url, told):
    api = Api(url, "manager")
    board = api.dashboard("Together", [widget("views", "number", (0, 0, 4, 3), metric="page_views")])["id"]
    api.share(board, "edit", role="auditor")
    with Browser(url) as first, Browser(url) as second:
        first.login("manager", hash=f"#dashboard={board}")
        second.login("auditor", hash=f"#dashboard={board}")
        figures_come(first, second, api, told)
        changes_come(first, second, told)
        changes_cross(first, second, api, board, told)
        changes_cross_again(first, second, board, told)
        second.settle()
        is_deleted(second, api, board, told)
        told("together: clean consoles", first.faults(412) + second.faults() or None)
    again = api.dashboard("Together", [widget("views", "number", (0, 0, 4, 3), metric="page_views")])["id"]
    with Browser(url) as first:
        first.login("manager", hash=f"#dashboard={again}")
        connection_drops(first, api, told)
        tab_is_hidden(first, api, told)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{again}")
