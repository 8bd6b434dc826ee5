// The page of one run: takes what the server sends, and asks it for what the buttons and keys say.
import { byId, duration, make, percent, number, plain, show } from "/dom.js";
import * as chart from "/chart.js";
import * as knobs from "/knobs.js";
import * as panels from "/panels.js";

const run = document.body.dataset.run;
const place = `/runs/${encodeURIComponent(run)}`;
const now = { state: {}, structure: [], marks: [], log: [], effects: [], findings: [] };
const LIVE = ["waiting", "training", "paused"];
const live = () => LIVE.includes(now.state.status);

async function post(action, asked = {}) {
  try {
    const answer = await fetch(`${place}/${action}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(asked) });
    return await answer.json();
  } catch {
    return { error: "The page's server did not answer." };
  }
}

async function ask(button, action, asked, done) {
  button.disabled = true;
  const answer = await post(action, asked);
  const waits = answer.training === false ? "The training ended before it could answer." : "Request sent; waiting for a reply.";
  show(byId("answer"), answer.error || (answer.answered ? "" : waits));
  if (!answer.error && done) done(answer);
  state(now.state);
}

const WORDS = { waiting: "Waiting to start", starting: "Starting…", training: "Training", paused: "Paused", "cut off": "Cut off", damaged: "Damaged", working: "Working" };

function state(told) {
  now.state = told;
  const { status, epoch, epochs } = told, ending = status === "training" && epochs && epoch >= epochs;
  const word = ending ? "Diagnosing its best network" : status === "ended" ? `Ended: ${told.outcome}` : WORDS[status] || status;
  if (byId("status").textContent !== word) byId("status").textContent = word;
  byId("status").dataset.status = status;
  byId("epoch").textContent = epochs ? `epoch ${epoch.toLocaleString("en-US")} of ${epochs.toLocaleString("en-US")}` : "";
  const until = told.pause_epoch && live() ? `pauses after epoch ${told.pause_epoch}` : "";
  const left = status === "training" && told.seconds_left ? `${duration(told.seconds_left)} left` : "";
  byId("left").textContent = [left, until].filter(Boolean).join(", ");
  const share = Math.round(100 * (told.share ?? (epochs ? epoch / epochs : 0)));
  byId("share").setAttribute("aria-valuenow", share);
  byId("share").firstElementChild.style.width = `${share}%`;
  document.title = `${status === "training" ? `${epoch}/${epochs} ` : ""}${told.name} (goodfit watch)`;
  const goes = { "cut off": `No process is training it; \`goodfit resume ${told.run}\` continues it.`, starting: "Its process is starting, which takes a few seconds." }[status] || "";
  show(byId("sentence"), [told.sentence, goes].filter(Boolean).join(" "));
  if (told.report) byId("sentence").append(" ", make("a", { href: `${place}/report`, target: "_blank", rel: "noopener" }, "Open its report"));
  byId("sentence").hidden = !byId("sentence").hasChildNodes();
  byId("findings-none").textContent = `No problems found${status === "ended" ? "" : " so far"}.`;
  figures(told);
  buttons(told);
}

function figures(told) {
  const error = percent, name = told.metric === "1-r2" ? "1 − R²" : "error";
  const last = chart.pointAt(Infinity), facts = [];
  if (told.verdict) facts.push(["Verdict", told.verdict]);
  if (last) facts.push([`Training ${name}`, error(last[3]), "train"], [`Dev ${name}`, error(last[4]), "dev"]);
  if (now.findings.length) facts.push(["Findings", make("a", { href: "#findings-panel" }, String(now.findings.length))]);
  if (told.best) facts.push([told.status === "ended" ? "Best" : "Best so far", `epoch ${told.best[0].toLocaleString("en-US")}`, "", `dev ${name} ${error(told.best[4])}`]);
  byId("figures").replaceChildren(...facts.map(([title, value, kind, more]) => make("div", { class: kind || "" }, make("dt", {}, title), make("dd", {}, value, more && make("small", {}, ` ${more}`)))));
}

function buttons(told) {
  const on = live(), toggle = byId("toggle"), idle = told.status === "waiting" || told.status === "paused";
  toggle.textContent = told.status === "waiting" ? "Start" : told.status === "paused" ? "Unpause" : "Pause";
  toggle.hidden = byId("stop").hidden = told.status === "ended";
  toggle.disabled = !on;
  byId("stop").disabled = !on || told.status === "waiting";
  for (const form of ["until-form", "rewind-form"]) for (const field of byId(form).elements) field.disabled = !on || (form === "rewind-form" && !told.epoch);
  byId("until-form").hidden = byId("rewind-form").hidden = byId("best").hidden = told.status === "ended";
  byId("best").disabled = !on || !told.best;
  byId("branch-open").disabled = byId("chosen-branch").disabled = !told.epoch;
  byId("chosen-rewind").disabled = !on;
  const note = on ? (idle ? "The training is paused; what you apply takes effect with its next epoch." : "") : told.status === "ended" ? "" : "The sliders work while the training is live.";
  knobs.enable(on, note);
}

function take(message) {
  for (const name of Object.keys(now)) if (message[name]) now[name] = message[name];
  chart.take(message);
  if (message.sliders) knobs.take(message.sliders);
  if (message.state || message.curves || message.sliders || message.findings) state(now.state);
  if ("gap" in message) panels.gap(message.gap);
  if (message.health) panels.health(message.health);
  if (message.findings) panels.findings(message.findings, knobs.fill, (changes) => openBranch(null, changes));
  if (message.log || message.marks) panels.log(now.log, now.marks);
  if (message.effects || message.marks) panels.effects(now.effects, now.marks);
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
    show(byId("lost"), gone ? `The page's server has ended. The training is not affected: \`goodfit watch ${now.state.run || "RUN"}\` gives a new address.`
      : "The connection to the page's server is lost; trying again. The training is not affected.");
    if (gone) source.close();
  };
}

const whole = (text) => (/^\s*\d+\s*$/.test(text) ? Number(text) : text.trim() || null);
const toggle = () => ask(byId("toggle"), now.state.status === "training" ? "pause" : "unpause");
const rewind = (button, epoch) => ask(button, "rewind", { to: epoch }, () => { chosen(null); byId("rewind").value = ""; });

function chosen(epoch) {
  chart.choose(epoch);
  byId("chosen").hidden = epoch === null;
  if (epoch === null) return;
  const point = chart.pointAt(epoch), error = percent;
  byId("chosen-said").textContent = point ? `Epoch ${epoch}: training cost ${number(point[1])}, dev cost ${number(point[2])}, training error ${error(point[3])}, dev error ${error(point[4])}, learning rate ${number(point[5])}` : `Epoch ${epoch}`;
  byId("chosen-rewind").textContent = `Rewind to epoch ${epoch}`;
  byId("chosen-branch").textContent = `Branch from ${epoch}…`;
  byId("chosen-rewind").onclick = () => rewind(byId("chosen-rewind"), epoch);
  byId("chosen-branch").onclick = () => openBranch(epoch);
}

function openBranch(epoch = null, changes = {}) {
  const known = now.structure.map((each) => each.name);
  const others = Object.keys(changes).filter((name) => !known.includes(name)).map((name) => ({ name, value: "", choices: null }));
  const field = ({ name, value, choices }) => {
    const id = `branch-${name}`, given = plain(changes[name] ?? value);
    const input = choices ? make("select", { id }, ...choices.map((choice) => make("option", { value: choice, selected: choice === given }, choice))) : make("input", { id, value: given, autocomplete: "off" });
    input.dataset.name = name;
    input.dataset.before = plain(value);
    return make("div", { class: "field" }, make("label", { for: id }, name), input);
  };
  const from = make("input", { id: "branch-epoch", value: epoch ?? "", inputmode: "numeric", placeholder: "best so far", autocomplete: "off" });
  byId("branch-fields").replaceChildren(make("div", { class: "field" }, make("label", { for: "branch-epoch" }, "from epoch"), from), ...[...now.structure, ...others].map(field));
  show(byId("branch-answer"), "");
  byId("branch-dialog").showModal();
}

// Lists of whole numbers and numbers as such, the rest as text, for the plan to refuse in its own words.
function valueOf(name, text) {
  const parts = text.replace(/^\[|\]$/g, "").split(",").map((part) => part.trim()).filter(Boolean);
  if (name === "hidden_units") return parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : text;
  return text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
}

async function beginBranch(event) {
  event.preventDefault();
  const moved = [...byId("branch-fields").querySelectorAll("[data-name]")].filter((input) => input.value !== input.dataset.before);
  const changes = Object.fromEntries(moved.map((input) => [input.dataset.name, valueOf(input.dataset.name, input.value)]));
  byId("branch-go").disabled = true;
  const answer = await post("branch", { epoch: whole(byId("branch-epoch").value), changes });
  byId("branch-go").disabled = false;
  if (answer.error) show(byId("branch-answer"), answer.error);
  else location.href = `/runs/${encodeURIComponent(answer.run)}`;
}

function stop() {
  if (byId("stop").disabled || byId("stop").hidden) return;
  const best = now.state.best;
  byId("stop-said").textContent = best ? `The training ends, and the network of epoch ${best[0]} is kept and diagnosed. It cannot continue after that.` : "The training ends.";
  byId("stop-dialog").returnValue = "no";
  byId("stop-dialog").showModal();
}

const KEYS = { " ": () => !byId("toggle").disabled && toggle(), n: knobs.focus, b: () => byId("rewind").focus(), r: () => byId("until").focus(), s: stop, "?": () => byId("help").showModal() };

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
  const target = event.target, writes = target.matches("input:not([type=range]):not([type=radio]):not([type=checkbox]), select, textarea");
  if (!KEYS[event.key] || writes || (event.key === " " && target.matches("button, summary, a, input"))) return;
  event.preventDefault();
  KEYS[event.key]();
});

byId("toggle").addEventListener("click", toggle);
byId("stop").addEventListener("click", stop);
byId("stop-dialog").addEventListener("close", () => { if (byId("stop-dialog").returnValue === "stop") ask(byId("stop"), "stop"); });
byId("best").addEventListener("click", () => rewind(byId("best"), now.state.best[0]));
byId("branch-open").addEventListener("click", () => openBranch());
byId("branch-close").addEventListener("click", () => byId("branch-dialog").close());
byId("branch-form").addEventListener("submit", beginBranch);
byId("chosen-close").addEventListener("click", () => chosen(null));
byId("help-open").addEventListener("click", KEYS["?"]);
byId("until-form").addEventListener("submit", (event) => { event.preventDefault(); ask(byId("until"), "unpause", { to: whole(byId("until").value) }, () => { byId("until").value = ""; }); });
byId("rewind-form").addEventListener("submit", (event) => { event.preventDefault(); rewind(byId("rewind"), whole(byId("rewind").value)); });
chart.begin(chosen);
knobs.begin(post);
listen();
