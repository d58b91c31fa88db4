#!/usr/bin/env bash
# Feeds and the sitemap as an independent reader (feedparser) meets them, on both databases.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
need_venv feeds tests/feeds/requirements.txt
PYTHONDONTWRITEBYTECODE=1 timeout "${FEEDS_S:-300}" "$venv/bin/python" tests/feeds/reader.py
