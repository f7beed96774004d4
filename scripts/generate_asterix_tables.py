#!/usr/bin/env python3
"""Writes the ASTERIX category tables of Sources/SensorFormats/Asterix/Tables from machine-readable definitions.

    scripts/generate_asterix_tables.py SPECS_DIRECTORY

SPECS_DIRECTORY is the folder `specs` of zoranbosnjak/asterix-specs (BSD-3-Clause): catNNN/cat-E.e.ast, catNNN/ref-E.e.ast.
Only facts are taken (widths, scales, units, order, short names); definitions, remarks and meanings of values are not.
The notation that comes out is described in Sources/SensorFormats/Asterix/AsterixTable.swift. A definition that the data
or its own declared range refutes is corrected here, in CORRECTIONS, with the reason.
"""
import os
import re
import sys
import textwrap

# (category, editions or None for all, path of names) -> (old scale, new scale, reason)
CORRECTIONS = {
    (10, "202/VX"): ("1/2^4", "1/2^2", "the range of 8192 m/s needs 1/4; recorded tracks move so"),
    (10, "202/VY"): ("1/2^4", "1/2^2", "the range of 8192 m/s needs 1/4; recorded tracks move so"),
    (10, "210/AX"): ("1/2^4", "1/2^2", "the range of 31 m/s2 needs 1/4"),
    (10, "210/AY"): ("1/2^4", "1/2^2", "the range of 31 m/s2 needs 1/4"),
    (17, "045/LAT"): ("180/2^25", "180/2^23", "24 bits must reach 90 degrees"),
    (17, "045/LON"): ("180/2^25", "180/2^23", "24 bits must reach 180 degrees"),
    (25, "600/LON"): ("180/2^32", "180/2^31", "32 bits must reach 180 degrees"),
    (21, "090/PA"): ("signed", "unsigned", "a category of 0 to 9, not a number with a sign"),
    # Signed since 1.32; aircraft on the ground send it negative, which older texts would read as FL 4094.
    (48, "090/FL"): ("unsigned", "signed", "negative on the ground; signed since edition 1.32"),
}
# (category, path of names) -> (least, most) as declared -> (least, most) as meant, reason
RANGES = {
    (15, "605/RSVA/SDVA"): ((None, "3355443/20"), (None, "13107/20"), "16 bits; the range declared is that of 24"),
    (15, "627/AZ"): (("360", None), (None, "360"), "an azimuth up to 360 degrees, not from there"),
    (15, "631/ELCON"): (("90", "-90"), ("-90", "90"), "the two signs are exchanged"),
    (15, "631/AZCON"): (("360", None), (None, "360"), "an azimuth up to 360 degrees, not from there"),
}
SKIPPED = {"definition", "description", "remark", "preamble"}
applied = set()


def tree(text):
    """Lines to (line, children), by indentation; prose is left out."""
    root = []
    stack = [(-1, root)]
    skip = None
    for line in text.splitlines():
        if not line.strip():
            continue
        indent = len(line) - len(line.lstrip())
        if skip is not None:
            if indent > skip:
                continue
            skip = None
        words = line.strip()
        if words in SKIPPED:
            skip = indent
            continue
        while stack[-1][0] >= indent:
            stack.pop()
        node = (words, [])
        stack[-1][1].append(node)
        stack.append((indent, node[1]))
    return root


def content(node, path, category):
    """The letter and scale of an element's content."""
    words, children = node
    if words == "raw":
        return ""
    if words == "table":
        return "t"
    if words.startswith("string"):
        return {"ascii": "a", "icao": "i", "octal": "o"}[words.split()[1]]
    if words.startswith("bds"):
        return "b" if words == "bds" else "t" if words == "bds ?" else "h"
    if words.startswith("case"):
        selector = words[5:]
        alternatives = []
        i = 0
        for key, body in children:
            assert key.endswith(":"), key
            alternatives.append((key[:-1], body))
        texts = set()
        for key, body in alternatives:
            texts.add(content(body[0], path, category).replace("t", ""))
        if len(texts) == 1:
            return texts.pop()
        name = selector.split("/")[-1]
        listed = " ".join(
            f"{key}={content(body[0], path, category) or 't'}" for key, body in alternatives if key != "default")
        return f"?{name}[{listed}]"
    m = re.match(r"(signed|unsigned) (integer|quantity)(?: (\S+) \"([^\"]*)\")?(.*)$", words)
    assert m, words
    sign, kind, scale, unit, declared = m.groups()
    key = (category, "/".join(path))
    if key in CORRECTIONS:
        old, new, _ = CORRECTIONS[key]
        if old == sign:
            sign = new
            applied.add(key)
        elif old == scale:
            scale = new
            applied.add(key)
    letter = "u" if sign == "unsigned" else "s"
    if kind == "quantity":
        letter += f'{scale}"{unit}"'
    return letter + declared_range(declared, key)


def declared_range(text, key):
    """`@least..most` of the range a definition declares; whether a bound itself belongs to it makes no difference here."""
    bounds = {}
    for sign, bound in re.findall(r"([<>])=? *([-\d/^]+)", text):
        bounds[sign] = bound.removesuffix("/1")
    if key in RANGES and (bounds.get(">"), bounds.get("<")) == RANGES[key][0]:
        bounds = {sign: bound for sign, bound in zip("><", RANGES[key][1]) if bound}
        applied.add(key)
    if not bounds:
        return ""
    return "@" + (bounds.get(">") or "") + ".." + (bounds.get("<") or "")


def element(node, path, category):
    words, children = node
    bits = int(words.split()[1])
    child = children[0]
    # Contents may depend on a field: then the element's own children are the case.
    return f":{bits}{content(child, path, category)}"


def fields(children, path, category):
    out = []
    for node in children:
        words, below = node
        if words == "-":
            out.append("|")
        elif words.startswith("spare"):
            out.append("-" + words.split()[1])
        else:
            out.append(item(node, path, category))
    return " ".join(out)


def width(node):
    """Bits of an element or group."""
    words, children = node
    if words.startswith(("element", "spare")):
        return int(words.split()[1])
    return sum(width(child) if child[0].startswith("spare") else width(child[1][0]) for child in children)


def body(node, path, category):
    words, children = node
    head = words.split()[0]
    if head == "element":
        return element(node, path, category)
    if head == "case":
        # Alternatives of one width whose meaning depends on another item: the bits are kept raw.
        widths = {width(below[0]) for _, below in children}
        assert len(widths) == 1, (path, widths)
        return f":{widths.pop()}t"
    if head == "group":
        return "(" + fields(children, path, category) + ")"
    if head == "extended":
        return "<" + fields(children, path, category) + ">"
    if head == "repetitive":
        return "[" + words.split()[1] + " " + body(children[0], path, category) + "]"
    if head == "explicit":
        return "!" + (words.split()[1] if len(words.split()) > 1 else "none")
    if head == "compound":
        size = words.split()[1] if len(words.split()) > 1 else ""
        out = []
        for child in children:
            out.append("-" if child[0] == "-" else item(child, path, category))
        return "{" + ("=" + size + " " if size else "") + " ".join(out) + "}"
    raise ValueError(words)


def item(node, path, category):
    words, children = node
    m = re.match(r'(\S+) "(.*)"$', words)
    assert m, words
    name = m.group(1)
    assert re.fullmatch(r"[A-Za-z0-9_]+", name), name
    assert len(children) == 1, (words, children)
    return name + body(children[0], path + [name], category)


def statements(text, ref, category):
    """Title, edition and the statements of a definition in our notation, in order: name -> lines."""
    nodes = tree(text)
    title = re.match(r'(asterix|ref) \d+ "(.*)"', nodes[0][0]).group(2)
    edition = nodes[1][0].split()[1]
    out = {}

    def profile(name, slots):
        out[name] = wrap(f"{name} " + " ".join(c[0] for c in slots))

    for words, children in nodes:
        if words == "uap":
            profile("uap", children)
        if words == "uaps":
            for sub, below in children:
                if sub == "variations":
                    for name, slots in below:
                        profile(f"uap:{name}", slots)
                elif sub.startswith("case"):
                    keys = " ".join(k[0].replace(": ", "=") for k in below)
                    out["choose"] = wrap(f"choose {sub.split()[1]} {keys}")
    items = next(n for n in nodes if n[0] == "items")
    for node in items[1]:
        name, short = re.match(r'(\S+) "(.*)"$', node[0]).groups()
        line = item(node, [], category)
        if ref and line == "RE!re":
            line = "RE!re" + ref
        out[name] = [f"# {name} {short}"] + wrap(line)
    return title, edition, out


def differences(base, new):
    """What must be said of an edition when its base is known; items appear where their numbers belong."""
    gone = [name for name in base if name not in new]
    lines = ["without " + " ".join(gone)] if gone else []
    for name, text in new.items():
        if base.get(name) != text:
            lines += text
    return lines


def wrap(text):
    return textwrap.wrap(text, 108, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def write_table(target, category, version, source, title, base, lines):
    major, minor = version
    name = f"cat{category:03d}Edition{major}x{minor}"
    with open(os.path.join(target, f"Category{category:03d}Edition{major}x{minor}.swift"), "w") as out:
        out.write(
            f"// Generated by scripts/generate_asterix_tables.py; the notation: AsterixTable.swift.\n"
            f"// Source: EUROCONTROL-SPEC-0149 (facts read from asterix-specs), {source}.\n\n"
            f"extension AsterixTable {{\n"
            f"    /// {title}.\n"
            f"    static let {name} = AsterixTable(\n"
            f"        category: {category}, major: {major}, minor: {minor}")
        if base:
            out.write(f", basedOn: .cat{category:03d}Edition{base[0]}x{base[1]}")
        if lines:
            out.write(',\n        text: #"""\n')
            for line in lines:
                out.write("            " + line + "\n")
            out.write('            """#')
        out.write(")\n}\n")
    return name


def meanings(node, path, out):
    """Collects path -> ((value, label), …) of every coded field; a code whose meaning another item chooses has none."""
    words, children = node
    if words.startswith("case"):
        return
    m = re.match(r'(\S+) "', words)
    if m:
        path = path + [m.group(1)]
    if words == "table":
        out["/".join(path)] = tuple(sorted(
            (int(key), " ".join(label.replace('"', "'").replace("|", "/").rstrip(".").split()))
            for key, label in (child[0].split(":", 1) for child in children)))
        return
    for child in children:
        meanings(child, path, out)


def write_meanings(target, known):
    """`known`: (category, path) -> {edition: list}; each list is written once, with the fields that have it."""
    places = {}
    for (category, path), editions in known.items():
        runs = [[version, version, labels] for version, labels in editions.items()]
        for before, after in zip(runs[:-1], runs[1:]):
            if before[2] == after[2]:
                after[0] = before[0]
                before[2] = None
        runs = [run for run in runs if run[2]]
        for i, (first, last, labels) in enumerate(runs):
            where = path
            if len(runs) > 1:
                begin = "{}.{}".format(*first) if i > 0 else ""
                end = "{}.{}".format(*last) if i + 1 < len(runs) else ""
                where += f"@{begin}-{end}"
            assert not any("\\" in label for _, label in labels)
            places.setdefault(labels, {}).setdefault(category, []).append(where)
    with open(os.path.join(target, "AllMeanings.swift"), "w") as out:
        out.write("// Generated by scripts/generate_asterix_tables.py; the notation: AsterixMeanings.swift.\n"
                  "// Source: EUROCONTROL-SPEC-0149, by asterix-specs (BSD-3-Clause, docs/asterix.md).\n\n"
                  "extension AsterixMeanings {\n    static let text: StaticString = #\"\"\"\n")
        for labels, categories in places.items():
            text = "|".join(f"{value} {label}" for value, label in labels)
            for line in textwrap.wrap(text, 104, break_long_words=False, break_on_hyphens=False):
                out.write("        " + line + "\n")
            for category, where in categories.items():
                text = f"{category:03d} " + " ".join(where)
                for line in textwrap.wrap(text, 96, subsequent_indent="    ", break_long_words=False,
                                          break_on_hyphens=False):
                    out.write("            " + line + "\n")
        out.write('        """#\n}\n')


def main():
    source = sys.argv[1]
    target = os.path.join(os.path.dirname(__file__), "..", "Sources", "SensorFormats", "Asterix", "Tables")
    os.makedirs(target, exist_ok=True)
    names = []
    codes = {}
    for folder in sorted(os.listdir(source)):
        if not re.fullmatch(r"cat\d\d\d", folder):
            continue
        category = int(folder[3:])
        files = os.listdir(os.path.join(source, folder))

        def version(f):
            return tuple(int(x) for x in re.search(r"(\d+)\.(\d+)\.ast", f).groups())

        # Each edition of an expansion field only fills what its predecessor left spare: the newest reads them all.
        refs = sorted((f for f in files if f.startswith("ref-")), key=version)
        ref = ""
        if refs:
            nodes = tree(open(os.path.join(source, folder, refs[-1])).read())
            compound = next(n for n in nodes if n[0].startswith("compound"))
            ref = body(compound, ["RE"], category)
            expansion = {}
            meanings(compound, ["RE"], expansion)
        known = None
        for f in sorted((f for f in files if f.startswith("cat-")), key=version):
            with open(os.path.join(source, folder, f)) as handle:
                text = handle.read()
            old = category == 21 and version(f) < (2, 0)
            title, edition, table = statements(text, "" if old else ref, category)
            note = f"category {category:03d}, edition {edition}"
            if ref and not old:
                note += f"; expansion field {refs[-1][4:-4]}"
            # An edition of the same major number says only where it differs from the one before it.
            base = known if known and known[0][0] == version(f)[0] else None
            lines = differences(base[1], table) if base else sum(table.values(), [])
            labels = {} if old or not refs else dict(expansion)
            for node in tree(text):
                meanings(node, [], labels)
            for path, labels in labels.items():
                codes.setdefault((category, path), {})[version(f)] = labels
            names.append(write_table(
                target, category, version(f), note, title.split(" Appendix")[0], base and base[0], lines))
            known = (version(f), table)
    write_meanings(target, codes)
    with open(os.path.join(target, "AllTables.swift"), "w") as out:
        out.write("// Generated by scripts/generate_asterix_tables.py.\n\nextension AsterixTable {\n"
                  "    /// Every generated table, by category and edition; of each category the newest edition last.\n"
                  "    static let generated: [AsterixTable] = [\n")
        for name in names:
            out.write(f"        .{name},\n")
        out.write("    ]\n}\n")
    unused = [key for key in [*CORRECTIONS, *RANGES] if key not in applied]
    if unused:
        sys.exit(f"corrections that nothing asked for: {unused}")


main()
