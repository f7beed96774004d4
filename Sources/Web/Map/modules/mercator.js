// Web Mercator, and distances on a sphere of the same size. Pure.

export const EARTH = 6_371_008.8;
const RADIANS = Math.PI / 180;

/** World coordinates 0…1, x to the east, y to the south. @param {number} lon */
export const mercatorX = (lon) => (lon + 180) / 360;

/** @param {number} lat */
export function mercatorY(lat) {
  const clipped = Math.max(-85.05, Math.min(85.05, lat)) * RADIANS;
  return 0.5 - Math.log(Math.tan(Math.PI / 4 + clipped / 2)) / (2 * Math.PI);
}

export const longitude = (x) => x * 360 - 180;
export const latitude = (y) => (2 * Math.atan(Math.exp((0.5 - y) * 2 * Math.PI)) - Math.PI / 2) / RADIANS;

/** World units a metre is worth at a latitude. @param {number} lat */
export const unitsPerMetre = (lat) => 1 / (2 * Math.PI * EARTH * Math.cos(Math.max(-85, Math.min(85, lat)) * RADIANS));

/**
 * The point that lies `metres` from here on the bearing.
 * @param {number} lat @param {number} lon @param {number} bearing degrees @param {number} metres
 * @returns {[number, number]} longitude (not wrapped, so that rings stay whole), latitude
 */
export function destination(lat, lon, bearing, metres) {
  const angle = metres / EARTH;
  const φ = lat * RADIANS;
  const θ = bearing * RADIANS;
  const sine = Math.sin(φ) * Math.cos(angle) + Math.cos(φ) * Math.sin(angle) * Math.cos(θ);
  const λ = Math.atan2(Math.sin(θ) * Math.sin(angle) * Math.cos(φ), Math.cos(angle) - Math.sin(φ) * sine);
  return [lon + λ / RADIANS, Math.asin(Math.max(-1, Math.min(1, sine))) / RADIANS];
}

/** A circle on the ground as a closed line. */
export function ring(lat, lon, metres, points = 120) {
  return Array.from({ length: points + 1 }, (_, i) => destination(lat, lon, (i % points) * (360 / points), metres));
}

/** @returns {{metres: number, bearing: number}} along the great circle */
export function between(lat0, lon0, lat1, lon1) {
  const φ0 = lat0 * RADIANS;
  const φ1 = lat1 * RADIANS;
  const Δλ = (lon1 - lon0) * RADIANS;
  const h = Math.sin((φ1 - φ0) / 2) ** 2 + Math.cos(φ0) * Math.cos(φ1) * Math.sin(Δλ / 2) ** 2;
  const y = Math.sin(Δλ) * Math.cos(φ1);
  const x = Math.cos(φ0) * Math.sin(φ1) - Math.sin(φ0) * Math.cos(φ1) * Math.cos(Δλ);
  return { metres: 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h))), bearing: (Math.atan2(y, x) / RADIANS + 360) % 360 };
}

/**
 * The ellipse that holds the truth with a probability of 95 %, from the position's covariance.
 *
 * Semi-axes √(λ · 5.991), χ² with two degrees of freedom, λ the eigenvalues.
 * @param {number[][]} covariance east, north in metres (a larger matrix is fine)
 * @returns {{major: number, minor: number, bearing: number} | null} metres; bearing of the major axis, degrees
 */
export function ellipse(covariance) {
  const [[ee, en], [, nn]] = covariance;
  const mean = (ee + nn) / 2;
  const spread = Math.hypot((ee - nn) / 2, en);
  if (!(mean > 0) || !(mean - spread >= -1e-6 * mean)) return null;
  const k = Math.sqrt(5.991);
  const bearing = (0.5 * Math.atan2(2 * en, nn - ee)) / RADIANS;
  return {
    major: k * Math.sqrt(mean + spread),
    minor: k * Math.sqrt(Math.max(0, mean - spread)),
    bearing: (bearing + 180) % 180,
  };
}
