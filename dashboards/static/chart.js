// Linked charts over uPlot: one range in the address, one crosshair, one request for all of them.
const box = document.querySelector("[data-charts]");
const lang = document.documentElement.lang;
const zone = { timeZone: document.body.dataset.zone };
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const soft = (name, share) => `color-mix(in srgb, ${css(name)} ${share}%, transparent)`;
const clock = new Intl.DateTimeFormat(lang, { ...zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const day = new Intl.DateTimeFormat(lang, { ...zone, month: "numeric", day: "numeric" });
const moment = new Intl.DateTimeFormat(lang, { ...zone, month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const number = (value, digits) => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212");
const compact = (v) => (Math.abs(v) >= 10000 ? `${number(v / 1000, 0)}k` : number(v, Number.isInteger(v) ? 0 : 1));
const tick = (seconds, step) => (step >= 86400 || clock.format(seconds * 1000) === "00:00" ? day : clock).format(seconds * 1000);
const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
const plots = new Map();
let range = null;
let held = null; // the plot under the finger: the others only follow it

// Values come as whole numbers in `scale` steps; a line has the columns low, high and mean, bars have one.
function columns(chart) {
  const x = chart.bars ? chart.x : Array.from({ length: chart.n }, (_, i) => (chart.start + (i + 0.5) * chart.step) / 1000);
  const names = chart.bars ? ["mean"] : ["low", "high", "mean"];
  return [x, ...chart.lines.flatMap((line) => names.map((name) => line[name].map((v) => (v === null ? null : v * line.scale))))];
}

function look(chart) {
  const narrow = innerWidth < 768;
  const common = { stroke: css("--ink-3"), font: `${rem * 0.6875}px ${getComputedStyle(document.body).fontFamily}`, grid: { stroke: css("--line"), width: 1 }, ticks: { show: false } };
  const edge = { width: 0, points: { show: false }, stroke: "transparent" };
  const bar = (i) => ({ stroke: css(`--c${i}`), fill: soft(`--c${i}`, 55), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, 44], align: 1, radius: 0.12 }) });
  const line = (i) => [edge, edge, { stroke: css(`--c${i}`), width: 1.5, points: { show: false } }];
  return {
    axes: [
      { ...common, space: narrow ? 56 : rem * 4.5, size: rem * 1.625, gap: 6, values: (u, splits, _, __, step) => splits.map((s) => tick(s, step)) },
      { ...common, space: rem * 1.75, size: narrow ? 38 : rem * 2.875, gap: 4, values: (u, splits) => splits.map(compact) },
    ],
    series: [{}, ...chart.lines.flatMap((_, i) => (chart.bars ? [bar(i + 1)] : line(i + 1)))],
    bands: chart.bars ? [] : chart.lines.map((_, i) => ({ series: [3 * i + 2, 3 * i + 1], fill: soft(`--c${i + 1}`, 20) })),
  };
}

// Limits as dashed lines, alerts as diamonds on the upper edge.
function draw({ ctx, bbox, valToPos }, chart) {
  const px = devicePixelRatio;
  const stroke = (dash, colour, ...points) => {
    ctx.setLineDash(dash.map((length) => length * px));
    ctx.strokeStyle = ctx.fillStyle = css(colour);
    ctx.beginPath();
    points.forEach(([x, y], i) => (i ? ctx.lineTo(x, y) : ctx.moveTo(x, y)));
    ctx.stroke();
  };
  ctx.save();
  ctx.lineWidth = px;
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 8 * px, bbox.width + 5 * px, bbox.height + 8 * px);
  ctx.clip();
  for (const { value } of chart.limits) {
    const y = Math.round(valToPos(value, "y", true)) + 0.5;
    stroke([5, 4], "--critical-fill", [bbox.left, y], [bbox.left + bbox.width, y]);
  }
  for (const { t, severity } of chart.marks) {
    const [x, y, d] = [Math.round(valToPos(t / 1000, "x", true)) + 0.5, bbox.top, 4.5 * px];
    stroke([2, 3], `--${severity}-fill`, [x, y], [x, y + bbox.height]);
    stroke([], `--${severity}-fill`, [x, y - d], [x + d, y], [x, y + d], [x - d, y], [x, y - d]);
    ctx.fill();
  }
  ctx.restore();
}

// Beside each name the value under the crosshair, or the newest.
function readout(u, section, chart) {
  const i = u.cursor.idx ?? null;
  section.querySelectorAll("[data-value]").forEach((output, n) => {
    const column = u.data[chart.bars ? n + 1 : 3 * n + 3];
    const value = i === null ? column.findLast((v) => v !== null) : column[i];
    output.textContent = typeof value === "number" ? number(value, chart.lines[n].digits) : "\u2013";
  });
  box.querySelector("[data-cursor]").textContent = i === null ? "" : moment.format(u.data[0][i] * 1000);
}

// Bars stand on zero; lines keep their limits in sight.
function bounds(chart, low, high) {
  if (chart.bars) return [0, Math.max(1, high ?? 1) * 1.06];
  const limits = chart.limits.map((limit) => limit.value);
  return uPlot.rangeNum(Math.min(low ?? 0, ...limits), Math.max(high ?? 1, ...limits), 0.08, true);
}

function plot(section, chart) {
  const target = section.querySelector("[data-plot]");
  plots.get(section)?.destroy();
  const u = new uPlot({
    ...look(chart), width: target.clientWidth, height: target.clientHeight, legend: { show: false }, padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone.timeZone),
    scales: { x: { time: true, min: range.start / 1000, max: range.end / 1000 }, y: { range: (_, low, high) => bounds(chart, low, high) } },
    cursor: { sync: { key: "store", scales: ["x", null] }, drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false, bind: { dblclick: () => () => go() } },
    hooks: { draw: [(self) => draw(self, chart)], setCursor: [(self) => readout(self, section, chart)], setSelect: [select], ready: [(self) => readout(self, section, chart)] },
  }, columns(chart), target);
  u.over.addEventListener("pointerdown", () => { held = u; });
  plots.set(section, u);
}

function select(u) {
  if (u !== held || u.select.width < 4) return;
  const [start, end] = [u.select.left, u.select.left + u.select.width].map((left) => Math.round(u.posToVal(left, "x") * 1000));
  u.setSelect({ width: 0, height: 0, left: 0, top: 0 }, false);
  go(start, Math.max(end, start + 300000));
}

// Show two instants, or without them the named range again; Back undoes it.
function go(start = null, end = null) {
  const address = new URL(location);
  for (const [name, value] of [["from", start], ["to", end]]) value === null ? address.searchParams.delete(name) : address.searchParams.set(name, value);
  history.pushState(null, "", address);
  load();
}

let turn = 0;
async function load() {
  const mine = ++turn;
  const query = new URLSearchParams(location.search);
  query.set("width", Math.round(box.clientWidth));
  const answer = await fetch(`${box.dataset.charts}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (mine !== turn || !answer?.ok) return;
  range = await answer.json();
  for (const section of box.querySelectorAll("[data-chart]")) {
    const chart = range.charts[section.dataset.chart];
    if (chart?.n) plot(section, chart);
  }
  for (const link of box.querySelectorAll("[data-range]")) {
    if (link.dataset.range === range.range) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
  box.dataset.ready = range.start;
}

// With a plot in focus: arrows move, + and - zoom, Escape goes back to the named range.
const moves = { ArrowLeft: [-0.25, -0.25], ArrowRight: [0.25, 0.25], "+": [0.25, -0.25], "-": [-0.5, 0.5] };
box.addEventListener("keydown", (event) => {
  if (!range || !event.target.closest("[data-plot]")) return;
  const [left, right] = moves[event.key] ?? [];
  const span = range.end - range.start;
  if (event.key === "Escape") go();
  else if (left !== undefined) go(Math.round(range.start + left * span), Math.round(Math.min(range.end + right * span, Date.now())));
  else return;
  event.preventDefault();
});
addEventListener("popstate", load);
new ResizeObserver(() => plots.forEach((u) => { const { clientWidth: width, clientHeight: height } = u.root.parentElement; u.setSize({ width, height }); })).observe(box);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", load);
load();
