// Which tracks get a label, and where it stands beside its symbol. Pure, but for the filling of buffers.

import { climbArrow, formatLevel } from "./format.js";
import { nameOf } from "./tracks.js";

/** The cell of the occupancy grid, CSS pixels. */
const CELL = 6;
/** Where a label may stand: corner of the label towards the symbol, in order of preference. */
export const CORNERS = /** @type {const} */ ([
  [1, -1], [1, 1], [-1, -1], [-1, 1], [1, 0], [-1, 0], [0, -1], [0, 1],
]);
const LINE = 12.5;

/**
 * @typedef {{key: number, x: number, y: number, width: number, height: number, rank: number, corner: number,
 *   must: boolean, gap?: number}} Candidate  gap: from the symbol's middle; x, y: the symbol, from the view's upper left corner; lower rank goes first
 * @typedef {{key: number, corner: number, left: number, top: number}} Placed  relative to the symbol
 */

/**
 * Places as many labels as fit, without one upon another and with as few symbols covered as can be.
 *
 * Greedy by rank over a grid of bits: a label that was there before goes first among its equals and keeps its
 * corner while it can, so that labels do not dance. Cost: linear in the cells that labels cover.
 *
 * @param {Candidate[]} candidates
 * @param {{x: number, y: number}[]} symbols all that is drawn, labelled or not
 * @param {number} width @param {number} height @param {number} most
 * @param {{left: number, top: number, right: number, bottom: number}[]} blocked where panels lie
 * @returns {Placed[]}
 */
export function placeLabels(candidates, symbols, width, height, most, blocked = []) {
  const columns = Math.ceil(width / CELL) + 2;
  const rows = Math.ceil(height / CELL) + 2;
  const taken = new Uint8Array(columns * rows);
  const crowded = new Uint8Array(columns * rows);
  for (const symbol of symbols) {
    const column = Math.floor(symbol.x / CELL) + 1;
    const row = Math.floor(symbol.y / CELL) + 1;
    if (column < 1 || row < 1 || column >= columns - 1 || row >= rows - 1) continue;
    for (let r = row - 1; r <= row + 1; r++) {
      for (let c = column - 1; c <= column + 1; c++) crowded[r * columns + c] = Math.min(250, crowded[r * columns + c] + 1);
    }
  }
  for (const box of blocked) {
    const c0 = Math.max(0, Math.floor(box.left / CELL) + 1);
    const c1 = Math.min(columns - 1, Math.floor(box.right / CELL) + 1);
    const r1 = Math.min(rows - 1, Math.floor(box.bottom / CELL) + 1);
    for (let r = Math.max(0, Math.floor(box.top / CELL) + 1); r <= r1; r++) taken.fill(1, r * columns + c0, r * columns + c1 + 1);
  }
  const ordered = [...candidates].sort((a, b) => a.rank - b.rank || a.key - b.key);
  /** @type {Placed[]} */
  const placed = [];
  for (const candidate of ordered) {
    if (placed.length >= most && !candidate.must) break;
    const gap = candidate.gap ?? 9;
    let best = null;
    let bestCost = Infinity;
    for (let i = 0; i < CORNERS.length; i++) {
      const [sx, sy] = CORNERS[i];
      const left = sx > 0 ? gap : sx < 0 ? -gap - candidate.width : -candidate.width / 2;
      const top = sy > 0 ? 4 : sy < 0 ? -4 - candidate.height : -candidate.height / 2;
      const fullTop = sx === 0 ? (sy > 0 ? gap + 1 : -gap - 1 - candidate.height) : top;
      const c0 = Math.floor((candidate.x + left) / CELL) + 1;
      const c1 = Math.floor((candidate.x + left + candidate.width) / CELL) + 1;
      const r0 = Math.floor((candidate.y + fullTop) / CELL) + 1;
      const r1 = Math.floor((candidate.y + fullTop + candidate.height) / CELL) + 1;
      let cost = i * 0.4 - (i === candidate.corner ? 3 : 0);
      let free = true;
      if (c0 < 1 || r0 < 1 || c1 >= columns - 1 || r1 >= rows - 1) {
        if (!candidate.must) continue;
        cost += 50;
      }
      for (let r = Math.max(0, r0); free && r <= Math.min(rows - 1, r1); r++) {
        for (let c = Math.max(0, c0); c <= Math.min(columns - 1, c1); c++) {
          const at = r * columns + c;
          if (taken[at]) {
            if (!candidate.must) {
              free = false;
              break;
            }
            cost += 3;
          }
          cost += crowded[at] * 0.55;
        }
      }
      if (free && cost < bestCost) {
        bestCost = cost;
        best = { key: candidate.key, corner: i, left, top: fullTop, c0, c1, r0, r1 };
      }
    }
    if (!best || (bestCost > 6 && !candidate.must)) continue;
    for (let r = Math.max(0, best.r0); r <= Math.min(rows - 1, best.r1); r++) {
      taken.fill(1, r * columns + Math.max(0, best.c0), r * columns + Math.min(columns - 1, best.c1) + 1);
    }
    placed.push({ key: best.key, corner: best.corner, left: best.left, top: best.top });
  }
  return placed;
}

/**
 * The two lines of a label: who, then flight level with its tendency and ground speed in tens of knots.
 * @param {import("./tracks.js").Track} track @param {"full" | "brief"} length
 */
export function labelLines(track, length) {
  const name = nameOf(track);
  const first = (track.emergency ? `${name} ${track.code}` : name) + (track.doubted ? " ?" : "");
  if (length === "brief") return [first];
  const level = track.ground ? "GND" : track.level === null ? "" : formatLevel(track.level).slice(2) + climbArrow(track.climb);
  const speed = track.speed === null ? "" : String(Math.round(track.speed)).padStart(2, "0");
  const second = [level, speed].filter(Boolean).join(" ");
  return second ? [first, second] : [first];
}

/**
 * Chooses, places and writes the labels of a view into the painter's buffers.
 */
export class Labels {
  /** @type {Map<number, Placed>} */
  placed = new Map();

  /**
   * @param {import("./tracks.js").TrackStore} store
   * @param {import("./painter.js").View} view
   * @param {number} now seconds after the store's epoch
   * @param {{mode: "full" | "brief" | "none", selected: number | null, hovered: number | null,
   *   palette: Palette, blocked: {left: number, top: number, right: number, bottom: number}[]}} options
   * @param {import("./atlas.js").Atlas} atlas
   * @param {import("./painter.js").Painter} painter
   * @typedef {{label: number, faint: number, selected: number, emergency: number, leader: number}} Palette
   */
  update(store, view, now, options, atlas, painter) {
    const candidates = [];
    const symbols = [];
    const tracks = new Map();
    const zoom = Math.log2(view.world / 512);
    const length = options.mode === "brief" || zoom < 4.6 ? "brief" : "full";
    for (const track of store.byID.values()) {
      if (!track.shown) continue;
      const place = store.positionAt(track, now);
      let dx = place.x - view.x;
      dx -= Math.floor(dx + 0.5);
      const x = dx * view.world + view.width / 2;
      const y = (place.y - view.y) * view.world + view.height / 2;
      if (x < -20 || y < -20 || x > view.width + 20 || y > view.height + 20) continue;
      if (options.blocked.some((box) => x > box.left && x < box.right && y > box.top && y < box.bottom)) continue;
      symbols.push({ x, y });
      const isChosen = track.id === options.selected || track.id === options.hovered;
      if (options.mode === "none" && !isChosen && !track.emergency) continue;
      if (track.ground && zoom < 9 && !isChosen && !track.emergency) continue;
      const lines = labelLines(track, isChosen ? "full" : length);
      const isBold = isChosen || track.emergency !== null;
      const was = this.placed.get(track.id);
      const rank =
        track.id === options.selected ? 0
        : track.id === options.hovered ? 1
        : track.emergency ? 2
        : (was ? 10 : 20) + (track.status === 1 ? 0 : 4) + (track.kind === 0 ? 2 : 0);
      candidates.push({
        key: track.id, x, y, rank,
        width: Math.max(...lines.map((line, i) => atlas.width(line, isBold && i === 0))) + 3,
        height: lines.length * LINE + 1,
        corner: was ? was.corner : track.corner,
        must: rank <= 2,
        gap: rank === 0 ? 19 : rank <= 2 ? 17 : 9,
      });
      tracks.set(track.id, { track, lines, isBold });
    }
    const most = Math.round((view.width * view.height) / 5200);
    const placed = placeLabels(candidates, symbols, view.width, view.height, most, options.blocked);
    this.placed = new Map(placed.map((label) => [label.key, label]));
    this.visible = symbols.length;

    const glyphs = [];
    const leaders = [];
    for (const label of placed) {
      const { track, lines, isBold } = tracks.get(label.key);
      track.corner = label.corner;
      const { palette } = options;
      const colour =
        track.emergency ? palette.emergency
        : track.id === options.selected ? palette.selected
        : track.status === 1 ? palette.label
        : palette.faint;
      const [sx, sy] = CORNERS[label.corner];
      if (sx !== 0 && Math.abs(sx > 0 ? label.left : label.left + labelWidth(atlas, lines, isBold)) < 14) {
        const ends = sy === 0 ? [sx * 5, 0, sx * 8, 0] : [sx * 4.5, sy * 3.5, sx * 8.5, sy * 6.5];
        leaders.push(track.slot, palette.leader, 0.9, 0, ...ends);
      }
      for (let i = 0; i < lines.length; i++) {
        const letters = isBold && i === 0 ? atlas.boldLetters : atlas.letters;
        let x = label.left + (sx < 0 ? labelWidth(atlas, lines, isBold) - atlas.width(lines[i], isBold && i === 0) : 0) + 1;
        const y = Math.round(label.top + i * LINE - 1);
        for (const letter of lines[i]) {
          const cell = letters.get(letter) ?? letters.get("?");
          if (letter !== " ") {
            const snapped = Math.round((x - atlas.pad) * atlas.ratio) / atlas.ratio;
            glyphs.push(track.slot, colour, i === 0 ? 1 : 0.86, 0, cell.u, cell.v, cell.w, cell.h, snapped, y, 0, 0);
          }
          x += cell.advance;
        }
      }
    }
    painter.letters.fill(glyphs);
    painter.leaderLines.fill(leaders);
  }
}

function labelWidth(atlas, lines, isBold) {
  return Math.max(...lines.map((line, i) => atlas.width(line, isBold && i === 0)));
}
