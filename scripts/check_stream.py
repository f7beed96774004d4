#!/usr/bin/env python3
"""Reads the event stream of a running node for a moment and checks that it is as the description says.

    scripts/check_stream.py http://127.0.0.1:8080

Exits with 0 when a snapshot came first, then deltas (if anything moves), and sensors, all of them well formed.
"""
import json
import sys
import time
import urllib.request

ROW = [  # what may stand in each column of a row
    ("id", int), ("longitude", (int, float)), ("latitude", (int, float)), ("status", int),
    ("flight level", (int, float, type(None))), ("track degrees", (int, float)), ("ground speed", (int, float)),
    ("climb", (int, float)), ("callsign", (str, type(None))), ("address", (str, type(None))),
    ("code", (str, type(None))), ("on ground", int), ("kind", int), ("measured at", int),
    ("doubts", int),
]


def events(answer, seconds):
    """The events of `seconds`, as (name, parsed data)."""
    end = time.monotonic() + seconds
    name, data = None, []
    for line in answer:
        line = line.decode("utf-8").rstrip("\n")
        if line.startswith("event: "):
            name = line[7:]
        elif line.startswith("data: "):
            data.append(line[6:])
        elif not line and name:
            yield name, json.loads("\n".join(data))
            name, data = None, []
            if time.monotonic() > end:
                return


def check_rows(body):
    assert isinstance(body["now"], int) and isinstance(body["dropped"], list), body
    for row in body["tracks"]:
        assert len(row) == len(ROW), f"a row has {len(ROW)} columns: {row}"
        for value, (column, types) in zip(row, ROW):
            assert isinstance(value, types), f"{column} is {value!r} in {row}"
        assert -180 <= row[1] <= 180 and -90 <= row[2] <= 90, row
        assert row[3] in (0, 1, 2) and row[11] in (0, 1) and 0 <= row[12] <= 6 and 0 <= row[14] < 65536, row


def main():
    base = sys.argv[1].rstrip("/")
    with urllib.request.urlopen(base + "/api/sensors", timeout=10) as answer:
        keys = {sensor["id"]: set(sensor) for sensor in json.load(answer)["sensors"]}
    counts = {"snapshot": 0, "delta": 0, "sensors": 0}
    rows = 0
    with urllib.request.urlopen(base + "/api/tracks/stream", timeout=10) as answer:
        assert answer.headers["Content-Type"] == "text/event-stream", answer.headers
        for name, body in events(answer, 5):
            assert name in counts, f"an event is named {name}"
            assert name == "snapshot" or counts["snapshot"] == 1, "the snapshot comes first"
            counts[name] += 1
            if name == "sensors":
                assert {sensor["id"] for sensor in body["sensors"]} >= set(keys), "all sensors are told"
            else:
                check_rows(body)
                rows += len(body["tracks"])
    assert counts["snapshot"] == 1 and counts["sensors"] >= 3, counts
    print(f"{counts['snapshot']} snapshot, {counts['delta']} deltas, {rows} rows, {counts['sensors']} of sensors: good")


if __name__ == "__main__":
    main()
