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
    grep -qE -e "$pattern" "$work/out" "$work/err" || { tail -n 5 "$work/out" "$work/err" >&2; fail "$* printed no $pattern"; }
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
# Wrong options: status 64, and the usage of the command that they were given to.
expect 64 'Usage: kumiko decode' "$kumiko" decode --area 1,2 "$work/one.avr"
expect 64 "See 'kumiko decode --help'" "$kumiko" decode --count 0 "$work/one.avr"
expect 64 'category 21 has the editions 0.23, 0.24, .*2.7' "$kumiko" decode --edition 21=9.9 "$work/one.avr"
expect 64 'category 77 is not known' "$kumiko" explain --edition 77=1.0 300003
expect 64 'Usage: kumiko replay' "$kumiko" replay --site nowhere "$work/one.avr"
expect 64 '--category and --format line are not for recordings of format avr' \
    "$kumiko" decode --category 48 --format line "$work/one.avr"
expect 64 '--edition is not for recordings of format avr' "$kumiko" convert --edition 48=1.27 --to beast "$work/one.avr" -o "$work/x"
expect 64 '--problems' "$kumiko" decode --problems few "$work/one.avr"

# --count and --area go with every format; noise that begins like a block is no recording.
printf '*8D40621D58C382D690C8AC2863A7;\n*8D40621D58C386435CC412692AD6;\n*8D4840D6202CC371C32CE0576098;\n' >"$work/three.avr"
expect 0 'avr, 1 message .*; 0 problems$' "$kumiko" decode --quiet --count 1 "$work/three.avr"
expect 0 '3 messages .*; 0 problems; 1 written' "$kumiko" decode --quiet --area 52,3,53,5 "$work/three.avr"
python3 - "$work/iq.raw" <<'PYTHON'
import random, sys
noise = random.Random(1)
open(sys.argv[1], "wb").write(bytes([48, 0, 40]) + bytes(min(255, max(0, int(noise.gauss(127.5, 6)))) for _ in range(300000)))
PYTHON
expect 2 'no recording of a known format' "$kumiko" decode "$work/iq.raw"
# Problems are told up to a number of each kind.
for line in $(seq 50); do printf '*8D4840D6202CC371C32CE05760;\n'; done >"$work/short.avr"
cat "$work/three.avr" "$work/three.avr" "$work/three.avr" >"$work/bad.avr"
for _ in $(seq 16); do cat "$work/bad.avr"; done >"$work/good.avr"
cat "$work/good.avr" "$work/short.avr" >"$work/bad.avr"
expect 0 'no Mode S frame has: 30 more, 50 in all; --problems all' "$kumiko" decode --quiet "$work/bad.avr"
[ "$(grep -c '^.*: offset' "$work/err")" = 20 ] || fail "not twenty problems of a kind were told"
expect 0 '50 problems' "$kumiko" decode --quiet --problems all "$work/bad.avr"
[ "$(grep -c '^.*: offset' "$work/err")" = 50 ] || fail "--problems all did not tell all"
# An output that cannot be written is status 2; times without a date are told.
expect 2 'cannot be written' "$kumiko" convert --to beast "$work/one.avr" -o "$work/absent/x"
expect 0 'knows no date, so times begin at 1970-01-01 12:00; --date' "$kumiko" convert --to sbs "$work/one.avr" -o "$work/x.sbs"
expect 0 'to sbs: ' "$kumiko" convert --to sbs --date 2023-05-02 "$work/one.avr" -o "$work/x.sbs"
grep -q 'knows no date' "$work/err" && fail "a date was named and missed"
printf 'http:\n  prot: 80\n' >"$work/bad.yaml"
expect 1 'bad.yaml:line 2: http.prot: .*did you mean `port`' "$kumiko" serve --config "$work/bad.yaml"

# Messages explained, by digits and from standard input; a wrong bit and a wrong digit are told with their place.
expect 0 'I034/010 Data Source Identifier' "$kumiko" explain 22 000B F0 E2D2 02 63F630 B8
expect 0 '\.\.\.\.1110 01010000 +MODE3A +7120' "$kumiko" explain 300016 FD80 0007 000001 A0 28002000 0E50 0528 86D624
expect 0 'identification: KLM1023' "$kumiko" explain '*8D4840D6202CC371C32CE0576098;'
expect 0 'identification: KLM1023' "$kumiko" explain - <<<8D4840D6202CC371C32CE0576098
expect 0 'AIS message 1, position report' "$kumiko" explain '!AIVDM,1,1,,B,177KQJ5000G?tO`K>RA1wUbN0TKH,0*5C'
expect 1 'the parity is wrong' "$kumiko" explain 8D4840D6202CC371C32CE0576099
expect 1 'offset .*: record ends behind its block' "$kumiko" explain 22000BF0E2D20263F6
expect 0 'The block is empty' "$kumiko" explain 300003
expect 2 'character 6: `g`' "$kumiko" explain 22 00g
"$kumiko" explain 22000BF0E2D20263F630B8 | LC_ALL=C grep -q $'\x1b' && fail "explain wrote colours into a pipe"
"$kumiko" explain --color always 22000BF0E2D20263F630B8 | LC_ALL=C grep -q $'\x1b' || fail "explain wrote no colours"
ok "explain: colours only where they are wanted"

expect 0 '60 s of Japan and Korea, 50 aircraft' "$kumiko" scenario --out "$work/scenario" --aircraft 50 --duration 60
expect 0 'plots/s on one core' "$kumiko" track "$work/scenario" --out "$work/tracks.jsonl"
[ -s "$work/tracks.jsonl" ] && [ -s "$work/scenario/truth.jsonl" ] || fail "no tracks or no truth were written"
expect 0 'sharing tracklets' "$kumiko" track "$work/scenario" --share tracklets --out-dir "$work/shared"
ls "$work"/shared/tracks-*.jsonl >/dev/null || fail "track --share wrote no nation's tracks"
expect 0 'GOSPA' "$kumiko" score "$work/scenario" "$work/tracks.jsonl" --html "$work/score.html" --json "$work/score.json"
grep -q '</html>' "$work/score.html" && [ -s "$work/score.json" ] || fail "no page or no JSON of the scores was written"
expect 0 'aircraft' "$kumiko" scenario exercises/quiet-sky.yaml --out "$work/quiet" --wire --duration 120
expect 0 'continuity|with a confirmed track' "$kumiko" replay "$work"/quiet/*.pcap --config "$work/quiet/kumiko.yaml" --fast --continuity

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
    asterix=$data/asterix
    bcn=$asterix/bcn_20230502_0809_cat048.ast
    # Views and filters, against counts of others or of the JSON view.
    expect 0 '048 Monoradar Target Reports, edition 1.32, 23/2' "$kumiko" decode --format text --category 48 --count 1 "$asterix/jahorina.raw"
    expect 0 '^@[0-9]+ 048 1.32 240=[A-Z0-9]+$' "$kumiko" decode --format line --only I048/240 --item I048/240 --count 3 "$asterix/jahorina.raw"
    expect 0 '"meaning":' "$kumiko" decode --meanings --count 1 "$asterix/jahorina.raw"
    expect 0 'filter let through: 20$' "$kumiko" decode --quiet --category 34 "$asterix/jahorina.raw"
    expect 0 'filter let through: 0$' "$kumiko" decode --quiet --source 20/130 "$bcn"
    expect 0 'read by edition 0.23' "$kumiko" decode --quiet "$asterix/lebl_20160510_adsb_cat021v023.ast"
    expect 0 'category 021 2.1, the blocks of 0/107 do not fit it, but edition 0.23' \
        "$kumiko" decode --quiet --edition 21@0/107=2.1 "$asterix/lebl_20160510_adsb_cat021v023.ast"
    [ "$(grep -c 'do not fit it' "$work/err")" = 1 ] || fail "a wrong edition was told more than once"
    "$kumiko" decode "$bcn" 2>/dev/null >"$work/bcn.jsonl"
    "$kumiko" decode "$asterix/alicante_adsb_cat021v24.ast" 2>/dev/null >"$work/alicante.jsonl"
    same_count() { [ "$1" = "$2" ] || fail "$3: $1 records, not $2"; ok "$3: $1 records"; }
    same_count "$("$kumiko" decode --item I048/250 "$bcn" 2>/dev/null | wc -l)" "$(grep -c '"I048/250"' "$work/bcn.jsonl")" "--item I048/250"
    python3 - "$work/alicante.jsonl" >"$work/inside" <<'PYTHON'
import json, sys
inside = 0
for line in open(sys.argv[1]):
    record = json.loads(line)
    place = record.get("I021/131") or record.get("I021/130")
    inside += place is not None and 38 <= place["LAT"]["value"] <= 39 and -1 <= place["LON"]["value"] <= 0
print(inside)
PYTHON
    same_count "$("$kumiko" decode --area 38,-1,39,0 "$asterix/alicante_adsb_cat021v24.ast" 2>/dev/null | wc -l)" "$(cat "$work/inside")" "--area"
    expect 0 'filter let through: [1-9]' "$kumiko" decode --quiet --area 41.2,2.0,41.4,2.2 --site 41.3007,2.1021,27 "$bcn"
    expect 0 'radar 20/129: [0-9]+ plots left out, because --area .* add --site 20/129=' \
        "$kumiko" decode --quiet --area 41.2,2.0,41.4,2.2 "$bcn"
    expect 0 'radar 20/129: [0-9]+ plots left out' "$kumiko" convert --area 41.2,2.0,41.4,2.2 --to final -o "$work/none.ff" "$bcn"
    # Through every framing and back, byte for byte; with a filter, what the filter leaves.
    for format in final oradis hdlc pcap; do
        for file in bcn_20230502_0809_cat048.ast jahorina.raw; do
            "$kumiko" convert "$asterix/$file" --to $format -o "$work/framed" 2>/dev/null
            "$kumiko" convert "$work/framed" --to asterix -o "$work/back" 2>/dev/null
            cmp "$asterix/$file" "$work/back" || fail "$file changed on its way through $format"
        done
        ok "convert: blocks to $format and back are the same bytes"
    done
    "$kumiko" convert "$asterix/jade_cat062_065_30min.ff" --to pcap -o "$work/jade.pcap" 2>/dev/null
    "$kumiko" convert "$work/jade.pcap" --to final -o "$work/jade.ff" 2>/dev/null
    cmp "$asterix/jade_cat062_065_30min.ff" "$work/jade.ff" || fail "FINAL changed on its way through pcap"
    ok "convert: FINAL to pcap and back is the same bytes, times included"
    "$kumiko" convert "$asterix/ar_cba_010626.pcap" --to asterix -o "$work/cba.ast" 2>/dev/null
    "$kumiko" convert "$asterix/ar_cba_010626.pcap" --to pcap -o "$work/cba.pcap" 2>/dev/null
    "$kumiko" convert "$work/cba.pcap" --to asterix -o "$work/back" 2>/dev/null
    cmp "$work/cba.ast" "$work/back" || fail "a capture changed on its way"
    expect 0 'category 048: 3803 records' "$kumiko" decode --quiet "$work/cba.ast"
    expect 0 '3803 of 15685 records' "$kumiko" convert --category 48 "$asterix/ar_cba_010626.pcap" --to final -o "$work/48.ff"
    expect 0 'category 048: 3803 records' "$kumiko" decode --quiet "$work/48.ff"
    "$kumiko" convert "$work/bcn.jsonl" --to asterix -o "$work/back" 2>/dev/null || true
    "$kumiko" decode "$work/back" 2>/dev/null | sed -E 's/"offset":[0-9]+,//' >"$work/back.jsonl"
    sed -E 's/"offset":[0-9]+,//' "$work/bcn.jsonl" | cmp - "$work/back.jsonl" || fail "records changed on their way through JSON"
    ok "convert: JSON Lines to blocks are the same records"
    # Fifty megabytes in constant memory, from a file and from a pipe; the peak is printed.
    for _ in $(seq 20); do cat "$bcn"; done >"$work/long.ast"
    python3 - "$kumiko" "$work/long.ast" <<'PYTHON' || fail "a long recording is not decoded in constant memory"
import resource, subprocess, sys
kumiko, long = sys.argv[1:]
def peak(): return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
for name, source in [(long, None), ("-", open(long, "rb"))]:
    run = subprocess.run([kumiko, "decode", "--quiet", name], stdin=source, capture_output=True, text=True)
    if run.returncode or "category 048: 881700 records" not in run.stderr: sys.exit(run.stderr[-500:])
print(f"  55 MB decoded with {peak():.0f} MB at most")
sys.exit(peak() > 80)
PYTHON
    ok "decode: 55 MB from a file and from standard input"
    gzip -c "$asterix/jahorina.raw" >"$work/jahorina.gz"
    expect 2 'gzip -dc' "$kumiko" decode "$work/jahorina.gz"
    gzip -dc "$work/jahorina.gz" | expect 0 'category 048: 2099 records' "$kumiko" decode --quiet -
    if [ -f "$data/modes/traffic_sample_dump1090.bin" ]; then
        "$kumiko" convert "$data/modes/traffic_sample_dump1090.bin" --to avr -o "$work/one.avr" 2>/dev/null
        "$kumiko" convert "$work/one.avr" --to beast -o "$work/one.beast" 2>/dev/null
        "$kumiko" convert "$work/one.beast" --to avr -o "$work/two.avr" 2>/dev/null
        cmp "$work/one.avr" "$work/two.avr" || fail "Mode S frames changed between Beast and AVR"
        ok "convert: Beast to AVR and back are the same frames"
        gzip -dc "$data/modes/rs1090_long_flight.csv.gz" >"$work/flight.csv"
        expect 0 'to sbs: [1-9][0-9]+' "$kumiko" convert "$work/flight.csv" --to sbs -o "$work/flight.sbs"
        expect 0 'sbs, [1-9][0-9]* plots; 0 problems' "$kumiko" decode --quiet "$work/flight.sbs"
    fi
    if [ -d "$data/other" ]; then
        expect 0 'openSky, [1-9][0-9]* plots' "$kumiko" decode --quiet "$data/other/stonesoup_OpenSky_Plane_States.csv"
        ais=$(ls "$data"/other/libais_*.aivdm 2>/dev/null | head -1)
        [ -z "$ais" ] || expect 0 'ais, [1-9][0-9]* messages' "$kumiko" decode --quiet "$ais"
        [ -z "$ais" ] || expect 0 'unfinished; 1 written' "$kumiko" decode --quiet --area -90,-180,90,180 --count 1 "$ais"
        expect 0 'openSky, 5 plots; 0 problems' "$kumiko" decode --quiet --count 5 "$data/other/stonesoup_OpenSky_Plane_States.csv"
    fi
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
