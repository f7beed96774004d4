// The list of sensors with their health.

import { formatAge, formatDistance } from "./format.js";

const NAMES = { operational: "operational", degraded: "degraded", silent: "silent", failed: "failed", quarantined: "quarantined", unknown: "no report yet" };
const KINDS = { radar: "radar", receiver: "receiver", system: "system tracks" };
const ORDER = { failed: 0, silent: 1, quarantined: 2, degraded: 3, unknown: 4, operational: 5 };

/** The state shown: a sensor set aside by registration counts as one in trouble. @param {any} sensor */
export const stateOf = (sensor) =>
  sensor.registration?.state === "quarantined" && (sensor.state === "operational" || sensor.state === "degraded")
    ? "quarantined" : NAMES[sensor.state] ? sensor.state : "unknown";

/** A systematic error with one standard deviation, or nothing where there is none. */
const errorText = (estimate, unit, decimals) =>
  estimate ? `${estimate.value >= 0 ? "+" : "−"}${Math.abs(estimate.value).toFixed(decimals)} ± ${estimate.deviation.toFixed(decimals)} ${unit}` : "";

/** What is known of a sensor's systematic errors, in a line. @param {any} registration */
export function registrationText(registration) {
  if (!registration || registration.state === "unknown") return "";
  return [
    registration.state,
    errorText(registration.rangeMetres, "m", 0),
    errorText(registration.azimuthDegrees, "°", 3),
    errorText(registration.elevationDegrees, "° elevation", 3),
    errorText(registration.timeMilliseconds, "ms", 0),
  ].filter(Boolean).join(" · ");
}

/** Those in trouble first, then by name. @param {any[]} sensors */
export function sortSensors(sensors) {
  return [...sensors].sort(
    (a, b) => ORDER[stateOf(a)] - ORDER[stateOf(b)] || String(a.name || a.id).localeCompare(String(b.name || b.id)),
  );
}

/** @param {any[]} sensors */
export const illCount = (sensors) => sensors.filter((sensor) => ["failed", "silent", "degraded", "quarantined"].includes(stateOf(sensor))).length;

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
      const [name, state, left, right, errors] = row.parts;
      const shown = stateOf(sensor);
      row.button.dataset.state = shown;
      row.button.setAttribute("aria-pressed", String(sensor.id === selected));
      name.textContent = sensor.name || sensor.id;
      const age = sensor.lastReportAt ? (now - Date.parse(sensor.lastReportAt)) / 1000 : NaN;
      const isQuiet = sensor.state === "silent" || sensor.state === "failed";
      state.textContent = isQuiet && Number.isFinite(age) ? `${NAMES[sensor.state]} for ${formatAge(age)}` : NAMES[shown];
      errors.textContent = registrationText(sensor.registration);
      errors.hidden = !errors.textContent;
      errors.title = sensor.registration
        ? `systematic errors, ${sensor.registration.isApplied ? "subtracted from" : "not subtracted from"} its plots; ${sensor.registration.stretches} stretches of flight, ${sensor.registration.jumps} jumps`
        : "";
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
    button.innerHTML = '<i></i><b></b><span class="state"></span><small><span></span><span></span></small><small class="errors" hidden></small>';
    button.addEventListener("click", () => this.choose(id));
    item.append(button);
    const [, name, state, small, errors] = button.children;
    const parts = /** @type {HTMLElement[]} */ ([name, state, small.children[0], small.children[1], errors]);
    const row = { item, button, parts };
    this.#rows.set(id, row);
    return row;
  }
}
