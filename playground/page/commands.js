import { el, uniqueId } from "./dom.js";

/** The bot's commands above the text input: opened by its button or by typing a slash, led by the arrow keys. */
export class CommandMenu {
  constructor({ send, complete }) {
    this.send = send;
    this.complete = complete;
    this.commands = [];
    this.active = -1;
    this.element = el("div", { class: "command-menu", id: uniqueId("commands"), role: "listbox", "aria-label": "Commands", hidden: true });
  }

  /** Makes `input` the one that keeps the keyboard while the menu is open. */
  attach(input, button) {
    this.input = input;
    this.button = button;
    input.setAttribute("role", "combobox");
    input.setAttribute("aria-autocomplete", "list");
    for (const control of [input, button]) control.setAttribute("aria-controls", this.element.id);
    input.addEventListener("blur", (event) => event.relatedTarget !== button && this.hide());
    this.setOpen(false);
  }

  toggle() {
    if (!this.element.hidden) {
      this.hide();
    } else {
      this.show("");
      this.input.focus();
      this.choose(0);
    }
  }

  show(prefix) {
    const matching = this.commands.filter(({ command }) => command.startsWith(prefix));
    this.element.replaceChildren(...matching.map((command) => this.option(command)));
    this.setOpen(matching.length > 0);
    this.choose(-1);
  }

  hide() {
    this.setOpen(false);
    this.choose(-1);
  }

  /** True when the key was meant for the menu. */
  pressed(event) {
    if (this.element.hidden) return false;
    const chosen = this.element.children[this.active];
    if (event.key === "ArrowDown") this.choose(this.active + 1);
    else if (event.key === "ArrowUp") this.choose(this.active < 0 ? this.element.children.length - 1 : this.active - 1);
    else if (event.key === "Escape") this.hide();
    else if (event.key === "Tab" && !event.shiftKey && chosen) this.complete(chosen.dataset.command);
    else if (event.key === "Enter" && !event.shiftKey && chosen) this.send(chosen.dataset.command);
    else return false;
    return true;
  }

  option({ command, description }) {
    const words = `/${command}`;
    return el(
      "div",
      {
        class: "command",
        role: "option",
        id: uniqueId("command"),
        "data-command": words,
        // keeps the focus, and with it the keyboard, in the input
        onmousedown: (event) => event.preventDefault(),
        onclick: () => this.send(words),
      },
      el("span", { class: "command-name", text: words }),
      el("span", { class: "command-about", dir: "auto", text: description }),
    );
  }

  setOpen(open) {
    this.element.hidden = !open;
    for (const control of [this.input, this.button]) control.setAttribute("aria-expanded", String(open));
  }

  choose(index) {
    const options = [...this.element.children];
    this.active = index < 0 || !options.length ? -1 : index % options.length;
    for (const [at, option] of options.entries()) option.setAttribute("aria-selected", String(at === this.active));
    const option = options[this.active];
    if (option) this.input.setAttribute("aria-activedescendant", option.id);
    else this.input.removeAttribute("aria-activedescendant");
    option?.scrollIntoView({ block: "nearest" });
  }
}
