// What is on the screen, as the part of the address after '#': a link shows the other what you see. Pure.

/**
 * @typedef {{
 *   lat: number, lon: number, zoom: number, hasView: boolean,
 *   selected: number | null, follow: boolean,
 *   text: string, low: number, high: number,
 *   labels: "full" | "brief" | "none",
 *   trails: boolean, vectors: boolean, coverage: boolean, rings: boolean, graticule: boolean, places: boolean,
 *   centre: [number, number] | null, tab: "tracks" | "sensors" | "layers", side: boolean, sort: string,
 *   theme: "dark" | "light",
 *   as: string | null,
 * }} State
 */

/** @returns {State} */
export function defaults() {
  return {
    lat: 35.2, lon: 135.5, zoom: 5, hasView: false,
    selected: null, follow: false,
    text: "", low: 0, high: 450,
    labels: "full",
    trails: true, vectors: false, coverage: true, rings: false, graticule: true, places: true,
    centre: null, tab: "tracks", side: true, sort: "name",
    theme: "dark",
    as: null,
  };
}

/** The layers that can be on or off, and the letters for them in the address. */
export const SWITCHES = /** @type {const} */ ({
  t: "trails", v: "vectors", c: "coverage", r: "rings", g: "graticule", p: "places",
});

/** Only what differs from the defaults is written. @param {State} state */
export function write(state) {
  const base = defaults();
  const parts = [];
  if (state.hasView) parts.push(`at=${state.lat.toFixed(4)},${state.lon.toFixed(4)},${state.zoom.toFixed(2)}`);
  if (state.selected !== null) parts.push(`track=${state.selected}`);
  if (state.follow) parts.push("follow");
  if (state.text) parts.push(`find=${encodeURIComponent(state.text)}`);
  if (state.low !== base.low || state.high !== base.high) parts.push(`fl=${state.low}-${state.high}`);
  if (state.labels !== base.labels) parts.push(`labels=${state.labels}`);
  const on = Object.entries(SWITCHES).filter(([, name]) => state[name]).map(([letter]) => letter).join("");
  const usual = Object.entries(SWITCHES).filter(([, name]) => base[name]).map(([letter]) => letter).join("");
  if (on !== usual) parts.push(`show=${on || "-"}`);
  if (state.centre) parts.push(`rings=${state.centre[0].toFixed(4)},${state.centre[1].toFixed(4)}`);
  if (state.tab !== base.tab) parts.push(`tab=${state.tab}`);
  if (!state.side) parts.push("side=off");
  if (state.sort !== base.sort) parts.push(`sort=${state.sort}`);
  if (state.as !== null) parts.push(`as=${state.as}`);
  if (state.theme !== base.theme) parts.push(`theme=${state.theme}`);
  return parts.join("&");
}

const within = (text, low, high) => {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) && value >= low && value <= high ? value : null;
};
const oneOf = (text, allowed, fallback) => (allowed.includes(text) ? text : fallback);

/** Whatever cannot be read is left at its default: an address is foreign text. @param {string} hash @returns {State} */
export function read(hash) {
  const state = defaults();
  for (const part of hash.replace(/^#/, "").split("&")) {
    const [name, raw = ""] = part.split(/=(.*)/s);
    let value = raw;
    try {
      value = decodeURIComponent(raw);
    } catch {
      continue;
    }
    if (name === "at") {
      const [lat, lon, zoom] = value.split(",");
      const found = [within(lat ?? "", -85, 85), within(lon ?? "", -540, 540), within(zoom ?? "", 0, 16)];
      if (!found.includes(null)) {
        [state.lat, state.lon, state.zoom] = found;
        state.hasView = true;
      }
    } else if (name === "track") state.selected = within(value, 0, Number.MAX_SAFE_INTEGER);
    else if (name === "follow") state.follow = true;
    else if (name === "find") state.text = value.slice(0, 80);
    else if (name === "fl") {
      const [low, high] = value.split("-").map((bound) => within(bound, 0, 450));
      if (low !== null && high !== null && low !== undefined && high !== undefined && low <= high) {
        state.low = low;
        state.high = high;
      }
    } else if (name === "labels") state.labels = oneOf(value, ["full", "brief", "none"], state.labels);
    else if (name === "show") for (const [letter, key] of Object.entries(SWITCHES)) state[key] = value.includes(letter);
    else if (name === "rings") {
      const [lat, lon] = value.split(",");
      const found = [within(lat ?? "", -85, 85), within(lon ?? "", -540, 540)];
      if (!found.includes(null)) state.centre = /** @type {[number, number]} */ (found);
    } else if (name === "tab") state.tab = oneOf(value, ["tracks", "sensors", "layers"], state.tab);
    else if (name === "side") state.side = value !== "off";
    else if (name === "sort") state.sort = oneOf(value, ["name", "level", "speed", "newest"], state.sort);
    else if (name === "as") state.as = /^([a-z]{2}|public)$/.test(value) ? value : state.as;
    else if (name === "theme") state.theme = oneOf(value, ["dark", "light"], state.theme);
  }
  if (state.selected === null) state.follow = false;
  return state;
}
