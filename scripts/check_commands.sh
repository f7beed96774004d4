#!/usr/bin/env bash
# Runs the commands of the README on real recordings and on none:
#
#     scripts/check_commands.sh KUMIKO DATA
#
# Each must exit with the status that it promises and print what it promises.
set -euo pipefail
kumiko=$1
data=$2
work=$(mktemp -d)
trap 'rm -rf "$work"; kill $(jobs -p) 2>/dev/null || true' EXIT
passed=0

fail() { echo "FAILED: $*" >&2; exit 1; }
ok() { passed=$((passed + 1)); echo "  ok: $*"; }
# expect STATUS PATTERN COMMAND…: the status, and a line on either output that matches.
expect() {
    local status=$1 pattern=$2 actual=0
    shift 2
    "$@" >"$work/out" 2>"$work/err" || actual=$?
    [ "$actual" = "$status" ] || { cat "$work/err" >&2; fail "$* exited with $actual, not $status"; }
    grep -qE "$pattern" "$work/out" "$work/err" || { tail -5 "$work/out" "$work/err" >&2; fail "$* printed no $pattern"; }
    ok "${*/$data/DATA}"
}

echo "== commands"
expect 0 'air picture' "$kumiko" --help
expect 0 '^[0-9]+\.[0-9]+\.[0-9]+$' "$kumiko" --version
printf 'not a recording, only text\n' >"$work/text.txt"
expect 2 'no recording of a known format' "$kumiko" decode "$work/text.txt"
expect 2 'cannot be read' "$kumiko" decode "$work/absent"
printf '*8D4840D6202CC371C32CE0576098;\n' >"$work/one.avr"
expect 0 'KLM1023' "$kumiko" decode "$work/one.avr"
printf 'http:\n  prot: 80\n' >"$work/bad.yaml"
expect 1 'bad.yaml:line 2: http.prot: .*did you mean `port`' "$kumiko" serve --config "$work/bad.yaml"

expect 0 '60 s of 50 aircraft' "$kumiko" scenario --out "$work/scenario" --aircraft 50 --duration 60
expect 0 'plots/s on one core' "$kumiko" track "$work/scenario" --out "$work/tracks.jsonl"
[ -s "$work/tracks.jsonl" ] && [ -s "$work/scenario/truth.jsonl" ] || fail "no tracks or no truth were written"

if [ -d "$data/asterix" ]; then
    expect 0 '"I048/040"' "$kumiko" decode "$data/asterix/jahorina.raw"
    for row in bcn_20230502_0809_cat048.ast:048:44085 alicante_adsb_cat021v24.ast:021:20090 \
        lebl_20160510_adsb_cat021v023.ast:021:49330 jade_cat062_30min.ff:062:34957 \
        jade_cat062_065_30min.ff:062:22396 jade_cat062_065_30min.ff:063:5772 jade_cat062_065_30min.ff:065:6057 \
        ar_UIS.pcap:034:5936 ar_UIS.pcap:048:1640 ar_cba_010626.pcap:034:11882 ar_cba_010626.pcap:048:3803 \
        jahorina.raw:048:2099 jahorina.raw:034:20; do
        IFS=: read -r file category count <<<"$row"
        expect 0 "category $category: $count records" "$kumiko" decode --quiet "$data/asterix/$file"
    done
    # A truncated file: what is whole is decoded, the rest is told with its offset; status 0.
    head -c 1000 "$data/asterix/bcn_20230502_0809_cat048.ast" >"$work/cut.ast"
    expect 0 'offset [0-9]+' "$kumiko" decode --quiet "$work/cut.ast"
    expect 0 'plots sent|datagrams sent' "$kumiko" replay --fast --to 127.0.0.1:9 "$data/asterix/jahorina.raw"
    # Tracks follow the aircraft of a real radar: the limits of the project, and the program prints both figures.
    "$kumiko" replay --fast --continuity --site 20/129=41.300702,2.102058,27.3,4 \
        "$data/asterix/bcn_20230502_0809_cat048.ast" >"$work/out" 2>"$work/err" || fail "replay --continuity"
    grep -E 'at once|while seen' "$work/out"
    python3 - "$work/out" <<'PYTHON' || fail "tracks do not follow the aircraft of the Barcelona recording"
import re, sys
text = open(sys.argv[1]).read()
doubled = float(re.search(r"two confirmed tracks at once: .*= ([\d.]+) %", text)[1])
tracked = float(re.search(r"with a confirmed track while seen: ([\d.]+) %", text)[1])
sys.exit(not (doubled <= 2 and tracked >= 97))
PYTHON
    ok "replay --continuity on the Barcelona recording"
else
    echo "  skipped: no recordings at $data/asterix"
fi

# A node that is fed over UDP, as in the README.
port=$((20000 + $$ % 20000))
cat >"$work/kumiko.yaml" <<YAML
node: {name: Check, realm: test}
http: {port: 0}
history: {directory: $work/history}
sensors:
  - {id: 0/7, name: Test radar, latitude: 35.5, longitude: 139.8, height: 40, period: 4}
feeds:
  - {name: check, format: asterix, listen: "127.0.0.1:$port"}
YAML
"$kumiko" serve --config "$work/kumiko.yaml" >"$work/address" 2>"$work/log" &
node=$!
for _ in $(seq 100); do [ -s "$work/address" ] && break; sleep 0.1; done
address=$(head -1 "$work/address")
[ -n "$address" ] || { cat "$work/log" >&2; fail "serve printed no address"; }
curl -sf "${address}healthz" | grep -q '"ok"' || fail "healthz"
ok "serve --config: healthz"
python3 - $port <<'PYTHON'
# Ten turns of one aircraft by hand: ASTERIX 048 items 010, 140, 020, 040, 070, 090, 220.
import socket, struct, sys, time
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for turn in range(10):
    now = time.time()
    tod = int((now % 86400) * 128)
    rho, theta = int((40 + turn * 0.03) * 256), int(0.125 * 65536)
    record = bytes([0xFD, 0x80, 0, 7]) + tod.to_bytes(3, "big") + bytes([0xA0]) + struct.pack(">HH", rho, theta) \
        + bytes([0x0E, 0x50]) + struct.pack(">h", 330 * 4) + bytes.fromhex("86d624")
    out.sendto(bytes([48]) + struct.pack(">H", len(record) + 3) + record, ("127.0.0.1", int(sys.argv[1])))
    time.sleep(0.3)
PYTHON
sleep 1
curl -sf "${address}api/tracks" | grep -q '"address":"86d624"' || fail "no track of the aircraft that was sent"
ok "serve --config: a plot over UDP becomes a track on the API"
"$kumiko" serve --config "$work/kumiko.yaml" >/dev/null 2>"$work/err" && fail "a second node on the same directory started"
grep -qE 'in use' "$work/err" || { cat "$work/err" >&2; fail "the second node did not say that something is in use"; }
ok "serve: a second process on the same data directory is refused"
kill -TERM $node
wait $node || fail "serve did not end in order when asked to"
ok "serve: ends when asked to"
echo "$passed passed, 0 failed"
