#!/usr/bin/env python3
"""Compares Kumiko's ASTERIX decoding with that of libasterix (PyPI), every leaf of every record.

    scripts/compare_libasterix.py [--every N] [--decoder COMMAND] [RECORDING…]

libasterix was written by others. The recordings (by default all under ../shared/data/asterix and asterix-unit, or in
$KUMIKO_DATA) are cut into blocks here, not by Kumiko; libasterix divides each block into records and these into fields, by
the edition that Kumiko names. Where records begin and end, and each field's value, must be the same. --every N compares
each N-th datagram only.

A difference that is known is in EXPLAINED below and in docs/asterix-differences.md, with who is right and why. Exit
status: 0 if all others agree, 1 if not, 2 if the comparison cannot be made.
"""
import argparse
import collections
import json
import multiprocessing
import os
import re
import subprocess
import sys
import time

from recordings import ROOT, blocks, datagrams, decoder, fail, flatten, folder

SCRIPT = "compare_libasterix"
VERSION = "0.36.3"


def use_libasterix():
    """Runs this script in an environment of its own: another package of PyPI has a module of the same name."""
    home = os.path.join(ROOT, ".venv", "libasterix")
    python = os.path.join(home, "bin", "python")
    if os.path.realpath(sys.prefix) == os.path.realpath(home):
        return
    if not os.path.exists(os.path.join(home, VERSION)):
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", f"libasterix=={VERSION}"], check=True)
        open(os.path.join(home, VERSION), "w").close()
    os.execv(python, [python, *sys.argv])


# ------------------------------------------------------------------------------------------------ theirs

class Theirs:
    """Fields of records as libasterix reads them."""

    def __init__(self):
        from asterix import base, generated
        self.base = base
        self.specs = {(c, s.cv_edition): s for c, all in generated.manifest["CATS"].items() for s in all}
        # The newest expansion field of each category.
        self.expansions = {c: all[-1].cv_expansion for c, all in generated.manifest["REFS"].items()}
        self.categories = set(generated.manifest["CATS"])

    def records(self, category, edition, content):
        """The records of a block: (octets, path -> values) each, or a sentence why there are none."""
        spec = self.specs.get((category, edition))
        if spec is None:
            return f"libasterix has no edition {edition}"
        bits = self.base.Bits.from_bytes(content)
        uap = spec.cv_uap
        if issubclass(uap, self.base.UapSingle):
            parsed = uap._parse(bits)
        elif uap.cv_selector:
            parsed = self.selected(uap, bits)
        else:
            # Which profile a record follows is not in the record (001: plot or track is in I001/020).
            found = uap._parse_any_uap(bits, None)
            parsed = found if isinstance(found, ValueError) else found[0] if found else ValueError("no profile fits")
        if isinstance(parsed, ValueError):
            return str(parsed)
        return [(len(record.unparse()) // 8, self.leaves(category, record)) for record in parsed]

    def selected(self, uap, bits):
        """Records of a block whose profile each record itself names."""
        path, names = uap.cv_selector
        records = []
        while len(bits):
            for name, record in uap.cv_uaps.items():
                result = record._parse(self.base.ParsingMode.StrictParsing, bits)
                if isinstance(result, ValueError):
                    continue
                value = self.value_at(result[0], path)
                if value is not None and names.get(value) == name:
                    break
            else:
                return ValueError("no profile fits")
            records.append(result[0])
            bits = result[1]
        return records

    def value_at(self, record, path):
        """The number at a path of a record; nil if it is absent."""
        item = record.items_regular.get(path[0])
        if item is None:
            return None
        for name in path[1:]:
            item = item.arg.arg._get_item(name)
            if item is None:
                return None
        return item.as_uint()

    def leaves(self, category, record):
        found = collections.defaultdict(list)
        items = list(record.items_regular.items())
        for sequence in record.items_rfs:
            items += sequence or []
        for name, item in items:
            self.rule(f"{category:03d}_{name}", item.arg, found, record, category)
        return found

    def rule(self, path, rule, found, record, category):
        if isinstance(rule, self.base.RuleVariationDependent):
            key = [self.value_at(record, p) for p in rule.cv_depends_on]
            try:
                variation = rule._variation(None if None in key else key)
            except ValueError:
                variation = rule._variation(None)
        else:
            variation = rule.arg
        self.variation(path, variation, found, record, category)

    def variation(self, path, variation, found, record, category):
        base = self.base
        if isinstance(variation, base.Element):
            found[path].append(self.element(variation, record))
        elif isinstance(variation, base.Group):
            for item, _ in zip(variation.arg, variation.cv_items_list):
                self.part(path, item, found, record, category)
        elif isinstance(variation, base.Extended):
            for group in variation.arg:
                for item in group:
                    self.part(path, item, found, record, category)
        elif isinstance(variation, base.Repetitive):
            for inner in variation.arg:
                self.variation(path, inner, found, record, category)
        elif isinstance(variation, base.Compound):
            for name, item in variation.arg.items():
                self.rule(f"{path}_{name}", item.arg, found, record, category)
        elif isinstance(variation, base.Explicit):
            octets = variation.get_bytes()
            expansion = self.expansions.get(category)
            if expansion and variation.cv_explicit_type is base.ReservedExpansion:
                parsed = expansion._parse(base.Bits.from_bytes(octets))
                if not isinstance(parsed, ValueError) and len(parsed[1]) == 0:
                    for name, item in parsed[0].arg.items():
                        self.rule(f"{path}_{name}", item.arg, found, record, category)
                    return
            found[path].append(("octets", octets))

    def part(self, path, item, found, record, category):
        if isinstance(item, self.base.Item):
            inner = item.arg
            self.rule(f"{path}_{inner.cv_name}", inner.arg, found, record, category)

    def element(self, element, record):
        """(kind, value) of a leaf."""
        base = self.base
        rule = element.rule if hasattr(element, "rule") else element._get_rule()
        if isinstance(rule, base.RuleContentDependent):
            key = [self.value_at(record, p) for p in rule.cv_depends_on]
            try:
                content = rule._get_content(None if None in key else key)
            except ValueError:
                content = rule._get_content(None)
        else:
            content = rule._get_content()
        if isinstance(content, base.ContentQuantity):
            return ("quantity", content._as_quantity())
        if isinstance(content, base.ContentInteger):
            return ("integer", content.as_integer())
        if isinstance(content, base.ContentString):
            return (content.cv_string_type.__name__, content.as_string(), content.as_uint(), len(content.bs))
        if isinstance(content, base.ContentBds):
            return ("bds", content.as_uint(), len(content.bs))
        return ("raw", content.as_uint(), len(content.bs))


# ------------------------------------------------------------------------------------------------ comparison

def same(mine, other):
    """Whether our value and theirs are the same."""
    kind = other[0]
    try:
        if kind == "quantity":
            a, b = float(mine), other[1]
            return a == b or abs(a - b) <= 1e-13 * max(1, abs(a), abs(b))
        if kind == "integer":
            return int(mine) == other[1]
        if kind == "octets":
            return mine == other[1].hex()
        if kind in ("StringICAO", "StringAscii"):
            return mine == other[1].rstrip(" ") or mine == f"0x{other[2]:0{other[3] // 4}x}" or (
                kind == "StringAscii" and mine.encode("latin-1") == other[2].to_bytes(other[3] // 8, "big").rstrip(b" "))
        if kind == "StringOctal":
            return int(mine, 8) == other[2]
        if isinstance(mine, str):
            return int(mine, 16) == other[1]
        return int(mine) == other[1]
    except (TypeError, ValueError):
        return False


def is_four_times(mine, other):
    return abs(float(mine) - 4 * other[1]) < 1e-9


# (name as in docs/asterix-differences.md, pattern of the field's path as CCC_ITEM_FIELD, test of (ours, theirs))
EXPLAINED = [
    ("LSB of I010/202 and I010/210", r"010_(202|210)_.*", is_four_times),
]


def explanation(path, mine, other):
    for name, pattern, test in EXPLAINED:
        if re.fullmatch(pattern, path) and test(mine, other):
            return name
    return None


class Counts:
    def __init__(self):
        self.records = collections.Counter()
        self.fields = 0
        self.blocks = 0
        self.explained = collections.Counter()
        self.unexplained = collections.Counter()
        self.examples = {}
        self.left_out = collections.Counter()

    def note(self, file, path, mine, other):
        name = explanation(path, mine, other) if not isinstance(mine, list) else None
        if name:
            self.explained[name] += 1
        else:
            self.unexplained[path] += 1
            self.examples.setdefault(path, (file, mine, other))

    def add(self, other):
        for name in ("records", "explained", "unexplained", "left_out"):
            getattr(self, name).update(getattr(other, name))
        self.fields += other.fields
        self.blocks += other.blocks
        for path, example in other.examples.items():
            self.examples.setdefault(path, example)


def compare_recording(task):
    path, command, every = task
    theirs = Theirs()
    counts = Counts()
    file = os.path.basename(path)
    wanted = {}
    for number, (start, payload) in enumerate(datagrams(path)):
        if number % every == 0:
            for at, block in blocks(payload, theirs.categories):
                wanted[start + at] = block
    starts = sorted(wanted)
    process = subprocess.Popen(command + [path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    position = -1
    mine = []

    def settle():
        if position >= 0:
            compare_block(file, starts[position], wanted[starts[position]], mine, theirs, counts)

    for line in process.stdout:
        offset = int(re.search(rb'"offset":(\d+)', line).group(1))
        if position + 1 < len(starts) and offset >= starts[position + 1]:
            settle()
            mine = []
            while position + 1 < len(starts) and offset >= starts[position + 1]:
                position += 1
        if position < 0 or offset >= starts[position] + len(wanted[starts[position]]):
            continue
        mine.append(json.loads(line, parse_float=str))
    settle()
    process.wait()
    return file, counts


def compare_block(file, start, block, mine, theirs, counts):
    counts.blocks += 1
    if not mine:
        counts.note(file, "block without a record", start, len(block))
        return
    edition = tuple(int(number) for number in mine[0]["edition"].split("."))
    records = theirs.records(block[0], edition, block[3:])
    if isinstance(records, str):
        more = [record for record in mine if "_more" in json.dumps(record)]
        name = "octets that no edition defines" if more else records
        if more:
            counts.explained[name] += 1
        else:
            counts.left_out[f"{block[0]:03d}: {name}"] += 1
            counts.examples.setdefault(name, (file, start, block.hex()))
        return
    at = start + 3
    bounds = []
    for length, _ in records:
        bounds.append((at, length))
        at += length
    ours = [(record["offset"], record["length"]) for record in mine]
    if ours != bounds:
        counts.note(file, "bounds of records", ours, bounds)
        return
    for record, (_, other) in zip(mine, records):
        counts.records[block[0]] += 1
        found = collections.defaultdict(list)
        for key, value in record.items():
            if re.match(r"I\d\d\d/", key):
                flatten(key[1:].replace("/", "_"), value, found)
        for path in found.keys() | other.keys():
            a, b = found.get(path, []), other.get(path, [])
            counts.fields += max(len(a), len(b))
            if len(a) != len(b):
                counts.note(file, path, a, b)
                continue
            for x, y in zip(a, b):
                if not same(x, y):
                    counts.note(file, path, x, y)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--every", type=int, default=1, help="compare each N-th datagram only")
    parser.add_argument("--decoder", help="command that takes a recording and writes JSON Lines")
    parser.add_argument("recordings", nargs="*")
    arguments = parser.parse_args()
    use_libasterix()
    command = decoder(arguments.decoder, SCRIPT)
    paths = arguments.recordings or [
        os.path.join(folder(kind), name) for kind in ("asterix", "asterix-unit") if os.path.isdir(folder(kind))
        for name in sorted(os.listdir(folder(kind)))]
    if not paths:
        fail(SCRIPT, f"no recordings under {folder()}")
    paths.sort(key=os.path.getsize, reverse=True)
    begun = time.time()
    total = Counts()
    with multiprocessing.Pool() as pool:
        for file, counts in pool.imap_unordered(compare_recording, [(p, command, arguments.every) for p in paths]):
            total.add(counts)
            if counts.blocks:
                print(f"{file}: {counts.records.total()} records, {counts.fields} fields", flush=True)
    by_category = ", ".join(f"{category:03d}: {count}" for category, count in sorted(total.records.items()))
    print(f"{total.records.total()} records ({by_category}), {total.fields} fields in {time.time() - begun:.0f} s")
    documented = open(os.path.join(ROOT, "docs/asterix-differences.md")).read()
    for name, count in total.left_out.most_common():
        print(f"not compared, category {name}: {count} blocks")
    for name, count in total.explained.most_common():
        if f"| {name} |" not in documented:
            fail(SCRIPT, f"docs/asterix-differences.md does not explain: {name}")
        print(f"explained, {name}: {count} (docs/asterix-differences.md)")
    for path, count in total.unexplained.most_common():
        file, mine, other = total.examples[path]
        print(f"DIFFERENT {path}: {count} times, e.g. in {file}: ours {mine!r}, libasterix {other!r}")
    if not total.records:
        fail(SCRIPT, "nothing was compared")
    if total.unexplained:
        print(f"{total.unexplained.total()} differences that are not explained")
        return 1
    print("no difference that is not explained")
    return 0


if __name__ == "__main__":
    sys.exit(main())
