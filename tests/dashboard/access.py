"""Whether everybody can use what is shown: axe-core (WCAG 2.2 A and AA)."""

from pathlib import Path

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SERIOUS = ("serious", "critical")


class Axe:
    def __init__(self, path):
        self.source = Path(path).read_text()

    def findings(self, browser, *impacts):
        """Rules that are broken, with where."""
        browser.cdp("Runtime.evaluate", expression=self.source)  # a policy has no say over what the debugger runs
        script = """
            const done = arguments[arguments.length - 1];
            axe.run(document, {runOnly: arguments[0], resultTypes: ['violations']}).then((found) => done(found.violations), (fault) => done(String(fault)));
        """
        browser.driver.set_script_timeout(60)
        found = browser.driver.execute_async_script(script, TAGS)
        if isinstance(found, str):
            raise RuntimeError(found)
        wanted = impacts or SERIOUS
        return [f"{one['id']}: {one['nodes'][0]['html'][:120]} ({len(one['nodes'])})" for one in found if one["impact"] in wanted]
