// The list of sensors with their health.

import { formatAge, formatDistance } from "./format.js";

const NAMES = { operational: "operational", degraded: "degraded", silent: "silent", failed: "failed", unknown: "no report yet" };
const KINDS = { radar: "radar", receiver: "receiver", system: "system tracks" };
const ORDER = { failed: 0, silent: 1, degraded: 2, unknown: 3, operational: 4 };

/** Those in trouble first, then by name. @param {any[]} sensors */
export function sortSensors(sensors) {
  return [...sensors].sort(
    (a, b) => (ORDER[a.state] ?? 3) - (ORDER[b.state] ?? 3) || String(a.name || a.id).localeCompare(String(b.name || b.id)),
  );
}

/** @param {any[]} sensors */
export const illCount = (sensors) => sensors.filter((sensor) => ["failed", "silent", "degraded"].includes(sensor.state)).length;

export class SensorList {
  /** @type {Map<string, {item: HTMLElement, button: HTMLElement, parts: HTMLElement[]}>} */
  #rows = new Map();

  /** @param {HTMLElement} box @param {(id: string) => void} choose */
  constructor(box, choose) {
    this.box = box;
    this.choose = choose;
  }

  /** @param {any[]} sensors @param {number} now ms since the epoch @param {string | null} selected */
  draw(sensors, now, selected) {
    const seen = new Set();
    let before = null;
    for (const sensor of sortSensors(sensors)) {
      seen.add(sensor.id);
      const row = this.#rows.get(sensor.id) ?? this.#make(sensor.id);
      const [name, state, left, right] = row.parts;
      row.button.dataset.state = NAMES[sensor.state] ? sensor.state : "unknown";
      row.button.setAttribute("aria-pressed", String(sensor.id === selected));
      name.textContent = sensor.name || sensor.id;
      const age = sensor.lastReportAt ? (now - Date.parse(sensor.lastReportAt)) / 1000 : NaN;
      const isQuiet = sensor.state === "silent" || sensor.state === "failed";
      state.textContent = isQuiet && Number.isFinite(age) ? `${NAMES[sensor.state]} for ${formatAge(age)}` : NAMES[sensor.state] ?? NAMES.unknown;
      left.textContent = [
        sensor.id, KINDS[sensor.kind] ?? sensor.kind,
        sensor.periodSeconds ? `${Number(sensor.periodSeconds).toFixed(1)} s` : "",
        sensor.rangeMaxMetres ? formatDistance(sensor.rangeMaxMetres) : "",
        Number.isFinite(sensor.latitude) ? "" : "site unknown",
      ].filter(Boolean).join(" · ");
      right.textContent = `${Number(sensor.plotsPerSecond ?? 0).toFixed(0)}/s`;
      row.button.title = `${sensor.plots ?? 0} plots`;
      if (before ? before.nextSibling !== row.item : this.box.firstChild !== row.item) {
        if (before) before.after(row.item);
        else this.box.prepend(row.item);
      }
      before = row.item;
    }
    for (const [id, row] of this.#rows) {
      if (!seen.has(id)) {
        row.item.remove();
        this.#rows.delete(id);
      }
    }
  }

  #make(id) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.innerHTML = '<i></i><b></b><span class="state"></span><small><span></span><span></span></small>';
    button.addEventListener("click", () => this.choose(id));
    item.append(button);
    const [, name, state, small] = button.children;
    const row = { item, button, parts: /** @type {HTMLElement[]} */ ([name, state, small.children[0], small.children[1]]) };
    this.#rows.set(id, row);
    return row;
  }
}
