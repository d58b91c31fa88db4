#!/usr/bin/env bash
# Conservation laws of the shop after random concurrent traffic with kill -9 in between, on both databases.
#
# A run of the suite takes about a minute for each database. Longer: KILLS=40 SECONDS=20
# Takes about 85 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
PYTHONDONTWRITEBYTECODE=1 timeout "${CONSERVATION_S:-600}" python3 tests/conservation/run.py
