// The node's time, as it passes here. Pure: the local time is an argument.

/**
 * Follows the node's clock from the times in its messages.
 *
 * The node's time need not be ours: a replay may be years old and run at ten times the speed. So both the
 * offset and the rate are estimated: the rate as the median of the slopes over the last seconds, which one jump does
 * not disturb, taken for one when it is within 4 %; the offset drawn slowly to each new message, and at once when it
 * is off by more than two seconds.
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
    const isJump = !Number.isFinite(expected) || Math.abs(off) > 2000 * Math.max(1, this.rate);
    this.#anchorNode = isJump ? node : expected + off * 0.1;
    this.#anchorLocal = local;
    const samples = this.#samples;
    samples.push({ local, node });
    while (local - samples[0].local > 8000) samples.shift();
    const slopes = [];
    for (let from = 0, to = 0; to < samples.length; to++) {
      while (samples[to].local - samples[from + 1]?.local >= 1000) from += 1;
      const apart = samples[to].local - samples[from].local;
      if (apart >= 1000) slopes.push((samples[to].node - samples[from].node) / apart);
    }
    if (slopes.length < 5) return;
    const slope = slopes.sort((a, b) => a - b)[slopes.length >> 1];
    this.rate = Math.abs(slope - 1) < 0.04 ? 1 : Math.min(1000, Math.max(0, slope));
  }

  /** @param {number} local ms, monotonic @returns {number} ms since the epoch; NaN before the first message */
  at(local) {
    return this.#anchorNode + (local - this.#anchorLocal) * this.rate;
  }

  get isKnown() {
    return Number.isFinite(this.#anchorNode);
  }
}
