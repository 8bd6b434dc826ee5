// Helpers of all panels: elements, whose texts are never read as HTML.

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

