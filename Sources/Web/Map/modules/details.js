// The panel of the selected track: all that the node knows of it, and how old each piece is.

import { KIND_NAMES, climbArrow, css, formatAge, formatCount, formatDegrees, formatLevel, formatPosition, levelColour } from "./format.js";
import { ellipse } from "./mercator.js";

const FIELDS = {
  callsign: "Callsign",
  address: "Mode S address",
  mode3A: "Mode 3/A code",
  pressureAltitude: "Pressure altitude",
  geometricHeight: "Geometric height",
};

const DISAGREEMENTS = { address: "Mode S address", "mode-3a": "Mode 3/A code", callsign: "callsign", position: "position" };

/** Which nations' sensors it is made from, how old each one's part is, and on what they do not agree. */
function contributions(p, ageOf) {
  if (!p.contributions?.length) return "";
  const rows = p.contributions.map((part) => {
    const age = ageOf(part.measuredAt);
    const form = part.form === "tracklets" ? "tracklets" : "whole tracks";
    const apart = part.isApart ? ' <b class="apart">apart</b>' : "";
    return `<tr><th scope="row">${escape(part.nation.toUpperCase())}</th><td>#${escape(part.track)} · ${form}${apart}</td><td class="age${age > 30 ? " old" : ""}">${Number.isFinite(age) ? formatAge(age) : ""}</td></tr>`;
  });
  const says = (part) => [part.callsign, part.address, part.mode3A].filter(Boolean).join(" ");
  const differ = (p.disagreements ?? []).length
    ? `<div class="doubts"><h3>Nations differ</h3><ul><li>${p.disagreements.map((name) => escape(DISAGREEMENTS[name] ?? name)).join(", ")}</li>${p.contributions.map((part) => `<li>${escape(part.nation.toUpperCase())}: ${escape(says(part))} at ${escape(formatPosition(part.latitude, part.longitude))}</li>`).join("")}</ul></div>`
    : "";
  return `<div class="d-part" id="contributions-part"><h3>Told by ${p.contributions.length === 1 ? "one nation" : `${p.contributions.length} nations`}</h3><table>${rows.join("")}</table>${differ}</div>`;
}

export class Details {
  /** @type {any} the node's answer, a GeoJSON Feature */
  feature = null;
  /** @type {any} */
  history = null;
  /** @type {any} the node's answer to whom the track may go */
  release = null;
  /** @type {string | null} the audience whose view is shown; nobody is the node itself */
  as = null;
  /** Whether the node has agreements. */
  hasAgreements = false;
  /** @type {"loading" | "there" | "gone" | "unreachable"} */
  state = "loading";
  #id = null;
  #asked = 0;
  #waiting = false;

  /** @param {HTMLElement} box @param {{follow: () => void, close: () => void, centre: () => void}} actions */
  constructor(box, actions) {
    this.box = box;
    box.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      if (button) actions[/** @type {HTMLButtonElement} */ (button).name]?.();
    });
  }

  /** @param {number | null} id */
  select(id) {
    if (id === this.#id) return;
    this.#id = id;
    this.feature = this.history = this.release = null;
    this.state = "loading";
    this.#asked = 0;
    this.box.hidden = id === null;
    this.box.replaceChildren();
    this.parts = null;
    // History is the node's own: it is not part of what an audience is shown.
    if (id !== null && this.as === null) this.#askHistory(id);
  }

  async #askHistory(id) {
    try {
      const answer = await fetch(`api/tracks/${id}/history?seconds=3600`);
      if (answer.ok && id === this.#id) {
        const history = await answer.json();
        if (id === this.#id && history.geometry?.coordinates) this.history = history;
      }
    } catch {
      // The path stays undrawn; the panel's own asking says that the node does not answer.
    }
  }

  #address(id) {
    return `api/tracks/${id}${this.as === null ? "" : `?as=${this.as}`}`;
  }

  /** Asks for the newest once a second. @param {number} local ms, monotonic */
  async refresh(local) {
    const id = this.#id;
    if (id === null || this.#waiting || local - this.#asked < 1000) return;
    this.#asked = local;
    this.#waiting = true;
    try {
      const signal = AbortSignal.timeout(5000);
      const [answer, release] = await Promise.all([
        fetch(this.#address(id), { signal }),
        this.hasAgreements && this.as === null ? fetch(`api/tracks/${id}/release`, { signal }) : null,
      ]);
      if (id !== this.#id) return;
      if (release?.ok) this.release = await release.json();
      if (answer.status === 404) this.state = "gone";
      else if (answer.ok) {
        this.feature = await answer.json();
        this.state = "there";
      } else this.state = "unreachable";
    } catch {
      if (id === this.#id) this.state = "unreachable";
    } finally {
      this.#waiting = false;
    }
  }

  /**
   * @param {import("./tracks.js").Track | undefined} track
   * @param {{now: number, position: {lat: number, lon: number} | null, follow: boolean, sensors: Map<string, any>}} at
   */
  draw(track, at) {
    if (this.#id === null) return;
    const p = this.feature?.properties ?? {};
    if (!track && !this.feature && this.state === "loading") return;
    const level = track ? track.level : p.flightLevel ?? null;
    const onGround = track ? track.ground : p.onGround === true;
    const callsign = track?.callsign ?? p.callsign ?? null;
    const address = track?.address ?? p.address?.toUpperCase() ?? null;
    const code = track?.code ?? p.mode3A ?? null;
    const kind = KIND_NAMES[p.kind] ?? "";
    const status = track ? ["tentative", "confirmed", "coasting"][track.status] : p.status ?? "";
    const ageOf = (stamp) => (stamp ? (at.now - Date.parse(stamp)) / 1000 : NaN);
    const row = (name, value, age = NaN, old = 60) =>
      value === null || value === undefined || value === "" ? "" : `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td><td class="age${age > old ? " old" : ""}">${Number.isFinite(age) ? formatAge(age) : ""}</td></tr>`;
    const times = p.fieldTimes ?? {};
    const speed = track?.speed ?? p.groundSpeedKnots ?? null;
    const course = track?.course ?? p.trackDegrees ?? null;
    const climb = track?.climb ?? p.climbFeetPerMinute ?? null;

    const head = `
      <div class="d-head" style="--c:${css(levelColour(level, onGround))}">
        <h2>${escape(callsign ?? address ?? (code ? `A${code}` : `#${this.#id}`))}</h2>
        <p>Track ${this.#id} · ${escape(status)}${onGround ? " · on the ground" : ""}</p>
        <div class="tools"><button name="follow" aria-pressed="${at.follow}" title="Keep it in the middle (f)">Follow</button><button name="close" aria-label="Close" title="Close (Esc)">✕</button></div>
      </div>
      ${track?.emergency ? `<div class="alarm">${track.code} ${escape(track.emergency)}</div>` : ""}
      ${p.doubtTexts?.length ? `<div class="doubts"><h3>Doubted</h3><ul>${p.doubtTexts.map((text, i) => `<li title="${escape(p.doubts?.[i] ?? "")}">${escape(text)}</li>`).join("")}</ul></div>` : ""}
      ${this.state === "gone" || (!track && this.state === "there") ? '<div class="gone">This track has been dropped. Below, its last state.</div>' : ""}
      ${this.state === "unreachable" ? '<div class="gone">The node does not answer; below, what is known here.</div>' : ""}`;
    const big = `
      <dl class="big">
        <div><dt>Level</dt><dd>${onGround ? "ground" : escape(formatLevel(level))}${onGround ? "" : climbArrow(climb)}</dd></div>
        <div><dt>Ground speed</dt><dd>${speed === null ? "—" : `${Math.round(speed)}<small>kt</small>`}</dd></div>
        <div><dt>Track</dt><dd>${course === null ? "—" : formatDegrees(course)}</dd></div>
      </dl>`;
    const body = [];
    body.push(`<div class="d-part"><h3>Identity</h3><table>
      ${row(FIELDS.callsign, callsign, ageOf(times.callsign))}
      ${row(FIELDS.address, address, ageOf(times.address))}
      ${row(FIELDS.mode3A, code, ageOf(times.mode3A))}
      ${callsign || address || code ? "" : row("Answers to nothing", "primary only")}
      ${row("Seen by way of", kind)}</table></div>`);
    const heightDeviation = Number.isFinite(p.heightDeviationMetres) ? ` ± ${Math.round(p.heightDeviationMetres)} m` : "";
    body.push(`<div class="d-part"><h3>Motion</h3><table>
      ${row("Position", at.position ? formatPosition(at.position.lat, at.position.lon) : "", ageOf(p.measuredAt), 30)}
      ${row("Pressure altitude", level === null ? "" : `${formatCount(level * 100)} ft`, ageOf(times.pressureAltitude))}
      ${row("Height, WGS 84", Number.isFinite(p.heightMetres) ? `${formatCount(p.heightMetres)} m${heightDeviation}` : "", ageOf(times.geometricHeight))}
      ${row("Climb", climb === null ? "" : `${climb > 0 ? "+" : climb < 0 ? "−" : ""}${formatCount(Math.abs(climb))} ft/min`)}
      ${accuracy(p, row)}</table></div>`);
    if (p.sensors?.length) {
      const sensors = [...p.sensors].sort((a, b) => Date.parse(b.measuredAt) - Date.parse(a.measuredAt));
      body.push(`<div class="d-part"><h3>Seen by ${sensors.length} ${sensors.length === 1 ? "sensor" : "sensors"}</h3><table>
        ${sensors.map((sensor) => row(sensor.name || at.sensors.get(sensor.id)?.name || sensor.id, sensor.name ? sensor.id : "", ageOf(sensor.measuredAt), 30) || row(sensor.id, " ", ageOf(sensor.measuredAt), 30)).join("")}</table></div>`);
    }
    body.push(contributions(p, ageOf));
    body.push(this.#release(p, row));
    const links = this.as === null ? `<a href="api/tracks/${this.#id}/history?seconds=3600" target="_blank" rel="noopener">History, GeoJSON</a>` : "";
    const tail = `<div class="d-part"><h3>Life</h3><table>
      ${row("First seen", p.bornAt ? `${p.bornAt.slice(11, 19)} UTC` : "", ageOf(p.bornAt), Infinity)}
      ${row("Last received", p.receivedAt ? `${p.receivedAt.slice(11, 19)} UTC` : "", ageOf(p.receivedAt), 30)}
      ${row("Plots", Number.isFinite(p.plots) ? formatCount(p.plots) : "")}</table></div>
      <div class="d-links">${links}<a href="${this.#address(this.#id)}" target="_blank" rel="noopener">This track, GeoJSON</a></div>`;

    if (!this.parts) {
      this.box.innerHTML = '<div class="p-head"></div><div class="p-big"></div><div class="d-part" id="profile-part"><h3>Level, last hour</h3><canvas id="profile" role="img" aria-label="Flight level over the last hour"></canvas></div><div class="p-body"></div><div class="p-tail"></div>';
      const find = (name) => /** @type {HTMLElement} */ (this.box.querySelector(name));
      this.parts = { head: find(".p-head"), big: find(".p-big"), body: find(".p-body"), tail: find(".p-tail"), profilePart: find("#profile-part"), profile: find("#profile") };
    }
    set(this.parts.head, head);
    set(this.parts.big, big);
    set(this.parts.body, body.join(""));
    set(this.parts.tail, tail);
    this.#profile(track, at.now);
  }

  /** Label, originators, and to whom the track goes by which rule. */
  #release(p, row) {
    if (!("label" in p)) return "";
    const { label } = p;
    const words = label === null ? row("Label", "none: for nobody") : `
      ${row("Label", `${label.policy} ${label.classification}`)}
      ${row("Originators", label.originators.map((nation) => nation.toUpperCase()).join(", "))}
      ${row("Releasable to", label.releasableTo?.length ? label.releasableTo.map(nameOfAudience).join(", ") : "nobody")}
      ${row("Caveats", label.caveats.join(", "))}
      ${row("Onward", label.onward)}`;
    const shown = this.as === null ? "" : `
      ${row("Shown under", p.agreement)}
      ${row("Taken from it", taken(p.redactions))}`;
    const decisions = (this.as === null ? this.release?.decisions ?? [] : []).map((decision) =>
      `<li class="${escape(decision.answer)}" title="${escape(decision.sentence)}"><b>${escape(nameOfAudience(decision.to))}</b> <span>${escape(ANSWERS[decision.answer] ?? "")}</span> <em>${escape(decision.rule)}</em>${decision.shown && decision.answer === "withhold" ? " <small>older state shown</small>" : ""}</li>`);
    return `<div class="d-part" id="release-part"><h3>Release</h3><table>${words}${shown}</table>${decisions.length ? `<h4>What our own sensors know of it</h4><ul class="decisions">${decisions.join("")}</ul>` : ""}</div>`;
  }

  #profile(track, now) {
    const levels = this.history?.properties?.flightLevels ?? [];
    const times = (this.history?.properties?.times ?? []).map((stamp) => Date.parse(stamp));
    const points = levels.map((level, i) => [times[i], level]).filter(([time, level]) => Number.isFinite(time) && typeof level === "number");
    if (track && track.level !== null) points.push([track.measuredAt, track.level]);
    this.parts.profilePart.hidden = points.length < 2;
    if (points.length < 2) return;
    const canvas = /** @type {HTMLCanvasElement} */ (this.parts.profile);
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [canvas.clientWidth, canvas.clientHeight];
    if (canvas.width !== Math.round(width * ratio)) {
      canvas.width = Math.round(width * ratio);
      canvas.height = Math.round(height * ratio);
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const start = points[0][0];
    const span = Math.max(60_000, points.at(-1)[0] - start);
    const top = Math.max(100, ...points.map(([, level]) => level)) * 1.12;
    const x = (time) => ((time - start) / span) * (width - 34) + 2;
    const y = (level) => height - 12 - (level / top) * (height - 18);
    const styles = getComputedStyle(document.documentElement);
    context.strokeStyle = styles.getPropertyValue("--line");
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(0, height - 11.5);
    context.lineTo(width, height - 11.5);
    context.stroke();
    context.lineWidth = 1.8;
    context.lineJoin = context.lineCap = "round";
    for (let i = 1; i < points.length; i++) {
      context.strokeStyle = css(levelColour(points[i][1]));
      context.beginPath();
      context.moveTo(x(points[i - 1][0]), y(points[i - 1][1]));
      context.lineTo(x(points[i][0]), y(points[i][1]));
      context.stroke();
    }
    context.fillStyle = styles.getPropertyValue("--soft");
    context.font = `10px ${styles.getPropertyValue("--family")}`;
    context.textBaseline = "middle";
    context.fillText(formatLevel(points.at(-1)[1]).slice(2), x(points.at(-1)[0]) + 6, y(points.at(-1)[1]));
    context.textBaseline = "bottom";
    context.fillText(`−${formatAge((now - start) / 1000)}`, 0, height + 1);
  }
}

const ANSWERS = { release: "goes", redact: "goes, redacted", withhold: "withheld" };

/** @param {string} name */
export function nameOfAudience(name) {
  return name === "public" ? "the public" : name.toUpperCase();
}

/** What is taken from a track, in words. */
function taken(redactions) {
  if (!redactions) return "";
  const words = redactions.withheld.map((part) => part);
  if (redactions.positionGridMetres) words.unshift(`place to ${redactions.positionGridMetres} m`);
  if (redactions.timeGridMilliseconds) words.unshift(`times to ${redactions.timeGridMilliseconds / 1000} s`);
  return words.join(", ");
}

function accuracy(p, row) {
  const shape = Array.isArray(p.covariance) ? ellipse(p.covariance) : null;
  if (!shape) return "";
  return row("Within, 95 %", `${formatCount(shape.major)} × ${formatCount(shape.minor)} m`);
}

/** Names on the air are foreign text. */
function escape(value) {
  return String(value).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function set(node, markup) {
  if (node.markup === markup) return;
  node.markup = markup;
  const focused = document.activeElement;
  const name = focused instanceof HTMLButtonElement && node.contains(focused) ? focused.name : null;
  node.innerHTML = markup;
  if (name) /** @type {HTMLElement | null} */ (node.querySelector(`button[name="${name}"]`))?.focus();
}
