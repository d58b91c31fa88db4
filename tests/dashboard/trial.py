#!/usr/bin/env python3
"""`/dashboard` as people meet it, in Chromium: by mouse, by keyboard, in two languages and themes, two at once, with hostile texts,
on both databases. `data-testid` and words are looked for, as a test of one's own would do it.

Needs POLIGON_GATEWAY, TEST_DATABASE_URL, TEST_REDIS_URL, Chromium with its driver, and the path of axe.min.js. Ends with
`N passed, N failed`.
"""

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "journey"))
from access import Axe  # noqa: E402
from hostile import texts_are_texts  # noqa: E402
from keys import keyboard_alone  # noqa: E402
from kpis import kpis_are_kept  # noqa: E402
from looks import everybody_can_use_it  # noqa: E402
from mishaps import what_comes_between  # noqa: E402
from overview import the_overview  # noqa: E402
from previews import changes_are_shown  # noqa: E402
from reports import reports_are_made  # noqa: E402
from segments import segments_are_kept  # noqa: E402
from service import KINDS, Gateway, Place, free_port  # noqa: E402
from together import two_at_once  # noqa: E402
from walk import every_kind, logs_in, person_walks  # noqa: E402

outcomes = {"passed": 0, "failed": 0}


def teller(place):
    def told(what, fault=None):
        outcomes["failed" if fault else "passed"] += 1
        print(f"{'FAILED' if fault else 'ok'}  {place}: {what}{': ' + str(fault)[:800] if fault else ''}", flush=True)

    return told


def parts(url, axe, told, wanted=()):
    """Each is tried, whatever has become of the others; or those alone that are `wanted`."""
    all_parts = {
        "logging in": lambda: logs_in(url, told),
        "the walk": lambda: person_walks(url, told),
        "types of widgets": lambda: every_kind(url, told),
        "the keyboard": lambda: keyboard_alone(url, told),
        "looks": lambda: everybody_can_use_it(url, axe, told),
        "two at once": lambda: two_at_once(url, told),
        "mishaps": lambda: what_comes_between(url, told),
        "hostile texts": lambda: texts_are_texts(url, told),
        "the overview": lambda: the_overview(url, told),
        "previews": lambda: changes_are_shown(url, told),
        "KPIs": lambda: kpis_are_kept(url, told),
        "reports": lambda: reports_are_made(url, told),
        "segments": lambda: segments_are_kept(url, told),
    }
    for name, part in all_parts.items():
        if wanted and name not in wanted:
            continue
        began = time.monotonic()
        try:
            part()
        except Exception as fault:
            where = fault.__traceback__
            while where.tb_next and "dashboard" in where.tb_next.tb_frame.f_code.co_filename:
                where = where.tb_next
            told(
                f"{name} goes on to the end",
                f"{where.tb_frame.f_code.co_filename}:{where.tb_lineno} {type(fault).__name__}: {fault}",
            )
        print(f"    {name}: {time.monotonic() - began:.0f} s", flush=True)


def charts_are_the_library(told):
    """The vendored file is what comes out of the packages whose checksums are in its lock."""
    script = Path(__file__).resolve().parents[2] / "crates" / "analytics" / "page" / "vendor.sh"
    done = subprocess.run([script, "--check"], capture_output=True, text=True, timeout=300)
    told("echarts.js is made of the packages that are named", None if done.returncode == 0 else done.stdout + done.stderr)


def trial(kind, axe):
    told = teller(kind)
    try:
        with Place(kind) as place:
            port = free_port()
            limits = {"POLIGON_LIMITS__ENABLED": "false"}
            with Gateway(place, "--log", "warn", port=port, **limits) as gateway:
                parts(gateway.url, axe, told, sys.argv[2:])
    except Exception as fault:
        told("goes on to the end", repr(fault))


def main():
    axe = Axe(sys.argv[1])
    charts_are_the_library(teller("the repository"))
    # One after the other: each has up to three browsers, and people do not wait for a machine that is too busy.
    for kind in KINDS:
        trial(kind, axe)
    print(f"{outcomes['passed']} passed, {outcomes['failed']} failed")
    sys.exit(1 if outcomes["failed"] or not outcomes["passed"] else 0)


if __name__ == "__main__":
    main()
