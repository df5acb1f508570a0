"""What a creator types after the bot has asked for it, and replies to what a lead wrote."""

from telegram import Message as TelegramMessage

from bot.handlers import (
    broadcast_drafts,
    coupon_prompts,
    funnel_files,
    funnel_people,
    idea_checks,
    idea_files,
    idea_posts,
    idea_prompts,
    order_prompts,
    product_prompts,
    reviews,
    shop_prompts,
)
from bot.handlers.lead_access import own_lead
from bot.handlers.lead_lines import change_tags, note, write
from bot.handlers.lead_screens import merge_screen
from bot.handlers.leads import search_view
from bot.sent_files import keep_sent
from bot.turn import Turn
from domain.chat_acts import acts_of_prompt
from domain.holding import hold_living
from domain.prompts import Prompted, take_next
from store.queries.lead_lists import find_own_lead, relayed_lead

# what a lead's card and the list of leads ask for
ACTS = frozenset({"write", "note", "newtag", "merge", "search"})
# what other cards than a lead's have asked for
_OTHERS = (
    (shop_prompts.ACTS, shop_prompts.prompted),
    (order_prompts.ACTS, order_prompts.prompted),
    (coupon_prompts.ACTS, coupon_prompts.prompted),
    (product_prompts.ACTS, product_prompts.prompted),
    (broadcast_drafts.ACTS, broadcast_drafts.prompted),
    (funnel_files.ACTS, funnel_files.prompted),
    (funnel_people.ACTS, funnel_people.prompted),
    (idea_posts.ACTS, idea_posts.prompted),
    (idea_prompts.ACTS, idea_prompts.prompted),
    (idea_files.ACTS, idea_files.prompted),
    (idea_checks.ACTS, idea_checks.prompted),
)


async def prompted(turn: Turn, message: TelegramMessage) -> bool:
    """Does what the message was asked for. False when it was for nothing of this, and somebody else may have it."""
    asked = await take_next(turn.session, turn.person.id, now=turn.now)
    if asked is None and message.reply_to_message is not None:
        lead_id = await relayed_lead(turn.session, turn.person.id, message.reply_to_message.message_id)
        # whoever helps this creator answers, or reads why not
        if lead_id is not None and await find_own_lead(turn.session, turn.person.id, lead_id) is not None:
            asked = Prompted("write", {"lead": lead_id})
    if asked is None:
        return False
    turn.acts = acts_of_prompt(asked.act)
    await _do(turn, asked, message)
    return True


async def _do(turn: Turn, asked: Prompted, message: TelegramMessage) -> None:
    for acts, theirs in _OTHERS:
        if asked.act in acts:
            await theirs(turn, asked, message)
            return
    if asked.act == "write":
        await _write(turn, int(asked.data["lead"]), message)
        return
    text = (message.text or "").strip()
    if not text:
        raise turn.refusal("prompt-needs-text")
    if asked.act in reviews.PROMPTS:
        await reviews.take_words(turn, asked, text)
        return
    if asked.act == "search":
        await search_view(turn, int(asked.data["view"]), text)
        return
    creator, lead = await own_lead(turn, int(asked.data["lead"]))
    lead = await hold_living(turn.session, lead)
    match asked.act:
        case "note":
            await note(turn, lead, text)
        case "newtag":
            await change_tags(turn, lead, text.replace(",", " ").split(), add=True)
        case "merge":
            turn.send(await merge_screen(turn, creator, lead, text))


async def _write(turn: Turn, lead_id: int, message: TelegramMessage) -> None:
    """Text, or a file or picture with or without words, as the creator formatted it."""
    creator, lead = await own_lead(turn, lead_id)
    lead = await hold_living(turn.session, lead)
    if message.text is not None:
        await write(turn, lead, message.text_html)
        return
    file = await keep_sent(turn, creator, message, lead_id=lead.id)
    if file is None:
        raise turn.refusal("prompt-needs-message")
    await write(turn, lead, message.caption_html or "", file_id=file.id)
