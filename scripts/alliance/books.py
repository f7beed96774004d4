"""Ledgers read by another hand: the SQLite files of nodes that stand, with the standard library alone.

Each leaf that was ever seen is held: a later sight of the same place must be the same octets, no copy may shrink, each head
must be the root of the leaves before it, and what a partner gave its receipt for must be in both copies.
"""
import base64
import hashlib
import pathlib
import shutil
import sqlite3
import tempfile

SEQUENCE_BITS = 40


def sha(octets):
    return hashlib.sha256(octets).digest()


class Tree:
    """The tree of RFC 6962 as it grows: the root of each size."""

    def __init__(self):
        self.leaves, self.roots, self._edge = [], [sha(b"")], []

    def append(self, octets):
        self.leaves.append(sha(b"\0" + octets))
        size, node = len(self.leaves), self.leaves[-1]
        edge, bit = self._edge, size - 1
        while bit & 1:
            node = sha(b"\1" + edge.pop() + node)
            bit >>= 1
        edge.append(node)
        root = edge[-1]
        for one in reversed(edge[:-1]):
            root = sha(b"\1" + one + root)
        self.roots.append(root)


# Ed25519, RFC 8032 §5.1: verification only, so nothing here is secret.
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def _add(a, b):
    x = (a[1] - a[0]) * (b[1] - b[0]) % P
    y = (a[1] + a[0]) * (b[1] + b[0]) % P
    z, t = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = y - x, t - z, t + z, y + x
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(point, scalar):
    total = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point, scalar = _add(point, point), scalar >> 1
    return total


def _point(octets):
    y = int.from_bytes(octets, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    if y >= P:
        return None
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if (x * x - xx) % P:
        x = x * ROOT % P
    if (x * x - xx) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return x, y, 1, x * y % P


BASE = _point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def ed25519(key, message, signature):
    """Whether a signature holds."""
    a, r, s = _point(key), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    k = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = _times(BASE, s), _add(r, _times(a, k))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


class Keys:
    """The public keys of a nation, out of its introduction."""

    def __init__(self, introduction):
        self.lines = [line for line in introduction.splitlines() if line.split(" ")[0] in ("log", "cosigner", "node")]
        words = dict(line.split(" ", 1) for line in self.lines)
        self.log = base64.b64decode(words["log"])
        self.cosigner_name, _, material = words["cosigner"].split("+", 2)
        self.cosigner = base64.b64decode(material)[1:]
        self.node = words["node"]

    def log_vkey(self, origin):
        material = b"\1" + self.log
        return f"{origin}+{sha(origin.encode() + bytes([10]) + material)[:4].hex()}+{base64.b64encode(material).decode()}"


class Head:
    """A checkpoint as it lies in a ledger: the text, and who signed."""

    def __init__(self, note):
        cut = note.rindex(b"\n\n")
        self.text = note[:cut + 1]
        origin, size, root = self.text.decode().splitlines()
        self.origin, self.size, self.root = origin, int(size), base64.b64decode(root)
        self.signatures = {}
        for line in note[cut + 2:].decode().splitlines():
            _, name, blob = line.split(" ")
            self.signatures[name] = base64.b64decode(blob)[4:]

    def is_of_log(self, key):
        signature = self.signatures.get(self.origin)
        return signature is not None and ed25519(key, self.text, signature)

    def is_receipt_of(self, name, key):
        blob = self.signatures.get(name)
        if blob is None or len(blob) != 72:
            return False
        text = b"cosignature/v1\ntime %d\n" % int.from_bytes(blob[:8], "big") + self.text
        return ed25519(key, text, blob[8:])


def cbor_sequence(leaf):
    """Lane and sequence that a leaf itself tells: keys 1 and 2 of the statement inside its COSE_Sign1."""

    def head(at):
        kind, info, at = leaf[at] >> 5, leaf[at] & 31, at + 1
        if info < 24:
            return kind, info, at
        width = 1 << info - 24
        return kind, int.from_bytes(leaf[at:at + width], "big"), at + width

    _, _, at = head(0)              # tag 18
    _, _, at = head(at)             # array of four
    _, length, at = head(at)        # protected
    _, _, at = head(at + length)    # unprotected, empty
    _, _, at = head(at)             # payload
    _, _, at = head(at)             # map
    _, key, at = head(at)
    _, length, at = head(at)
    origin = leaf[at:at + length].decode()
    _, _, at = head(at + length)
    return origin, head(at)[1]


class Books:
    """All that was ever seen of all ledgers, and what did not fit."""

    def __init__(self):
        self.trees = {}            # origin → Tree, from whichever copy showed a place first
        self.sizes = {}            # (nation, origin) → leaves that its copy had when it was last seen
        self.headed = {}           # origin → the largest size that its own nation signed
        self.receipted = {}        # origin → the largest size that a receipt was seen for
        self.heads = {}            # (origin, size) → Head; those with a receipt stay
        self.roots = {}            # (origin, size) → root of any head that was seen, also one that is gone
        self.faults = []
        self.compared = 0

    def fault(self, text):
        if text not in self.faults:
            self.faults.append(text)

    def read(self, nation, directory, whole=False):
        """Reads the ledger of a node that does not run: what is new since the last time, or all of it."""
        source = pathlib.Path(directory) / "ledger.sqlite"
        if not source.exists():
            return
        with tempfile.TemporaryDirectory() as folder:
            # A copy: opening plays the write-ahead log into the file, which is for the node to do.
            for suffix in ("", "-wal"):
                if (part := pathlib.Path(f"{source}{suffix}")).exists():
                    shutil.copyfile(part, pathlib.Path(folder) / f"ledger.sqlite{suffix}")
            db = sqlite3.connect(pathlib.Path(folder) / "ledger.sqlite")
            try:
                if whole and (found := db.execute("PRAGMA integrity_check").fetchone()[0]) != "ok":
                    self.fault(f"{nation}: SQLite says {found}")
                for number, origin in db.execute("SELECT id, origin FROM lane").fetchall():
                    self._lane(nation, db, number, origin, whole)
                for origin, octets in db.execute(
                        "SELECT origin, octets FROM proof JOIN lane ON lane.id = proof.lane"):
                    self.fault(f"{nation}: holds a proof of two histories of {origin}, {len(octets)} octets")
            except sqlite3.Error as error:
                self.fault(f"{nation}: its ledger cannot be read: {error}")
            finally:
                db.close()
        for origin, size in self.receipted.items():
            if nation in (origin.split("/")[1], origin.split("/")[-1]):
                self._receipt(nation, origin, size)

    def note_receipt(self, origin, size):
        """A node told that a partner gave its receipt for so many entries: from now on both must have them."""
        self.receipted[origin] = max(int(size), self.receipted.get(origin, 0))

    def _receipt(self, nation, origin, size):
        held = self.sizes.get((nation, origin), 0)
        if held < size:
            self.fault(f"{nation}: {size} entries of {origin} have a receipt, and it holds {held}")

    def _lane(self, nation, db, number, origin, whole):
        tree = self.trees.setdefault(origin, Tree())
        known = self.sizes.get((nation, origin), 0)
        first, at = number << SEQUENCE_BITS, 0 if whole else known
        rows = db.execute("SELECT place - ?, octets FROM leaf WHERE place >= ? AND place < ? ORDER BY place",
                          (first, first + at, first + (1 << SEQUENCE_BITS)))
        for place, octets in rows:
            if place != at:
                self.fault(f"{nation}: {origin} has no entry {at}, and has {place}")
                return
            if cbor_sequence(octets) != (origin, place):
                self.fault(f"{nation}: {origin} {place} says that it is {cbor_sequence(octets)}")
            if place == len(tree.leaves):
                tree.append(octets)
            elif place < len(tree.leaves):
                self.compared += 1
                if tree.leaves[place] != sha(b"\0" + octets):
                    self.fault(f"{nation}: {origin} {place} is not the entry that was seen before")
            at += 1
        if at < known:
            self.fault(f"{nation}: {origin} had {known} entries, and has {at}")
        self.sizes[nation, origin] = max(at, known)
        is_own = origin.split("/")[1] == nation
        for size, is_receipt, note in db.execute(
                "SELECT size, isReceipt, note FROM head WHERE lane = ? ORDER BY size", (number,)):
            head = Head(bytes(note))
            if head.origin != origin or head.size != size:
                self.fault(f"{nation}: a head of {origin} {size} says {head.origin} {head.size}")
            if size > at:
                self.fault(f"{nation}: {origin} has a head of {size} and {at} entries")
                continue
            if self.roots.setdefault((origin, size), head.root) != head.root:
                self.fault(f"{nation}: {origin} forks at {size}")
            if tree.roots[size] != head.root:
                self.fault(f"{nation}: the head of {origin} at {size} is not the root of its entries")
            if is_own:
                self.headed[origin] = max(size, self.headed.get(origin, 0))
            if is_receipt:
                self.receipted[origin] = max(size, self.receipted.get(origin, 0))
                self.heads[origin, size] = head

    def receipts(self):
        """Each entry with a receipt is in both copies. To be asked when both were read after the receipt was seen.

        Returns how many entries that are.
        """
        for origin, size in self.receipted.items():
            _, owner, *_, audience = origin.split("/")
            self._receipt(owner, origin, size)
            self._receipt(audience, origin, size)
        return sum(self.receipted.values())

    def prefixes(self):
        """A partner's copy is a part from the start of what the originator signed."""
        for (nation, origin), size in self.sizes.items():
            if origin.split("/")[1] != nation and size > self.headed.get(origin, 0):
                self.fault(f"{nation}: holds {size} entries of {origin}, of which {self.headed.get(origin, 0)} were signed")

    def signatures(self, keys, count_max=16):
        """Verifies heads and receipts that are held: evenly over the run, the last of each lane for certain."""
        checked = 0
        for origin in sorted({origin for origin, _ in self.heads}):
            owner, audience = origin.split("/")[1], origin.split("/")[-1]
            sizes = sorted(size for lane, size in self.heads if lane == origin)
            step = max(1, len(sizes) // count_max)
            for size in sorted({*sizes[::step], sizes[-1]}):
                head = self.heads[origin, size]
                if not head.is_of_log(keys[owner].log):
                    self.fault(f"{origin} {size}: the log's signature does not hold")
                if not head.is_receipt_of(keys[audience].cosigner_name, keys[audience].cosigner):
                    self.fault(f"{origin} {size}: the receipt of {audience} does not hold")
                checked += 2
        return checked
