import { api } from "./api.js";
import { toast } from "./dom.js";
import { clockTime, dayName, fullTime, instant, roughly } from "./time.js";

/** The virtual clock: it runs, and can be moved on. */
export class Clock {
  constructor({ root, toasts }) {
    this.toasts = toasts;
    this.root = root;
    this.face = root.querySelector("#clock-now");
    this.next = root.querySelector("#clock-next");
    this.moves = {
      hour: { button: root.querySelector("#skip-hour"), body: { advance_seconds: 3600 } },
      day: { button: root.querySelector("#skip-day"), body: { advance_seconds: 86400 } },
      next: { button: root.querySelector("#skip-next"), body: { advance_to_next: true } },
    };
    this.ahead = 0; // milliseconds that the virtual clock is ahead of this machine's
    this.due = null;
    this.canAdvance = false;
    this.known = false;
    this.walking = false;
    for (const name of Object.keys(this.moves)) this.moves[name].button.addEventListener("click", () => this.move(name));
    setInterval(() => this.draw(), 1000);
  }

  now() {
    return new Date(Date.now() + this.ahead);
  }

  async load() {
    const answer = await api.clock();
    this.set(answer.now);
    this.due = answer.next_due ? instant(answer.next_due) : null;
    this.canAdvance = answer.can_advance;
    this.known = true;
    this.draw();
  }

  set(now) {
    this.ahead = instant(now).getTime() - Date.now();
    this.draw();
  }

  async move(name) {
    if (this.walking || this.refusal(name)) return;
    const { button, body } = this.moves[name];
    this.walking = true;
    button.setAttribute("aria-busy", "true");
    this.draw();
    try {
      const { now } = await api.moveClock(body);
      this.set(now);
      toast(this.toasts, `It is now ${this.words(this.now())}.`);
    } catch (error) {
      toast(this.toasts, error.message, "error");
    }
    this.walking = false;
    button.removeAttribute("aria-busy");
    await this.load().catch(() => this.draw());
  }

  words(date) {
    return `${dayName(date, new Date())}, ${clockTime(date)}`;
  }

  /** Why this button cannot be used now, or an empty string. */
  refusal(name) {
    if (!this.known) return "The clock is not known yet";
    if (!this.canAdvance) return "Time cannot be skipped here: the app runs in a process of its own";
    if (name === "next" && !this.due) return "Nothing is waiting for its time";
    return "";
  }

  draw() {
    if (!this.known) return;
    const now = this.now();
    setText(this.face, this.words(now));
    this.face.dateTime = now.toISOString();
    this.face.title = fullTime(now);
    this.root.setAttribute("aria-busy", String(this.walking));
    const wait = this.due && this.due - now;
    setText(this.next, this.walking ? "time is walking…" : this.due ? `next due ${wait > 0 ? `in ${roughly(wait)}` : "now"}` : "nothing is waiting");
    for (const [name, { button }] of Object.entries(this.moves)) {
      const refusal = this.refusal(name);
      // aria-disabled while walking, so that the button that was pressed keeps the focus
      button.disabled = Boolean(refusal);
      button.setAttribute("aria-disabled", String(this.walking || Boolean(refusal)));
      button.title = refusal || (name === "next" ? `To ${this.words(this.due)}` : "");
    }
  }
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
