import { api } from "./api.js";
import { Composer } from "./composer.js";
import { el, icon, iconButton, toast, uniqueId } from "./dom.js";
import { MessageList } from "./render.js";
import { startCommand } from "./text.js";

const NEAR_BOTTOM = 48;

/** One person's chat with the bot. */
export class Column {
  constructor(person, { now, onClose, onUnread }) {
    this.person = person;
    this.now = now;
    this.onUnread = onUnread;
    this.pinned = true;
    this.visible = false;
    this.unread = 0;
    this.loading = null;
    this.again = false;
    this.sending = Promise.resolve();
    this.blocked = false;
    this.build(onClose);
    this.messages = new MessageList(this.list, person.first_name);
    this.follow();
  }

  build(onClose) {
    const { first_name: name } = this.person;
    const titleId = uniqueId("name");
    this.list = el("div", { class: "log-list" });
    this.empty = this.buildEmpty();
    this.log = el("div", { class: "log", role: "log", "aria-live": "polite", "aria-label": `Messages of ${name}`, tabindex: "0" }, this.empty, this.list);
    this.jump = el("button", { type: "button", class: "jump", hidden: true, onclick: () => this.toBottom() }, icon("down"), el("span", { text: "New messages" }));
    this.toasts = el("div", { class: "column-toasts", role: "status", "aria-live": "polite" });
    this.composer = new Composer(this.person, { send: (body) => this.send(body), unblock: () => this.setBlocked(false) });
    this.linkForm = this.buildLink({ hidden: true, class: "deep-link-bar" });
    this.linkButton = iconButton("link", `Open a deep link as ${name}`, { "aria-expanded": "false", onclick: () => this.toggleLink() });
    this.blockButton = iconButton("block", "", { onclick: () => this.setBlocked(!this.blocked) });
    this.about = el("span", { class: "person-about" });
    this.element = el(
      "section",
      { class: "column", id: `chat-${this.person.id}`, "aria-labelledby": titleId, hidden: true },
      el(
        "header",
        { class: "column-head" },
        avatar(this.person),
        el("div", { class: "person-words" }, el("h2", { id: titleId, dir: "auto", text: name }), this.about),
        this.linkButton,
        this.blockButton,
        iconButton("close", `Close the chat of ${name}`, { class: "column-close", onclick: onClose }),
      ),
      this.linkForm,
      el("div", { class: "log-frame" }, this.log, this.jump, this.toasts),
      this.composer.element,
    );
    this.showBlocked();
    this.log.addEventListener("click", (event) => this.clicked(event));
    this.log.addEventListener("keydown", (event) => {
      const spoiler = event.target.closest(".spoiler");
      if (!spoiler || (event.key !== "Enter" && event.key !== " ")) return;
      event.preventDefault();
      reveal(spoiler);
    });
    this.element.addEventListener("dragover", (event) => event.preventDefault());
    this.element.addEventListener("drop", (event) => {
      event.preventDefault();
      this.composer.attach(event.dataTransfer.files[0]);
    });
  }

  buildEmpty() {
    const { first_name: name } = this.person;
    return el(
      "div",
      { class: "empty", hidden: true },
      el("p", { class: "empty-title", text: `${name} has not met the bot yet` }),
      el("p", { class: "hint", text: this.person.username === "creator" ? "The creator begins with a plain /start." : "People usually arrive by a link that names where they come from." }),
      this.buildLink({ class: "deep-link-card" }),
      el("button", { type: "button", class: "link", "data-send": "/start", text: "or send a plain /start" }),
    );
  }

  buildLink(props) {
    const id = uniqueId("payload");
    // the creator is nobody's lead: a plain /start is what they begin with
    const payload = this.person.username === "creator" ? "" : "ad42";
    const input = el("input", { id, value: payload, placeholder: "nothing", maxlength: "64", pattern: "[A-Za-z0-9_\\-]*", title: "Letters, digits, _ and -", autocomplete: "off", autocapitalize: "none", spellcheck: "false" });
    const submit = (event) => {
      event.preventDefault();
      this.send({ text: `/start ${input.value}`.trim() });
      if (event.target === this.linkForm) this.toggleLink(false);
    };
    return el(
      "form",
      { ...props, onsubmit: submit, onkeydown: (event) => event.key === "Escape" && event.currentTarget === this.linkForm && this.toggleLink(false) },
      el("label", { for: id, text: "Deep link" }),
      el("div", { class: "deep-link-row" }, el("span", { class: "deep-link-prefix", "aria-hidden": "true", text: "?start=" }), input, el("button", { class: "button primary", text: "Open deep link" })),
    );
  }

  toggleLink(open = this.linkForm.hidden) {
    this.linkForm.hidden = !open;
    this.linkButton.setAttribute("aria-expanded", String(open));
    if (open) this.linkForm.querySelector("input").select();
    else this.composer.input.focus();
  }

  clicked(event) {
    const control = event.target.closest("[data-tap], [data-send], [data-pay], [data-copy], .spoiler");
    if (!control) return;
    const { tap, send, pay, copy } = control.dataset;
    const messageId = Number(control.closest(".message")?.dataset.messageId);
    if (tap !== undefined) this.busy(control, () => this.tap(messageId, tap));
    else if (pay !== undefined) this.busy(control, () => this.pay(messageId));
    else if (send !== undefined) this.send({ text: send });
    else if (copy !== undefined) this.copy(copy);
    else reveal(control);
  }

  async busy(control, act) {
    if (control.getAttribute("aria-busy") === "true") return;
    control.setAttribute("aria-busy", "true");
    try {
      await act();
    } catch (error) {
      this.say(error.message, "error");
    } finally {
      control.removeAttribute("aria-busy");
    }
    this.load();
  }

  async tap(messageId, data) {
    const { answer, show_alert: alert, url } = await api.tap(this.person.id, messageId, data);
    if (answer) this.say(answer, alert ? "alert" : "plain");
    const command = url && startCommand(url);
    if (command) this.send({ text: command });
  }

  async pay(messageId) {
    const { ok, error } = await api.payStars(this.person.id, messageId);
    if (!ok) this.say(error || "The payment did not go through.", "error");
  }

  async copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      this.say("Copied.");
    } catch {
      this.say(`The browser does not allow copying. The text is: ${text}`);
    }
  }

  say(text, kind) {
    toast(this.toasts, text, kind);
  }

  /** Sends a message, after those before it; false when it was refused. `body` may be a function that makes it. */
  send(body) {
    const result = this.sending.then(async () => {
      try {
        await api.send(this.person.id, typeof body === "function" ? await body() : body);
        this.pinned = true;
        await this.load();
        this.toBottom();
        return true;
      } catch (error) {
        this.say(error.message, "error");
        return false;
      }
    });
    this.sending = result;
    return result;
  }

  async setBlocked(blocked) {
    try {
      await api.setBlocked(this.person.id, blocked);
    } catch (error) {
      this.say(error.message, "error");
    }
    await this.load();
  }

  /** Brings the chat up to date; calls that come meanwhile are answered by one more look. */
  load() {
    if (this.loading) {
      this.again = true;
      return this.loading;
    }
    this.loading = this.fetch().finally(() => {
      this.loading = null;
    });
    return this.loading;
  }

  async fetch() {
    do {
      this.again = false;
      try {
        this.show(await api.chat(this.person.id));
      } catch (error) {
        this.say(error.message, "error");
      }
    } while (this.again);
  }

  show(chat) {
    const first = !this.messages.drawnOnce;
    const fresh = this.messages.update(chat.messages, this.now());
    this.empty.hidden = this.list.childElementCount > 0;
    this.composer.update(chat);
    if (this.blocked !== Boolean(chat.blocked)) {
      this.blocked = Boolean(chat.blocked);
      this.showBlocked();
    }
    if (this.pinned) this.toBottom();
    else if (fresh) this.jump.hidden = false;
    if (!first && fresh && !this.visible) {
      this.unread += fresh;
      this.onUnread(this.unread);
    }
  }

  showBlocked() {
    const { first_name: name, username } = this.person;
    const words = this.blocked ? `Unblock the bot for ${name}` : `Block the bot as ${name}`;
    this.blockButton.title = words;
    this.blockButton.setAttribute("aria-label", words);
    this.blockButton.setAttribute("aria-pressed", String(this.blocked));
    const who = username ? `@${username}` : `id ${this.person.id}`;
    this.about.textContent = this.blocked ? `${who} · has blocked the bot` : who;
  }

  setVisible(visible) {
    if (visible === this.visible) return;
    // an element that is not shown forgets where it was scrolled to
    if (!visible) this.scrolledTo = this.log.scrollTop;
    this.visible = visible;
    this.element.hidden = !visible;
    if (!visible) return;
    this.unread = 0;
    this.onUnread(0);
    if (this.pinned) this.toBottom();
    else this.log.scrollTop = this.scrolledTo;
  }

  /** Stays at the newest message while the reader is there, whatever grows: pictures, keyboards, the window. */
  follow() {
    this.log.addEventListener("scroll", () => {
      if (!this.visible) return;
      this.pinned = this.log.scrollHeight - this.log.scrollTop - this.log.clientHeight < NEAR_BOTTOM;
      if (this.pinned) this.jump.hidden = true;
    });
    const watcher = new ResizeObserver(() => this.visible && this.pinned && this.toBottom());
    watcher.observe(this.log);
    watcher.observe(this.list);
  }

  toBottom() {
    this.pinned = true;
    this.jump.hidden = true;
    this.log.scrollTop = this.log.scrollHeight;
  }
}

function reveal(spoiler) {
  spoiler.classList.add("shown");
  for (const name of ["role", "tabindex", "aria-label"]) spoiler.removeAttribute(name);
}

export function avatar({ id, first_name: name }) {
  return el("span", { class: `avatar tint-${Math.abs(Number(id)) % 6}`, "aria-hidden": "true", text: [...name][0]?.toUpperCase() ?? "?" });
}
