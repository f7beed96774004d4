// The map: puts the pieces together and keeps the one loop that draws.

import { Atlas } from "./atlas.js";
import { Base, ringStep } from "./base.js";
import { Chart } from "./chart.js";
import { NodeClock } from "./clock.js";
import { Details, nameOfAudience } from "./details.js";
import { Partners } from "./partners.js";
import { KINDS, LEVEL_MAX, STATUSES, climbArrow, css, formatAge, formatClock, formatCount, formatDistance, formatLevel, formatPosition, levelColour } from "./format.js";
import { HELP, listen } from "./keyboard.js";
import { Labels } from "./labels.js";
import { List } from "./list.js";
import { between, ellipse, latitude, longitude, mercatorX, mercatorY, unitsPerMetre } from "./mercator.js";
import { Painter } from "./painter.js";
import { SensorList, illCount, stateOf } from "./sensors.js";
import { Stream } from "./stream.js";
import { THEMES } from "./theme.js";
import { POINT, SHAPE, TrackStore, filterOf, nameOf, writePoint } from "./tracks.js";
import { SWITCHES, read, write } from "./url-state.js";

/** @type {(id: string) => any} */
const element = (id) => document.getElementById(id);

/** Says what is wrong in the middle of the page. @param {string} markup */
function trouble(markup) {
  element("trouble").innerHTML = markup;
  element("trouble").hidden = false;
}

async function start() {
  if (!(/** @type {any} */ (window).maplibregl)) {
    trouble(`<h2>The map's assets are missing</h2>
      <p>The node runs, and its picture is at <a href="api/tracks">api/tracks</a>. To see it on a map, fetch MapLibre and the base map once, where there is a network:</p>
      <pre>python3 scripts/fetch-map-assets.py</pre>
      <p>and load this page again. It puts them into <code>.assets/</code>; nothing is fetched while the node runs.</p>`);
    return;
  }
  const family = getComputedStyle(document.documentElement).getPropertyValue("--family").trim();
  await Promise.allSettled(["400 12px Plex", "500 12px Plex", "600 12px Plex", "700 12px Plex"].map((font) => document.fonts.load(font)));
  try {
    new Display(family);
  } catch (error) {
    trouble(`<h2>The map cannot be drawn here</h2><p>${String(error).replace(/[<&]/g, " ")}</p><p>It needs WebGL 2. The same picture as text: <a href="api/tracks">api/tracks</a></p>`);
    throw error;
  }
}

class Display {
  constructor(family) {
    this.family = family;
    this.state = read(location.hash);
    this.theme = THEMES[this.state.theme];
    this.store = new TrackStore();
    this.clock = new NodeClock();
    this.sensors = [];
    this.sensorsByID = new Map();
    this.sensor = null;
    this.hovered = null;
    this.hasFitted = this.state.hasView;
    /** Whose view this page shows, for as long as it lives: another one is another page. @type {string | null} */
    this.as = this.state.as;

    this.base = new Base(element("ground"), this.state, this.theme);
    this.map = this.base.map;
    this.chart = new Chart(family);
    this.painter = new Painter(element("picture"));
    this.labels = new Labels();
    this.list = new List(element("rows"), element("space"), (id) => this.select(id));
    this.sensorList = new SensorList(element("sensors"), (id) => this.chooseSensor(id));
    this.partners = new Partners(element("partners"));
    this.details = new Details(element("details"), {
      follow: () => this.setFollow(!this.state.follow),
      close: () => this.select(null),
    });
    this.details.as = this.as;
    // The graphics processor was taken away and came back: the address holds all that a new page needs.
    const picture = element("picture");
    picture.addEventListener("webglcontextlost", (event) => event.preventDefault());
    picture.addEventListener("webglcontextrestored", () => location.reload());
    this.setAtlas();

    this.viewChanged = true;
    this.labelsAt = this.trailsAt = -Infinity;
    this.labelsZoom = NaN;
    this.drawnAt = -Infinity;
    this.frames = [];
    this.rate = 0;
    this.pathLength = 0;

    this.wire();
    this.applyTheme();
    // Before anything is drawn: a view of another is never without its mark.
    this.#drawBanner();
    this.applyState();
    this.#whenMapIsReady();
    this.askNode();
    this.askAudiences();
    this.stream = new Stream(`api/tracks/stream${this.as === null ? "" : `?as=${this.as}`}`, {
      snapshot: (body) => this.#hear(body, true),
      delta: (body) => this.#hear(body, false),
      sensors: (body) => this.#hearSensors(body),
    });
    fetch("assets/places.json").then((answer) => answer.json()).then((places) => {
      this.chart.setPlaces(places);
      this.viewChanged = true;
    }).catch(() => {});
    requestAnimationFrame(() => this.#frame());
    setInterval(() => this.#everySecond(), 1000);
    /** @type {any} */ (window).kumiko = { debug: () => this.debug() };
  }

  // --- what comes in ---------------------------------------------------------------------------------

  #hear(body, isSnapshot) {
    const local = performance.now();
    if (!Array.isArray(body?.tracks)) return;
    this.clock.hear(body.now, local);
    const now = this.clock.at(local);
    if (!Number.isFinite(now)) return;
    if (isSnapshot) this.store.snapshot(body, now);
    else this.store.delta(body, now);
    this.picturePending = true;
    if (isSnapshot) {
      if (!this.hasFitted && this.store.count > 0) this.fit();
      this.labelsAt = -Infinity;
      this.#sortList();
      this.#counts();
    }
  }

  #hearSensors(body) {
    if (!Array.isArray(body?.sensors)) return;
    const key = JSON.stringify(body.sensors.map((s) => [s.id, s.name, s.state, s.latitude, s.longitude, s.rangeMaxMetres]));
    this.sensors = body.sensors;
    this.sensorsByID = new Map(body.sensors.map((sensor) => [sensor.id, sensor]));
    this.chart.sensors = body.sensors;
    if (key !== this.sensorsKey && this.mapReady) {
      this.sensorsKey = key;
      this.base.setCoverage(body.sensors);
      this.viewChanged = true;
    }
    const ill = illCount(body.sensors);
    element("ill").hidden = ill === 0;
    element("ill").textContent = String(ill);
    element("ill").setAttribute("aria-label", `${ill} in trouble`);
    if (this.state.tab === "sensors") this.sensorList.draw(body.sensors, this.now(), this.sensor);
  }

  async askNode() {
    try {
      const answer = await fetch("api/node");
      if (!answer.ok) throw new Error(String(answer.status));
      const node = await answer.json();
      const realm = String(node.realm ?? "test");
      const isLive = realm === "live";
      element("node").textContent = [node.name, node.nation].filter(Boolean).join(" · ");
      element("node").title = `${node.name ?? "node"}, Kumiko ${node.version ?? ""}`;
      document.title = `${this.as === null ? "" : `[as ${this.as}] `}${isLive ? "" : `[${realm}] `}${node.name ?? "Kumiko"} — Kumiko`;
      document.documentElement.dataset.realm = isLive ? "live" : "other";
      element("realm").hidden = false;
      element("realm").textContent = isLive ? "live" : realm.split("(")[0];
      element("realm").dataset.realm = isLive ? "live" : "other";
      if (!isLive) {
        const name = /\((.*)\)/.exec(realm)?.[1];
        this.realm = `${realm.startsWith("exercise") ? `Exercise${name ? ` ${name}` : ""}` : realm} — not live`;
      }
      this.#drawBanner();
      this.map.resize();
      this.viewChanged = true;
    } catch {
      setTimeout(() => this.askNode(), 3000);
    }
  }

  /** Who may be shown something; without agreements there is nobody to choose. */
  async askAudiences() {
    try {
      const answer = await fetch("api/audiences");
      if (!answer.ok) throw new Error(String(answer.status));
      const { audiences = [] } = await answer.json();
      this.details.hasAgreements = audiences.length > 0;
      const names = audiences.map((audience) => String(audience.name));
      if (this.as !== null && !names.includes(this.as)) names.push(this.as);
      element("as").replaceChildren(...["", ...names].map((name) => Object.assign(document.createElement("option"), { value: name, textContent: name === "" ? "this node" : nameOfAudience(name) })));
      element("as").value = this.as ?? "";
      element("asbox").hidden = names.length === 0;
    } catch {
      setTimeout(() => this.askAudiences(), 3000);
    }
  }

  /** Shows the picture of another: a new page, so that nothing of the old one is left. @param {string | null} as */
  viewAs(as) {
    if (as === this.as) return;
    Object.assign(this.state, { as, selected: null, follow: false });
    history.replaceState(null, "", `#${write(this.state)}`);
    location.reload();
  }

  /** What is not the node's own live picture says so across the page. */
  #drawBanner() {
    const words = [this.as === null ? null : `As ${nameOfAudience(this.as)} may see it — not this node's own picture`, this.realm ?? null].filter((text) => text !== null);
    document.documentElement.dataset.as = this.as === null ? "own" : "other";
    element("banner").hidden = element("exercise").hidden = words.length === 0;
    element("banner").replaceChildren(...words.map((text) => Object.assign(document.createElement("span"), { textContent: text })));
  }

  /** The node's time, ms since the epoch. */
  now() {
    return this.clock.isKnown ? this.clock.at(performance.now()) : Date.now();
  }

  /** Seconds after the store's epoch. */
  seconds() {
    return Number.isFinite(this.store.epoch) ? (this.now() - this.store.epoch) / 1000 : 0;
  }

  // --- the picture -----------------------------------------------------------------------------------

  #whenMapIsReady() {
    const { map } = this;
    map.on("style.load", () => {
      this.mapReady = true;
      this.applyLayers();
      this.base.setGraticule(map.getZoom());
      this.base.setCoverage(this.sensors);
    });
    map.on("move", () => {
      this.viewChanged = true;
    });
    // Within MapLibre's own frame, so that ground and picture never come apart while the view moves.
    map.on("render", () => this.viewChanged && this.#paint());
    map.on("moveend", (event) => {
      this.base.setGraticule(map.getZoom());
      this.#rings();
      if (!event.isFollowing) this.#keepView();
    });
    map.on("dragstart", () => this.setFollow(false));
    map.on("error", (event) => console.warn("map:", event.error?.message ?? event));
    new ResizeObserver(() => {
      map.resize();
      this.viewChanged = true;
      this.labelsAt = -Infinity;
    }).observe(element("stage"));
  }

  #frame() {
    requestAnimationFrame(() => this.#frame());
    const local = performance.now();
    this.frames.push(local);
    while (this.frames[0] < local - 2000) this.frames.shift();
    if (this.state.follow) this.#followOn();
    // From afar an aircraft takes seconds to cross a pixel: draw when something can be seen to have moved.
    const world = 512 * 2 ** this.map.getZoom();
    const fastest = (260 / 4e7) * world * this.clock.rate;
    const due = Math.min(250, Math.max(0, (0.12 / fastest) * 1000));
    if (this.viewChanged || this.picturePending || this.labelsAt === -Infinity || local - this.drawnAt >= due) this.#paint();
  }

  #paint() {
    const local = performance.now();
    const view = this.base.view();
    if (!view.width || !view.height) return;
    const seconds = this.seconds();
    this.drawnAt = local;
    this.picturePending = false;
    if (view.ratio !== this.atlas.ratio) this.setAtlas();
    if (this.viewChanged) {
      this.viewChanged = false;
      this.#drawChart(view);
      this.painter.setChart(this.chart.canvas);
      this.#scaleBar(view);
    }
    const isNewZoom = Math.abs(view.world / this.labelsZoom - 1) > 0.04;
    if (local - this.labelsAt > (isNewZoom ? 60 : 400)) {
      this.labelsAt = local;
      this.labelsZoom = view.world;
      this.labels.update(this.store, view, seconds, {
        mode: this.state.labels, selected: this.state.selected, hovered: this.hovered, palette: this.theme.palette, blocked: this.#panels(),
      }, this.atlas, this.painter);
      this.#marks();
    }
    this.#selectedShapes(seconds);
    if (this.state.trails && (isNewZoom || local - this.trailsAt > 500)) {
      this.trailsAt = local;
      this.painter.trailPoints.fill(...this.store.trailsIn(view));
    }
    this.painter.upload(this.store);
    this.painter.draw(view, seconds, {
      count: this.store.slots.length, trails: this.state.trails, vectors: this.state.vectors ? 60 : 0, dim: 1,
    });
  }

  /** Where panels lie on the stage: a label under one is of no use. */
  #panels() {
    const stage = element("stage").getBoundingClientRect();
    return ["side", "details", "legend", "corner"].map((id) => element(id).getBoundingClientRect()).filter((box) => box.width > 0)
      .map((box) => ({ left: box.left - stage.left, right: box.right - stage.left, top: box.top - stage.top, bottom: box.bottom - stage.top }));
  }

  #drawChart(view) {
    const { state } = this;
    const side = state.side && view.width > 700 ? 298 : 0;
    this.chart.draw(view, this.theme, {
      places: state.places, graticule: state.graticule, coverage: state.coverage,
      rings: state.rings ? state.centre : null, ringStep: this.ringStep ?? 50, sensor: this.sensor,
      margins: { left: side, top: 0, right: state.selected === null ? 0 : 350, bottom: 40 },
    });
  }

  #rings() {
    if (!this.mapReady) return;
    const { state } = this;
    const step = state.centre ? ringStep(this.base.view(), state.centre[0]) : 0;
    const key = state.rings && state.centre ? `${state.centre} ${step}` : "";
    if (key === this.ringKey) return;
    this.ringKey = key;
    this.ringStep = step;
    this.base.setRings(state.rings ? state.centre : null, step);
    this.viewChanged = true;
  }

  /** Brackets around the selected, a ring around the hovered and around every emergency. */
  #marks() {
    const marks = [];
    const add = (track, cell, colour) => {
      const { ratio } = this.atlas;
      marks.push(track.slot, colour, 1, 0, cell.u, cell.v, cell.w, cell.h, -cell.w / ratio / 2, -cell.h / ratio / 2, 0, 0);
    };
    const { mark } = this.theme;
    for (const track of this.store.byID.values()) {
      if (track.emergency) add(track, this.atlas.marks.emergency, mark.emergency);
      if (track.id === this.state.selected) add(track, this.atlas.marks.selected, mark.selected);
      else if (track.id === this.hovered) add(track, this.atlas.marks.hover, mark.hover);
    }
    this.painter.marks.fill(marks);
  }

  /** The way that the selected track has come, and the ellipse that holds it. @param {number} seconds */
  #selectedShapes(seconds) {
    const { painter, store } = this;
    const track = this.state.selected === null ? undefined : store.byID.get(this.state.selected);
    if (!track) {
      painter.path.fill([]);
      painter.ellipse.fill([]);
      this.path = null;
      return;
    }
    this.#keepPath(track);
    const here = store.positionAt(track, seconds);
    const { points } = this.path;
    const path = new Float32Array((points.length + 1) * POINT);
    points.forEach((point, i) => writePoint(path, i, point[0], point[1], levelColour(point[2])));
    writePoint(path, points.length, here.x, here.y, track.colour);
    painter.path.fill(path);

    const covariance = this.details.feature?.id === track.id ? this.details.feature.properties?.covariance : null;
    const shape = Array.isArray(covariance) ? ellipse(covariance) : null;
    if (!shape) {
      painter.ellipse.fill([]);
      return;
    }
    const units = unitsPerMetre(track.lat);
    const angle = (shape.bearing * Math.PI) / 180;
    const ring = new Float32Array(65 * POINT);
    for (let i = 0; i <= 64; i++) {
      const along = Math.cos((i / 64) * 2 * Math.PI) * shape.major;
      const across = Math.sin((i / 64) * 2 * Math.PI) * shape.minor;
      const east = along * Math.sin(angle) + across * Math.cos(angle);
      const north = along * Math.cos(angle) - across * Math.sin(angle);
      writePoint(ring, i, here.x + east * units, here.y - north * units, this.theme.mark.selected);
    }
    painter.ellipse.fill(ring);
  }

  #keepPath(track) {
    if (this.path?.id !== track.id || (this.details.history && !this.path.hasHistory)) {
      const { history } = this.details;
      const known = history?.geometry.coordinates ?? [];
      const levels = history?.properties?.flightLevels ?? [];
      const points = known.map(([lon, lat], i) => [mercatorX(lon), mercatorY(lat), levels[i] ?? null]);
      // What has come since is kept: the history was asked for once.
      const since = this.path?.id === track.id ? this.path.points : [];
      this.path = { id: track.id, hasHistory: Boolean(history), points: [...points, ...since], at: track.at };
    }
    if (track.at - this.path.at >= 2 || track.at < this.path.at) {
      this.path.at = track.at;
      this.path.points.push([track.x, track.y, track.level]);
      if (this.path.points.length > 4000) this.path.points.splice(0, 500);
    }
  }

  setAtlas() {
    this.atlas = new Atlas(Math.min(2, window.devicePixelRatio || 1), `"Plex", ${this.family}`);
    this.painter.setAtlas(this.atlas);
    this.labelsAt = -Infinity;
    this.#keySymbols();
  }

  // --- selecting, filtering, looking -----------------------------------------------------------------

  /** @param {number | null} id */
  select(id, reveal = false) {
    const { state } = this;
    state.selected = id;
    if (id === null) state.follow = false;
    this.details.select(id);
    this.list.select(id, reveal);
    this.labelsAt = -Infinity;
    this.viewChanged = true;
    this.#keepState();
    this.#drawDetails();
    const track = id === null ? undefined : this.store.byID.get(id);
    if (track) {
      this.details.refresh(performance.now()).then(() => this.#drawDetails());
      element("said").textContent = `${nameOf(track)}, ${STATUSES[track.status]}, ${track.ground ? "on the ground" : formatLevel(track.level)}`;
    }
  }

  #drawDetails() {
    const { state } = this;
    if (state.selected === null) return;
    const track = this.store.byID.get(state.selected);
    const place = track ? this.store.positionAt(track, this.seconds()) : null;
    this.details.draw(track, {
      now: this.now(), follow: state.follow, sensors: this.sensorsByID,
      position: place ? { lat: latitude(place.y), lon: longitude(place.x) } : null,
    });
  }

  chooseSensor(id) {
    this.sensor = this.sensor === id ? null : id;
    const sensor = this.sensorsByID.get(this.sensor);
    if (sensor && Number.isFinite(sensor.latitude)) {
      this.state.centre = [sensor.latitude, sensor.longitude];
      this.map.easeTo({ center: [sensor.longitude, sensor.latitude], duration: 500, padding: this.padding() });
      this.#rings();
    }
    this.sensorList.draw(this.sensors, this.now(), this.sensor);
    this.viewChanged = true;
    this.#keepState();
  }

  setFollow(isOn) {
    const follow = isOn && this.state.selected !== null;
    if (follow === this.state.follow) return;
    this.state.follow = follow;
    this.#keepState();
    this.#drawDetails();
  }

  #followOn() {
    const track = this.store.byID.get(this.state.selected);
    if (!track) return;
    const place = this.store.positionAt(track, this.seconds());
    const view = this.base.view();
    let dx = place.x - view.x;
    dx -= Math.floor(dx + 0.5);
    // Only whole pixels move the ground: it is costly to draw, and half a pixel cannot be seen.
    if (Math.hypot(dx, place.y - view.y) * view.world < 1) return;
    this.map.jumpTo({ center: [longitude(view.x + dx), latitude(place.y)] }, { isFollowing: true });
  }

  centreOn(id) {
    const track = this.store.byID.get(id);
    if (track) this.map.easeTo({ center: [track.lon, track.lat], zoom: Math.max(this.map.getZoom(), 6.5), duration: 500 });
  }

  fit() {
    const tracks = [...this.store.byID.values()].filter((track) => track.shown);
    if (!tracks.length) return;
    this.hasFitted = true;
    // A few far ones do not decide the view: between the second and the ninety-eighth of a hundred.
    const cut = (values) => {
      values.sort((a, b) => a - b);
      const out = Math.floor(values.length * 0.02);
      return [values[out], values[values.length - 1 - out]];
    };
    const [west, east] = cut(tracks.map((track) => track.lon));
    const [south, north] = cut(tracks.map((track) => track.lat));
    this.map.fitBounds([[west, south], [east, north]], { padding: this.padding(30), maxZoom: 9, duration: 0 });
  }

  padding(extra = 0) {
    return {
      left: (this.state.side ? 298 : 0) + extra, right: (this.state.selected === null ? 0 : 350) + extra,
      top: extra, bottom: 40 + extra,
    };
  }

  applyFilter() {
    const { state } = this;
    this.isFiltered = Boolean(state.text.trim()) || state.low > 0 || state.high < LEVEL_MAX;
    this.store.setFilter(filterOf(state, LEVEL_MAX));
    element("text").classList.toggle("active", Boolean(state.text.trim()));
    element("range").textContent = state.low > 0 || state.high < LEVEL_MAX ? `${formatLevel(state.low)} – ${state.high < LEVEL_MAX ? formatLevel(state.high) : "above"}` : "all";
    element("span").style.left = `${(state.low / LEVEL_MAX) * 100}%`;
    element("span").style.right = `${100 - (state.high / LEVEL_MAX) * 100}%`;
    this.labelsAt = -Infinity;
    this.#sortList();
    this.#counts();
    this.#keepState();
  }

  #sortList() {
    if (this.state.tab === "tracks") this.list.sort(this.store, this.state.sort, this.isFiltered);
  }

  applyLayers() {
    const { state } = this;
    for (const name of Object.values(SWITCHES)) element(`show-${name}`).checked = state[name];
    element("labels").value = state.labels;
    element("show-light").checked = state.theme === "light";
    if (state.rings && !state.centre) {
      const centre = this.map.getCenter();
      const sensor = this.sensorsByID.get(this.sensor);
      state.centre = sensor && Number.isFinite(sensor.latitude) ? [sensor.latitude, sensor.longitude] : [centre.lat, centre.lng];
    }
    if (this.mapReady) {
      this.base.show(["graticule"], state.graticule);
      this.base.show(["coverage", "coverage-area"], state.coverage);
      this.#rings();
    }
    this.trailsAt = -Infinity;
    this.labelsAt = -Infinity;
    this.viewChanged = true;
    this.#keepState();
  }

  toggle(name) {
    this.state[name] = !this.state[name];
    if (name === "rings") this.state.centre = null;
    this.applyLayers();
  }

  cycleLabels() {
    this.state.labels = /** @type {any} */ ({ full: "brief", brief: "none", none: "full" })[this.state.labels];
    this.applyLayers();
  }

  applyTheme() {
    this.theme = THEMES[this.state.theme];
    document.documentElement.dataset.theme = this.state.theme;
    this.painter.casing = this.theme.casing;
    this.painter.letterCasing = this.theme.letterCasing;
    if (this.mapReady) this.base.setTheme(this.theme);
    this.labelsAt = -Infinity;
    this.viewChanged = true;
  }

  setSort(sort) {
    this.state.sort = sort;
    element("sort").querySelector(`input[value="${sort}"]`).checked = true;
    this.#sortList();
    this.#keepState();
  }

  setTab(tab) {
    this.state.tab = tab;
    for (const name of ["tracks", "sensors", "layers"]) {
      element(`tab-${name}`).setAttribute("aria-selected", String(name === tab));
      element(`tab-${name}`).tabIndex = name === tab ? 0 : -1;
      element(`pane-${name}`).hidden = name !== tab;
    }
    if (tab === "tracks") this.#sortList();
    if (tab === "sensors") this.sensorList.draw(this.sensors, this.now(), this.sensor);
    this.#keepState();
  }

  setSide(isOn) {
    this.state.side = isOn;
    element("side").hidden = !isOn;
    element("foot").style.left = "";
    this.viewChanged = true;
    this.#keepState();
  }

  /** Everything on the page as the state says. */
  applyState() {
    const { state } = this;
    element("text").value = state.text;
    element("low").value = state.low;
    element("high").value = state.high;
    this.setSort(state.sort);
    this.setTab(state.tab);
    this.setSide(state.side);
    this.applyLayers();
    this.applyFilter();
    this.details.select(state.selected);
    this.list.select(state.selected);
  }

  #keepView() {
    const centre = this.map.getCenter();
    Object.assign(this.state, { lat: centre.lat, lon: centre.lng, zoom: this.map.getZoom(), hasView: true });
    this.#keepState();
  }

  #keepState() {
    clearTimeout(this.keeping);
    this.keeping = setTimeout(() => {
      const hash = write(this.state);
      if (`#${hash}` !== location.hash && !(hash === "" && location.hash === "")) history.replaceState(null, "", hash ? `#${hash}` : location.pathname);
    }, 150);
  }

  // --- once a second, and the hands of the operator --------------------------------------------------

  #everySecond() {
    const { stream } = this;
    const { health } = stream;
    element("link").dataset.health = health;
    const age = formatAge(stream.age / 1000);
    const text = { live: "live", late: `late ${age}`, connecting: "connecting", reconnecting: stream.hasEverHeard ? `reconnecting, ${age}` : "no node" }[health];
    if (element("health").textContent !== text) element("health").textContent = text;
    document.body.classList.toggle("stale", health !== "live");

    this.rate = this.store.updates - (this.updatesBefore ?? 0);
    this.updatesBefore = this.store.updates;
    element("rate").innerHTML = `${formatCount(this.rate)}<small> /s</small>`;
    this.#counts();

    const now = this.now();
    const skew = this.clock.isKnown ? (now - Date.now()) / 1000 : 0;
    element("clock").textContent = formatClock(now);
    const isOther = Math.abs(skew) > 2;
    element("clockname").textContent = !isOther ? "UTC"
      : this.clock.rate !== 1 ? `${new Date(now).toISOString().slice(0, 10)} · ×${this.clock.rate.toFixed(1)}`
      : Math.abs(skew) > 86400 ? new Date(now).toISOString().slice(0, 10)
      : `UTC, here ${skew > 0 ? "−" : "+"}${formatAge(Math.abs(skew))}`;
    element("clockbox").title = isOther ? `The node's clock and this computer's differ by ${formatAge(Math.abs(skew))}` : "The node's time, UTC";

    if (document.visibilityState === "visible") {
      this.#sortList();
      this.partners.refresh(performance.now());
      if (this.state.selected !== null) this.details.refresh(performance.now()).then(() => this.#drawDetails());
    }
  }

  #counts() {
    let shown = 0;
    const by = [0, 0, 0];
    for (const track of this.store.byID.values()) {
      if (!track.shown) continue;
      shown += 1;
      by[track.status] += 1;
    }
    this.shown = shown;
    element("count").innerHTML = shown === this.store.count ? formatCount(shown) : `${formatCount(shown)}<small> of ${formatCount(this.store.count)}</small>`;
    element("summary").textContent = `${formatCount(by[1])} confirmed · ${by[2]} coasting`;
  }

  #scaleBar(view) {
    const metresPerPixel = 1 / view.world / unitsPerMetre(latitude(view.y));
    const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000].findLast((miles) => (miles * 1852) / metresPerPixel < 110) ?? 0.1;
    const bar = element("bar-length");
    bar.children[0].style.width = `${(step * 1852) / metresPerPixel}px`;
    bar.children[1].textContent = `${step} NM`;
  }

  /** The track nearest to a point of the view, within a finger's breadth. */
  trackAt(px, py, reach = 14) {
    const view = this.base.view();
    const seconds = this.seconds();
    let best = null;
    let bestDistance = reach;
    for (const track of this.store.byID.values()) {
      if (!track.shown) continue;
      const place = this.store.positionAt(track, seconds);
      let dx = place.x - view.x;
      dx -= Math.floor(dx + 0.5);
      const distance = Math.hypot(dx * view.world + view.width / 2 - px, (place.y - view.y) * view.world + view.height / 2 - py);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = track;
      }
    }
    return best;
  }

  #hover(px, py) {
    const track = this.trackAt(px, py);
    const sensor = track || !this.state.coverage ? null : this.chart.sensorAt(this.base.view(), px, py);
    const hint = element("hint");
    const id = track?.id ?? null;
    if (id !== this.hovered) {
      this.hovered = id;
      this.labelsAt = -Infinity;
    }
    element("ground").classList.toggle("pointing", Boolean(track || sensor));
    hint.hidden = !sensor;
    if (sensor) {
      hint.replaceChildren(Object.assign(document.createElement("b"), { textContent: sensor.name || sensor.id }), Object.assign(document.createElement("span"), { textContent: `  ${stateOf(sensor)}` }));
      hint.style.left = `${px + 14}px`;
      hint.style.top = `${py + 14}px`;
    }
    const at = this.map.unproject([px, py]);
    const selected = this.store.byID.get(this.state.selected);
    let text = formatPosition(at.lat, at.lng);
    if (selected) {
      const way = between(selected.lat, selected.lon, at.lat, at.lng);
      text += `   ${String(Math.round(way.bearing) % 360).padStart(3, "0")}° ${formatDistance(way.metres)} from ${nameOf(selected)}`;
    }
    element("pointer").textContent = text;
  }

  wire() {
    const { map, state } = this;
    const ground = element("ground");
    let pending = null;
    ground.addEventListener("pointermove", (event) => {
      if (pending === null) requestAnimationFrame(() => {
        if (pending) this.#hover(pending[0], pending[1]);
        pending = null;
      });
      const box = ground.getBoundingClientRect();
      pending = [event.clientX - box.left, event.clientY - box.top];
    });
    ground.addEventListener("pointerleave", () => {
      pending = null;
      this.hovered = null;
      this.labelsAt = -Infinity;
      element("hint").hidden = true;
      element("pointer").textContent = "";
    });
    map.on("click", (event) => {
      const track = this.trackAt(event.point.x, event.point.y, event.originalEvent?.pointerType === "touch" ? 24 : 14);
      if (track) return this.select(track.id, true);
      const sensor = state.coverage ? this.chart.sensorAt(this.base.view(), event.point.x, event.point.y) : null;
      if (sensor) {
        this.setTab("sensors");
        this.chooseSensor(sensor.id);
      } else this.select(null);
    });
    element("text").addEventListener("input", (event) => {
      state.text = event.target.value;
      this.applyFilter();
    });
    for (const name of ["low", "high"]) {
      element(name).addEventListener("input", () => {
        const [low, high] = [Number(element("low").value), Number(element("high").value)];
        state.low = name === "low" ? Math.min(low, high) : Math.min(state.low, high);
        state.high = name === "high" ? Math.max(low, high) : Math.max(state.high, low);
        if (name === "low" && low > state.high) state.high = low;
        element("low").value = state.low;
        element("high").value = state.high;
        this.applyFilter();
      });
    }
    element("sort").addEventListener("change", (event) => this.setSort(event.target.value));
    element("labels").addEventListener("change", (event) => {
      state.labels = event.target.value;
      this.applyLayers();
    });
    for (const name of Object.values(SWITCHES)) element(`show-${name}`).addEventListener("change", () => this.toggle(name));
    const switchTheme = () => {
      state.theme = state.theme === "dark" ? "light" : "dark";
      this.applyTheme();
      this.applyLayers();
    };
    element("as").addEventListener("change", (event) => this.viewAs(event.target.value || null));
    element("show-light").addEventListener("change", switchTheme);
    const tabs = ["tracks", "sensors", "layers"];
    for (const name of tabs) {
      const tab = element(`tab-${name}`);
      tab.addEventListener("click", () => this.setTab(name));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        const next = tabs[(tabs.indexOf(name) + step + 3) % 3];
        this.setTab(next);
        element(`tab-${next}`).focus();
      });
    }
    const zoom = (by) => map.easeTo({ zoom: map.getZoom() + by, duration: 200 });
    element("in").addEventListener("click", () => zoom(1));
    element("out").addEventListener("click", () => zoom(-1));
    element("fit").addEventListener("click", () => this.fit());
    element("ask").addEventListener("click", () => this.help());
    window.addEventListener("hashchange", () => {
      const wanted = read(location.hash);
      if (wanted.as !== this.as) return location.reload();
      Object.assign(this.state, wanted);
      this.applyTheme();
      this.applyState();
      if (state.hasView) map.jumpTo({ center: [state.lon, state.lat], zoom: state.zoom });
    });
    const step = (by) => {
      const id = this.list.next(by);
      if (id !== null) {
        if (state.tab !== "tracks") this.setTab("tracks");
        this.select(id, true);
        const view = this.base.view();
        const track = this.store.byID.get(id);
        let dx = track.x - view.x;
        dx -= Math.floor(dx + 0.5);
        const margins = this.padding(20);
        const x = dx * view.world + view.width / 2;
        const y = (track.y - view.y) * view.world + view.height / 2;
        // While the map still moves, where the track is now says little of where it will be.
        if (map.isMoving() || x < margins.left || y < 20 || x > view.width - margins.right || y > view.height - margins.bottom) {
          map.easeTo({ center: [track.lon, track.lat], duration: 350 });
        }
      }
    };
    const pan = (x, y) => {
      this.setFollow(false);
      map.panBy([x, y], { duration: 120 });
    };
    listen({
      "/": () => { element("text").focus(); element("text").select(); },
      Escape: () => this.escape(),
      j: () => step(1), ArrowDown: () => step(1), k: () => step(-1), ArrowUp: () => step(-1),
      Enter: () => { element("text").blur(); this.onEnter(); },
      f: () => { this.setFollow(!state.follow); this.labelsAt = -Infinity; },
      "+": () => zoom(1), "=": () => zoom(1), "-": () => zoom(-1), "0": () => this.fit(),
      "Shift+ArrowLeft": () => pan(-160, 0), "Shift+ArrowRight": () => pan(160, 0),
      "Shift+ArrowUp": () => pan(0, -160), "Shift+ArrowDown": () => pan(0, 160),
      l: () => this.cycleLabels(),
      t: () => this.toggle("trails"), v: () => this.toggle("vectors"), c: () => this.toggle("coverage"),
      r: () => this.toggle("rings"), g: () => this.toggle("graticule"), p: () => this.toggle("places"),
      d: switchTheme,
      1: () => this.setTab("tracks"), 2: () => this.setTab("sensors"), 3: () => this.setTab("layers"),
      s: () => this.setSide(!state.side),
      "?": () => this.help(),
    });
    this.#legend();
    this.#helpText();
  }

  onEnter() {
    const { state } = this;
    if (state.selected === null && this.list.order.length && state.text.trim()) this.select(this.list.order[0].id, true);
    if (state.selected !== null) this.centreOn(state.selected);
  }

  /** One step back: the help, the field, the follow, the selection, the filter. */
  escape() {
    const { state } = this;
    if (document.activeElement === element("text")) element("text").blur();
    else if (state.follow) this.setFollow(false);
    else if (state.selected !== null) this.select(null);
    else if (this.sensor !== null) this.chooseSensor(this.sensor);
    else if (this.isFiltered) {
      Object.assign(state, { text: "", low: 0, high: LEVEL_MAX });
      element("text").value = "";
      element("low").value = 0;
      element("high").value = LEVEL_MAX;
      this.applyFilter();
    }
  }

  help() {
    const dialog = element("help");
    if (dialog.open) dialog.close();
    else dialog.showModal();
  }

  #helpText() {
    const rows = HELP.map(([keys, what]) => `<div><dt>${keys.map((key) => `<kbd>${key}</kbd>`).join("")}</dt><dd>${what}</dd></div>`);
    element("help").innerHTML = `<h2 id="help-title">Keys</h2><dl class="keys">${rows.join("")}</dl>
      <p>The address of the page holds the view, the filter, the layers and the selected track: send it, and the other sees what you see.</p>`;
    element("help").addEventListener("click", (event) => event.target === element("help") && element("help").close());
  }

  #legend() {
    const canvas = element("scale");
    const context = canvas.getContext("2d");
    const fill = new Array(46).fill(0).map((_, i) => css(levelColour(i * 10)));
    for (let x = 0; x < canvas.width; x++) {
      context.fillStyle = css(levelColour((x / canvas.width) * LEVEL_MAX));
      context.fillRect(x, 0, 1, canvas.height);
    }
    element("span").style.background = `linear-gradient(90deg, ${fill.join(",")})`;
    for (const level of [0, 50, 100, 150, 200, 250, 300, 350, 400, 450]) {
      const tick = document.createElement("span");
      tick.textContent = level === 0 ? "FL 0" : level === LEVEL_MAX ? "450+" : String(level);
      tick.style.left = `${(level / LEVEL_MAX) * 100}%`;
      element("ticks").append(tick);
    }
  }

  #keySymbols() {
    const entries = [
      [SHAPE.dart, "Confirmed", 0x4ab6f6], [SHAPE.coasting, "Coasting", 0x4ab6f6],
      [SHAPE.diamond, "Primary only", 0x4ab6f6], [SHAPE.ground, "On the ground", 0x93a1ae], [SHAPE.dart, "Altitude unknown", 0xc3cdd6],
      ["emergency", "7500, 7600, 7700", this.theme.mark.emergency],
    ];
    element("symbols").replaceChildren(...entries.map(([shape, name, colour]) => {
      const cell = shape === "emergency" ? this.atlas.marks.emergency : this.atlas.shapes[shape];
      const canvas = Object.assign(document.createElement("canvas"), { width: cell.w, height: cell.h });
      const context = canvas.getContext("2d");
      const image = this.atlas.context.getImageData(cell.u, cell.v, cell.w, cell.h);
      for (let i = 0; i < image.data.length; i += 4) {
        image.data[i + 3] = image.data[i];
        [image.data[i], image.data[i + 1], image.data[i + 2]] = [colour >> 16, (colour >> 8) & 255, colour & 255];
      }
      context.putImageData(image, 0, 0);
      const item = document.createElement("li");
      item.append(canvas, name);
      return item;
    }));
  }

  /** For tests: what is on the screen, in numbers. */
  debug() {
    const view = this.base.view();
    const seconds = this.seconds();
    const positions = {};
    let inView = 0;
    for (const track of this.store.byID.values()) {
      const place = this.store.positionAt(track, seconds);
      let dx = place.x - view.x;
      dx -= Math.floor(dx + 0.5);
      const x = dx * view.world + view.width / 2;
      const y = (place.y - view.y) * view.world + view.height / 2;
      if (!track.shown || x < 0 || y < 0 || x > view.width || y > view.height) continue;
      inView += 1;
      positions[track.id] = { x, y, lon: longitude(place.x), lat: latitude(place.y), kind: KINDS[track.kind], status: STATUSES[track.status], name: nameOf(track), level: track.level, arrow: climbArrow(track.climb), speed: track.speed };
    }
    const frames = this.frames.length > 1 ? ((this.frames.length - 1) * 1000) / (this.frames.at(-1) - this.frames[0]) : 0;
    return {
      ready: Boolean(this.mapReady && this.map.areTilesLoaded()), health: this.stream.health, tracks: this.store.count, shown: this.shown ?? 0, inView,
      labels: this.labels.placed.size, framesPerSecond: frames, updatesPerSecond: this.rate, updates: this.store.updates,
      selected: this.state.selected, follow: this.state.follow, state: { ...this.state }, positions,
      stage: element("stage").getBoundingClientRect().toJSON(), sensors: this.sensors.length, as: this.as,
    };
  }
}

start();
