// Helpers of all panels: elements, whose texts are never read as HTML, and numbers as people read them.

export const byId = (id) => document.getElementById(id);

export function make(tag, attributes = {}, ...children) {
  const space = ["svg", "path", "circle", "polyline", "line"].includes(tag) ? "http://www.w3.org/2000/svg" : null;
  const element = space ? document.createElementNS(space, tag) : document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "style") Object.assign(element.style, value);
    else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

// A sentence with `code` between back quotes.
export function prose(text) {
  return String(text).split("`").map((part, i) => (i % 2 ? make("code", {}, part) : part));
}

export function show(element, text) {
  element.hidden = !text;
  element.replaceChildren(...prose(text || ""));
}

const minus = (text) => text.replace("-", "−");

export function percent(share) {
  if (share === null || share === undefined) return "–";
  if (share === 0) return "0 %";
  if (share === 1) return "100 %";
  const size = Number((100 * Math.abs(share)).toPrecision(2)); // as goodfit.wording.numbers.percent
  if (size < 1e-4) return share > 0 ? "< 0.0001 %" : "> −0.0001 %";
  if (share >= 0.9995 && share < 1) return share >= 0.99995 ? "> 99.99 %" : `${(100 * share).toFixed(2)} %`;
  const decimals = size >= 1000 ? 0 : Math.min(Math.max(1 - Math.floor(Math.log10(size)), 1), 6);
  return minus(`${(100 * share).toFixed(decimals)} %`);
}

export function number(value) {
  if (typeof value !== "number") return value === null || value === undefined ? "–" : String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e12) return minus(value.toLocaleString("en-US"));
  const size = Math.abs(value);
  return minus(size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(3))) : value.toExponential(1).replace("e+", "e"));
}

// Numbers that stand together, with as many decimals as the largest needs.
export function alike(values) {
  const most = Math.max(...values.map(Math.abs));
  const decimals = most ? Math.min(Math.max(2 - Math.floor(Math.log10(most)), 0), 12) : 2;
  return values.map((value) => minus(value.toFixed(decimals)));
}

// A value of the plan as people would type it.
export function plain(value) {
  if (Array.isArray(value)) return value.map(plain).join(", ");
  return typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value);
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.max(Math.round(seconds), 1)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
