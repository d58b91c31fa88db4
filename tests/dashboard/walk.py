"""The walk of a person with a mouse: log in, change a period, add a widget, resize it, reload, share, open as another role, export."""

import csv
import io
import json
import re
import zipfile
from urllib.parse import parse_qs, unquote, urlsplit

from api import ANALYTICS, Api, totp, widget
from browser import Browser, Keys


def logs_in(url, told):
    with Browser(url) as browser:
        browser.open()
        browser.type("login-username", "manager")
        browser.type("login-password", "wrong password")
        browser.click("login-submit")
        told("a wrong password is told", None if "wrong" in browser.text("login-error") else browser.text("login-error"))
        browser.type("login-username", "theo")
        browser.type("login-password", "practice makes perfect")
        browser.click("login-submit")
        browser.find("login-code")
        told("a code is asked for, and its field has the focus", None if browser.focused() == "login-code" else browser.focused())
        browser.find("login-code").send_keys(totp(), Keys.ENTER)
        browser.shown()
        told("the code lets in", None)
        browser.click("user-menu")
        browser.click("logout")
        browser.find("login-username")
        kept = browser.run("return sessionStorage.getItem('poligon.session')")
        told("nothing is kept after logging out", kept)
        told("logging in: a clean console", browser.faults(401) or None)


def figures_of(browser, name):
    return browser.text(f"widget-{name}-value")


def last_query(browser, path, since):
    """The query of the last request of a path."""
    asked = [url for method, url in browser.requests(since) if method == "GET" and urlsplit(url).path.endswith(path)]
    return parse_qs(urlsplit(asked[-1]).query) if asked else None


def period_and_filter(browser, told):
    before, since = browser.text("period-range"), len(browser.requests())
    browser.choose("period-preset", "last_7_days")
    browser.until(lambda: browser.text("period-range") != before, "another period")
    browser.shown()
    asked = last_query(browser, "/data", since)
    told("another period is asked for", None if asked and {"from", "to"} <= set(asked) else asked)
    told(
        "the address keeps it",
        None if "preset=last_7_days" in browser.run("return location.hash") else browser.run("return location.hash"),
    )
    browser.choose("period-preset", "custom")
    browser.run(
        "arguments[0].value = '2026-01-05'; arguments[0].dispatchEvent(new Event('change', {bubbles: true}))",
        browser.find("period-from"),
    )
    browser.until(lambda: "from=2026-01-05" in browser.run("return location.hash"), "days of one's own")
    browser.shown()
    told("days of one's own", None if "2026" in browser.text("period-range") else browser.text("period-range"))
    browser.click("controls-reset")
    browser.until(lambda: browser.text("period-range") == before, "the first period")
    since = len(browser.requests())
    browser.click("filter-add")
    browser.choose("filter-dimension", "path")
    browser.until(lambda: browser.starting("filter-value-"), "values")
    box = browser.starting("filter-value-")[0]
    chosen = box.get_attribute("value")
    names = [one.get_attribute("data-testid") for one in browser.starting("filter-value-")]
    told("every value to tick has a name of its own", None if len(set(names)) == len(names) > 1 else names)
    box.click()
    browser.click("filter-submit")
    browser.find("filter-path")
    asked = browser.until(lambda: last_query(browser, "/data", since), "figures with a filter")
    told("a filter is asked for", None if json.loads(asked["filters"][0]) == {"path": [chosen]} else asked)
    browser.shown()
    browser.click("filter-path-remove")
    browser.gone("filter-path")
    browser.click("controls-reset")
    browser.shown()
    since = len(browser.requests())
    browser.choose("time-zone", "Asia/Tokyo")
    asked = browser.until(lambda: last_query(browser, "/data", since), "figures of a time zone")
    told("a time zone is asked for", None if asked.get("tz") == ["Asia/Tokyo"] else asked)


def edits(browser, api, told):
    """Adds a widget, resizes and moves it, saves, reloads."""
    board = api.own()["id"]
    browser.click("dashboard-edit")
    browser.click("widget-add")
    browser.click("widget-type-line")
    browser.choose("setting-metric", "orders")
    browser.type("widget-form-title", "Orders, day by day")
    browser.click("widget-form-submit")
    browser.find("widget-line-1")
    browser.until(lambda: browser.state("line-1") in ("ready", "empty"), "a preview of its figures")
    told(
        "a new widget shows its figures before it is saved",
        None if browser.state("line-1") == "ready" else browser.state("line-1"),
    )
    column = browser.run("return (document.querySelector('.grid').clientWidth + 12) / 12")
    browser.drag("widget-line-1-resize", -2 * column, 80)
    browser.drag("widget-line-1-move", 3 * column, 0)
    browser.click("save")
    browser.gone("save")
    stored = api.widget(board, "line-1")
    told("it is stored as it was dragged", None if stored and (stored["w"], stored["x"]) == (4, 3) else stored)
    told(
        "settings are stored",
        None if stored["settings"].get("metric") == "orders" and stored["title"] == "Orders, day by day" else stored,
    )
    size = browser.find("widget-line-1").size
    browser.driver.refresh()
    browser.shown()
    again = browser.find("widget-line-1").size
    told(
        "after a reload it is there, as large as before",
        None if again == size and stored["h"] > 3 else f"{again} {size} {stored}",
    )


def undoes(browser, api, told):
    board = api.own()["id"]
    before = api.read(board)
    browser.click("dashboard-edit")
    told("there is nothing to undo at first", None if not browser.find("undo").is_enabled() else "it is offered")
    browser.click("widget-line-1-delete")
    browser.gone("widget-line-1")
    browser.click("undo")
    browser.find("widget-line-1")
    told("what was deleted is brought back", None)
    browser.click("widget-line-1-delete")
    browser.gone("widget-line-1")
    other = next(iter(browser.driver.find_elements("css selector", "[data-testid=dashboard-link-overview]")), None)
    if other:
        other.click()
        browser.find("leave")
        browser.click("leave-cancel")
        browser.gone("leave")
    told("leaving with changes asks", None if browser.has("save") else "the changes are gone")
    # The driver answers the question of the browser itself, so the page is asked whether it wants it.
    asks = (
        "const going = new Event('beforeunload', {cancelable: true}); window.dispatchEvent(going); return going.defaultPrevented"
    )
    told("so does the browser", None if browser.run(asks) else "it does not")
    browser.click("edit-cancel")
    browser.click("leave-submit")
    browser.gone("save")
    browser.find("widget-line-1")
    told("without changes nothing is asked", None if not browser.run(asks) else "it is")
    told("discarded changes change nothing", None if api.read(board)["version"] == before["version"] else "a new version")


def exports(browser, told):
    browser.click("widget-line-1-export")
    browser.click("widget-line-1-export-csv")
    rows = list(csv.reader(io.StringIO(browser.saved(".csv").decode("utf-8-sig"))))
    told("CSV of a widget", None if len(rows) > 1 and len({len(row) for row in rows}) == 1 else rows[:3])
    browser.click("widget-line-1-export")
    browser.click("widget-line-1-export-json")
    told("JSON of a widget", None if json.loads(browser.saved(".json")) else "empty")
    browser.click("dashboard-export")
    browser.click("dashboard-export-xlsx")
    names = zipfile.ZipFile(io.BytesIO(browser.saved(".xlsx"))).namelist()
    told("XLSX of all", None if any("workbook" in name for name in names) else names)


def files(browser, api, told):
    """The definition as a file, and a dashboard made of it."""
    board = api.own()
    browser.click("dashboard-more")
    browser.click("dashboard-file")
    data = browser.saved(".json")
    path = f"{browser.folder.name}/{'bring'}.json-in"
    with open(path, "wb") as file:
        file.write(data)
    browser.driver.find_element("css selector", "[data-testid=dashboard-import-file]").send_keys(path)
    browser.until(lambda: api.own()["id"] != board["id"], "an imported dashboard")
    browser.shown()
    one, other = api.read(board["id"])["widgets"], api.read(api.own()["id"])["widgets"]
    told("an exported definition can be imported", None if one == other else other)
    browser.click("dashboard-more")
    browser.click("dashboard-rename")
    browser.type("rename-input", "From a file")
    browser.click("rename-submit")
    browser.until(lambda: browser.text("dashboard-title") == "From a file", "another name")
    told("renamed", None if api.own()["title"] == "From a file" else api.own())
    browser.click("dashboard-more")
    browser.click("dashboard-default")
    browser.find("badge-default")
    browser.open()
    browser.shown()
    told(
        "a chosen first page comes first",
        None if browser.text("dashboard-title") == "From a file" else browser.text("dashboard-title"),
    )
    browser.click("dashboard-more")
    browser.click("dashboard-delete")
    browser.click("delete-submit")
    browser.until(lambda: browser.text("dashboard-title") != "From a file", "another dashboard")
    told("deleted", None if api.own()["id"] == board["id"] else api.own())


def shares(browser, api, told):
    """With a person, with a role, and by a link. Answers the link."""
    board = api.own()["id"]
    browser.open(hash=f"#dashboard={board}")
    browser.shown()
    browser.click("dashboard-share")
    browser.type("share-search", "ann")
    ann = Api(api.url, "ann").user["id"]
    browser.click(f"share-user-{ann}")
    browser.find("share-row")
    browser.choose("share-role", "auditor")
    browser.choose("share-access", "edit")
    browser.click("share-role-add")
    browser.until(lambda: len(browser.all("share-row")) == 2, "two shares")
    stored = api.must("GET", f"{ANALYTICS}/dashboards/{board}/shares")["items"]
    told(
        "shared with a person and a role",
        None if {(one["role"], one["access"]) for one in stored} == {(None, "view"), ("auditor", "edit")} else stored,
    )
    browser.click("link-new")
    link = browser.value("link-url")
    told("a public link is shown", None if re.search(r"/dashboard#link=[\w-]{16,}$", link) else link)
    browser.click("link-copy")
    browser.find("toast-done")
    return link


def opens_as_others(browser, api, link, told):
    url, board = api.url, api.own()["id"]
    hash = "#" + link.split("#", 1)[1]
    with Browser(url) as other:
        other.login("ann", hash=f"#dashboard={board}")
        told(
            "who may view cannot edit", None if not other.has("dashboard-edit") and other.has("badge-view") else "an edit button"
        )
        problem = other.all("widget-line-1-problem")
        told(
            "figures that somebody may not see are told, not shown",
            None if problem and not other.all("widget-line-1-chart") else other.text("widget-line-1"),
        )
        own_view(other, api, told)
        told("as a viewer: a clean console", other.faults() or None)
    with Browser(url) as other:
        other.login("auditor", hash=f"#dashboard={board}")
        told(
            "a role that may edit can",
            None if other.has("dashboard-edit") and not other.has("dashboard-share") else "no edit button, or a share button",
        )
        told("as another role: a clean console", other.faults() or None)
    with Browser(url) as stranger:
        stranger.open(hash=hash)
        stranger.shown()
        since = stranger.requests()
        told("the link shows figures without a login", None if stranger.state("line-1") == "ready" else stranger.state("line-1"))
        buttons = [
            one
            for one in ("dashboard-edit", "dashboard-share", "dashboard-more", "dashboard-export", "widget-line-1-export")
            if stranger.has(one)
        ]
        told("and nothing to change", buttons or None)
        told(
            "its token goes into no address but that of its own figures",
            [unquote(asked) for _, asked in since if hash[6:] in asked and "/shared/" not in asked and "#" not in asked] or None,
        )
        browser.click(
            next(
                one.get_attribute("data-testid")
                for one in browser.driver.find_elements("css selector", "[data-testid^=link-][data-testid$=-revoke]")
            )
        )
        browser.until(lambda: not browser.all("link-row"), "no links")
        stranger.driver.refresh()
        stranger.find("board-error")
        told("a revoked link shows nothing", None if not stranger.has("grid") else "figures")
        told("with a link: a clean console", stranger.faults(404) or None)


def own_view(other, api, told):
    board = api.own()["id"]
    other.click("dashboard-own")
    first = api.read(board)["widgets"][0]["id"]
    other.click(f"widget-{first}-hide")
    other.click("own-save")
    other.gone("own-save")
    other.gone(f"widget-{first}")
    other.driver.refresh()
    other.shown()
    told(
        "an own view hides a widget, also after a reload",
        None if not other.has(f"widget-{first}") and other.has("badge-override") else "it is there",
    )
    told(
        "others see it all the same",
        None if api.read(board)["override"] is None and api.widget(board, first) else "changed for all",
    )
    other.click("dashboard-more")
    other.click("dashboard-own-reset")
    other.find(f"widget-{first}")
    told("an own view is given up", None)


def refused_settings(browser, api, told):
    """What the server alone refuses is shown at the field."""
    made = api.dashboard("Refused", [widget("a", "bar", (0, 0, 6, 4), metric="page_views", group_by="path")])
    browser.open(hash=f"#dashboard={made['id']}")
    browser.shown()
    browser.click("dashboard-edit")
    browser.click("widget-a-settings")
    browser.type("setting-groups", "999")
    browser.click("widget-form-submit")
    told("a wrong setting is told at its field", None if browser.find("setting-groups-error").text else "no words")
    browser.run("arguments[0].removeAttribute('max')", browser.find("setting-groups"))
    browser.click("widget-form-submit")
    browser.gone("widget-form")
    browser.click("save")
    error = browser.find("setting-groups-error").text
    told(
        "so is what the server refuses",
        None if "50" in error and browser.attribute("setting-groups", "aria-invalid") == "true" else error,
    )
    browser.type("setting-groups", "5")
    browser.click("widget-form-submit")
    browser.click("save")
    browser.gone("save")
    told("put right, it is saved", None if api.widget(made["id"], "a")["settings"].get("groups") == 5 else api.read(made["id"]))
    api.must("DELETE", f"{ANALYTICS}/dashboards/{made['id']}")


def every_kind(url, told):
    """Each type of widget shows something, each chart has its table."""
    api = Api(url, "admin")
    types = [one["type"] for one in api.must("GET", f"{ANALYTICS}/widgets/schemas")["items"]]
    settings = {
        "number": {"metric": "orders", "compare": "previous_period", "target": 10, "direction": "up"},
        "line": {"metric": "logins", "compare": "previous_period"},
        "area": {"metric": "active_users"},
        "bar": {"metric": "reactions", "group_by": "kind"},
        "stacked_bar": {"metric": "reactions", "group_by": "kind", "interval": "week"},
        "pie": {"metric": "reactions", "group_by": "kind"},
        "table": {"metric": "reactions", "group_by": "kind", "by": "group"},
        "funnel": {"steps": [{"kind": "login"}, {"kind": "post"}]},
        "cohort": {"interval": "week", "returning": None},
        "text": {"markdown": "# What it *means*"},
    }
    told("every type has been tried", None if set(types) == set(settings) else set(types) ^ set(settings))
    widgets = [
        widget(f"k{n}", kind, (n % 2 * 6, n // 2 * 4, 6, 4), kind, **{k: v for k, v in settings[kind].items() if v is not None})
        for n, kind in enumerate(settings)
    ]
    made = api.dashboard("Every kind", widgets)
    with Browser(url, height=2200) as browser:
        browser.login("admin", hash=f"#dashboard={made['id']}")
        states = {kind: browser.state(f"k{n}") for n, kind in enumerate(settings)}
        told("every type shows something", {kind: state for kind, state in states.items() if state != "ready"} or None)
        words = browser.text("widget-k0-state") + browser.text("widget-k0-trend")
        told(
            "a target has a state in words, a change its sign",
            None if re.search(r"track|risk", words) and re.search(r"[+−-]?\d", words) else words,
        )
        for n, kind in enumerate(settings):
            if kind in ("line", "area", "bar", "stacked_bar", "pie"):
                label = browser.attribute(f"widget-k{n}-chart", "aria-label")
                drawn = len(browser.inside(f"widget-k{n}-chart", "svg path"))
                told(f"{kind}: drawn, and told in words", None if drawn > 3 and re.search(r"\d", label) else f"{drawn} {label}")
            if kind not in ("table", "cohort", "text"):
                browser.click(f"widget-k{n}-table")
                rows = browser.inside(f"widget-k{n}-data", "tbody tr")
                heads = browser.inside(f"widget-k{n}-data", "tbody tr > th[scope=row]:first-child")
                told(f"{kind}: as a table", None if rows and len(rows) == len(heads) else f"{len(rows)} {len(heads)}")
        name, pressed = (browser.attribute("widget-k0-table", attribute) for attribute in ("aria-label", "aria-pressed"))
        told(
            "a button whose name changes is not pressed as well",
            None if "chart" in name and pressed is None else f"{name} {pressed}",
        )
        sorts(browser, api, told)
        told("every type: a clean console", browser.faults() or None)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{made['id']}")


def sorts(browser, api, told):
    """By a click; and figures that come later keep the order, the focus and how far somebody has scrolled."""

    def column():
        cells = browser.inside("widget-k6-data", "tbody tr td:nth-child(2)")
        return [float(re.sub(r"[^\d.]", "", cell) or 0) for cell in cells]

    browser.click("widget-k6-data-sort-1")
    down = column()
    browser.click("widget-k6-data-sort-1")
    up = column()
    told(
        "a table is sorted by a click",
        None if down == sorted(down, reverse=True) and up == sorted(up) and len(up) > 1 else f"{down} {up}",
    )
    # Too low for its rows.
    browser.run("document.querySelector('[data-testid=widget-k6-body]').style.maxHeight = '120px'")
    browser.run("document.querySelector('[data-testid=widget-k6-data-scroll]').scrollTop = 7")
    post = api.must("GET", "/api/social/posts?feed=global&limit=1")["items"][0]["id"]
    api.must("PUT", f"/api/social/posts/{post}/reaction", {"kind": "wow"})
    later = browser.until(lambda: (now := column()) != up and now, "one reaction more")
    kept = browser.inside("widget-k6-data", "th[aria-sort=ascending] [data-testid=widget-k6-data-sort-1]")
    scrolled = browser.run("return document.querySelector('[data-testid=widget-k6-data-scroll]').scrollTop")
    seen = later == sorted(later) and sum(later) == sum(up) + 1 and kept and scrolled == 7
    told("figures that come keep the order", None if seen else f"{up} {later} {kept} {scrolled}")
    told("and the focus", None if browser.focused() == "widget-k6-data-sort-1" else browser.focused())


def person_walks(url, told):
    with Browser(url) as browser:
        browser.login("manager")
        told(
            "without a dashboard of one's own, the overview", None if browser.has("dashboard-make-own") else browser.text("board")
        )
        browser.click("dashboard-make-own")
        browser.find("dashboard-edit")
        browser.shown()
        api = Api(url, "manager")
        told("a copy of it is one's own", None if api.own()["widget_count"] > 0 else api.own())
        period_and_filter(browser, told)
        browser.open(hash=f"#dashboard={api.own()['id']}")
        browser.shown()
        edits(browser, api, told)
        undoes(browser, api, told)
        exports(browser, told)
        link = shares(browser, api, told)
        opens_as_others(browser, api, link, told)
        browser.click("share-dialog-close")
        files(browser, api, told)
        told("the walk: a clean console", browser.faults() or None)
        refused_settings(browser, api, told)
        told("what is refused: a clean console", browser.faults(422) or None)
        told("nothing was asked of another place", browser.foreign() or None)
