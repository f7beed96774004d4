"""Aircraft, and what receivers of ADS-B tell of them: ASTERIX category 021, edition 2.7, over UDP."""
import math
import socket
import struct
import threading
import time

LETTERS = {c: i for i, c in enumerate(" ABCDEFGHIJKLMNOPQRSTUVWXYZ", 0) if c != " "}
METRES_A_DEGREE = 111_195.0
DATAGRAM_OCTETS = 1_400


def six_bits(callsign):
    """The eight characters of I021/170, six bits each, as an integer of 48 bits."""
    value = 0
    for letter in callsign.ljust(8):
        code = LETTERS.get(letter) or (ord(letter) if letter.isdigit() else 32)
        value = value << 6 | code
    return value


class Aircraft:
    """A circle of 10 km, flown for ever: so it stays in the area in which it began."""
    RADIUS = 10_000.0
    SPEED = 180.0

    def __init__(self, callsign, address, latitude, longitude, phase=0.0):
        self.callsign, self.address = callsign, address
        self.latitude, self.longitude, self.phase = latitude, longitude, phase
        self._identity = six_bits(callsign).to_bytes(6, "big")
        self._middle = (latitude, longitude, METRES_A_DEGREE * math.cos(math.radians(latitude)))

    def record(self, source, now):
        """One record: items 010, 040, 131, 080, 073, 140, 090, 210, 145, 160, 170."""
        angle = self.phase + now * (self.SPEED / self.RADIUS)
        north, east = self.RADIUS * math.cos(angle), self.RADIUS * math.sin(angle)
        latitude = self._middle[0] + north / METRES_A_DEGREE
        longitude = self._middle[1] + east / self._middle[2]
        course = (angle + math.pi / 2) % (2 * math.pi)
        return b"".join((
            b"\xc3\x19\x73\x09\x80", source, b"\x00",
            struct.pack(">ii", round(latitude / 180 * 2**30), round(longitude / 180 * 2**30)),
            self.address.to_bytes(3, "big"), int(now % 86_400 * 128).to_bytes(3, "big"),
            struct.pack(">h", round(9_000 / 0.3048 / 6.25)), b"\x51\xf2\x12", struct.pack(">h", 290 * 4),
            struct.pack(">HH", round(self.SPEED / 1852 * 2**14), round(course / (2 * math.pi) * 65_536) & 0xFFFF),
            self._identity))


class Sender:
    """What one receiver sends to one node."""

    def __init__(self, port, sac, sic, aircraft):
        self.port, self.source, self.aircraft = port, bytes([sac, sic]), list(aircraft)


class Sky(threading.Thread):
    """Tells each aircraft once a period to each who hears it, spread over the period."""
    STEP = 0.1

    def __init__(self, senders, period):
        super().__init__(daemon=True, name="sky")
        self.senders, self.period = senders, period
        self.records = 0
        self._ended = threading.Event()

    def run(self):
        out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        slots = max(1, round(self.period / self.STEP))
        slot, due = 0, time.monotonic()
        while not self._ended.wait(max(0.0, due - time.monotonic())):
            now = time.time()
            for sender in self.senders:
                block = b""
                for aircraft in sender.aircraft[slot % slots::slots]:
                    record = aircraft.record(sender.source, now)
                    if len(block) + len(record) + 3 > DATAGRAM_OCTETS:
                        self._send(out, block, sender.port)
                        block = b""
                    block += record
                    self.records += 1
                if block:
                    self._send(out, block, sender.port)
            slot += 1
            due = max(due + self.STEP, time.monotonic() - 1)
        out.close()

    @staticmethod
    def _send(out, block, port):
        try:
            out.sendto(b"\x15" + struct.pack(">H", len(block) + 3) + block, ("127.0.0.1", port))
        except OSError:
            pass  # The node is down; what it does not hear is lost, as with any radar.

    def end(self):
        self._ended.set()
        self.join()


def grid(prefix, count, first_address, south, west, north, east):
    """Aircraft evenly over a box, their callsigns numbered: PREFIX0 …, eight characters at most."""
    columns = max(1, math.ceil(math.sqrt(count * (east - west) / max(north - south, 0.1))))
    rows = math.ceil(count / columns)
    made = []
    for i in range(count):
        row, column = divmod(i, columns)
        made.append(Aircraft(
            f"{prefix}{i:0{8 - len(prefix)}d}", first_address + i,
            south + (row + 0.5) * (north - south) / rows, west + (column + 0.5) * (east - west) / columns,
            phase=i * 2.399963))
    return made
