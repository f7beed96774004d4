// The tracks of the picture: the newest of each, where it is now, and where it was.

import { EMERGENCIES, KINDS, STATUSES, levelColour } from "./format.js";
import { mercatorX, mercatorY, unitsPerMetre } from "./mercator.js";

const KNOT = 1852 / 3600;

/** Seconds for which a track is carried on along its course without a new plot. */
const CARRY = [15, 45, 150];
/** How fast a correction fades into the picture, 1/s. */
export const FADE = 4;
/** A jump of more than this, in seconds of own motion plus 5 km, is shown as a jump. */
const JUMP = 60;
/** Points of a trail, the seconds between two of them, and of the whole. */
const TRAIL = 32;
const TRAIL_STEP = 4;
export const TRAIL_SECONDS = TRAIL * TRAIL_STEP;
/** Floats of a track in the state that the shaders read: four texels of four. */
export const STATE = 16;
/** Floats of a point of a line: x and y, each in two parts; time, colour, whether a line begins here, nothing. */
export const POINT = 8;

/**
 * @typedef {object} Track
 * @property {number} id
 * @property {number} slot where it lies in the buffers
 * @property {number} lon
 * @property {number} lat
 * @property {number} x world coordinates of the last estimate
 * @property {number} y
 * @property {number} vx world units a second
 * @property {number} vy
 * @property {number} rx what of the last correction is still to fade
 * @property {number} ry
 * @property {number} at time of the estimate, seconds after the store's epoch
 * @property {number} updated when it came, by the node's clock, seconds after the store's epoch
 * @property {number} status index into STATUSES
 * @property {number | null} level
 * @property {number | null} course degrees
 * @property {number | null} speed knots
 * @property {number | null} climb feet a minute
 * @property {string | null} callsign
 * @property {string | null} address
 * @property {string | null} code
 * @property {boolean} ground
 * @property {number} kind index into KINDS
 * @property {number} measuredAt ms since the epoch
 * @property {boolean} shown passes the filter
 * @property {string} text what the filter searches
 * @property {string | null} emergency
 * @property {boolean} doubted its plots broke a rule of plausibility
 * @property {number} colour
 * @property {number} trailCount
 * @property {number} trailAt time of the last fixed point of the trail
 * @property {number} corner where its label was placed last
 */

export const SHAPE = { dart: 0, outline: 1, coasting: 2, diamond: 3, ground: 4, diamondOutline: 5, diamondCoasting: 6 };

/** @param {number} status @param {number} kind @param {boolean} ground */
export function shapeOf(status, kind, ground) {
  if (ground) return SHAPE.ground;
  if (kind === 0) return [SHAPE.diamondOutline, SHAPE.diamond, SHAPE.diamondCoasting][status];
  return [SHAPE.outline, SHAPE.dart, SHAPE.coasting][status];
}

export class TrackStore {
  /** @type {Map<number, Track>} */
  byID = new Map();
  /** @type {(Track | null)[]} */
  slots = [];
  #free = [];
  capacity = 1024;
  state = new Float32Array(1024 * STATE);
  /** Points of the trails, slot by slot: x, y, time, colour. */
  #trails = new Float64Array(1024 * TRAIL * 4);
  #trailBuffer = new Float32Array(0);
  stateChanged = true;
  /** The instant from which the buffers' seconds count; float32 would not carry the whole of it. */
  epoch = NaN;
  updates = 0;
  /** @type {(track: Track) => boolean} */
  #filter = () => true;

  get count() {
    return this.byID.size;
  }

  /** @param {{now: number, tracks: unknown[][], dropped?: number[]}} message @param {number} now node's time, ms */
  snapshot(message, now) {
    const seen = new Set(message.tracks.map((row) => row[0]));
    for (const id of [...this.byID.keys()]) if (!seen.has(id)) this.#drop(id);
    this.delta(message, now);
  }

  /** @param {{now: number, tracks: unknown[][], dropped?: number[]}} message @param {number} now node's time, ms */
  delta(message, now) {
    // Half an hour in float32 is good to a tenth of a millisecond; far from the epoch, begin again.
    if (!Number.isFinite(this.epoch) || Math.abs(now - this.epoch) > 1800_000) this.#rebase(now);
    const seconds = (now - this.epoch) / 1000;
    for (const row of message.tracks) this.#apply(row, seconds, message.now);
    for (const id of message.dropped ?? []) this.#drop(id);
    this.updates += message.tracks.length;
  }

  #rebase(now) {
    const shift = Number.isFinite(this.epoch) ? (now - this.epoch) / 1000 : 0;
    this.epoch = now;
    for (const track of this.byID.values()) {
      track.at -= shift;
      track.updated -= shift;
      track.trailAt -= shift;
      const base = track.slot * TRAIL * 4;
      for (let i = 0; i < track.trailCount; i++) this.#trails[base + i * 4 + 2] -= shift;
      this.#write(track);
    }
  }

  #grow() {
    this.capacity *= 2;
    const state = new Float32Array(this.capacity * STATE);
    state.set(this.state);
    this.state = state;
    const trails = new Float64Array(this.capacity * TRAIL * 4);
    trails.set(this.#trails);
    this.#trails = trails;
  }

  #apply(row, now, messageNow) {
    const [id, lon, lat, status, level, course, speed, climb, callsign, address, code, ground, kind, measuredAt, doubts = 0] = row;
    if (!Number.isFinite(lon) || !Number.isFinite(lat)) return;
    let track = this.byID.get(id);
    const isNew = track === undefined;
    if (isNew) {
      const slot = this.#free.pop() ?? this.slots.length;
      if (slot >= this.capacity) this.#grow();
      track = /** @type {Track} */ ({ id, slot, trailCount: 0, trailAt: -1e9, corner: -1, rx: 0, ry: 0 });
      this.byID.set(id, track);
      this.slots[slot] = track;
    }
    const before = isNew ? null : this.positionAt(track, now);

    track.lon = lon;
    track.lat = lat;
    track.x = mercatorX(lon);
    track.y = mercatorY(lat);
    const perSecond = unitsPerMetre(lat) * KNOT * (speed ?? 0);
    const angle = ((course ?? 0) * Math.PI) / 180;
    track.vx = Math.sin(angle) * perSecond;
    track.vy = -Math.cos(angle) * perSecond;
    // A time far from the node's own (a recording played as it is) says nothing about the age of the estimate.
    const age = (messageNow - measuredAt) / 1000;
    track.at = now - (age > -5 && age < 180 ? age : 0);
    track.updated = now;
    track.status = STATUSES[status] ? status : 1;
    track.level = level ?? null;
    track.course = course ?? null;
    track.speed = speed ?? null;
    track.climb = climb ?? null;
    track.ground = ground === 1 || ground === true;
    track.kind = KINDS[kind] ? kind : 0;
    track.measuredAt = measuredAt;
    track.colour = levelColour(track.level, track.ground);
    track.callsign = callsign ?? null;
    track.address = address?.toUpperCase() ?? null;
    track.code = code ?? null;
    track.emergency = EMERGENCIES[track.code] ?? null;
    track.doubted = doubts !== 0;
    track.text = `${track.callsign ?? ""} ${track.address ?? ""} ${track.code ?? ""} #${id} ${STATUSES[track.status]} ${
      KINDS[track.kind]
    }${track.ground ? " ground" : ""}${track.emergency ? ` emergency ${track.emergency}` : ""}${track.doubted ? " doubted" : ""}`.toUpperCase();

    track.rx = 0;
    track.ry = 0;
    if (before) {
      const after = this.positionAt(track, now);
      const dx = before.x - after.x;
      const dy = before.y - after.y;
      if (Math.hypot(dx, dy) < JUMP * perSecond + 5000 * unitsPerMetre(lat)) {
        track.rx = dx;
        track.ry = dy;
      }
    }
    track.shown = this.#filter(track);
    this.#write(track);
    this.#leaveTrail(track);
  }

  /** The same reckoning as in the shaders. @param {Track} track @param {number} now seconds after the epoch */
  positionAt(track, now) {
    const carried = Math.max(-5, Math.min(CARRY[track.status], now - track.at));
    const fading = Math.exp(-FADE * Math.max(0, now - track.updated));
    return { x: track.x + track.vx * carried + track.rx * fading, y: track.y + track.vy * carried + track.ry * fading };
  }

  #write(track) {
    const state = this.state;
    const i = track.slot * STATE;
    const xh = Math.fround(track.x);
    const yh = Math.fround(track.y);
    state[i] = xh;
    state[i + 1] = yh;
    state[i + 2] = track.x - xh;
    state[i + 3] = track.y - yh;
    state[i + 4] = track.vx;
    state[i + 5] = track.vy;
    state[i + 6] = track.rx;
    state[i + 7] = track.ry;
    state[i + 8] = track.at;
    state[i + 9] = track.updated;
    state[i + 10] = ((track.course ?? 0) * Math.PI) / 180;
    state[i + 11] = CARRY[track.status];
    state[i + 12] = track.colour;
    state[i + 13] = shapeOf(track.status, track.kind, track.ground);
    state[i + 14] = track.shown ? (track.status === 0 ? 0.75 : track.status === 2 ? 0.85 : 1) : 0;
    state[i + 15] = track.ground ? 0.72 : 1;
    this.stateChanged = true;
  }

  #leaveTrail(track) {
    const trails = this.#trails;
    const base = track.slot * TRAIL * 4;
    // The last point always follows the newest estimate; it becomes fixed when the next one is due.
    if (track.at - track.trailAt >= TRAIL_STEP || track.at < track.trailAt - 1) {
      if (track.trailCount === TRAIL) {
        trails.copyWithin(base, base + 4, base + TRAIL * 4);
        track.trailCount -= 1;
      }
      track.trailCount += 1;
      track.trailAt = track.at;
    }
    const i = base + (track.trailCount - 1) * 4;
    trails[i] = track.x;
    trails[i + 1] = track.y;
    trails[i + 2] = track.at;
    trails[i + 3] = track.colour;
  }

  /**
   * The trails that can be seen in a view, as points for the painter; from afar with fewer points.
   * @param {import("./painter.js").View} view
   * @returns {[Float32Array, number]} the points, and how many floats of it count
   */
  trailsIn(view) {
    const trails = this.#trails;
    const least = 2.5 / view.world;
    const [halfX, halfY] = [(view.width / 2 + 80) / view.world, (view.height / 2 + 80) / view.world];
    if (this.#trailBuffer.length < this.slots.length * TRAIL * POINT) {
      this.#trailBuffer = new Float32Array(this.capacity * TRAIL * POINT);
    }
    const into = this.#trailBuffer;
    let points = 0;
    for (const track of this.byID.values()) {
      if (!track.shown || track.trailCount < 2) continue;
      let dx = track.x - view.x;
      dx -= Math.floor(dx + 0.5);
      if (Math.abs(dx) > halfX || Math.abs(track.y - view.y) > halfY) continue;
      const base = track.slot * TRAIL * 4;
      const last = base + (track.trailCount - 1) * 4;
      let [px, py] = [Infinity, Infinity];
      for (let i = base; i <= last; i += 4) {
        if (i !== last && Math.abs(trails[i] - px) + Math.abs(trails[i + 1] - py) < least) continue;
        [px, py] = [trails[i], trails[i + 1]];
        writePoint(into, points, px, py, trails[i + 3], trails[i + 2], i === base);
        points += 1;
      }
    }
    return [into, points * POINT];
  }

  #drop(id) {
    const track = this.byID.get(id);
    if (!track) return;
    this.byID.delete(id);
    this.slots[track.slot] = null;
    this.#free.push(track.slot);
    this.state[track.slot * STATE + 14] = 0;
    this.stateChanged = true;
  }

  /** @param {(track: Track) => boolean} passes */
  setFilter(passes) {
    this.#filter = passes;
    for (const track of this.byID.values()) {
      const shown = passes(track);
      if (shown === track.shown) continue;
      track.shown = shown;
      this.#write(track);
    }
  }
}

/** Writes one point of a line. @param {Float32Array} into @param {number} i which */
export function writePoint(into, i, x, y, colour, time = 0, isStart = false) {
  const at = i * POINT;
  const xh = Math.fround(x);
  const yh = Math.fround(y);
  into[at] = xh;
  into[at + 1] = yh;
  into[at + 2] = x - xh;
  into[at + 3] = y - yh;
  into[at + 4] = time;
  into[at + 5] = colour;
  into[at + 6] = isStart ? 1 : 0;
}

/** What a track is called on a label. @param {Track} track */
export function nameOf(track) {
  return track.callsign ?? (track.address ? track.address : track.code ? `A${track.code}` : `#${track.id}`);
}

/**
 * All words must occur; an altitude range other than the whole excludes what has no level.
 * @param {{text: string, low: number, high: number}} filter
 * @param {number} top the highest level of the scale, which means "and above"
 * @returns {(track: Track) => boolean}
 */
export function filterOf(filter, top) {
  const words = filter.text.toUpperCase().split(/\s+/).filter(Boolean);
  const isWhole = filter.low <= 0 && filter.high >= top;
  return (track) => {
    if (!isWhole) {
      const level = track.ground ? 0 : track.level;
      if (level === null || level < filter.low || (level > filter.high && filter.high < top)) return false;
    }
    return words.every((word) => track.text.includes(word));
  };
}
