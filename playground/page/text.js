import { el } from "./dom.js";

const WRAPPERS = {
  bold: () => el("strong"),
  italic: () => el("em"),
  underline: () => el("u"),
  strikethrough: () => el("s"),
  code: () => el("code"),
  blockquote: () => el("blockquote"),
  expandable_blockquote: () => el("blockquote"),
  hashtag: () => el("span", { class: "tag" }),
  cashtag: () => el("span", { class: "tag" }),
  mention: () => el("span", { class: "tag" }),
  text_mention: () => el("span", { class: "tag" }),
};

const COMMAND = /(?<![\w/<.@])\/[a-z][a-z0-9_]{0,31}(?:@\w+)?(?![\w/])/gi;
const LINK = /\bhttps?:\/\/[^\s<>"]*[^\s<>".,;:!?)\]'»]|\bt\.me\/[^\s<>"]*[^\s<>".,;:!?)\]'»]/gi;
const SELF_CONTAINED = new Set(["url", "text_link", "email", "phone_number", "bot_command", "code", "pre", "mention"]);

/** The `/start …` that opening a t.me deep link amounts to, or null when it is another kind of address. */
export function startCommand(address) {
  const url = parse(address);
  if (!url) return null;
  const isShort = /^(www\.)?(t|telegram)\.me$/.test(url.hostname) && /^\/\w+\/?$/.test(url.pathname);
  const isApp = url.protocol === "tg:" && (url.hostname || url.pathname.replace(/\//g, "")) === "resolve";
  if (!isShort && !isApp) return null;
  const payload = url.searchParams.get("start");
  return payload ? `/start ${payload}` : url.searchParams.has("start") || isShort ? "/start" : null;
}

/** An address that may stand in a link, or null; one of this very machine is opened by the name in use. */
export function safeAddress(address) {
  const url = parse(address);
  if (!url || !["http:", "https:", "mailto:", "tel:", "tg:"].includes(url.protocol)) return null;
  const loopback = ["127.0.0.1", "localhost", "[::1]"];
  const here = globalThis.location;
  if (here && url.port === here.port && loopback.includes(url.hostname) && loopback.includes(here.hostname)) {
    return url.pathname + url.search + url.hash;
  }
  return url.href;
}

function parse(address) {
  try {
    if (/^[a-z][a-z0-9+.-]*:/i.test(address)) return new URL(address);
    return address.startsWith("/") ? new URL(address, location.origin) : new URL(`https://${address}`);
  } catch {
    return null;
  }
}

/** `text` with its entities as nodes. Offsets are UTF-16 code units, which is what JavaScript counts in. */
export function formatText(text, entities = []) {
  const all = [...entities, ...detect(text, entities)]
    .filter((entity) => entity.length > 0 && entity.offset >= 0)
    .map((entity) => ({ ...entity, end: Math.min(entity.offset + entity.length, text.length) }))
    .sort(inOrder);
  const fragment = document.createDocumentFragment();
  fill(fragment, text, 0, text.length, all);
  return fragment;
}

/** Commands and links that nobody marked: Telegram marks them by itself. */
function detect(text, entities) {
  const taken = entities.filter((entity) => SELF_CONTAINED.has(entity.type));
  const found = [];
  for (const [type, pattern] of [["url", LINK], ["bot_command", COMMAND]]) {
    for (const match of text.matchAll(pattern)) {
      const entity = { type, offset: match.index, length: match[0].length };
      const end = entity.offset + entity.length;
      const overlaps = [...taken, ...found].some((other) => other.offset < end && entity.offset < other.offset + other.length);
      if (!overlaps) found.push(entity);
    }
  }
  return found;
}

/** Puts text[from, to) into `parent`; `entities` begin in there and are in order. */
function fill(parent, text, from, to, entities) {
  let at = from;
  let rest = entities;
  while (rest.length && rest[0].offset < to) {
    const [entity, ...others] = rest;
    const end = Math.min(entity.end, to);
    const inside = others.filter((other) => other.offset < end);
    // one that sticks out of this one goes on after it
    const beyond = inside.filter((other) => other.end > end).map((other) => ({ ...other, offset: end }));
    rest = [...beyond, ...others.filter((other) => other.offset >= end)].sort(inOrder);
    if (entity.offset > at) parent.append(text.slice(at, entity.offset));
    parent.append(wrap(entity, text, entity.offset, end, inside));
    at = end;
  }
  if (at < to) parent.append(text.slice(at, to));
}

const inOrder = (a, b) => a.offset - b.offset || b.end - a.end;

function wrap(entity, text, from, to, inside) {
  const words = text.slice(from, to);
  let node;
  switch (entity.type) {
    case "pre":
      node = el("pre", { "data-language": entity.language });
      break;
    case "url":
      node = link(words);
      break;
    case "text_link":
      node = link(entity.url ?? "");
      break;
    case "email":
      node = link(`mailto:${words}`);
      break;
    case "phone_number":
      node = link(`tel:${words.replace(/[^+\d]/g, "")}`);
      break;
    case "bot_command":
      node = el("button", { type: "button", class: "link", "data-send": words });
      break;
    case "spoiler": {
      const hidden = el("span");
      fill(hidden, text, from, to, inside);
      return el("span", { class: "spoiler", role: "button", tabindex: "0", "aria-label": "Hidden text: show it" }, hidden);
    }
    default:
      node = WRAPPERS[entity.type]?.() ?? el("span");
  }
  fill(node, text, from, to, inside);
  return node;
}

function link(address) {
  const command = startCommand(address);
  if (command) return el("button", { type: "button", class: "link", "data-send": command, title: address });
  const href = safeAddress(address);
  return href ? el("a", { href, target: "_blank", rel: "noopener noreferrer" }) : el("span");
}
