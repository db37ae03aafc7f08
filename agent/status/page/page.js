"use strict";
// Draws /status.json every two seconds. No text is ever put in as markup.
const WORDS = {
  devices: ["终端设备", "Devices"], hub: ["中心与缓存", "Hub and outbox"], buses: ["总线", "Buses"],
  machine: ["这台采集端", "This agent"], log: ["最近的异常", "Latest trouble"], more: ["全部读数", "All readings"],
  asof: ["更新于", "as of"], lost: ["采集端没有应答，以下是旧数据", "The agent does not answer; what you see is old"],
  wait: ["等待数据", "waiting"], never: ["从未应答", "never answered"], ago: ["前", "ago"], connected: ["已连接中心", "Connected to the hub"],
  offline: ["未连接中心", "Not connected to the hub"], waiting: ["批等待发送", "batches wait"], left: ["断网还可保存", "room without the hub"],
  sent: ["全部已送达", "everything is delivered"], hour: ["小时", "h"], days: ["天", "days"], load: ["忙", "busy"], errors: ["出错", "errors"],
  ask: ["次提问/秒", "questions/s"], on: ["是", "yes"], off: ["否", "no"], none: ["没有异常", "No trouble"],
  nodevice: ["还没有设备。请在采集端上运行", "No device yet. Run on the agent"], pin: ["请输入状态页 PIN", "PIN of the status page"],
  enter: ["查看", "Open"], wrong: ["PIN 不对", "That is not the PIN"], locked: ["试错太多，请等待", "Too many tries; wait"],
  refused: ["设备没有这些读数", "The device does not have"], bad: ["无效", "bad"], stale: ["过期", "stale"], estimated: ["估算", "estimated"],
  plan: ["每次读取", "Read in"], alarms: ["超出限值", "Beyond the limit"], above: ["高于", "above"], below: ["低于", "below"],
  since: ["已持续", "for"], written: ["每天写入", "written a day"], syncs: ["次落盘/秒", "syncs/s"],
  dropped: ["批因缓存已满被清除", "batches were dropped: it was full"],
};
let lang = localStorage.getItem("lang") || (navigator.language.startsWith("zh") ? "zh" : "en");
let last = null, seenAt = 0;
const open = new Set();
const $ = (id) => document.getElementById(id);
const w = (key) => WORDS[key][lang === "zh" ? 0 : 1];
const t = (both) => both[lang];

function el(tag, kind, ...inner) {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  node.append(...inner.filter((part) => part !== null && part !== ""));
  return node;
}
function span(seconds) {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172800 ? `${Math.round(seconds / 3600)} ${w("hour")}` : `${Math.round(seconds / 86400)} ${w("days")}`;
}
const age = (seconds) => (lang === "zh" ? span(seconds) + w("ago") : `${span(seconds)} ${w("ago")}`);
function number(value, unit = "") {
  const size = Math.abs(value);
  const isWhole = Number.isInteger(value) && unit !== "°C";
  const digits = isWhole || size >= 1000 ? 0 : size >= 1 || unit === "°C" ? 1 : 2;
  return value.toLocaleString(lang === "zh" ? "zh-CN" : "en-GB", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}
function shown(item) {
  if (item.value === null) return ["–"];
  if (item.is_state && (item.value === 0 || item.value === 1)) return [w(item.value ? "on" : "off")];
  return [number(item.value, item.unit), item.unit ? el("small", "", " " + item.unit) : ""];
}
const SIGNS = { ok: "✓", warning: "!", failed: "✕" };
const sign = (state) => el("span", `sign s-${state}`, SIGNS[state]);

function device(item) {
  const state = { online: "ok", waiting: "warning", lost: "failed" }[item.state];
  const head = el("div", "top", sign(state), el("b", "", item.name), el("span", "age", item.age_s === null ? w(item.state === "lost" ? "never" : "wait") : age(item.age_s)));
  const values = el("dl", item.state === "lost" ? "values gone" : "values");
  for (const one of item.values.filter((v) => !v.is_state && v.value !== null).slice(0, 3)) {
    values.append(el("div", "", el("dt", "", t(one.name)), el("dd", "", ...shown(one))));
  }
  const card = el("article", { lost: "card bad", waiting: "card wait" }[item.state] || "card", head, values);
  if (item.reason) card.append(el("p", "why", t(item.reason)), el("p", "detail", item.detail));
  if (item.values.length) card.append(all(item));
  return card;
}
function all(item) {
  const rows = el("ul", "rows");
  for (const one of item.values) {
    const quality = one.quality === "good" ? "" : el("span", "q", ` ${w(one.quality)}`);
    rows.append(el("li", "", el("span", "", t(one.name)), el("span", "", ...shown(one), quality)));
  }
  const more = el("details", "", el("summary", "", `${w("more")} ${item.values.length}`), rows);
  if (item.refused.length) more.append(el("p", "detail", `${w("refused")}: ${item.refused.map(t).join(", ")}`));
  if (item.plan.length) more.append(el("p", "detail", `${w("plan")}: ${item.plan.join(" · ")}`));
  more.open = open.has(item.id);
  more.addEventListener("toggle", () => (more.open ? open.add(item.id) : open.delete(item.id)));
  return more;
}
function alarm(item) {
  const value = el("dl", "values", el("div", "", el("dt", "", t(item.name)), el("dd", "", number(item.value, item.unit), el("small", "", " " + item.unit))));
  const why = `${w(item.is_low ? "below" : "above")} ${number(item.limit, item.unit)} ${item.unit} · ${w("since")} ${span(item.age_s)}`;
  return el("article", "card bad", el("div", "top", sign("failed"), el("b", "", item.device)), value, el("p", "why", why));
}
function bar(percent, isHigh) {
  const meter = el("progress", "");
  meter.max = 100;
  meter.value = percent;
  return el("div", isHigh ? "bar high" : "bar", meter);
}
const fact = (label, value, ...rest) => el("article", "card fact", el("dl", "", el("dt", "", label), el("dd", "", ...value)), ...rest);

function hub(s) {
  const up = s.uplink, box = s.outbox;
  const used = (100 * box.bytes) / box.max_bytes;
  const head = el("div", "top", sign(up.is_connected ? "ok" : "warning"), el("b", "", w(up.is_connected ? "connected" : "offline")));
  const link = el("article", "card", head, el("p", "detail", up.url));
  if (up.reason) link.append(el("p", "why", t(up.reason)), el("p", "detail", up.detail));
  const size = el("p", "", `${(box.bytes / 1e6).toFixed(1)} / ${(box.max_bytes / 1e6).toFixed(0)} MB`);
  const waiting = box.rows_waiting ? [number(box.rows_waiting), el("small", "", " " + w("waiting"))] : [w("sent")];
  const store = fact(lang === "zh" ? "本地缓存" : "Outbox", waiting, bar(used, used > 80), size);
  if (box.hours_left !== null) store.append(el("p", "", `${w("left")} ${span(box.hours_left * 3600)}`));
  if (box.written_mb_per_day !== null) store.append(el("p", "", `${w("written")} ${number(box.written_mb_per_day)} MB · ${number(box.syncs_per_s)} ${w("syncs")}`));
  if (box.dropped_batches) store.append(el("p", "why", `${box.dropped_batches} ${w("dropped")}`));
  return el("div", "grid", link, store);
}
function bus(item) {
  const rest = `${number(item.requests_per_s)} ${w("ask")} · ${w("errors")} ${number(item.error_percent)} %`;
  return fact(item.where, [number(item.load_percent), el("small", "", ` % ${w("load")}`)], bar(item.load_percent, item.load_percent > 85), el("p", "", rest));
}
function part(item) {
  const text = el("div", "", el("b", "", t(item.name)), el("p", "", t(item.text)));
  if (item.state !== "ok" && t(item.todo)) text.append(el("p", "todo", t(item.todo)));
  return el("li", "", sign(item.state), text);
}
const clock = (at) => new Date(at).toLocaleTimeString(lang === "zh" ? "zh-CN" : "en-GB", { hour12: false, timeZone: last.agent.zone });
function entry(item) {
  return el("li", "", el("time", "", clock(item.at)), el("p", item.is_error ? "todo" : "", item.text));
}
const section = (key, ...inner) => el("section", "", el("h2", "", w(key)), ...inner);

function draw() {
  document.documentElement.lang = lang;
  $("lang").textContent = lang === "zh" ? "EN" : "中";
  $("lang").lang = lang === "zh" ? "en" : "zh";
  $("lang").title = lang === "zh" ? "English" : "中文";
  $("pinlabel").textContent = w("pin");
  $("enter").textContent = w("enter");
  if (!last) return;
  const s = last;
  $("store").textContent = s.agent.name || s.agent.id;
  document.title = `${SIGNS[s.verdict.state]} ${s.agent.name || s.agent.id}`;
  const order = { lost: 0, waiting: 1, online: 2 };
  const devices = [...s.devices].sort((a, b) => order[a.state] - order[b.state]);
  const none = el("div", "card empty", w("nodevice"), el("br"), el("code", "", "storevitals-agent setup"));
  const parts = [
    el("div", `verdict ${s.verdict.state}`, sign(s.verdict.state), el("span", "", t(s.verdict.text))),
    ...(s.alarms.length ? [section("alarms", el("div", "grid", ...s.alarms.map(alarm)))] : []),
    section("devices", devices.length ? el("div", "grid", ...devices.map(device)) : none),
    section("hub", hub(s)),
  ];
  if (s.buses.length) parts.push(section("buses", el("div", "grid", ...s.buses.map(bus))));
  parts.push(section("machine", el("ul", "card list", ...s.machine.map(part))));
  parts.push(section("log", s.log.length ? el("ul", "card list", ...s.log.map(entry)) : el("p", "card empty", w("none"))));
  $("main").replaceChildren(...parts);
}
function stamp() {
  const isOld = Date.now() - seenAt > 8000;
  $("asof").classList.toggle("old", isOld && last !== null);
  if (last) $("asof").textContent = isOld ? w("lost") : `${last.agent.id} · ${w("asof")} ${clock(last.at)}`;
}
async function look() {
  try {
    const answer = await fetch("/status.json");
    const isShut = answer.status === 401;
    $("door").hidden = !isShut;
    $("main").hidden = isShut;
    if (isShut && document.activeElement !== $("pin")) $("pin").focus();
    if (answer.ok) {
      last = await answer.json();
      seenAt = Date.now();
    }
  } catch {
    // the agent is away: stamp() says so
  }
  stamp();
  draw();
}
$("lang").addEventListener("click", () => {
  lang = lang === "zh" ? "en" : "zh";
  localStorage.setItem("lang", lang);
  draw();
  stamp();
});
$("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  const answer = await fetch("/login", { method: "POST", headers: { "X-StoreVitals": "1" }, body: $("pin").value });
  const { locked_s: locked } = await answer.json();
  $("wrong").textContent = answer.ok ? "" : locked ? `${w("locked")} ${locked} s` : w("wrong");
  $("pin").value = "";
  look();
});
draw();
look();
setInterval(() => document.hidden || look(), 2000);
