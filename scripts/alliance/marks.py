"""Looks for marked callsigns wherever they may have got to: files, answers, the memory of a process."""
import base64
import pathlib
import shutil
import sqlite3
import tempfile

from alliance.sky import six_bits


def encodings(mark):
    """Every form of a mark that is looked for, by name; seven characters, since the eighth is a number."""
    text = mark.encode("ascii")
    lower = mark.lower().encode("ascii")
    forms = {
        "ascii": text, "ascii, small": lower, "reversed": text[::-1],
        "utf-16 le": mark.encode("utf-16-le"), "utf-16 be": mark.encode("utf-16-be"), "utf-32": mark.encode("utf-32-le"),
        "hex": text.hex().encode(), "hex, capital": text.hex().upper().encode(),
    }
    for shift in range(3):
        # The letters that stand for the mark's bits alone, wherever in the text it begins.
        coded = base64.b64encode(b"\0" * shift + text + b"\0" * 3)
        forms[f"base64 at {shift}"] = coded[-(-8 * shift // 6):8 * (shift + len(text)) // 6]
    # Seven characters are 42 bits: at each of eight offsets, the whole octets that they fill.
    bits = six_bits(mark) >> 48 - 6 * len(mark)
    for shift in range(8):
        length = 6 * len(mark)
        skipped = (8 - shift) % 8
        whole = (length - skipped) // 8
        octets = (bits >> length - skipped - 8 * whole & (1 << 8 * whole) - 1).to_bytes(whole, "big")
        if whole >= 5 or shift == 0:
            forms[f"six bits at {shift}"] = octets
            forms[f"six bits at {shift}, reversed"] = octets[::-1]
    return forms


class Scanner:
    """Counts marks in octets."""

    def __init__(self, marks):
        self.marks = {mark: encodings(mark) for mark in marks}

    def scan(self, octets):
        """How often each mark is there, by (mark, form)."""
        found = {}
        for mark, forms in self.marks.items():
            for form, pattern in forms.items():
                if count := octets.count(pattern):
                    found[mark, form] = count
        return found

    def scan_file(self, path):
        return self.scan(pathlib.Path(path).read_bytes())

    def scan_folder(self, folder, leave_out=()):
        """All files under a folder; keys are (mark, form, file)."""
        found = {}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.is_file() and path.name not in leave_out:
                for (mark, form), count in self.scan_file(path).items():
                    found[mark, form, str(path.relative_to(folder))] = count
        return found

    def scan_memory(self, pid):
        """All readable memory of a process that is its own.

        Returns what was found and how many octets were looked at.
        """
        found, looked = {}, 0
        overlap = 64
        with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
            for line in maps:
                span, rights, *rest = line.split()
                name = rest[3] if len(rest) > 3 else ""
                # The program's own octets are known, and the kernel's pages are not the node's.
                if rights[0] != "r" or name in ("[vvar]", "[vsyscall]", "[vvar_vclock]") or ("w" not in rights and name):
                    continue
                begin, end = (int(text, 16) for text in span.split("-"))
                tail = b""
                while begin < end:
                    try:
                        memory.seek(begin)
                        octets = memory.read(min(end - begin, 1 << 24))
                    except OSError:
                        break
                    if not octets:
                        break
                    looked += len(octets)
                    for key, count in self.scan(tail + octets).items():
                        found[key] = found.get(key, 0) + count - self._twice(key, tail)
                    begin, tail = begin + len(octets), octets[-overlap:]
        return found, looked

    def _twice(self, key, tail):
        return tail.count(self.marks[key[0]][key[1]])


def by_mark(found):
    """How often each mark was found, in all forms."""
    counts = {}
    for key, count in found.items():
        counts[key[0]] = counts.get(key[0], 0) + count
    return counts


def history_points(folder, boxes):
    """How many points of a node's history lie in each box; it keeps places and no callsigns."""
    with tempfile.TemporaryDirectory() as copy:
        for part in pathlib.Path(folder).glob("tracks.sqlite*"):
            if not part.name.endswith("-shm"):
                shutil.copyfile(part, pathlib.Path(copy) / part.name)
        db = sqlite3.connect(pathlib.Path(copy) / "tracks.sqlite")
        try:
            return [db.execute(
                "SELECT count(*) FROM point WHERE latitude BETWEEN ? AND ? AND longitude BETWEEN ? AND ?",
                [round(degrees * 1e7) for degrees in (south, north, west, east)]).fetchone()[0]
                for south, west, north, east in boxes]
        finally:
            db.close()
