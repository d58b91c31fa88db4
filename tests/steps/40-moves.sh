#!/usr/bin/env bash
# 5,000 moves of cards by sixteen people at once, while the gateway is killed: no card is lost, doubled or out of place.
# Takes about 110 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
PYTHONDONTWRITEBYTECODE=1 timeout "${MOVES_S:-700}" python3 tests/load/moves.py
