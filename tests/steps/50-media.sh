#!/usr/bin/env bash
# Media with files in a local folder and on S3 (SeaweedFS), by curl and in Chromium, on both databases.
# Takes about 160 s of the suite.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
command -v curl >/dev/null || install_packages curl
command -v chromium >/dev/null && command -v chromedriver >/dev/null || install_packages chromium chromium-driver
need_venv media tests/media/requirements.txt
PYTHONDONTWRITEBYTECODE=1 timeout "${MEDIA_S:-600}" "$venv/bin/python" tests/media/trial.py
