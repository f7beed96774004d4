#!/usr/bin/env python3
"""Looks at the map through a real browser: do tracks appear, do they move, does everything answer?

    python3 Tests/Browser/test_map.py http://127.0.0.1:8080/          against a node that runs (make test: the demo)
    python3 Tests/Browser/test_map.py --mock                          against the made-up node beside this file
    … --screenshot docs/map.png                                       and leaves a picture of the map
    … --view-as                                               looks only at what an audience may see
    … --crowd                                                         and prints frames per second with 5,000 tracks

Needs requirements.txt, a Chromium (Debian: chromium) and the map's assets (scripts/fetch-map-assets.py). It ends
with status 0 when every sentence below is true. Nothing here asserts on time but for patience: each wait has a limit.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

HERE = Path(__file__).resolve().parent
# WebGL by software: a machine of continuous integration has no graphics processor.
FLAGS = [
    "--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist",
    "--force-color-profile=srgb",
]  # fmt: skip
PATIENCE = 60.0
# For trails to grow before the portrait.
PORTRAIT_SECONDS = float(os.environ.get("KUMIKO_PORTRAIT_SECONDS", "20"))
CHECKS: list[str] = []


class Failed(AssertionError):
    pass


def check(sentence: str, holds: bool, detail: object = "") -> None:
    if not holds:
        raise Failed(f"{sentence}: {detail}" if detail != "" else sentence)
    CHECKS.append(sentence)
    print(f"  ok  {sentence}", flush=True)


def debug(page: Page) -> dict:
    """What the page says of itself; the page forbids eval, so waiting is done here and not in the page."""
    return page.evaluate("() => window.kumiko ? window.kumiko.debug() : null") or {}


def wait(page: Page, sentence: str, holds, limit: float = PATIENCE) -> dict:
    end = time.monotonic() + limit
    while True:
        now = debug(page)
        if now and holds(now):
            check(sentence, True)
            return now
        if time.monotonic() > end:
            now.pop("positions", None)
            trouble = page.locator("#trouble").inner_text() if page.locator("#trouble").is_visible() else ""
            raise Failed(f"{sentence}: not within {limit:.0f} s; {trouble} {json.dumps(now)}")
        page.wait_for_timeout(200)


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)
        page.wait_for_timeout(60)


def is_coloured(page: Page, png: bytes, x: float, y: float) -> bool:
    """Whether the screenshot has a symbol at a point: something both bright and coloured, or nearly white."""
    return page.evaluate(
        """async ([data, x, y]) => {
            const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
            const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
            const canvas = new OffscreenCanvas(23, 23);
            const context = canvas.getContext('2d');
            context.drawImage(image, Math.round(x) - 11, Math.round(y) - 11, 23, 23, 0, 0, 23, 23);
            const { data: pixels } = context.getImageData(0, 0, 23, 23);
            let bright = 0;
            for (let i = 0; i < pixels.length; i += 4) if (Math.max(pixels[i], pixels[i + 1], pixels[i + 2]) > 140) bright += 1;
            return bright >= 8;
        }""",
        [base64.b64encode(png).decode(), x, y],
    )


def free_of_panels(page: Page, state: dict, margin: float = 40) -> dict:
    """The positions that lie on open map, by track number."""
    stage = state["stage"]
    boxes = []
    for name in ("#side", "#details", "#legend", "#corner", "#foot"):
        if page.locator(name).is_visible():
            box = page.locator(name).bounding_box()
            boxes.append((box["x"] - stage["x"], box["y"] - stage["y"], box["width"], box["height"]))

    def is_open(p):
        return (
            margin < p["x"] < stage["width"] - margin
            and margin < p["y"] < stage["height"] - margin
            and not any(x - 20 < p["x"] < x + w + 20 and y - 20 < p["y"] < y + h + 20 for x, y, w, h in boxes)
        )

    return {key: p for key, p in state["positions"].items() if is_open(p)}


def lonely(positions: dict) -> list[str]:
    """Those that stand farthest from the others: a click on them means only them."""

    def room(key):
        p = positions[key]
        return min((abs(p["x"] - q["x"]) + abs(p["y"] - q["y"]) for k, q in positions.items() if k != key), default=1e9)

    return sorted(positions, key=room, reverse=True)


def look(page: Page, base: str, options) -> None:
    page.goto(base)
    first = wait(page, "tracks are drawn on the map", lambda d: d["ready"] and d["inView"] > 0 and d["health"] == "live")
    check("the map knows its sensors", first["sensors"] > 0 or wait(page, "sensors arrive", lambda d: d["sensors"] > 0) is not None)
    check("the count in the bar is that of the tracks", any(c.isdigit() for c in page.locator("#count").inner_text()))
    node = json.load(urllib.request.urlopen(base + "api/node"))
    check(
        "what is not live says so across the page",
        page.locator("#banner").is_visible() == (node["realm"] != "live"),
        node["realm"],
    )

    # Close enough that an aircraft crosses pixels within seconds; around one that flies fast.
    flying = [p for p in first["positions"].values() if (p["speed"] or 0) > 120 and p["status"] != "coasting"]
    check("something flies", bool(flying))
    middle = sorted(flying, key=lambda p: p["lat"])[len(flying) // 2]
    near = f"#at={middle['lat']:.4f},{middle['lon']:.4f},8.5"
    page.goto(base + near)
    before = wait(page, "the address sets the view", lambda d: d["ready"] and abs(d["state"]["zoom"] - 8.5) < 0.01 and d["inView"] > 0)
    updates = before["updates"]
    page.wait_for_timeout(1500)
    before = debug(page)
    start = {key: p for key, p in before["positions"].items() if (p["speed"] or 0) > 120}

    def moved(d):
        return [k for k, p in d["positions"].items() if k in start and abs(p["x"] - start[k]["x"]) + abs(p["y"] - start[k]["y"]) > 3]

    wait(page, "tracks move on the map", lambda d: len(moved(d)) > 0 and d["updates"] > updates)

    # And the pixels say the same as the numbers: a symbol stands where it is said to stand.
    seen, empty = [], []
    for _ in range(5):
        state = debug(page)
        picture = page.screenshot()
        after = debug(page)
        stage = state["stage"]
        for key, p in list(free_of_panels(page, state).items())[:40]:
            q = after["positions"].get(key)
            # Only what hardly moved while the picture was taken can be compared with it.
            if q and abs(p["x"] - q["x"]) + abs(p["y"] - q["y"]) < 6 and p["status"] == "confirmed":
                seen.append(is_coloured(page, picture, stage["x"] + (p["x"] + q["x"]) / 2, stage["y"] + (p["y"] + q["y"]) / 2))
        for x in range(360, int(stage["width"]) - 60, 90):
            for y in range(60, int(stage["height"]) - 90, 90):
                if all(abs(p["x"] - x) > 110 or abs(p["y"] - y) > 60 for p in state["positions"].values()) and len(empty) < 20:
                    empty.append(is_coloured(page, picture, stage["x"] + x, stage["y"] + y))
        if len(seen) >= 5:
            break
        page.wait_for_timeout(500)
    if seen and empty:
        check("and where none is said to stand, there is none", sum(empty) <= 0.3 * len(empty), f"{sum(empty)} of {len(empty)}")
    if seen:
        check("symbols stand where they are said to stand", sum(seen) >= 0.9 * len(seen), f"{sum(seen)} of {len(seen)}")

    # Selecting by hand.
    page.goto(base + "#")
    page.reload()
    state = wait(page, "the map opens on all tracks", lambda d: d["ready"] and d["inView"] > 0)
    chosen = None
    for attempt in range(8):
        state = debug(page)
        places = free_of_panels(page, state)
        if not places:
            page.wait_for_timeout(500)
            continue
        key = lonely(places)[min(attempt, len(places) - 1)]
        page.mouse.click(state["stage"]["x"] + places[key]["x"], state["stage"]["y"] + places[key]["y"])
        page.wait_for_timeout(400)
        chosen = debug(page)["selected"]
        if chosen is not None:
            break
    check("a click selects a track", chosen is not None)
    panel = page.locator("#details")
    end = time.monotonic() + PATIENCE
    while "Plots" not in panel.inner_text() and time.monotonic() < end:
        page.wait_for_timeout(200)
    words = panel.inner_text()
    check("the panel tells number and status", f"Track {chosen}" in words and any(s in words for s in ("confirmed", "tentative", "coasting")), words)
    for part in ("Identity", "Motion", "Position", "Life", "Plots"):
        check(f"the panel has: {part}", part in words, words)
    feature = json.load(urllib.request.urlopen(f"{base}api/tracks/{chosen}"))
    if feature["properties"].get("sensors"):
        check("the panel names the sensors that see it", "Seen by" in words, words)

    # The address carries it all.
    page.wait_for_timeout(400)
    check("the address names the track", f"track={chosen}" in page.url, page.url)
    page.reload()
    wait(page, "the address brings the track back", lambda d: d["selected"] == chosen)
    wait(page, "and the picture", lambda d: d["ready"] and d["inView"] > 0)

    # The filter, by key and by text.
    total = debug(page)["tracks"]
    named = [p["name"] for p in debug(page)["positions"].values() if p["name"].isalnum()]
    press(page, "Escape")
    press(page, "/")
    check("slash goes to the search field", page.evaluate("() => document.activeElement.id") == "text")
    page.keyboard.type(named[0][:6] if named else "confirmed")
    wait(page, "the filter leaves fewer tracks", lambda d: 0 < d["shown"] < total or total == 1)
    page.wait_for_timeout(400)
    check("the address holds the filter", "find=" in page.url, page.url)
    page.reload()
    wait(page, "the address brings the filter back", lambda d: d["state"]["text"] != "" and 0 < d["shown"] <= total)
    press(page, "Escape", "Escape", "Escape")
    wait(page, "Escape clears the filter", lambda d: d["state"]["text"] == "" and d["shown"] == d["tracks"])
    page.locator("#low").evaluate("(e) => { e.value = 300; e.dispatchEvent(new Event('input', { bubbles: true })); }")
    wait(page, "the altitude range filters", lambda d: d["state"]["low"] == 300 and all((p["level"] or 0) >= 300 for p in d["positions"].values()))
    press(page, "Escape")
    wait(page, "and is cleared", lambda d: d["state"]["low"] == 0)

    # The keys.
    zoom = debug(page)["state"]["zoom"]
    press(page, "+")
    wait(page, "plus zooms in", lambda d: d["state"]["zoom"] > zoom + 0.5)
    press(page, "-")
    wait(page, "minus zooms out", lambda d: d["state"]["zoom"] < zoom + 0.5)
    press(page, "j")
    one = wait(page, "j takes the first track of the list", lambda d: d["selected"] is not None)["selected"]
    if total > 1:
        press(page, "j")
        wait(page, "and then the next", lambda d: d["selected"] not in (None, one))
        press(page, "ArrowUp")
        wait(page, "the arrow goes back", lambda d: d["selected"] == one)
    press(page, "f")
    wait(page, "f follows it", lambda d: d["follow"])
    page.wait_for_timeout(600)
    state = debug(page)
    if str(one) in state["positions"]:
        p, stage = state["positions"][str(one)], state["stage"]
        check("and keeps it in the middle", abs(p["x"] - stage["width"] / 2) < 12 and abs(p["y"] - stage["height"] / 2) < 12, p)
    press(page, "f")
    for key, name in {"t": "trails", "v": "vectors", "c": "coverage", "r": "rings", "g": "graticule", "p": "places"}.items():
        was = debug(page)["state"][name]
        press(page, key)
        check(f"{key} switches {name}", debug(page)["state"][name] is not was)
        press(page, key)
    press(page, "l")
    check("l shortens the labels", debug(page)["state"]["labels"] == "brief")
    press(page, "l", "l")
    check("and brings them back", debug(page)["state"]["labels"] == "full")
    press(page, "?")
    check("the question mark shows the keys", page.locator("#help").is_visible())
    press(page, "Escape")
    check("Escape hides them", not page.locator("#help").is_visible())
    press(page, "2")
    check("the sensors are listed with their health", page.locator("#sensors li").count() == debug(page)["sensors"] > 0)
    press(page, "3", "1", "d")
    check("d makes it light", page.evaluate("() => document.documentElement.dataset.theme") == "light")
    press(page, "d", "Escape", "Escape")

    view_as(page, base)
    if options.screenshot:
        take(page, base, options.screenshot)


def view_as(page: Page, base: str) -> None:
    """What an audience may see: chosen on the page, marked all over it, and nothing of the node's own picture in it."""
    audiences = json.load(urllib.request.urlopen(base + "api/audiences"))["audiences"]
    chooser = page.locator("#as")
    if not audiences:
        check("without agreements there is no view to choose", not page.locator("#asbox").is_visible())
        return
    names = [a["name"] for a in audiences]
    check("every audience can be chosen", chooser.locator("option").evaluate_all("(all) => all.map((o) => o.value)") == ["", *names], names)
    press(page, "1", "j")
    wait(page, "a track is chosen", lambda d: d["selected"] is not None)
    panel = page.locator("#release-part")
    end = time.monotonic() + PATIENCE
    while panel.locator("li").count() < len(names) and time.monotonic() < end:
        page.wait_for_timeout(200)
    words = panel.inner_text()
    check("the panel tells the label and who it is made by", "Label" in words and "Originators" in words, words)
    check("and to whom it goes by which rule", panel.locator("li").count() == len(names), words)

    seen = max(audiences, key=lambda a: a["tracks"])["name"]
    asked: list[str] = []
    page.on("request", lambda r: asked.clear() if r.is_navigation_request() else asked.append(r.url))
    with page.expect_event("load"):
        chooser.select_option(seen)
    wait(page, "the page shows the view of an audience", lambda d: d["ready"] and d["as"] == seen and d["health"] == "live" and d["tracks"] > 0)
    banner = page.locator("#banner").inner_text().lower()
    check("and says so across the page", "not this node's own picture" in banner and seen in banner, banner)
    check("and in its address and title", f"as={seen}" in page.url and page.title().startswith(f"[as {seen}]"), page.title())
    told = {f["id"] for f in json.load(urllib.request.urlopen(f"{base}api/tracks?as={seen}"))["features"]}
    shown = {int(key) for key in debug(page)["positions"]}
    check("it shows tracks of the audience", bool(shown & told) and len(shown - told) <= 2, shown - told)
    press(page, "j")
    wait(page, "one of them is chosen", lambda d: d["selected"] is not None)
    end = time.monotonic() + PATIENCE
    while "Shown under" not in page.locator("#details").inner_text() and time.monotonic() < end:
        page.wait_for_timeout(200)
    check("its panel names the agreement", "Shown under" in page.locator("#details").inner_text())
    own = [url for url in asked if "/api/tracks" in url and f"as={seen}" not in url]
    check("nothing of the node's own picture is asked for", not own, own[:3])
    with page.expect_event("load"):
        chooser.select_option("")
    wait(page, "and the own picture comes back", lambda d: d["ready"] and d["as"] is None and d["inView"] > 0)
    check("without the mark", "own picture" not in page.locator("#banner").inner_text().lower())
    press(page, "Escape", "Escape")


def take(page: Page, base: str, path: Path) -> None:
    """The picture for the README: all tracks, one selected that is well seen."""
    page.goto(base + "#")
    page.reload()
    wait(page, "the picture is ready for its portrait", lambda d: d["ready"] and d["inView"] > 0)
    press(page, "v")
    page.wait_for_timeout(PORTRAIT_SECONDS * 1000)
    state = debug(page)
    places = {k: p for k, p in free_of_panels(page, state, 120).items() if p["name"][:3].isalpha() and p["status"] == "confirmed" and p["x"] < state["stage"]["width"] - 420}
    if places:
        # Of those with room around them the one nearest to the middle: there the sensors are.
        middle = state["stage"]["width"] / 2 + 60, state["stage"]["height"] / 2
        roomy = lonely(places)[: max(1, len(places) // 4)]
        key = min(roomy, key=lambda k: abs(places[k]["x"] - middle[0]) + abs(places[k]["y"] - middle[1]))
        page.mouse.click(state["stage"]["x"] + places[key]["x"], state["stage"]["y"] + places[key]["y"])
        page.mouse.move(700, 20)
        press(page, "0")  # what the panel now covers comes out from under it
        page.wait_for_timeout(4000)
    path.parent.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(path))
    size = path.stat().st_size
    check(f"the screenshot is no burden ({size // 1000} kB)", size < 1_000_000)


def crowd(browser, tracks: int = 5000, rate: int = 2000) -> None:
    """Prints, and does not judge: a machine without a graphics processor says little about one with."""
    server, base = mock(tracks, rate)
    page = browser.new_page(viewport={"width": 1440, "height": 900})
    try:
        for name, view in (("all in view", "#at=32,131,4.6"), ("close", "#at=35.2,137,7")):
            page.goto(base + view)
            page.reload()
            end = time.monotonic() + PATIENCE
            while not (debug(page).get("ready") and debug(page)["tracks"] >= tracks) and time.monotonic() < end:
                page.wait_for_timeout(300)
            page.wait_for_timeout(5000)
            state = debug(page)
            print(
                f"  {state['tracks']} tracks, {name}: {state['inView']} drawn, {state['labels']} labels,"
                f" {state['updatesPerSecond']} updates/s, {state['framesPerSecond']:.1f} frames/s by software WebGL"
                f" on {os.cpu_count()} cores (load {os.getloadavg()[0]:.1f})"
            )
    finally:
        page.close()
        server.terminate()
        server.wait()


def mock(tracks: int, rate: int):
    server = subprocess.Popen(
        [sys.executable, str(HERE / "mock_server.py"), "--port", "0", "--tracks", str(tracks), "--rate", str(rate)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return server, server.stdout.readline().strip()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("base", nargs="?", help="address of the map, for example http://127.0.0.1:8080/")
    parser.add_argument("--mock", action="store_true", help="look at the made-up node instead")
    parser.add_argument("--screenshot", type=Path, help="leave a picture here (1440 × 900)")
    parser.add_argument("--view-as", action="store_true", help="look only at what an audience of the node may see")
    parser.add_argument("--crowd", action="store_true", help="print frames per second with 5,000 tracks")
    parser.add_argument("--chromium", default=shutil.which("chromium") or shutil.which("chromium-browser") or "/usr/bin/chromium")
    options = parser.parse_args()
    if not options.base and not options.mock:
        parser.error("an address, or --mock")

    server = None
    base = options.base
    if options.mock:
        server, base = mock(300, 150)
    base = base if base.endswith("/") else base + "/"
    host = urlsplit(base).netloc
    foreign: list[str] = []
    complaints: list[str] = []
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=options.chromium, args=FLAGS)
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.on("request", lambda r: urlsplit(r.url).scheme in ("http", "https", "ws", "wss") and urlsplit(r.url).netloc != host and foreign.append(r.url))
            page.on("console", lambda m: m.type == "error" and complaints.append(m.text))
            page.on("pageerror", lambda e: complaints.append(str(e)))
            try:
                if options.view_as:
                    page.goto(base)
                    wait(page, "tracks are drawn on the map", lambda d: d["ready"] and d["inView"] > 0 and d["health"] == "live")
                    view_as(page, base)
                else:
                    look(page, base, options)
                check("no request goes to another host", not foreign, foreign[:5])
                # A track may be dropped between two askings; the browser writes its 404 to the console by itself.
                real = [text for text in complaints if "404 (Not Found)" not in text]
                check("the page has no complaint", not real, real[:5])
            except Exception:
                failure = Path(os.environ.get("KUMIKO_ARTIFACTS", "Artifacts")) / "map-failed.png"
                failure.parent.mkdir(parents=True, exist_ok=True)
                page.screenshot(path=str(failure))
                print(f"  what the browser saw: {failure}; it said: {complaints[:5]}", file=sys.stderr)
                raise
            page.close()
            if options.crowd:
                crowd(browser)
            browser.close()
    except Failed as failure:
        print(f"map: FAILED after {len(CHECKS)} checks: {failure}", file=sys.stderr)
        return 1
    finally:
        if server:
            server.terminate()
            server.wait()
    print(f"map: {len(CHECKS)} checks, all true")
    return 0


if __name__ == "__main__":
    sys.exit(main())
