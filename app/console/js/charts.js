/** Line charts: uPlot draws, and the same figures are there as a sentence and a table. */

import { attribute, h, lazy, swap } from "./dom.js";
import { m, onLanguage } from "./i18n.js";

const HEIGHT = 190;
const TABLE = 12;

// As it loads it reads the browser's language, and fails where that is no language tag: the figures are in words then.
let Plot = null;
const loaded = import("../vendor/uPlot.esm.js").then((library) => { Plot = library.default; }, () => {});

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/** Figures of a long series that show its course: a table of every one would help nobody. */
function sampled(xs) {
  if (xs.length <= TABLE) return xs.map((_, index) => index);
  const step = (xs.length - 1) / (TABLE - 1);
  return Array.from({ length: TABLE }, (_, index) => Math.round(index * step));
}

/**
 * A chart of `y` over `x`. `summary(xs, ys)` puts it into a sentence, `format` writes a figure, `points` marks each.
 * @returns the element, and `set(xs, ys)`, which may be called as often as data comes: it draws once a frame.
 */
export function chart({ xLabel, yLabel, summary, format = String, points = false, range = undefined }) {
  let data = [[], []];
  let plot = null;
  let due = 0;
  const canvas = h("div", { class: "chart-canvas", role: "img" });
  const table = h("table", { class: "mini" });
  const element = h("figure", { class: "chart", hidden: true }, h("p", { class: "chart-title" }, yLabel), canvas,
    h("p", { class: "chart-x" }, xLabel), h("details", {}, h("summary", {}, m("chart.table")), table));

  function build() {
    plot?.destroy();
    const line = colour("--accent");
    const axis = { stroke: colour("--muted"), font: "12px system-ui, sans-serif", grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
    plot = new Plot(
      {
        width: Math.max(canvas.clientWidth, 120), height: HEIGHT, legend: { show: false }, cursor: { show: false },
        scales: { x: { time: false, range: (_, low, high) => (low === high ? [low - 0.5, high + 0.5] : [low, high]) }, y: range ? { range } : {} },
        axes: [{ ...axis, size: 28, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] }, { ...axis, size: 52, values: (_, ticks) => ticks.map((tick) => format(tick)) }],
        series: [{}, { stroke: line, width: 2, fill: colour("--accent-faint"), points: { show: () => points || data[0].length < 3, size: 8, fill: line } }],
      },
      data, canvas,
    );
  }

  function draw() {
    due = 0;
    element.hidden = data[0].length === 0;
    if (element.hidden || canvas.clientWidth === 0) return;
    if (plot) plot.setData(data);
    else if (Plot) build();
    attribute(canvas, "aria-label", lazy(() => summary(...data)));
    swap(table, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, xLabel), h("th", { scope: "col" }, yLabel))),
      h("tbody", {}, sampled(data[0]).map((index) => h("tr", {}, h("td", {}, data[0][index]), h("td", {}, format(data[1][index]))))));
  }

  const redraw = () => {
    due ||= requestAnimationFrame(draw);
  };
  const rebuild = () => {
    plot?.destroy();
    plot = null;
    redraw();
  };
  new ResizeObserver(() => {
    if (canvas.clientWidth === 0) return;
    if (plot && plot.width !== canvas.clientWidth) plot.setSize({ width: canvas.clientWidth, height: HEIGHT });
    redraw(); // What came while it was out of sight was not drawn.
  }).observe(canvas);
  loaded.then(redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", rebuild);
  onLanguage(rebuild);
  return {
    element,
    set(xs, ys) {
      data = [xs, ys];
      redraw();
    },
  };
}
