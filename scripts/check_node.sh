#!/usr/bin/env bash
# Starts the demonstration and a node with agreements, and looks at them from outside: the API by schemathesis, the map in
# Chromium.
#
#     scripts/check_node.sh KUMIKO [--screenshot FILE]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
kumiko=$1
shift
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# Prints the address of the map that a command serves.
address_of() {
    "$kumiko" "$@" --assets "$here/../.assets" >"$work/address-$1" 2>"$work/log-$1" &
    for _ in $(seq 100); do [ -s "$work/address-$1" ] && break; sleep 0.1; done
    address=$(head -1 "$work/address-$1")
    [ -n "$address" ] || { cat "$work/log-$1" >&2; echo "FAILED: kumiko $1 printed no address" >&2; exit 1; }
}

address_of demo
demo=$address

# The example's agreements, for an exercise: what the partners of a node see.
mkdir "$work/agreements"
for file in "$here"/../agreements/*.yaml; do
    sed 's/^realm: .*/realm: exercise(check)/' "$file" >"$work/agreements/$(basename "$file")"
done
sed 's/^duration_s: .*/duration_s: 1800/' "$here/../exercises/quiet-sky.yaml" >"$work/sky.yaml"
cat >"$work/kumiko.yaml" <<YAML
node: {name: Allied node, nation: jp, realm: exercise(check)}
http: {port: 0}
history: {directory: $work/data}
release:
  agreements: $work/agreements
  label: {policy: trilateral, classification: restricted, releasable_to: [us, au]}
scenario: {file: $work/sky.yaml}
YAML
"$kumiko" release check "$work/agreements" >/dev/null
address_of serve --config "$work/kumiko.yaml"
allied=$address

# Let radars turn a few times before anybody looks.
sleep 25
"$here/check_map.sh" "$demo" "$@"
"$here/check_map.sh" "$allied" --view-as
"$here/check_api.sh" "$allied"

id=$(python3 -c "import json, sys, urllib.request as u; print(json.load(u.urlopen(sys.argv[1] + 'api/tracks'))['features'][0]['id'])" "$allied")
for to in us au kr; do
    "$kumiko" release explain "$id" --to "$to" --node "$allied" | grep -E "^(released to|withheld from) $to: "
done
