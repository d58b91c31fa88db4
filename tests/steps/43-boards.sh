#!/usr/bin/env bash
# A client that knows only the contract walks the task boards, on both databases.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
PYTHONDONTWRITEBYTECODE=1 python3 tests/journey/boards.py
