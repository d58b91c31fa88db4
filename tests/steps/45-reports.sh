#!/usr/bin/env bash
# Every figure of the reports of boards is computed anew from the exported transitions, in four time zones whose clocks change.
# Takes about 45 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
python3 -c 'import zoneinfo; zoneinfo.ZoneInfo("America/Santiago")' 2>/dev/null || install_packages tzdata
PYTHONDONTWRITEBYTECODE=1 timeout "${REPORTS_S:-600}" python3 tests/reports/figures.py
