#!/usr/bin/env bash
# Starts the demonstration and looks at it from outside: the API by schemathesis, the map in Chromium.
#
#     scripts/check_node.sh KUMIKO [--screenshot FILE]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kumiko=$1
shift
work=$(mktemp -d)
trap 'rm -rf "$work"; kill $(jobs -p) 2>/dev/null || true' EXIT

"$kumiko" demo --assets "$here/../.assets" >"$work/address" 2>"$work/log" &
for _ in $(seq 100); do [ -s "$work/address" ] && break; sleep 0.1; done
address=$(head -1 "$work/address")
[ -n "$address" ] || { cat "$work/log" >&2; echo "FAILED: demo printed no address" >&2; exit 1; }
# Let radars turn a few times before anybody looks.
sleep 25
"$here/check_map.sh" "$address" "$@"
"$here/check_api.sh" "$address"
