"""What is changed on a dashboard is shown before it is saved, whatever its type; what is wrong with settings is told in the widget."""

from api import ANALYTICS, Api, widget
from browser import Browser

# Holds back the first answer to a question for a preview until it is let go.
HOLD = """
    const real = window.fetch; let held = false;
    window.fetch = async (url, options) => {
        const mine = !held && String(url).endsWith('/widgets/preview');
        if (mine) held = true;
        const answer = await real(url, options);
        if (mine) { window.waiting = true; await new Promise((done) => (window.release = done)); window.released = true; }
        return answer;
    };
"""


def applies(browser):
    browser.click("widget-form-submit")
    browser.gone("widget-form")


def adds(browser, kind):
    browser.click("widget-add")
    browser.click(f"widget-type-{kind}")
    browser.find("widget-form")


def ready(browser, name):
    browser.until(lambda: browser.state(name) == "ready", f"a preview of {name}, which is {browser.state(name)}")


def every_type_is_shown(browser, api, board, told):
    adds(browser, "funnel")
    browser.choose("setting-steps-0-kind", "login")
    browser.choose("setting-steps-1-kind", "post")
    applies(browser)
    ready(browser, "funnel-1")
    funnel = browser.text("widget-funnel-1-step-0")
    told("a funnel is shown before it is saved", None if any(one.isdigit() for one in funnel) else funnel)
    adds(browser, "cohort")
    browser.choose("setting-interval", "week")
    applies(browser)
    ready(browser, "cohort-1")
    cohorts = browser.text("widget-cohort-1-data")
    told("so are cohorts", None if "%" in cohorts else cohorts)
    adds(browser, "text")
    browser.type("setting-markdown", "Words *that matter*")
    applies(browser)
    ready(browser, "text-1")
    text = browser.find("widget-text-1-text")
    marked = [one.text for one in text.find_elements("css selector", "em")]
    told("so is a text, as it will look", None if marked == ["that matter"] else text.text)
    told("nothing of it is saved yet", None if len(api.read(board)["widgets"]) == 1 else api.read(board)["widgets"])
    return {"widget-funnel-1-step-0": funnel, "widget-cohort-1-data": cohorts, "widget-text-1-text": text.text}


def answers_come_late(browser, told):
    browser.run(HOLD)
    for words in ("Older words", "Newer words"):
        browser.click("widget-text-1-settings")
        browser.type("setting-markdown", words)
        applies(browser)
        if words.startswith("Older"):
            browser.until(lambda: browser.run("return Boolean(window.waiting)"), "an answer on its way")
            told("what is on its way is said to be", None if browser.state("text-1") == "loading" else browser.state("text-1"))
    browser.until(
        lambda: browser.has("widget-text-1-text") and browser.text("widget-text-1-text") == "Newer words", "newer words"
    )
    browser.run("window.release()")
    browser.until(lambda: browser.run("return Boolean(window.released)"), "the older answer")
    browser.run("return new Promise((done) => setTimeout(done, 300))")
    told(
        "an answer that comes late does not stand in for a newer one",
        None if browser.text("widget-text-1-text") == "Newer words" else browser.text("widget-text-1-text"),
    )
    browser.click("undo")
    browser.click("undo")
    browser.until(lambda: browser.text("widget-text-1-text") == "Words that matter", "the first words")


def wrong_settings(browser, told):
    browser.click("widget-n-settings")
    told(
        "the form of a number is there", None if browser.value("setting-metric") == "orders" else browser.value("setting-metric")
    )
    browser.press("\ue00c")
    browser.gone("widget-form")
    adds(browser, "bar")
    browser.choose("setting-metric", "reactions")
    browser.choose("setting-group_by", "kind")
    browser.run("arguments[0].removeAttribute('max')", browser.find("setting-groups"))
    browser.type("setting-groups", "999")
    applies(browser)
    browser.until(lambda: browser.state("bar-1") == "error", "a problem")
    words = browser.text("widget-bar-1-problem")
    told("what is wrong with settings is told in the widget", None if "groups" in words and "50" in words else words)
    browser.click("widget-bar-1-settings")
    browser.type("setting-groups", "5")
    applies(browser)
    ready(browser, "bar-1")
    told("put right, it is shown", None)
    browser.click("widget-bar-1-delete")
    browser.gone("widget-bar-1")


def changes_are_shown(url, told):
    api = Api(url, "manager")
    board = api.dashboard("Previews", [widget("n", "number", (0, 0, 4, 3), metric="orders")])["id"]
    with Browser(url, height=1800) as browser:
        browser.login("manager", hash=f"#dashboard={board}")
        browser.click("dashboard-edit")
        shown = every_type_is_shown(browser, api, board, told)
        answers_come_late(browser, told)
        told("previews: a clean console", browser.faults() or None)
        wrong_settings(browser, told)
        browser.click("save")
        browser.gone("save")
        browser.shown()
        saved = {name: browser.text(name) for name in shown}
        told("saved, it looks as it was shown", None if saved == shown else f"{shown} {saved}")
        told("what is refused: nothing else in the console", browser.faults(422) or None)
    api.must("DELETE", f"{ANALYTICS}/dashboards/{board}")
