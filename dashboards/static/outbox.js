// Work without a signal: what is done waits in this browser until the hub has it; a refusal shows both versions.
import { toast, uuid } from "./act.js";

const { user, refused } = document.body.dataset, strip = document.getElementById("outbox"), here = location.pathname;
const sheet = () => document.getElementById("order_page");
const opened = new Promise((done, fail) => {
  const asked = indexedDB.open("outbox", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("acts", { keyPath: "id", autoIncrement: true });
  [asked.onsuccess, asked.onerror] = [() => done(asked.result), () => fail(asked.error)];
});
async function box(mode, ask) {
  const asked = ask((await opened).transaction("acts", mode).objectStore("acts"));
  return new Promise((done, fail) => { [asked.onsuccess, asked.onerror] = [() => done(asked.result), () => fail(asked.error)]; });
}
const acts = async () => (await box("readonly", (store) => store.getAll())).filter((one) => one.user === user);
const put = (act) => box("readwrite", (store) => store.put(act));
const drop = (act) => box("readwrite", (store) => store.delete(act.id));

document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-outbox]");
  if (!form) return;
  event.preventDefault();
  const fields = [...new FormData(form, event.submitter)].filter(([name, value]) => name !== "sent_id" && value.size !== 0);
  const mine = [...form.querySelectorAll("label")].map((one) => [one.firstChild.textContent.trim(), one.control?.files?.[0]?.name ?? one.control?.value]);
  const { outbox: label, to } = form.dataset, about = document.querySelector("h1").textContent;
  const sent = form.elements.sent_id?.value ?? uuid();
  await put({ user, url: form.action, at: Date.now(), version: Number(sheet()?.dataset.version ?? 0), here, label, about, to, mine, fields, sent });
  form.closest("dialog")?.close();
  if (form.querySelector("input:not([type=hidden]), textarea")) form.reset();
  await show();
  send();
});

// One after the other; what follows a refusal on the same page waits with it.
const next = (all) => all.find((act) => !act.why && !all.some((one) => one.why && one.here === act.here && one.id < act.id));
let isSending = false, again = 0;
async function send() {
  if (isSending) return;
  isSending = true;
  clearTimeout(again);
  for (let act; (act = next(await acts()));) if (!await deliver(act)) { again = setTimeout(send, 5000); break; }
  isSending = false;
  await show();
}
async function deliver(act) {
  const body = new FormData();
  for (const [name, value] of [...act.fields, ["sent_id", act.sent], ...(act.version ? [["version", act.version]] : [])]) body.append(name, value);
  const keepalive = !act.fields.some(([, value]) => value instanceof Blob); // goes out even if the page is left
  const late = new AbortController(), limit = setTimeout(() => late.abort(), 60000);
  const answer = await fetch(act.url, { method: "POST", body, keepalive, headers: { Accept: "application/json" }, signal: late.signal }).catch(() => null);
  clearTimeout(limit);
  if (answer?.status === 401) toast(strip.dataset.door, { bad: true });
  if (!answer || answer.status >= 500 || [401, 429].includes(answer.status)) return false;
  if (answer.ok) {
    await drop(act);
    if (act.here === here) await renew(answer, act);
  } else await put({ ...act, why: (await answer.json().catch(() => ({}))).detail ?? `${answer.status}` });
  return true;
}

// The page as the hub has it now, but for what is being typed; what was done after it is newer still.
async function renew(answer, act) {
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("order_page");
  if (!sheet() || !fresh) return location.assign(answer.url);
  const version = Number(fresh.dataset.version);
  for (const one of await acts()) if (act && one.here === here && one.version === act.version && version === act.version + 1) await put({ ...one, version });
  const waiting = await acts(); // asked before, so that the page never shows less than was done
  Idiomorph.morph(sheet(), fresh, { callbacks: { beforeNodeMorphed: (old, now) => !old.matches?.("[data-own]") || (old.hidden = now.hidden, false) } });
  paint(waiting);
}

// What waits, and the page as it will be.
const show = async () => paint(await acts());
function paint(waiting) {
  strip.hidden = !waiting.length;
  const bad = waiting.filter((one) => one.why).length;
  strip.querySelector("h2").textContent = (bad ? strip.dataset.refused : strip.dataset.waiting).replace("{n}", bad || waiting.length);
  strip.querySelector("ol").replaceChildren(...waiting.map(line));
  if (!sheet()) return;
  for (const act of waiting) if (act.here === here && !act.why) foresee(act);
  const { status, names } = sheet().dataset;
  sheet().querySelector("[data-status-name]").textContent = JSON.parse(names)[status];
  for (const one of sheet().querySelectorAll("[data-when]")) one.hidden = !one.dataset.when.split(" ").includes(status);
  sheet().classList.toggle("is-left", !!sheet().querySelector("[data-required]:not(.is-done)"));
}
function foresee({ to, fields }) {
  if (to) sheet().dataset.status = to;
  const { item, done } = Object.fromEntries(fields), row = item && sheet().querySelectorAll(".checks li")[item];
  if (!row) return;
  row.classList.toggle("is-done", done === "true");
  row.querySelector("button").setAttribute("aria-pressed", done);
  row.querySelector("[name=done]").value = done !== "true";
}
function line(act) {
  const row = strip.querySelector("template").content.cloneNode(true).firstElementChild, [mine, theirs] = row.querySelectorAll("dd");
  row.querySelector("strong").textContent = `${act.about} · ${act.label}`;
  row.querySelector("time").textContent = new Date(act.at).toLocaleTimeString(document.documentElement.lang, { hour: "2-digit", minute: "2-digit" });
  mine.textContent = [act.label, ...act.mine.filter(([, value]) => value).map((pair) => pair.join(": "))].join(" · ");
  theirs.textContent = act.why ?? "";
  for (const part of row.querySelectorAll("[hidden]")) part.hidden = !act.why;
  row.querySelector("[data-force]").onclick = async () => { await put({ ...act, why: undefined, version: 0 }); send(); };
  row.querySelector("[data-drop]").onclick = async () => { await drop(act); await refresh(); send(); };
  return row;
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { "X-Background": "1" } }).catch(() => null);
  if (answer?.ok && sheet()) await renew(answer);
  return answer?.ok;
}
document.body.addEventListener("live:record", ({ detail }) => { if (!isSending && (!detail.id || detail.id === sheet()?.dataset.order)) refresh(); });

// A signature is the path that a finger draws.
let pad = null;
const point = ({ offsetX, offsetY }) => `${Math.round((offsetX * 300) / pad.clientWidth)},${Math.round((offsetY * 100) / pad.clientHeight)}`;
function draw(event, sign) {
  const path = pad.querySelector("path"), d = `${path.getAttribute("d")}${sign}${point(event)}`;
  if (d.length > 7900) return;
  path.setAttribute("d", d);
  pad.closest("form").elements.signature.value = d;
}
document.addEventListener("pointerdown", (event) => { pad = event.target.closest("[data-sign]"); if (pad) draw(event, "M"); });
document.addEventListener("pointermove", (event) => { if (pad && event.target.closest("[data-sign]") === pad) draw(event, "L"); });
document.addEventListener("pointerup", () => { pad = null; });

// Today's orders are kept for later by the worker; a page it gave is renewed when there is a signal again.
if ("serviceWorker" in navigator && here.startsWith("/work-orders")) {
  await navigator.serviceWorker.register("/worker.js", { scope: "/work-orders" });
  const told = document.querySelector("[data-kept-note]");
  navigator.serviceWorker.onmessage = ({ data }) => { told.hidden = false; told.lastChild.textContent = told.dataset.keptNote.replace("{n}", data); };
  const keep = async () => {
    const kept = [...document.querySelectorAll("a[data-keep]")].map((one) => one.href);
    if (kept.length) (await navigator.serviceWorker.ready).active.postMessage([location.href, ...kept]);
  };
  document.addEventListener("htmx:afterSettle", keep);
  keep();
}
async function back() { if (await refresh()) sheet() ? delete document.body.dataset.kept : location.reload(); else setTimeout(back, 8000); }
if ("kept" in document.body.dataset) back();
addEventListener("online", send);
await show();
send();
