"""A person pays an invoice in Stars."""

from typing import Any

from playground.refusal import invalid, missing
from playground.state import Document
from playground.telegram.acts import ANSWER_WITHIN, Place
from playground.telegram.fields_given import text_of, whole
from playground.telegram.people import person_user
from playground.telegram.stars import charge

_TOO_SLOW = "the bot did not answer the pre-checkout query within 10 seconds"


async def pay(at: Place, body: dict[str, Any]) -> dict[str, Any]:
    """Asks the bot's leave, then pays. A refusal is an answer: {"ok": false, "error"}.

    `{"abandon": true}`: the person turns back once the bot has agreed. `{"agreed": true}`: it agreed a while ago, and
    the person's phone was slow. `{"deliver": "never"}`: the bot is never told.
    """
    at.check_not_blocked()
    record, invoice = _invoice(at, body)
    if record is not None and record.get("paid"):
        return {"ok": False, "error": "this invoice has been paid"}
    if body.get("agreed") is not True and (refusal := await _ask(at, invoice)) is not None:
        return {"ok": False, "error": refusal}
    if body.get("abandon") is True:
        return {"ok": False, "error": "the person turned back"}
    if record is not None and record.get("paid"):
        return {"ok": False, "error": "this invoice has been paid"}
    told = body.get("deliver") != "never"
    paid, update_id = charge(at.parts, at.bot, at.person, invoice, record=record, now=at.parts.core.clock(), told=told)
    return {"ok": True, "telegram_payment_charge_id": paid["id"], "update_id": update_id}


async def _ask(at: Place, invoice: Document) -> str | None:
    """Why the payment does not go on; None when the bot agrees."""
    with at.parts.core.state.together():
        query = at.parts.queries.add("pre_checkout_query", at.bot["id"], at.now, person_id=at.person["id"])
        update = {
            "id": query["id"],
            "from": person_user(at.person),
            "currency": invoice["currency"],
            "total_amount": invoice["total_amount"],
            "invoice_payload": invoice["payload"],
        }
        at.parts.mail.box(at.bot).add("pre_checkout_query", update)
    answer = await at.parts.queries.answer_to(query, within=ANSWER_WITHIN)
    if answer is None:
        at.parts.queries.give_up("pre_checkout_query", query)
        return _TOO_SLOW
    return None if answer["ok"] else str(answer["error"])


def _invoice(at: Place, body: dict[str, Any]) -> tuple[Document | None, Document]:
    """The invoice of a message, or of a link that the bot made."""
    if "link" in body:
        link = at.parts.core.state.get("invoice_link", text_of(body, "link"))
        if link is None or link["bot_id"] != at.bot["id"]:
            raise missing("there is no such invoice link")
        return None, link
    message_id = whole(body, "message_id")
    record = at.record(message_id)
    if "invoice" not in record:
        raise invalid(f"message {message_id} is no invoice")
    return record, record["invoice"]
