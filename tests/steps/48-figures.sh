#!/usr/bin/env bash
# Every metric over the demo data is computed anew from the facts, in four time zones.
# Takes about 155 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("America/New_York")' 2>/dev/null || install_packages tzdata
PYTHONDONTWRITEBYTECODE=1 timeout "${FIGURES_S:-600}" python3 tests/figures/figures.py
