// Panels without controls: gaps, effects of nudges, health by layer, findings, the log and the list of runs.
import { alike, byId, make, number, percent, plain, prose } from "/dom.js";

const at = (value, low, high) => `${Math.min(Math.max((100 * (value - low)) / (high - low), 0), 100)}%`;

export function gap(told) {
  byId("gap-panel").hidden = !told;
  if (!told) return;
  const { train, dev, human, texts } = told, most = 1.06 * Math.max(train, dev, human || 0, 1e-9);
  const piece = (kind, from, to) => make("span", { class: kind, style: { left: at(from, 0, most), width: `calc(${at(to, 0, most)} - ${at(from, 0, most)})` } });
  const low = Math.min(train, dev), base = Math.min(human ?? 0, low);
  const bar = make("div", { class: "gapbar", "aria-hidden": "true" }, piece("base", 0, base), piece("bias", base, Math.max(train, base)),
    dev > train && piece("variance", train, dev), make("span", { class: "tip train", style: { left: at(train, 0, most) } }),
    make("span", { class: "tip dev", style: { left: at(dev, 0, most) } }));
  const fact = (kind, name, value, more) => make("div", { class: kind }, make("dt", {}, name), make("dd", {}, value, more && make("small", {}, more)));
  const level = human === null ? "" : told.human_assumed ? "human error not given, taken as 0" : `human error ${texts.human}`;
  byId("gap-epoch").textContent = told.epoch ? `epoch ${told.epoch}` : "";
  byId("gap").replaceChildren(bar, make("dl", { class: "gaps" },
    fact("train", "Training error", texts.train), fact("dev", "Dev error", texts.dev),
    fact("bias", "Avoidable bias", texts.bias, level), fact("variance", "Variance", texts.variance)),
  make("p", { class: "verdict" }, told.verdict && make("strong", {}, told.verdict[0].toUpperCase() + told.verdict.slice(1)), told.reason ? `: ${told.reason}` : ""));
}

export function effects(list, marks) {
  byId("effects-panel").hidden = !list.length;
  const span = (name) => {
    const ends = list.flatMap((each) => (each[name] ? [each[name].low, each[name].high, each[name].value] : [])).filter((end) => end !== null);
    const most = 1.1 * Math.max(...ends.map(Math.abs), 1e-9);
    return [-most, most];
  };
  const spans = { error: span("error"), cost: span("cost") };
  const track = (name, label, each) => {
    const told = each[name];
    if (!told || told.value === null) return null;
    const [low, high] = spans[name], shares = name === "error";
    const numbers = [told.value, told.low, told.high].filter((value) => value !== null);
    const [shown, from, to] = shares ? numbers.map((value) => signed((100 * value).toFixed(2))) : alike(numbers).map(signed);
    const ends = to === undefined ? "" : `[${from}, ${to}]`;
    return make("div", { class: "against" }, make("span", { class: "what" }, label), make("span", { class: "track", "aria-hidden": "true" },
      make("span", { class: "zero", style: { left: "50%" } }),
      ends && make("span", { class: "whisker", style: { left: at(told.low, low, high), width: `calc(${at(told.high, low, high)} - ${at(told.low, low, high)})` } }),
      make("span", { class: told.high !== null && told.high < 0 ? "mark helped" : told.low !== null && told.low > 0 ? "mark hurt" : "mark", style: { left: at(told.value, low, high) } })),
    make("span", { class: "figure" }, `${shown}${shares ? " points" : ""}`, ends && make("small", {}, ` ${ends}`)));
  };
  byId("effects").replaceChildren(...[...list].reverse().map((each) => {
    const mark = marks.find((one) => one.epoch === each.epoch);
    return make("article", {}, make("h3", {}, mark && make("span", { class: "number" }, String(mark.number)), changes(each.what), make("small", {}, ` after epoch ${each.epoch}${each.at === null ? ", not compared yet" : `, compared at epoch ${each.at}`}`)),
      track("error", "dev error", each), track("cost", "dev cost", each), each.sentence && make("p", {}, ...prose(each.sentence)));
  }));
}

const signed = (text) => (/[1-9]/.test(text) ? (/^[-−]/.test(text) ? text.replace("-", "−") : `+${text}`) : "0");
const changes = (what) => what.map(([name, old, value]) => `${name} ${plain(old)} → ${plain(value)}`).join(", ");

const MEASURES = [["gradient", "Gradient", number, true], ["update", "Update / weight", number, true], ["deviation", "Deviation", number, false], ["dead", "Dead", percent, false], ["saturated", "Saturated", percent, false]];

function spark(values, log, share) {
  const width = 68, height = 20, known = values.map((value) => (value === null || (log && value <= 0) ? null : log ? Math.log10(value) : value));
  const there = known.filter((value) => value !== null);
  if (there.length < 2) return null;
  const low = share ? 0 : Math.min(...there), high = share ? 1 : Math.max(...there), span = high - low || 1;
  const points = known.map((value, i) => (value === null ? null : `${(1 + (i * (width - 2)) / (known.length - 1)).toFixed(1)},${(height - 2 - ((value - low) / span) * (height - 4)).toFixed(1)}`)).filter(Boolean);
  return make("svg", { class: "spark", viewBox: `0 0 ${width} ${height}`, width, height, "aria-hidden": "true" }, make("polyline", { points: points.join(" ") }));
}

export function health(layers) {
  byId("health-panel").hidden = !layers.length;
  if (!layers.length) return;
  byId("health-epoch").textContent = `last look: epoch ${layers[0].epochs.at(-1)}`;
  byId("health").tBodies[0].replaceChildren(...layers.map((layer) => make("tr", { class: layer.findings.length ? "ails" : "" },
    make("th", { scope: "row" }, layer.layer, ...layer.findings.map((name) => make("span", { class: "tag" }, name))),
    ...MEASURES.map(([name, title, words, log]) => {
      const values = layer.measures[name];
      return make("td", { "data-title": title, class: values ? "" : "none" }, ...(values ? [make("span", {}, words(values.at(-1))), spark(values, log, words === percent)].filter(Boolean) : []));
    }))));
}

export function findings(list, fill, branch) {
  byId("findings-none").hidden = list.length > 0;
  byId("findings").replaceChildren(...list.map((finding) => make("article", {},
    make("h3", {}, finding.name[0].toUpperCase() + finding.name.slice(1), make("small", {}, ` confidence ${Math.round(100 * finding.confidence)} %`)),
    make("p", {}, ...prose(finding.sentence)),
    make("ul", {}, ...finding.remedies.map((remedy) => make("li", {}, ...prose(remedy.name), ": ", ...prose(remedy.why), " ",
      remedy.nudge && make("button", { type: "button", class: "small", onclick: () => fill(remedy.nudge) }, "Set the slider"),
      remedy.branch && make("button", { type: "button", class: "small", onclick: () => branch(remedy.branch) }, "Branch…")))))));
}

export function log(entries, marks) {
  byId("log-none").hidden = entries.length > 0;
  byId("log").replaceChildren(...[...entries].reverse().map((entry) => {
    const rewound = entry.what === "rewind", mark = !entry.void && !rewound && marks.find((one) => one.epoch === entry.epoch);
    const when = new Date(entry.when), time = Number.isNaN(when.getTime()) ? String(entry.when) : when.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const what = rewound ? `rewound from epoch ${plain(entry.old)} to epoch ${plain(entry.new)}` : `${entry.what} ${plain(entry.old)} → ${plain(entry.new)}`;
    return make("li", { class: entry.void ? "void" : rewound ? "rewound" : "" }, make("span", { class: "number" }, mark ? String(mark.number) : ""),
      make("span", { class: "what" }, entry.void ? make("s", {}, what) : what, entry.void && make("small", {}, " discarded by a rewind")),
      make("small", { class: "who" }, `${rewound ? "" : `after epoch ${entry.epoch}, `}${entry.who}, ${time}`));
  }));
}

export function runs(list, own) {
  byId("runs").replaceChildren(...list.map((run) => make("li", {},
    make("a", { href: `/runs/${encodeURIComponent(run.name)}`, "aria-current": run.name === own ? "page" : false }, run.name),
    make("small", {}, ` ${[run.status, run.summary].filter(Boolean).join(": ")}`))));
}
