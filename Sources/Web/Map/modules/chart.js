// The quiet writing on the ground: names of cities and airports, degrees, distances, sensor sites.
//
// Drawn on a canvas beside the page, again only when the view changes; the painter lays it under the tracks.

import { graticuleStep } from "./base.js";
import { destination, latitude, longitude, mercatorX, mercatorY } from "./mercator.js";
import { stateOf } from "./sensors.js";

/** Sensors that are crossed out and always named. */
const MARKED = new Set(["silent", "failed", "quarantined"]);

export class Chart {
  /** @param {string} family */
  constructor(family) {
    this.canvas = document.createElement("canvas");
    this.family = family;
    this.context = this.canvas.getContext("2d");
    /** @type {{name: string, x: number, y: number, zoom: number, isAirport: boolean}[]} */
    this.names = [];
    /** @type {any[]} */
    this.sensors = [];
  }

  /** @param {{cities: [string, number, number, number][], airports: [string, string, number, number][]}} places */
  setPlaces(places) {
    const cities = places.cities.map(([name, lon, lat, thousands]) => ({
      name, x: mercatorX(lon), y: mercatorY(lat), isAirport: false,
      zoom: thousands > 8000 ? 3 : thousands > 2500 ? 4.6 : thousands > 1000 ? 5.8 : thousands > 400 ? 6.8 : 7.8,
    }));
    const airports = places.airports.map(([code, , lon, lat], index) => ({
      name: code, x: mercatorX(lon), y: mercatorY(lat), isAirport: true, zoom: index < 60 ? 5.6 : 6.2,
    }));
    this.names = [...airports, ...cities].sort((a, b) => a.zoom - b.zoom);
  }

  /**
   * @param {import("./painter.js").View} view
   * @param {import("./theme.js").Theme} theme
   * @param {{places: boolean, graticule: boolean, coverage: boolean, rings: [number, number] | null, ringStep: number,
   *   sensor: string | null, margins: {left: number, top: number, right: number, bottom: number}}} what
   */
  draw(view, theme, what) {
    const { canvas, context } = this;
    const width = Math.round(view.width * view.ratio);
    const height = Math.round(view.height * view.ratio);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
    context.clearRect(0, 0, view.width, view.height);
    const zoom = Math.log2(view.world / 512);
    const place = (x, y) => {
      let dx = x - view.x;
      dx -= Math.floor(dx + 0.5);
      return [dx * view.world + view.width / 2, (y - view.y) * view.world + view.height / 2];
    };
    const isOut = (x, y) => x < -60 || y < -20 || x > view.width + 60 || y > view.height + 20;
    context.lineJoin = "round";
    context.strokeStyle = theme.halo;
    const write = (text, x, y, colour, align = "left") => {
      context.textAlign = align;
      context.lineWidth = 3;
      context.strokeText(text, x, y);
      context.fillStyle = colour;
      context.fillText(text, x, y);
    };
    context.textBaseline = "middle";

    if (what.graticule) {
      context.font = `400 10px ${this.family}`;
      const step = graticuleStep(zoom);
      const west = longitude(view.x - view.width / 2 / view.world);
      const east = longitude(view.x + view.width / 2 / view.world);
      const north = latitude(view.y - view.height / 2 / view.world);
      const south = latitude(view.y + view.height / 2 / view.world);
      const digits = step < 1 ? 1 : 0;
      for (let lon = Math.ceil(west / step) * step; lon <= east; lon += step) {
        const x = (mercatorX(lon) - view.x) * view.world + view.width / 2;
        if (x < what.margins.left + 24 || x > view.width - what.margins.right - 24) continue;
        const turned = ((((lon + 180) % 360) + 360) % 360) - 180;
        write(`${Math.abs(turned).toFixed(digits).padStart(3, "0")}°${turned < 0 ? "W" : "E"}`, x, what.margins.top + 10, theme.city, "center");
      }
      for (let lat = Math.ceil(south / step) * step; lat <= north; lat += step) {
        if (Math.abs(lat) > 84) continue;
        const y = (mercatorY(lat) - view.y) * view.world + view.height / 2;
        if (y < what.margins.top + 26 || y > view.height - what.margins.bottom - 20) continue;
        write(`${Math.abs(lat).toFixed(digits).padStart(2, "0")}°${lat < 0 ? "S" : "N"}`, view.width - what.margins.right - 8, y, theme.city, "right");
      }
    }

    const taken = [];
    const fits = (x0, y0, x1, y1) => {
      for (const box of taken) if (x0 < box[2] && x1 > box[0] && y0 < box[3] && y1 > box[1]) return false;
      taken.push([x0, y0, x1, y1]);
      return true;
    };

    if (what.coverage) {
      for (const sensor of this.sensors) {
        if (!Number.isFinite(sensor.latitude)) continue;
        const [x, y] = place(mercatorX(sensor.longitude), mercatorY(sensor.latitude));
        if (isOut(x, y)) continue;
        const colour = theme.coverage[stateOf(sensor)] ?? theme.coverage.unknown;
        const isChosen = sensor.id === what.sensor;
        site(context, x, y, sensor, colour, theme.halo, isChosen);
        context.font = `${isChosen ? 700 : 500} 10.5px ${this.family}`;
        const text = sensor.name || sensor.id;
        const size = context.measureText(text).width;
        if (zoom >= 5.2 || isChosen || MARKED.has(stateOf(sensor))) {
          if (fits(x + 8, y - 7, x + 12 + size, y + 7)) write(text, x + 10, y, colour);
        }
        taken.push([x - 7, y - 7, x + 7, y + 7]);
      }
    }

    if (what.rings) {
      context.font = `500 10px ${this.family}`;
      for (let n = 1; n <= 5; n++) {
        const [lon, lat] = destination(what.rings[0], what.rings[1], 0, n * what.ringStep * 1852);
        const [x, y] = place(mercatorX(lon), mercatorY(lat));
        write(`${n * what.ringStep} NM`, x, y, theme.ring, "center");
      }
      const [x, y] = place(mercatorX(what.rings[1]), mercatorY(what.rings[0]));
      context.beginPath();
      context.moveTo(x - 5, y);
      context.lineTo(x + 5, y);
      context.moveTo(x, y - 5);
      context.lineTo(x, y + 5);
      context.save();
      context.strokeStyle = theme.ring;
      context.lineWidth = 1.2;
      context.stroke();
      context.restore();
    }

    if (what.places) {
      for (const name of this.names) {
        if (name.zoom > zoom) break;
        const [x, y] = place(name.x, name.y);
        if (isOut(x, y)) continue;
        context.font = name.isAirport ? `500 10px ${this.family}` : `400 11px ${this.family}`;
        const size = context.measureText(name.name).width;
        if (!fits(x - 5, y - 7, x + 9 + size, y + 7)) continue;
        context.beginPath();
        if (name.isAirport) context.rect(x - 2.5, y - 2.5, 5, 5);
        else context.arc(x, y, 1.6, 0, 2 * Math.PI);
        if (name.isAirport) {
          context.save();
          context.strokeStyle = theme.airport;
          context.lineWidth = 1.1;
          context.stroke();
          context.restore();
        } else {
          context.fillStyle = theme.city;
          context.fill();
        }
        write(name.name, x + 6, y, name.isAirport ? theme.airport : theme.city);
      }
    }
  }

  /** The sensor whose site is within a few pixels of a point. @param {import("./painter.js").View} view */
  sensorAt(view, px, py) {
    for (const sensor of this.sensors) {
      if (!Number.isFinite(sensor.latitude)) continue;
      let dx = mercatorX(sensor.longitude) - view.x;
      dx -= Math.floor(dx + 0.5);
      const x = dx * view.world + view.width / 2;
      const y = (mercatorY(sensor.latitude) - view.y) * view.world + view.height / 2;
      if (Math.hypot(px - x, py - y) < 9) return sensor;
    }
    return null;
  }
}

/** A radar is a triangle on a mast, a receiver a circle, anything else a square; silent ones are crossed out. */
function site(context, x, y, sensor, colour, halo, isChosen) {
  const path = new Path2D();
  if (sensor.kind === "radar") {
    path.moveTo(x, y - 5.5);
    path.lineTo(x + 5, y + 4);
    path.lineTo(x - 5, y + 4);
    path.closePath();
  } else if (sensor.kind === "receiver") path.arc(x, y, 4.2, 0, 2 * Math.PI);
  else path.rect(x - 4, y - 4, 8, 8);
  context.save();
  context.lineWidth = 4;
  context.strokeStyle = halo;
  context.stroke(path);
  context.fillStyle = isChosen ? colour : halo;
  context.fill(path);
  context.lineWidth = 1.6;
  context.strokeStyle = colour;
  context.stroke(path);
  if (MARKED.has(stateOf(sensor))) {
    context.beginPath();
    context.moveTo(x - 6, y + 6);
    context.lineTo(x + 6, y - 6);
    context.lineWidth = 1.8;
    context.stroke();
  }
  context.restore();
}
