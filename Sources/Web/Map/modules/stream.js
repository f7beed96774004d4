// The event stream of the node, and what is known of its health.

/** Without a word for this long the picture is called late; the node speaks at least every second. */
const LATE = 3500;
/** After this long the connection is given up and made again: a dead link may look open for minutes. */
const DEAD = 12000;

/**
 * @typedef {"connecting" | "live" | "late" | "reconnecting"} Health
 */
export class Stream {
  /** @type {EventSource | null} */
  #source = null;
  #heardAt = -Infinity;
  #openedAt = 0;
  #retry = 0;
  hasEverHeard = false;

  /**
   * @param {string} address
   * @param {{snapshot: (body: any) => void, delta: (body: any) => void, sensors: (body: any) => void}} handlers
   */
  constructor(address, handlers) {
    this.address = address;
    this.handlers = handlers;
    this.#open();
    setInterval(() => this.#watch(), 1000);
  }

  #open() {
    this.#source?.close();
    this.#openedAt = performance.now();
    const source = new EventSource(this.address);
    this.#source = source;
    for (const name of /** @type {const} */ (["snapshot", "delta", "sensors"])) {
      source.addEventListener(name, (event) => {
        if (source !== this.#source) return;
        let body;
        try {
          body = JSON.parse(/** @type {MessageEvent} */ (event).data);
        } catch {
          return; // A torn event: the next snapshot mends it, and the connection's age shows it.
        }
        this.#heardAt = performance.now();
        this.hasEverHeard = true;
        this.handlers[name](body);
      });
    }
  }

  #watch() {
    const quiet = performance.now() - Math.max(this.#heardAt, this.#openedAt);
    // The browser itself reconnects after a broken link; it gives up (CLOSED) on an answer that is no stream.
    const hasGivenUp = this.#source?.readyState === EventSource.CLOSED;
    if (hasGivenUp ? ++this.#retry % 2 === 0 : quiet > DEAD) this.#open();
  }

  /** Milliseconds since the node was last heard. */
  get age() {
    return performance.now() - this.#heardAt;
  }

  /** @returns {Health} */
  get health() {
    if (!this.hasEverHeard) return performance.now() - this.#openedAt > 4000 ? "reconnecting" : "connecting";
    if (this.#source?.readyState !== EventSource.OPEN) return "reconnecting";
    return this.age > LATE ? "late" : "live";
  }
}
