"use strict";

// Draws each figure as SVG for what its sliders and buttons say, and reads values out. Colors are the style sheet's.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);
  const SVG = "http://www.w3.org/2000/svg";
  const LINE = 15; // pixels between names at the ends of lines
  const ruler = document.createElement("canvas").getContext("2d");
  let clips = 0;
  function add(parent, name, attributes = {}, text = null) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    if (text !== null) made.textContent = text;
    return parent.appendChild(made);
  }

  const ink = (color) => `var(--${color})`;
  const widthOf = (text, bold) => {
    ruler.font = `${bold ? 600 : 400} 12.5px ${getComputedStyle(document.body).fontFamily}`;
    return ruler.measureText(text).width;
  };

  // Numbers as people write them: four digits, a true minus, and powers of ten for the very large and small.
  function number(value) {
    const size = Math.abs(value);
    if (size && (size >= 1e6 || size < 1e-3)) {
      const [mantissa, exponent] = value.toExponential(2).split("e");
      const power = "10" + [...exponent.replace("+", "")].map((c) => "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"["-0123456789".indexOf(c)]).join("");
      return Number(mantissa) === 1 ? power : `${Number(mantissa)} × ${power}`.replace("-", "−");
    }
    const digits = { maximumSignificantDigits: size >= 1e4 ? 6 : 4, useGrouping: size >= 1e4 };
    return value.toLocaleString("en-US", digits).replace("-", "−");
  }
  const named = (value, axis) => new Map(axis.ticks || []).get(value) || number(value) + (axis.unit ? "\u00a0" + axis.unit : "");

  function ticksOf(axis, most) {
    if (axis.ticks) {
      const every = Math.ceil(axis.ticks.length / Math.max(most, 1));
      return axis.ticks.filter((_, i) => i % every === 0);
    }
    return (axis.log ? logTicks : linearTicks)(...axis.range, most).map((value) => [value, number(value)]);
  }
  function linearTicks(low, high, most) {
    const rough = (high - low) / Math.max(most, 2);
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough * (1 - 1e-9));
    const [first, last] = [Math.ceil(low / step - 1e-6), Math.floor(high / step + 1e-6)];
    return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(10)));
  }
  function logTicks(low, high, most) {
    const first = Math.floor(Math.log10(low));
    const powers = Array.from({ length: Math.floor(Math.log10(high)) - first + 1 }, (_, i) => first + i);
    let ticks = [];
    for (const steps of [[1, 2, 5], [1, 3], [1]]) {
      ticks = powers.flatMap((power) => steps.map((step) => Number(`${step}e${power}`)));
      ticks = ticks.filter((tick) => tick >= low * (1 - 1e-9) && tick <= high * (1 + 1e-9));
      if (ticks.length <= most) return ticks;
    }
    const every = Math.ceil(ticks.length / most);
    return ticks.filter((tick) => Math.round(Math.log10(tick)) % every === 0);
  }

  function scaleOf(axis, from, to) {
    const straight = axis.log ? Math.log10 : (value) => value;
    const [low, high] = axis.range.map(straight);
    const at = (value) => from + ((straight(value) - low) / (high - low)) * (to - from);
    const known = (value) => value !== null && !(axis.log && value <= 0);
    return { at, known, inside: (value) => known(value) && (at(value) - from) * (at(value) - to) <= 0.5 };
  }

  const agrees = (wanted, state) => Object.entries(wanted || {}).every(([name, choice]) => state[name] === choice);
  const valuesOf = (figure, mark) => (typeof mark.x === "string" ? figure.columns[mark.x] : mark.x);

  const SHAPES = {
    circle: (r) => `m${-r} 0a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    square: (r) => `m${-r * 0.9} ${-r * 0.9}h${r * 1.8}v${r * 1.8}h${-r * 1.8}z`,
    cross: (r) => `m${-r} ${-r}l${2 * r} ${2 * r}m0 ${-2 * r}l${-2 * r} ${2 * r}`,
  };
  SHAPES.ring = SHAPES.circle;
  const pair = (x, y) => `${x.toFixed(1)} ${y.toFixed(1)}`;
  const held = (value) => Math.max(-4e3, Math.min(9e3, value)); // far outside is outside, and SVG stays exact

  const DRAW = {
    line(group, mark, x, y, place, faint) {
      let [path, down] = ["", false];
      place.forEach((value, i) => {
        const known = x.known(value) && y.known(mark.y[i]);
        if (known) path += (down ? "L" : "M") + pair(held(x.at(value)), held(y.at(mark.y[i])));
        down = known;
      });
      const width = faint ? 1.25 : mark.width || 2.5;
      add(group, "path", { d: path, fill: "none", stroke: ink(mark.color), "stroke-width": width, "stroke-linejoin": "round",
        "stroke-dasharray": mark.dash ? `${2.4 * width + 1} ${1.6 * width + 1}` : "none" });
      if (mark.dots && !faint) DRAW.points(group, { ...mark, shape: "circle", size: 2.6 }, x, y, place);
    },
    points(group, mark, x, y, place) {
      const path = place.map((value, i) =>
        x.known(value) && y.known(mark.y[i]) ? `M${pair(held(x.at(value)), held(y.at(mark.y[i])))}${SHAPES[mark.shape](mark.size)}` : "");
      const hollow = mark.shape === "ring" || mark.shape === "cross";
      add(group, "path", { d: path.join(""), fill: hollow ? "none" : ink(mark.color), stroke: hollow ? ink(mark.color) : "var(--panel)",
        "stroke-width": hollow ? 2 : mark.size > 3 ? 0.8 : 0, "fill-opacity": mark.opacity || 1 });
    },
    bars(group, mark, x, y, place) {
      place.forEach((value, i) => {
        if (!y.known(mark.y[i])) return;
        const [left, right] = [x.at(value - mark.width / 2), x.at(value + mark.width / 2)];
        const [top, bottom] = [y.at(Math.max(mark.y[i], 0)), y.at(Math.min(mark.y[i], 0))];
        add(group, "rect", { x: left, y: top, width: Math.max(right - left - 1, 1), height: Math.max(bottom - top, 0), fill: ink(mark.color), "fill-opacity": mark.opacity || 1 });
      });
    },
    regions(group, mark, x, y) {
      const column = (i) => Math.round(x.from + (i * (x.to - x.from)) / mark.cells[0].length); // whole pixels: no seams
      const row = (j) => Math.round(y.from + (j * (y.to - y.from)) / mark.cells.length);
      const paths = Array(10).fill("");
      mark.cells.forEach((cells, j) => {
        for (let i = 0, end; i < cells.length; i = end) {
          for (end = i + 1; end < cells.length && cells[end] === cells[i]; end += 1);
          paths[cells[i]] += `M${column(i)} ${row(j)}H${column(end)}V${row(j + 1)}H${column(i)}z`;
        }
      });
      paths.forEach((d, i) => {
        const sure = Math.abs(i - 4.5) / 4.5;
        if (d) add(group, "path", { d, fill: ink(i < 5 ? mark.low : mark.high), "fill-opacity": (0.05 + 0.25 * sure).toFixed(2), "shape-rendering": "crispEdges" });
      });
    },
    rule(group, mark, x, y) {
      const ends = "x" in mark ? { x1: x.at(mark.x), x2: x.at(mark.x), y1: y.from, y2: y.to } : { y1: y.at(mark.y), y2: y.at(mark.y), x1: x.from, x2: x.to };
      add(group, "line", { ...ends, stroke: ink(mark.color), "stroke-width": 1.5, "stroke-dasharray": "5 4" });
    },
    text() {}, // written last, by writeNames
  };

  // Names stand beside the ends of lines, pushed apart where they would meet.
  function endsOf(figure, panel, state, x, y) {
    const ends = [];
    for (const mark of panel.marks.filter((one) => agrees(one.when, state))) {
      if (mark.kind === "rule" && "y" in mark && mark.label) ends.push({ mark, x: x.to, y: y.at(mark.y) });
      if (!mark.label || !["line", "points"].includes(mark.kind)) continue;
      const place = valuesOf(figure, mark);
      const last = place.findLastIndex((value, i) => x.inside(value) && y.inside(mark.y[i]));
      if (last >= 0) ends.push({ mark, x: x.at(place[last]), y: y.at(mark.y[last]) });
    }
    ends.sort((a, b) => a.y - b.y);
    ends.forEach((end, i) => { if (i) end.y = Math.max(end.y, ends[i - 1].y + LINE); });
    ends.reduceRight((floor, end) => (end.y = Math.min(end.y, floor)) - LINE, y.from);
    return ends;
  }

  function writeNames(svg, panel, state, ends, x, y) {
    const write = (at, down, anchor, mark, words) =>
      add(svg, "text", { x: at, y: down, "text-anchor": anchor, class: "name", style: `fill:${ink(mark.color)}` }, words);
    for (const { mark, x: end, y: down } of ends) {
      const fits = end + 7 + widthOf(mark.label, true) <= x.room;
      write(fits ? end + 7 : x.room, down + 4, fits ? "start" : "end", mark, mark.label);
    }
    let tops = 0;
    for (const mark of panel.marks.filter((one) => agrees(one.when, state))) {
      if (mark.kind === "text") write(x.at(mark.x), y.at(mark.y) + 4, mark.anchor || "start", mark, mark.text);
      if (mark.kind !== "rule" || !("x" in mark) || !mark.label) continue;
      const fits = x.at(mark.x) + 6 + widthOf(mark.label, true) <= x.room;
      write(x.at(mark.x) + (fits ? 5 : -5), y.to + 12 + LINE * tops, fits ? "start" : "end", mark, mark.label);
      tops += 1;
    }
  }

  // Where the axes stand in so much width; labels decide the margins.
  function frameOf(figure, panel, state, width) {
    const beside = (one) => one.label && "y" in one && one.kind !== "points" && agrees(one.when, state);
    const right = Math.max(14, ...panel.marks.filter(beside).map((one) => widthOf(one.label, true) + 14));
    const most = panel.equal && width < 500 ? 4 : Math.round(panel.height / 55);
    const left = 12 + Math.max(8, ...ticksOf(panel.y, most).map(([, name]) => widthOf(name)));
    const ratio = (panel.y.range[1] - panel.y.range[0]) / (panel.x.range[1] - panel.x.range[0]);
    const inner = panel.equal ? Math.min(width - left - right, 430 / ratio) : width - left - right;
    const tall = panel.equal ? inner * ratio : panel.height - 66;
    const x = { ...scaleOf(panel.x, left, left + inner), from: left, to: left + inner, room: Math.min(width, left + inner + right) };
    const y = { ...scaleOf(panel.y, 24 + tall, 24), from: 24 + tall, to: 24 };
    return { x, y, most, height: tall + 24 + 42 };
  }

  function drawAxes(svg, panel, { x, y, most }) {
    for (const [value, name] of ticksOf(panel.y, most)) {
      add(svg, "line", { x1: x.from, x2: x.to, y1: y.at(value), y2: y.at(value), class: "rule" });
      add(svg, "text", { x: x.from - 7, y: y.at(value) + 4, "text-anchor": "end" }, name);
    }
    const room = Math.max(46, 14 + Math.max(...ticksOf(panel.x, 10).map(([, name]) => widthOf(name))));
    for (const [value, name] of ticksOf(panel.x, Math.min(10, Math.floor((x.to - x.from) / room)))) {
      add(svg, "line", { x1: x.at(value), x2: x.at(value), y1: y.from, y2: y.to, class: "rule" });
      add(svg, "text", { x: x.at(value), y: y.from + 17, "text-anchor": "middle" }, name);
    }
    add(svg, "line", { x1: x.from, x2: x.to, y1: y.from, y2: y.from, class: "edge" });
    add(svg, "line", { x1: x.from, x2: x.from, y1: y.from, y2: y.to, class: "edge" });
    const titled = (axis) => axis.title + (axis.unit ? ` (${axis.unit})` : "") + (axis.log ? ", logarithmic" : "");
    add(svg, "text", { x: 0, y: 12 }, titled(panel.y));
    add(svg, "text", { x: (x.from + x.to) / 2, y: y.from + 37, "text-anchor": "middle" }, titled(panel.x));
  }

  function drawPanel(holder, figure, panel, state) {
    const width = holder.clientWidth;
    if (!width) return;
    const frame = frameOf(figure, panel, state, width);
    const { x, y, height } = frame;
    holder.replaceChildren();
    const svg = add(holder, "svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    drawAxes(svg, panel, frame);
    const clip = add(svg, "clipPath", { id: `clip-${(clips += 1)}` });
    add(clip, "rect", { x: x.from - 3, y: y.to - 3, width: x.to - x.from + 6, height: y.from - y.to + 6 });
    const group = add(svg, "g", { "clip-path": `url(#clip-${clips})` });
    const shown = panel.marks.filter((mark) => agrees(mark.when, state));
    for (const mark of shown) {
      const faint = !agrees(mark.strong, state);
      DRAW[mark.kind](add(group, "g", { opacity: faint ? 0.45 : 1 }), mark, x, y, valuesOf(figure, mark), faint);
    }
    writeNames(svg, panel, state, endsOf(figure, panel, state, x, y), x, y);
    readable(holder, svg, figure, panel, shown, frame);
  }

  // The pointer, a finger or the arrow keys read values.
  function readable(holder, svg, figure, panel, shown, { x, y }) {
    const marks = shown.filter((mark) => ["line", "points", "bars"].includes(mark.kind) && !mark.quiet);
    if (panel.read === "none" || !marks.length) return;
    const spots = marks.flatMap((mark) => valuesOf(figure, mark).map((value, i) => ({ mark, value, i })))
      .filter(({ mark, value, i }) => x.inside(value) && y.known(mark.y[i]))
      .map((spot) => ({ ...spot, left: x.at(spot.value), top: held(y.at(spot.mark.y[spot.i])) }));
    const tip = document.createElement("div");
    tip.className = "tip";
    const cursor = add(svg, "g");
    const hide = () => { tip.remove(); cursor.replaceChildren(); };
    const show = (near, read) => {
      cursor.replaceChildren();
      if (panel.read === "x") add(cursor, "line", { x1: near.left, x2: near.left, y1: y.from, y2: y.to, class: "here" });
      tip.replaceChildren(...[[null, `${panel.x.title} ${named(near.value, panel.x)}`], ...read.map((spot) => [spot.mark, spot.mark.name, named(spot.mark.y[spot.i], panel.y)])].map(row));
      read.forEach((spot) => add(cursor, "circle", { cx: spot.left, cy: spot.top, r: 4.5, fill: "none", stroke: ink("ink"), "stroke-width": 1.5 }));
      holder.append(tip);
      const right = near.left + 14 + tip.offsetWidth < holder.clientWidth;
      tip.style.left = `${Math.max(0, right ? near.left + 14 : near.left - 14 - tip.offsetWidth)}px`;
      tip.style.top = `${Math.max(0, Math.min(near.top - 20, y.from - tip.offsetHeight))}px`;
    };
    const nearest = (left, top) => {
      const far = (spot) => (panel.read === "x" ? Math.abs(spot.left - left) : Math.hypot(spot.left - left, spot.top - top));
      const closest = (list) => list.reduce((best, spot) => (best && far(best) <= far(spot) ? best : spot), null);
      const near = closest(spots);
      if (!near || (panel.read === "point" && far(near) > 40)) return hide();
      const read = panel.read === "point" ? [near] : marks.map((mark) => closest(spots.filter((spot) => spot.mark === mark))).filter((spot) => spot && Math.abs(spot.left - near.left) < 3);
      return show(near, read);
    };
    holder.onpointermove = holder.onpointerdown = (event) => {
      const box = svg.getBoundingClientRect();
      nearest(event.clientX - box.left, event.clientY - box.top);
    };
    holder.onpointerleave = holder.onblur = hide;
    let at = 0;
    const steps = [...new Set(spots.map((spot) => spot.left))].sort((a, b) => a - b);
    holder.onkeydown = (event) => {
      const move = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!move || !steps.length) return;
      event.preventDefault();
      at = Math.max(0, Math.min(steps.length - 1, at + move * Math.ceil(steps.length / 100)));
      nearest(steps[at], spots.find((spot) => spot.left === steps[at]).top);
    };
  }

  function row([mark, name, value = ""]) {
    const made = document.createElement("p");
    const swatch = document.createElement(mark ? "i" : "span");
    if (mark) swatch.style.background = ink(mark.color);
    made.append(swatch, ...[name, value].map((words) => Object.assign(document.createElement("span"), { textContent: words })));
    return made;
  }

  const drawings = [...document.querySelectorAll("[data-figure]")].map((element) => {
    const figure = figures[Number(element.dataset.figure)];
    const state = Object.fromEntries(figure.controls.map((control) => [control.name, control.start]));
    const says = element.querySelector(".says");
    const draw = () => element.querySelectorAll(".plot").forEach((holder, i) => drawPanel(holder, figure, figure.panels[i], state));
    element.addEventListener("input", ({ target }) => {
      const control = figure.controls.find((one) => one.name === target.dataset.control);
      state[control.name] = Number(target.value);
      target.setAttribute("aria-valuetext", control.choices[target.value]);
      if (target.type === "range") target.nextElementSibling.textContent = control.choices[target.value];
      if (says) says.textContent = figure.says[figure.controls.reduce((place, one) => place * one.choices.length + state[one.name], 0)];
      draw();
    });
    return draw;
  });
  const drawAll = () => drawings.forEach((draw) => draw());

  document.querySelectorAll("[data-copy]").forEach((button) => button.addEventListener("click", () => {
    getSelection().selectAllChildren(document.getElementById(button.dataset.copy));
    button.textContent = document.execCommand("copy") ? "Copied" : "Selected: press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 2500);
  }));

  const printing = (on) => () => { document.documentElement.classList.toggle("printing", on); drawAll(); };
  addEventListener("beforeprint", printing(true));
  addEventListener("afterprint", printing(false));
  let waiting;
  addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(drawAll, 120); });
  drawAll();
})();
