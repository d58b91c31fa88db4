"""What comes between: slow answers that are overtaken, refusals, sessions that end, dashboards that go, Back, and double clicks."""

import json
import time
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from api import ANALYTICS, Api, widget
from browser import DEMO, ActionChains, Browser, Keys

# Holds back or replaces the answers of requests: `meddle(method, part of the address, {late: ms, status: 500})`; notes all that is sent.
MEDDLE = """
    if (!window.meddle) {
        const real = window.fetch;
        let rules = [];
        window.sent = [];
        window.flying = 0;
        window.meddle = (method, part, how) => rules.push({method, part, how});
        window.leaveAlone = () => (rules = []);
        window.fetch = async (url, given = {}) => {
            const method = given.method ?? 'GET';
            window.sent.push({method, url: String(url), headers: given.headers ?? {}, body: given.body ?? null});
            const rule = rules.find((one) => one.method === method && String(url).includes(one.part));
            if (!rule) return real(url, given);
            window.flying += 1;
            try {
                const refusal = rule.how.status && new Response(JSON.stringify({code: 'meddled', detail: 'Meddled with'}), {status: rule.how.status});
                const answer = refusal || (await real(url, given));
                await new Promise((done) => setTimeout(done, rule.how.late ?? 0));
                return answer;
            } finally {
                window.flying -= 1;
            }
        };
    }
"""
TWO = [widget("views", "number", (0, 0, 4, 3), metric="page_views"), widget("pages", "bar", (4, 0, 8, 4), metric="page_views", group_by="path")]  # fmt: skip


def meddle(browser, method, part, **how):
    browser.run(MEDDLE + "window.meddle(...arguments)", method, part, how)


def leave_alone(browser):
    """Everything is answered as ever, and what was held back has come."""
    browser.until(lambda: browser.run("return window.flying === 0"), "late answers")
    browser.run("window.leaveAlone()")


def sent(browser, method, part):
    """What the page has sent since it is meddled with."""
    return [
        one
        for one in browser.run(MEDDLE + "return window.sent.map((one) => ({...one, headers: {...one.headers}}))")
        if one["method"] == method and part in one["url"]
    ]


def opened(browser, board):
    """Opens a dashboard in a fresh page."""
    browser.open(hash=f"#dashboard={board}")
    browser.shown()


def retitled(browser, title):
    """Begins to edit, and gives another title."""
    browser.click("dashboard-edit")
    browser.click("dashboard-settings")
    browser.type("settings-title", title)
    browser.click("settings-submit")
    browser.until(lambda: browser.text("dashboard-title") == title, "the new title")


def live(browser):
    browser.until(lambda: browser.attribute("live-state", "data-state") == "live", "a live page")


def place(browser):
    return browser.run("return location.hash")


def another_is_opened(browser, one, other, told):
    opened(browser, one)
    # What is asked for last comes last, and the first answer comes in between.
    meddle(browser, "GET", f"/{one}/data", late=1000)
    meddle(browser, "GET", f"/{other}/data", late=2000)
    browser.click("refresh")
    browser.click("refresh")
    browser.click(f"dashboard-link-{other}")
    browser.until(lambda: browser.text("dashboard-title") == "Other", "the other dashboard")
    leave_alone(browser)
    live(browser)
    time.sleep(0.5)
    told(
        "late figures of what was open before do not take away what is open now",
        None
        if browser.text("dashboard-title") == "Other" and place(browser) == f"#dashboard={other}"
        else f"{browser.text('dashboard-title')} {place(browser)}",
    )
    browser.click(f"dashboard-link-{one}")
    browser.until(lambda: browser.text("dashboard-title") == "One", "the first dashboard")
    meddle(browser, "GET", f"/dashboards/{one}", late=1500)
    browser.click("dashboard-edit")
    browser.click(f"dashboard-link-{other}")
    browser.until(lambda: browser.text("dashboard-title") == "Other", "the other dashboard")
    leave_alone(browser)
    time.sleep(0.3)
    told(
        "who has left before editing could begin edits nothing",
        None if not browser.has("save") and browser.text("dashboard-title") == "Other" else browser.text("dashboard-title"),
    )


def refusals(browser, one, told):
    opened(browser, one)
    meddle(browser, "GET", "/data", status=500)
    browser.choose("period-preset", "yesterday")
    browser.find("toast-error")
    told("an error is an alert", None if browser.attribute("toast-error", "role") == "alert" else "it has another role")
    time.sleep(0.3)
    words = browser.run("return document.getElementById('polite').textContent")
    told("no new figures are announced where none have come", None if "figures" not in words else words)
    leave_alone(browser)
    browser.click("toast-close")
    browser.click("controls-reset")
    browser.until(lambda: "figures" in browser.run("return document.getElementById('polite').textContent"), "an announcement")
    told("where they have come, they are announced (control)", None)
    browser.shown()
    live(browser)
    meddle(browser, "DELETE", "/dashboards/", status=503)
    browser.click("dashboard-more")
    browser.click("dashboard-delete")
    browser.click("delete-submit")
    browser.find("toast-error")
    live(browser)
    told("a dashboard that could not be deleted is live again", None)
    leave_alone(browser)


def zone_of_another_day():
    """A time zone in which it is another day than in UTC: there is one at any time."""
    now = datetime.now(UTC)
    name, hours = ("Pacific/Kiritimati", 14) if now.hour >= 10 else ("Pacific/Pago_Pago", -11)
    return name, (now + timedelta(hours=hours)).date().isoformat()


def days_of_its_zone(browser, api, told):
    zone, day = zone_of_another_day()
    board = api.dashboard("Elsewhere", TWO, tz=zone)["id"]
    browser.open(hash=f"#dashboard={board}&preset=today")
    browser.shown()
    browser.settle()
    asked = [parse_qs(urlsplit(url).query) for method, url in browser.asked if f"/{board}/data" in url]
    told("today is today where the dashboard is", None if asked and asked[-1].get("from") == [day] else f"{day} {asked}")
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")


def goes_back(browser, one, other, told):
    opened(browser, one)
    browser.click(f"dashboard-link-{other}")
    browser.until(lambda: browser.text("dashboard-title") == "Other", "the other dashboard")
    browser.shown()
    retitled(browser, "Not saved")
    browser.driver.back()
    browser.find("leave")
    told("Back while editing asks", None)
    browser.click("leave-cancel")
    browser.gone("leave")
    told(
        "who stays has the changes, and the address is right",
        None
        if browser.text("dashboard-title") == "Not saved" and browser.has("save") and place(browser) == f"#dashboard={other}"
        else f"{browser.text('dashboard-title')} {place(browser)}",
    )
    browser.driver.back()
    browser.click("leave-submit")
    browser.until(lambda: browser.text("dashboard-title") == "One", "the first dashboard")
    told("who goes is there", None if not browser.has("save") and place(browser) == f"#dashboard={one}" else place(browser))


def goes_while_edited(browser, api, told):
    for choice in ("copy", "discard"):
        board = api.dashboard("Doomed", TWO)["id"]
        opened(browser, board)
        live(browser)
        retitled(browser, f"Kept by {choice}")
        api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
        browser.find("rescue")
        browser.click("rescue-stay")
        browser.gone("rescue")
        told(
            f"deleted while it is edited, before {choice}: the changes are there",
            None if browser.text("dashboard-title") == f"Kept by {choice}" and browser.has("save") else "they are gone",
        )
        browser.click("save")
        browser.find("rescue")
        browser.click(f"rescue-{choice}")
        browser.gone("save")
        browser.until(lambda: browser.text("dashboard-title") not in ("Doomed", f"Kept by {choice}"), "another dashboard")
        browser.shown()
        kept = [one["title"] for one in api.must("GET", f"{ANALYTICS}/dashboards?limit=100")["items"]]
        found = any(f"Kept by {choice}" in title for title in kept)
        told(f"then {choice}: it is there or not, as it was chosen", None if found == (choice == "copy") else kept)
        if choice == "copy":
            told(
                "the copy is open",
                None if "Kept by copy" in browser.text("dashboard-title") else browser.text("dashboard-title"),
            )
            api.must("DELETE", f"{ANALYTICS}/dashboards/{api.own()['id']}")


def ends_sessions(api):
    """Logs out all others of the person."""
    for session in api.must("GET", "/api/auth/sessions?limit=100")["items"]:
        if not session["current"]:
            api.must("DELETE", f"/api/auth/sessions/{session['id']}")


def logs_in_here(browser, name):
    """On the page as it stands."""
    browser.type("login-username", name)
    browser.type("login-password", DEMO)
    browser.click("login-submit")


def session_ends(browser, api, one, told):
    opened(browser, one)
    retitled(browser, "Longer than a session")
    browser.click("widget-views-settings")
    browser.find("widget-form")
    ends_sessions(api)
    browser.run("document.dispatchEvent(new Event('visibilitychange'))")
    browser.find("login-username")
    told("no dialog stays above the login", None if not browser.all("widget-form") else "the form is there")
    told("it is told that nothing is lost", None if "not lost" in browser.text("login") else browser.text("login"))
    logs_in_here(browser, "manager")
    browser.find("save")
    told(
        "after logging in again the changes are there",
        None if browser.text("dashboard-title") == "Longer than a session" else browser.text("dashboard-title"),
    )
    browser.click("save")
    browser.gone("save")
    told("and can be saved", None if api.read(one)["title"] == "Longer than a session" else api.read(one)["title"])
    api.must("PATCH", f"{ANALYTICS}/dashboards/{one}", {"title": "One"})
    browser.until(lambda: browser.text("dashboard-title") == "One", "the first title")


def session_and_dashboard_end(browser, api, told):
    board = api.dashboard("Doomed", TWO)["id"]
    for name, expected in (("auditor", False), ("manager", True)):
        opened(browser, board)
        retitled(browser, f"Before {name} came")
        ends_sessions(api)
        browser.run("document.dispatchEvent(new Event('visibilitychange'))")
        browser.find("login-username")
        if expected:
            api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
        logs_in_here(browser, name)
        if expected:
            browser.click("rescue-copy")
            browser.until(lambda: "Before manager came" in browser.text("dashboard-title") and not browser.has("save"), "a copy")
            told("what was changed can be kept when its dashboard has gone meanwhile", None)
            api.must("DELETE", f"{ANALYTICS}/dashboards/{api.own()['id']}")
        else:
            browser.find("board-error")
            told("nobody else gets what somebody has changed", "they do" if browser.has("save") else None)
            browser.click("user-menu")
            browser.click("logout")
            logs_in_here(browser, "manager")
            browser.shown()
            told("and it does not come back", "it does" if browser.has("save") else None)


def somebody_else_comes(browser, one, told):
    opened(browser, one)
    before = count_of_listeners(browser)
    meddle(browser, "GET", "analytics/dashboards?", late=1500)
    for name in ("auditor", "manager", "auditor"):
        browser.click("user-menu")
        browser.click("logout")
        browser.find("login-username")
        told(f"before {name}: nothing is left in the address", place(browser) or None)
        logs_in_here(browser, name)
        browser.find("side")
        if name == "auditor":
            told("the list of who was there before is not shown", "it is" if browser.has(f"dashboard-link-{one}") else None)
        browser.shown()
    told(
        "logging in often makes the page listen no more than once",
        None if count_of_listeners(browser) == before > 0 else f"{before} {count_of_listeners(browser)}",
    )
    leave_alone(browser)
    meddle(browser, "GET", "analytics/metrics", status=500)
    browser.click("user-menu")
    browser.click("logout")
    logs_in_here(browser, "manager")
    browser.find("board-error")
    told("where the catalogue does not come, it is told", None)
    leave_alone(browser)
    browser.click("board-error-action")
    browser.shown()
    told("and can be asked for again", None if browser.has("dashboard-list-own") else "no list")


def count_of_listeners(browser):
    """How often the document listens to keys."""
    document = browser.cdp("Runtime.evaluate", expression="document")["result"]["objectId"]
    found = browser.cdp("DOMDebugger.getEventListeners", objectId=document)["listeners"]
    return sum(one["type"] == "keydown" for one in found)


def many_shares(browser, api, one, told):
    people = api.must("GET", "/api/social/users?q=a&limit=100")["items"]
    people = [person for person in people if person["id"] != api.user["id"]][:23]
    for person in people:
        api.share(one, "view", user_id=person["id"])
    opened(browser, one)
    browser.click("dashboard-share")
    browser.find("share-row")
    browser.until(lambda: len(browser.all("share-row")) >= 20, "the shares")
    time.sleep(0.3)
    rows = browser.driver.find_elements("css selector", "[data-testid=share-row]")
    told("everybody it is shared with is listed", None if len(rows) == len(people) > 20 else f"{len(rows)} of {len(people)}")
    ann, auditor = (next(person["id"] for person in people if person["username"] == name) for name in ("ann", "auditor"))
    meddle(browser, "GET", "users?q=ann", late=1500)
    browser.type("share-search", "ann")
    browser.until(lambda: sent(browser, "GET", "users?q=ann"), "the first search")
    browser.type("share-search", "auditor")
    browser.find(f"share-user-{auditor}")
    leave_alone(browser)
    time.sleep(0.3)
    told(
        "a slow search does not replace what was found since",
        None if browser.has(f"share-user-{auditor}") and not browser.has(f"share-user-{ann}") else browser.text("share-found"),
    )


def double_click(browser, testid):
    ActionChains(browser.driver).double_click(browser.find(testid)).perform()


def clicks_twice(browser, api, one, told):
    """In the dialog of shares, which is open."""
    meddle(browser, "POST", "/analytics/", late=700)
    double_click(browser, "link-new")
    browser.find("link-url")
    links = api.must("GET", f"{ANALYTICS}/dashboards/{one}/links")["items"]
    told("a double click makes one link", None if len(links) == 1 else len(links))
    browser.press(Keys.ESCAPE)
    browser.gone("share-dialog")
    browser.click("dashboard-more")
    browser.click("dashboard-copy")
    browser.type("copy-input", "Clicked twice, a copy")
    double_click(browser, "copy-submit")
    browser.until(lambda: browser.text("dashboard-title") == "Clicked twice, a copy", "the copy")
    browser.click("dashboard-new")
    browser.type("new-dashboard-title", "Clicked twice")
    double_click(browser, "new-dashboard-submit")
    browser.until(lambda: browser.text("dashboard-title") == "Clicked twice", "the dashboard")
    leave_alone(browser)
    made = [each for each in api.must("GET", f"{ANALYTICS}/dashboards?limit=100")["items"] if "Clicked" in each["title"]]
    told("a double click makes one dashboard, and one copy", None if len(made) == 2 else [each["title"] for each in made])
    asked = sent(browser, "POST", "/copy") + [each for each in sent(browser, "POST", "analytics/dashboards") if "/" not in each["url"].split("dashboards")[1]]  # fmt: skip
    keys = [each["headers"].get("Idempotency-Key") for each in asked]
    told("each was asked for once, with a key of its own", None if len(keys) == len(set(keys)) == 2 and all(keys) else keys)
    for each in made:
        api.must("DELETE", f"{ANALYTICS}/dashboards/{each['id']}")


def saves(browser, one, told):
    """Whoever saves hears of it on the stream, perhaps before the answer."""
    opened(browser, one)
    live(browser)
    retitled(browser, "Saved slowly")
    watch = """
        window.warned = 0;
        const note = document.querySelector('[data-testid=overtaken]');
        new MutationObserver(() => (window.warned += note.hidden ? 0 : 1)).observe(note, {attributes: true});
    """
    browser.run(watch)
    meddle(browser, "PUT", f"/dashboards/{one}", late=2500)
    browser.click("save")
    told("the button waits for the answer", None if not browser.find("save").is_enabled() else "it can be clicked again")
    browser.gone("save")
    leave_alone(browser)
    told("one's own save is nobody who was faster", browser.run("return window.warned") or None)
    browser.until(lambda: browser.text("dashboard-title") == "Saved slowly", "the title")


def link_with_filters(api, told):
    board = api.dashboard("With a filter", TWO, filters={"path": ["/a", "/b", "/c"]})["id"]
    link = api.link(board)["url"]
    with Browser(api.url) as stranger:
        other = json.dumps({"path": ["/other"]})
        stranger.open(hash=f"#{link.split('#', 1)[1]}&filters={other}")
        stranger.shown()
        chip = stranger.find("filter-path")
        told(
            "behind a link the filters are told",
            None if all(part in chip.text for part in ("/a", "/b", "/c")) else chip.text,
        )
        told("and are no buttons", None if not chip.find_elements("css selector", "button") else "there are")
        asked = [url for _, url in stranger.requests() if "/analytics/shared/" in url]
        told("and no others are asked for", [url for url in asked if "filters" in url] or (None if asked else "nothing is"))
        told("behind a link: a clean console", stranger.faults() or None)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")


def what_comes_between(url, told):
    api = Api(url, "manager")
    one, other = (api.dashboard(title, TWO)["id"] for title in ("One", "Other"))
    with Browser(url) as browser:
        browser.login("manager", hash=f"#dashboard={one}")
        another_is_opened(browser, one, other, told)
        refusals(browser, one, told)
        days_of_its_zone(browser, api, told)
        goes_back(browser, one, other, told)
        goes_while_edited(browser, api, told)
        somebody_else_comes(browser, one, told)
        many_shares(browser, api, one, told)
        clicks_twice(browser, api, one, told)
        saves(browser, other, told)
        session_ends(browser, api, one, told)
        session_and_dashboard_end(browser, api, told)
        told("what comes between: a clean console", browser.faults(401, 404) or None)
    link_with_filters(api, told)
    for board in (one, other):
        api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
