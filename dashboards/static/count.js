// Counting with a scanner, a keyboard or the camera: what was scanned waits here until the hub has it.
import { uuid } from "./act.js";

const box = document.getElementById("count");
const find = (id) => document.getElementById(id);
const form = find("scan"), code = find("scan-code"), last = find("last"), sum = find("last-sum");
const url = `/api/v1/stocktakes/${box.dataset.count}/entries`;
const key = `count:${document.body.dataset.user}:${box.dataset.count}`;
let waiting = JSON.parse(localStorage.getItem(key) ?? "[]");
let isSending = false, shown = null;

function keep() {
  if (waiting.length) localStorage.setItem(key, JSON.stringify(waiting));
  else localStorage.removeItem(key);
  find("waiting").textContent = waiting.length ? box.dataset.waiting.replace("{n}", waiting.length) : "";
}

function add(entry) {
  waiting.push({ id: uuid(), at: new Date().toISOString(), ...entry });
  keep();
  send();
}

async function send() {
  if (isSending || !waiting.length) return;
  isSending = true;
  const some = waiting.slice(0, 100);
  try {
    const answer = await fetch(url, { method: "POST", headers: { "Content-Type": "application/json", Accept: "application/json" }, body: JSON.stringify({ entries: some }) });
    const told = await answer.json().catch(() => ({}));
    if (answer.status >= 500 || answer.status === 401) throw new Error();
    waiting = waiting.slice(some.length);
    keep();
    if (answer.ok) { tell(told); document.body.dispatchEvent(new Event("counted")); }
    else wrong(told.detail ?? `${answer.status}`, "");
  } catch { setTimeout(send, 4000); isSending = false; return; } // no network, or the hub restarts: nothing is lost
  isSending = false;
  send();
}

function tell({ items, refused }) {
  for (const one of items) right(one);
  for (const one of refused) wrong(one.detail, one.code);
}

function right(one) {
  shown = one;
  find("first").hidden = true;
  last.hidden = false;
  last.classList.remove("is-wrong");
  find("last-title").textContent = one.title;
  find("last-code").textContent = one.code;
  find("last-unit").textContent = one.unit;
  sum.value = one.counted_milli / 1000;
  log(one.title, `${one.quantity_milli > 0 ? "+" : ""}${one.quantity_milli / 1000}`);
  sound(880, 0.06);
}

function wrong(text, typed) {
  find("first").hidden = true;
  last.hidden = false;
  last.classList.add("is-wrong");
  find("last-title").textContent = text;
  find("last-code").textContent = "";
  log(text, text.includes(typed) ? "" : typed, "bad");
  sound(220, 0.3);
  navigator.vibrate?.(200);
}

function log(text, amount, kind = "") {
  const row = document.createElement("li");
  for (const part of [text, amount]) row.append(Object.assign(document.createElement("span"), { textContent: part, className: kind }));
  find("scans").prepend(row);
  while (find("scans").children.length > 30) find("scans").lastChild.remove();
}

let audio;
function sound(pitch, seconds) {
  audio ??= new AudioContext();
  const tone = audio.createOscillator();
  tone.frequency.value = pitch;
  tone.connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + seconds);
}

const milli = (text) => Math.round(Number(text.replace(",", ".")) * 1000);
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const typed = code.value.trim(), times = form.elements.times.value.trim();
  if (typed && !(times && Number.isNaN(milli(times)))) add({ code: typed, ...(times && { quantity_milli: milli(times) }) });
  form.reset();
  code.focus();
});
sum.addEventListener("change", () => {
  const change = milli(sum.value) - shown.counted_milli;
  if (change) add({ item_id: shown.item_id, quantity_milli: change });
});
box.addEventListener("click", (event) => {
  const by = event.target.closest("[data-add]")?.dataset.add;
  if (by && shown) add({ item_id: shown.item_id, quantity_milli: by * 1000 });
});

if ("BarcodeDetector" in window && navigator.mediaDevices) {
  const camera = find("camera"), viewer = find("viewer");
  camera.hidden = false;
  camera.addEventListener("click", async () => {
    if (viewer.srcObject) {
      for (const track of viewer.srcObject.getTracks()) track.stop();
      viewer.srcObject = null;
      viewer.hidden = true;
      return;
    }
    viewer.srcObject = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } }).catch(() => null);
    if (!viewer.srcObject) return;
    viewer.hidden = false;
    await viewer.play();
    look(new BarcodeDetector(), viewer, { text: "", at: 0 });
  });
}
async function look(detector, viewer, seen) {
  if (!viewer.srcObject) return;
  const [found] = await detector.detect(viewer).catch(() => []);
  const now = performance.now();
  if (found && (found.rawValue !== seen.text || now - seen.at > 1500)) add({ code: found.rawValue }); // the same code lies still for a while
  if (found) seen = { text: found.rawValue, at: now };
  setTimeout(look, 120, detector, viewer, seen);
}
addEventListener("online", send);
keep();
send();
