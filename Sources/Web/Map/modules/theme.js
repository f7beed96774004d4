// The colours of the map; those of the panels are in map.css.

/** @typedef {typeof THEMES.dark} Theme */
export const THEMES = {
  dark: {
    sea: "#0a1016",
    land: "#18222b",
    coast: "#3c4f5d",
    lake: "#0d161d",
    border: "#434e59",
    graticule: "#1a2630",
    coverage: { operational: "#3f7f76", degraded: "#b98a35", quarantined: "#b98a35", silent: "#b4534f", failed: "#b4534f", unknown: "#53616d" },
    ring: "#4a6a86",
    city: "#75848f",
    airport: "#7f93a3",
    halo: "#0a1016",
    casing: [0.03, 0.05, 0.07],
    letterCasing: [0.03, 0.05, 0.07],
    palette: { label: 0xdde6ec, faint: 0xa3b1bc, selected: 0xffffff, emergency: 0xff6b60, leader: 0x6f8190 },
    mark: { selected: 0xffffff, hover: 0xc9d6df, emergency: 0xff4d42 },
  },
  light: {
    sea: "#dfe8ee",
    land: "#f4f3ee",
    coast: "#93a3ae",
    lake: "#dfe8ee",
    border: "#b5b0a6",
    graticule: "#d0dbe2",
    coverage: { operational: "#3d8f80", degraded: "#b07a14", quarantined: "#b07a14", silent: "#b8403a", failed: "#b8403a", unknown: "#7e8b95" },
    ring: "#5b7d9b",
    city: "#7d8a94",
    airport: "#5f7280",
    halo: "#f4f3ee",
    casing: [0.13, 0.17, 0.21],
    letterCasing: [0.97, 0.97, 0.96],
    palette: { label: 0x1c2831, faint: 0x51606c, selected: 0x000000, emergency: 0xb3261e, leader: 0x5d6c78 },
    mark: { selected: 0xffffff, hover: 0xeef3f6, emergency: 0xff5a4e },
  },
};
