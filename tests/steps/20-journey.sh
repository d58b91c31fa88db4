#!/usr/bin/env bash
# A client that knows only the contract walks the accounts and the operation of the gateway, on both databases.
# Takes about 110 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
PYTHONDONTWRITEBYTECODE=1 python3 tests/journey/journey.py
