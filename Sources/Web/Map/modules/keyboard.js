// Every function of the map by a key.

/** @typedef {Record<string, (event: KeyboardEvent) => void>} Keys */

export const HELP = [
  [["/"], "Find: callsign, address, code, #number, status"],
  [["Esc"], "Leave, close, clear, one step at a time"],
  [["j", "↓"], "Next track in the list"],
  [["k", "↑"], "Previous track in the list"],
  [["f"], "Follow the selected track"],
  [["Enter"], "Bring the selected track into the middle"],
  [["+", "−"], "Zoom"],
  [["⇧", "← ↑ → ↓"], "Move the map"],
  [["0"], "Show all tracks"],
  [["l"], "Labels: full, brief, none"],
  [["t"], "Trails"],
  [["v"], "Velocity vectors, one minute ahead"],
  [["c"], "Sensors and coverage"],
  [["r"], "Range rings around the middle, or the selected sensor"],
  [["g"], "Graticule"],
  [["p"], "Cities and airports"],
  [["1", "2", "3"], "Tracks, sensors, layers"],
  [["s"], "Side panel"],
  [["d"], "Dark or light"],
  [["?"], "These keys"],
];

/** @param {Keys} keys */
export function listen(keys) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const isTyping = target instanceof HTMLInputElement && target.type === "search";
    const isControl = target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && !isTyping);
    if (isTyping && !["Escape", "ArrowDown", "ArrowUp", "Enter"].includes(event.key)) return;
    if (isControl && (event.key.startsWith("Arrow") || event.key === "Enter")) return;
    if (target instanceof HTMLButtonElement && event.key === "Enter") return;
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const name = event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const action = keys[name];
    if (!action) return;
    event.preventDefault();
    action(event);
  });
}
