// Panels without controls: gaps, effects of nudges, health by layer, findings, the log and the list of runs.
import { byId, make, prose } from "/dom.js";
import { number } from "/numbers.js";

const place = (value, low, high) => `${Math.min(Math.max((100 * (value - low)) / (high - low), 0), 100)}%`;
const capitalized = (text) => text[0].toUpperCase() + text.slice(1);

export function gap(view) {
  byId("gap-panel").hidden = !view;
  if (!view) return;
  const { train, dev, human, texts } = view, most = 1.06 * Math.max(train, dev, human || 0, 1e-9);
  const piece = (kind, from, to) => make("span", { class: kind, style: { left: place(from, 0, most), width: `calc(${place(to, 0, most)} - ${place(from, 0, most)})` } });
  const tip = (set, value) => make("span", { class: `tip ${set}`, style: { left: place(value, 0, most) } });
  const base = Math.min(human ?? 0, train, dev);
  const bar = make("div", { class: "gapbar", "aria-hidden": "true" }, piece("base", 0, base), piece("bias", base, Math.max(train, base)),
    dev > train && piece("variance", train, dev), tip("train", train), tip("dev", dev));
  const fact = (kind, name, text, note) => make("div", { class: kind }, make("dt", {}, name), make("dd", {}, text, note && make("small", {}, note)));
  const level = human === null ? "" : view.human_assumed ? "human error not given, taken as 0" : `human ${view.measure} ${texts.human}`;
  byId("gap-epoch").textContent = view.epoch ? `epoch ${number(view.epoch)}` : "";
  byId("gap").replaceChildren(bar, make("dl", { class: "gaps" },
    fact("train", `Training ${view.measure}`, texts.train), fact("dev", `Dev ${view.measure}`, texts.dev),
    fact("bias", "Avoidable bias", texts.bias, level), fact("variance", "Variance", texts.variance)),
  make("p", { class: "verdict" }, view.verdict && make("strong", {}, capitalized(view.verdict)), view.reason ? `: ${view.reason}` : ""));
}

export function effects(list) {
  byId("effects-panel").hidden = !list.length;
  const most = (name) => 1.1 * Math.max(1e-9, ...list.flatMap((effect) => (effect[name] ? ["low", "high", "value"].map((end) => Math.abs(effect[name][end] ?? 0)) : [])));
  const spans = { error: most("error"), cost: most("cost") };
  const track = (name, title, change) => {
    if (!change) return null;
    const at = (value) => place(value, -spans[name], spans[name]);
    return make("div", { class: "against" }, make("span", { class: "what" }, title), make("span", { class: "track", "aria-hidden": "true" },
      make("span", { class: "zero", style: { left: "50%" } }),
      change.interval && make("span", { class: "whisker", style: { left: at(change.low), width: `calc(${at(change.high)} - ${at(change.low)})` } }),
      make("span", { class: `mark ${change.verdict}`, style: { left: at(change.value) } })),
    make("span", { class: "figure" }, change.text, change.interval && make("small", {}, ` ${change.interval}`)));
  };
  byId("effects").replaceChildren(...[...list].reverse().map((effect) => make("article", {},
    make("h3", {}, effect.number && make("span", { class: "number" }, String(effect.number)), effect.text, make("small", {}, ` after epoch ${number(effect.epoch)}${effect.compared_epoch === null ? ", not compared yet" : `, compared at epoch ${number(effect.compared_epoch)}`}`)),
    track("error", "Dev error", effect.error), track("cost", "Dev cost", effect.cost), effect.sentence && make("p", {}, ...prose(effect.sentence)))));
}

const MEASURES = [["gradient", "Gradient", "log"], ["update", "Update / weight", "log"], ["deviation", "Deviation", "linear"], ["dead", "Dead", "share"], ["saturated", "Saturated", "share"]];

function spark(values, scale) {
  const width = 68, height = 20, log = scale === "log";
  const places = values.map((value) => (value === null || (log && value <= 0) ? null : log ? Math.log10(value) : value));
  const finite = places.filter((value) => value !== null);
  if (finite.length < 2) return null;
  const [low, high] = scale === "share" ? [0, 1] : [Math.min(...finite), Math.max(...finite)], span = high - low || 1;
  const points = places.map((value, i) => (value === null ? null : `${(1 + (i * (width - 2)) / (places.length - 1)).toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`)).filter(Boolean);
  return make("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" }, make("polyline", { points: points.join(" ") }));
}

export function health(layers) {
  byId("health-panel").hidden = !layers.length;
  if (!layers.length) return;
  byId("health-epoch").textContent = `epoch ${number(layers[0].epochs.at(-1))}`;
  byId("health").tBodies[0].replaceChildren(...layers.map((layer) => make("tr", { class: layer.findings.length ? "has-findings" : "" },
    make("th", { scope: "row" }, layer.layer, ...layer.findings.map((name) => make("span", { class: "tag" }, name))),
    ...MEASURES.map(([name, title, scale]) => {
      const measure = layer.measures[name];
      return make("td", { "data-title": title, class: measure ? "" : "none" }, ...(measure ? [make("span", {}, measure.text), spark(measure.values, scale)].filter(Boolean) : []));
    }))));
}

export function findings(list, fill, branch) {
  byId("findings-none").hidden = list.length > 0;
  byId("findings").replaceChildren(...list.map((finding) => make("article", {},
    make("h3", {}, capitalized(finding.name), make("small", {}, ` confidence ${finding.confidence}${finding.explained_by ? `, explained by ${finding.explained_by}` : ""}`)),
    make("p", {}, ...prose(finding.sentence)),
    make("ul", {}, ...finding.remedies.map((remedy) => make("li", {}, ...prose(remedy.name), ": ", ...prose(remedy.why), " ",
      remedy.nudge && make("button", { type: "button", class: "small", onclick: () => fill(remedy.nudge) }, "Set the slider"),
      remedy.branch && make("button", { type: "button", class: "small", onclick: () => branch(remedy.branch) }, "Branch…")))))));
}

export function log(lines) {
  byId("log-none").hidden = lines.length > 0;
  byId("log").replaceChildren(...[...lines].reverse().map((line) => {
    const date = new Date(line.when), time = Number.isNaN(date.getTime()) ? String(line.when) : date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    return make("li", { class: line.void ? "void" : line.rewind ? "rewound" : "" }, make("span", { class: "number" }, line.number ? String(line.number) : ""),
      make("span", { class: "what" }, line.void ? make("s", {}, line.text) : line.text, line.void && make("small", {}, " discarded by a rewind")),
      make("small", { class: "who" }, `${line.rewind ? "" : `after epoch ${number(line.epoch)}, `}${line.sender}, ${time}`));
  }));
}

export function runs(list, name) {
  byId("runs").replaceChildren(...list.map((run) => make("li", {},
    make("a", { href: `/runs/${encodeURIComponent(run.name)}`, "aria-current": run.name === name ? "page" : false }, run.name),
    make("small", {}, ` ${[run.status, run.summary].filter(Boolean).join(": ")}`))));
}
