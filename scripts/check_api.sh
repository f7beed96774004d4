#!/usr/bin/env bash
# Tests the API of a running node against the description that the node itself serves:
#
#     scripts/check_api.sh http://127.0.0.1:8080
#
# Schemathesis (pinned in check_api.requirements.txt, installed into .venv/api) makes requests from the description,
# right ones and wrong ones, and holds every answer against it with all of its checks. The event stream, which has no
# end, is read for a moment by check_stream.py instead. Takes about a minute; exits with 0 only if nothing failed.
set -euo pipefail

base=${1:?usage: scripts/check_api.sh BASE_URL}
base=${base%/}
here=$(cd "$(dirname "$0")" && pwd)
venv=$here/../.venv/api

stamp=$venv/installed
if ! cmp -s "$here/check_api.requirements.txt" "$stamp"; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r "$here/check_api.requirements.txt"
    cp "$here/check_api.requirements.txt" "$stamp"
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
check() {
    (cd "$work" && "$venv/bin/schemathesis" "$@" --url "$base" --exclude-path /api/tracks/stream \
        --checks all --seed 20261121 --request-timeout 10 --workers 1 --no-color)
}

echo "== all operations, right and wrong requests"
check run "$base/api/openapi.json" --max-examples "${EXAMPLES:-50}" --phases examples,coverage,fuzzing,stateful

# Numbers drawn at random name no track; so the two operations of one track are asked again for one that is there.
id=$(python3 - "$base" <<'PYTHON'
import json, sys, urllib.request
with urllib.request.urlopen(sys.argv[1] + "/api/tracks", timeout=10) as answer:
    features = json.load(answer)["features"]
confirmed = [f["id"] for f in features if f["properties"]["status"] == "confirmed"]
print((confirmed or [f["id"] for f in features] or [""])[0])
PYTHON
)
if [ -n "$id" ]; then
    echo "== track $id, which is there"
    printf '[parameters]\n"path.id" = %s\n' "$id" >"$work/one.toml"
    check --config-file "$work/one.toml" run "$base/api/openapi.json" --mode positive --max-examples 10 \
        --include-path-regex '^/api/tracks/\{id\}' --phases examples,coverage,fuzzing
else
    echo "== no track is there now; what one track looks like was not checked"
fi

echo "== the event stream"
python3 "$here/check_stream.py" "$base"
