// How the links to partners stand: a strip in the bar, with words beside every colour.

/** @param {{outgoing: string, incoming: string}} partner */
export function stateOf(partner) {
  if (partner.outgoing === "open" && partner.incoming === "open") return "linked";
  if (partner.outgoing === "open" || partner.incoming === "open") return "one way";
  return partner.outgoing === "opening" || partner.incoming === "opening" ? "linking" : "down";
}

export class Partners {
  #asked = -Infinity;
  #waiting = false;
  #text = "";

  /** @param {HTMLElement} box */
  constructor(box) {
    this.box = box;
  }

  /** Asks every two seconds; without partners the strip stays hidden. @param {number} local ms, monotonic */
  async refresh(local) {
    if (this.#waiting || local - this.#asked < 2000) return;
    this.#asked = local;
    this.#waiting = true;
    try {
      const answer = await fetch("api/federation", { signal: AbortSignal.timeout(5000) });
      if (answer.ok) this.#draw(await answer.json());
    } catch {
      // The stream's own health says that the node does not answer.
    } finally {
      this.#waiting = false;
    }
  }

  #draw({ partners = [], alarms = [] }) {
    const parts = partners.map((partner) => {
      const state = stateOf(partner);
      const trip = Number.isFinite(partner.roundTripSeconds) ? ` ${(partner.roundTripSeconds * 1000).toFixed(1)} ms` : "";
      const title = `${partner.tracksShown} tracks shown to it, ${partner.tracksHeard} heard; ${partner.laneReceipted} of ${partner.laneEntries} entries receipted`;
      return { text: `${partner.nation.toUpperCase()} ${state}${state === "linked" ? trip : ""}`, state, title };
    });
    if (alarms.length) parts.push({ text: `${alarms.length} ${alarms.length === 1 ? "alarm" : "alarms"}`, state: "down", title: alarms.at(-1) });
    const text = JSON.stringify(parts);
    if (text === this.#text) return;
    this.#text = text;
    this.box.hidden = parts.length === 0;
    this.box.replaceChildren(
      ...parts.map((part) => {
        const chip = Object.assign(document.createElement("span"), { textContent: part.text, title: part.title });
        chip.dataset.state = part.state;
        return chip;
      }),
    );
  }
}
