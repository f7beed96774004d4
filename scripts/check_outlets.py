#!/usr/bin/env python3
"""Lets a node track aircraft and checks with others' decoders what it tells other systems.

    scripts/check_outlets.py KUMIKO

Twenty aircraft, made here, report to a node as ASTERIX 021; the node tells its tracks as 062 with 063 and 065, and the
plots as 021. What comes out is read by libasterix (PyPI) and by tshark, which must agree with each other and with the
truth: places within 100 m, velocities within 5 m/s, names, numbers, accuracies, the mark of simulated data, the last
report of each track. Takes a minute and a half: as long as the tracker waits for an aircraft that no longer reports.

Exit status: 0 if all is right, 1 if not, 2 if it cannot be tried.
"""
import math
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

from compare_libasterix import Theirs, use_libasterix
from recordings import fail

SCRIPT = "check_outlets"
EARTH = 6_371_000.0
RECEIVER = (20, 250)
SYSTEM = (20, 1)
SECONDS = 16


class Aircraft:
    """One that flies straight on; near enough to a great circle for a minute."""

    def __init__(self, index, begin):
        self.address = 0x840100 + index
        self.callsign = f"KMK{index:03d}"
        self.begin = begin
        self.latitude, self.longitude = 34 + 0.25 * (index % 5), 138 + 0.4 * (index // 5)
        self.course, self.speed = math.radians(18 * index), 180 + 4 * index
        self.level = 200 + 10 * index

    @property
    def velocity(self):
        return self.speed * math.sin(self.course), self.speed * math.cos(self.course)

    def at(self, instant):
        east, north = (v * (instant - self.begin) for v in self.velocity)
        radius = EARTH
        return (self.latitude + math.degrees(north / radius),
                self.longitude + math.degrees(east / radius / math.cos(math.radians(self.latitude))))

    def record(self, instant):
        """A record of category 021, edition 2.x."""
        latitude, longitude = self.at(instant)
        day = round(of_day(instant) * 128).to_bytes(3, "big")
        letters = 0
        for letter in self.callsign.ljust(8):
            letters = letters << 6 | ord(letter) & 0x3F
        return (bytes([0xCB, 0x19, 0x33, 0x09, 0x80]) + bytes(RECEIVER) + b"\0" + day
                + struct.pack(">ii", round(latitude * 2**30 / 180), round(longitude * 2**30 / 180))
                + self.address.to_bytes(3, "big") + day + bytes([0x51, 0x74, 0x12]) + struct.pack(">h", self.level * 4)
                + struct.pack(">HH", round(self.speed / 1852 * 2**14), round(self.course / math.tau * 65536) % 65536)
                + letters.to_bytes(6, "big"))


def of_day(instant):
    return instant % 86400


class Listener(threading.Thread):
    """Keeps the datagrams that come to a port of this machine, with the time at which they came."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.datagrams = []
        self.start()

    def run(self):
        while True:
            self.datagrams.append(self.socket.recv(65536))


def blocks(datagrams):
    """(category, content) of every block."""
    for datagram in datagrams:
        at = 0
        while at < len(datagram):
            length = int.from_bytes(datagram[at + 1:at + 3], "big")
            assert 3 < length <= len(datagram) - at, f"a block of {length} octets at {at} of {len(datagram)}"
            yield datagram[at], datagram[at + 3:at + length]
            at += length


def number(fields, path):
    """The one value of a field; None where it is absent."""
    values = fields.get(path)
    return None if not values else values[0][1]


def metres(a, b):
    east = math.radians(a[1] - b[1]) * math.cos(math.radians(a[0])) * EARTH
    return math.hypot(east, math.radians(a[0] - b[0]) * EARTH)


def newest(theirs, category):
    """The newest edition of a category that libasterix has: what is told is the same in each of the last ones."""
    return max(edition for known, edition in theirs.specs if known == category)


def read(theirs, datagrams):
    """Every record as libasterix reads it: (category, path -> values)."""
    records = []
    editions = {category: newest(theirs, category) for category in (21, 62, 63, 65)}
    for category, content in blocks(datagrams):
        found = theirs.records(category, editions[category], content)
        if isinstance(found, str):
            raise AssertionError(f"libasterix cannot read a block of category {category:03d}: {found}")
        records += [(category, fields) for _, fields in found]
    return records


def check_tracks(records, aircraft):
    """What is wrong with the records of category 062, in sentences; and how many were compared."""
    wrong, compared, ends, numbers, worst = [], 0, set(), {}, [0.0, 0.0]
    for category, fields in records:
        if category != 62:
            continue
        track = number(fields, "062_040")
        if number(fields, "062_080_TSE") == 1:
            ends.add(track)
            continue
        one = aircraft.get(number(fields, "062_380_ADR"))
        if one is None:
            wrong.append(f"track {track} is nobody: {number(fields, '062_380_ADR')}")
            continue
        if (number(fields, "062_080_TSB") == 1) != (one.address not in numbers):
            wrong.append(f"track {track}: the first report, and no other, says so")
        if numbers.setdefault(one.address, track) != track:
            wrong.append(f"{one.callsign} had the numbers {numbers[one.address]} and {track}")
        instant = one.begin + (number(fields, "062_070") - of_day(one.begin)) % 86400
        place = number(fields, "062_105_LAT"), number(fields, "062_105_LON")
        velocity = number(fields, "062_185_VX"), number(fields, "062_185_VY")
        worst[0] = max(worst[0], metres(place, one.at(instant)))
        if instant - one.begin > 6:
            worst[1] = max(worst[1], math.dist(velocity, one.velocity))
        said = {
            "SAC": (number(fields, "062_010_SAC"), SYSTEM[0]), "SIC": (number(fields, "062_010_SIC"), SYSTEM[1]),
            "service": (number(fields, "062_015"), 3), "simulated": (number(fields, "062_080_SIM"), 1),
            "tentative": (number(fields, "062_080_CNF"), 0), "level": (number(fields, "062_136"), one.level),
            "callsign": ((number(fields, "062_380_ID") or "").strip(), one.callsign),
            "has an accuracy": ((number(fields, "062_500_APC_X") or 0) > 0, True),
        }
        wrong += [f"track {track}: {name} is {got}, not {want}" for name, (got, want) in said.items() if got != want]
        compared += 1
    if worst[0] > 100:
        wrong.append(f"a place is {worst[0]:.0f} m from the truth")
    if worst[1] > 5:
        wrong.append(f"a velocity is {worst[1]:.1f} m/s from the truth")
    if len(numbers) != len(aircraft):
        wrong.append(f"{len(numbers)} of {len(aircraft)} aircraft were told")
    if ends != set(numbers.values()):
        wrong.append(f"{len(ends)} of {len(numbers)} tracks had a last report")
    print(f"062: {compared} reports of {len(numbers)} tracks; {worst[0]:.1f} m and {worst[1]:.2f} m/s from the truth at "
          f"most; {len(ends)} ends")
    return wrong


def check_status(records):
    sensors = {(number(f, "063_050_SAC"), number(f, "063_050_SIC")) for c, f in records if c == 63}
    services = [number(f, "065_040_NOGO") for c, f in records if c == 65]
    print(f"063: {sum(c == 63 for c, _ in records)} reports of {len(sensors)} sensors; 065: {len(services)} reports")
    wrong = [] if sensors == {RECEIVER} else [f"063 tells of the sensors {sensors}"]
    return wrong if services and set(services) == {0} else wrong + [f"065 says {set(services)}"]


def check_plots(records, sent):
    """Category 021 must be what was sent, record by record."""
    got = [(number(f, "021_080"), number(f, "021_131_LAT"), number(f, "021_131_LON")) for c, f in records if c == 21]
    print(f"021: {len(got)} of {len(sent)} plots")
    if len(got) != len(sent):
        return [f"of {len(sent)} plots {len(got)} came"]
    key = lambda row: (row[0], row[1], row[2])
    far = max(max(abs(a[1] - b[1]), abs(a[2] - b[2])) for a, b in zip(sorted(got, key=key), sorted(sent, key=key)))
    return [] if far < 1e-6 else [f"a plot is {far}° from what was sent"]


def check_tshark(datagrams, records):
    """tshark must find no malformed packet, and the same places as libasterix, to the last bit."""
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "outlets.pcap")
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            for datagram in datagrams:
                packet = (struct.pack(">BBHHHBBHII", 0x45, 0, 28 + len(datagram), 0, 0, 64, 17, 0, 0x7F000001, 0x7F000001)
                          + struct.pack(">HHHH", 8600, 8600, 8 + len(datagram), 0) + datagram)
                file.write(struct.pack("<IIII", 0, 0, len(packet), len(packet)) + packet)
        words = ["tshark", "-r", path, "-d", "udp.port==8600,asterix", "-T", "fields", "-E", "aggregator=;"]
        for field in ("asterix.062_105_LAT", "asterix.062_105_LON", "_ws.malformed"):
            words += ["-e", field]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    latitudes, longitudes, malformed = [], [], 0
    for line in done.stdout.splitlines():
        columns = line.split("\t")
        latitudes += [float(v) for v in columns[0].split(";") if v]
        longitudes += [float(v) for v in columns[1].split(";") if v]
        malformed += bool(columns[2])
    ours = [(number(f, "062_105_LAT"), number(f, "062_105_LON")) for c, f in records if c == 62]
    theirs = list(zip(latitudes, longitudes))
    print(f"tshark: {len(theirs)} places of category 062, {malformed} malformed packets")
    wrong = [f"tshark calls {malformed} packets malformed"] if malformed else []
    if len(theirs) != len(ours) or any(max(abs(a[0] - b[0]), abs(a[1] - b[1])) > 1e-7 for a, b in zip(theirs, ours)):
        wrong.append("tshark and libasterix read other places")
    return wrong


CONFIGURATION = """
node: {{name: Outlets, realm: test}}
http: {{host: 127.0.0.1, port: 0}}
history: {{enabled: false}}
sensors:
  - {{id: {receiver}, name: Roof, kind: receiver, latitude: 34.5, longitude: 138.8}}
feeds:
  - {{name: in, format: asterix, listen: "127.0.0.1:{feed}"}}
outlets:
  - {{name: tracks, format: asterix-tracks, send: "127.0.0.1:{tracks}", source: {system}, service: 3, period: 0.5,
      statusPeriod: 2}}
  - {{name: plots, format: asterix-plots, send: "127.0.0.1:{plots}"}}
"""


def feed(port, aircraft):
    """Sends a report of each aircraft each second; what was sent, as (address, latitude, longitude)."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sent = []
    for _ in range(SECONDS):
        now = time.time()
        body = b""
        for one in aircraft:
            instant = round(now * 128) / 128
            body += one.record(instant)
            sent.append((one.address, *one.at(instant)))
        sender.sendto(b"\x15" + (3 + len(body)).to_bytes(2, "big") + body, ("127.0.0.1", port))
        time.sleep(max(0, now + 1 - time.time()))
    return sent


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def main():
    use_libasterix()
    sys.stdout.reconfigure(line_buffering=True)
    if len(sys.argv) != 2:
        fail(SCRIPT, "usage: scripts/check_outlets.py KUMIKO")
    if not shutil.which("tshark"):
        fail(SCRIPT, "tshark is not there; scripts/setup.sh test installs it")
    theirs = Theirs()
    tracks, plots, port = Listener(), Listener(), free_port()
    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, "kumiko.yaml")
        with open(path, "w") as file:
            file.write(CONFIGURATION.format(
                receiver="/".join(map(str, RECEIVER)), system="/".join(map(str, SYSTEM)), feed=port, tracks=tracks.port,
                plots=plots.port))
        node = subprocess.Popen([os.path.abspath(sys.argv[1]), "serve", "--config", path], stdout=subprocess.PIPE, text=True,
                                cwd=work)
        try:
            if not node.stdout.readline().startswith("http://"):
                fail(SCRIPT, "the node did not start")
            begin = time.time()
            aircraft = [Aircraft(index, begin) for index in range(20)]
            sent = feed(port, aircraft)
            deadline = time.time() + 120
            records = []
            while time.time() < deadline:
                time.sleep(2)
                records = read(theirs, list(tracks.datagrams))
                if sum(c == 62 and number(f, "062_080_TSE") == 1 for c, f in records) >= len(aircraft):
                    break
        finally:
            node.terminate()
            node.wait(10)
    datagrams = list(tracks.datagrams)
    records = read(theirs, datagrams)
    wrong = check_tracks(records, {one.address: one for one in aircraft}) + check_status(records)
    wrong += check_plots(read(theirs, list(plots.datagrams)), sent) + check_tshark(datagrams, records)
    for sentence in wrong[:20]:
        print(f"WRONG: {sentence}")
    print(f"{SCRIPT}: {'nothing is wrong' if not wrong else f'{len(wrong)} things are wrong'}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
