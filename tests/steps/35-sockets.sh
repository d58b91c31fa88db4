#!/usr/bin/env bash
# 500 sockets through two copies of the gateway, one of which is killed: every answered message arrives once and in order.
# Runs alone: 500 clients in one process, which come too late to resume beside another step.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 1
. tests/steps/needs.bash

need_everything
PYTHONDONTWRITEBYTECODE=1 timeout "${SOCKETS_S:-300}" python3 tests/load/sockets.py
