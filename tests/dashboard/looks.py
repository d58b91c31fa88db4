"""Languages, themes, narrow windows, and whether everybody can use what is shown."""

import re
from pathlib import Path

from api import ANALYTICS, Api, widget
from browser import Browser

PAGE = Path(__file__).resolve().parents[2] / "crates" / "analytics" / "page"
VIEWS = ("kpis", "segments", "reports")
KINDS = {"number": {"metric": "orders", "compare": "previous_period", "target": 1000, "direction": "up"}, "line": {"metric": "orders", "compare": "previous_period"},
    "stacked_bar": {"metric": "reactions", "group_by": "kind"}, "pie": {"metric": "reactions", "group_by": "kind"},
    "table": {"metric": "product_sales", "group_by": "product", "by": "group"}, "funnel": {"steps": [{"kind": "login"}, {"kind": "post"}]},
    "cohort": {"interval": "week"}, "text": {"markdown": "# Heading\n\nText with [a link](/)\n\n| a | b |\n|---|---|\n| 1 | 2 |"}}  # fmt: skip


def words_of(browser):
    """All words of the page, those of `aria-label` and `title` among them."""
    return browser.run("""
        const told = [document.body.innerText, document.title];
        for (const element of document.querySelectorAll('[aria-label], [title], [placeholder]'))
            told.push(element.getAttribute('aria-label') ?? '', element.getAttribute('title') ?? '', element.getAttribute('placeholder') ?? '');
        return told.join('\\n');
    """)


def nameless(browser):
    """Controls that can be used and have no `data-testid`."""
    return browser.run("""
        return [...document.querySelectorAll('button, a[href], input, select, textarea, summary, [tabindex="0"]')]
            .filter((one) => one.offsetParent && !one.dataset.testid && !one.closest('.prose') && !one.closest('.chart')).map((one) => one.outerHTML.slice(0, 120));
    """)


def keys_of(lang):
    """The keys of the tables of texts."""
    tables = [table.read_text() for table in PAGE.glob(f"texts-*{lang}.js")]
    return {key for table in tables for key in re.findall(r"^  '?([\w.]+)'?:(?: ['{]|$)", table, re.M)}


def textless(text):
    """Keys that stand where a text should."""
    stems = "|".join(sorted({key.split(".")[0] for key in keys_of("en") if "." in key}))
    return sorted(set(re.findall(rf"(?<![\w/.-])(?:{stems})\.[a-z][a-z_0-9]+", text)))


def hard_texts(told):
    """Every key that the scripts use has a text in both languages."""
    tables = {lang: keys_of(lang) for lang in ("en", "ru")}
    used = set()
    for script in PAGE.glob("*.js"):
        used |= set(re.findall(r"\bt\('([\w.]+)'", script.read_text()))
    told(f"texts: {len(used)} keys are used", None if len(used) > 150 else len(used))
    for lang, table in tables.items():
        told(f"texts: all of them in {lang}", sorted(used - table) or None)
    # The names of metrics and their explanations come from the API in English.
    told("texts: what is said in English is said in Russian", sorted(tables["en"] - tables["ru"]) or None)


def names_have_texts(api, told):
    """What the API names is called something in both languages; in English the API itself says what a metric is."""
    metrics = api.must("GET", f"{ANALYTICS}/metrics")["items"]
    types = {one["type"]: one["schema"]["properties"] for one in api.must("GET", f"{ANALYTICS}/widgets/schemas")["items"]}
    kinds = types["funnel"]["steps"]["items"]["properties"]["kind"]["enum"]
    dimensions = {name for one in metrics for name in one["dimensions"]}
    told(
        "texts: there are metrics, dimensions and kinds to name",
        None if len(metrics) > 30 and len(dimensions) > 5 and len(kinds) > 5 else f"{len(metrics)} {dimensions} {kinds}",
    )
    both = {f"dimension.{name}" for name in dimensions} | {f"kind.{name}" for name in kinds}
    of_metrics = {f"{stem}.{one['name']}" for one in metrics for stem in ("metric", "about")}
    told("texts: dimensions and kinds have names in English", sorted(both - keys_of("en")) or None)
    told("texts: metrics, dimensions and kinds have names in Russian", sorted((both | of_metrics) - keys_of("ru")) or None)


def colours(browser):
    return browser.run(
        "return [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.card')).backgroundColor]"
    )


def is_dark(colour):
    return sum(int(part) for part in re.findall(r"\d+", colour)[:3]) < 200


def themes(browser, told):
    told("light, as the system", None if not is_dark(colours(browser)[0]) else colours(browser))
    browser.prefer("dark")
    browser.until(lambda: is_dark(colours(browser)[0]), "a dark page")
    told("dark, as the system, charts too", None if is_dark(colours(browser)[1]) else colours(browser))
    stroke = "return [...document.querySelectorAll('.chart svg path')].map((path) => path.getAttribute('stroke')).find((stroke) => stroke?.startsWith('rgb') || stroke?.startsWith('#'))"
    dark = browser.run(stroke)
    browser.click("theme-toggle")
    browser.until(lambda: not is_dark(colours(browser)[0]), "a light page")
    browser.until(lambda: browser.run(stroke) != dark, "charts of other colours")
    told("light by choice", None if browser.attribute("theme-toggle", "data-value") == "light" else "not light")
    browser.driver.refresh()
    browser.shown()
    told("the choice is remembered", None if not is_dark(colours(browser)[0]) else colours(browser))
    browser.click("theme-toggle")
    told("dark by choice", None if is_dark(colours(browser)[0]) else colours(browser))
    browser.click("theme-toggle")
    browser.prefer("light")


def languages(browser, told):
    for lang, words in (("en", ("Edit", "Export", "Period")), ("ru", ("Изменить", "Экспорт", "Период"))):
        board = browser.run("return location.hash")
        browser.click(f"lang-{lang}")
        browser.shown()
        told(
            f"{lang}: the language of the page, and what was open is open",
            None
            if (browser.run("return document.documentElement.lang"), browser.run("return location.hash")) == (lang, board)
            else board,
        )
        text = words_of(browser)
        told(f"{lang}: its words", [word for word in words if word not in text] or None)
        told(f"{lang}: no key without a text", textless(text) or None)
    told("ru: no control is left in English", english(browser) or None)


def narrow(browser, told):
    for width in (390, 320):
        browser.resize(width, 844)
        browser.shown()
        wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        told(f"{width} pixels: nothing stands out at the side", None if wide <= 0 else f"{wide} pixels")
    browser.resize(390, 844)
    browser.click("side-toggle")
    browser.until(lambda: browser.has("dashboard-new"), "the list")
    told("390 pixels: the list comes out", None if browser.attribute("side-toggle", "aria-expanded") == "true" else "not told")
    browser.press("\ue00c")
    browser.until(lambda: not browser.has("dashboard-new"), "no list")
    browser.resize(1440, 1000)


def usable(browser, axe, told):
    """axe-core over what there is to see, in both themes."""

    def look(where):
        told(f"axe: {where}", axe.findings(browser) or None)
        told(f"data-testid: {where}", nameless(browser) or None)

    for theme in ("light", "dark"):
        browser.prefer(theme)
        browser.driver.refresh()
        browser.shown()
        look(f"{theme}, a dashboard")
        browser.click("dashboard-more")
        look(f"{theme}, a menu")
        browser.press("\ue00c")
        browser.click("dashboard-share")
        browser.find("share-dialog")
        look(f"{theme}, sharing")
        browser.press("\ue00c")
        browser.gone("share-dialog")
        browser.click("filter-add")
        browser.until(lambda: browser.starting("filter-value-"), "values")
        look(f"{theme}, a filter")
        browser.press("\ue00c")
        browser.click("dashboard-edit")
        browser.find("save")
        look(f"{theme}, editing")
        browser.click("widget-add")
        look(f"{theme}, types of widgets")
        browser.click("widget-type-line")
        look(f"{theme}, a form")
        browser.press("\ue00c")
        browser.gone("widget-form")
        browser.click("edit-cancel")
        browser.gone("save")
    browser.run(
        "document.querySelector('h1').insertAdjacentHTML('afterend', '<img src=\"/dashboard/icon.svg\"><button></button>')"
    )
    told("axe: what is wrong is found (control)", None if len(axe.findings(browser)) >= 2 else "it is not")
    told("data-testid: what has none is found (control)", None if nameless(browser) else "it is not")


def english(browser):
    """Controls that are called something in English."""
    names = browser.run(
        "return [...document.querySelectorAll('button, label')].map((one) => (one.getAttribute('aria-label') ?? one.innerText).trim()).filter(Boolean)"
    )
    latin = [one for one in names if re.search(r"[a-z]{4}", one) and not re.search(r"[а-я]", one)]
    return [one for one in latin if not any(name in one for name in ("English", "Max Manager", "Ada Admin"))]


def beside_dashboards(browser, axe, told):
    """KPIs, segments and reports with their forms: both themes, both languages, narrow windows."""

    def look(where):
        told(f"axe: {where}", axe.findings(browser) or None)
        told(f"data-testid: {where}", nameless(browser) or None)

    def forms(name):
        browser.click(f"{name}-new")
        form = f"{name.removesuffix('s')}-form"
        browser.find(form)
        yield
        browser.press("\ue00c")
        browser.gone(form)

    for theme, lang in (("light", "en"), ("dark", "ru")):
        browser.prefer(theme)
        for name in VIEWS:
            browser.open(lang, f"#{name}")
            browser.viewed(name)
            browser.find(f"{name}-list")
            look(f"{theme}, {name}")
            told(f"{theme}, {name}: no key without a text", textless(words_of(browser)) or None)
            for _ in forms(name):
                look(f"{theme}, the form of {name}")
                told(f"{theme}, the form of {name}: no key without a text", textless(words_of(browser)) or None)
                told(f"{theme}, the form of {name}: no control in English", (lang == "ru" and english(browser)) or None)
            told(f"{theme}, {name}: no control in English", (lang == "ru" and english(browser)) or None)
            for width in (390, 320):
                browser.resize(width, 844)
                wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
                told(f"{width} pixels, {name}: nothing stands out at the side", None if wide <= 0 else f"{wide} pixels")
            browser.resize(1440, 1400)
    browser.prefer("light")


def things(api):
    """One of each that is beside dashboards; their paths, to remove them by."""
    kpi = {
        "name": "№ 1",
        "description": "№",
        "metric": "orders",
        "period": {"preset": "this_year"},
        "target": 1,
        "direction": "up",
    }
    segment = {
        "name": "№ 1",
        "description": "№",
        "conditions": [{"kind": "login"}, {"kind": "post", "at_most": 0, "within_days": 30}],
    }
    report = {"template": "sales", "format": "xlsx"}
    made = {"kpis": kpi, "segments": segment, "reports": report}
    return [f"{ANALYTICS}/{name}/{api.must('POST', f'{ANALYTICS}/{name}', body)['id']}" for name, body in made.items()]


def everybody_can_use_it(url, axe, told):
    api = Api(url, "admin")
    made = things(api)
    widgets = [
        widget(f"k{n}", kind, (n % 2 * 6, n // 2 * 4, 6, 4), f"№ {n}", **given) for n, (kind, given) in enumerate(KINDS.items())
    ]
    board = api.dashboard("№ 1", widgets)["id"]
    hard_texts(told)
    names_have_texts(api, told)
    with Browser(url, height=1400) as browser:
        browser.open()
        browser.find("login-username")
        told("axe: the login", axe.findings(browser) or None)
        browser.login("admin", hash=f"#dashboard={board}")
        themes(browser, told)
        usable(browser, axe, told)
        browser.driver.refresh()
        browser.shown()
        languages(browser, told)
        narrow(browser, told)
        told("axe: in Russian", axe.findings(browser) or None)
        beside_dashboards(browser, axe, told)
        browser.open(hash=f"#dashboard={board}")
        browser.shown()
        told("looks: a clean console", browser.faults() or None)
        told("looks: nothing was asked of another place", browser.foreign() or None)
        calm(browser, told)
    for path in [f"{ANALYTICS}/dashboards/{board}", *made]:
        api.must("DELETE", path)


def calm(browser, told):
    browser.prefer("light", "reduce")
    moving = browser.run(
        "return [...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).animationName !== 'none').length"
    )
    told("nothing moves for whoever wants no motion", moving or None)
    browser.prefer("light")
    moving = browser.run(
        "return [...document.querySelectorAll('*')].filter((one) => getComputedStyle(one).animationName !== 'none').length"
    )
    told("something moves for others (control)", None if moving else "nothing does")
