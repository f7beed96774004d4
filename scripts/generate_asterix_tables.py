#!/usr/bin/env python3
"""Writes the ASTERIX category tables of Sources/SensorFormats/Asterix/Tables from machine-readable definitions.

    scripts/generate_asterix_tables.py SPECS_DIRECTORY

SPECS_DIRECTORY is the folder `specs` of zoranbosnjak/asterix-specs (BSD-3-Clause): catNNN/cat-E.e.ast, catNNN/ref-E.e.ast.
Only facts are taken (widths, scales, units, order, short names); definitions, remarks and meanings of values are not.
The notation that comes out is described in Sources/SensorFormats/Asterix/AsterixLayout.swift. A definition that the data
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
    m = re.match(r"(signed|unsigned) (integer|quantity)(?: (\S+) \"([^\"]*)\")?", words)
    assert m, words
    sign, kind, scale, unit = m.groups()
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
    if kind == "integer":
        return letter
    return f'{letter}{scale}"{unit}"'


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


def wrap(text):
    return textwrap.wrap(text, 112, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)


def convert(text, ref, category):
    nodes = tree(text)
    head = nodes[0][0]
    title = re.match(r'(asterix|ref) \d+ "(.*)"', head).group(2)
    edition = nodes[1][0].split()[1]
    lines = []
    items = next((n for n in nodes if n[0] == "items"), None)
    for words, children in nodes:
        if words == "uap":
            lines += wrap("uap " + " ".join(c[0] for c in children))
        if words == "uaps":
            for sub, below in children:
                if sub == "variations":
                    for name, slots in below:
                        lines += wrap(f"uap:{name} " + " ".join(c[0] for c in slots))
                elif sub.startswith("case"):
                    keys = " ".join(k[0].replace(": ", "=") for k in below)
                    lines += wrap(f"choose {sub.split()[1]} {keys}")
    for node in items[1]:
        name, short = re.match(r'(\S+) "(.*)"$', node[0]).groups()
        line = item(node, [], category)
        if ref and line == "RE!re":
            line = "RE!re" + ref
        lines.append(f"# {name} {short}")
        lines += wrap(line)
    return title, edition, lines


def main():
    source = sys.argv[1]
    target = os.path.join(os.path.dirname(__file__), "..", "Sources", "SensorFormats", "Asterix", "Tables")
    os.makedirs(target, exist_ok=True)
    names = []
    for folder in sorted(os.listdir(source)):
        if not re.fullmatch(r"cat\d\d\d", folder):
            continue
        category = int(folder[3:])
        files = os.listdir(os.path.join(source, folder))

        def version(f):
            return tuple(int(x) for x in re.search(r"(\d+)\.(\d+)\.ast", f).groups())

        refs = sorted((f for f in files if f.startswith("ref-")), key=version)
        ref = ""
        if refs:
            nodes = tree(open(os.path.join(source, folder, refs[-1])).read())
            compound = next(n for n in nodes if n[0].startswith("compound"))
            ref = body(compound, ["RE"], category)
        for f in sorted((f for f in files if f.startswith("cat-")), key=version):
            with open(os.path.join(source, folder, f)) as handle:
                text = handle.read()
            old = category == 21 and version(f) < (2, 0)
            title, edition, lines = convert(text, "" if old else ref, category)
            major, minor = version(f)
            name = f"cat{category:03d}Edition{major}x{minor}"
            names.append((category, name))
            with open(os.path.join(target, f"Category{category:03d}Edition{major}x{minor}.swift"), "w") as out:
                out.write(
                    f"// Generated by scripts/generate_asterix_tables.py; the notation: AsterixTable.swift.\n"
                    f"// Source: EUROCONTROL-SPEC-0149 (facts read from asterix-specs), category {category:03d}, edition {edition}"
                    + (f"; expansion field {refs[-1][4:-4]}" if ref and not old else "")
                    + f".\n\nextension AsterixTable {{\n"
                    f"    /// {title.split(' Appendix')[0]}.\n"
                    f"    static let {name} = AsterixTable(\n"
                    f"        category: {category}, major: {major}, minor: {minor},\n"
                    f'        text: #"""\n')
                for line in lines:
                    out.write("            " + line + "\n")
                out.write('            """#)\n}\n')
    with open(os.path.join(target, "AllTables.swift"), "w") as out:
        out.write("// Generated by scripts/generate_asterix_tables.py.\n\nextension AsterixTable {\n"
                  "    /// Every table, by category and edition; of each category the newest edition last.\n"
                  "    static let generated: [AsterixTable] = [\n")
        for _, name in names:
            out.write(f"        .{name},\n")
        out.write("    ]\n}\n")
    for key in CORRECTIONS:
        if key not in applied:
            print(f"not found: {key}", file=sys.stderr)


main()
