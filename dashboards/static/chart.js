// Linked charts over uPlot: one range in the address, one crosshair, one request for all of them.
const box = document.querySelector("[data-charts]");
const lang = document.documentElement.lang;
const zone = document.body.dataset.zone;
const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const soft = (name, share) => `color-mix(in srgb, ${css(name)} ${share}%, transparent)`;
const clockFormat = new Intl.DateTimeFormat(lang, { timeZone: zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const dayFormat = new Intl.DateTimeFormat(lang, { timeZone: zone, month: "numeric", day: "numeric" });
const longFormat = new Intl.DateTimeFormat(lang, { timeZone: zone, month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const number = (value, digits) => value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits }).replace("-", "\u2212");
const plots = new Map();
let range = null;

// Columns come as whole numbers in `scale` steps; a chart is drawn from [low, high, mean] per line, or from one column of bars.
function columns(chart) {
  const x = chart.bars ? chart.x : Array.from({ length: chart.n }, (_, i) => (chart.start + (i + 0.5) * chart.step) / 1000);
  const real = (line, name) => line[name].map((v) => (v === null ? null : v * line.scale));
  return [x, ...chart.lines.flatMap((line) => (chart.bars ? [real(line, "mean")] : [real(line, "low"), real(line, "high"), real(line, "mean")]))];
}

function axes(chart) {
  const stroke = css("--ink-3");
  const grid = { stroke: css("--line"), width: 1 };
  const font = `11px ${getComputedStyle(document.body).fontFamily}`;
  const narrow = innerWidth < 768;
  const common = { stroke, font, grid, ticks: { show: false } };
  const x = {
    ...common, space: narrow ? 56 : 72, size: 26, gap: 6,
    values: (u, splits, _, __, step) => splits.map((s) => (step >= 86400 ? dayFormat : isMidnight(s) ? dayFormat : clockFormat).format(s * 1000)),
  };
  const y = { ...common, size: narrow ? 38 : 46, gap: 4, space: 28, values: (u, splits) => splits.map((v) => compact(v)) };
  return [x, y];
}
const isMidnight = (seconds) => clockFormat.format(seconds * 1000) === "00:00";
const compact = (v) => (Math.abs(v) >= 10000 ? `${number(v / 1000, 0)}k` : number(v, Number.isInteger(v) ? 0 : 1));

function series(chart) {
  const hidden = { show: true, width: 0, points: { show: false }, stroke: "transparent" };
  const lines = chart.lines.flatMap((line, i) => {
    const colour = `--c${i + 1}`;
    if (chart.bars) return [{ stroke: css(colour), fill: soft(colour, 55), width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.82, 44], align: 1, radius: 0.12 }) }];
    return [hidden, hidden, { stroke: css(colour), width: 1.5, points: { show: false } }];
  });
  const bands = chart.bars ? [] : chart.lines.map((_, i) => ({ series: [3 * i + 2, 3 * i + 1], fill: soft(`--c${i + 1}`, 20) }));
  return { series: [{}, ...lines], bands };
}

// Limits as dashed lines, alerts as marks on the time axis.
function draw(u, chart) {
  const { ctx, bbox } = u;
  const px = devicePixelRatio;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top - 8 * px, bbox.width, bbox.height + 8 * px);
  ctx.clip();
  ctx.lineWidth = px;
  for (const limit of chart.limits ?? []) {
    const y = Math.round(u.valToPos(limit.value, "y", true)) + 0.5;
    ctx.setLineDash([5 * px, 4 * px]);
    ctx.strokeStyle = css("--critical-fill");
    ctx.beginPath(); ctx.moveTo(bbox.left, y); ctx.lineTo(bbox.left + bbox.width, y); ctx.stroke();
  }
  for (const mark of chart.marks ?? []) {
    const x = Math.round(u.valToPos(mark.t / 1000, "x", true)) + 0.5;
    ctx.setLineDash([2 * px, 3 * px]);
    ctx.strokeStyle = ctx.fillStyle = css(`--${mark.severity}-fill`);
    ctx.beginPath(); ctx.moveTo(x, bbox.top); ctx.lineTo(x, bbox.top + bbox.height); ctx.stroke();
    ctx.setLineDash([]);
    const d = 4.5 * px;
    ctx.beginPath(); ctx.moveTo(x, bbox.top - d); ctx.lineTo(x + d, bbox.top); ctx.lineTo(x, bbox.top + d); ctx.lineTo(x - d, bbox.top); ctx.fill();
  }
  ctx.restore();
}

function readout(u, section, chart) {
  const i = u.cursor.idx;
  const outputs = section.querySelectorAll("[data-value]");
  chart.lines.forEach((line, n) => {
    const column = u.data[chart.bars ? n + 1 : 3 * n + 3];
    const value = i === null || i === undefined ? column.findLast((v) => v !== null) : column[i];
    outputs[n].textContent = value === null || value === undefined ? "\u2013" : number(value, line.digits);
  });
  const at = box.querySelector("[data-cursor]");
  if (i !== null && i !== undefined) at.textContent = longFormat.format(u.data[0][i] * 1000);
  else if (u.cursor.left < 0) at.textContent = "";
}

function plot(section, chart) {
  const target = section.querySelector("[data-plot]");
  const now = plots.get(section);
  const data = columns(chart);
  if (now && now.shape === shapeOf(chart)) {
    Object.assign(now.chart, chart);
    now.u.batch(() => { now.u.setData(data, false); now.u.setScale("x", { min: range.start / 1000, max: range.end / 1000 }); });
    return;
  }
  now?.u.destroy();
  const kept = { ...chart };
  const u = new uPlot({
    width: target.clientWidth, height: target.clientHeight || 148, ...series(chart), axes: axes(chart), legend: { show: false }, padding: [8, 8, 0, 0],
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    scales: { x: { time: true, min: range.start / 1000, max: range.end / 1000 }, y: { range: (_, lo, hi) => bounds(kept, lo, hi) } },
    cursor: { sync: { key: "store", scales: ["x", null] }, drag: { x: true, y: false, setScale: false }, points: { show: false }, y: false, bind: { dblclick: () => () => reset() } },
    hooks: { draw: [(self) => draw(self, kept)], setCursor: [(self) => readout(self, section, kept)], setSelect: [select], ready: [(self) => readout(self, section, kept)] },
  }, data, target);
  u.over.addEventListener("pointerdown", () => { held = u; });
  plots.set(section, { u, chart: kept, shape: shapeOf(chart) });
}
const shapeOf = (chart) => `${chart.bars}/${chart.lines.map((line) => line.key)}`;

// Bars stand on zero; lines keep their limits in sight.
function bounds(chart, low, high) {
  if (chart.bars) return [0, Math.max(1, high ?? 1) * 1.06];
  const limits = (chart.limits ?? []).map((limit) => limit.value);
  return uPlot.rangeNum(Math.min(low ?? 0, ...limits), Math.max(high ?? 1, ...limits), 0.08, true);
}

let held = null; // the plot under the finger: the others only follow it
function select(u) {
  if (u !== held || u.select.width < 4) return;
  const [start, end] = [u.select.left, u.select.left + u.select.width].map((left) => Math.round(u.posToVal(left, "x") * 1000));
  u.setSelect({ width: 0, height: 0, left: 0, top: 0 }, false);
  go(start, Math.max(end, start + 5 * 60000));
}

function go(start, end) {
  const address = new URL(location);
  address.searchParams.delete("range");
  address.searchParams.set("from", start);
  address.searchParams.set("to", end);
  history.pushState(null, "", address);
  load();
}
function reset() {
  const address = new URL(location);
  for (const name of ["from", "to"]) address.searchParams.delete(name);
  history.pushState(null, "", address);
  load();
}

let latest = 0;
async function load() {
  const turn = ++latest;
  const query = new URLSearchParams(location.search);
  query.set("width", Math.round(box.clientWidth));
  const answer = await fetch(`${box.dataset.charts}?${query}`, { headers: { Accept: "application/json" } }).catch(() => null);
  if (turn !== latest) return;
  if (!answer?.ok) { box.classList.add("failed"); return; }
  const data = await answer.json();
  box.classList.remove("failed");
  range = data;
  for (const section of box.querySelectorAll("[data-chart]")) {
    const chart = data.charts[section.dataset.chart];
    section.classList.toggle("no-data", !chart?.n);
    if (chart) plot(section, chart);
  }
  for (const link of box.querySelectorAll("[data-range]")) link.toggleAttribute("aria-current", link.dataset.range === data.range);
  box.dataset.ready = data.start;
}

// Arrow keys move, + and - zoom, Escape resets, with the charts in focus.
box?.addEventListener("keydown", (event) => {
  const span = range ? range.end - range.start : 0;
  const moves = { ArrowLeft: [-0.25, -0.25], ArrowRight: [0.25, 0.25], "+": [0.25, -0.25], "-": [-0.5, 0.5] };
  if (event.key === "Escape") reset();
  const move = moves[event.key];
  if (!move || !event.target.closest("[data-plot]")) return;
  event.preventDefault();
  go(Math.round(range.start + move[0] * span), Math.min(Math.round(range.end + move[1] * span), Date.now()));
});
addEventListener("popstate", load);
new ResizeObserver(() => { for (const { u } of plots.values()) { const { clientWidth: width, clientHeight: height } = u.root.parentElement; u.setSize({ width, height }); } }).observe(box);
document.body.addEventListener("look", () => { for (const { u } of plots.values()) u.destroy(); plots.clear(); load(); });
load();
