"""Texts that are markup: they are shown as text, wherever they stand, and nothing of them runs."""

from api import ANALYTICS, Api, widget
from browser import Browser

EVIL = '<img src=x onerror="window.ran=1"><script>window.ran=1</script><svg onload=window.ran=1>'
PATH = "/<img src=x onerror=window.ran=1>"
MARKDOWN = f"{EVIL}\n\n# {EVIL}\n\n[a](javascript:window.ran=1) ![b](https://elsewhere.invalid/c.png)\n\n`{EVIL}`"


def board(api):
    widgets = [
        widget("bars", "bar", (0, 0, 6, 4), EVIL[:100], metric="page_views", group_by="path"),
        widget("pie", "pie", (6, 0, 6, 4), EVIL[:100], metric="page_views", group_by="path"),
        widget("table", "table", (0, 4, 6, 4), EVIL[:100], metric="page_views", group_by="path", by="group"),
        widget(
            "funnel",
            "funnel",
            (6, 4, 6, 4),
            EVIL[:100],
            steps=[{"kind": "login", "label": EVIL[:60]}, {"kind": "post", "label": "</li>"}],
        ),
        widget("text", "text", (0, 8, 6, 4), EVIL[:100], markdown=MARKDOWN),
        widget("line", "line", (6, 8, 6, 4), EVIL[:100], metric="page_views"),
    ]
    return api.dashboard(EVIL[:100], widgets, description=EVIL, filters={})["id"]


def shown_as_text(browser, told):
    title = browser.text("dashboard-title")
    told("a title is text", None if title == EVIL[:100].strip() else title)
    told(
        "so is the title of a widget",
        None if "onerror" in browser.text("widget-bars-title") else browser.text("widget-bars-title"),
    )
    told(
        "so is a description", None if "<svg" in browser.text("dashboard-description") else browser.text("dashboard-description")
    )
    drawn = browser.run("return arguments[0].textContent", browser.find("widget-bars-chart"))
    told("so is the value of a dimension in a chart", None if "/<img" in drawn else drawn[:200])
    told("and in a table", None if PATH in browser.text("widget-table-data") else browser.text("widget-table-data"))
    told(
        "and the step of a funnel",
        None if "onerror" in browser.text("widget-funnel-step-0") else browser.text("widget-funnel-step-0"),
    )
    text = browser.find("widget-text-text")
    links = [link.get_attribute("href") for link in text.find_elements("css selector", "a")]
    told("no link of a text leads to a script", [link for link in links if link and link.startswith("javascript")] or None)


def beside_dashboards(browser, api, told):
    """Names of KPIs and segments, and values of their conditions. Answers where they are, to be removed when nobody looks: what is
    gone while a page counts it is a 404 in its console."""
    places = []
    kpi = {"name": EVIL[:100], "description": EVIL, "metric": "page_views", "filters": {"path": [PATH]}, "period": {"preset": "today"},
        "target": 1, "direction": "up"}  # fmt: skip
    segment = {"name": EVIL[:100], "description": EVIL, "conditions": [{"kind": "page_view", "values": [PATH]}]}
    for name, stem, body in (("kpis", "kpi", kpi), ("segments", "segment", segment)):
        made = api.must("POST", f"{ANALYTICS}/{name}", body)["id"]
        browser.view(name)
        shown = browser.text(f"{stem}-{made}-name")
        told(f"so is the name of one of the {name}", None if shown == EVIL[:100].strip() else shown)
        told(f"and a value in {name}", None if PATH in browser.text(f"{stem}-{made}") else browser.text(f"{stem}-{made}"))
        browser.click(f"{stem}-{made}-edit")
        browser.find(f"{stem}-form")
        nothing_ran(browser, name, told)
        browser.press("\ue00c")
        browser.gone(f"{stem}-form")
        places.append(f"{ANALYTICS}/{name}/{made}")
    return places


def nothing_ran(browser, where, told):
    told(f"nothing runs: {where}", None if browser.run("return window.ran") is None else "it ran")


def texts_are_texts(url, told):
    api = Api(url, "admin")
    for _ in range(40):
        api.happens(PATH)
    made = board(api)
    with Browser(url, height=1600) as browser:
        browser.login("admin", hash=f"#dashboard={made}")
        shown_as_text(browser, told)
        nothing_ran(browser, "a dashboard", told)
        for name in ("bars", "pie"):
            chart = browser.find(f"widget-{name}-chart")
            box = chart.size
            for at in (0.2, 0.35, 0.5):
                browser.run("""
                    const [chart, x, y] = arguments; const box = chart.getBoundingClientRect();
                    for (const type of ['mousemove', 'mouseover']) chart.querySelector('svg').dispatchEvent(new MouseEvent(type, {bubbles: true, clientX: box.x + x, clientY: box.y + y}));
                """, chart, box["width"] * at, box["height"] * 0.15)  # fmt: skip
        nothing_ran(browser, "tooltips", told)
        browser.click("filter-add")
        browser.until(lambda: browser.starting("filter-value-"), "values")
        nothing_ran(browser, "values of a filter", told)
        browser.starting("filter-value-")[0].click()
        browser.click("filter-submit")
        browser.find("filter-path")
        nothing_ran(browser, "a filter", told)
        browser.click("dashboard-share")
        browser.find("share-dialog")
        browser.press("\ue00c")
        browser.click("dashboard-edit")
        browser.click("widget-text-settings")
        told(
            "in a form it is what was typed",
            None if browser.value("setting-markdown").replace("\r\n", "\n") == MARKDOWN else browser.value("setting-markdown"),
        )
        browser.click("widget-form-submit")
        browser.click("edit-cancel")
        browser.shown()
        nothing_ran(browser, "editing", told)
        beside = beside_dashboards(browser, api, told)
        browser.click(f"dashboard-link-{made}")
        browser.shown()
        told("hostile texts: a clean console, and no policy had to help", browser.faults() or None)
        told("hostile texts: nothing was asked of another place", browser.foreign() or None)
        controls(browser, told)
    for place in [f"{ANALYTICS}/dashboards/{made}", *beside]:
        api.must("DELETE", place)


def controls(browser, told):
    """The same, let in on purpose: it is seen, and the policy stops it."""
    browser.run("document.querySelector('h1').innerHTML = arguments[0] + '<img src=\"http://127.0.0.1:9/elsewhere.png\">'", EVIL)
    browser.until(lambda: browser.faults(), "a complaint")
    told(
        "what is let in is seen (control)", None if any("script-src" in fault for fault in browser.faults()) else browser.faults()
    )
    told("and does not run, by the policy (control)", None if browser.run("return window.ran") is None else "it ran")
    browser.run("document.querySelector('h1').onclick = () => { window.ran = 1 }; document.querySelector('h1').click()")
    told("what runs is seen to run (control)", None if browser.run("return window.ran") == 1 else "it was not seen")
    browser.driver.get("about:blank")
    browser.run("location.href = 'http://127.0.0.1:9/elsewhere'")
    browser.until(lambda: any("127.0.0.1:9" in place for place in browser.foreign()), "a request to another place")
    told("a request to another place is seen (control)", None)
