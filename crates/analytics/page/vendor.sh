#!/usr/bin/env bash
# Makes vendor/echarts.js anew, out of exactly the packages that vendor/package-lock.json names with their checksums. With
# --check nothing is changed: it tells whether what is in the repository is what comes out.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/vendor"

made=$(mktemp -d)
trap 'rm -rf "$made"' EXIT
cp entry.js package.json package-lock.json "$made"
(
    cd "$made"
    # npm compares each package with its checksum in the lock. No package runs anything of its own.
    npm ci --ignore-scripts --no-audit --no-fund --silent
    npx --no-install esbuild entry.js --bundle --minify --format=esm --target=es2022 --legal-comments=none \
        --banner:js='/*! Apache ECharts 6.1.0, Apache-2.0; with ZRender (BSD-3-Clause) and tslib (0BSD). See LICENSES.txt. */' \
        --outfile=echarts.js --log-level=warning
    sed 's/[[:space:]]*$//' node_modules/echarts/NOTICE >LICENSES.txt
    for text in node_modules/echarts/LICENSE node_modules/echarts/licenses/LICENSE-d3 node_modules/zrender/LICENSE node_modules/tslib/LICENSE.txt; do
        printf '\n\n---- %s ----\n\n' "${text#node_modules/}"
        tr -d '\r' <"$text"
    done >>LICENSES.txt
    sha256sum echarts.js LICENSES.txt >SHA256SUMS
)
if [ "${1:-}" = --check ]; then
    for file in echarts.js LICENSES.txt SHA256SUMS; do cmp "$made/$file" "$file"; done
    echo "vendor/echarts.js is what its packages come to"
else
    cp "$made"/{echarts.js,LICENSES.txt,SHA256SUMS} .
fi
