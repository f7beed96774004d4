// How numbers become words and colours. Pure: no page, no clock.

/** The colour of an altitude: flight level → red, green, blue. Low is warm, high is cold. */
const LEVEL_COLOURS = /** @type {const} */ ([
  [0, 240, 128, 60],
  [50, 244, 176, 62],
  [100, 226, 214, 84],
  [180, 128, 220, 112],
  [260, 62, 210, 176],
  [330, 74, 182, 246],
  [390, 128, 146, 255],
  [450, 206, 128, 246],
]);

/** What flies at an unknown altitude, and what stands on the ground. */
export const UNKNOWN_COLOUR = 0xc3cdd6;
export const GROUND_COLOUR = 0x93a1ae;

export const LEVEL_MAX = 450;

/** @param {number | null} level flight level @param {boolean} [onGround] @returns {number} 0xRRGGBB */
export function levelColour(level, onGround = false) {
  if (onGround) return GROUND_COLOUR;
  if (level === null || level === undefined) return UNKNOWN_COLOUR;
  const stops = LEVEL_COLOURS;
  let upper = stops.findIndex((stop) => stop[0] >= level);
  if (upper === 0) return (stops[0][1] << 16) | (stops[0][2] << 8) | stops[0][3];
  if (upper < 0) upper = stops.length - 1;
  const a = stops[upper - 1];
  const b = stops[upper];
  const share = Math.min(1, (level - a[0]) / (b[0] - a[0]));
  const mixed = (i) => Math.round(a[i] + (b[i] - a[i]) * share);
  return (mixed(1) << 16) | (mixed(2) << 8) | mixed(3);
}

/** @param {number} colour 0xRRGGBB */
export function css(colour) {
  return `#${colour.toString(16).padStart(6, "0")}`;
}

/** @param {number | null | undefined} level */
export function formatLevel(level) {
  return level === null || level === undefined ? "—" : `FL${String(Math.max(0, Math.round(level))).padStart(3, "0")}`;
}

/** Climbing, descending or level; below 250 ft/min it is level. @param {number | null | undefined} climb ft/min */
export function climbArrow(climb) {
  if (climb === null || climb === undefined || Math.abs(climb) < 250) return "";
  return climb > 0 ? "↑" : "↓";
}

/** @param {number} seconds */
export function formatAge(seconds) {
  if (!Number.isFinite(seconds)) return "—";
  const age = Math.max(0, seconds);
  if (age < 10) return `${age.toFixed(1)} s`;
  if (age < 90) return `${Math.round(age)} s`;
  if (age < 5400) return `${Math.round(age / 60)} min`;
  if (age < 129600) return `${Math.round(age / 3600)} h`;
  return `${Math.round(age / 86400)} d`;
}

/** Degrees and decimal minutes, as charts have them. @param {number} lat @param {number} lon */
export function formatPosition(lat, lon) {
  const part = (value, width, positive, negative) => {
    const hundredths = Math.round(Math.abs(value) * 6000);
    const degrees = Math.floor(hundredths / 6000);
    const minutes = ((hundredths % 6000) / 100).toFixed(2).padStart(5, "0");
    return `${String(degrees).padStart(width, "0")}°${minutes}′${value < 0 ? negative : positive}`;
  };
  const turned = ((((lon + 180) % 360) + 360) % 360) - 180;
  return `${part(lat, 2, "N", "S")} ${part(turned, 3, "E", "W")}`;
}

/** @param {number} degrees */
export function formatDegrees(degrees) {
  return `${String(Math.round(degrees) % 360).padStart(3, "0")}°`;
}

/** Thousands apart by a thin space. @param {number} value */
export function formatCount(value) {
  return Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, "\u2009");
}

/** @param {number} metres */
export function formatDistance(metres) {
  const miles = metres / 1852;
  return miles >= 10 ? `${Math.round(miles)} NM` : `${miles.toFixed(miles >= 1 ? 1 : 2)} NM`;
}

/** @param {number} milliseconds since the epoch */
export function formatClock(milliseconds) {
  return Number.isFinite(milliseconds) ? new Date(milliseconds).toISOString().slice(11, 19) : "--:--:--";
}

/** Codes that every screen must call out. ICAO Annex 10 vol. IV, 2.1.4: hijack, radio failure, emergency. */
export const EMERGENCIES = { 7500: "UNLAWFUL INTERFERENCE", 7600: "RADIO FAILURE", 7700: "EMERGENCY" };

export const KINDS = ["primary", "secondary", "modeS", "combined", "broadcast", "multilateration", "systemTrack"];
export const KIND_NAMES = {
  primary: "Primary radar",
  secondary: "Secondary radar",
  modeS: "Mode S radar",
  combined: "Primary + secondary",
  broadcast: "ADS-B",
  multilateration: "Multilateration",
  systemTrack: "System track",
};
/** As controllers write them. */
export const KIND_WORDS = {
  primary: "PSR", secondary: "SSR", modeS: "Mode S", combined: "PSR + SSR", broadcast: "ADS-B", multilateration: "MLAT", systemTrack: "system",
};
export const STATUSES = ["tentative", "confirmed", "coasting"];
