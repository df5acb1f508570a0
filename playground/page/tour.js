import { el, iconButton } from "./dom.js";

/** What a newcomer may try, with buttons that do it. */
export function drawTour(root, { people, clock, onAct, onClose }) {
  const say = (who, text) =>
    el(
      "button",
      {
        type: "button",
        class: "do",
        onclick: () => {
          const person = people[who];
          if (!person) return;
          people.open(person.id);
          people.columns.get(person.id).send({ text });
          onAct();
        },
      },
      el("span", { class: "do-who", "data-who": who }),
      el("code", { text }),
    );
  const skip = (name, words) => el("button", { type: "button", class: "do", onclick: () => { clock.move(name); onAct(); } }, el("span", { class: "do-who", text: "clock" }), el("span", { text: words }));
  const step = (title, about, ...acts) => el("li", {}, el("h3", { text: title }), el("p", { text: about }), acts.length > 0 && el("div", { class: "acts" }, ...acts));

  root.append(
    el("div", { class: "help-head" }, el("h2", { id: "help-title", text: "What to try" }), iconButton("close", "Close “What to try”", { onclick: onClose })),
    el(
      "ol",
      { class: "steps" },
      step("Arrive by a link", "A deep link names where a lead comes from. The bot greets and begins to ask.", say("lead", "/start ad42")),
      step("Answer", "Type a name and an e-mail, share the phone number with the button, choose an interest. A free gift follows; the creator hears about the lead."),
      step("Buy", "Choose a product and follow its pay button to the checkout page, in a new tab. Pay there, come back: the file is in the chat.", say("lead", "/shop"), say("lead", "/library")),
      step("Be the creator", "Add a product and an idea in one line each, and list them.", say("creator", '/product add "Sound pack" 9.00 usd stock=20'), say("creator", "/idea add Studio tour #video"), say("creator", "/product"), say("creator", "/idea")),
      step("Hold a conversation", "A longer flow with pictures, places, dates and a way back. /cancel stops it, /language speaks German.", say("lead", "/book"), say("lead", "/back"), say("lead", "/language")),
      step("Know your leads", "See who came, look at one, write to them, ask for a segment, and make a link that counts who comes by it.", say("creator", "/leads"), say("creator", "/lead 1"), say("creator", '/leads source:ad42 and not bought:"Preset pack"'), say("creator", '/link flow book-session "Instagram bio"')),
      step("Skip a day", "The follow-up that was promised to the lead arrives.", skip("day", "Skip a day")),
      step("Leave a checkout unpaid", "Open a checkout and do not pay. An hour later comes a reminder. Pay, and no more come.", skip("hour", "Skip an hour")),
      step("Break something", "Open the wire, let the next sendMessage fail, and see that nothing is lost. Or kill the process in the middle of the questions and start it again."),
    ),
    el("p", { class: "hint", text: "Nothing here leaves this machine: no Telegram account, no Stripe account, no money." }),
  );
}

/** Puts the people's real names on the buttons, once they are known. */
export function nameTour(root, people) {
  for (const node of root.querySelectorAll("[data-who]")) node.textContent = people[node.dataset.who]?.first_name ?? node.dataset.who;
}
