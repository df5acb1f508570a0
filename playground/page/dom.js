const SVG = "http://www.w3.org/2000/svg";

const ICONS = {
  attach: "M21 11.5 12.6 20a5.5 5.5 0 0 1-7.8-7.8l8.5-8.5a3.7 3.7 0 0 1 5.2 5.2l-8.5 8.5a1.8 1.8 0 0 1-2.6-2.6l7.8-7.8",
  block: "M5.6 5.6l12.8 12.8M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0z",
  close: "M6 6l12 12M18 6 6 18",
  commands: "M14.5 5l-5 14",
  down: "M6 9l6 6 6-6",
  download: "M12 4v11m-5-4.5 5 5 5-5M5 20h14",
  external: "M14 5h5v5m0-5-8.5 8.5M17 14v4.5H5.5V7H10",
  file: "M13 3H7a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h10a2 2 0 0 0 2-2V9zm0 0v6h6",
  link: "M10 14a4 4 0 0 0 5.7 0l3-3A4 4 0 0 0 13 5.3l-1 1M14 10a4 4 0 0 0-5.7 0l-3 3A4 4 0 0 0 11 18.7l1-1",
  phone: "M5 4h4l2 5-2.5 1.5a11 11 0 0 0 5 5L15 13l5 2v4a2 2 0 0 1-2 2A16 16 0 0 1 3 6a2 2 0 0 1 2-2z",
  send: "M4 12 20 4l-4.5 16-4-6.5zm7.5 1.5L20 4",
};

/** An element with properties, `data-…`, `aria-…` and handlers (`onclick`), and its children in order. */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name === "text") node.textContent = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

/** A decorative line drawing; the control around it carries the words. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

export function iconButton(name, label, props = {}) {
  const { class: extra = "", ...rest } = props;
  return el("button", { type: "button", class: `icon-button ${extra}`, "aria-label": label, title: label, ...rest }, icon(name));
}

/** Words for a screen reader only. */
export function spoken(text) {
  return el("span", { class: "sr-only", text });
}

let lastId = 0;

export function uniqueId(prefix) {
  lastId += 1;
  return `${prefix}-${lastId}`;
}

/** Shows words for a moment, in the given live region. */
export function toast(region, text, kind = "plain") {
  const node = el("p", { class: `toast ${kind}`, text });
  region.append(node);
  while (region.children.length > 3) region.firstElementChild.remove();
  // Longer words stay longer; an error stays long enough to be acted on.
  const stay = Math.min(12000, (kind === "plain" ? 2800 : 5000) + text.length * 40);
  setTimeout(() => node.remove(), stay);
}

/** What the browser remembers of the page's own settings; a browser that forbids it just forgets. */
export const memory = {
  get(key, fallback) {
    try {
      return JSON.parse(localStorage.getItem(`spark-playground:${key}`)) ?? fallback;
    } catch {
      return fallback;
    }
  },
  set(key, value) {
    try {
      localStorage.setItem(`spark-playground:${key}`, JSON.stringify(value));
    } catch {
      // private windows may refuse; nothing depends on it
    }
  },
};
