// The list of tracks: the same picture in words. Thirty rows of the page, however many tracks.

import { KINDS, KIND_WORDS, STATUSES, climbArrow, css, formatLevel } from "./format.js";
import { nameOf } from "./tracks.js";

const ROW = 38;

export class List {
  /** @type {import("./tracks.js").Track[]} */
  order = [];
  /** @type {HTMLElement[]} */
  #pool = [];

  /** @param {HTMLElement} box @param {HTMLElement} space @param {(id: number) => void} choose */
  constructor(box, space, choose) {
    this.box = box;
    this.space = space;
    this.empty = document.createElement("p");
    this.empty.className = "empty";
    box.append(this.empty);
    box.addEventListener("scroll", () => this.draw(), { passive: true });
    space.addEventListener("click", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest(".row");
      if (row) choose(Number(/** @type {HTMLElement} */ (row).dataset.id));
    });
    this.selected = null;
  }

  /** @param {import("./tracks.js").TrackStore} store @param {string} sort @param {boolean} isFiltered */
  sort(store, sort, isFiltered) {
    const shown = [];
    for (const track of store.byID.values()) if (track.shown) shown.push(track);
    const by = {
      name: (a, b) => (a.callsign === null) - (b.callsign === null) || compare(nameOf(a), nameOf(b)),
      level: (a, b) => (b.level ?? -1) - (a.level ?? -1),
      speed: (a, b) => (b.speed ?? -1) - (a.speed ?? -1),
      newest: (a, b) => b.id - a.id,
    }[sort];
    shown.sort((a, b) => (b.emergency !== null) - (a.emergency !== null) || by(a, b) || a.id - b.id);
    this.order = shown;
    this.empty.hidden = shown.length > 0;
    this.empty.textContent = isFiltered && store.count ? "No track passes the filter." : "No tracks yet.";
    this.draw();
  }

  draw() {
    const { box, space, order } = this;
    space.style.height = `${order.length * ROW}px`;
    const first = Math.max(0, Math.floor(box.scrollTop / ROW) - 2);
    const last = Math.min(order.length, first + Math.ceil(box.clientHeight / ROW) + 5);
    for (let i = 0; i < Math.max(this.#pool.length, last - first); i++) {
      const row = this.#pool[i] ?? this.#make();
      const track = order[first + i];
      row.hidden = first + i >= last;
      if (row.hidden) continue;
      row.style.transform = `translateY(${(first + i) * ROW}px)`;
      row.dataset.id = String(track.id);
      row.id = `row-${track.id}`;
      row.dataset.status = STATUSES[track.status];
      row.dataset.kind = KINDS[track.kind];
      row.classList.toggle("emergency", track.emergency !== null);
      row.setAttribute("aria-selected", String(track.id === this.selected));
      row.setAttribute("aria-posinset", String(first + i + 1));
      row.setAttribute("aria-setsize", String(order.length));
      row.style.setProperty("--c", css(track.colour));
      const parts = /** @type {any} */ (row).parts;
      text(parts.name, nameOf(track));
      text(parts.more, track.emergency ?? [track.code && track.callsign ? track.code : "", KIND_WORDS[KINDS[track.kind]], track.status === 1 ? "" : STATUSES[track.status], track.doubted ? "doubted" : ""].filter(Boolean).join(" · "));
      text(parts.level, track.ground ? "ground" : `${formatLevel(track.level)}${climbArrow(track.climb) || "\u2002"}`);
      text(parts.speed, track.speed === null ? "—" : String(Math.round(track.speed)));
    }
    if (this.selected !== null) this.box.setAttribute("aria-activedescendant", `row-${this.selected}`);
    else this.box.removeAttribute("aria-activedescendant");
  }

  #make() {
    const row = document.createElement("div");
    row.className = "row";
    row.setAttribute("role", "option");
    row.innerHTML = '<i class="dot"></i><span class="who"><b></b><small></small></span><span class="fl"></span><span class="kt"></span>';
    const [, who, level, speed] = row.children;
    /** @type {any} */ (row).parts = { name: who.children[0], more: who.children[1], level, speed };
    this.space.append(row);
    this.#pool.push(row);
    return row;
  }

  /** @param {number | null} id @param {boolean} [reveal] */
  select(id, reveal = false) {
    this.selected = id;
    if (reveal && id !== null) {
      const index = this.order.findIndex((track) => track.id === id);
      const { box } = this;
      if (index >= 0) {
        if (index * ROW < box.scrollTop) box.scrollTop = index * ROW;
        else if ((index + 1) * ROW > box.scrollTop + box.clientHeight) box.scrollTop = (index + 1) * ROW - box.clientHeight;
      }
    }
    this.draw();
  }

  /** The track that is `step` rows from the selected one; the first or last when none is. */
  next(step) {
    const { order } = this;
    if (!order.length) return null;
    const at = order.findIndex((track) => track.id === this.selected);
    const index = at < 0 ? (step > 0 ? 0 : order.length - 1) : Math.max(0, Math.min(order.length - 1, at + step));
    return order[index].id;
  }
}

function compare(a, b) {
  return a < b ? -1 : a > b ? 1 : 0;
}

function text(node, value) {
  if (node.textContent !== value) node.textContent = value;
}
