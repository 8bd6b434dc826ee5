// Sliders: each on the quantity's own scale and a box to type in, which always agree; one nudge of all that moved.
import { byId, make, show } from "/dom.js";
import { setting } from "/numbers.js";

const STEPS = 1000, OFF = 40; // of a slider whose lowest part is "off"
const rows = new Map();
let post = null, live = false;

const keyOf = (knob) => `${knob.name}/${knob.layer}`;
const lost = (value) => Math.log10(Math.max(1 - value, 1e-12));

function toPlace(knob, value) {
  if (!Number.isFinite(value)) return 0;
  const { low, high, off, scale } = knob, from = off ? OFF : 0;
  if (scale === "log" && value <= 0) return 0;
  const share = scale === "log" ? Math.log(value / low) / Math.log(high / low)
    : scale === "one-minus-log" ? (lost(low) - lost(value)) / (lost(low) - lost(high))
      : (value - low) / (high - low);
  return Math.min(Math.max(from + share * (STEPS - from), from), STEPS);
}

function fromPlace(knob, place) {
  const { low, high, off, scale } = knob, from = off ? OFF : 0;
  if (off && place < OFF / 2) return 0;
  const share = Math.max(place - from, 0) / (STEPS - from);
  if (scale === "log") return Number((low * (high / low) ** share).toPrecision(2));
  if (scale === "one-minus-log") return Number((1 - Number((10 ** (lost(low) + share * (lost(high) - lost(low)))).toPrecision(2))).toFixed(8));
  const value = low + share * (high - low);
  return scale === "integer" ? Math.round(value) : Number(value.toFixed(2));
}

// What was typed, as a number where it is one; else as it is, for the plan to refuse in its own words.
const typed = (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text.trim());
const moved = (row) => row.box.value.trim() !== setting(row.knob.value);

function build(knob) {
  const id = `knob-${knob.name}${knob.layer === null ? "" : `-${knob.layer}`}`;
  const box = make("input", { id, type: "text", inputmode: "decimal", autocomplete: "off", size: 9, "aria-describedby": `${id}-said ${id}-wrong` });
  const slider = make("input", { type: "range", min: 0, max: STEPS, step: 5, "aria-label": `${knob.label}, slider` });
  const was = make("small", { class: "was" }), wrong = make("p", { class: "answer", id: `${id}-wrong`, role: "alert", hidden: true });
  const said = make("p", { class: "said", id: `${id}-said` });
  const element = make("div", { class: "knob" }, make("label", { for: id }, knob.label), was, box, slider, said, wrong);
  const row = { knob, element, box, slider, was, said, wrong };
  slider.addEventListener("input", () => { box.value = setting(fromPlace(row.knob, Number(slider.value))); show(wrong, ""); after(row); });
  box.addEventListener("input", () => { slider.value = toPlace(row.knob, Number(box.value)); show(wrong, ""); after(row); });
  box.addEventListener("focus", () => box.select());
  return row;
}

function after(row) {
  row.slider.setAttribute("aria-valuetext", row.box.value === "0" && row.knob.off ? "off" : row.box.value);
  row.element.classList.toggle("moved", moved(row));
  row.was.textContent = moved(row) ? `now ${setting(row.knob.value)}` : row.knob.off && row.box.value === "0" ? "off" : "";
  const any = [...rows.values()].some(moved);
  byId("apply-button").disabled = byId("reset").disabled = !any || !live;
  byId("apply").classList.toggle("due", any);
}

function settle(row) {
  row.box.value = setting(row.knob.value);
  row.slider.value = toPlace(row.knob, row.knob.value);
  show(row.wrong, "");
  after(row);
}

export function take(knobs) {
  const keys = knobs.map(keyOf);
  if (keys.join() !== [...rows.keys()].join()) {
    rows.clear();
    knobs.forEach((knob) => rows.set(keyOf(knob), build(knob)));
    const of = (first) => [...rows.values()].filter((row) => (row.knob.primary && !row.knob.fixed_reason && !row.knob.idle_reason) === first).map((row) => row.element);
    byId("knobs-first").replaceChildren(...of(true));
    byId("knobs-rest").replaceChildren(...of(false));
  }
  knobs.forEach((knob) => {
    const row = rows.get(keyOf(knob)), pending = row.ready && moved(row);
    row.knob = knob;
    row.ready = true;
    row.box.disabled = row.slider.disabled = Boolean(knob.fixed_reason);
    row.element.classList.toggle("fixed", Boolean(knob.fixed_reason));
    row.said.textContent = row.box.title = knob.fixed_reason || knob.idle_reason || knob.allowed;
    if (pending) after(row); else settle(row);
  });
}

export function enable(on, note) {
  live = on;
  byId("knobs-all").disabled = !on;
  byId("knobs-panel").hidden = !rows.size;
  show(byId("knobs-note"), note);
  rows.forEach(after);
}

export function focus() {
  const first = rows.values().next().value;
  if (first) first.slider.focus();
}

export function fill(changes) {
  let first = null;
  for (const row of rows.values()) {
    const value = changes[row.knob.name];
    if (value === undefined) continue;
    row.box.value = setting(Array.isArray(value) ? value[row.knob.layer ?? 0] : value);
    row.slider.value = toPlace(row.knob, Number(row.box.value));
    after(row);
    first = first || row;
  }
  if (!first) return;
  if (first.element.closest("details")) first.element.closest("details").open = true;
  first.box.focus();
}

export function reset() {
  rows.forEach(settle);
  show(byId("knobs-answer"), "");
}

function changes() {
  const found = {};
  for (const row of [...rows.values()].filter(moved)) {
    const { name, layer } = row.knob;
    if (layer === null) found[name] = typed(row.box.value);
    else found[name] = [...rows.values()].filter((other) => other.knob.name === name).map((other) => typed(other.box.value));
  }
  return found;
}

async function apply(event) {
  event.preventDefault();
  const values = changes();
  if (!Object.keys(values).length) return;
  rows.forEach((row) => show(row.wrong, ""));
  byId("apply-button").disabled = true;
  const reply = await post("nudge", { changes: values });
  if (reply.error) {
    const named = [...rows.values()].find((row) => moved(row) && row.knob.name === reply.setting);
    show(named ? named.wrong : byId("knobs-answer"), reply.error);
    if (named) named.box.focus();
    rows.forEach(after);
    return;
  }
  show(byId("knobs-answer"), reply.answered ? "" : "Request sent; the numbers change at the end of the epoch.");
  for (const row of rows.values()) {
    const [, , value] = (reply.changes || []).find(([name]) => name === row.knob.name) || [];
    if (value !== undefined) row.knob = { ...row.knob, value: Array.isArray(value) ? value[row.knob.layer] : value };
    settle(row);
  }
}

export function begin(ask) {
  post = ask;
  byId("knobs").addEventListener("submit", apply);
  byId("reset").addEventListener("click", reset);
  byId("knobs").addEventListener("keydown", (event) => { if (event.key === "Escape") reset(); });
}
