#!/usr/bin/env python3
"""Compares Kumiko's ASTERIX decoding with that of tshark (Wireshark), field by field, on real recordings.

    scripts/compare_tshark.py [--datagrams N] [--decoder COMMAND] [RECORDING…]

Wireshark's dissector was written by others from the same standard. The recordings (by default those of the categories
034, 048, 021, 062, 063, 065 under ../shared/data/asterix or $KUMIKO_DATA/asterix) are cut into datagrams here, not by
Kumiko, wrapped into UDP and given to `tshark -T pdml`; the same recordings go to `kumiko decode`. From each, N datagrams
spread over its whole length are compared: the same items and fields, as often, with the same values.

A difference that is known is in EXPLAINED below and in docs/asterix-differences.md, with who is right and why. Exit
status: 0 if all others agree, 1 if not, 2 if the comparison cannot be made.
"""
import argparse
import collections
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

from recordings import ROOT, blocks, datagrams, decoder, fail, flatten, folder

SCRIPT = "compare_tshark"
PORT = 8600

# Recording, preferences of tshark (its editions), where they are not the newest.
RECORDINGS = [
    ("bcn_20230502_0809_cat048.ast", []),
    ("alicante_adsb_cat021v24.ast", []),
    ("lebl_20160510_adsb_cat021v023.ast", ["asterix.i021_version:Version 0.23"]),
    ("jade_cat062_065_30min.ff", []),
    ("jade_cat062_30min.ff", []),
    ("ar_UIS.pcap", []),
    ("ar_cba_010626.pcap", []),
    ("jahorina.raw", []),
    ("cc_cat_034_048.pcap", []),
    ("cc_cat_062_065.pcap", []),
    ("cc_cat21_re.ast", []),
    ("a4py_cat062.ast", []),
    ("jade_cat048_tcas.ff", []),
    ("jade_cat062_one.ff", []),
    ("jade_cat062_one_sample2.ff", []),
    ("sharp_cat062.bin", []),
    ("sharp_cat062-all-1.bin", []),
    ("sharp_cat062-all-2.bin", []),
    ("sharp_cat062-boat3.bin", []),
]

# Names that tshark has otherwise.
RENAMED = [
    (r"021_V0_23_(.*)", r"021_\1"),
    (r"048_030_CODE", "048_030"),
    (r"062_510_MIDENT", "062_510_IDENT"),
    (r"062_510_MTRACK", "062_510_TRACK"),
]


def is_signed_level(mine, other):
    return float(other[0]) - float(mine) == 4096


def is_only_ours(mine, other):
    return mine != [] and other == []


def is_illegal_character(mine, other):
    return mine == "0x" + other[1]


# (name as in docs/asterix-differences.md, pattern of the field's path as CCC_ITEM_FIELD, test of (ours, theirs))
EXPLAINED = [
    ("sign of I048/090", r"048_090_FL", is_signed_level),
    ("I021/090 SRC", r"021_090_SRC", is_only_ours),
    ("contents of explicit items", r"\d\d\d_(RE|SP)(_.*)?", is_only_ours),
    ("six-bit codes that are no characters", r"(048_240|062_380_ID|062_245_CHR|021_170)", is_illegal_character),
]
# Differences in all of a record, where tshark lost its place in it.
LOST_PLACE = "length of I062/510"


# ------------------------------------------------------------------------------------------------ datagrams

def write_capture(path, payloads):
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, payload in enumerate(payloads):
            udp = struct.pack(">HHHH", PORT, PORT, 8 + len(payload), 0) + payload
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, b"\x7f\0\0\1", b"\x7f\0\0\1")
            out.write(struct.pack("<IIII", number, 0, len(ip) + len(udp), len(ip) + len(udp)) + ip + udp)


# ------------------------------------------------------------------------------------------------ theirs

def theirs(capture, preferences):
    """For each packet the list of its records, path -> list of (text shown, octets), and whether tshark got lost."""
    command = ["tshark", "-r", capture, "-d", f"udp.port=={PORT},asterix", "-T", "pdml"]
    for preference in preferences:
        command += ["-o", preference]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for _, element in ElementTree.iterparse(process.stdout):
        if element.tag != "packet":
            continue
        records = []
        lost = False
        for proto in element.iter("proto"):
            if proto.get("name") != "asterix":
                continue
            category = None
            for field in proto:
                if field.get("name") == "asterix.category":
                    category = int(field.get("show"))
                if field.get("name") == "asterix.message":
                    record = collections.defaultdict(list)
                    leaves(field, record)
                    # The item is elements of three octets: with any other length, the rest of the block is misread.
                    lost = lost or any(
                        int(item.get("size")) % 3 for item in field if item.get("name") == "asterix.062_510")
                    records.append((category, record))
        yield records, lost
        element.clear()
    if process.wait() != 0:
        fail(SCRIPT, f"tshark failed on {capture}")


def leaves(field, record):
    for child in field:
        if len(child):
            leaves(child, record)
            continue
        match = re.match(r"asterix\.(\d\d\d_.*)", child.get("name", ""))
        # What has no text and no octets is a container.
        if match and (child.get("show", "") or child.get("value", "")):
            path = re.sub(r"_VALUE$", "", match.group(1))
            for pattern, name in RENAMED:
                path = re.sub(f"^{pattern}$", name, path)
            record[path].append((child.get("show", ""), child.get("value", "")))


# ------------------------------------------------------------------------------------------------ ours

def ours(decoder, path, starts, chosen):
    """The records of the chosen datagrams by the datagram's number, (category, path -> list of values); and the total."""
    process = subprocess.Popen(decoder + [path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found = collections.defaultdict(list)
    total = 0
    position = 0
    for line in process.stdout:
        total += 1
        offset = int(re.search(rb'"offset":(\d+)', line).group(1))
        while position + 1 < len(starts) and starts[position + 1] <= offset:
            position += 1
        if position not in chosen:
            continue
        object = json.loads(line, parse_float=str)
        record = collections.defaultdict(list)
        for key, value in object.items():
            if re.match(r"I\d\d\d/", key):
                flatten(key[1:].replace("/", "_"), value, record)
        found[position].append((object["category"], record))
    if process.wait() != 0:
        fail(SCRIPT, f"{' '.join(decoder)} failed on {path}")
    return found, total


# ------------------------------------------------------------------------------------------------ comparison

def same(mine, other):
    """Whether our value and the text that tshark shows are the same."""
    shown, octets = other
    if isinstance(mine, str) and not re.fullmatch(r"-?\d+\.\d+", mine):
        text = mine.strip()
        if text == shown.strip():
            return True
        # Characters beyond ASCII are printed in various ways: their octets are compared.
        try:
            if octets and text == bytes.fromhex(octets).decode("latin-1").strip():
                return True
        except ValueError:
            pass
        try:
            if shown.startswith("0x"):
                return int(text, 16) == int(shown, 16)
            return int(text, 8) == int(shown)
        except ValueError:
            return False
    try:
        if shown.startswith("0x"):
            return float(mine) == int(shown, 16)
        a, b = float(mine), float(shown)
    except ValueError:
        return False
    # tshark prints doubles with about 15 digits.
    return a == b or abs(a - b) <= 1e-13 * max(1, abs(a), abs(b))


def explanation(path, mine, other):
    for name, pattern, test in EXPLAINED:
        if re.fullmatch(pattern, path) and test(mine, other):
            return name
    return None


def compare(file, mine, other, lost, counts):
    for path in sorted(set(mine) | set(other)):
        a = mine.get(path, [])
        b = other.get(path, [])
        if len(a) == len(b) and all(same(x, y) for x, y in zip(a, b)):
            counts["fields"] += len(a)
            continue
        if len(a) == len(b):
            for x, y in zip(a, b):
                counts["fields"] += 1
                if not same(x, y):
                    note(file, path, x, y, lost, counts)
        else:
            counts["fields"] += max(len(a), len(b))
            note(file, path, a, b, lost, counts)


def note(file, path, mine, other, lost, counts):
    name = LOST_PLACE if lost else explanation(path, mine, other)
    if name:
        counts["explained"][name] += 1
    else:
        counts["unexplained"][path] += 1
        counts["examples"].setdefault(path, (file, mine, other))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--datagrams", type=int, default=2000, help="datagrams compared of each recording")
    parser.add_argument("--decoder", help="command that takes a recording and writes JSON Lines")
    parser.add_argument("recordings", nargs="*")
    arguments = parser.parse_args()
    if not shutil.which("tshark"):
        fail(SCRIPT, "tshark is not installed; on Debian: apt-get install tshark")
    command = decoder(arguments.decoder, SCRIPT)
    data = folder()
    if arguments.recordings:
        known = dict(RECORDINGS)
        recordings = [(path, known.get(os.path.basename(path), [])) for path in arguments.recordings]
    else:
        recordings = [(os.path.join(data, name), preferences) for name, preferences in RECORDINGS]
    recordings = [(path, preferences) for path, preferences in recordings if os.path.exists(path)]
    if not recordings:
        fail(SCRIPT, f"no recordings under {data}")

    counts = {"records": 0, "fields": 0, "explained": collections.Counter(), "unexplained": collections.Counter(),
              "examples": {}}
    categories = collections.Counter()
    begun = time.time()
    for path, preferences in recordings:
        file = os.path.basename(path)
        all_datagrams = list(datagrams(path))
        starts = [start for start, _ in all_datagrams]
        stride = max(1, len(all_datagrams) // arguments.datagrams)
        chosen = range(0, len(all_datagrams), stride)
        mine, total = ours(command, path, starts, set(chosen))
        known = {34, 48, 21, 62, 63, 65}
        payloads = [b"".join(block for _, block in blocks(all_datagrams[i][1], known)) for i in chosen]
        seen = 0
        with tempfile.NamedTemporaryFile(suffix=".pcap") as capture:
            write_capture(capture.name, payloads)
            for i, (records, lost) in zip(chosen, theirs(capture.name, preferences)):
                if len(records) != len(mine[i]):
                    note(file, "number of records in a datagram", len(mine[i]), len(records), lost, counts)
                for (category, record), (_, other) in zip(mine[i], records):
                    compare(file, record, other, lost, counts)
                    counts["records"] += 1
                    categories[category] += 1
                    seen += 1
        print(f"{file}: {seen} of {total} records compared", flush=True)

    by_category = ", ".join(f"{category:03d}: {count}" for category, count in sorted(categories.items()))
    print(f"{counts['records']} records ({by_category}), {counts['fields']} fields in {time.time() - begun:.0f} s")
    documented = open(os.path.join(ROOT, "docs/asterix-differences.md")).read()
    for name, count in counts["explained"].most_common():
        if f"| {name} |" not in documented:
            fail(SCRIPT, f"docs/asterix-differences.md does not explain: {name}")
        print(f"explained, {name}: {count} (docs/asterix-differences.md)")
    for path, count in counts["unexplained"].most_common():
        file, mine, other = counts["examples"][path]
        print(f"DIFFERENT {path}: {count} times, e.g. in {file}: ours {mine!r}, tshark {other!r}")
    if counts["records"] == 0:
        fail(SCRIPT, "nothing was compared")
    if counts["unexplained"]:
        print(f"{sum(counts['unexplained'].values())} differences that are not explained")
        return 1
    print("no difference that is not explained")
    return 0


if __name__ == "__main__":
    sys.exit(main())
