import { listen } from "./api.js";
import { Clock } from "./clock.js";
import { memory, toast } from "./dom.js";
import { People } from "./people.js";
import { drawTour, nameTour } from "./tour.js";
import { Wire } from "./wire.js";

const find = (id) => document.getElementById(id);
const toasts = find("toasts");
const help = find("help");

const clock = new Clock({ root: find("clock"), toasts });
const people = new People({ strip: find("people"), columns: find("columns"), nobody: find("nobody"), now: () => clock.now() });
const wirePanel = panel("wire", () => wire.load());
const wire = new Wire({ root: find("wire"), toasts, onClose: () => wirePanel.close() });
const helpPanel = panel("help");
// in a small window the panel lies over the chats: once something is done there, that is what to see
const onAct = () => matchMedia("(max-width: 1099px)").matches && helpPanel.close();
drawTour(help, { people, clock, onAct, onClose: () => helpPanel.close() });

/** A part of the page that its button opens and closes; Escape inside it closes it too. */
function panel(name, onOpen) {
  const root = find(name);
  const button = find(`${name}-toggle`);
  const show = (open) => {
    root.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    if (open) onOpen?.();
  };
  const turn = (open) => {
    show(open);
    memory.set(name, open);
  };
  const close = () => {
    turn(false);
    button.focus();
  };
  button.addEventListener("click", () => turn(root.hidden));
  root.addEventListener("keydown", (event) => event.key === "Escape" && close());
  return { show, close };
}

function personDialog() {
  const dialog = find("person-dialog");
  const form = find("person-form");
  const error = find("person-error");
  find("add-person").addEventListener("click", () => {
    form.reset();
    error.textContent = "";
    dialog.showModal();
  });
  find("person-cancel").addEventListener("click", () => dialog.close());
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { first_name: name, username } = Object.fromEntries(new FormData(form));
    const body = { first_name: name.trim() };
    if (username) body.username = username.replace(/^@/, "");
    try {
      const id = await people.add(body);
      dialog.close();
      people.focus(id);
    } catch (refusal) {
      error.textContent = refusal.message;
    }
  });
}

const pending = new Set();
let everyone = false;
let debounce = null;

/** Changes come in bursts; each chat is read once for a burst. */
function changed({ people: ids = [], clock: now }) {
  for (const id of ids) pending.add(id);
  // what concerns nobody in particular, such as a new command menu, may concern anybody
  everyone ||= !ids.length;
  if (now) clock.set(now);
  debounce ??= setTimeout(() => {
    debounce = null;
    people.changed([...pending], everyone);
    pending.clear();
    everyone = false;
    wire.load();
    clock.load().catch(() => {});
  }, 60);
}

async function loadAll() {
  await Promise.all([people.reloadAll(), clock.load()]);
  nameTour(help, people);
  wire.load();
}

async function start() {
  personDialog();
  const roomy = matchMedia("(min-width: 1200px)").matches;
  helpPanel.show(roomy && memory.get("help", true));
  wirePanel.show(memory.get("wire", false));
  const connection = find("connection");
  listen({
    onChange: changed,
    onUp: (again) => {
      connection.hidden = true;
      if (again) loadAll().catch((error) => toast(toasts, error.message, "error"));
    },
    onDown: () => {
      connection.textContent = "Reconnecting…";
      connection.hidden = false;
    },
  });
  try {
    await loadAll();
  } catch (error) {
    toast(toasts, error.message, "error");
  }
}

start();
