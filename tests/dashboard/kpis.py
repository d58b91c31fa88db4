"""KPIs as people meet them: how they stand, and making, changing and deleting them where that is allowed."""

import re

from api import ANALYTICS, Api
from browser import Browser, Keys

KPIS = f"{ANALYTICS}/kpis"


def named(api, name):
    return next((one for one in api.must("GET", KPIS)["items"] if one["name"] == name), None)


def figure(text):
    return float(re.sub(r"[^\d.]", "", text) or -1)


def sends(browser):
    browser.click("kpi-form-submit")
    browser.gone("kpi-form")


def is_made(browser, api, told):
    browser.click("kpis-new")
    browser.click("kpi-form-submit")
    told("a name is asked for at its field", None if browser.text("kpi-name-error") else "no words")
    browser.type("kpi-name", "Orders to reach")
    browser.type("kpi-description", "What the shop is for")
    browser.choose("kpi-metric", "orders")
    browser.type("kpi-target", "100000")
    browser.choose("kpi-direction", "up")
    browser.choose("kpi-period", "last_90_days")
    browser.choose("kpi-tz", "Europe/Berlin")
    sends(browser)
    stored = browser.until(lambda: named(api, "Orders to reach"), "a KPI")
    at = f"kpi-{stored['id']}"
    browser.find(at)
    read = {name: stored[name] for name in ("metric", "target", "direction", "tz")}
    fits = read == {"metric": "orders", "target": 100000.0, "direction": "up", "tz": "Europe/Berlin"}
    told("it is stored as it was typed", None if fits and stored["period"]["preset"] == "last_90_days" else stored)
    told("its figure is shown", None if figure(browser.text(f"{at}-value")) == stored["value"] else browser.text(f"{at}-value"))
    target = browser.text(f"{at}-target")
    told("so are its target and what is better", None if "100,000" in target and "more" in target else target)
    told("how it stands is said in words", None if browser.text(f"{at}-state") == "Off track" else browser.text(f"{at}-state"))
    told("and with a sign", None if browser.find(f"{at}-state").find_elements("css selector", "svg") else "colour alone")
    period = browser.text(f"{at}-period")
    told("so are its days", None if "Last 90 days" in period and "Europe/Berlin" in period else period)
    return stored["id"]


def states_differ(browser, api, told):
    """Each state looks otherwise, and is said otherwise."""
    period, made = {"preset": "last_month"}, {}
    orders = api.must("POST", KPIS, {"name": "t0", "metric": "orders", "period": period, "target": 1, "direction": "up"})
    for name, share in (("on_track", 0.5), ("at_risk", 1.05), ("off_track", 2)):
        body = {"name": f"Is {name}", "metric": "orders", "period": period, "target": orders["value"] * share, "direction": "up"}
        made[name] = api.must("POST", KPIS, body)["id"]
    api.must("DELETE", f"{KPIS}/{orders['id']}")
    browser.click("kpis-refresh")
    words = {"on_track": "On track", "at_risk": "At risk", "off_track": "Off track"}
    seen = {name: browser.text(f"kpi-{number}-state") for name, number in made.items()}
    told("three states in words", None if seen == words else seen)
    colours = {
        browser.run("return getComputedStyle(arguments[0]).color", browser.find(f"kpi-{one}-state")) for one in made.values()
    }
    told("and in colours", None if len(colours) == 3 else colours)
    for number in made.values():
        api.must("DELETE", f"{KPIS}/{number}")
    browser.click("kpis-refresh")
    browser.gone(f"kpi-{made['on_track']}")


def is_refused(browser, api, told):
    browser.click("kpis-new")
    browser.type("kpi-name", "Orders to reach")
    browser.choose("kpi-metric", "orders")
    browser.run("arguments[0].removeAttribute('max')", browser.find("kpi-target"))
    browser.type("kpi-target", "10000000000000000")
    browser.click("kpi-form-submit")
    error = browser.text("kpi-target-error")
    told("what the server refuses is told at the field", None if error else "no words")
    told("and marked", None if browser.attribute("kpi-target", "aria-invalid") == "true" else "not marked")
    browser.type("kpi-target", "5")
    browser.click("kpi-form-submit")
    told("so is a name that is taken", None if browser.text("kpi-name-error") else "no words")
    browser.choose("kpi-period", "custom")
    for name, day in (("from", "2026-02-01"), ("to", "2026-01-01")):
        browser.run("arguments[0].value = arguments[1]", browser.find(f"kpi-{name}"), day)
    browser.click("kpi-form-submit")
    told("days the wrong way round are told", None if browser.text("kpi-to-error") else "no words")
    browser.click("kpi-form-cancel")
    browser.gone("kpi-form")
    told("a form that was given up changes nothing", None if named(api, "Orders to reach")["target"] == 100000 else "changed")


def goes_by_keyboard(browser, told):
    told(
        "Tab comes from the link to the button",
        None if browser.focus("view-link-kpis") or browser.tab_to("kpis-new", 10) else browser.focused(),
    )
    browser.press(Keys.ENTER)
    browser.find("kpi-form")
    told("the focus is in the form", None if browser.focused() == "kpi-name" else browser.focused())
    browser.press(Keys.ESCAPE)
    browser.gone("kpi-form")
    told("and back at the button", None if browser.focused() == "kpis-new" else browser.focused())


def changes_cross(browser, api, number, told):
    browser.click(f"kpi-{number}-edit")
    typed = {name: browser.value(f"kpi-{name}") for name in ("name", "description", "metric", "target", "period", "tz")}
    fits = typed == {"name": "Orders to reach", "description": "What the shop is for", "metric": "orders", "target": "100000",
        "period": "last_90_days", "tz": "Europe/Berlin"}  # fmt: skip
    told("the form shows what is stored", None if fits else typed)
    body = {"name": "Orders, by another", "metric": "orders", "period": {"preset": "today"}, "target": 7, "direction": "down"}
    api.must("PUT", f"{KPIS}/{number}", body)
    browser.type("kpi-name", "Orders, by me")
    browser.click("kpi-form-submit")
    error = browser.text("kpi-form-error")
    told("who comes second is told", None if "meanwhile" in error else error)
    told("and sees what is stored", None if browser.value("kpi-name") == "Orders, by another" else browser.value("kpi-name"))
    told("nothing was run over", None if named(api, "Orders, by another") else api.must("GET", KPIS))
    browser.type("kpi-name", "Orders, by me")
    sends(browser)
    browser.until(lambda: browser.text(f"kpi-{number}-name") == "Orders, by me", "the new name")
    stored = named(api, "Orders, by me")
    told("the second time it is saved", None if stored and stored["target"] == 7 and stored["direction"] == "down" else stored)


def is_deleted(browser, api, number, told):
    browser.click(f"kpi-{number}-delete")
    browser.click("kpi-delete-cancel")
    browser.gone("kpi-delete")
    told("deleting asks first", None if named(api, "Orders, by me") else "it is gone")
    browser.click(f"kpi-{number}-delete")
    browser.click("kpi-delete-submit")
    browser.gone(f"kpi-{number}")
    told("deleted", None if named(api, "Orders, by me") is None else "it is there")
    told("the focus is at the head of the list", None if browser.focused() == "kpis-title" else browser.focused())


def only_looks(url, number, told):
    with Browser(url) as browser:
        browser.login("auditor")
        browser.view("kpis")
        browser.find(f"kpi-{number}")
        buttons = [one for one in ("kpis-new", f"kpi-{number}-edit", f"kpi-{number}-delete") if browser.has(one)]
        told("who may not change KPIs sees them and no buttons", buttons or None)
        told("as somebody who looks: a clean console", browser.faults() or None)


def by_another_role(url, number, told):
    """A role that an administrator has made counts as much as a built-in one."""
    admin, ann = Api(url, "admin"), Api(url, "ann").user["id"]
    admin.must("POST", "/api/auth/roles", {"name": "planner", "description": "", "permissions": ["kpis:write", "analytics:shop"]})
    admin.must("PUT", f"/api/auth/users/{ann}/roles", {"roles": ["planner"]})
    with Browser(url) as browser:
        browser.login("ann")
        browser.view("kpis")
        told(
            "a role of one's own may change KPIs",
            None if browser.has("kpis-new") and browser.has(f"kpi-{number}-edit") else "no buttons",
        )
        browser.click("kpis-new")
        browser.type("kpi-name", "Of others")
        offered = browser.inside("kpi-metric", "option[value=orders], option[value=active_users]")
        told("figures are offered that it may see", None if len(offered) == 1 else offered)
        # As if it had been allowed when the form was opened.
        browser.run("arguments[0].add(new Option('Active users', 'active_users'))", browser.find("kpi-metric"))
        browser.choose("kpi-metric", "active_users")
        browser.type("kpi-target", "1")
        browser.click("kpi-form-submit")
        error = browser.text("kpi-metric-error")
        told("but not make one of figures that it may not see", None if "may not see" in error else error)
        browser.click("kpi-form-cancel")
        browser.gone("kpi-form")
        told("and sees no segments", None if not browser.has("view-link-segments") else "a link")
        # The page finds out by asking for what is not there.
        told("by a role of one's own: nothing else in the console", browser.faults(403, 404) or None)
    admin.must("PUT", f"/api/auth/users/{ann}/roles", {"roles": []})
    admin.must("DELETE", "/api/auth/roles/planner")


def kpis_are_kept(url, told):
    api = Api(url, "manager")
    with Browser(url, height=1400) as browser:
        browser.login("manager")
        browser.view("kpis")
        told("the address says what is open", None if browser.run("return location.hash") == "#kpis" else "it does not")
        told(
            "the link in the list is marked",
            None if browser.attribute("view-link-kpis", "aria-current") == "page" else "it is not",
        )
        goes_by_keyboard(browser, told)
        number = is_made(browser, api, told)
        states_differ(browser, api, told)
        only_looks(url, number, told)
        by_another_role(url, number, told)
        browser.driver.refresh()
        browser.viewed("kpis")
        told("after a reload it is open", None if browser.has(f"kpi-{number}") else "it is not")
        told("KPIs: a clean console", browser.faults() or None)
        is_refused(browser, api, told)
        changes_cross(browser, api, number, told)
        is_deleted(browser, api, number, told)
        browser.driver.back()
        browser.shown()
        told("back leads to the dashboard", None if not browser.has("view-kpis") else "the KPIs are there")
        told("what is refused: nothing else in the console", browser.faults(409, 412, 422) or None)
