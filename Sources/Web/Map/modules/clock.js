// The node's time, as it passes here. Pure: the local time is an argument.

/**
 * Follows the node's clock from the times in its messages.
 *
 * The node's time need not be ours: a replay may be years old and run at ten times the speed. So both the
 * offset and the rate are estimated: the rate as the slope over the last seconds, taken for one when it is
 * within 4 %; the offset drawn slowly to each new message, and at once when it is off by more than two seconds.
 */
export class NodeClock {
  /** @type {{local: number, node: number}[]} */
  #samples = [];
  #anchorLocal = 0;
  #anchorNode = NaN;
  rate = 1;

  /** @param {number} node ms since the epoch @param {number} local ms, monotonic */
  hear(node, local) {
    if (!Number.isFinite(node)) return;
    const expected = this.at(local);
    const off = node - expected;
    if (!Number.isFinite(expected) || Math.abs(off) > 2000 * Math.max(1, this.rate)) {
      this.#samples = [];
      this.#anchorNode = node;
      this.rate = 1;
    } else {
      this.#anchorNode = expected + off * 0.1;
    }
    this.#anchorLocal = local;
    this.#samples.push({ local, node });
    while (this.#samples.length > 2 && local - this.#samples[0].local > 8000) this.#samples.shift();
    const first = this.#samples[0];
    if (local - first.local > 2000) {
      const slope = (node - first.node) / (local - first.local);
      this.rate = Math.abs(slope - 1) < 0.04 ? 1 : Math.min(1000, Math.max(0, slope));
    }
  }

  /** @param {number} local ms, monotonic @returns {number} ms since the epoch; NaN before the first message */
  at(local) {
    return this.#anchorNode + (local - this.#anchorLocal) * this.rate;
  }

  get isKnown() {
    return Number.isFinite(this.#anchorNode);
  }
}
