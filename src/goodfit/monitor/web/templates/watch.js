// The page of one run: shows what the server sends, and sends it what the buttons and keys request.
import { byId, make, show } from "/dom.js";
import { number, percent, setting } from "/numbers.js";
import * as chart from "/chart.js";
import * as knobs from "/knobs.js";
import * as panels from "/panels.js";

const run = document.body.dataset.run;
const place = `/runs/${encodeURIComponent(run)}`;
const view = { state: {}, structure: [], marks: [], log: [], effects: [], findings: [] };
const LIVE = ["waiting", "training", "paused"];
const isLive = () => LIVE.includes(view.state.status);

async function post(action, values = {}) {
  try {
    const reply = await fetch(`${place}/${action}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(values) });
    return await reply.json();
  } catch {
    return { error: "The page's server did not reply." };
  }
}

async function send(button, action, values, done) {
  button.disabled = true;
  const reply = await post(action, values);
  const waiting = reply.training === false ? "The training ended before it could answer." : "Request sent; waiting for a reply.";
  show(byId("answer"), reply.error || (reply.answered ? "" : waiting));
  if (!reply.error && done) done(reply);
  showState(view.state);
}

function showState(state) {
  const { status, status_text: text, epoch, epochs, share } = state, word = text[0].toUpperCase() + text.slice(1);
  if (byId("status").textContent !== word) byId("status").textContent = word;
  byId("status").dataset.status = status;
  byId("epoch").textContent = state.progress;
  byId("left").textContent = state.notes.join(", ");
  const percentage = Math.round(100 * (share ?? (epochs ? epoch / epochs : 0)));
  byId("share").setAttribute("aria-valuenow", percentage);
  byId("share").firstElementChild.style.width = `${percentage}%`;
  document.title = `${status === "training" ? `${epoch}/${epochs} ` : ""}${state.name} (goodfit watch)`;
  show(byId("sentence"), state.sentence);
  if (state.has_report) byId("sentence").append(" ", make("a", { href: `${place}/report`, target: "_blank", rel: "noopener" }, "Open its report"));
  byId("sentence").hidden = !byId("sentence").hasChildNodes();
  byId("findings-none").textContent = `No problems found${status === "ended" ? "" : " so far"}.`;
  showFigures(state.figures);
  enableButtons(state);
}

function showFigures(figures) {
  const rows = figures.map(({ title, text, note, set }) => [set, title, text, note]);
  if (view.findings.length) rows.push(["", "Findings", make("a", { href: "#findings-panel" }, String(view.findings.length)), ""]);
  byId("figures").replaceChildren(...rows.map(([set, title, value, note]) => make("div", { class: set }, make("dt", {}, title), make("dd", {}, value, note && make("small", {}, ` ${note}`)))));
}

function enableButtons(state) {
  const on = isLive(), toggle = byId("toggle"), idle = state.status === "waiting" || state.status === "paused";
  toggle.textContent = state.status === "waiting" ? "Start" : state.status === "paused" ? "Unpause" : "Pause";
  toggle.hidden = byId("stop").hidden = state.status === "ended";
  toggle.disabled = !on;
  byId("stop").disabled = !on || state.status === "waiting";
  for (const form of ["until-form", "rewind-form"]) for (const field of byId(form).elements) field.disabled = !on || (form === "rewind-form" && !state.epoch);
  byId("until-form").hidden = byId("rewind-form").hidden = byId("best").hidden = state.status === "ended";
  byId("best").disabled = !on || !state.best;
  byId("branch-open").disabled = byId("chosen-branch").disabled = !state.epoch;
  byId("chosen-rewind").disabled = !on;
  const note = on ? (idle ? "The training is paused; what you apply takes effect in its next epoch." : "") : state.status === "ended" ? "" : "The sliders work while the training is live.";
  knobs.enable(on, note);
}

function take(message) {
  for (const name of Object.keys(view)) if (message[name]) view[name] = message[name];
  chart.take(message);
  if (message.sliders) knobs.take(message.sliders);
  if (message.state || message.curves || message.sliders || message.findings) showState(view.state);
  if ("gap" in message) panels.gap(message.gap);
  if (message.health) panels.health(message.health);
  if (message.findings) panels.findings(message.findings, knobs.fill, (changes) => openBranch(null, changes));
  if (message.log) panels.log(message.log);
  if (message.effects) panels.effects(message.effects);
  if (message.runs) panels.runs(message.runs, run);
}

function listen() {
  const source = new EventSource(`${place}/events`);
  let fresh = true;
  source.onopen = () => { fresh = true; byId("lost").hidden = true; };
  source.onmessage = (event) => {
    if (fresh) chart.forget();
    fresh = false;
    take(JSON.parse(event.data));
  };
  source.onerror = () => {
    const gone = source.readyState === EventSource.CLOSED;
    show(byId("lost"), gone ? `The page's server has ended. The training is not affected; \`goodfit watch ${view.state.run || "RUN"}\` opens a new page.`
      : "The connection to the page's server is lost; reconnecting. The training is not affected.");
    if (gone) source.close();
  };
}

// A whole number as such; other text for the server to refuse in its own words.
const whole = (text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : text.trim() || null);
const toggle = () => send(byId("toggle"), view.state.status === "training" ? "pause" : "unpause");
const rewind = (button, epoch) => send(button, "rewind", { to: epoch }, () => { chosen(null); byId("rewind").value = ""; });

function chosen(epoch) {
  chart.choose(epoch);
  byId("chosen").hidden = epoch === null;
  if (epoch === null) return;
  const point = chart.pointAt(epoch), title = `Epoch ${number(epoch)}`;
  byId("chosen-said").textContent = point ? `${title}: training cost ${number(point[1])}, dev cost ${number(point[2])}, training error ${percent(point[3])}, dev error ${percent(point[4])}, learning rate ${setting(point[5])}`.replaceAll(" %", "\u00a0%") : title;
  byId("chosen-rewind").textContent = `Rewind to epoch ${number(epoch)}`;
  byId("chosen-branch").textContent = `Branch from ${number(epoch)}…`;
  byId("chosen-rewind").onclick = () => rewind(byId("chosen-rewind"), epoch);
  byId("chosen-branch").onclick = () => openBranch(epoch);
}

function openBranch(epoch = null, changes = {}) {
  const names = view.structure.map((field) => field.name);
  const others = Object.keys(changes).filter((name) => !names.includes(name)).map((name) => ({ name, value: "", choices: null }));
  const field = ({ name, value, choices }) => {
    const id = `branch-${name}`, current = setting(changes[name] ?? value);
    const input = choices ? make("select", { id }, ...choices.map((choice) => make("option", { value: choice, selected: choice === current }, choice))) : make("input", { id, value: current, autocomplete: "off" });
    input.dataset.name = name;
    input.dataset.before = setting(value);
    return make("div", { class: "field" }, make("label", { for: id }, name), input);
  };
  const from = make("input", { id: "branch-epoch", value: epoch ?? "", inputmode: "numeric", placeholder: "best so far", autocomplete: "off" });
  byId("branch-fields").replaceChildren(make("div", { class: "field" }, make("label", { for: "branch-epoch" }, "from epoch"), from), ...[...view.structure, ...others].map(field));
  show(byId("branch-answer"), "");
  byId("branch-dialog").showModal();
}

// Lists of whole numbers and numbers as such, the rest as text, for the plan to refuse in its own words.
function valueOf(name, text) {
  const parts = text.replace(/^\[|\]$/g, "").split(",").map((part) => part.trim()).filter(Boolean);
  if (name === "hidden_units") return parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : text;
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

async function startBranch(event) {
  event.preventDefault();
  const changed = [...byId("branch-fields").querySelectorAll("[data-name]")].filter((input) => input.value !== input.dataset.before);
  const changes = Object.fromEntries(changed.map((input) => [input.dataset.name, valueOf(input.dataset.name, input.value)]));
  byId("branch-go").disabled = true;
  const reply = await post("branch", { epoch: whole(byId("branch-epoch").value), changes });
  byId("branch-go").disabled = false;
  if (reply.error) show(byId("branch-answer"), reply.error);
  else location.href = `/runs/${encodeURIComponent(reply.run)}`;
}

function confirmStop() {
  if (byId("stop").disabled || byId("stop").hidden) return;
  const best = view.state.best;
  byId("stop-said").textContent = best ? `The training ends, and the network of epoch ${number(best.epoch)} is kept and diagnosed. It cannot continue after that.` : "The training ends.";
  byId("stop-dialog").returnValue = "no";
  byId("stop-dialog").showModal();
}

const KEYS = { " ": () => !byId("toggle").disabled && toggle(), n: knobs.focus, b: () => byId("rewind").focus(), r: () => byId("until").focus(), s: confirmStop, "?": () => byId("help").showModal() };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target, writes = target.matches("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea");
  if (!KEYS[event.key] || writes || (event.key === " " && target.matches("button, summary, a, input"))) return;
  event.preventDefault();
  KEYS[event.key]();
});

byId("toggle").addEventListener("click", toggle);
byId("stop").addEventListener("click", confirmStop);
byId("stop-dialog").addEventListener("close", () => { if (byId("stop-dialog").returnValue === "stop") send(byId("stop"), "stop"); });
byId("best").addEventListener("click", () => rewind(byId("best"), view.state.best.epoch));
byId("branch-open").addEventListener("click", () => openBranch());
byId("branch-close").addEventListener("click", () => byId("branch-dialog").close());
byId("branch-form").addEventListener("submit", startBranch);
byId("chosen-close").addEventListener("click", () => chosen(null));
byId("help-open").addEventListener("click", KEYS["?"]);
byId("until-form").addEventListener("submit", (event) => { event.preventDefault(); send(byId("until"), "unpause", { to: whole(byId("until").value) }, () => { byId("until").value = ""; }); });
byId("rewind-form").addEventListener("submit", (event) => { event.preventDefault(); rewind(byId("rewind"), whole(byId("rewind").value)); });
chart.begin(chosen);
knobs.begin(post);
listen();
