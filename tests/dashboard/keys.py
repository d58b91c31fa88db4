"""The same without a mouse: Tab, Enter, arrows, Escape; and what is told to people who see nothing."""

from api import ANALYTICS, Api, widget
from browser import DEMO, Browser, Keys


def announced(browser):
    return browser.run("return document.getElementById('polite').textContent")


def logs_in(browser, board, told):
    browser.open(hash=f"#dashboard={board}")
    browser.until(lambda: browser.focused() == "login-username", "the focus in the first field")
    browser.press("manager", Keys.TAB, DEMO, Keys.ENTER)
    browser.shown()
    browser.run("document.activeElement.blur()")
    browser.press(Keys.TAB)
    told("the first Tab comes to the skip link", None if browser.focused() == "skip-link" else browser.focused())
    browser.press(Keys.ENTER)
    told("which leads to the dashboard", None if browser.run("return document.activeElement.id") == "main" else browser.focused())
    told(
        "and leaves the address alone", None if f"dashboard={board}" in browser.run("return location.hash") else "it has changed"
    )


def moves(browser, api, board, told):
    told("Tab comes to Edit", None if browser.tab_to("dashboard-edit") else "it does not")
    browser.press(Keys.ENTER)
    browser.find("save")
    told("the focus is in the tools of editing", None if browser.focused() == "widget-add" else browser.focused())
    told("Tab comes to the handle of a widget", None if browser.tab_to("widget-a-move") else "it does not")
    browser.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    told("the focus stays on the handle", None if browser.focused() == "widget-a-move" else browser.focused())
    browser.hold(Keys.SHIFT, Keys.ARROW_RIGHT, Keys.ARROW_DOWN)
    words = browser.until(lambda: "4 high" in announced(browser) and announced(browser), "an announcement")
    told(
        "it is told where it stands now",
        None if all(part in words for part in ("column 3", "row 2", "5 wide", "4 high")) else words,
    )
    browser.hold(Keys.CONTROL, "z")
    words = browser.until(lambda: "Undone" in announced(browser) and announced(browser), "what was undone")
    told("Ctrl+Z undoes the last step", None)
    told(
        "Tab comes to Save",
        None
        if browser.run("document.querySelector('[data-testid=widget-add]').focus()") or browser.tab_to("save")
        else "it does not",
    )
    browser.press(Keys.ENTER)
    browser.gone("save")
    stored = {one["id"]: (one["x"], one["y"], one["w"], one["h"]) for one in api.read(board)["widgets"]}
    told("saved as it was moved", None if stored["a"] == (2, 1, 5, 3) else stored)
    a, b = stored["a"], stored["b"]
    apart = a[0] + a[2] <= b[0] or b[0] + b[2] <= a[0] or a[1] + a[3] <= b[1] or b[1] + b[3] <= a[1]
    told("who stood in the way has given way", None if apart else stored)
    told("the focus is back at Edit", None if browser.focused() == "dashboard-edit" else browser.focused())


def dialogs(browser, told):
    browser.focus("dashboard-share")
    browser.press(Keys.ENTER)
    browser.find("share-dialog")
    for _ in range(40):
        browser.press(Keys.TAB)
        if not browser.run(
            "return document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))"
        ):
            break
    inside = browser.run("return document.activeElement === document.body || Boolean(document.activeElement.closest('dialog'))")
    told("a dialog keeps the focus", None if inside else browser.focused())
    browser.press(Keys.ESCAPE)
    browser.gone("share-dialog")
    told("Escape closes it, and the focus is where it was", None if browser.focused() == "dashboard-share" else browser.focused())
    browser.focus("dashboard-more")
    browser.press(Keys.ENTER)
    browser.find("dashboard-rename")
    browser.press(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_UP)
    told("arrows walk through a menu", None if browser.focused() == "dashboard-copy" else browser.focused())
    browser.press(Keys.ESCAPE)
    told(
        "Escape closes a menu",
        None if not browser.has("dashboard-copy") and browser.focused() == "dashboard-more" else browser.focused(),
    )


def adds(browser, api, board, told):
    browser.focus("dashboard-edit")
    browser.press(Keys.ENTER)
    browser.find("widget-add")
    browser.press(Keys.ENTER)
    browser.find("widget-types")
    told("Tab comes to a type", None if browser.tab_to("widget-type-number") else "it does not")
    browser.press(Keys.ENTER)
    browser.find("widget-form")
    told("the focus is in the form", None if browser.focused() == "widget-form-title" else browser.focused())
    browser.press("By keys", Keys.ENTER)
    browser.find("widget-number-1")
    told("the focus is at the new widget", None if browser.focused() == "widget-number-1-move" else browser.focused())
    browser.focus("save")
    browser.press(Keys.ENTER)
    browser.gone("save")
    stored = api.widget(board, "number-1")
    told("a widget made by keys is stored", None if stored and stored["title"] == "By keys" else stored)


def focus_is_seen(browser, told):
    """What has the focus by keyboard looks otherwise than without."""
    hidden = []
    browser.run("document.activeElement.blur(); scrollTo(0, 0)")
    for _ in range(25):
        browser.press(Keys.TAB)
        look = "const s = getComputedStyle(document.activeElement); return document.activeElement === document.body || (s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 2)"
        if not browser.run(look):
            hidden.append(browser.focused())
    told("the focus is seen", hidden or None)


def keyboard_alone(url, told):
    api = Api(url, "manager")
    board = api.dashboard(
        "By keys", [widget("a", "number", (0, 0, 4, 3), metric="orders"), widget("b", "text", (4, 0, 4, 3), markdown="b")]
    )["id"]
    with Browser(url) as browser:
        logs_in(browser, board, told)
        focus_is_seen(browser, told)
        browser.run("document.activeElement.blur()")
        moves(browser, api, board, told)
        dialogs(browser, told)
        adds(browser, api, board, told)
        told("by keyboard: a clean console", browser.faults() or None)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
