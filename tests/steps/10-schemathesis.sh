#!/usr/bin/env bash
# Schema-driven fuzzing of every operation of the OpenAPI document, on both databases: no 5xx, no answer that the
# document lacks, invalid requests refused and valid ones taken (promise 17).
#
# A run of the suite is kept to a few minutes. In full: SCHEMATHESIS_CASES=20000 SCHEMATHESIS_SEEDS=5
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything

folder=tests/.cache/schemathesis
wanted=$(cksum <tests/schemathesis/requirements.txt)
if [ "$(cat "$folder/made-of" 2>/dev/null)" != "$wanted" ]; then
    rm -rf "$folder"
    mkdir -p "$(dirname "$folder")"
    # Debian splits ensurepip off; without it a venv cannot be made.
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    python3 -m venv "$folder" && "$folder/bin/pip" install -q --disable-pip-version-check --require-virtualenv \
        -r tests/schemathesis/requirements.txt >&2 || stop_step "schemathesis could not be installed"
    printf '%s\n' "$wanted" >"$folder/made-of"
fi
"$folder/bin/python" tests/schemathesis/run.py
