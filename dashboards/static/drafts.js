// Typing that is never lost, and lists that are worked through by keys: cells, selection, drafts.
import { toast } from "./act.js";

const words = document.body.dataset;
const JSON_PLEASE = { Accept: "application/json" };
const list = () => document.getElementById("records");
const table = () => document.querySelector("[data-grid]");

// Cells: arrows walk, Enter or a letter opens, Enter and Tab save and go on, Escape leaves it.
const heads = () => [...table().tHead.rows[0].cells];
const field = (cell) => heads()[cell.cellIndex]?.dataset.edits;
const place = (cell) => `${table().dataset.grid}/${cell.parentElement.dataset.id}/cells/${field(cell)}`;

function walk(cell, down, right) {
  const row = [...table().tBodies[0].rows][cell.parentElement.sectionRowIndex + down];
  const next = row?.cells[cell.cellIndex + right];
  if (!next || next.classList.contains("pick")) return;
  for (const other of table().querySelectorAll("td[tabindex='0']")) other.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

async function open(cell, typed = "") {
  if (!field(cell) || cell.classList.contains("editing")) return;
  const answer = await fetch(place(cell), { headers: JSON_PLEASE }).catch(() => null);
  if (!answer?.ok) return refused(answer);
  cell.dataset.shown = cell.innerHTML;
  cell.classList.add("editing");
  cell.innerHTML = await answer.text();
  const input = cell.querySelector("[name='value']");
  if (typed && input.matches("input:not([type='date'], [type='time'])")) input.value = typed;
  else input.select?.();
  input.focus();
}

function leave(cell) {
  cell.innerHTML = cell.dataset.shown;
  cell.classList.remove("editing");
  cell.tabIndex = 0;
  cell.focus();
}

async function save(cell, down, right) {
  const input = cell.querySelector("[name='value']");
  const was = cell.querySelector("[name='was']");
  if (cell.dataset.saving || input.value === was.value) return cell.dataset.saving || (leave(cell), walk(cell, down, right));
  cell.dataset.saving = "1";
  const row = cell.parentElement;
  const body = new URLSearchParams({ value: input.value, version: cell.dataset.version ?? row.dataset.version });
  const answer = await fetch(place(cell), { method: "POST", body, headers: JSON_PLEASE }).catch(() => null);
  delete cell.dataset.saving;
  const told = answer ? await answer.json().catch(() => ({})) : {};
  if (!answer?.ok) return said(cell, told, input);
  row.dataset.version = told.version;
  delete cell.dataset.version;
  cell.dataset.shown = told.html;
  leave(cell);
  cell.classList.toggle("record-none", told.empty);
  cell.classList.add("saved");
  setTimeout(() => cell.classList.remove("saved"), 1200);
  toast(told.said, { undo: () => takeBack(cell, told.undo) });
  walk(cell, down, right);
}

// The reason stands under the cell; after a clash the next Enter takes one's own value.
function said(cell, told, input) {
  cell.querySelector(".cell-said")?.remove();
  if (told.version) cell.dataset.version = told.version;
  const text = Object.assign(document.createElement("p"), { className: "cell-said", textContent: told.error ?? words.offline });
  text.setAttribute("role", "alert");
  cell.append(text);
  input.setAttribute("aria-invalid", "true");
  input.focus();
}

async function takeBack(cell, url) {
  const answer = await fetch(url, { method: "POST", headers: JSON_PLEASE }).catch(() => null);
  if (!answer?.ok) return refused(answer);
  const told = await (await fetch(`${place(cell)}?shown=1`)).json();
  cell.innerHTML = told.html;
  cell.classList.toggle("record-none", told.empty);
  cell.parentElement.dataset.version = told.version;
}

async function refused(answer) {
  const problem = answer ? await answer.json().catch(() => ({})) : null;
  toast(problem ? `${words.refused} ${problem.detail ?? problem.title ?? answer.status}` : words.offline, { bad: true });
}

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
document.addEventListener("keydown", (event) => {
  const cell = event.target.closest?.("[data-grid] td");
  if (!cell || event.ctrlKey || event.metaKey || event.altKey) return;
  if (cell.classList.contains("editing")) return whileEditing(event, cell);
  if (event.target !== cell) return;
  if (STEPS[event.key]) walk(cell, ...STEPS[event.key]);
  else if (event.key === " ") cell.parentElement.querySelector(".pick input")?.click();
  else if (event.key === "Enter" || event.key === "F2") field(cell) ? open(cell) : cell.querySelector("a")?.click();
  else if (event.key.length === 1 && field(cell)) open(cell, event.key);
  else return;
  event.preventDefault();
});
function whileEditing(event, cell) {
  if (event.key === "Escape") leave(cell);
  else if (event.key === "Enter") save(cell, 1, 0);
  else if (event.key === "Tab") save(cell, 0, event.shiftKey ? -1 : 1);
  else return;
  event.preventDefault();
}
document.addEventListener("dblclick", (event) => { const cell = event.target.closest("[data-grid] td"); if (cell) open(cell); });
document.addEventListener("click", (event) => {
  const cell = event.target.closest("[data-grid] td");
  if (cell && !event.target.closest("a, input, select, label, button")) { walk(cell, 0, 0); }
});
document.addEventListener("focusout", (event) => {
  const cell = event.target.closest("td.editing");
  if (cell && event.relatedTarget && !cell.contains(event.relatedTarget)) save(cell, 0, 0);
});

// Selection: a bar of what can be done with the chosen rows.
let lastPicked = null;
const picks = () => [...document.querySelectorAll("[data-grid] .pick input[name='id']")];
function picked() {
  const bar = document.querySelector("[data-bulk-bar]");
  if (!bar) return;
  const chosen = picks().filter((one) => one.checked);
  for (const one of picks()) one.closest("tr").classList.toggle("picked", one.checked);
  bar.hidden = chosen.length === 0;
  const all = bar.querySelector("[name='all']");
  if (all) {
    all.closest("label").hidden = chosen.length < picks().length;
    if (all.closest("label").hidden) all.checked = false;
  }
  const every = document.querySelector("[data-pick-all]");
  every.checked = chosen.length === picks().length;
  every.indeterminate = chosen.length > 0 && !every.checked;
  bar.querySelector("[data-picked]").textContent = all?.checked ? all.dataset.all : bar.dataset.words.replace("{n}", chosen.length);
}
document.addEventListener("click", (event) => {
  const box = event.target.closest("[data-grid] .pick input");
  if (event.target.closest("[data-unpick]")) { for (const one of picks()) one.checked = false; picked(); }
  if (!box) return;
  if (box.matches("[data-pick-all]")) for (const one of picks()) one.checked = box.checked;
  const [from, to] = [picks().indexOf(lastPicked), picks().indexOf(box)].sort((a, b) => a - b);
  if (event.shiftKey && from >= 0) for (const one of picks().slice(from, to + 1)) one.checked = box.checked;
  lastPicked = box.name === "id" ? box : null;
  picked();
});
document.addEventListener("change", (event) => { if (event.target.name === "all") picked(); });
document.addEventListener("formdata", (event) => { // a dialog's form goes with the chosen rows
  const other = document.getElementById(event.target.dataset.takes ?? "");
  if (other) for (const [name, value] of new FormData(other)) if (["id", "all", "state"].includes(name)) event.formData.append(name, value);
});

// The order of columns.
document.addEventListener("click", (event) => {
  const item = event.target.closest("[data-up]")?.closest("li");
  if (!item?.previousElementSibling) return;
  item.previousElementSibling.before(item);
  const form = item.closest("form");
  form.elements.order.value = [...form.querySelectorAll("li")].map((one) => one.dataset.name).join(",");
  item.querySelector("[data-up]").focus();
});

// A record knows the list one came from: back to it as it was, and to its neighbours.
const kind = location.pathname.split("/").slice(0, 3).join("/");
function remember() {
  picked();
  const first = table()?.querySelector("tbody td:not(.pick)");
  if (first) first.tabIndex = 0;
  if (!list()) return;
  const ids = [...list().querySelectorAll("tr[data-id]")].map((row) => row.dataset.id);
  sessionStorage.setItem(kind, JSON.stringify({ href: list().dataset.list, ids }));
}
function neighbours() {
  const nav = document.querySelector("[data-neighbours]");
  const came = JSON.parse(sessionStorage.getItem(kind) ?? "null");
  for (const link of document.querySelectorAll("[data-back]")) link.href = came?.href ?? link.href;
  if (!nav || !came) return;
  const at = came.ids.indexOf(location.pathname.split("/")[3]);
  if (at < 0) return;
  const [back, on] = nav.querySelectorAll("a");
  for (const [link, id] of [[back, came.ids[at - 1]], [on, came.ids[at + 1]]]) {
    if (id) link.href = `${kind}/${id}`;
    else link.removeAttribute("href");
  }
  nav.querySelector("span").textContent = `${at + 1} / ${came.ids.length}`;
  nav.hidden = false;
}
document.addEventListener("keydown", (event) => {
  if (event.target.closest("input, textarea, select, dialog") || event.ctrlKey || event.metaKey || event.altKey) return;
  const link = document.querySelectorAll("[data-neighbours] a")[{ k: 0, j: 1 }[event.key] ?? -1];
  if (link?.href) location.assign(link.href);
});

// Drafts: what stands in a form is kept in this browser for this person until it is saved.
const form = document.querySelector("form[data-draft]");
const key = `draft:${words.user}:${location.pathname}`;
const typed = () => [...form.elements].filter((one) => one.name && one.type !== "hidden" && one.type !== "password" && !one.closest("[data-secret]"));
const values = () => Object.fromEntries(typed().map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]));
function fill(kept) {
  for (const one of typed()) {
    if (!(one.name in kept)) continue;
    if (one.type === "checkbox") one.checked = kept[one.name];
    else one.value = kept[one.name];
  }
}
function drafts() {
  const sent = sessionStorage.getItem("sent");
  if (sent && sent !== key) localStorage.removeItem(sent); // it was saved: we are elsewhere now
  sessionStorage.removeItem("sent");
  if (!form) return;
  const first = values(); // a draft holds only what differs, so it undoes nobody else's change
  const changes = () => Object.fromEntries(Object.entries(values()).filter(([name, value]) => value !== first[name]));
  const isChanged = () => Object.keys(changes()).length > 0;
  const keep = () => (isChanged() ? localStorage.setItem(key, JSON.stringify(changes())) : localStorage.removeItem(key));
  const kept = JSON.parse(localStorage.getItem(key) ?? "null");
  if (kept && !form.dataset.draft) fill(kept);
  if (isChanged()) {
    const note = document.querySelector("[data-draft-note]");
    note.hidden = false;
    note.querySelector("button").onclick = () => { fill(first); keep(); note.hidden = true; };
  }
  let isSent = false;
  let waiting = 0;
  form.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(keep, 300); });
  form.addEventListener("submit", () => { keep(); isSent = true; sessionStorage.setItem("sent", key); });
  for (const link of document.querySelectorAll("[data-discards]")) link.addEventListener("click", () => { localStorage.removeItem(key); isSent = true; });
  addEventListener("pagehide", () => { if (!isSent) keep(); });
  addEventListener("beforeunload", (event) => { if (!isSent && isChanged()) event.preventDefault(); });
}

remember();
neighbours();
drafts();
document.addEventListener("htmx:afterSettle", remember);
