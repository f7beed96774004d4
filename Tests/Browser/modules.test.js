// The map's pure modules: node --test Tests/Browser/*.test.js
// Only what needs no page: time, projection, filters, placing of labels, the address.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

// A plain .js file is a module to Node only in a package that says so; the page needs no such file, so it is read as data.
const folder = new URL("../../Sources/Web/Map/modules/", import.meta.url);
const sources = new Map();
function source(name) {
  if (!sources.has(name)) {
    const text = readFileSync(new URL(name, folder), "utf8").replace(/from "\.\/([\w-]+\.js)"/g, (_, other) => `from "${source(other)}"`);
    sources.set(name, `data:text/javascript;base64,${Buffer.from(text).toString("base64")}`);
  }
  return sources.get(name);
}
const load = (name) => import(source(name));

const { NodeClock } = await load("clock.js");
const format = await load("format.js");
const mercator = await load("mercator.js");
const { TrackStore, filterOf, nameOf, POINT, STATE } = await load("tracks.js");
const { CORNERS, labelLines, placeLabels } = await load("labels.js");
const { defaults, read, write } = await load("url-state.js");

const NOW = 1_795_000_000_000;
const row = (id, over = {}) => {
  const r = { lon: 140, lat: 35, status: 1, level: 350, course: 90, speed: 480, climb: 0, callsign: "ANA17", address: "86D001", code: "2041", ground: 0, kind: 3, at: NOW, doubts: 0, ...over };
  return [id, r.lon, r.lat, r.status, r.level, r.course, r.speed, r.climb, r.callsign, r.address, r.code, r.ground, r.kind, r.at, r.doubts];
};

test("the node's clock is followed through a jitter of delays", () => {
  const clock = new NodeClock();
  for (let i = 0; i < 100; i++) clock.hear(NOW + i * 200, 1000 + i * 200 + (i % 5) * 30);
  assert.equal(clock.rate, 1);
  assert.ok(Math.abs(clock.at(1000 + 99 * 200) - (NOW + 99 * 200)) < 150);
});

test("a replay at ten times the speed is noticed", () => {
  const clock = new NodeClock();
  for (let i = 0; i < 100; i++) clock.hear(NOW + i * 2000, 1000 + i * 200);
  assert.ok(Math.abs(clock.rate - 10) < 0.2, String(clock.rate));
});

test("a clock that jumps is followed at once", () => {
  const clock = new NodeClock();
  clock.hear(NOW, 0);
  clock.hear(NOW - 3_600_000, 200);
  assert.equal(clock.at(200), NOW - 3_600_000);
  for (let i = 2; i < 40; i++) clock.hear(NOW - 3_600_000 + i * 200 - 200, i * 200);
  assert.equal(clock.rate, 1);
});

test("projection and its inverse agree", () => {
  for (const lat of [-80, -35, 0, 0.001, 35.5, 84]) assert.ok(Math.abs(mercator.latitude(mercator.mercatorY(lat)) - lat) < 1e-9);
  for (const lon of [-180, 0, 139.7, 180]) assert.ok(Math.abs(mercator.longitude(mercator.mercatorX(lon)) - lon) < 1e-9);
});

test("a point at a distance and a bearing is found again", () => {
  const [lon, lat] = mercator.destination(35, 139, 57, 250_000);
  const way = mercator.between(35, 139, lat, lon);
  assert.ok(Math.abs(way.metres - 250_000) < 1);
  assert.ok(Math.abs(way.bearing - 57) < 1e-6);
});

test("an ellipse of 95 % has the axes and the bearing of its covariance", () => {
  // 100 m along north-east, 10 m across.
  const [a, b] = [100 ** 2, 10 ** 2];
  const shape = mercator.ellipse([[(a + b) / 2, (a - b) / 2], [(a - b) / 2, (a + b) / 2]]);
  assert.ok(Math.abs(shape.major - 244.77) < 0.1);
  assert.ok(Math.abs(shape.minor - 24.477) < 0.1);
  assert.ok(Math.abs(shape.bearing - 45) < 1e-9);
  assert.equal(mercator.ellipse([[NaN, 0], [0, 1]]), null);
  assert.equal(mercator.ellipse([[1, 5], [5, 1]]), null);
});

test("a track is carried on along its course, then held", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: [row(1)] }, NOW);
  const track = store.byID.get(1);
  const metres = (s) => mercator.between(35, 140, mercator.latitude(store.positionAt(track, s).y), mercator.longitude(store.positionAt(track, s).x));
  assert.ok(Math.abs(metres(10).metres - 480 * (1852 / 3600) * 10) < 5);
  assert.ok(Math.abs(metres(10).bearing - 90) < 0.1);
  assert.equal(metres(400).metres, metres(45).metres);
});

test("an update moves no symbol at once: the correction fades in", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: [row(1)] }, NOW);
  const before = store.positionAt(store.byID.get(1), 4);
  store.delta({ now: NOW + 4000, tracks: [row(1, { lat: 35.002, lon: 140.01, at: NOW + 4000 })] }, NOW + 4000);
  const after = store.positionAt(store.byID.get(1), 4);
  assert.ok(Math.hypot(after.x - before.x, after.y - before.y) < 1e-12);
  const settled = store.positionAt(store.byID.get(1), 8);
  const straight = mercator.mercatorY(35.002);
  assert.ok(Math.abs(settled.y - straight) < 1e-9);
});

test("a snapshot drops what it does not name, and its slot is used again", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: [row(1), row(2)] }, NOW);
  const { slot } = store.byID.get(1);
  store.snapshot({ now: NOW, tracks: [row(2), row(3)] }, NOW);
  assert.deepEqual([...store.byID.keys()].sort(), [2, 3]);
  assert.equal(store.byID.get(3).slot, slot);
  store.delta({ now: NOW, tracks: [], dropped: [2, 99] }, NOW);
  assert.equal(store.count, 1);
  assert.equal(store.state[store.byID.get(3).slot * STATE + 14], 1);
});

test("the store grows past its first room", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: Array.from({ length: 5000 }, (_, i) => row(i)) }, NOW);
  assert.equal(store.count, 5000);
  assert.equal(store.byID.get(4999).x, mercator.mercatorX(140));
});

test("a row without a position is left out", () => {
  const store = new TrackStore();
  store.delta({ now: NOW, tracks: [row(1, { lon: null }), row(2, { lat: NaN })] }, NOW);
  assert.equal(store.count, 0);
});

test("a trail has a point every four seconds and is thinned from afar", () => {
  const store = new TrackStore();
  for (let i = 0; i < 100; i++) store.delta({ now: NOW + i * 1000, tracks: [row(1, { lon: 140 + i * 0.002, at: NOW + i * 1000 })] }, NOW + i * 1000);
  const track = store.byID.get(1);
  const view = (zoom) => ({ x: track.x, y: track.y, world: 512 * 2 ** zoom, width: 800, height: 600, ratio: 1 });
  assert.equal(store.trailsIn(view(12))[1] / POINT, 25);
  assert.ok(store.trailsIn(view(4))[1] / POINT < 5);
  assert.equal(store.trailsIn({ ...view(12), x: 0.1 })[1], 0);
});

test("the words of the filter must all occur, in whatever case", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: [row(7), row(8, { callsign: null, address: null, code: "7700", kind: 0, level: null })] }, NOW);
  const passing = (filter) => [...store.byID.values()].filter(filterOf({ text: "", low: 0, high: 450, ...filter }, 450)).map((t) => t.id);
  assert.deepEqual(passing({}), [7, 8]);
  assert.deepEqual(passing({ text: "ana 2041" }), [7]);
  assert.deepEqual(passing({ text: "emergency" }), [8]);
  assert.deepEqual(passing({ text: "#8" }), [8]);
  assert.deepEqual(passing({ low: 100 }), [7]);
  assert.deepEqual(passing({ high: 300 }), []);
});

test("a label names callsign, else address, else code, else number", () => {
  const store = new TrackStore();
  store.snapshot({ now: NOW, tracks: [
    row(1), row(2, { callsign: null }), row(3, { callsign: null, address: null }), row(4, { callsign: null, address: null, code: null }),
  ] }, NOW);
  assert.deepEqual([1, 2, 3, 4].map((id) => nameOf(store.byID.get(id))), ["ANA17", "86D001", "A2041", "#4"]);
  assert.deepEqual(labelLines(store.byID.get(1), "full"), ["ANA17", "350 480"]);
});

test("labels never lie on each other, nor under a panel", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  const symbols = Array.from({ length: 600 }, () => ({ x: random() * 1000, y: random() * 700 }));
  const candidates = symbols.map((s, key) => ({ ...s, key, width: 48, height: 26, rank: 20, corner: -1, must: false }));
  const panel = { left: 0, top: 0, right: 280, bottom: 700 };
  const placed = placeLabels(candidates, symbols, 1000, 700, 200, [panel]);
  assert.ok(placed.length > 30, String(placed.length));
  const boxes = placed.map((p) => ({ x: symbols[p.key].x + p.left, y: symbols[p.key].y + p.top }));
  for (const [i, a] of boxes.entries()) {
    assert.ok(a.x >= panel.right, `${a.x}`);
    for (const b of boxes.slice(i + 1)) assert.ok(Math.abs(a.x - b.x) >= 48 || Math.abs(a.y - b.y) >= 26);
  }
});

test("what was labelled keeps its label and its corner", () => {
  const symbols = [{ x: 200, y: 300 }, { x: 400, y: 300 }];
  const make = (key, rank, corner) => ({ ...symbols[key], key, width: 60, height: 26, rank, corner, must: false });
  const placed = placeLabels([make(0, 20, -1), make(1, 10, 3)], symbols, 600, 600, 1);
  assert.deepEqual(placed.map((p) => [p.key, p.corner]), [[1, 3]]);
  assert.deepEqual(CORNERS[3], [-1, 1]);
});

test("the address says what is on the screen, and is read back", () => {
  assert.equal(write(defaults()), "");
  const state = { ...defaults(), hasView: true, lat: 35.1234, lon: -179.5, zoom: 7.25, selected: 17, follow: true, text: "ANA & #5", low: 100, high: 300, labels: "brief", trails: false, rings: true, centre: [35.5, 139.75], tab: "sensors", theme: "light", sort: "level", side: false };
  assert.deepEqual(read(`#${write(state)}`), state);
});

test("an address that lies is read as far as it goes", () => {
  for (const hash of ["#at=91,0,5", "#at=1,2", "#at=,,", "#fl=300-100", "#fl=x", "#labels=loud", "#find=%E0%A4", "#track=-1", "#=&&&", "#follow"]) {
    assert.deepEqual(read(hash), defaults(), hash);
  }
});

test("numbers are written as an operator reads them", () => {
  assert.equal(format.formatLevel(49.75), "FL050");
  assert.equal(format.formatLevel(null), "—");
  assert.equal(format.formatPosition(35.5523, 139.78), "35°33.14′N 139°46.80′E");
  assert.equal(format.formatPosition(-0.99999, -359), "01°00.00′S 001°00.00′E");
  assert.equal(format.formatCount(1234567), "1\u2009234\u2009567");
  assert.equal(format.formatAge(3.21), "3.2 s");
  assert.equal(format.formatAge(NaN), "—");
  assert.equal(format.climbArrow(-1200), "↓");
  assert.equal(format.climbArrow(100), "");
  assert.equal(format.css(format.levelColour(0)), "#f0803c");
  assert.equal(format.levelColour(900), format.levelColour(450));
});

test("a link to a partner is linked only when both directions are open", async () => {
  const { stateOf } = await import("../../Sources/Web/Map/modules/partners.js");
  assert.equal(stateOf({ outgoing: "open", incoming: "open" }), "linked");
  assert.equal(stateOf({ outgoing: "open", incoming: "down" }), "one way");
  assert.equal(stateOf({ outgoing: "opening", incoming: "down" }), "linking");
  assert.equal(stateOf({ outgoing: "down", incoming: "down" }), "down");
});
