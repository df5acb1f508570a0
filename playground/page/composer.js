import { CommandMenu } from "./commands.js";
import { el, icon, iconButton, uniqueId } from "./dom.js";

const SENT_AS = { photo: "Photo", video: "Video", voice: "Voice message", document: "File" };

function kindsFor(file) {
  const kind = { image: "photo", video: "video", audio: "voice" }[file.type.split("/")[0]];
  return kind && file.type !== "image/svg+xml" ? [kind, "document"] : ["document"];
}

function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(new Error(`${file.name} could not be read.`));
    reader.readAsDataURL(file);
  });
}

/** A number of this person's own, the same each time. */
function phoneOf(person) {
  if (person.phone_number) return person.phone_number;
  const tail = String((Math.abs(Number(person.id)) * 7919) % 10000).padStart(4, "0");
  return `+49 151 2345${tail}`;
}

/** Everything under the messages: reply keyboard, contact form, attachment, command menu, text input. */
export class Composer {
  constructor(person, { send, unblock }) {
    this.person = person;
    this.send = send;
    this.keyboardMark = "";
    this.file = null;
    this.menu = new CommandMenu({
      send: (command) => {
        this.setText("");
        send({ text: command });
      },
      complete: (command) => this.setText(`${command} `),
    });
    this.buildContact();
    this.buildTray();
    this.keyboard = el("div", { class: "reply-keyboard", role: "group", "aria-label": "Suggested answers", hidden: true });
    this.blockedBar = el(
      "div",
      { class: "blocked-bar", hidden: true },
      el("span", { text: `${person.first_name} has blocked the bot.` }),
      el("button", { type: "button", class: "button", text: "Unblock", onclick: unblock }),
    );
    this.buildForm();
    this.element = el("div", { class: "composer" }, this.menu.element, this.contact, this.tray, this.form, this.keyboard, this.blockedBar);
  }

  buildForm() {
    const inputId = uniqueId("text");
    this.input = el("textarea", {
      id: inputId,
      rows: "1",
      maxlength: "4096",
      placeholder: "Message",
      enterkeyhint: "send",
      autocomplete: "off",
      dir: "auto",
      oninput: () => this.typed(),
      onkeydown: (event) => this.pressed(event),
      onpaste: (event) => {
        const [file] = event.clipboardData?.files ?? [];
        if (file) this.attach(file);
      },
    });
    this.menuButton = iconButton("commands", `Commands of the bot, for ${this.person.first_name}`, { onclick: () => this.menu.toggle() });
    this.menu.attach(this.input, this.menuButton);
    this.picker = el("input", { type: "file", class: "sr-only", tabindex: "-1", "aria-hidden": "true", onchange: () => this.attach(this.picker.files[0]) });
    this.form = el(
      "form",
      { class: "composer-form", onsubmit: (event) => this.submit(event) },
      this.menuButton,
      iconButton("attach", `Attach a file as ${this.person.first_name}`, { onclick: () => this.picker.click() }),
      this.picker,
      el("label", { class: "sr-only", for: inputId, text: `Message to the bot as ${this.person.first_name}` }),
      this.input,
      el("button", { class: "icon-button send", "aria-label": `Send as ${this.person.first_name}`, title: "Send (Enter)" }, icon("send")),
    );
  }

  buildContact() {
    const id = uniqueId("phone");
    this.phone = el("input", { id, type: "tel", required: true, autocomplete: "off", value: phoneOf(this.person), pattern: "[+]?[0-9 \\(\\)\\-]{5,24}", title: "A phone number, such as +49 151 23456789" });
    this.contact = el(
      "form",
      {
        class: "tray",
        hidden: true,
        onsubmit: (event) => {
          event.preventDefault();
          this.contact.hidden = true;
          this.input.focus();
          this.send({ contact: { phone_number: this.phone.value.replace(/[^+\d]/g, "") } });
        },
        onkeydown: (event) => event.key === "Escape" && this.close(this.contact),
      },
      el("label", { for: id, text: "Share this phone number with the bot" }),
      el("div", { class: "tray-row" }, this.phone, el("button", { class: "button primary", text: "Share" }), el("button", { type: "button", class: "button", text: "Cancel", onclick: () => this.close(this.contact) })),
    );
  }

  buildTray() {
    this.trayName = el("span", { class: "tray-name", dir: "auto" });
    this.sendAs = el("select", { "aria-label": "Send as" });
    this.tray = el(
      "form",
      { class: "tray", hidden: true, onsubmit: (event) => this.submitFile(event), onkeydown: (event) => event.key === "Escape" && this.close(this.tray) },
      el("div", { class: "tray-row" }, this.trayName, this.sendAs, el("button", { class: "button primary", text: "Send" }), el("button", { type: "button", class: "button", text: "Cancel", onclick: () => this.close(this.tray) })),
    );
  }

  /** Takes on what the server says about this chat. */
  update({ keyboard, keyboard_placeholder: placeholder, commands, blocked }) {
    this.input.placeholder = placeholder || "Message";
    this.menu.commands = commands ?? [];
    this.menuButton.hidden = !this.menu.commands.length;
    this.blockedBar.hidden = !blocked;
    this.form.hidden = blocked;
    const rows = blocked ? [] : (keyboard ?? []);
    const mark = JSON.stringify(rows);
    if (mark === this.keyboardMark) return;
    this.keyboardMark = mark;
    const hadFocus = this.keyboard.contains(document.activeElement);
    this.keyboard.replaceChildren(...rows.map((row) => el("div", { class: "key-row" }, ...row.map((button) => this.replyKey(button)))));
    this.keyboard.hidden = !rows.length;
    if (hadFocus) this.input.focus();
    const asksContact = rows.flat().some((button) => button.request_contact);
    if (!asksContact) this.contact.hidden = true;
  }

  replyKey(button) {
    const words = typeof button === "string" ? button : button.text;
    const props = { type: "button", class: "key", dir: "auto", text: words };
    if (button.request_contact) return el("button", { ...props, onclick: () => this.open(this.contact, this.phone) });
    if (button.request_location) return el("button", { ...props, onclick: () => this.send({ location: { latitude: 52.52, longitude: 13.405 } }) });
    return el("button", { ...props, onclick: () => this.send({ text: words }) });
  }

  open(tray, focus) {
    tray.hidden = false;
    focus.focus();
    focus.select?.();
  }

  close(tray) {
    tray.hidden = true;
    this.input.focus();
  }

  attach(file) {
    this.picker.value = "";
    if (!file) return;
    this.file = file;
    this.trayName.textContent = file.name;
    const kinds = kindsFor(file);
    this.sendAs.replaceChildren(...kinds.map((kind) => el("option", { value: kind, text: SENT_AS[kind] })));
    this.sendAs.hidden = kinds.length === 1;
    this.open(this.tray, this.tray.querySelector(".primary"));
  }

  async submitFile(event) {
    event.preventDefault();
    const { file } = this;
    const kind = this.sendAs.value;
    this.close(this.tray);
    const caption = this.input.value.trim();
    this.setText("");
    // read only now, within the send, so that a file that went away is told like any refusal
    await this.send(async () => {
      const content = { content_base64: await base64(file) };
      if (kind !== "photo") Object.assign(content, { file_name: file.name, mime_type: file.type || "application/octet-stream" });
      return caption ? { [kind]: content, caption } : { [kind]: content };
    });
  }

  async submit(event) {
    event?.preventDefault();
    const text = this.input.value.trim();
    if (!text) return;
    this.setText("");
    const sent = await this.send({ text });
    if (!sent && !this.input.value) this.setText(text);
  }

  setText(text) {
    this.input.value = text;
    this.typed();
  }

  typed() {
    this.input.style.height = "auto";
    if (this.input.value) this.input.style.height = `${Math.min(this.input.scrollHeight + 2, 160)}px`;
    const match = /^\/(\w*)$/.exec(this.input.value);
    if (match) this.menu.show(match[1].toLowerCase());
    else this.menu.hide();
  }

  pressed(event) {
    if (event.isComposing) return;
    if (this.menu.pressed(event)) {
      event.preventDefault();
    } else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.submit();
    }
  }
}
