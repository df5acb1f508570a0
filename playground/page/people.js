import { api } from "./api.js";
import { avatar, Column } from "./column.js";
import { el, memory, spoken } from "./dom.js";

const NARROW = matchMedia("(max-width: 699px)");

/** Who there is and whose chat is shown: side by side in a wide window, one at a time under tabs in a narrow one. */
export class People {
  constructor({ strip, columns, nobody, now }) {
    this.strip = strip;
    this.columnsElement = columns;
    this.nobody = nobody;
    this.now = now;
    this.people = new Map();
    this.columns = new Map();
    this.chips = new Map();
    this.shown = null;
    this.current = null;
    NARROW.addEventListener("change", () => this.layout());
    strip.addEventListener("keydown", (event) => this.arrow(event));
  }

  /** The creator of the example, and somebody who is not: the two the tour is about. */
  get creator() {
    return [...this.people.values()].find(({ username }) => username === "creator") ?? null;
  }

  get lead() {
    return [...this.people.values()].find(({ username }) => username !== "creator") ?? null;
  }

  async load() {
    const found = await api.people();
    if (!this.people.size) leadFirst(found);
    for (const person of found) {
      if (this.people.has(person.id)) continue;
      this.people.set(person.id, person);
      this.addChip(person);
    }
    if (this.shown === null) this.chooseFirst();
    this.layout();
  }

  chooseFirst() {
    const kept = memory.get("shown", []).filter((id) => this.people.has(id));
    const usual = [this.lead, this.creator].filter(Boolean).map(({ id }) => id);
    this.shown = new Set(kept.length ? kept : usual);
    const current = memory.get("current", null);
    this.current = this.people.has(current) ? current : ([...this.shown][0] ?? null);
  }

  async add(body) {
    const { id } = await api.addPerson(body);
    await this.load();
    this.open(id);
    return id;
  }

  focus(id) {
    this.columns.get(id)?.composer.input.focus();
  }

  addChip(person) {
    const dot = el("span", { class: "unread", hidden: true });
    const chip = el("button", { type: "button", class: "chip", id: `tab-${person.id}`, onclick: () => this.pick(person.id) }, avatar(person), el("span", { class: "chip-name", dir: "auto", text: person.first_name }), dot);
    this.chips.set(person.id, { chip, dot });
    this.strip.append(chip);
  }

  pick(id) {
    if (NARROW.matches || !this.shown.has(id)) this.open(id);
    else this.close(id);
  }

  open(id) {
    this.shown.add(id);
    this.current = id;
    this.layout();
    for (const node of [this.columns.get(id)?.element, this.chips.get(id)?.chip]) node?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }

  close(id) {
    this.shown.delete(id);
    if (this.current === id) this.current = [...this.shown][0] ?? id;
    this.layout();
    this.chips.get(id).chip.focus();
  }

  layout() {
    const narrow = NARROW.matches;
    this.strip.setAttribute("role", narrow ? "tablist" : "group");
    for (const [id, { chip }] of this.chips) {
      const visible = narrow ? id === this.current : this.shown.has(id);
      if (visible) this.columnOf(id);
      const column = this.columns.get(id);
      column?.setVisible(visible);
      const name = this.people.get(id).first_name;
      if (narrow) {
        setAttributes(chip, { role: "tab", "aria-selected": visible, "aria-controls": column && `chat-${id}`, tabindex: visible ? 0 : -1, "aria-pressed": null, title: null });
        setAttributes(column?.element, { role: "tabpanel" });
      } else {
        setAttributes(chip, { role: null, "aria-selected": null, "aria-controls": null, tabindex: null, "aria-pressed": visible, title: `${visible ? "Hide" : "Show"} the chat of ${name}` });
        setAttributes(column?.element, { role: null });
      }
    }
    this.nobody.textContent = this.people.size ? "Nobody is shown. Choose a person above." : "Nobody is here yet. Add a person above.";
    this.nobody.hidden = [...this.columns.values()].some(({ visible }) => visible);
    memory.set("shown", [...this.shown]);
    memory.set("current", this.current);
  }

  /** A chat is made when it is first shown: there may be hundreds of people. */
  columnOf(id) {
    let column = this.columns.get(id);
    if (!column) {
      column = new Column(this.people.get(id), { now: this.now, onClose: () => this.close(id), onUnread: (count) => this.mark(id, count) });
      this.columns.set(id, column);
      const order = [...this.people.keys()];
      const after = [...this.columns.keys()].filter((other) => order.indexOf(other) > order.indexOf(id)).sort((a, b) => order.indexOf(a) - order.indexOf(b))[0];
      this.columnsElement.insertBefore(column.element, after === undefined ? null : this.columns.get(after).element);
      column.load();
    }
    return column;
  }

  mark(id, count) {
    const { dot } = this.chips.get(id);
    dot.hidden = !count;
    dot.replaceChildren(count > 99 ? "99+" : String(count), spoken(" unread"));
  }

  /** Something happened in the chats of these people. */
  changed(ids, everyone) {
    // groups have negative ids, and no column
    if (ids.some((id) => id > 0 && !this.people.has(id))) this.load().catch(() => {});
    for (const [id, column] of this.columns) if (ids.includes(id) || (everyone && column.visible)) column.load();
  }

  async reloadAll() {
    for (const column of this.columns.values()) column.load();
    await this.load();
  }

  arrow(event) {
    if (!NARROW.matches || (event.key !== "ArrowLeft" && event.key !== "ArrowRight")) return;
    const ids = [...this.chips.keys()];
    const step = event.key === "ArrowRight" ? 1 : -1;
    const id = ids[(ids.indexOf(this.current) + step + ids.length) % ids.length];
    this.open(id);
    this.chips.get(id).chip.focus();
  }
}

/** The one who buys stands before the one who sells; the others as they came. */
function leadFirst(people) {
  const at = people.findIndex(({ username }) => username !== "creator");
  if (at > 0) people.unshift(...people.splice(at, 1));
}

function setAttributes(node, attributes) {
  if (!node) return;
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined) node.removeAttribute(name);
    else node.setAttribute(name, String(value));
  }
}
