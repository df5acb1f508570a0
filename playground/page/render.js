import { el, icon, spoken } from "./dom.js";
import { formatText, safeAddress, startCommand } from "./text.js";
import { clockTime, dayKey, dayName, fullTime, instant } from "./time.js";

const stars = (invoice) => invoice.currency === "XTR";

/** "250 ⭐", or "19.00 USD" for ordinary money. */
function price({ total_amount: amount, currency }) {
  if (currency === "XTR") return `${amount} ⭐`;
  const format = new Intl.NumberFormat(undefined, { style: "currency", currency });
  return format.format(amount / 10 ** format.resolvedOptions().maximumFractionDigits);
}

function size(bytes) {
  if (!bytes && bytes !== 0) return "";
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function fileCard(file) {
  const name = file.file_name || "file";
  const about = [size(file.file_size), file.mime_type].filter(Boolean).join(" · ");
  const words = el("span", { class: "card-words" }, el("span", { class: "card-title", dir: "auto", text: name }), el("span", { class: "card-about", text: about }));
  const href = file.url && safeAddress(file.url);
  if (!href) return el("div", { class: "card" }, icon("file"), words);
  return el("a", { class: "card", href, download: name, title: `Download ${name}` }, icon("download"), words);
}

function picture(photo) {
  const href = photo.url && safeAddress(photo.url);
  if (!href) return el("div", { class: "card" }, icon("file"), el("span", { text: "Photo" }));
  const image = el("img", { src: href, alt: "Photo", width: photo.width, height: photo.height, decoding: "async" });
  return el("a", { class: "picture", href, target: "_blank", rel: "noopener noreferrer", title: "Open the photo" }, image);
}

function player(tag, file) {
  const href = file.url && safeAddress(file.url);
  return href ? el(tag, { class: "player", src: href, controls: true, preload: "metadata" }) : fileCard({ file_name: tag, ...file });
}

function invoiceCard(message) {
  const { invoice } = message;
  return el(
    "div",
    { class: "invoice" },
    el("span", { class: "card-title", dir: "auto", text: invoice.title }),
    invoice.description && el("span", { class: "card-about", dir: "auto", text: invoice.description }),
    el("span", { class: "invoice-price", text: price(invoice) }),
  );
}

function media(message) {
  const parts = [];
  if (message.photo) parts.push(picture([message.photo].flat().at(-1)));
  if (message.animation) parts.push(message.animation.mime_type?.startsWith("image/") ? picture(message.animation) : player("video", message.animation));
  if (message.video) parts.push(player("video", message.video));
  if (message.voice) parts.push(player("audio", message.voice));
  if (message.audio) parts.push(player("audio", message.audio));
  if (message.document) parts.push(fileCard(message.document));
  if (message.invoice) parts.push(invoiceCard(message));
  if (message.contact) {
    const { phone_number: phone, first_name: name } = message.contact;
    parts.push(
      el("div", { class: "card" }, icon("phone"), el("span", { class: "card-words" }, el("span", { class: "card-title", text: name || "Contact" }), el("span", { class: "card-about", text: phone }))),
    );
  }
  if (message.location) parts.push(el("div", { class: "card" }, el("span", { text: `📍 ${message.location.latitude}, ${message.location.longitude}` })));
  return parts;
}

function inlineButton(message, button) {
  const pay = button.pay || (message.invoice && button.data === undefined && !button.url);
  if (pay) return el("button", { type: "button", class: "key", "data-pay": "", text: button.text });
  if (button.data !== undefined && button.data !== null) return el("button", { type: "button", class: "key", "data-tap": button.data, text: button.text });
  const command = button.url && startCommand(button.url);
  if (command) return el("button", { type: "button", class: "key", "data-send": command, title: button.url, text: button.text });
  const href = button.url && safeAddress(button.url);
  if (href) return el("a", { class: "key", href, target: "_blank", rel: "noopener noreferrer", title: button.url }, button.text, icon("external"), spoken(" (opens in a new tab)"));
  const copy = button.copy_text?.text ?? button.copy_text;
  if (copy) return el("button", { type: "button", class: "key", "data-copy": copy, text: button.text });
  return el("button", { type: "button", class: "key", disabled: true, title: "The playground cannot do what this button does", text: button.text });
}

function inlineKeyboard(message) {
  const rows = (message.buttons ?? []).filter((row) => row.length);
  const paid = message.paid || message.invoice?.paid;
  if (message.invoice && paid) return [el("div", { class: "keys" }, el("div", { class: "key-row" }, el("span", { class: "key done", text: "Paid ✓" })))];
  const hasPay = message.invoice && rows.flat().some((button) => button.pay || (button.data === undefined && !button.url));
  // an invoice without a keyboard of its own gets this button from Telegram
  const first = message.invoice && !hasPay && stars(message.invoice) ? [[{ text: `Pay ${price(message.invoice)}`, pay: true }]] : [];
  const all = [...first, ...rows];
  if (!all.length) return [];
  return [el("div", { class: "keys" }, ...all.map((row) => el("div", { class: "key-row" }, ...row.map((button) => inlineButton(message, button)))))];
}

function forwardedFrom(origin) {
  return origin.sender_user?.first_name ?? origin.sender_user_name ?? origin.chat?.title ?? origin.sender_chat?.title ?? "elsewhere";
}

const SERVICE = ["successful_payment", "refunded_payment"];

/** Fills `row` with one message: bubble, then the buttons under it. */
function drawMessage(row, message, personName) {
  if (SERVICE.some((kind) => message[kind])) {
    row.className = "day service";
    row.replaceChildren(el("span", { text: message.text }));
    return;
  }
  const isBot = message.from === "bot";
  const date = instant(message.date);
  const text = message.text ?? message.caption ?? "";
  const parts = media(message);
  const bubble = el("div", { class: "bubble" }, spoken(`${isBot ? "Bot" : personName}: `));
  if (message.forward_origin) bubble.append(el("div", { class: "note", dir: "auto", text: `Forwarded from ${forwardedFrom(message.forward_origin)}` }));
  bubble.append(...parts);
  const meta = el("span", { class: "meta" }, message.pinned && el("span", { text: "pinned " }), message.edited && el("span", { text: "edited " }), el("time", { datetime: date.toISOString(), title: fullTime(date), text: clockTime(date) }));
  if (text) {
    // the time shares the last line of the text where there is room
    bubble.append(el("div", { class: "text", dir: "auto" }, formatText(text, message.entities ?? message.caption_entities ?? []), meta));
  } else if (parts.length) {
    bubble.append(meta);
  } else {
    bubble.append(el("div", { class: "text" }, el("span", { class: "note", text: "A message of a kind this page cannot show" }), meta));
  }
  row.className = `message ${isBot ? "from-bot" : "from-person"}${parts.length ? " with-media" : ""}`;
  row.dataset.messageId = message.message_id;
  row.replaceChildren(bubble, ...inlineKeyboard(message));
}

/** The messages of one chat, kept in step with what the server says without redrawing what did not change. */
export class MessageList {
  constructor(list, personName) {
    this.list = list;
    this.personName = personName;
    this.rows = new Map();
    this.drawnOnce = false;
  }

  /** Returns how many messages of the bot are new since the last time. */
  update(messages, now) {
    const wanted = [];
    let day = null;
    for (const message of messages) {
      if (message.deleted) continue;
      const date = instant(message.date);
      if (dayKey(date) !== day) {
        day = dayKey(date);
        const words = dayName(date, now);
        wanted.push({ key: `day ${day}`, mark: words, draw: (row) => drawDay(row, words) });
      }
      wanted.push({
        key: `message ${message.message_id}`,
        mark: JSON.stringify(message),
        draw: (row) => drawMessage(row, message, this.personName),
        fromBot: message.from === "bot",
      });
    }
    const keys = new Set(wanted.map(({ key }) => key));
    for (const [key, { row }] of this.rows) {
      if (keys.has(key)) continue;
      row.remove();
      this.rows.delete(key);
    }
    const fresh = this.place(wanted);
    this.drawnOnce = true;
    return fresh;
  }

  place(wanted) {
    let fresh = 0;
    let next = this.list.firstElementChild;
    for (const { key, mark, draw, fromBot } of wanted) {
      let known = this.rows.get(key);
      if (!known) {
        known = { row: el("div"), mark: null };
        this.rows.set(key, known);
        if (fromBot) fresh += 1;
      }
      if (known.mark !== mark) {
        keepingFocus(known.row, () => draw(known.row));
        if (known.mark === null && this.drawnOnce) known.row.classList.add("fresh");
        known.mark = mark;
      }
      if (known.row === next) next = next.nextElementSibling;
      else this.list.insertBefore(known.row, next);
    }
    return fresh;
  }
}

function drawDay(row, words) {
  row.className = "day";
  row.replaceChildren(el("span", { text: words }));
}

const FOCUSABLE = "a[href], button, [tabindex]";

/** A bot that edits a message under somebody's keyboard must not throw them to the top of the page. */
function keepingFocus(row, redraw) {
  const before = row.contains(document.activeElement) ? [...row.querySelectorAll(FOCUSABLE)].indexOf(document.activeElement) : -1;
  redraw();
  if (before < 0) return;
  const after = row.querySelectorAll(FOCUSABLE);
  const target = after[Math.min(before, after.length - 1)] ?? row.closest('[role="log"]');
  target?.focus({ preventScroll: true });
}
