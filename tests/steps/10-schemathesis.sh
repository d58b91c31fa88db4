#!/usr/bin/env bash
# Schema-driven fuzzing of every operation of the OpenAPI document, on both databases: no 5xx, no answer that the
# document lacks, invalid requests refused and valid ones taken (promise 17).
#
# A run of the suite is kept to a few minutes. In full: SCHEMATHESIS_CASES=20000 SCHEMATHESIS_SEEDS=5
# Runs alone: it has a worker for each core.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything

need_venv schemathesis tests/schemathesis/requirements.txt
"$venv/bin/python" tests/schemathesis/run.py
