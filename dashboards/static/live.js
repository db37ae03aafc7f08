// Live data: one EventSource a tab, values that age in view, a banner when the hub is away.
const body = document.body;
const units = body.dataset.units.split("|"); // seconds, minutes, hours, days
const sizes = [1, 60, 3600, 86400];
const clock = document.querySelector("[data-clock]");
const banner = document.getElementById("connection");
const zone = body.dataset.zone;
const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit", second: "2-digit" });
const skew = Number(body.dataset.now) - Date.now(); // the hub's clock is the one that counts
const now = () => Date.now() + skew;

function age(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const i = sizes.findLastIndex((size) => whole >= size);
  return `${Math.floor(whole / sizes[Math.max(i, 0)])} ${units[Math.max(i, 0)]}`;
}

// Freshness: every element with data-at tells how old its value is and what that means.
function tick() {
  for (const element of document.querySelectorAll("[data-at]")) {
    const seconds = (now() - Number(element.dataset.at)) / 1000;
    const isSilent = seconds > Number(element.dataset.silent || Infinity);
    element.classList.toggle("silent", isSilent);
    element.classList.toggle("late", !isSilent && seconds > Number(element.dataset.late || Infinity));
    element.closest("[data-ages]")?.classList.toggle("stale", isSilent);
    const text = element.querySelector("[data-age]") ?? element;
    const words = age(seconds);
    if (text.textContent !== words) text.textContent = words;
  }
  for (const element of document.querySelectorAll("[data-since]")) {
    const until = Number(element.dataset.until) || now();
    element.textContent = lasting((until - Number(element.dataset.since)) / 1000);
  }
}

// The two largest units, as Formats.lasting says them.
function lasting(seconds) {
  let left = Math.max(0, Math.floor(seconds));
  if (left >= 60) left -= left % 60;
  const parts = [];
  for (let i = 3; i >= 0 && parts.length < 2; i--) {
    if (left >= sizes[i]) parts.push(`${Math.floor(left / sizes[i])} ${units[i]}`);
    else if (parts.length) break;
    left %= sizes[i];
  }
  return parts.join(" ") || `0 ${units[0]}`;
}

// One reading: its number or word, its quality, its time.
function show({ device, metric, value, at, quality }) {
  for (const element of document.querySelectorAll(`[data-live="${CSS.escape(`${device}/${metric}`)}"]`)) {
    const isGood = value !== null && quality !== "bad" && quality !== "stale";
    element.classList.toggle("stale", !isGood);
    if (isGood) element.textContent = words(element.dataset, value);
    const fresh = element.closest("[data-ages]")?.querySelector("[data-at]");
    if (fresh && isGood) fresh.dataset.at = Math.max(Number(fresh.dataset.at), at);
  }
}

// What speaks only when something happens is as fresh as its store.
function follow(readings) {
  const newest = Math.max(...readings.map((one) => one.at));
  for (const element of document.querySelectorAll("[data-follows]")) element.dataset.at = Math.max(Number(element.dataset.at), newest);
}

function words(data, value) {
  if (data.words) return data.words.split("|")[value ? 1 : 0];
  const digits = Number(data.digits || 0);
  const text = value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return text.replace(/^-(?=0(\.0+)?$)/, "").replace("-", "\u2212");
}

// The connection: the clock moves with every message, so it stops when the hub does.
let lastHeard = now();
let isLost = false;
const heard = () => {
  lastHeard = now();
  if (clock) clock.textContent = time.format(lastHeard);
  if (isLost) connection(false);
};
function connection(lost) {
  isLost = lost;
  if (lost === !banner.hidden) return;
  banner.hidden = !lost;
  document.getElementById("live-dot")?.classList.toggle("late", lost);
  const text = banner.querySelector("[data-lost]");
  if (lost) text.textContent = text.dataset.lost.replace("{time}", time.format(lastHeard));
}

// What changed is told to the page as `live:<kind>`; htmx then asks for the parts that show it.
// The first at once, the last of a burst a moment later: a list is never left with the one before.
const BURST_MS = 600; // longer than any `throttle:` in a template
const bursts = new Map();
function tell(kind, data = {}) {
  if (bursts.has(kind)) { bursts.set(kind, data); return; }
  body.dispatchEvent(new CustomEvent(`live:${kind}`, { detail: data }));
  bursts.set(kind, null);
  setTimeout(() => {
    const last = bursts.get(kind);
    bursts.delete(kind);
    if (last) tell(kind, last);
  }, BURST_MS);
}
const CHANGES = ["alert", "sale", "footfall", "agent", "record"];
let source = null;
let failing = 0;

function listen() {
  const store = body.dataset.store;
  source = new EventSource(store ? `/api/v1/events?store=${store}` : "/api/v1/events");
  const on = (kind, act) => source.addEventListener(kind, (event) => { heard(); act(JSON.parse(event.data)); });
  on("ready", () => {});
  on("beat", () => {});
  on("reading", ({ readings }) => {
    const dated = readings.map((one) => ({ ...one, at: Date.parse(one.at) }));
    dated.forEach(show);
    follow(dated);
  });
  on("reload", () => CHANGES.forEach((kind) => tell(kind)));
  for (const kind of CHANGES) on(kind, (data) => tell(kind, data));
  source.onopen = () => { clearTimeout(failing); failing = 0; heard(); };
  source.onerror = () => {
    failing ||= setTimeout(() => connection(true), 2500);
    if (source.readyState === EventSource.CLOSED) setTimeout(listen, 5000);
  };
}
const hush = () => { source?.close(); source = null; };

// A tab that nobody sees gives its connection back: browsers have six to a host.
let resting = 0;
document.addEventListener("visibilitychange", () => {
  clearTimeout(resting);
  if (document.hidden) resting = setTimeout(hush, 30000);
  else if (!source && body.dataset.live !== undefined) { listen(); CHANGES.forEach((kind) => tell(kind)); }
});
addEventListener("pagehide", hush);

// The hub says something every ten seconds; a line that is silent for longer is dead, whatever the socket says.
const SILENCE_MS = 25000;
let lastTried = 0;
function watch() {
  if (!source || now() - Math.max(lastHeard, lastTried) < SILENCE_MS) return;
  connection(true);
  again();
}
function again() {
  hush();
  listen();
  lastTried = now();
}
addEventListener("offline", () => connection(true));
addEventListener("online", again);

// The number of open alerts in the menu.
let counting = 0;
body.addEventListener("live:alert", () => {
  clearTimeout(counting);
  counting = setTimeout(async () => {
    const answer = await fetch("/alerts/count", { headers: { Accept: "application/json", "X-Background": "1" } }).catch(() => null);
    if (answer?.ok) tally((await answer.json()).open);
  }, 150);
});
function tally(count) {
  for (const element of document.querySelectorAll("[data-open-alerts]")) {
    element.textContent = count;
    element.classList.toggle("hide", !count);
  }
}

// What a page asks by itself, while nobody touches it, does not keep a session from ending.
body.addEventListener("htmx:configRequest", ({ detail }) => {
  const type = detail.triggeringEvent?.type;
  if (!type || type.startsWith("live:")) detail.headers["X-Background"] = "1";
});

if (body.dataset.live !== undefined) listen();
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
setInterval(() => { tick(); watch(); }, 1000);
