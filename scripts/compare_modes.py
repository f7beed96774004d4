#!/usr/bin/env python3
"""Compares Kumiko's Mode S and ADS-B decoding with that of rs1090 and pyModeS (PyPI), every frame, field by field.

    scripts/compare_modes.py [--decoder COMMAND] [--bench] [RECORDING…]

Both were written by others. The recordings (by default the long flight of 172,432 frames and the three samples of
pyModeS under ../shared/data/modes or $KUMIKO_DATA/modes) go to each decoder in their order; every field that Kumiko and
another one share must be the same, decoded positions within 1 m. --bench prints how fast the others are, in messages a
second of CPU time, beside `kumiko-bench-decode modes`.

A difference that is known is in EXPLAINED below and in docs/mode-s-differences.md, with who is right and why. Exit
status: 0 if all others agree, 1 if not, 2 if the comparison cannot be made.
"""
import argparse
import collections
import csv
import gzip
import json
import math
import os
import subprocess
import sys
import tempfile
import time

from recordings import ROOT, decoder, fail, folder

SCRIPT = "compare_modes"
PEERS = ["rs1090==0.7.0", "pyModeS==3.6.1"]
RECORDINGS = ["rs1090_long_flight.csv.gz", "pymodes_sample_data_adsb.csv", "pymodes_sample_data_commb_df20.csv",
              "pymodes_sample_data_commb_df21.csv"]


def use_peers():
    """Runs this script in an environment that has the peers."""
    home = os.path.join(ROOT, ".venv", "modes")
    python = os.path.join(home, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(home):
        return
    stamp = os.path.join(home, "-".join(PEERS).replace("==", "-"))
    if not os.path.exists(stamp):
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *PEERS], check=True)
        open(stamp, "w").close()
    os.execv(python, [python, *sys.argv])


# ------------------------------------------------------------------------------------------------ fields

MISSING = object()
CAPABILITY = {"level1": 0, "reserved": 1, "ground": 4, "airborne": 5, "unknown": 6, "AG_DR0": 7}
EMERGENCY = {"none": 0, "general": 1, "medical": 2, "minimum_fuel": 3, "no_communication": 4,
             "unlawful_interference": 5, "downed": 6}


def key(name):
    return lambda fields: fields.get(name, MISSING)


def first(*names):
    """The value under the first of several names that is there."""
    return lambda fields: next((fields[name] for name in names if name in fields), MISSING)


def mapped(name, function):
    def get(fields):
        value = fields.get(name, MISSING)
        return value if value is MISSING or value is None else function(value)
    return get


def of(inner, name):
    def get(fields):
        value = fields.get(inner)
        return value.get(name, MISSING) if isinstance(value, dict) else MISSING
    return get


def equal(mine, other):
    return mine == other


def within(tolerance):
    def test(mine, other):
        if mine is None or other is None:
            return mine is other
        return abs(mine - other) <= tolerance
    return test


def turn(mine, other):
    if mine is None or other is None:
        return mine is other
    return abs((mine - other + 180) % 360 - 180) <= 1e-4


def altitude(fields):
    """What the message gives: pressure altitude or height; None where its code says that there is none."""
    for name in ("altitudeFeet", "geometricHeightFeet"):
        if name in fields:
            return fields[name]
    return MISSING


def intact(fields):
    if fields["DF"] not in (17, 18):
        return MISSING
    return fields["verdict"] != "corrupt" and "mendedBit" not in fields


def flags(text):
    return lambda fields: MISSING if fields.get(text) is None else int(fields[text])


def callsign(fields):
    value = fields.get("callsign", MISSING)
    return value if value is MISSING or value is None else value.replace("_", " ").strip()


def movement(fields):
    return MISSING if "track_status" not in fields else bool(fields["track_status"])


# name, Kumiko's, rs1090's, pyModeS's, test
FIELDS = [
    ("downlink format", key("DF"), mapped("df", int), key("df"), equal),
    ("address", key("address"), key("icao24"), mapped("icao", str.lower), equal),
    ("parity", intact, key("-"), key("crc_valid"), equal),
    ("type code", key("TC"), key("tc"), key("typecode"), equal),
    ("altitude", altitude, key("altitude"), key("altitude"), equal),
    ("code", key("mode3A"), key("squawk"), key("squawk"), equal),
    ("callsign", callsign, callsign, callsign, equal),
    ("category", mapped("category", lambda c: int(c[1])), key("-"), key("category"), equal),
    ("FS", key("FS"), key("-"), key("flight_status"), equal),
    ("DR", key("DR"), key("-"), key("downlink_request"), equal),
    ("UM", key("UM"), key("-"), key("utility_message"), equal),
    ("VS", key("VS"), key("vs"), mapped("vertical_status", lambda s: {"airborne": 0}.get(s, 1)), equal),
    ("CC", key("CC"), key("-"), key("cross_link_capability"), equal),
    ("SL", key("SL"), key("sl"), key("sensitivity_level"), equal),
    ("RI", key("RI"), key("ri"), key("reply_information"), equal),
    ("CA", key("CA"), mapped("capability", lambda c: CAPABILITY.get(c, c)), key("capability"), equal),
    ("MV", key("MV"), key("-"), mapped("mv", str.lower), equal),
    ("speed over ground", key("groundSpeedKnots"), key("groundspeed"), key("groundspeed"), within(1e-3)),
    ("track", key("trackDegrees"), key("track"), key("track"), turn),
    ("track status", lambda f: f["trackDegrees"] is not None if "movement" in f else MISSING, key("-"), movement, equal),
    ("movement", key("movement"), key("-"), key("movement"), equal),
    ("heading", key("headingDegrees"), key("heading"), key("heading"), turn),
    ("airspeed", first("trueAirspeedKnots", "indicatedAirspeedKnots"), first("TAS", "IAS"), key("airspeed"), equal),
    ("rate of climb", key("verticalRateFeetPerMinute"), key("vertical_rate"), key("vertical_rate"), equal),
    ("source of the rate", mapped("verticalRateSource", {"barometric": "BARO", "geometric": "GNSS"}.get),
     mapped("vrate_src", {"barometric": "BARO", "GNSS": "GNSS"}.get), key("vr_source"), equal),
    ("height difference", key("geometricMinusBarometricFeet"), key("geo_minus_baro"), key("geo_minus_baro"), equal),
    ("NACv", first("NACv", "NUCr"), key("NACv"), key("nac_v"), equal),
    ("NUCp", key("NUCp"), key("NUCp"), key("nuc_p"), equal),
    ("NIC-B", first("NICb", "SAF"), key("NICb"), key("nic_b"), equal),
    ("SS", key("SS"), key("-"), key("surveillance_status"), equal),
    ("time synchronised", key("timeSynchronised"), key("time_sync"), key("-"), equal),
    ("CPR format", of("CPR", "odd"), mapped("parity", lambda p: p == "odd"), mapped("cpr_format", bool), equal),
    ("CPR latitude", of("CPR", "latitude"), key("lat_cpr"), key("cpr_lat"), equal),
    ("CPR longitude", of("CPR", "longitude"), key("lon_cpr"), key("cpr_lon"), equal),
    ("emergency", key("emergency"), mapped("emergency_state", lambda s: EMERGENCY.get(s, s)), key("emergency_state"),
     equal),
    ("selected altitude", key("selectedAltitudeFeet"), key("selected_altitude"), key("selected_altitude"), equal),
    ("source of the selected altitude", key("selectedAltitudeSource"),
     lambda f: f.get("source", MISSING) if f.get("bds") == "62" else MISSING, key("selected_altitude_source"), equal),
    ("pressure setting", key("pressureSettingMillibars"), key("barometric_setting"), key("baro_pressure_setting"),
     within(1e-3)),
    ("selected heading", key("selectedHeadingDegrees"), key("selected_heading"), key("selected_heading"), turn),
    ("NACp", key("NACp"), key("NACp"), key("nac_p"), equal),
    ("SIL", key("SIL"), key("SIL"), key("sil"), equal),
    ("NICbaro", key("NICbaro"), first("nic_baro", "BAI"), mapped("nic_baro", bool), equal),
    ("autopilot", key("autopilot"), key("autopilot"), key("autopilot"), equal),
    ("VNAV", key("VNAV"), key("vnav_mode"), key("vnav_mode"), equal),
    ("altitude hold", key("altitudeHold"), key("alt_hold"), key("altitude_hold_mode"), equal),
    ("approach", key("approach"), key("approach_mode"), key("approach_mode"), equal),
    ("LNAV", key("LNAV"), key("lnav_mode"), key("lnav_mode"), equal),
    ("TCAS", key("TCASOperational"), key("tcas_operational"), key("tcas_operational"), equal),
    ("version", key("version"), key("version"), key("version"), equal),
    ("NIC-A", key("NICa"), key("NICa"), key("nic_supplement_a"), equal),
    ("GVA", key("GVA"), key("GVA"), key("-"), equal),
    ("HRD", key("headingMagnetic"), key("HRD"), key("hrd"), equal),
    ("track is heading", key("trackIsHeading"), key("TAH"), key("-"), equal),
    ("SIL supplement", key("SILperSample"), key("SILs"), key("sil_supplement"), equal),
    ("capability class", mapped("capability", lambda c: int(c, 16)), key("-"), key("capability_class"), equal),
    ("operational mode", mapped("operationalMode", lambda c: int(c, 16)), key("-"), key("operational_mode"), equal),
]

# What DF 20 and 21 have beside their register.
COMM_B = {"downlink format", "address", "altitude", "code", "FS", "DR", "UM"}

# (name as in docs/mode-s-differences.md, fields, peers, test of (Kumiko's line, ours, theirs))
EXPLAINED = [
    ("ground speed, TC 19", {"speed over ground"}, {"pyModeS"},
     lambda line, mine, other: line.get("TC") == 19 and mine is not None and int(mine) == other),
    ("callsign with other characters", {"callsign"}, {"rs1090", "pyModeS"},
     lambda line, mine, other: mine is None and "#" in other),
    ("height difference of 0, TC 19", {"height difference"}, {"rs1090"},
     lambda line, mine, other: mine == 0 and other is None),
    ("selected altitude, TC 29", {"selected altitude"}, {"rs1090"},
     lambda line, mine, other: mine is not None and other is not None and abs(mine - other) <= 50 and other % 100 == 0),
    ("source of the rate of climb, TC 19", {"source of the rate"}, {"rs1090"},
     lambda line, mine, other: mine != other and mine in ("GNSS", "BARO") and other in ("GNSS", "BARO")),
    ("NUCp of versions 1 and 2", {"NUCp"}, {"rs1090", "pyModeS"},
     lambda line, mine, other: mine is None and "NIC" in line),
    ("CC of DF 16", {"CC"}, {"pyModeS"}, lambda line, mine, other: mine is None and line["DF"] == 16),
    ("positions not given", {"position"}, {"rs1090", "pyModeS"},
     lambda line, mine, other: other is None and line["position"] in ("confirmed", "provisional")),
]


def explanation(peer, name, line, mine, other):
    for title, names, peers, test in EXPLAINED:
        if name in names and peer in peers and test(line, mine, other):
            return title
    return None


# ------------------------------------------------------------------------------------------------ decoders

def ours(command, rows):
    """Kumiko's objects, one for each frame."""
    with tempfile.NamedTemporaryFile("w", suffix=".csv") as file:
        for seconds, frame in rows:
            file.write(f"{seconds},{frame}\n")
        file.flush()
        process = subprocess.run([*command, file.name], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    lines = [json.loads(line) for line in process.stdout.splitlines()]
    if len(lines) != len(rows):
        fail(SCRIPT, f"{len(lines)} lines for {len(rows)} frames")
    return lines


def read(path):
    """(seconds as text, frame in hexadecimal digits) of each line."""
    opened = gzip.open(path, "rt") if path.endswith(".gz") else open(path, encoding="utf-8-sig")
    with opened as file:
        for fields in csv.reader(file):
            frame = max((field.strip().lower() for field in fields[1:]), key=len)
            # The long flight has whole Beast frames: sign, type, count and signal before the frame itself.
            yield fields[0], frame[18:] if len(frame) > 28 else frame


def metres(a, b):
    north = (a[0] - b[0]) * 111_195
    east = ((a[1] - b[1] + 180) % 360 - 180) * 111_195 * math.cos(math.radians(a[0]))
    return math.hypot(north, east)


def cpu(function):
    started = time.process_time()
    result = function()
    return result, time.process_time() - started


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--decoder", help="command that takes a recording and writes JSON Lines")
    parser.add_argument("--bench", action="store_true", help="print how fast each decoder is")
    parser.add_argument("recordings", nargs="*")
    arguments = parser.parse_args()
    use_peers()
    import pyModeS
    import rs1090
    command = decoder(arguments.decoder, SCRIPT)
    paths = arguments.recordings or [os.path.join(folder("modes"), name) for name in RECORDINGS]
    paths = [path for path in paths if os.path.exists(path)]
    if not paths:
        fail(SCRIPT, f"no recordings under {folder('modes')}")

    begun = time.time()
    fields = collections.Counter()
    explained = collections.Counter()
    unexplained = collections.Counter()
    examples = {}
    frames = 0
    for path in paths:
        rows = list(read(path))
        seconds, hexadecimal = [float(row[0]) for row in rows], [row[1] for row in rows]
        lines = ours(command, rows)
        (rust, rust_seconds) = cpu(lambda: rs1090.decode(hexadecimal, seconds))
        (python, python_seconds) = cpu(lambda: [pyModeS.decode(frame) for frame in hexadecimal])
        pipe = pyModeS.PipeDecoder()
        # What it answered is changed by later messages: a copy keeps what was said then.
        (piped, pipe_seconds) = cpu(
            lambda: [dict(pipe.decode(f, timestamp=s)) for s, f in zip(seconds, hexadecimal)])
        frames += len(rows)
        jumps(path, lines, seconds, unexplained, examples)
        counts = collections.Counter()
        for line, frame, one, two, three in zip(lines, hexadecimal, rust, python, piped):
            if line["frame"] != frame:
                fail(SCRIPT, f"{line['frame']} where {frame} is next")
            for peer, place, other in (("rs1090", 2, one), ("pyModeS", 3, two)):
                if other is None or "error" in other:
                    unexplained[f"{peer}: no message"] += 1
                    examples.setdefault(f"{peer}: no message", (frame, other))
                    continue
                for field in FIELDS:
                    # What is in the register of DF 20 and 21 is compared elsewhere: nobody says which one it is.
                    if line["DF"] in (20, 21) and field[0] not in COMM_B:
                        continue
                    mine = field[1](line)
                    theirs = field[place](other)
                    if theirs is MISSING or mine is MISSING and theirs is None:
                        continue
                    counts[peer] += 1
                    if mine is not MISSING and field[4](mine, theirs):
                        continue
                    note(peer, field[0], line, None if mine is MISSING else mine, theirs, explained, unexplained,
                         examples)
            for peer, other in (("rs1090", one), ("pyModeS", three)):
                mine, theirs = place_of(line, "latitudeDegrees", "longitudeDegrees"), place_of(other)
                if mine is None and theirs is None:
                    continue
                counts[f"{peer}, positions"] += 1
                if mine and theirs and metres(mine, theirs) <= 1:
                    continue
                note(peer, "position", line, mine, theirs, explained, unexplained, examples)
        fields.update(counts)
        print(f"{os.path.basename(path)}: {len(rows)} frames; values compared: "
              + ", ".join(f"{peer} {count}" for peer, count in sorted(counts.items())), flush=True)
        if arguments.bench:
            for name, taken in (("rs1090 decode, with CPR", rust_seconds), ("pyModeS decode", python_seconds),
                                ("pyModeS PipeDecoder", pipe_seconds)):
                print(f"  {name}: {len(rows) / taken:,.0f} messages/s of CPU time")
    report(frames, fields, explained, unexplained, examples, begun)
    if arguments.bench:
        bench = next((b for b in (os.path.join(ROOT, scratch, "release/kumiko-bench-decode")
                                  for scratch in (".build", ".build-core", ".build-test")) if os.path.exists(b)), None)
        if bench:
            subprocess.run([bench, "modes"])
    sys.exit(1 if unexplained else 0)


def jumps(path, lines, seconds, unexplained, examples):
    """No confirmed position may be farther from the aircraft's last one than 320 m/s and 300 m allow."""
    last = {}
    worst = 0.0
    for line, now in zip(lines, seconds):
        if line.get("position") != "confirmed":
            continue
        place = place_of(line, "latitudeDegrees", "longitudeDegrees")
        if line["address"] in last:
            before, then = last[line["address"]]
            # Times of the samples are whole seconds.
            beyond = metres(place, before) - 320 * (abs(now - then) + (0 if "rs1090" in path else 1))
            worst = max(worst, beyond)
            if beyond > 300:
                unexplained["a position out of reach"] += 1
                examples.setdefault("a position out of reach", (line["frame"], before, place))
        last[line["address"]] = (place, now)
    if last:
        print(f"{os.path.basename(path)}: {len(last)} aircraft, each position within 320 m/s and {worst:.0f} m of the last")


def place_of(fields, latitude="latitude", longitude="longitude"):
    if not fields or fields.get(latitude) is None:
        return None
    return fields[latitude], fields[longitude]


def note(peer, name, line, mine, theirs, explained, unexplained, examples):
    title = explanation(peer, name, line, mine, theirs)
    if title:
        explained[title] += 1
        return
    unexplained[f"{peer}: {name}"] += 1
    examples.setdefault(f"{peer}: {name}", (line["frame"], mine, theirs))


def report(frames, fields, explained, unexplained, examples, begun):
    print(f"{frames} frames, {sum(fields.values())} values in {time.time() - begun:.0f} s")
    documented = open(os.path.join(ROOT, "docs/mode-s-differences.md")).read()
    for title, count in explained.most_common():
        if f"| {title} |" not in documented:
            fail(SCRIPT, f"docs/mode-s-differences.md does not explain: {title}")
        print(f"explained, {title}: {count} (docs/mode-s-differences.md)")
    for name, count in unexplained.most_common():
        print(f"DIFFERENT {name}: {count} times, e.g. {examples[name]}")
    print("no difference that is not explained" if not unexplained
          else f"{sum(unexplained.values())} differences that are not explained")


main()
