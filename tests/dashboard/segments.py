"""Segments as people meet them: made, counted, changed, chosen in the settings of a widget, deleted."""

from api import ANALYTICS, Api, widget
from browser import Browser
from selenium.webdriver.support.ui import Select

SEGMENTS = f"{ANALYTICS}/segments"


def named(api, name):
    return next((one for one in api.must("GET", SEGMENTS)["items"] if one["name"] == name), None)


def people_of(api, number):
    return api.must("GET", f"{SEGMENTS}/{number}")["people"]


def counted(browser, number):
    """What is said of how many they are."""
    browser.until(lambda: browser.attribute(f"segment-{number}-people", "aria-busy") is None, "a count")
    return browser.text(f"segment-{number}-people")


def is_made(browser, api, told):
    browser.click("segments-new")
    browser.click("segment-form-submit")
    told("a name is asked for at its field", None if browser.text("segment-name-error") else "no words")
    browser.type("segment-name", "Silent readers")
    browser.choose("segment-conditions-0-kind", "login")
    browser.type("segment-conditions-0-within_days", "400")
    browser.click("segment-conditions-add")
    browser.choose("segment-conditions-1-kind", "post")
    browser.type("segment-conditions-1-at_least", "5")
    browser.type("segment-conditions-1-at_most", "2")
    browser.click("segment-form-submit")
    error = browser.text("segment-conditions-1-at_most-error")
    told("what the server refuses is told at the field of its condition", None if error else "no words")
    browser.run("arguments[0].value = ''", browser.find("segment-conditions-1-at_least"))
    browser.type("segment-conditions-1-at_most", "0")
    browser.click("segment-form-submit")
    browser.gone("segment-form")
    stored = browser.until(lambda: named(api, "Silent readers"), "a segment")
    told(
        "it is stored as it was typed",
        None
        if [(one["kind"], one["at_least"], one["at_most"], one["within_days"]) for one in stored["conditions"]]
        == [("login", 1, None, 400), ("post", 0, 0, None)]
        else stored,
    )
    number = stored["id"]
    words = browser.text(f"segment-{number}-conditions")
    told("its conditions are told in words", None if all(one in words for one in ("Logged in", "400 days", "never")) else words)
    told(
        "and how many people it has",
        None if str(people_of(api, number)) in counted(browser, number) else counted(browser, number),
    )
    return number


def changes_cross(browser, api, number, told):
    browser.click(f"segment-{number}-edit")
    typed = [browser.value(f"segment-conditions-{at}-kind") for at in (0, 1)]
    told("the form shows what is stored", None if typed == ["login", "post"] else typed)
    body = {"name": "Readers, by another", "conditions": [{"kind": "login", "at_least": 3}]}
    api.must("PUT", f"{SEGMENTS}/{number}", body)
    browser.type("segment-name", "Readers, by me")
    browser.click("segment-form-submit")
    error = browser.text("segment-form-error")
    told("who comes second is told", None if "meanwhile" in error else error)
    told("and sees what is stored", None if browser.value("segment-conditions-0-at_least") == "3" else "not that")
    browser.type("segment-name", "Readers, by me")
    browser.click("segment-form-submit")
    browser.gone("segment-form")
    browser.until(lambda: browser.text(f"segment-{number}-name") == "Readers, by me", "the new name")
    told("the second time it is saved", None if named(api, "Readers, by me") else api.must("GET", SEGMENTS))


def is_chosen(browser, api, number, told):
    """In the settings of a widget, by its name; the preview shows its people alone."""
    board = api.dashboard("Of a segment", [widget("n", "number", (0, 0, 4, 3), metric="active_users")])["id"]
    browser.open(hash=f"#dashboard={board}")
    browser.shown()
    all_people = browser.text("widget-n-value")
    browser.click("dashboard-edit")
    browser.click("widget-n-settings")
    names = [one.text for one in Select(browser.find("setting-segment_id")).options]
    browser.until(
        lambda: "Readers, by me" in [one.text for one in Select(browser.find("setting-segment_id")).options], "the segment"
    )
    told("everybody comes first", None if names[0] == "Everybody" else names)
    browser.choose("setting-segment_id", str(number))
    browser.click("widget-form-submit")
    browser.gone("widget-form")
    browser.until(lambda: browser.state("n") in ("ready", "empty"), "a preview")
    seen = browser.text("widget-n")
    told("the preview is of its people alone", None if all_people not in seen.split("\n") else f"{all_people}: {seen}")
    browser.click("save")
    browser.gone("save")
    stored = api.widget(board, "n")["settings"]
    told("a widget keeps its segment", None if stored.get("segment_id") == number else stored)
    browser.click("dashboard-edit")
    browser.click("widget-n-settings")
    browser.until(lambda: browser.value("setting-segment_id") == str(number), "the segment that is chosen")
    browser.choose("setting-segment_id", "")
    browser.click("widget-form-submit")
    browser.gone("widget-form")
    browser.until(lambda: browser.has("widget-n-value") and browser.text("widget-n-value") == all_people, "everybody")
    told("everybody can be chosen again", None)
    browser.click("edit-cancel")
    browser.click("leave-submit")
    browser.gone("save")
    return board


def is_deleted(browser, api, number, board, told):
    browser.view("segments")
    browser.click(f"segment-{number}-delete")
    browser.click("segment-delete-submit")
    browser.gone(f"segment-{number}")
    told("deleted", None if named(api, "Readers, by me") is None else "it is there")
    browser.open(hash=f"#dashboard={board}")
    browser.shown()
    words = browser.text("widget-n-problem")
    told("a widget of what is gone says so", None if "no longer there" in words else words)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")


def only_looks(url, number, told):
    with Browser(url) as browser:
        browser.login("auditor")
        browser.view("segments")
        browser.find(f"segment-{number}")
        buttons = [one for one in ("segments-new", f"segment-{number}-edit", f"segment-{number}-delete") if browser.has(one)]
        told("who may not change segments sees them and no buttons", buttons or None)
        told("as somebody who looks: a clean console", browser.faults() or None)


def sees_nobody(url, told):
    """Who may not see figures of people meets no segments."""
    api = Api(url, "editor")
    board = api.dashboard("Of an editor", [widget("n", "number", (0, 0, 4, 3), metric="publications")])["id"]
    with Browser(url) as browser:
        browser.login("editor", hash=f"#dashboard={board}")
        told("who may not see them has no link to them", None if not browser.has("view-link-segments") else "a link")
        browser.click("dashboard-edit")
        browser.click("widget-n-settings")
        find_values = "return [...document.querySelectorAll('[data-testid=setting-metric] option')].map((one) => one.value)"
        browser.find("setting-metric")
        offered, permitted = set(browser.run(find_values)), set(api.must("GET", "/api/auth/me")["permissions"])
        metrics = api.must("GET", f"{ANALYTICS}/metrics")["items"]
        seen = {one["name"] for one in metrics if one["permission"] in permitted}
        told("the settings offer the figures that one may see", None if offered == seen < {one["name"] for one in metrics} else offered ^ seen)
        told("and none in the settings of a widget", None if not browser.has("setting-segment_id") else "a select")
        told("as somebody who may not: a clean console", browser.faults() or None)
        browser.open(hash="#segments")
        browser.shown()
        told("a link to them leads to the dashboard", None if not browser.has("view-segments") else "the segments")
        told("by the link: a clean console", browser.faults() or None)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")


def segments_are_kept(url, told):
    api = Api(url, "manager")
    with Browser(url, height=1400) as browser:
        browser.login("manager")
        browser.view("segments")
        number = is_made(browser, api, told)
        only_looks(url, number, told)
        changes_cross(browser, api, number, told)
        board = is_chosen(browser, api, number, told)
        is_deleted(browser, api, number, board, told)
        told("segments: a clean console but for what was refused", browser.faults(412, 422) or None)
    sees_nobody(url, told)
