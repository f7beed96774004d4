"""What the comparisons with other decoders share: recordings cut into datagrams, and Kumiko's JSON by path."""
import collections
import os
import struct
import sys

ROOT = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))


def folder(kind="asterix"):
    """Where the recordings are: $KUMIKO_DATA, or ../shared/data beside the project."""
    return os.path.join(os.environ.get("KUMIKO_DATA", os.path.join(ROOT, "..", "shared", "data")), kind)


def decoder(words, script):
    """The command that decodes a recording to JSON Lines: as given, or the built program."""
    if words:
        return words.split()
    built = [[os.path.join(ROOT, scratch, "release/kumiko"), "decode"] for scratch in (".build", ".build-test")]
    found = next((command for command in built if os.path.exists(command[0])), None)
    if not found:
        fail(script, "build first: swift build -c release")
    return found


def fail(script, sentence):
    print(f"{script}: {sentence}", file=sys.stderr)
    sys.exit(2)


def datagrams(path):
    """(offset in the file, bytes) of each payload with ASTERIX in it."""
    data = open(path, "rb").read()
    if path.endswith(".ff"):
        at = 0
        while at + 12 <= len(data):
            length = struct.unpack_from(">H", data, at)[0]
            yield at + 8, data[at + 8:at + length - 4]
            at += length
    elif path.endswith(".pcap"):
        at = 24
        while at + 16 <= len(data):
            captured = struct.unpack_from("<I", data, at + 8)[0]
            start = at + 16
            # Ethernet and IPv4 without options is all that these captures hold.
            if data[start + 12:start + 14] == b"\x08\x00" and data[start + 23] == 17:
                length = struct.unpack_from(">H", data, start + 38)[0]
                yield start + 42, data[start + 42:start + 34 + length]
            at = start + captured
    else:
        at = 0
        while at + 3 <= len(data):
            length = struct.unpack_from(">H", data, at + 1)[0]
            if length < 4:
                return
            yield at, data[at:at + length]
            at += length


def blocks(payload, categories):
    """(offset, block) of each block at the beginning of a payload; what follows the last one is left out."""
    at = 0
    while at + 3 <= len(payload) and payload[at] in categories:
        length = struct.unpack_from(">H", payload, at + 1)[0]
        if length < 4 or at + length > len(payload):
            return
        yield at, payload[at:at + length]
        at += length


def flatten(path, value, record=None):
    """A value of the JSON view as path -> list of the values of its leaves, in their order."""
    record = collections.defaultdict(list) if record is None else record
    if isinstance(value, dict):
        if set(value) == {"value", "unit"}:
            record[path].append(value["value"])
        else:
            for key, inner in value.items():
                flatten(f"{path}_{key}", inner, record)
    elif isinstance(value, list):
        for inner in value:
            flatten(path, inner, record)
    else:
        record[path].append(value)
    return record
