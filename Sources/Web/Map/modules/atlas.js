// One texture with every symbol and every letter that the picture is drawn from.
//
// Two channels: red is how much of the shape's own colour, green how much of the dark casing around it that
// keeps it readable on anything. Drawn by the browser's own canvas, so no glyph file is ever needed.

const LETTERS = " ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789#↑↓·-—+/?.:";

/**
 * @typedef {{u: number, v: number, w: number, h: number, advance: number}} Cell a place in the atlas, device pixels
 */

export class Atlas {
  /** @type {Cell[]} by SHAPE */
  shapes = [];
  /** @type {Record<string, Cell>} brackets, rings, marks */
  marks = {};
  /** @type {Map<string, Cell>} */
  letters = new Map();
  /** @type {Map<string, Cell>} */
  boldLetters = new Map();

  /** @param {number} ratio device pixels to a CSS pixel @param {string} family */
  constructor(ratio, family) {
    this.ratio = ratio;
    this.size = 1024;
    this.letterHeight = 15;
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = this.size;
    this.canvas = canvas;
    const context = canvas.getContext("2d", { willReadFrequently: true });
    this.context = context;
    this.x = this.y = 0;
    this.row = 0;
    for (const draw of SHAPES) this.shapes.push(this.#shape(26, draw));
    this.marks.selected = this.#shape(44, selectedMark);
    this.marks.hover = this.#shape(36, hoverMark);
    this.marks.emergency = this.#shape(40, emergencyMark);
    this.#newRow();
    this.#alphabet(this.letters, `500 ${11.5 * ratio}px ${family}`);
    this.#alphabet(this.boldLetters, `700 ${11.5 * ratio}px ${family}`);
    // The canvas was drawn red for colour over green for casing; that is the texture.
    this.pixels = context.getImageData(0, 0, this.size, this.size);
  }

  #newRow() {
    this.x = 0;
    this.y += this.row + 1;
    this.row = 0;
  }

  #cell(width, height) {
    if (this.x + width + 1 > this.size) this.#newRow();
    const cell = { u: this.x, v: this.y, w: width, h: height, advance: width };
    this.x += width + 1;
    this.row = Math.max(this.row, height);
    return cell;
  }

  #shape(size, draw) {
    const pixels = Math.ceil(size * this.ratio);
    const cell = this.#cell(pixels, pixels);
    const context = this.context;
    context.save();
    context.beginPath();
    context.rect(cell.u, cell.v, pixels, pixels);
    context.clip();
    context.globalCompositeOperation = "lighter";
    context.translate(cell.u + pixels / 2, cell.v + pixels / 2);
    context.scale(this.ratio, this.ratio);
    context.lineJoin = "round";
    context.lineCap = "round";
    const casing = (path, width) => {
      context.strokeStyle = "#00ff00";
      context.lineWidth = width;
      context.stroke(path);
    };
    draw(context, casing);
    context.restore();
    return cell;
  }

  #alphabet(into, font) {
    const context = this.context;
    const height = Math.ceil(this.letterHeight * this.ratio);
    const pad = Math.ceil(2 * this.ratio);
    for (const letter of LETTERS) {
      context.font = font;
      const advance = context.measureText(letter).width;
      const cell = this.#cell(Math.ceil(advance) + 2 * pad, height);
      context.save();
      context.globalCompositeOperation = "lighter";
      context.textBaseline = "alphabetic";
      context.lineJoin = "round";
      context.font = font;
      const baseline = cell.v + Math.round(11.2 * this.ratio);
      context.strokeStyle = "#00ff00";
      context.lineWidth = 3 * this.ratio;
      context.strokeText(letter, cell.u + pad, baseline);
      context.fillStyle = "#ff0000";
      context.fillText(letter, cell.u + pad, baseline);
      context.restore();
      cell.advance = advance / this.ratio;
      into.set(letter, cell);
    }
    this.pad = pad / this.ratio;
    this.#newRow();
  }

  /** @param {string} text @param {boolean} [isBold] @returns {number} CSS pixels */
  width(text, isBold = false) {
    const letters = isBold ? this.boldLetters : this.letters;
    let width = 0;
    for (const letter of text) width += (letters.get(letter) ?? letters.get("?")).advance;
    return width;
  }
}

// Every shape points to the north and has its centre at the origin; sizes in CSS pixels.

function dartPath() {
  const path = new Path2D();
  path.moveTo(0, -8.2);
  path.lineTo(5.6, 6.6);
  path.lineTo(0, 3.4);
  path.lineTo(-5.6, 6.6);
  path.closePath();
  return path;
}

function diamondPath() {
  const path = new Path2D();
  path.moveTo(0, -5.4);
  path.lineTo(5.4, 0);
  path.lineTo(0, 5.4);
  path.lineTo(-5.4, 0);
  path.closePath();
  return path;
}

function needle() {
  const path = new Path2D();
  path.moveTo(0, -5.4);
  path.lineTo(0, -11);
  return path;
}

function fill(context, casing, path) {
  casing(path, 3.4);
  context.fillStyle = "#ff0000";
  context.fill(path);
}

function stroke(context, casing, path, dash = []) {
  casing(path, 4.4);
  context.strokeStyle = "#ff0000";
  context.lineWidth = 1.6;
  context.setLineDash(dash);
  context.stroke(path);
  context.setLineDash([]);
}

const dot = () => {
  const path = new Path2D();
  path.arc(0, 0, 1.5, 0, 2 * Math.PI);
  return path;
};

/** In the order of SHAPE in tracks.js. */
const SHAPES = [
  // Confirmed, answers: a full dart.
  (context, casing) => fill(context, casing, dartPath()),
  // Tentative: only its outline.
  (context, casing) => stroke(context, casing, dartPath()),
  // Coasting: a broken outline around a dot, where it ought to be.
  (context, casing) => {
    stroke(context, casing, dartPath(), [3.2, 3]);
    fill(context, casing, dot());
  },
  // Primary only: a full diamond with a needle along its course.
  (context, casing) => {
    stroke(context, casing, needle());
    fill(context, casing, diamondPath());
  },
  // On the ground: a rounded bar with a nose.
  (context, casing) => {
    const path = new Path2D();
    path.roundRect(-4, -4, 8, 9, 3);
    path.moveTo(-2.2, -5.4);
    path.lineTo(0, -8.4);
    path.lineTo(2.2, -5.4);
    path.closePath();
    fill(context, casing, path);
  },
  (context, casing) => {
    stroke(context, casing, needle());
    stroke(context, casing, diamondPath());
  },
  (context, casing) => {
    stroke(context, casing, needle(), [2, 2]);
    stroke(context, casing, diamondPath(), [3, 2.6]);
    fill(context, casing, dot());
  },
];

function selectedMark(context, casing) {
  const path = new Path2D();
  const [far, arm] = [15, 6];
  for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]]) {
    path.moveTo(sx * far, sy * (far - arm));
    path.lineTo(sx * far, sy * far);
    path.lineTo(sx * (far - arm), sy * far);
  }
  casing(path, 4.6);
  context.strokeStyle = "#ff0000";
  context.lineWidth = 2;
  context.stroke(path);
}

function hoverMark(context, casing) {
  const path = new Path2D();
  path.arc(0, 0, 14, 0, 2 * Math.PI);
  casing(path, 3.4);
  context.strokeStyle = "#ff0000";
  context.lineWidth = 1.3;
  context.stroke(path);
}

function emergencyMark(context, casing) {
  const path = new Path2D();
  path.arc(0, 0, 13, 0, 2 * Math.PI);
  path.moveTo(17, 0);
  path.arc(0, 0, 17, 0, 2 * Math.PI);
  casing(path, 4.4);
  context.strokeStyle = "#ff0000";
  context.lineWidth = 2;
  context.stroke(path);
}
