#!/usr/bin/env bash
# The page of the dashboards in Chromium: by mouse and by keyboard, in both languages and themes, on both databases.
# Takes about 405 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

# axe-core, which is asked whether everybody can use the page; its licence (MPL-2.0) is why it is no part of the repository.
need_axe() {
    local wanted=29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c made
    axe=tests/.cache/axe/axe.min.js
    printf '%s  %s\n' "$wanted" "$axe" | sha256sum -c --status 2>/dev/null && return 0
    made=$(mktemp -d)
    mkdir -p "$(dirname "$axe")"
    { npm pack axe-core@4.14.1 --silent --pack-destination "$made" && tar -xzf "$made"/axe-core-4.14.1.tgz -C "$made" package/axe.min.js &&
        cp "$made/package/axe.min.js" "$axe"; } >&2 || stop_step "axe-core could not be fetched"
    rm -rf "$made"
    printf '%s  %s\n' "$wanted" "$axe" | sha256sum -c --status || stop_step "axe-core is not what it was"
}

need_everything
command -v chromium >/dev/null && command -v chromedriver >/dev/null || install_packages chromium chromium-driver
command -v npm >/dev/null || install_packages npm
need_venv dashboard tests/dashboard/requirements.txt
need_axe
PYTHONDONTWRITEBYTECODE=1 timeout "${DASHBOARD_S:-900}" "$venv/bin/python" tests/dashboard/trial.py "$axe"
