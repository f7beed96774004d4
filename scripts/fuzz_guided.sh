#!/usr/bin/env bash
# Coverage-guided fuzzing of every decoder: libFuzzer looks for an input that traps, hangs or breaks an invariant. Reads out
# of bounds trap by themselves (spans are checked); with --address the address sanitizer watches the rest too, at a third
# of the speed.
#
#     scripts/fuzz_guided.sh [--seconds N | --runs N] [--length N] [--address] [--only NAME] [--seeder PROGRAM] [DIRECTORY|FILE…]
#
# Each decoder gets N seconds (60), or N inputs, of at most so many octets (4096; short ones are tried much faster), beginning
# with what is worth damaging in the files given. What it learns is kept in .build-fuzz/corpus and used the next time. PROGRAM
# is a kumiko-fuzz that is already built. An input that fails is left in .build-fuzz/failed; it belongs into
# Fuzzing/Failures/NAME, which the unit tests try from then on.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=60
runs=
length=4096
only=
seeder=
sanitizers=fuzzer
paths=()
while [ $# -gt 0 ]; do
    case "$1" in
        --seconds) seconds=$2; shift ;;
        --runs) runs=$2; shift ;;
        --length) length=$2; shift ;;
        --address) sanitizers=fuzzer,address ;;
        --seeder) seeder=$(realpath "$2"); shift ;;
        --only) only=$2; shift ;;
        -*) echo "unknown option $1" >&2; exit 2 ;;
        *) paths+=("$1") ;;
    esac
    shift
done

export KUMIKO_ROOMS=fuzz
build=(swift build -c release --scratch-path .build-fuzz)
if [ -z "$seeder" ]; then
    "${build[@]}" --product kumiko-fuzz >/dev/null
    seeder=.build-fuzz/release/kumiko-fuzz
fi
# The linker that the sanitizer's sections need, and no other main function than libFuzzer's.
guided=.build-fuzz/$sanitizers
"${build[@]}" --product kumiko-fuzz-guided --scratch-path "$guided" \
    -Xswiftc -sanitize="$sanitizers" -Xswiftc -parse-as-library -Xswiftc -use-ld=lld | tail -1
program=$guided/release/kumiko-fuzz-guided
mkdir -p .build-fuzz/corpus .build-fuzz/seeds .build-fuzz/failed
"$seeder" --corpus .build-fuzz/seeds "${paths[@]}" >/dev/null

limit=(-max_total_time="$seconds")
[ -n "$runs" ] && limit=(-runs="$runs")
total=0
for name in $("$seeder" --names); do
    [ -z "$only" ] || [ "$only" = "$name" ] || continue
    mkdir -p ".build-fuzz/corpus/$name"
    log=.build-fuzz/$name.log
    if ! KUMIKO_FUZZ_TARGET=$name ASAN_OPTIONS=detect_leaks=0 "$program" "${limit[@]}" -max_len="$length" -timeout=5 \
        -rss_limit_mb=1024 -reload=0 -print_final_stats=1 -artifact_prefix=".build-fuzz/failed/$name-" \
        ".build-fuzz/corpus/$name" ".build-fuzz/seeds/$name" >"$log" 2>&1; then
        tail -40 "$log" >&2
        echo "fuzz_guided: $name failed; the input is in .build-fuzz/failed" >&2
        exit 1
    fi
    executed=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    memory=$(sed -n 's/^stat::peak_rss_mb: *//p' "$log")
    slowest=$(sed -n 's/^stat::slowest_unit_time_sec: *//p' "$log")
    echo "$name: $executed inputs, $(grep -oE 'cov: [0-9]+' "$log" | tail -1), peak $memory MB, slowest $slowest s; no failure"
    total=$((total + executed))
done
echo "$total inputs in all under libFuzzer ($sanitizers); no failure"
