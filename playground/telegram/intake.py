"""How a bot takes its updates: by asking, or by a webhook."""

from typing import Any

from playground.telegram.parts import Call
from playground.telegram.updates import checked_kinds
from playground.telegram.webhook import checked_webhook


def _choose_kinds(call: Call) -> None:
    if "allowed_updates" in call.params:
        kinds = checked_kinds(call.params["allowed_updates"])
        if kinds != call.bot["allowed_updates"]:
            call.bot["allowed_updates"] = kinds
            call.parts.bots.save(call.bot)


async def get_updates(call: Call) -> list[dict[str, Any]]:
    if not call.bot["webhook"]:
        _choose_kinds(call)
    return await call.parts.mail.box(call.bot).poll(call.params)


async def set_webhook(call: Call) -> str:
    """Answers true, with what was done as the description."""
    if not call.params.get("url"):
        return await delete_webhook(call)
    webhook = checked_webhook(call.params)
    _choose_kinds(call)
    before = call.bot["webhook"]
    same = before is not None and all(before[name] == value for name, value in webhook.items())
    if same and not call.params.get("drop_pending_updates"):
        return "Webhook is already set"
    box = call.parts.mail.box(call.bot)
    box.terminate_poll("terminated by setWebhook request")
    await box.stop_pushing()
    if call.params.get("drop_pending_updates"):
        box.drop_pending()
    call.bot["webhook"] = webhook
    call.parts.bots.save(call.bot)
    box.start_pushing()
    return "Webhook was set"


async def delete_webhook(call: Call) -> str:
    box = call.parts.mail.box(call.bot)
    if call.params.get("drop_pending_updates"):
        box.drop_pending()
    if not call.bot["webhook"]:
        return "Webhook is already deleted"
    await box.stop_pushing()
    call.bot["webhook"] = None
    call.parts.bots.save(call.bot)
    return "Webhook was deleted"


def get_webhook_info(call: Call) -> dict[str, Any]:
    webhook = call.bot["webhook"] or {}
    info: dict[str, Any] = {
        "url": webhook.get("url", ""),
        "has_custom_certificate": bool(webhook.get("certificate")),
        "pending_update_count": len(call.parts.mail.box(call.bot).pending),
    }
    if webhook:
        info["max_connections"] = webhook["max_connections"]
        for name in ("ip_address", "last_error_date", "last_error_message"):
            if webhook.get(name):
                info[name] = webhook[name]
    if call.bot["allowed_updates"]:
        info["allowed_updates"] = call.bot["allowed_updates"]
    return info
