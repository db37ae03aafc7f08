"use strict";
// Asks what `storevitals-agent setup` asks, and shows what it says. No text is put in as markup.
const WORDS = {
  title: ["安装采集端", "Set up this agent"], code: ["请输入采集端上显示的代码", "The code that the agent shows"],
  enter: ["开始", "Begin"], wrong: ["代码不对，或已用过", "Wrong, or used before"], locked: ["试错太多，请等待", "Too many tries; wait"],
  next: ["下一步", "Next"], yes: ["是", "Yes"], no: ["否", "No"], none: ["都不是，跳过", "None of these: skip"], stop: ["中断安装", "Stop"],
  sure: ["确定中断？不会写入任何文件。", "Stop? Nothing will be written."], working: ["正在查找…", "Searching…"],
  waiting: ["等待您的选择", "Waiting for you"], over: ["安装完成", "The set-up is done"], gone: ["采集端没有应答", "The agent does not answer"],
};
let lang = localStorage.getItem("lang") || (navigator.language.startsWith("zh") ? "zh" : "en");
let last = null, shown = "", isAway = false;
const $ = (id) => document.getElementById(id);
const w = (key) => WORDS[key][lang === "zh" ? 0 : 1];
const t = (both) => both[lang];

function el(tag, kind, text, act) {
  const node = document.createElement(tag);
  if (kind) node.className = kind;
  if (text) node.textContent = text;
  if (act) node.addEventListener("click", act);
  return node;
}
async function answer(value, more = {}) {
  const number = last?.question?.number ?? 0;
  $("question").replaceChildren();
  shown = "";
  const body = JSON.stringify({ number, value: String(value), language: lang, ...more });
  await fetch("/answer", { method: "POST", headers: { "X-StoreVitals": "1" }, body });
  look();
}
function stop() {
  if (confirm(w("sure"))) answer("stop", { is_stop: true });
}
function fields(question) {
  if (question.kind === "confirm") {
    const pair = el("div", "pair");
    pair.append(el("button", question.default === "y" ? "main" : "", w("yes"), () => answer("y")), el("button", question.default === "n" ? "main" : "", w("no"), () => answer("n")));
    return [pair];
  }
  if (question.kind === "choose") {
    const options = question.options.map((option, place) => el("button", "", t(option), () => answer(place)));
    return [...options, el("button", "", w("none"), () => answer("none"))];
  }
  const input = el("input");
  input.value = question.default;
  input.setAttribute("aria-label", t(question.text));
  input.addEventListener("keydown", (event) => event.key === "Enter" && answer(input.value));
  return [input, el("button", "main", w("next"), () => answer(input.value))];
}
function draw() {
  document.documentElement.lang = lang;
  $("lang").textContent = lang === "zh" ? "EN" : "中";
  $("title").textContent = w("title");
  $("codelabel").textContent = w("code");
  $("enter").textContent = w("enter");
  if (!last) return;
  $("state").textContent = isAway ? w("gone") : last.is_over ? w("over") : last.question ? w("waiting") : w("working");
  $("state").classList.toggle("old", isAway);
  const mark = JSON.stringify([lang, last.count, last.question, last.is_over]);
  if (mark !== shown) {
    shown = mark;
    $("said").replaceChildren(...last.said.map((text) => el("li", "", t(text).trim())));
    const question = last.question ? [el("p", "", t(last.question.text)), ...fields(last.question)] : [];
    $("question").replaceChildren(...question, ...(last.is_over ? [] : [el("button", "stop", w("stop"), stop)]));
    $("said").lastElementChild?.scrollIntoView({ block: "center" });
  }
  const busy = last.progress;
  $("busy").hidden = !busy;
  if (busy) {
    $("busy").firstElementChild.value = (100 * busy.done) / busy.all;
    $("busy").lastElementChild.textContent = `${busy.label}  ${busy.done} / ${busy.all}`;
  }
}
async function look() {
  try {
    const found = await fetch("/setup.json");
    $("door").hidden = found.status !== 401;
    $("main").hidden = found.status === 401;
    if (found.ok) last = await found.json();
    isAway = false;
  } catch {
    isAway = !last?.is_over;
  }
  draw();
}
$("lang").addEventListener("click", () => {
  lang = lang === "zh" ? "en" : "zh";
  localStorage.setItem("lang", lang);
  draw();
});
$("door").addEventListener("submit", async (event) => {
  event.preventDefault();
  const found = await fetch("/login", { method: "POST", headers: { "X-StoreVitals": "1" }, body: $("code").value });
  const { locked_s: locked } = await found.json();
  $("wrong").textContent = found.ok ? "" : locked ? `${w("locked")} ${locked} s` : w("wrong");
  look();
});
draw();
look();
setInterval(() => document.hidden || last?.is_over || look(), 700);
