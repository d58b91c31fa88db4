#!/usr/bin/env bash
# sqlmap against what reads and writes the content, on both databases.
# Takes about 125 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
need_venv injection tests/injection/requirements.txt
PYTHONDONTWRITEBYTECODE=1 timeout "${INJECTION_S:-600}" "$venv/bin/python" tests/injection/scan.py
