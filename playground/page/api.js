const BASE = "/playground/api";

/** A refusal or a failure, in words that can be shown. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "" } = {}) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

async function call(method, path, body) {
  let response;
  try {
    response = await fetch(BASE + path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: "no-store",
    });
  } catch {
    throw new ApiError("The playground does not answer. Is it still running?");
  }
  const answer = await response.json().catch(() => null);
  if (response.ok) return answer;
  const error = answer?.error ?? {};
  const words = error.message || `The playground answered ${response.status} ${response.statusText}`.trim();
  throw new ApiError(words, { status: response.status, code: error.code });
}

const person = (id) => `/people/${encodeURIComponent(id)}`;

export const api = {
  async people() {
    const answer = await call("GET", "/people");
    return Array.isArray(answer) ? answer : (answer.items ?? answer.people ?? []);
  },
  addPerson: (body) => call("POST", "/people", body),
  chat: (id) => call("GET", `${person(id)}/chat`),
  send: (id, body) => call("POST", `${person(id)}/messages`, body),
  tap: (id, messageId, data) => call("POST", `${person(id)}/taps`, { message_id: messageId, data }),
  payStars: (id, messageId) => call("POST", `${person(id)}/star-payments`, { message_id: messageId }),
  setBlocked: (id, blocked) => call("PUT", `${person(id)}/blocked`, { blocked }),
  clock: () => call("GET", "/clock"),
  moveClock: (body) => call("POST", "/clock", body),
  calls: (after) => call("GET", `/calls?after=${after}`),
  clearFaults: () => call("DELETE", "/faults"),
  addFault: (body) => call("POST", "/faults", body),
};

/**
 * Listens to what changes and comes back by itself when the connection is lost.
 * `onUp(again)` is told whether there was a gap, in which anything may have happened.
 */
export function listen({ onChange, onUp, onDown }) {
  let opened = false;
  let wait = 500;
  const open = () => {
    const source = new EventSource(`${BASE}/stream`);
    source.addEventListener("open", () => {
      wait = 500;
      onUp(opened);
      opened = true;
    });
    source.addEventListener("change", (event) => onChange(JSON.parse(event.data)));
    source.addEventListener("error", () => {
      // The browser's own retry gives up for good on an HTTP error, as a server starting up may send.
      source.close();
      opened = true;
      onDown();
      setTimeout(open, wait);
      wait = Math.min(wait * 1.6, 5000);
    });
  };
  open();
}
