#!/usr/bin/env python3
"""Times Kumiko's decoding beside that of other open decoders, on the same recordings in the same run.

    scripts/bench_peers.py [--records N] [--program PATH]

For each recording: records a second of processor time (user and system, of one thread) that `kumiko decode` needs to write
every field as JSON text, and that asterix_decoder and libasterix (PyPI) and tshark (JSON) need for theirs. The slow ones
get the first N records only (5,000). Start-up is in the figures, measured on an empty input and taken off.
"""
import argparse
import os
import resource
import subprocess
import sys
import tempfile

from recordings import ROOT, blocks, datagrams, fail, folder
from compare_tshark import write_capture

SCRIPT = "bench_peers"
PEERS = {"asterix_decoder": "asterix-decoder==0.7.11", "libasterix": "libasterix==0.36.3"}
RECORDINGS = [
    ("048", "bcn_20230502_0809_cat048.ast"), ("062 + 065", "jade_cat062_065_30min.ff"),
    ("010", "lebl_20160510_mlat_cat010.ast"), ("020", "lebl_20160510_mlat_cat020.ast"),
    ("021 2.x", "alicante_adsb_cat021v24.ast"), ("034 + 048", "ar_cba_010626.pcap"),
]

# Each peer reads a file of blocks and says how many records it made of it.
CODE = {
    "asterix_decoder": """
import sys, asterix
data = open(sys.argv[1], 'rb').read()
print(len(asterix.parse(data, verbose=False)) if data else 0)
""",
    "libasterix": """
import sys
from asterix.base import RawDatablock, Bits
from asterix.generated import manifest
specs = {c: all[-1].cv_uap for c, all in manifest['CATS'].items()}
count = 0
data = open(sys.argv[1], 'rb').read()
at = 0
while at < len(data):
    # Block by block: RawDatablock.parse of a whole file goes too deep for Python.
    length = int.from_bytes(data[at + 1:at + 3], 'big')
    block, _ = RawDatablock.parse_single(Bits.from_bytes(data[at:at + length]))
    at += length
    records = specs[block.get_category()]._parse(block.get_raw_records())
    count += len(records) if isinstance(records, list) else 0
print(count)
""",
}


def environment(peer):
    """The Python of an environment with the peer alone: both have a module called asterix."""
    home = os.path.join(ROOT, ".venv", peer)
    python = os.path.join(home, "bin", "python")
    if not os.path.exists(python) or subprocess.run([python, "-c", "import asterix"], capture_output=True).returncode:
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", PEERS[peer]], check=True)
    return python


def spent(command):
    """Processor seconds of a command, and what it printed."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, result.stdout


def silent(command):
    """Processor seconds of a command whose output is thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def median(values):
    return sorted(values)[len(values) // 2]


def beside(records, seconds, ours):
    """A cell: how many records a second, and how many times that ours is."""
    if not records:
        return f"{'cannot':>26}"
    if seconds < 0.02:
        return f"{'too short to say':>26}"
    theirs = records / seconds
    return f"{theirs:14,.0f} ({ours / theirs:6,.0f} x)"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=5000, help="how many records the slow ones get")
    parser.add_argument("--program", default=os.path.join(ROOT, ".build/release/kumiko"))
    arguments = parser.parse_args()
    if not os.path.exists(arguments.program):
        fail(SCRIPT, "build first: swift build -c release")
    pythons = {peer: environment(peer) for peer in PEERS}
    known = {1, 2, 4, 8, 10, 19, 20, 21, 23, 34, 48, 62, 63, 65}
    print(f"{'records/s of processor time':28}{'kumiko JSON':>14}" + "".join(f"{peer:>26}" for peer in [*PEERS, "tshark JSON"]))
    for name, file in RECORDINGS:
        path = os.path.join(folder(), file)
        if not os.path.exists(path):
            print(f"{name}: {file} is not here")
            continue
        with tempfile.TemporaryDirectory() as work:
            few, none, capture = (os.path.join(work, leaf) for leaf in ("few.ast", "none.ast", "few.pcap"))
            open(none, "wb").close()
            payloads = []
            with open(few, "wb") as out:
                for _, payload in datagrams(path):
                    inside = b"".join(block for _, block in blocks(payload, known))
                    out.write(inside)
                    payloads.append(inside)
                    # About 60 bytes a record: counted exactly below.
                    if out.tell() > arguments.records * 60:
                        break
            write_capture(capture, payloads)
            _, lines = spent([arguments.program, "decode", few])
            few_records = lines.count(b"\n")
            _, lines = spent([arguments.program, "decode", path])
            all_records = lines.count(b"\n")
            start = median([silent([arguments.program, "decode", none]) for _ in range(5)])
            # Ten times the recording, so that a hundredth of a second does not matter.
            ours = (median([silent([arguments.program, "decode"] + [path] * 10) for _ in range(3)]) - start) / 10
            rate = all_records / ours
            cells = f"{rate:14,.0f}"
            for peer in PEERS:
                begin = median([spent([pythons[peer], "-c", CODE[peer], none])[0] for _ in range(3)])
                seconds, said = spent([pythons[peer], "-c", CODE[peer], few])
                cells += beside(int(said or 0), seconds - begin, rate)
            begin = silent(["tshark", "-r", os.devnull])
            seconds = silent(["tshark", "-r", capture, "-d", "udp.port==8600,asterix", "-T", "json"])
            cells += beside(few_records, seconds - begin, rate)
        print(f"{name:28}{cells}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
