#!/usr/bin/env python3
"""Compares Kumiko's AIS decoding with that of pyais (PyPI), field by field, on recorded and generated sentences.

    scripts/compare_ais.py [--decoder COMMAND] [--generated N] [FILE…]

The files are by default those of libais under ../shared/data/other or $KUMIKO_DATA/other. Sentences are put together
here, not by Kumiko. N messages (10,000) of every type with random bits are compared too: they reach every value of
every field. A difference that is known is in EXPLAINED below and in docs/ais.md. Exit status: 0 if all others agree,
1 if not, 2 if the comparison cannot be made.
"""
import argparse
import collections
import functools
import json
import os
import random
import re
import subprocess
import sys
import tempfile

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
VENV = os.path.join(ROOT, ".venv", "ais")
PYAIS = "3.3.1"

POSITION = {"speed": "speedKnots", "accuracy": "isAccurate", "lon": "longitudeDegrees", "lat": "latitudeDegrees",
            "course": "courseDegrees"}
SIZE = {"to_bow": "toBowMetres", "to_stern": "toSternMetres", "to_port": "toPortMetres",
        "to_starboard": "toStarboardMetres"}
AREA = {"ne_lon": "northEastLongitudeDegrees", "ne_lat": "northEastLatitudeDegrees",
        "sw_lon": "southWestLongitudeDegrees", "sw_lat": "southWestLatitudeDegrees"}
CLASS_A = {**POSITION, "status": "navigationStatus", "turn": "turn", "heading": "headingDegrees", "second": "second",
           "maneuver": "manoeuvre", "raim": "hasRAIM"}
TIME = {**{key: key for key in ("year", "month", "day", "hour", "minute", "second")},
        **{key: POSITION[key] for key in ("accuracy", "lon", "lat")}, "epfd": "positionDevice", "raim": "hasRAIM"}
ACKNOWLEDGED = {f"mmsi{i + 1}": f"entries.{i}.destination" for i in range(4)} | {
    f"mmsiseq{i + 1}": f"entries.{i}.sequence" for i in range(4)}
SLOT = {"addressed": "isAddressed", "structured": "isStructured", "dest_mmsi": "destination"}
# Type: pyais's name: path of ours.
FIELDS = {
    1: CLASS_A, 2: CLASS_A, 3: CLASS_A, 4: TIME, 11: TIME,
    5: {**SIZE, "ais_version": "version", "imo": "imoNumber", "callsign": "callsign", "shipname": "name",
        "ship_type": "shipType", "epfd": "positionDevice", "month": "arrivalMonth", "day": "arrivalDay",
        "hour": "arrivalHour", "minute": "arrivalMinute", "draught": "draughtMetres", "destination": "destination",
        "dte": "lacksTerminal"},
    6: {"seqno": "sequence", "dest_mmsi": "destination", "retransmit": "isRetransmitted", "dac": "areaCode",
        "fid": "function", "data": "data"},
    7: ACKNOWLEDGED, 13: ACKNOWLEDGED,
    8: {"dac": "areaCode", "fid": "function", "data": "data"},
    9: {**POSITION, "alt": "altitudeMetres", "second": "second", "dte": "lacksTerminal", "assigned": "isAssigned",
        "raim": "hasRAIM"},
    10: {"dest_mmsi": "destination"},
    12: {"seqno": "sequence", "dest_mmsi": "destination", "retransmit": "isRetransmitted", "text": "text"},
    14: {"text": "text"},
    15: {"mmsi1": "station1", "type1_1": "request1.type", "offset1_1": "request1.slotOffset",
         "type1_2": "request2.type", "offset1_2": "request2.slotOffset", "mmsi2": "station2",
         "type2_1": "request3.type", "offset2_1": "request3.slotOffset"},
    16: {"mmsi1": "stationA", "offset1": "offsetA", "increment1": "incrementA", "mmsi2": "stationB",
         "offset2": "offsetB", "increment2": "incrementB"},
    17: {"lon": "longitudeDegrees", "lat": "latitudeDegrees", "data": "data"},
    18: {**POSITION, "heading": "headingDegrees", "second": "second", "cs": "isCarrierSense", "display": "hasDisplay",
         "dsc": "hasDSC", "band": "usesWholeBand", "msg22": "obeysMessage22", "assigned": "isAssigned",
         "raim": "hasRAIM"},
    19: {**POSITION, **SIZE, "heading": "headingDegrees", "second": "second", "shipname": "name",
         "ship_type": "shipType", "epfd": "positionDevice", "raim": "hasRAIM", "dte": "lacksTerminal",
         "assigned": "isAssigned"},
    20: {f"{theirs}{i + 1}": f"series.{i}.{ours}" for i in range(4) for theirs, ours in (
        ("offset", "offset"), ("number", "slots"), ("timeout", "timeoutMinutes"), ("increment", "increment"))},
    21: {**SIZE, "aid_type": "aidType", "name": "name", "accuracy": "isAccurate", "lon": "longitudeDegrees",
         "lat": "latitudeDegrees", "epfd": "positionDevice", "second": "second", "off_position": "isOffPosition",
         "reserved_1": "status", "raim": "hasRAIM", "virtual_aid": "isVirtual", "assigned": "isAssigned",
         "name_ext": "nameExtension"},
    22: {**AREA, "channel_a": "channelA", "channel_b": "channelB", "txrx": "mode", "power": "isLowPower",
         "dest1": "station1", "dest2": "station2", "addressed": "isAddressed", "band_a": "isNarrowA",
         "band_b": "isNarrowB", "zonesize": "zoneSize"},
    23: {**AREA, "station_type": "stationType", "ship_type": "shipType", "txrx": "mode", "interval": "interval",
         "quiet": "quietMinutes"},
    24: {**SIZE, "partno": "part", "shipname": "name", "ship_type": "shipType", "vendorid": "vendor",
         "model": "unitModel", "serial": "serialNumber", "callsign": "callsign", "mothership_mmsi": "motherShip"},
    25: {**SLOT, "data": "data", "app_id": "application"},
    26: {**SLOT, "data": "data", "app_id": "application"},
    27: {**POSITION, "raim": "hasRAIM", "status": "navigationStatus", "gnss": "isLate"},
}
STATE = {"received_stations": "receivedStations", "slot_number": "slotNumber", "utc_hour": "hour",
         "utc_minute": "minute", "slot_offset": "slotOffset", "slot_timeout": "slotTimeout", "sync_state": "syncState",
         "keep_flag": "keepsSlot", "slot_increment": "slotIncrement", "num_slots": "slotCount"}
# Numbers for which pyais has a name; in the place of others it gives the name of another.
NAMED = {"ship_type": "ShipType", "aid_type": "NavAid", "station_type": "StationType", "interval": "StationIntervals",
         "status": "NavigationStatus", "epfd": "EpfdType", "txrx": "TransmitMode", "maneuver": "ManeuverIndicator"}
# What "not available" is on the wire, as pyais writes it.
UNAVAILABLE = {"speed": {102.3, 1023, 63}, "lon": {181.0}, "lat": {91.0}, "course": {360.0, 511}, "heading": {511},
               "alt": {4095}, "draught": {0.0}, "turn": {-128}, "ne_lon": {10860.0}, "sw_lon": {10860.0},
               "ne_lat": {5460.0}, "sw_lat": {5460.0}}


def fail(sentence):
    print(f"compare_ais: {sentence}", file=sys.stderr)
    sys.exit(2)


def ensure_pyais():
    """Runs this program in an environment of its own, with pyais in it."""
    python = os.path.join(VENV, "bin", "python")
    if os.path.realpath(sys.prefix) != os.path.realpath(VENV):
        if not os.path.exists(python):
            subprocess.run([sys.executable, "-m", "venv", VENV], check=True)
        os.execv(python, [python, *sys.argv])
    try:
        import pyais
        if pyais.__version__ == PYAIS:
            return
    except ImportError:
        pass
    done = subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", f"pyais=={PYAIS}"])
    if done.returncode != 0:
        fail("pyais cannot be installed from PyPI")
    os.execv(python, [python, *sys.argv])


# ------------------------------------------------------------------------------------------------- sentences

SENTENCE = re.compile(rb"!..VD[MO],(\d),(\d),(\d?),([^,]*),([^,]+),([0-5])\*([0-9A-Fa-f]{2})")
GROUP = re.compile(rb"\\[^\\]*g:\d-\d-(\d+)")


def messages(data):
    """(offset of the line that makes a message whole, its sentences) of each message."""
    waiting, offset = {}, 0
    for line in data.split(b"\n"):
        here, offset = offset, offset + len(line) + 1
        found = SENTENCE.search(line)
        if not found:
            continue
        body = found.group(0)
        checksum = 0
        for byte in body[1:body.rindex(b"*")]:
            checksum ^= byte
        if checksum != int(found.group(7), 16):
            continue
        count, number = int(found.group(1)), int(found.group(2))
        if count == 1:
            yield here, [body]
            continue
        group = GROUP.search(line)
        key = (count, group.group(1) if group else (found.group(3), found.group(4)))
        parts = waiting.setdefault(key, {})
        if number in parts:
            parts.clear()
        parts[number] = body
        if len(parts) == count:
            yield here, [parts[i] for i in sorted(parts)]
            del waiting[key]


LENGTHS = {1: 168, 2: 168, 3: 168, 4: 168, 5: 424, 6: 168, 7: 168, 8: 168, 9: 168, 10: 72, 11: 168, 12: 168, 13: 72,
           14: 160, 15: 160, 16: 144, 17: 160, 18: 168, 19: 312, 20: 160, 21: 356, 22: 168, 23: 160, 24: 168, 25: 168,
           26: 256, 27: 96}


def generated(count, seed):
    """Sentences of random bits, every type in turn."""
    source = random.Random(seed)
    lines = []
    for i in range(count):
        kind = i % 27 + 1
        bits = LENGTHS[kind]
        value = source.getrandbits(bits) & ((1 << (bits - 8)) - 1) | kind << (bits - 6)
        # The reserved parts of message 24 are of no type.
        if kind == 24:
            value &= ~(1 << (bits - 39))
        padding = -bits % 6
        text = value << padding
        characters = []
        for at in range(bits + padding - 6, -1, -6):
            six = text >> at & 63
            characters.append(chr(six + (48 if six < 40 else 56)))
        payload = "".join(characters)
        pieces = [payload[at:at + 56] for at in range(0, len(payload), 56)]
        for number, piece in enumerate(pieces, 1):
            sequence = i % 10 if len(pieces) > 1 else ""
            body = f"AIVDM,{len(pieces)},{number},{sequence},A,{piece},{padding if number == len(pieces) else 0}"
            checksum = 0
            for byte in body.encode():
                checksum ^= byte
            lines.append(f"!{body}*{checksum:02X}\r\n")
    return "".join(lines).encode()


# ------------------------------------------------------------------------------------------------ comparison

def at(line, path):
    value = line
    for step in path.split("."):
        if isinstance(value, list):
            value = value[int(step)] if int(step) < len(value) else None
        elif isinstance(value, dict):
            value = value.get(step)
        if value is None:
            return None
    return value


def turn_of(raw):
    """The rate of turn as pyais gives it, from ours as it is on the wire."""
    if raw is None or raw == -128:
        return None
    if abs(raw) == 127:
        return raw
    return float(round((raw / 4.733) ** 2)) * (1 if raw > 0 else -1) if raw else 0.0


def is_equal(name, mine, other):
    if isinstance(mine, bool) or isinstance(other, bool):
        return bool(mine) == bool(other)
    if isinstance(other, bytes):
        return mine == other.hex()
    if isinstance(other, str):
        return str(mine) == other
    if isinstance(mine, str):
        return mine.isdigit() and int(mine) == other
    return abs(float(mine) - float(other)) <= 1.01e-6


def compare(ours, theirs, kind, differences):
    """Counts what differs; answers with the number of fields compared."""
    count = 0
    for name, path in FIELDS[kind].items():
        if name not in theirs:
            continue
        other, mine = theirs[name], at(ours, path)
        if name == "app_id":
            mine = None if at(ours, "areaCode") is None else at(ours, "areaCode") << 6 | at(ours, "function")
        if other is None and mine in (None, ""):
            continue
        # Fields that the message does not reach are missing there, and are so or zero bits here.
        count += 1
        if name == "turn":
            mine = turn_of(mine)
            other = None if abs(float(other)) == 128 else other
            if mine is None and other is None:
                continue
        if mine is None and name in UNAVAILABLE and other is not None and float(other) in UNAVAILABLE[name]:
            continue
        if kind in (17, 22, 23) and name.split("_")[-1] in ("lon", "lat") and mine is not None:
            # They give tenths of a minute as tenths.
            mine = round(mine * 60, 1)
            other = float(other)
            if abs(mine - other) < 0.051:
                continue
        if mine is None or other is None or not is_equal(name, mine, other):
            differences[(kind, name)].append((mine, other, ours))
    return count


@functools.lru_cache
def names(field):
    import pyais.constants
    return {int(value) for value in getattr(pyais.constants, NAMED[field])}


def explain(kind, name, mine, other, ours):
    """Names the reason of a known difference (docs/ais.md), or nothing."""
    if kind in (25, 26) and name in ("data", "app_id"):
        if ours["isAddressed"]:
            return "two spare bits of addressed 25 and 26"
        if kind == 26 and name == "data" and isinstance(other, bytes):
            # Four spare bits before the communication state are data there.
            return "four spare bits of 26" if other.hex().startswith((mine or "").rstrip("0")) else None
    if isinstance(mine, str) and isinstance(other, str):
        if mine.strip() == other:
            return "blanks in front"
        if other.startswith(mine.strip()):
            return "text behind @"
    if name in NAMED and mine not in names(name):
        return "values without a name"
    if kind == 17 and name in ("lon", "lat") and mine is not None:
        return "sign of 17" if abs(other - mine * 1 - (1 << (18 if name == "lon" else 17)) / 10) < 0.051 else None
    if name == "state.utc_minute" and mine & 63 == other:
        return "seven bits of the minute"
    if mine is None and kind in (7, 13, 15, 16, 20) and not ours.get("isGenerated"):
        return "fields cut off by the end"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decoder", default=os.path.join(ROOT, ".build-core/release/kumiko-frames") + " ais")
    parser.add_argument("--generated", type=int, default=10_000)
    parser.add_argument("files", nargs="*")
    options = parser.parse_args()
    ensure_pyais()
    import pyais

    data = os.path.join(os.environ.get("KUMIKO_DATA") or os.path.join(ROOT, "../shared/data"), "other")
    files = options.files or [
        path for path in (os.path.join(data, name) for name in (
            "libais_typeexamples.nmea", "libais_test.aivdm", "libais_tagblock.nmea")) if os.path.exists(path)]
    with tempfile.TemporaryDirectory() as work:
        if options.generated:
            path = os.path.join(work, "generated.nmea")
            with open(path, "wb") as file:
                file.write(generated(options.generated, 1))
            files.append(path)
        fields = total = refused = 0
        differences, reasons = collections.defaultdict(list), collections.Counter()
        types = collections.Counter()
        for path in files:
            done = subprocess.run([*options.decoder.split(), path], capture_output=True, check=False)
            ours = {}
            for line in done.stdout.splitlines():
                if line.startswith(b"{"):
                    one = json.loads(line)
                    ours[one["offset"]] = one
            if not ours:
                fail(f"{options.decoder} gave nothing of {path}: {done.stderr.decode(errors='replace')[:200]}")
            with open(path, "rb") as file:
                content = file.read()
            for offset, sentences in messages(content):
                try:
                    decoded = pyais.decode(*sentences)
                except Exception:  # Whatever it throws: what counts is that it gives nothing.
                    refused += 1
                    continue
                theirs = decoded.asdict(enum_as_int=True)
                kind = theirs["msg_type"]
                if kind not in FIELDS:
                    reasons["types that M.1371-5 does not define"] += 1
                    continue
                mine = ours.get(offset)
                if mine is None:
                    # Too short for its type.
                    if any(value is None for value in theirs.values()):
                        reasons["too short"] += 1
                    else:
                        differences[(kind, "message")].append((None, sentences, {}))
                    continue
                mine["isGenerated"] = path.endswith("generated.nmea")
                total += 1
                types[kind] += 1
                fields += compare(mine, theirs, kind, differences)
                if getattr(decoded, "radio", None) is not None and "communicationState" in mine and kind != 26:
                    for name, value in decoded.get_communication_state().items():
                        fields += 1
                        mine_state = mine["communicationState"].get(STATE[name])
                        if value is None and mine_state is None:
                            continue
                        if value is None or mine_state is None or int(value) != int(mine_state):
                            differences[(kind, "state." + name)].append((mine_state, value, mine))
        unexplained = 0
        for (kind, name), found in sorted(differences.items()):
            left = []
            for mine, other, line in found:
                reason = explain(kind, name, mine, other, line)
                if reason:
                    reasons[reason] += 1
                else:
                    left.append((mine, other))
            if left:
                unexplained += len(left)
                print(f"type {kind} {name}: {len(left)} differ, e.g. Kumiko {left[0][0]!r}, pyais {left[0][1]!r}")
        for reason, count in sorted(reasons.items()):
            print(f"explained: {reason}: {count}")
        print(f"compare_ais: {total} messages of {len(types)} types, {fields} fields, {unexplained} unexplained "
              f"differences; pyais refused {refused} messages")
        sys.exit(1 if unexplained else 0)


if __name__ == "__main__":
    main()
