#!/usr/bin/env bash
# Looks at the map of a running node in headless Chromium, and leaves a picture if asked:
#
#     scripts/check_map.sh http://127.0.0.1:8080/ [--screenshot FILE]
#
# Playwright (pinned in Tests/Browser/requirements.txt, installed into .venv/browser) drives Debian's Chromium.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.venv/browser
stamp=$venv/installed
if ! cmp -s "$here/../Tests/Browser/requirements.txt" "$stamp"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/../Tests/Browser/requirements.txt"
    cp "$here/../Tests/Browser/requirements.txt" "$stamp"
fi
"$venv/bin/python" "$here/../Tests/Browser/test_map.py" "$@"
