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
/** Points of a trail, and the seconds between two of them. */
export const TRAIL = 32;
const TRAIL_STEP = 4;
/** Floats of a track in the state that the shaders read: four texels of four. */
export const STATE = 16;
/** Floats of a trail's point: x and y in two parts, time, colour. */
export const POINT = 6;

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
  trails = new Float32Array(1024 * TRAIL * POINT);
  stateChanged = true;
  trailsChanged = true;
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
      const base = track.slot * TRAIL * POINT;
      for (let i = 0; i < track.trailCount; i++) this.trails[base + i * POINT + 4] -= shift;
      this.#write(track);
    }
    this.trailsChanged = true;
  }

  #grow() {
    this.capacity *= 2;
    const state = new Float32Array(this.capacity * STATE);
    state.set(this.state);
    this.state = state;
    const trails = new Float32Array(this.capacity * TRAIL * POINT);
    trails.set(this.trails);
    this.trails = trails;
  }

  #apply(row, now, messageNow) {
    const [id, lon, lat, status, level, course, speed, climb, callsign, address, code, ground, kind, measuredAt] = row;
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
    if (isNew || track.callsign !== (callsign ?? null) || track.address !== (address ?? null) || track.code !== (code ?? null)) {
      track.callsign = callsign ?? null;
      track.address = address ?? null;
      track.code = code ?? null;
      track.emergency = EMERGENCIES[track.code] ?? null;
    }
    track.text = `${track.callsign ?? ""} ${track.address ?? ""} ${track.code ?? ""} #${id} ${STATUSES[track.status]} ${
      KINDS[track.kind]
    }${track.ground ? " ground" : ""}${track.emergency ? ` emergency ${track.emergency}` : ""}`.toUpperCase();

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
    const trails = this.trails;
    const base = track.slot * TRAIL * POINT;
    // The last point always follows the newest estimate; it becomes fixed when the next one is due.
    if (track.at - track.trailAt >= TRAIL_STEP || track.at < track.trailAt - 1) {
      if (track.trailCount === TRAIL) {
        trails.copyWithin(base, base + POINT, base + TRAIL * POINT);
        track.trailCount -= 1;
      }
      track.trailCount += 1;
      track.trailAt = track.at;
    }
    const i = base + (track.trailCount - 1) * POINT;
    const xh = Math.fround(track.x);
    const yh = Math.fround(track.y);
    trails[i] = xh;
    trails[i + 1] = yh;
    trails[i + 2] = track.x - xh;
    trails[i + 3] = track.y - yh;
    trails[i + 4] = track.at;
    trails[i + 5] = track.shown ? track.colour : -1;
    for (let j = track.trailCount; j < TRAIL; j++) trails[base + j * POINT + 5] = -1;
    this.trailsChanged = true;
  }

  #drop(id) {
    const track = this.byID.get(id);
    if (!track) return;
    this.byID.delete(id);
    this.slots[track.slot] = null;
    this.#free.push(track.slot);
    this.state[track.slot * STATE + 14] = 0;
    const base = track.slot * TRAIL * POINT;
    for (let j = 0; j < TRAIL; j++) this.trails[base + j * POINT + 5] = -1;
    this.stateChanged = true;
    this.trailsChanged = true;
  }

  /** @param {(track: Track) => boolean} passes */
  setFilter(passes) {
    this.#filter = passes;
    for (const track of this.byID.values()) {
      const shown = passes(track);
      if (shown === track.shown) continue;
      track.shown = shown;
      this.#write(track);
      const base = track.slot * TRAIL * POINT;
      for (let j = 0; j < track.trailCount; j++) this.trails[base + j * POINT + 5] = shown ? track.colour : -1;
      this.trailsChanged = true;
    }
  }
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
