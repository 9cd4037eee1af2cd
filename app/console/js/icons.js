/** Line icons on a grid of 24; decoration, so hidden from screen readers. */

const PATHS = {
  write: "M4 20h4L19 9l-4-4L4 16v4M13 7l4 4",
  bulb: "M9 18h6M10 21h4M12 3a6 6 0 0 0-4 10.5c.8.8 1 1.5 1 2.5h6c0-1 .2-1.7 1-2.500A6 6 0 0 0 12 3",
  chat: "M4 5h16v11H9l-5 4V5M8 9h8M8 12h5",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c1-4 4-6 8-6s7 2 8 6",
  wifi: "M2 9c6-5 14-5 20 0M5.5 12.500c4-3.5 9-3.5 13 0M9 16c2-1.5 4-1.5 6 0M12 19.500h.01",
  bolt: "M13 2 5 14h6l-1 8 8-12h-6l1-8",
  moon: "M20 14A8 8 0 1 1 10 4a7 7 0 0 0 10 10",
  lock: "M6 11h12v10H6V11M8 11V8a4 4 0 0 1 8 0v3",
  out: "M12 16V4M7 9l5-5 5 5M4 16v4h16v-4",
  check: "M5 12.5 10 17.5 19.5 7",
  close: "M6 6l12 12M18 6 6 18",
  heart: "M12 20S4 15 4 9a4 4 0 0 1 8-1.500A4 4 0 0 1 20 9c0 6-8 11-8 11",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  eye: "M2 12s4-7 10-7 10 7 10 7-4 7-10 7-10-7-10-7M12 15a3 3 0 1 0 0-6 3 3 0 0 0 0 6",
  send: "M4 12h14M12 5l7 7-7 7",
  back: "M9 7 4 12l5 5M4 12h10a6 6 0 0 1 6 6v1",
  warn: "M12 4 2 20h20L12 4M12 10v5M12 17.500h.01",
  chip: "M7 7h10v10H7V7M10 3v4M14 3v4M10 17v4M14 17v4M3 10h4M3 14h4M17 10h4M17 14h4",
  branch: "M7 4v16M7 14c6 0 10-1 10-6M17 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4",
  list: "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
  book: "M5 4h14v16H5V4M9 8h6M9 12h6M9 16h3",
  box: "M4 8l8-4 8 4v9l-8 4-8-4V8M4 8l8 4 8-4M12 12v9",
  sun: "M12 16a4 4 0 1 0 0-8 4 4 0 0 0 0 8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.500M17.5 17.5 19 19M19 5l-1.5 1.500M6.5 17.5 5 19",
};

const SVG = "http://www.w3.org/2000/svg";

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  const path = document.createElementNS(SVG, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
