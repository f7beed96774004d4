// Draws the tracks: symbols, letters, leader and velocity lines, trails, and what belongs to the selected one.
//
// The position of every track is reckoned in the shader, from its last estimate and the time, so that a frame
// costs the processor nothing but a few calls, however many tracks there are. All marks of a track name only its
// slot in the state texture; nothing that hangs on a track can come away from it.
//
// Every quad is pulled from a texture by its number. Instances would be the usual way, but four corners are too few
// for an instance: graphics processors run them half empty, and a software renderer takes each as a call of its own.

import { FADE, POINT, STATE, TRAIL_SECONDS } from "./tracks.js";

/** Floats of a letter or a mark, of a leader line; each a whole number of texels. */
export const SPRITE = 12;
export const LEADER = 8;

const COMMON = `#version 300 es
precision highp float;
precision highp int;
uniform highp sampler2D uState;
uniform vec2 uCentreHigh, uCentreLow, uHalf;
uniform float uWorld, uNow, uRatio;

struct Body { vec2 pixels; float course; vec3 colour; float shape; float alpha; float size; vec2 velocity; };

/** Pixels from the middle of the view, y down; the copy of the world that is nearest to the middle. */
vec2 place(vec2 high, vec2 low, vec2 shift) {
  vec2 away = (high - uCentreHigh) + (low - uCentreLow) + shift;
  away.x -= floor(away.x + 0.5);
  return away * uWorld;
}

vec3 unpack(float colour) {
  int c = int(colour);
  return vec3(float((c >> 16) & 255), float((c >> 8) & 255), float(c & 255)) / 255.0;
}

Body body(int slot) {
  ivec2 at = ivec2((slot & 63) * 4, slot >> 6);
  vec4 p = texelFetch(uState, at, 0);
  vec4 v = texelFetch(uState, at + ivec2(1, 0), 0);
  vec4 t = texelFetch(uState, at + ivec2(2, 0), 0);
  vec4 s = texelFetch(uState, at + ivec2(3, 0), 0);
  float carried = clamp(uNow - t.x, -5.0, t.w);
  float fading = exp(-${FADE.toFixed(1)} * max(0.0, uNow - t.y));
  vec2 shift = v.xy * carried + v.zw * fading;
  return Body(place(p.xy, p.zw, shift), t.z, unpack(s.x), s.y, s.z, s.w, v.xy * uWorld);
}

vec4 clip(vec2 pixels) { return vec4(pixels / uHalf * vec2(1.0, -1.0), 0.0, 1.0); }
const vec4 NOWHERE = vec4(2.0, 2.0, 2.0, 1.0);
int quad() { return gl_VertexID / 6; }
/** Two triangles: 0 1 2, 2 1 3. */
vec2 corner() {
  int i = gl_VertexID % 6;
  int k = i < 3 ? i : (i == 3 ? 2 : (i == 4 ? 1 : 3));
  return vec2(float(k & 1), float(k >> 1));
}
uniform highp sampler2D uQuads;
vec4 pull(int texel) { return texelFetch(uQuads, ivec2(texel & 1023, texel >> 10), 0); }
`;

const SPRITE_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D uAtlas;
uniform vec3 uCasing;
uniform float uPass; // 0: casing and colour, 1: only the casing, 2: only the colour
in vec2 vTexture;
in vec4 vColour;
out vec4 oColour;
void main() {
  vec2 cover = texture(uAtlas, vTexture).rg;
  if (uPass == 1.0) cover.r = 0.0;
  if (uPass == 2.0) cover.g = 0.0;
  float alpha = max(cover.r, cover.g * 0.8) * vColour.a;
  oColour = vec4(mix(uCasing, vColour.rgb, cover.r), 1.0) * alpha;
}`;

const SYMBOLS = `${COMMON}
uniform vec4 uShapes[7];
uniform float uSize;
uniform float uDim;
out vec2 vTexture;
out vec4 vColour;
void main() {
  Body b = body(quad());
  if (b.alpha <= 0.0 || any(greaterThan(abs(b.pixels), uHalf + 30.0))) { gl_Position = NOWHERE; return; }
  vec4 cell = uShapes[int(b.shape)];
  vec2 c = corner();
  vec2 offset = (c - 0.5) * cell.zw / uRatio * b.size * uSize;
  float s = sin(b.course), k = cos(b.course);
  gl_Position = clip(b.pixels + vec2(offset.x * k - offset.y * s, offset.x * s + offset.y * k));
  vTexture = (cell.xy + c * cell.zw) / 1024.0;
  vColour = vec4(b.colour, b.alpha * uDim);
}`;

const SPRITES = `${COMMON}
out vec2 vTexture;
out vec4 vColour;
void main() {
  vec4 look = pull(quad() * 3); // slot, colour, alpha
  vec4 cell = pull(quad() * 3 + 1);
  vec2 offset = pull(quad() * 3 + 2).xy;
  Body b = body(int(look.x));
  if (b.alpha <= 0.0) { gl_Position = NOWHERE; return; }
  vec2 c = corner();
  // Letters stand on whole pixels of the screen, all of a label on the same: else they swim.
  vec2 anchor = floor((b.pixels + uHalf) * uRatio + 0.5) / uRatio - uHalf;
  gl_Position = clip(anchor + offset + c * cell.zw / uRatio);
  vTexture = (cell.xy + c * cell.zw) / 1024.0;
  vColour = vec4(unpack(look.y), look.z);
}`;

const LINE_FRAGMENT = `#version 300 es
precision highp float;
in vec4 vColour;
in float vAcross;
uniform float uWidth;
out vec4 oColour;
void main() {
  float edge = clamp((uWidth * 0.5 + 0.75 - abs(vAcross)), 0.0, 1.0);
  oColour = vec4(vColour.rgb, 1.0) * (vColour.a * edge);
}`;

const LINE_CORNER = `
uniform float uWidth;
out vec4 vColour;
out float vAcross;
void stretch(vec2 from, vec2 to) {
  vec2 c = corner();
  vec2 along = to - from;
  float size = length(along);
  if (size < 0.01) { gl_Position = NOWHERE; return; }
  along /= size;
  vAcross = (c.y - 0.5) * (uWidth + 2.0);
  gl_Position = clip(mix(from, to, c.x) + vec2(-along.y, along.x) * vAcross);
}`;

const LEADERS = `${COMMON}
${LINE_CORNER}
void main() {
  vec4 look = pull(quad() * 2); // slot, colour, alpha
  vec4 ends = pull(quad() * 2 + 1);
  Body b = body(int(look.x));
  if (b.alpha <= 0.0) { gl_Position = NOWHERE; return; }
  vec2 anchor = floor((b.pixels + uHalf) * uRatio + 0.5) / uRatio - uHalf;
  vColour = vec4(unpack(look.y), look.z);
  stretch(anchor + ends.xy, anchor + ends.zw);
}`;

const VECTORS = `${COMMON}
${LINE_CORNER}
uniform float uAhead;
void main() {
  Body b = body(quad());
  if (b.alpha <= 0.0 || any(greaterThan(abs(b.pixels), uHalf + 200.0))) { gl_Position = NOWHERE; return; }
  vColour = vec4(b.colour, 0.8 * b.alpha);
  stretch(b.pixels, b.pixels + b.velocity * uAhead);
}`;

const TRAILS = `${COMMON}
${LINE_CORNER}
uniform float uLife, uAlpha;
void main() {
  vec4 a = pull(quad() * 2), b = pull(quad() * 2 + 2);
  vec4 fromLook = pull(quad() * 2 + 1), toLook = pull(quad() * 2 + 3); // time, colour, whether a line begins here
  if (toLook.z > 0.5) { gl_Position = NOWHERE; return; }
  vec2 from = place(a.xy, a.zw, vec2(0.0));
  vec2 to = place(b.xy, b.zw, vec2(0.0));
  if (abs(from.x - to.x) > uWorld * 0.5) { gl_Position = NOWHERE; return; }
  float age = uNow - mix(fromLook.x, toLook.x, corner().x);
  vColour = vec4(unpack(toLook.y), uAlpha * (uLife > 0.0 ? clamp(1.0 - age / uLife, 0.06, 1.0) : 1.0));
  stretch(from, to);
}`;

const CHART = `#version 300 es
out vec2 vTexture;
void main() {
  vec2 c = vec2(float(gl_VertexID & 1), float(gl_VertexID >> 1));
  vTexture = c;
  gl_Position = vec4(c * vec2(2.0, -2.0) + vec2(-1.0, 1.0), 0.0, 1.0);
}`;

const CHART_FRAGMENT = `#version 300 es
precision mediump float;
uniform sampler2D uChart;
in vec2 vTexture;
out vec4 oColour;
void main() { oColour = texture(uChart, vTexture); }`;

/** A view of the ground: what the shaders need to know of the map. */
/** @typedef {{x: number, y: number, world: number, width: number, height: number, ratio: number}} View */

export class Painter {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const gl = canvas.getContext("webgl2", {
      alpha: true, premultipliedAlpha: true, antialias: false, depth: false, stencil: false, powerPreference: "high-performance",
    });
    if (!gl) throw new Error("this browser offers no WebGL 2");
    this.gl = gl;
    this.symbols = program(gl, SYMBOLS, SPRITE_FRAGMENT);
    this.sprites = program(gl, SPRITES, SPRITE_FRAGMENT);
    this.leaders = program(gl, LEADERS, LINE_FRAGMENT);
    this.vectors = program(gl, VECTORS, LINE_FRAGMENT);
    this.trails = program(gl, TRAILS, LINE_FRAGMENT);

    this.chart = program(gl, CHART, CHART_FRAGMENT);

    this.chartTexture = gl.createTexture();
    this.stateTexture = gl.createTexture();
    this.stateRows = 0;
    this.atlasTexture = gl.createTexture();
    this.empty = gl.createVertexArray();
    this.letters = new Quads(gl, SPRITE);
    this.marks = new Quads(gl, SPRITE);
    this.leaderLines = new Quads(gl, LEADER);
    this.trailPoints = new Quads(gl, POINT);
    this.path = new Quads(gl, POINT);
    this.ellipse = new Quads(gl, POINT);
    this.casing = this.letterCasing = [0.03, 0.05, 0.07];
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  /** @param {import("./atlas.js").Atlas} atlas */
  setAtlas(atlas) {
    const gl = this.gl;
    this.atlas = atlas;
    gl.bindTexture(gl.TEXTURE_2D, this.atlasTexture);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, atlas.size, atlas.size, 0, gl.RGBA, gl.UNSIGNED_BYTE, atlas.pixels.data);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.LINEAR);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
    gl.useProgram(this.symbols.handle);
    gl.uniform4fv(this.symbols.at("uShapes"), atlas.shapes.flatMap((cell) => [cell.u, cell.v, cell.w, cell.h]));
  }

  /** What lies under the tracks, as large as the view. @param {HTMLCanvasElement} canvas */
  setChart(canvas) {
    const gl = this.gl;
    gl.activeTexture(gl.TEXTURE2);
    gl.bindTexture(gl.TEXTURE_2D, this.chartTexture);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, true);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, gl.RGBA, gl.UNSIGNED_BYTE, canvas);
    gl.pixelStorei(gl.UNPACK_PREMULTIPLY_ALPHA_WEBGL, false);
    for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(gl.TEXTURE_2D, name, gl.CLAMP_TO_EDGE);
    gl.activeTexture(gl.TEXTURE0);
    this.hasChart = true;
  }

  /** @param {import("./tracks.js").TrackStore} store */
  upload(store) {
    const gl = this.gl;
    if (store.stateChanged) {
      store.stateChanged = false;
      const rows = store.capacity / 64;
      gl.bindTexture(gl.TEXTURE_2D, this.stateTexture);
      if (rows !== this.stateRows) {
        this.stateRows = rows;
        gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, 256, rows, 0, gl.RGBA, gl.FLOAT, store.state);
        for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
      } else {
        const used = Math.ceil(store.slots.length / 64);
        if (used) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 256, used, gl.RGBA, gl.FLOAT, store.state.subarray(0, used * 64 * STATE));
      }
    }
  }

  /**
   * @param {View} view
   * @param {number} now seconds after the store's epoch
   * @param {{count: number, trails: boolean, vectors: number, dim: number}} what
   */
  draw(view, now, what) {
    const gl = this.gl;
    const width = Math.round(view.width * view.ratio);
    const height = Math.round(view.height * view.ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.view = view;
    this.now = now;
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, this.stateTexture);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, this.atlasTexture);
    gl.activeTexture(gl.TEXTURE0);

    if (this.hasChart) {
      gl.activeTexture(gl.TEXTURE2);
      gl.bindTexture(gl.TEXTURE_2D, this.chartTexture);
      gl.activeTexture(gl.TEXTURE0);
      gl.useProgram(this.chart.handle);
      gl.uniform1i(this.chart.at("uChart"), 2);
      gl.bindVertexArray(this.empty);
      gl.disable(gl.BLEND);
      gl.drawArrays(gl.TRIANGLE_STRIP, 0, 4);
      gl.enable(gl.BLEND);
    }
    if (what.trails) this.#quads(this.trails, this.trailPoints, 1, { uWidth: 1.4, uLife: TRAIL_SECONDS, uAlpha: 0.55 });
    this.#quads(this.trails, this.path, 1, { uWidth: 2, uLife: 0, uAlpha: 0.9 });
    this.#quads(this.trails, this.ellipse, 1, { uWidth: 1.3, uLife: 0, uAlpha: 0.85 });
    if (what.vectors > 0) this.#bodies(this.vectors, what.count, { uWidth: 1.1, uAhead: what.vectors });
    this.#quads(this.leaders, this.leaderLines, 0, { uWidth: 1 });
    this.#bodies(this.symbols, what.count, { uSize: symbolSize(view), uDim: what.dim, uPass: 0 });
    this.#quads(this.sprites, this.marks, 0, { uPass: 0 });
    // First the casing of all letters: drawn with its letter, it would cut into the one before.
    this.#quads(this.sprites, this.letters, 0, { uPass: 1 });
    this.#quads(this.sprites, this.letters, 0, { uPass: 2 });
    gl.bindVertexArray(null);
  }

  /** One quad for every slot. */
  #bodies(shader, count, values) {
    if (!count) return;
    this.#use(shader, values);
    this.gl.bindVertexArray(this.empty);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, count * 6);
  }

  /** One quad for every entry; `joints` is 1 where a quad joins an entry with the next. */
  #quads(shader, quads, joints, values) {
    const count = quads.count - joints;
    if (count < 1) return;
    this.#use(shader, values);
    quads.bind(3);
    this.gl.uniform1i(shader.at("uQuads"), 3);
    this.gl.bindVertexArray(this.empty);
    this.gl.drawArrays(this.gl.TRIANGLES, 0, count * 6);
  }

  #use(shader, values) {
    const gl = this.gl;
    const { view } = this;
    gl.useProgram(shader.handle);
    const xh = Math.fround(view.x);
    const yh = Math.fround(view.y);
    gl.uniform1i(shader.at("uState"), 0);
    gl.uniform1i(shader.at("uAtlas"), 1);
    gl.uniform3fv(shader.at("uCasing"), values.uPass > 0 ? this.letterCasing : this.casing);
    gl.uniform2f(shader.at("uCentreHigh"), xh, yh);
    gl.uniform2f(shader.at("uCentreLow"), view.x - xh, view.y - yh);
    gl.uniform2f(shader.at("uHalf"), view.width / 2, view.height / 2);
    gl.uniform1f(shader.at("uWorld"), view.world);
    gl.uniform1f(shader.at("uNow"), this.now);
    gl.uniform1f(shader.at("uRatio"), view.ratio);
    for (const name in values) gl.uniform1f(shader.at(name), values[name]);
  }
}

/** Smaller from afar, so that a crowd stays a picture. @param {View} view */
export function symbolSize(view) {
  const zoom = Math.log2(view.world / 512);
  return Math.max(0.62, Math.min(1.15, 0.62 + (zoom - 4) * 0.1));
}

function program(gl, vertex, fragment) {
  const handle = gl.createProgram();
  for (const [kind, text] of [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, text);
    gl.compileShader(shader);
    gl.attachShader(handle, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS)) throw new Error(`shader: ${gl.getShaderInfoLog(shader)}`);
  }
  gl.linkProgram(handle);
  if (!gl.getProgramParameter(handle, gl.LINK_STATUS)) throw new Error(`shader: ${gl.getProgramInfoLog(handle)}`);
  const places = new Map();
  const at = (name) => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(handle, name));
    return places.get(name);
  };
  return { handle, at };
}

/** Entries of a few texels each, in a texture 1024 wide that grows by doubling. */
class Quads {
  count = 0;
  #rows = 0;
  #staging = new Float32Array(0);

  /** @param {WebGL2RenderingContext} gl @param {number} floats of an entry */
  constructor(gl, floats) {
    this.gl = gl;
    this.floats = floats;
    this.texture = gl.createTexture();
  }

  bind(unit) {
    this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    this.gl.bindTexture(this.gl.TEXTURE_2D, this.texture);
  }

  /** @param {ArrayLike<number>} data @param {number} [length] floats of it that count */
  fill(data, length = data.length) {
    const { gl } = this;
    this.count = length / this.floats;
    if (!length) return;
    const rows = Math.ceil(length / 4096);
    this.bind(3);
    if (rows > this.#rows) {
      this.#rows = 2 ** Math.ceil(Math.log2(rows));
      this.#staging = new Float32Array(this.#rows * 4096);
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA32F, 1024, this.#rows, 0, gl.RGBA, gl.FLOAT, null);
      for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(gl.TEXTURE_2D, name, gl.NEAREST);
    }
    const staging = this.#staging;
    if (length === data.length) staging.set(data);
    else for (let i = 0; i < length; i++) staging[i] = data[i];
    gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 1024, rows, gl.RGBA, gl.FLOAT, staging.subarray(0, rows * 4096));
  }
}
