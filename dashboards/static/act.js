// What a visitor does: acknowledge before the hub has answered, undo, keys, dialogs, menus.
const toasts = document.getElementById("toasts"), text = document.body.dataset;

export function toast(message, { undo = null, bad = false, seconds = 6 } = {}) {
  const box = Object.assign(document.createElement("div"), { className: bad ? "toast toast-bad" : "toast" });
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: undo ? text.undo : text.close });
  button.onclick = () => { box.remove(); undo?.(); };
  box.append(message, button);
  toasts.replaceChildren(box);
  setTimeout(() => box.remove(), seconds * 1000);
}

export const uuid = () => URL.createObjectURL(new Blob()).slice(-36); // crypto.randomUUID is there over HTTPS alone

async function post(url, body = null) {
  const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(url, { method: "POST", keepalive: true, headers, body: body && JSON.stringify(body) }); // goes out even if the page is left
  if (answer.ok) return answer.status === 204 ? null : answer.json().catch(() => null);
  const problem = await answer.json().catch(() => ({}));
  throw new Error(problem.detail ?? problem.title ?? `${answer.status}`);
}

// While an input method composes, keys are its own and letters no word yet: everybody hears of the word alone.
addEventListener("input", (event) => event.isComposing && event.stopImmediatePropagation(), true);
addEventListener("compositionend", (event) => event.target.dispatchEvent(new Event("input", { bubbles: true })), true);

// A scanner is told by its speed and read by its physical keys, so that it works with an input method on.
const SIGNS = { Minus: "-", Period: ".", Slash: "/", Semicolon: ":" };
let scan = "", pressedAt = 0, before = "";
addEventListener("keydown", (event) => {
  const isFast = event.timeStamp - pressedAt < 50, isScan = isFast && event.code.endsWith("Enter") && scan.length > 5;
  pressedAt = event.timeStamp;
  const key = /^(?:Key|Digit|Numpad)([A-Z0-9])$/.exec(event.code)?.[1] ?? SIGNS[event.code] ?? "";
  if (!isFast) before = event.target.value ?? "";
  if (event.isComposing || event.keyCode === 229 || isScan) event.stopImmediatePropagation();
  if (isScan) { event.preventDefault(); scanned(event.target, scan, before); }
  scan = (isFast ? scan : "") + (event.shiftKey ? key : key.toLowerCase());
}, true);
function scanned(at, text, before) {
  const form = document.querySelector("form[data-scans]"), isField = at.matches("input, textarea"), field = isField ? at : form?.elements[0];
  if (!field) return location.assign(`/scan?code=${encodeURIComponent(text)}`);
  at.blur(); // ends what an input method made of it
  field.value = (isField ? before : "") + text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  if (form && field.form === form) form.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  field.focus();
}

// The row changes at once; the hub's refusal puts it back with the reason.
async function acknowledge(row) {
  if (row.dataset.state !== "raised") return;
  const url = `/api/v1/alerts/${row.dataset.alert}`;
  mark(row, "acknowledged");
  const undo = async () => {
    mark(row, "raised");
    try { await post(`${url}/undo`); } catch (error) { refuse(row, "acknowledged", error); }
  };
  toast(text.acknowledged, { undo });
  try { await post(`${url}/acknowledge`); } catch (error) { refuse(row, "raised", error); }
}

function mark(row, state) {
  row.dataset.state = state;
  const isAcknowledged = state === "acknowledged";
  const button = row.querySelector("[data-act]");
  if (button) button.hidden = isAcknowledged;
  const badge = row.querySelector("[data-state-text]");
  if (badge) {
    badge.textContent = isAcknowledged ? badge.dataset.acknowledged : badge.dataset.raised;
    badge.classList.toggle("badge-accent", isAcknowledged);
  }
}

function refuse(row, state, error) {
  mark(row, state);
  toast(error instanceof TypeError ? text.offline : `${text.refused} ${error.message}`, { bad: true });
}

document.addEventListener("submit", (event) => {
  const form = event.target.closest("form[data-act='acknowledge']");
  if (!form) return;
  event.preventDefault();
  acknowledge(form.closest("[data-alert]"));
});

// What else one key does to the chosen row; the list shows it when the hub says it is done.
async function act(row, path, said) {
  const url = `/api/v1/alerts/${row.dataset.alert}`;
  const undo = async () => { try { await post(`${url}/undo`); } catch (error) { refuse(row, row.dataset.state, error); } };
  try {
    await post(`${url}/${path}`, {});
    toast(said, { undo });
  } catch (error) { refuse(row, row.dataset.state, error); }
}
function shelve(row) {
  const dialog = document.getElementById("shelve");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  form.action = `/alerts/${row.dataset.alert}/shelve`;
  form.dataset.back = location.pathname === "/alerts" ? location.href : "";
  dialog.showModal();
}
async function order(row) {
  try {
    const made = await post("/api/v1/work-orders", { alert_id: row.dataset.alert });
    location.assign(`/work-orders/${made.id}`);
  } catch (error) { refuse(row, row.dataset.state, error); }
}
document.addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-shelve]");
  if (!form?.dataset.back) return;
  event.preventDefault();
  form.closest("dialog").close();
  const answer = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" }).catch(() => null);
  if (!answer || answer.status >= 400) return toast(answer ? `${text.refused} ${answer.status}` : text.offline, { bad: true });
  form.reset();
  const id = form.action.split("/").at(-2);
  toast(text.shelved, { undo: () => post(`/api/v1/alerts/${id}/undo`).catch(() => toast(text.offline, { bad: true })) });
});

// J and K walk the rows, A acknowledges, M takes, S shelves, E makes a work order, Enter opens, ? helps.
const rows = () => [...document.querySelectorAll("[data-alert]")];
function step(by) {
  const all = rows();
  const at = all.indexOf(document.activeElement.closest("[data-alert]"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}
const chosen = (what) => () => {
  const row = document.activeElement.closest("[data-alert]") ?? document.querySelector("#alert_state");
  if (row && !("fixed" in row.dataset)) what(row);
};
const keys = {
  j: () => step(1),
  k: () => step(-1),
  a: chosen(acknowledge),
  m: chosen((row) => act(row, "assign", text.assigned)),
  s: chosen(shelve),
  e: chosen(order),
  Enter: () => document.activeElement.matches("[data-alert]") && document.activeElement.querySelector("a")?.click(),
  "?": () => document.querySelector("[data-help]")?.click(),
};
document.addEventListener("keydown", (event) => {
  const isTyping = event.target.closest("input, textarea, select, [contenteditable]");
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = keys[event.key];
  if (!act || (event.key === "Enter" && !event.target.matches("[data-alert]"))) return;
  if (event.key !== "Enter") event.preventDefault();
  act();
});

// Who signs out leaves nothing behind in this browser.
document.addEventListener("submit", (event) => {
  if (!event.target.matches("[data-forgets]")) return;
  for (const key of Object.keys(localStorage)) if (/^(draft|recent):/.test(key)) localStorage.removeItem(key);
  sessionStorage.clear();
  globalThis.caches?.delete("orders");
});

// A shared PC locks itself: nobody goes on under the name of somebody who left.
const LOCK_MS = 180000;
if ("locks" in text) {
  let waiting = 0;
  const rest = () => { clearTimeout(waiting); waiting = setTimeout(() => document.getElementById("lock").submit(), LOCK_MS); };
  for (const kind of ["keydown", "pointerdown", "wheel"]) addEventListener(kind, rest, { passive: true });
  rest();
}

// Dialogs open by name; a menu closes when one clicks elsewhere or presses Escape.
document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  event.target.closest("[data-closes]")?.closest("dialog")?.close();
  if (event.target.closest("[data-print]")) print();
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", ({ key }) => key === "Escape" && document.querySelectorAll("details.menu[open]").forEach((menu) => { menu.open = false; }));
document.addEventListener("htmx:sendError", () => toast(text.offline, { bad: true }));
document.addEventListener("htmx:responseError", (event) => toast(`${text.refused} ${event.detail.xhr.status}`, { bad: true }));
