// The command palette: Ctrl-K or Cmd-K, letters, arrows, Enter. Loaded with every page, idle until opened.
const dialog = document.getElementById("palette");
const input = dialog.querySelector("input");
const list = document.getElementById("hits");
const words = document.body.dataset;
const KEY = `recent:${words.user}`;
const RECENT = 6;

const hits = () => [...list.querySelectorAll("a")];
let asked = 0;
let waiting = 0;
let isBehind = false; // what is listed is not yet for what is typed
let isHasty = false; // Enter was pressed meanwhile

function open() {
  if (dialog.open) return;
  dialog.showModal();
  input.value = "";
  find();
}

// Answers may overtake each other: only the newest question counts.
async function find() {
  const mine = ++asked;
  const answer = await fetch(`/palette?q=${encodeURIComponent(input.value)}`).catch(() => null);
  if (mine !== asked) return;
  list.innerHTML = answer?.ok ? await answer.text() : "";
  if (!input.value) list.prepend(...recent());
  choose(0);
  isBehind = false;
  if (isHasty) hits()[0]?.click();
  isHasty = false;
}

function choose(place) {
  const all = hits();
  const at = all.length ? (place + all.length) % all.length : -1;
  all.forEach((hit, n) => hit.setAttribute("aria-selected", n === at));
  input.setAttribute("aria-activedescendant", all[at]?.id ?? "");
  all[at]?.scrollIntoView({ block: "nearest" });
}
const chosen = () => hits().findIndex((hit) => hit.getAttribute("aria-selected") === "true");

input.addEventListener("input", () => {
  isBehind = true;
  clearTimeout(waiting);
  waiting = setTimeout(find, 100);
});
input.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown") choose(chosen() + 1);
  else if (event.key === "ArrowUp") choose(chosen() - 1);
  else if (event.key === "Enter" && isBehind) isHasty = true;
  else if (event.key === "Enter") hits()[chosen()]?.click();
  else return;
  event.preventDefault();
});
document.addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
  event.preventDefault();
  open();
});
document.addEventListener("click", (event) => {
  if (event.target.closest("[data-palette]")) open();
  else if (event.target === dialog) dialog.close();
});

// Records that were looked at lately, in this browser, until one signs out.
function seen() {
  const title = document.querySelector("[data-record]")?.dataset.record;
  const kept = JSON.parse(localStorage.getItem(KEY) ?? "[]");
  if (!title) return kept;
  const now = [{ href: location.pathname, title }, ...kept.filter((one) => one.href !== location.pathname)].slice(0, RECENT);
  localStorage.setItem(KEY, JSON.stringify(now));
  return now;
}
function recent() {
  const found = seen().filter((one) => one.href !== location.pathname);
  if (!found.length) return [];
  const group = document.createElement("div");
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", list.dataset.recent);
  group.append(Object.assign(document.createElement("span"), { className: "menu-title", textContent: list.dataset.recent }), ...found.map(line));
  return [group];
}
function line({ href, title }, place) {
  const link = document.createElement("a");
  Object.assign(link, { href, id: `seen-${place}`, tabIndex: -1, textContent: title });
  link.setAttribute("role", "option");
  return link;
}
seen();
