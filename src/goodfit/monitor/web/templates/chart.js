// The curves: kept point by point as they come, and drawn in the colors of the style sheet.
import { byId, make } from "/dom.js";
import { number, percent } from "/numbers.js";

const PLACES = { cost: [1, 2], error: [3, 4] }; // places of train and dev in a point, which begins with its epoch
const curves = new Map();
const shown = { measure: "cost", log: { cost: true, error: false }, chosen: null, marks: [], best: null };
let waiting = false;

export function forget() {
  curves.clear();
}

export function take(message) {
  for (const part of message.curves || []) {
    const curve = curves.get(part.key) || { points: [] };
    const points = curve.stride === part.stride ? curve.points : curve.points.filter((point) => (point[0] - 1) % part.stride === 0);
    curves.set(part.key, { ...part, points: points.concat(part.points) });
  }
  if (message.keys) [...curves.keys()].filter((key) => !message.keys.includes(key)).forEach((key) => curves.delete(key));
  if (message.marks) shown.marks = message.marks;
  if (message.state) shown.best = message.state.best || null;
  if (message.curves || message.keys || message.marks || message.state) later();
}

export function choose(epoch) {
  shown.chosen = epoch;
  later();
}

// The point of an epoch, or the last one before it that is there.
export function pointAt(epoch) {
  const curve = watched();
  return curve ? line(curve).findLast((point) => point[0] <= epoch) || null : null;
}

function later() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

const watched = () => [...curves.values()].find((curve) => curve.role === "run" && curve.pair === 0);
const line = (curve) => (curve.last && curve.last[0] > (curve.points.at(-1) || [0])[0] ? [...curve.points, curve.last] : curve.points);
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const isShare = () => shown.measure === "error";

function trace(curve, set) {
  const points = line(curve), place = PLACES[shown.measure][set === "dev" ? 1 : 0], log = shown.log[shown.measure];
  const scale = isShare() ? 100 : 1, words = isShare() ? percent : number;
  const copy = curve.role === "copy", other = curve.pair > 0;
  const name = `${set}${copy ? ", untouched copy" : ""}${other ? `, seed ${curve.pair + 1}` : ""}`;
  return {
    type: "scatter", mode: points.length === 1 ? "markers" : "lines", name,
    x: points.map((point) => point[0]),
    y: points.map((point) => (point[place] === null || (log && point[place] <= 0) ? null : scale * point[place])),
    text: points.map((point) => `${name} ${words(point[place])}`),
    line: { color: color(set), width: other ? 1 : copy ? 2 : 2.5, dash: copy ? "dash" : "solid" },
    opacity: other ? 0.45 : 1,
    hovertemplate: "%{text}<extra></extra>",
  };
}

function draw() {
  const element = byId("plot"), curve = watched();
  byId("legend").replaceChildren(...legend());
  if (!window.Plotly || !element.clientWidth) return;
  const all = [...curves.values()].sort((a, b) => b.pair - a.pair || (a.role === "copy" ? -1 : 1));
  const data = all.flatMap((item) => (item.pair ? ["dev"] : ["train", "dev"]).map((set) => trace(item, set)));
  if (curve && shown.best) data.push(ring());
  const last = curve ? (line(curve).at(-1) || [0])[0] : 0;
  const y = yAxis(data), muted = color("muted");
  const axis = { gridcolor: color("grid"), linecolor: color("line"), zeroline: false, fixedrange: true, tickfont: { size: 12, color: muted } };
  const narrow = element.clientWidth < 560;
  const layout = {
    font: { color: color("ink"), size: 13, family: getComputedStyle(document.body).fontFamily },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "x",
    hoverlabel: { bgcolor: color("panel"), bordercolor: color("line"), font: { color: color("ink") } },
    margin: { l: 52, r: narrow ? 44 : 54, t: shown.marks.length ? (narrow ? 26 : 18 + 15 * Math.min(shown.marks.length, 3)) : 12, b: 40 },
    width: element.clientWidth, height: narrow ? 300 : 380,
    xaxis: { ...axis, range: [0, Math.max(last, 8)], title: { text: "epoch", font: { size: 12, color: muted }, standoff: 6 }, tickformat: ",d" },
    yaxis: { ...axis, ...y },
    shapes: shown.marks.map((mark) => upright(mark.epoch, "nudge", "dot")).concat(shown.chosen === null ? [] : [upright(shown.chosen, "ink", "solid")]),
    annotations: curve ? [...names(curve, y), ...shown.marks.map((mark, i) => label(mark, i, narrow))] : [],
  };
  window.Plotly.react(element, data, layout, { displayModeBar: false, doubleClick: false });
}

function ring() {
  const value = isShare() ? shown.best.dev_error : shown.best.dev_cost;
  return {
    type: "scatter", mode: "markers", x: [shown.best.epoch], y: [value === null ? null : (isShare() ? 100 : 1) * value],
    marker: { size: 13, color: "rgba(0,0,0,0)", line: { color: color("dev"), width: 2.5 } },
    hovertemplate: `best: epoch ${number(shown.best.epoch)}<extra></extra>`,
  };
}

const upright = (epoch, name, dash) => ({ type: "line", x0: epoch, x1: epoch, y0: 0, y1: 1, yref: "paper", line: { color: color(name), width: 1.5, dash } });
const harmless = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;"); // Plotly reads tags

// A nudge's number at the top of its line, with what changed where there is room.
function label(mark, i, narrow) {
  const text = narrow || shown.marks.length > 8 ? String(mark.number) : `${mark.number} ${mark.label}`;
  return {
    x: mark.epoch, y: 1, yref: "paper", yanchor: "bottom", xanchor: narrow ? "center" : "left", showarrow: false,
    xshift: narrow ? 0 : -3, yshift: narrow ? 2 : 1 + 15 * (Math.min(shown.marks.length, 3) - 1 - (i % 3)),
    text: harmless(text), font: { size: 12, color: color("nudge") },
  };
}

function names(curve, y) {
  const point = line(curve).at(-1);
  if (!point) return [];
  const ends = ["train", "dev"].map((name, i) => {
    const value = point[PLACES[shown.measure][i]];
    return { name, value: value === null ? null : (isShare() ? 100 : 1) * value };
  }).filter((end) => end.value !== null && (y.type !== "log" || end.value > 0));
  const place = (value) => (y.type === "log" ? Math.log10(value) : value);
  const [low, high] = y.range, close = ends.length === 2 && Math.abs(place(ends[0].value) - place(ends[1].value)) < 0.09 * (high - low);
  const upper = close && ends[1].value >= ends[0].value ? 1 : 0;
  return ends.map((end, i) => ({
    x: point[0], y: Math.min(Math.max(place(end.value), low), high), text: end.name, showarrow: false, xanchor: "left", xshift: 7,
    yshift: close ? (i === upper ? 9 : -9) : 0, font: { size: 13, color: color(end.name) },
  }));
}

// From zero, with the steep first epochs above the picture; or logarithmic, with round ticks.
function yAxis(data) {
  const points = data.flatMap((part) => part.x.map((x, i) => [x, part.y[i]])).filter(([, value]) => value !== null);
  const values = points.map(([, value]) => value), unit = isShare() ? " %" : "";
  if (!values.length) return { range: [0, 1], ticksuffix: unit };
  const last = points.reduce((most, [x]) => Math.max(most, x), 0);
  const steady = points.filter(([x]) => last < 12 || x > 0.06 * last).map(([, value]) => value);
  const high = steady.reduce((a, b) => Math.max(a, b), -Infinity);
  if (!shown.log[shown.measure]) return { range: [0, 1.08 * (high || 1)], ticksuffix: unit };
  const [bottom, top] = [Math.min, Math.max].map((end) => Math.log10(values.reduce((a, b) => end(a, b))));
  const room = 0.05 * (top - bottom) + 0.02, range = [bottom - room, top + room];
  const powers = Array.from({ length: Math.ceil(range[1]) - Math.floor(range[0]) + 1 }, (_, i) => Math.floor(range[0]) + i);
  const ticks = [[1, 2, 5], [1, 3], [1]].map((steps) => powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((tick) => Math.log10(tick) >= range[0] && Math.log10(tick) <= range[1]));
  const fitting = ticks.find((found) => found.length <= 7) || ticks[2];
  return { type: "log", range, ...(fitting.length > 1 ? { tickvals: fitting, ticktext: fitting.map((tick) => `${number(tick)}${unit}`) } : { ticksuffix: unit }) };
}

function legend() {
  const all = [...curves.values()];
  const key = (kind, text) => make("span", {}, make("i", { class: `key ${kind}`, "aria-hidden": "true" }), text);
  return [
    key("train", "training"), key("dev", "dev"),
    all.some((curve) => curve.role === "copy") && key("copy", "untouched copy"),
    all.some((curve) => curve.pair > 0) && key("seed", "other seeds"),
    shown.best && key("ring", "best (lowest dev cost)"), shown.marks.length > 0 && key("nudged", "nudge"),
  ].filter(Boolean);
}

export function begin(onChoose) {
  const log = byId("log-scale"), element = byId("plot");
  const redraw = () => { log.checked = shown.log[shown.measure]; later(); };
  byId("measure").addEventListener("change", (event) => { shown.measure = event.target.value; redraw(); });
  log.addEventListener("change", () => { shown.log[shown.measure] = log.checked; redraw(); });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", later);
  new ResizeObserver(later).observe(element);
  const ready = () => {
    draw();
    if (element.on) element.on("plotly_click", (event) => onChoose(event.points[0].x));
  };
  if (window.Plotly) ready();
  else addEventListener("load", ready);
}
