#!/usr/bin/env python3
"""A node that is not one: serves the map and a made-up moving picture by the same API.

For working on the map without building the node, and for the browser test's run with thousands of tracks.
Only the standard library; every aircraft comes from the seed, so two runs show the same picture.

    python3 Tests/Browser/mock_server.py --tracks 5000 --rate 2000 --port 8087
"""

from __future__ import annotations

import argparse
import json
import math
import mimetypes
import random
import re
import threading
import time
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
EARTH = 6_371_000.0
KNOT = 1852.0 / 3600.0
KINDS = ["primary", "secondary", "modeS", "combined", "broadcast", "multilateration", "systemTrack"]
STATUSES = ["tentative", "confirmed", "coasting"]
PREFIXES = "ANA JAL SKY APJ SFJ JJP KAL AAR JNA TWB CPA EVA CAL CES CSN CCA UAL DAL QFA SIA THA FDX UPS".split()
HUBS = {
    "RJTT": (35.5523, 139.78), "RJBB": (34.4347, 135.244), "RJFF": (33.5859, 130.451), "RJCC": (42.7752, 141.692),
    "ROAH": (26.1958, 127.646), "RKSI": (37.4691, 126.451), "RKPK": (35.1795, 128.938), "RKPC": (33.5113, 126.493),
    "RCTP": (25.0777, 121.233), "ZSPD": (31.1434, 121.805), "RJSN": (37.9559, 139.121), "UHWW": (43.399, 132.148),
    "RPLL": (14.5086, 121.02), "VHHH": (22.3089, 113.915), "PGUM": (13.4834, 144.796), "ZBAA": (40.0801, 116.585),
}  # fmt: skip
SITES = [
    ("20/129", "Haneda", "radar", 35.549, 139.784, 21, 111e3, 4.0), ("20/130", "Kansai", "radar", 34.43, 135.24, 30, 111e3, 4.0),
    ("20/131", "Sefuri", "radar", 33.44, 130.36, 1000, 370e3, 10.0), ("20/132", "Kushiro", "radar", 43.03, 144.2, 120, 370e3, 10.0),
    ("20/133", "Yaedake", "radar", 26.63, 127.92, 453, 370e3, 10.0), ("20/134", "Sado", "radar", 38.07, 138.35, 900, 370e3, 10.0),
    ("20/135", "Yamada", "radar", 35.63, 140.26, 40, 370e3, 10.0), ("30/17", "Incheon", "radar", 37.46, 126.44, 12, 111e3, 4.0),
    ("30/18", "Halla", "radar", 33.36, 126.53, 1100, 370e3, 10.0), ("30/19", "Gangneung", "radar", 37.75, 128.94, 850, 370e3, 10.0),
    ("20/200", "Choshi ADS-B", "receiver", 35.73, 140.84, 55, 400e3, None), ("20/201", "Omaezaki ADS-B", "receiver", 34.6, 138.21, 30, 400e3, None),
    ("1/62", "Partner system tracks", "system", None, None, None, None, None),
]  # fmt: skip


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Aircraft:
    """One made-up flight: great-circle legs by small steps, climbs and descents, gentle turns."""

    def __init__(self, number: int, dice: random.Random, now: float, spread: bool):
        self.id = number
        (lat0, lon0), (lat1, lon1) = dice.sample(list(HUBS.values()), 2)
        along = dice.random()
        self.lat = lat0 + (lat1 - lat0) * along + dice.gauss(0, 0.9 if spread else 0.25)
        self.lon = lon0 + (lon1 - lon0) * along + dice.gauss(0, 0.9 if spread else 0.25)
        self.track = math.degrees(math.atan2((lon1 - lon0) * math.cos(math.radians(lat0)), lat1 - lat0)) % 360
        self.turn = dice.choice([0, 0, 0, 0, 0, dice.uniform(-1.5, 1.5)])
        near = min(along, 1 - along)
        self.on_ground = dice.random() < 0.02
        cruise = dice.choice([290, 310, 330, 340, 350, 360, 370, 380, 390, 400, 410])
        self.level = 0.0 if self.on_ground else min(cruise, 20 + near * 2200 * dice.uniform(0.6, 1.2))
        climbing = 0 if self.level >= cruise else (1 if along < 0.5 else -1)
        self.climb = 0 if self.on_ground else climbing * dice.choice([900, 1400, 1800, 2300])
        self.speed = dice.uniform(5, 25) if self.on_ground else 150 + self.level * 0.8 + dice.gauss(0, 20)
        self.kind = dice.choices(range(7), [4, 10, 14, 34, 30, 5, 3])[0]
        self.status = dice.choices((0, 1, 2), (4, 93, 3))[0]
        primary = self.kind == 0
        self.callsign = None if primary or dice.random() < 0.05 else f"{dice.choice(PREFIXES)}{dice.randint(1, 2999)}"
        self.address = None if primary or self.kind == 1 else f"{dice.randrange(0x840000, 0x87FFFF):06X}"
        self.code = None if primary else f"{dice.randrange(4096):04o}"
        if number % 1700 == 11 and not primary:
            self.code = dice.choice(["7500", "7600", "7700"])
        if self.kind in (0,) and dice.random() < 0.7:
            self.level = None
        self.born, self.at, self.plots = now - dice.uniform(30, 3000), now, dice.randint(4, 900)
        self.past: list[tuple] = []
        lat, lon = self.lat, self.lon
        for step in range(1, 60):
            back = -10.0
            lat, lon = self.moved(lat, lon, back)
            level = None if self.level is None else max(0, self.level + self.climb / 100 / 60 * back * step)
            self.past.append((self.at + back * step, lon, lat, level, self.speed))
        self.past.reverse()

    def moved(self, lat: float, lon: float, seconds: float):
        way = self.speed * KNOT * seconds
        lat += math.degrees(way * math.cos(math.radians(self.track)) / EARTH)
        lon += math.degrees(way * math.sin(math.radians(self.track)) / EARTH / math.cos(math.radians(lat)))
        return max(-80.0, min(80.0, lat)), (lon + 180) % 360 - 180

    def advance(self, now: float):
        seconds = now - self.at
        self.track = (self.track + self.turn * seconds) % 360
        self.lat, self.lon = self.moved(self.lat, self.lon, seconds)
        if self.level is not None and self.climb:
            self.level += self.climb / 100 / 60 * seconds
            if self.level >= 390 or self.level <= 10:
                self.level, self.climb = max(10.0, min(390.0, self.level)), 0
        self.at, self.plots = now, self.plots + 1
        if not self.past or now - self.past[-1][0] >= 5:
            self.past.append((now, self.lon, self.lat, self.level, self.speed))
            del self.past[:-600]

    def row(self):
        return [
            self.id, round(self.lon, 5), round(self.lat, 5), self.status,
            None if self.level is None else round(self.level * 4) / 4, round(self.track, 1), round(self.speed, 1),
            round(self.climb), self.callsign, self.address, self.code, int(self.on_ground), self.kind,
            round(self.at * 1000), int(self.id % 50 == 0),
        ]  # fmt: skip

    def feature(self, full: bool = False):
        p = {
            "status": STATUSES[self.status], "groundSpeedKnots": round(self.speed, 1), "trackDegrees": round(self.track, 1),
            "climbFeetPerMinute": round(self.climb), "onGround": self.on_ground, "kind": KINDS[self.kind],
            "bornAt": stamp(self.born), "measuredAt": stamp(self.at), "receivedAt": stamp(self.at + 0.08),
            "plots": self.plots,
        }  # fmt: skip
        height = 0.0 if self.level is None else self.level * 30.48
        if self.level is not None:
            p |= {"flightLevel": round(self.level * 4) / 4, "heightMetres": round(height + 35, 1)}
        for name, value in (("callsign", self.callsign), ("address", self.address), ("mode3A", self.code)):
            if value:
                p[name] = value
        if full:
            near = sorted(
                (s for s in SITES if s[3] is not None), key=lambda s: (s[3] - self.lat) ** 2 + (s[4] - self.lon) ** 2
            )[:4]
            p["sensors"] = [
                {"id": s[0], "name": s[1], "measuredAt": stamp(self.at - (7 * i * self.id) % 11)} for i, s in enumerate(near)
            ]
            times = {"pressureAltitude": self.level is not None, "geometricHeight": self.kind == 4, "address": self.address,
                     "mode3A": self.code, "callsign": self.callsign}  # fmt: skip
            p["fieldTimes"] = {n: stamp(self.at - (i * 3.7) % 9) for i, (n, has) in enumerate(times.items()) if has}
            a, b = (900.0, 160.0) if self.kind != 0 else (2600.0, 420.0)
            c, s = math.cos(self.id), math.sin(self.id)
            ee, nn, en = (a * c) ** 2 + (b * s) ** 2, (a * s) ** 2 + (b * c) ** 2, (a * a - b * b) * c * s
            p["covariance"] = [[ee, en, 0, 0], [en, nn, 0, 0], [0, 0, 16, 0], [0, 0, 0, 16]]
            p["heightDeviationMetres"] = 25.0
        point = [round(self.lon, 6), round(self.lat, 6), round(height, 1)]
        return {"type": "Feature", "id": self.id, "geometry": {"type": "Point", "coordinates": point}, "properties": p}


class Picture:
    def __init__(self, options):
        dice = random.Random(options.seed)
        now = time.time()
        self.started, self.options = now, options
        self.lock = threading.Condition()
        self.aircraft = {n: Aircraft(n, dice, now, options.tracks > 1000) for n in range(1, options.tracks + 1)}
        self.sequence = 0
        self.changes: list[tuple[int, list]] = []
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        order, at, tick = list(self.aircraft), 0, 0.2
        while True:
            due = max(1, min(len(order), int(self.options.rate * tick)))
            now = time.time()
            with self.lock:
                rows = []
                for _ in range(due):
                    craft = self.aircraft[order[at]]
                    at = (at + 1) % len(order)
                    if craft.status == 2 and craft.id % 2:
                        continue
                    craft.advance(now)
                    rows.append(craft.row())
                self.sequence += 1
                self.changes = [*self.changes[-20:], (self.sequence, rows)]
                self.lock.notify_all()
            time.sleep(max(0.0, tick - (time.time() - now)))

    def sensors(self):
        now, dice = time.time(), random.Random(int(time.time() / 5))
        sensors = []
        for index, (key, name, kind, lat, lon, height, reach, period) in enumerate(SITES):
            state = {3: "silent", 8: "degraded"}.get(index, "operational" if kind != "system" else "unknown")
            entry = {"id": key, "name": name, "kind": kind, "state": state, "plots": int((now - self.started) * 70),
                     "plotsPerSecond": 0.0 if state == "silent" else round(dice.uniform(20, 180), 1)}  # fmt: skip
            if lat is not None:
                entry |= {"latitude": lat, "longitude": lon, "heightMetres": height, "rangeMaxMetres": reach}
            if period:
                entry["periodSeconds"] = period
            if kind == "radar" and state != "unknown":
                entry["registration"] = {
                    "state": "quarantined" if index == 5 else "registered", "since": stamp(now - 300),
                    "rangeMetres": {"value": dice.uniform(-90, 90), "deviation": 3.1},
                    "azimuthDegrees": {"value": dice.uniform(-0.2, 0.2), "deviation": 0.004},
                    "timeMilliseconds": {"value": dice.uniform(-90, 90), "deviation": 11.0},
                    "stretches": 900, "jumps": 1 if index == 5 else 0, "isApplied": True}  # fmt: skip
            if state != "unknown":
                entry["lastReportAt"] = stamp(now - (95 if state == "silent" else 0.4))
            sensors.append(entry)
        return {"now": round(now * 1000), "sensors": sensors}


class Handler(BaseHTTPRequestHandler):
    picture: Picture
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, body, kind="application/json", status=200):
        data = body if isinstance(body, bytes) else json.dumps(body, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        try:
            self.route(self.path.split("?")[0])
        except (BrokenPipeError, ConnectionResetError):
            pass

    def route(self, path: str):
        picture = self.picture
        if path == "/api/tracks":
            with picture.lock:
                features = [a.feature() for a in picture.aircraft.values()]
            self.reply({"type": "FeatureCollection", "features": features}, "application/geo+json")
        elif path == "/api/tracks/stream":
            self.stream()
        elif found := re.fullmatch(r"/api/tracks/(\d+)(/history)?", path):
            craft = picture.aircraft.get(int(found[1]))
            if craft is None:
                self.reply({"error": "no such track"}, status=404)
            elif found[2]:
                past = list(craft.past)
                self.reply({
                    "type": "Feature", "id": craft.id,
                    "geometry": {"type": "LineString", "coordinates": [[p[1], p[2], (p[3] or 0) * 30.48] for p in past]},
                    "properties": {"times": [stamp(p[0]) for p in past], "flightLevels": [p[3] for p in past],
                                   "groundSpeedsKnots": [p[4] for p in past]},
                }, "application/geo+json")  # fmt: skip
            else:
                with picture.lock:
                    self.reply(craft.feature(full=True), "application/geo+json")
        elif path == "/api/sensors":
            self.reply(picture.sensors())
        elif path == "/api/audiences":
            self.reply({"audiences": []})
        elif path == "/api/node":
            self.reply({"name": "Kumiko mock", "nation": "JP", "realm": picture.options.realm, "version": "0.1.0",
                        "startedAt": round(picture.started * 1000)})  # fmt: skip
        elif path == "/healthz":
            self.reply({"status": "ok"})
        elif path == "/metrics":
            self.reply(f"kumiko_tracks {len(picture.aircraft)}\n".encode(), "text/plain; version=0.0.4")
        elif path == "/api/openapi.json":
            self.reply({"openapi": "3.1.0", "info": {"title": "mock", "version": "0"}, "paths": {}})
        else:
            base, rest = (ROOT / ".assets", path[8:]) if path.startswith("/assets/") else (ROOT / "Sources/Web/Map", path[1:])
            file = (base / (rest or "index.html")).resolve()
            if file.is_file() and base.resolve() in file.parents:
                kind = {".js": "text/javascript", ".json": "application/json"}.get(file.suffix)
                self.reply(file.read_bytes(), kind or mimetypes.guess_type(file.name)[0] or "application/octet-stream")
            else:
                self.reply({"error": "not found"}, status=404)

    def event(self, name: str, body):
        self.wfile.write(f"event: {name}\ndata: {json.dumps(body, separators=(',', ':'))}\n\n".encode())
        self.wfile.flush()

    def stream(self):
        picture = self.picture
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-store")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        with picture.lock:
            seen, rows = picture.sequence, [a.row() for a in picture.aircraft.values()]
        self.event("snapshot", {"now": round(time.time() * 1000), "tracks": rows, "dropped": []})
        told = 0.0
        while True:
            with picture.lock:
                picture.lock.wait_for(lambda: picture.sequence > seen, timeout=5)
                newest = {row[0]: row for number, rows in picture.changes if number > seen for row in rows}
                seen = picture.sequence
            self.event("delta", {"now": round(time.time() * 1000), "tracks": list(newest.values()), "dropped": []})
            if time.time() - told >= 1:
                told = time.time()
                self.event("sensors", picture.sensors())


def serve(options) -> ThreadingHTTPServer:
    Handler.picture = Picture(options)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Handler)
    server.daemon_threads = True
    return server


def arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--port", type=int, default=8087, help="0 takes a free one")
    parser.add_argument("--tracks", type=int, default=400)
    parser.add_argument("--rate", type=int, default=200, help="updates a second, over all tracks")
    parser.add_argument("--realm", default="exercise(mock)")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


if __name__ == "__main__":
    server = serve(arguments())
    print(f"http://127.0.0.1:{server.server_address[1]}/", flush=True)
    server.serve_forever()
