// The ground under the picture: MapLibre with coastlines, borders, graticule, coverage and range rings.
//
// MapLibre draws only what stands still; it is repainted when the view moves and not when a track does.

import { mercatorX, mercatorY, ring } from "./mercator.js";
import { stateOf } from "./sensors.js";

const NOTHING = { type: "FeatureCollection", features: [] };

/** @param {import("./theme.js").Theme} theme */
function style(theme) {
  const line = (id, source, colour, width, extra = {}) => ({
    id, type: "line", source, paint: { "line-color": colour, "line-width": width, ...extra },
    layout: { "line-join": "round" },
  });
  const state = ["match", ["get", "state"], ...Object.entries(theme.coverage).flat(), theme.coverage.unknown];
  const data = (file, tolerance) => ({ type: "geojson", data: new URL(`assets/${file}`, document.baseURI).href, tolerance });
  return {
    version: 8,
    sources: {
      land: data("land.json", 0.3),
      lakes: data("lakes.json", 0.4),
      borders: data("borders.json", 0.3),
      graticule: { type: "geojson", data: NOTHING, tolerance: 0.1 },
      coverage: { type: "geojson", data: NOTHING },
      rings: { type: "geojson", data: NOTHING },
    },
    layers: [
      { id: "sea", type: "background", paint: { "background-color": theme.sea } },
      { id: "land", type: "fill", source: "land", paint: { "fill-color": theme.land, "fill-antialias": false } },
      { id: "lakes", type: "fill", source: "lakes", paint: { "fill-color": theme.lake, "fill-antialias": false } },
      line("graticule", "graticule", theme.graticule, 1),
      line("shores", "lakes", theme.coast, 0.6, { "line-opacity": 0.6 }),
      line("borders", "borders", theme.border, ["interpolate", ["linear"], ["zoom"], 3, 0.6, 8, 1.2], { "line-dasharray": [4, 2.5] }),
      line("coast", "land", theme.coast, ["interpolate", ["linear"], ["zoom"], 3, 0.7, 7, 1.1, 10, 1.5]),
      { id: "coverage-area", type: "fill", source: "coverage", paint: { "fill-color": state, "fill-opacity": 0.02, "fill-antialias": false } },
      line("coverage", "coverage", state, 1, { "line-opacity": 0.6 }),
      line("rings", "rings", theme.ring, 1, { "line-opacity": 0.75 }),
    ],
  };
}

/** Lines of the graticule, a degree distance that suits the zoom. */
export function graticuleStep(zoom) {
  return zoom < 3 ? 30 : zoom < 4.5 ? 10 : zoom < 6 ? 5 : zoom < 7.5 ? 2 : zoom < 9 ? 1 : 0.5;
}

/** Miles between two range rings, so that five of them fill the view. @param {import("./painter.js").View} view */
export function ringStep(view, lat) {
  const half = (view.height / 2 / view.world) * 2 * Math.PI * 6371008.8 * Math.cos((lat * Math.PI) / 180);
  const wanted = half / 1852 / 3.2;
  return [1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500].find((step) => step >= wanted) ?? 500;
}

export class Base {
  /**
   * @param {HTMLElement} container
   * @param {import("./url-state.js").State} state
   * @param {import("./theme.js").Theme} theme
   */
  constructor(container, state, theme) {
    const { maplibregl } = /** @type {any} */ (window);
    this.map = new maplibregl.Map({
      container,
      style: style(theme),
      center: [state.lon, state.lat],
      zoom: state.zoom,
      minZoom: 1.5,
      maxZoom: 14,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      keyboard: false,
      attributionControl: false,
      fadeDuration: 0,
      renderWorldCopies: true,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.scrollWheelZoom?.setWheelZoomRate?.(1 / 300);
    this.container = container;
    this.graticuleAt = 0;
  }

  /** The view as the painter wants it. @returns {import("./painter.js").View} */
  view() {
    const centre = this.map.getCenter();
    return {
      x: mercatorX(centre.lng),
      y: mercatorY(centre.lat),
      world: 512 * 2 ** this.map.getZoom(),
      width: this.container.clientWidth,
      height: this.container.clientHeight,
      ratio: Math.min(2, window.devicePixelRatio || 1),
    };
  }

  /** @param {import("./theme.js").Theme} theme */
  setTheme(theme) {
    const next = style(theme);
    for (const layer of next.layers) {
      for (const [name, value] of Object.entries(layer.paint)) this.map.setPaintProperty(layer.id, name, value);
    }
  }

  show(layers, isShown) {
    for (const layer of layers) this.map.setLayoutProperty(layer, "visibility", isShown ? "visible" : "none");
  }

  setGraticule(zoom) {
    const step = graticuleStep(zoom);
    if (step === this.graticuleAt) return;
    this.graticuleAt = step;
    const lines = [];
    for (let lon = -180; lon <= 180; lon += step) lines.push([[lon, -85], [lon, 85]]);
    for (let lat = -80; lat <= 80; lat += step) lines.push([[-180, lat], [-90, lat], [0, lat], [90, lat], [180, lat]]);
    this.map.getSource("graticule").setData({
      type: "Feature", properties: {}, geometry: { type: "MultiLineString", coordinates: lines },
    });
  }

  /** @param {any[]} sensors */
  setCoverage(sensors) {
    const features = sensors
      .filter((sensor) => Number.isFinite(sensor.latitude) && sensor.rangeMaxMetres > 0)
      .map((sensor) => ({
        type: "Feature",
        properties: { state: stateOf(sensor) },
        geometry: { type: "Polygon", coordinates: [ring(sensor.latitude, sensor.longitude, sensor.rangeMaxMetres)] },
      }));
    this.map.getSource("coverage").setData({ type: "FeatureCollection", features });
  }

  /** @param {[number, number] | null} centre latitude, longitude @param {number} step miles */
  setRings(centre, step) {
    const features = centre
      ? [1, 2, 3, 4, 5].map((n) => ({
          type: "Feature", properties: {},
          geometry: { type: "LineString", coordinates: ring(centre[0], centre[1], n * step * 1852) },
        }))
      : [];
    this.map.getSource("rings").setData({ type: "FeatureCollection", features });
  }
}
