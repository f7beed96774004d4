#!/usr/bin/env python3
"""Verifies a log that Kumiko wrote, from its files alone: with hashlib, cryptography, and nothing of Kumiko.

    scripts/check_ledger.py DIRECTORY [--keys FILE] [--cose]

DIRECTORY holds a tlog-tiles log (checkpoint, tile/…) and, where they are there, `bodies` (each body after its length in
four octets), `receipt.tlog-proof` and `equivocation`. The keys, one to a line as `log VKEY`, `cosigner VKEY` or
`node VKEY`, are read from FILE, or from DIRECTORY/keys for a trial; whom to believe is never a matter of the log.

`kumiko-bench-ledger write DIRECTORY` writes such a log. cryptography==48.0.0 is got from PyPI. With --cose each entry is also read and
verified by pycose==1.1.0, and written again in canonical form by cbor2==5.6.5, octet for octet.

Verified: the signatures of the head; the tiles, level by level, to the head's root; each entry against its leaf; its lane,
sequence, form and signature (COSE_Sign1, RFC 9052); each body against the root that was signed; the receipt and the proof.
Exit status: 0 if all holds, 1 if not, 2 if it cannot be checked.
"""
import argparse
import base64
import hashlib
import os
import pathlib
import struct
import subprocess
import sys

PACKAGES = ["cryptography==48.0.0"]
COSE = ["pycose==1.1.0", "cbor2==5.6.5"]
HOME = pathlib.Path(__file__).resolve().parent.parent / ".venv" / "ledger"


def ensure():
    """Runs this program in an environment of its own, with what it needs in it."""
    packages = PACKAGES + (COSE if "--cose" in sys.argv else [])
    python = HOME / "bin" / "python"
    if pathlib.Path(sys.prefix).resolve() != HOME.resolve():
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", HOME], check=True)
        if subprocess.run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", *packages]).returncode:
            print(f"check_ledger: {', '.join(packages)} cannot be installed from PyPI", file=sys.stderr)
            sys.exit(2)
        os.execv(python, [python, *sys.argv])


ensure()
from cryptography.exceptions import InvalidSignature  # noqa: E402
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: E402


class Wrong(Exception):
    """What does not hold, in a sentence."""


def sha(octets):
    return hashlib.sha256(octets).digest()


def leaf_hash(octets):
    return sha(b"\0" + octets)


def root(hashes):
    """RFC 6962 §2.1, by its definition."""
    if not hashes:
        return sha(b"")
    row = list(hashes)
    while len(row) > 1:
        row = [sha(b"\1" + row[i] + row[i + 1]) if i + 1 < len(row) else row[i] for i in range(0, len(row), 2)]
    return row[0]


def cbor(octets, at=0):
    """One item of RFC 8949 (what Kumiko writes: no indefinite lengths), and where the next begins."""
    first = octets[at]
    major, info, at = first >> 5, first & 31, at + 1
    if info < 24:
        number = info
    elif info < 28:
        width = 1 << (info - 24)
        number = int.from_bytes(octets[at:at + width], "big")
        at += width
    else:
        raise Wrong(f"CBOR: initial octet {first:#x}")
    if major == 0:
        return number, at
    if major == 1:
        return -1 - number, at
    if major in (2, 3):
        if at + number > len(octets):
            raise Wrong("CBOR: ends early")
        value = octets[at:at + number]
        return (value if major == 2 else value.decode()), at + number
    if major == 4:
        items = []
        for _ in range(number):
            item, at = cbor(octets, at)
            items.append(item)
        return items, at
    if major == 5:
        pairs = {}
        for _ in range(number):
            key, at = cbor(octets, at)
            pairs[key], at = cbor(octets, at)
        return pairs, at
    if major == 6:
        item, at = cbor(octets, at)
        return ("tag", number, item), at
    if info in (25, 26, 27):
        return struct.unpack({25: ">e", 26: ">f", 27: ">d"}[info], octets[at - (1 << info - 24):at])[0], at
    return {20: False, 21: True, 22: None}.get(number, ("simple", number)), at


def whole(octets):
    item, end = cbor(octets)
    if end != len(octets):
        raise Wrong("CBOR: octets after the end")
    return item


def head(major, number):
    for info, width, most in ((24, 1, 1 << 8), (25, 2, 1 << 16), (26, 4, 1 << 32), (27, 8, 1 << 64)):
        if number < 24:
            return bytes([major << 5 | number])
        if number < most:
            return bytes([major << 5 | info]) + number.to_bytes(width, "big")


def byte_string(octets):
    return head(2, len(octets)) + octets


def text_string(text):
    return head(3, len(text.encode())) + text.encode()


class Key:
    """A vkey of C2SP signed-note."""

    def __init__(self, vkey):
        self.name, self.id, material = vkey.split("+", 2)
        material = base64.b64decode(material, validate=True)
        if sha(self.name.encode() + b"\n" + material)[:4].hex() != self.id:
            raise Wrong(f"the id of {self.name} is not that of its key")
        self.type = material[0]
        self.public = Ed25519PublicKey.from_public_bytes(material[1:])

    def verify(self, signature, message):
        try:
            self.public.verify(signature, message)
            return True
        except InvalidSignature:
            return False


def verify_note(octets, keys):
    """The text of a note and the names whose signatures hold; a wrong one under a known name and id is an error."""
    cut = octets.rindex(b"\n\n")
    text, names = octets[:cut + 1], []
    for line in octets[cut + 2:].decode().splitlines():
        dash, name, blob = line.split(" ")
        blob = base64.b64decode(blob, validate=True)
        for key in keys:
            if dash == "—" and key.name == name and key.id == blob[:4].hex():
                if key.type == 4:
                    time = int.from_bytes(blob[4:12], "big")
                    held = key.verify(blob[12:], b"cosignature/v1\ntime %d\n" % time + text)
                else:
                    held = key.verify(blob[4:], text)
                if not held:
                    raise Wrong(f"the signature of {name} does not hold")
                names.append(name)
    return text, names


def checkpoint(octets, keys, need):
    text, names = verify_note(octets, keys)
    for key in need:
        if key.name not in names:
            raise Wrong(f"no signature of {key.name}")
    origin, size, value, end = text.decode().split("\n")
    if end or str(int(size)) != size:
        raise Wrong("the text is no checkpoint")
    return origin, int(size), base64.b64decode(value, validate=True), names


def tile_path(kind, index, width):
    digits = f"{index % 1000:03d}"
    while index := index // 1000:
        digits = f"x{index % 1000:03d}/{digits}"
    return f"tile/{kind}/{digits}" + ("" if width == 256 else f".p/{width}")


def read_tiles(directory, size):
    """The leaf hashes, after each level was made anew out of the one below."""
    levels, level, count, below = [], 0, size, None
    while count:
        row = []
        for index in range((count + 255) // 256):
            width = min(256, count - 256 * index)
            octets = (directory / tile_path(level, index, width)).read_bytes()
            if len(octets) != 32 * width:
                raise Wrong(f"{tile_path(level, index, width)} has {len(octets)} octets")
            row += [octets[32 * i:32 * i + 32] for i in range(width)]
        if below is not None and row != [root(below[256 * i:256 * i + 256]) for i in range(count)]:
            raise Wrong(f"the tiles of level {level} are not the roots of those below")
        levels.append(row)
        level, count, below = level + 1, count // 256, row
    return levels[0] if levels else []


def read_bundles(directory, size):
    entries = []
    for index in range((size + 255) // 256):
        width = min(256, size - 256 * index)
        octets = (directory / tile_path("entries", index, width)).read_bytes()
        at = found = 0
        while at < len(octets):
            length = int.from_bytes(octets[at:at + 2], "big")
            entries.append(octets[at + 2:at + 2 + length])
            at, found = at + 2 + length, found + 1
        if at != len(octets) or found != width:
            raise Wrong(f"{tile_path('entries', index, width)} has {found} entries")
    return entries


def realm(origin):
    parts = origin.split("/")
    if len(parts) == 5 and parts[2] == "exercise":
        from urllib.parse import unquote
        return "/".join(parts[:4]), f"exercise({unquote(parts[3])})"
    return "/".join(parts[:3]), parts[2]


def statement(leaf, keys):
    """The signed statement of a leaf: COSE_Sign1 with the realm in the external data."""
    tagged = whole(leaf)
    if tagged[:2] != ("tag", 18):
        raise Wrong("an entry is no COSE_Sign1")
    protected, unprotected, payload, signature = tagged[2]
    header, said = whole(protected), whole(payload)
    if header[1] != -8 or unprotected:
        raise Wrong("an entry has another algorithm, or headers that nobody signed")
    domain, world = realm(said[1])
    external = f"kumiko/entry/v1 {world}".encode()
    message = (head(4, 4) + text_string("Signature1") + byte_string(protected) + byte_string(external)
               + byte_string(payload))
    name = f"{domain}/node/{said[3]}"
    known = [key for key in keys if key.name == name and key.id == header[4].hex()]
    if not known:
        raise Wrong(f"no key {header[4].hex()} of {name}")
    if not known[0].verify(signature, message):
        raise Wrong(f"entry {said[2]}: the signature of {name} does not hold")
    return said


def verify_body(octets, said):
    """How many fields are shown and withheld."""
    commitments, shown, items = [], 0, whole(octets)
    at = len(head(4, len(items)))
    for item in items:
        end = cbor(octets, at)[1]
        if isinstance(item, bytes):
            commitments.append(item)
        else:
            commitments.append(leaf_hash(octets[at:end]))
            shown += 1
        at = end
    if root(commitments) != said[7]:
        raise Wrong(f"entry {said[2]}: the body is not the one that was signed")
    return shown, len(items) - shown


def verify_inclusion(leaf, index, size, proof, expected):
    """RFC 9162 §2.1.3.2."""
    if index >= size:
        raise Wrong("the receipt's index is beyond the log")
    fn, sn, value = index, size - 1, leaf
    for hash_ in proof:
        if sn == 0:
            raise Wrong("the receipt's proof is too long")
        if fn & 1 or fn == sn:
            value = sha(b"\1" + hash_ + value)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            value = sha(b"\1" + value + hash_)
        fn, sn = fn >> 1, sn >> 1
    if sn or value != expected:
        raise Wrong("the receipt's proof does not lead to the root")


def verify_consistency(first, first_root, second, second_root, proof):
    """RFC 9162 §2.1.4.2."""
    if not 0 < first < second or not proof:
        raise Wrong("the proof of equivocation has no consistency proof")
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for hash_ in path[1:]:
        if sn == 0:
            raise Wrong("the consistency proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = sha(b"\1" + hash_ + fr), sha(b"\1" + hash_ + sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = sha(b"\1" + sr + hash_)
        fn, sn = fn >> 1, sn >> 1
    if fr != first_root or sr != second_root or sn:
        raise Wrong("the consistency proof does not hold")


def verify_equivocation(octets, keys):
    title, form, one, other, *rest = whole(octets)
    if title != "kumiko/equivocation/v1":
        raise Wrong("no proof of equivocation")
    if form == 2:
        a, b = statement(one, keys["node"]), statement(other, keys["node"])
        if (a[1], a[2]) != (b[1], b[2]) or a == b:
            raise Wrong("the two entries can both be")
        return f"two entries at place {a[2]} of {a[1]}"
    a = checkpoint(one, keys["log"], keys["log"])
    b = checkpoint(other, keys["log"], keys["log"])
    if a[0] != b[0]:
        raise Wrong("two logs")
    if form == 0:
        if a[1] != b[1] or a[2] == b[2]:
            raise Wrong("the two heads can both be")
    else:
        if rest[0] == a[2]:
            raise Wrong("the two heads can both be")
        verify_consistency(a[1], rest[0], b[1], b[2], rest[1])
    return f"two histories of {a[0]}, at {a[1]} and {b[1]} entries"


def verify_cose(entries, keys):
    """Each entry by the libraries of others; in another realm it must not hold."""
    import cbor2
    from pycose.keys import OKPKey
    from pycose.keys.curves import Ed25519
    from pycose.messages import Sign1Message
    for index, entry in enumerate(entries):
        item = cbor2.loads(entry)
        payload = cbor2.loads(item.value[2])
        if cbor2.dumps(item, canonical=True) != entry or cbor2.dumps(payload, canonical=True) != item.value[2]:
            raise Wrong(f"entry {index}: cbor2 writes it otherwise")
        domain, world = realm(payload[1])
        identity = cbor2.loads(item.value[0])[4].hex()
        key = next(k for k in keys if k.name == f"{domain}/node/{payload[3]}" and k.id == identity)
        message = Sign1Message.decode(entry)
        message.key = OKPKey(crv=Ed25519, x=key.public.public_bytes_raw())
        for name, held in ((world, True), (world + "x", False)):
            message.external_aad = f"kumiko/entry/v1 {name}".encode()
            if message.verify_signature() != held:
                raise Wrong(f"entry {index}: pycose says {not held} in the realm {name}")
    print(f"pycose and cbor2: {len(entries)} entries")


def check(directory, keys, cose):
    if not keys["log"]:
        raise Wrong("no key of the log is known")
    origin, size, expected, names = checkpoint(
        (directory / "checkpoint").read_bytes(), keys["log"] + keys["cosigner"], keys["log"])
    if origin != keys["log"][0].name:
        raise Wrong(f"the log is {origin}")
    print(f"head: {origin}, {size} entries, signed by {', '.join(names)}")
    hashes = read_tiles(directory, size)
    if root(hashes) != expected:
        raise Wrong("the tiles do not lead to the root of the head")
    print(f"tiles: {len(hashes)} leaves, root {expected.hex()}")
    entries = read_bundles(directory, size)
    said = []
    for index, entry in enumerate(entries):
        if leaf_hash(entry) != hashes[index]:
            raise Wrong(f"entry {index} is not the one in the tree")
        one = statement(entry, keys["node"])
        if one[1] != origin or one[2] != index:
            raise Wrong(f"entry {index} says that it is {one[2]} of {one[1]}")
        said.append(one)
    print(f"entries: {len(said)}, each signed by a known node, each in its place")
    if cose:
        verify_cose(entries, keys["node"])
    if (directory / "bodies").exists():
        octets, at, shown, withheld = (directory / "bodies").read_bytes(), 0, 0, 0
        for one in said:
            length = int.from_bytes(octets[at:at + 4], "big")
            counts = verify_body(octets[at + 4:at + 4 + length], one)
            shown, withheld, at = shown + counts[0], withheld + counts[1], at + 4 + length
        if at != len(octets):
            raise Wrong("there are more bodies than entries")
        print(f"bodies: {shown} fields shown, {withheld} withheld, each as it was signed")
    if (directory / "receipt.tlog-proof").exists():
        before, _, note = (directory / "receipt.tlog-proof").read_bytes().partition(b"\n\n")
        title, place, *proof = before.decode().split("\n")
        if title != "c2sp.org/tlog-proof@v1" or not place.startswith("index "):
            raise Wrong("the receipt is none")
        index = int(place[6:])
        _, receipt_size, receipt_root, _ = checkpoint(note, keys["log"] + keys["cosigner"], keys["log"])
        verify_inclusion(hashes[index], index, receipt_size, [base64.b64decode(p, validate=True) for p in proof],
                         receipt_root)
        print(f"receipt: entry {index} is in the log of {receipt_size}")
    if (directory / "equivocation").exists():
        print("equivocation proven:", verify_equivocation((directory / "equivocation").read_bytes(), keys))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("--keys", type=pathlib.Path)
    parser.add_argument("--cose", action="store_true")
    options = parser.parse_args()
    file = options.keys or options.directory / "keys"
    if not file.exists() or not (options.directory / "checkpoint").exists():
        print(f"check_ledger: {options.directory} has no checkpoint, or there is no {file}", file=sys.stderr)
        return 2
    try:
        keys = {"log": [], "cosigner": [], "node": []}
        for line in file.read_text().splitlines():
            role, vkey = line.split(" ", 1)
            keys[role].append(Key(vkey))
        check(options.directory, keys, options.cose)
    except (Wrong, OSError, ValueError, KeyError, IndexError, TypeError, AttributeError, struct.error) as error:
        print(f"WRONG: {error}")
        return 1
    print("all holds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
