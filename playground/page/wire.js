import { api } from "./api.js";
import { el, iconButton, toast, uniqueId } from "./dom.js";
import { instant } from "./time.js";

const KEPT = 300;
const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const METHODS = {
  telegram: ["sendMessage", "sendDocument", "sendPhoto", "sendInvoice", "editMessageText", "answerCallbackQuery", "answerPreCheckoutQuery", "getFile", "getUpdates", "*"],
  stripe: ["POST /v1/checkout/sessions", "POST /v1/refunds", "GET /v1/events", "*"],
};
const FAULTS = [
  ["429", "429 Too Many Requests"],
  ["403", "403 Forbidden"],
  ["500", "500 Internal Server Error"],
  ["hang", "hang (no answer)"],
  ["drop_reply", "done, but the reply is lost"],
];

/** The drawer with what the app asked of Telegram and Stripe, and the faults that its next calls shall meet. */
export class Wire {
  constructor({ root, toasts, onClose }) {
    this.toasts = toasts;
    this.root = root;
    this.last = 0;
    this.loading = false;
    this.again = false;
    this.list = el("ol", { class: "calls" });
    this.none = el("p", { class: "hint calls-none", text: "No calls yet." });
    root.append(el("div", { class: "wire-head" }, el("h2", { text: "Wire" }), this.filter(), this.faults(), iconButton("close", "Close the wire", { onclick: onClose })), this.scroller());
    this.show("all");
  }

  scroller() {
    this.body = el("div", { class: "wire-body", tabindex: "0", role: "region", "aria-label": "Calls, the newest first" }, this.none, this.list);
    return this.body;
  }

  filter() {
    const group = uniqueId("filter");
    const choice = (value, label) => {
      const id = uniqueId("filter");
      return [el("input", { type: "radio", name: group, id, value, checked: value === "all", onchange: () => this.show(value) }), el("label", { for: id, text: label })];
    };
    const polling = uniqueId("polling");
    this.polling = el("input", { type: "checkbox", id: polling, onchange: () => this.list.classList.toggle("with-polling", this.polling.checked) });
    return el(
      "div",
      { class: "wire-filter" },
      el("div", { class: "segmented", role: "radiogroup", "aria-label": "Which calls" }, ...choice("all", "All"), ...choice("telegram", "Telegram"), ...choice("stripe", "Stripe")),
      el("span", { class: "check" }, this.polling, el("label", { for: polling, text: "getUpdates too" })),
    );
  }

  faults() {
    const select = (label, options, onchange) => el("select", { "aria-label": label, onchange }, ...options.map(([value, text]) => el("option", { value, text })));
    const method = select("Which call", []);
    const offer = () => method.replaceChildren(...METHODS[apiName.value].map((name) => el("option", { value: name, text: name === "*" ? "any call" : name })));
    const apiName = select("Whose call", [["telegram", "Telegram"], ["stripe", "Stripe"]], offer);
    const fault = select("What happens", FAULTS);
    const times = el("input", { type: "number", min: "1", max: "100", value: "1", "aria-label": "How many times" });
    offer();
    const quick = (name, kind) => el("button", { type: "button", class: "button", text: `Next ${name} → ${kind}`, onclick: () => this.arm({ api: "telegram", method: name, fault: kind, times: 1 }) });
    const submit = (event) => {
      event.preventDefault();
      this.arm({ api: apiName.value, method: method.value, fault: fault.value, times: Number(times.value) });
    };
    return el(
      "details",
      { class: "faults" },
      el("summary", { text: "Make calls fail" }),
      el(
        "div",
        { class: "faults-body" },
        el("div", { class: "faults-quick" }, quick("sendMessage", "429"), quick("sendMessage", "403"), quick("sendDocument", "500"), el("button", { type: "button", class: "button quiet", text: "None after all", title: "Takes back every fault that has not struck yet", onclick: () => this.disarm() })),
        el("form", { class: "faults-form", onsubmit: submit }, el("span", { text: "Next" }), times, apiName, method, el("span", { text: "→" }), fault, el("button", { class: "button primary", text: "Set" })),
      ),
    );
  }

  async arm(fault) {
    try {
      await api.addFault(fault.fault === "429" ? { ...fault, retry_after: 3 } : fault);
      const which = fault.method === "*" ? `${fault.api} call` : fault.method;
      toast(this.toasts, fault.times === 1 ? `The next ${which} will meet: ${fault.fault}.` : `The next ${fault.times} × ${which} will meet: ${fault.fault}.`);
    } catch (error) {
      toast(this.toasts, error.message, "error");
    }
  }

  async disarm() {
    try {
      await api.clearFaults();
      toast(this.toasts, "No call is meant to fail now.");
    } catch (error) {
      toast(this.toasts, error.message, "error");
    }
  }

  show(which) {
    this.list.dataset.show = which;
  }

  /** Reads what is new, as long as the drawer is open. */
  async load() {
    if (this.root.hidden) return;
    this.again = true;
    if (this.loading) return;
    this.loading = true;
    try {
      while (this.again) {
        this.again = false;
        await this.readOn();
      }
    } catch (error) {
      toast(this.toasts, error.message, "error");
    }
    this.loading = false;
  }

  async readOn() {
    for (;;) {
      const { items } = await api.calls(this.last);
      if (!items.length) return;
      const from = this.last;
      this.last = items.at(-1).n;
      // only the newest are shown: a long run has made many
      this.list.prepend(...items.slice(-KEPT).reverse().map(row));
      while (this.list.children.length > KEPT) this.list.lastElementChild.remove();
      this.none.hidden = true;
      if (this.last <= from) return;
    }
  }
}

function row(call) {
  const when = instant(call.at);
  const good = call.status >= 200 && call.status < 400;
  const summary = el(
    "summary",
    {},
    el("time", { datetime: when.toISOString(), text: TIME.format(when) }),
    el("span", { class: `api-name ${call.api}`, text: call.api }),
    el("span", { class: "method", text: call.method }),
    el("span", { class: `status ${good ? "good" : "bad"}`, text: String(call.status) }),
    el("span", { class: "gist", text: gist(call.params) }),
  );
  const details = el("details", {}, summary);
  // the JSON is drawn only for those who look: hundreds of calls stay light
  details.addEventListener("toggle", () => {
    if (details.open && details.children.length === 1) {
      details.append(el("div", { class: "json" }, json("params", call.params), json("result", call.result)));
    }
  });
  return el("li", { "data-api": call.api, class: call.method === "getUpdates" ? "polling" : "" }, details);
}

function json(title, value) {
  return el("div", {}, el("h3", { text: title }), el("pre", { text: JSON.stringify(value, null, 2) ?? "" }));
}

function gist(params) {
  const words = Object.entries(params ?? {}).map(([name, value]) => `${name}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  return words.join("  ").replace(/\s+/g, " ").slice(0, 240);
}
