"""`/coupon`: a creator's discount codes, in one line or by buttons."""

from collections.abc import Iterator

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.coupon_lines import read_terms, split_line
from bot.handlers.edits import edit
from bot.handlers.lead_card import moment
from bot.handlers.links import show_link
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.discounts import Terms, add_code, archive_code, edit_code, find_code, get_code, list_codes
from domain.links import make_link
from domain.messages.plain import Button, Message
from domain.prompts import ask_next
from kit.errors import Refusal
from kit.money import Money
from kit.text import shorten
from kit.zones import zone_named
from store.models import Creator, DiscountCode, Lead, LinkTarget, Product
from store.queries.leads import saved_segments, where

IN_A_ROW = 2
TITLES_LENGTH = 300
Row = tuple[Button, ...]


async def coupon(turn: Turn, arguments: str) -> None:
    """`/coupon`, `/coupon SPRING20`, `/coupon add SPRING20 20% until=…`, and edit, archive, link with a code."""
    creator = await turn.as_creator()
    words = split_line(turn, arguments)
    match [words[0].lower(), *words[1:]] if words else []:
        case [] | ["list"]:
            turn.send(await _list(turn, creator))
        case ["add", code, *rest] if rest:
            await add(turn, creator, code, rest)
        case ["edit", code, *rest] if rest:
            await _edit(turn, creator, code, rest)
        case ["archive", code]:
            found = await find_code(turn.session, creator.id, code)
            turn.send(await _archive(turn, creator, found.id))
        case ["link", code, *product] if len(product) <= 1:
            await _link(turn, creator, await find_code(turn.session, creator.id, code), *product)
        case ["add" | "edit" | "archive" | "link", *_]:
            raise turn.refusal("coupon-form")
        case [_]:
            turn.send(await _card(turn, await find_code(turn.session, creator.id, words[0])))
        case _:
            raise turn.refusal("coupon-form")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`coupon:list`, `coupon:all`, `coupon:new`, `coupon:show:ID`, `coupon:link:ID`, `coupon:archive:ID`."""
    creator = await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["list" | "all" as which]:
            edit(turn, query, await _list(turn, creator, archived=which == "all"))
        case ["new"]:
            await ask_next(turn.session, turn.person.id, "coupon-new", {"creator": creator.id}, now=turn.now)
            turn.say("coupon-ask-new")
        case ["show", number]:
            edit(turn, query, await _card(turn, await get_code(turn.session, creator.id, read_id(number))))
        case ["link", number]:
            await _link(turn, creator, await get_code(turn.session, creator.id, read_id(number)))
        case ["archive", number]:
            edit(turn, query, await _archive(turn, creator, read_id(number)))
        case _:
            raise turn.refusal("not-understood")


async def take_new(turn: Turn, text: str) -> None:
    """What was typed after the button for a new code."""
    words = split_line(turn, text)
    if len(words) <= 1:
        raise turn.refusal("coupon-form")
    await add(turn, await turn.as_creator(), words[0], words[1:])


async def add(turn: Turn, creator: Creator, code: str, words: list[str]) -> None:
    setup = turn.facts.published.setup(creator.id)
    terms = await read_terms(turn, creator, words)
    added = await add_code(turn.session, creator.id, code, terms, now=turn.now, setup=setup)
    turn.send(await _card(turn, added))


async def _edit(turn: Turn, creator: Creator, code: str, words: list[str]) -> None:
    """What is not named stays as it is."""
    found = await find_code(turn.session, creator.id, code)
    setup = turn.facts.published.setup(creator.id)
    terms = await read_terms(turn, creator, words, known=_terms_of(found))
    turn.send(await _card(turn, await edit_code(turn.session, creator.id, found.id, terms, now=turn.now, setup=setup)))


async def _archive(turn: Turn, creator: Creator, code_id: int) -> Message:
    return await _card(turn, await archive_code(turn.session, creator.id, code_id, now=turn.now))


async def _link(turn: Turn, creator: Creator, code: DiscountCode, product: str = "") -> None:
    """A link that opens the shop, or one product, with the code applied."""
    made = await make_link(
        turn.session,
        creator.id,
        turn.facts.published.setup(creator.id),
        target=LinkTarget.COUPON,
        name=f"{code.code}/{product.lower()}" if product else code.code,
        now=turn.now,
    )
    await show_link(turn, made)


async def _list(turn: Turn, creator: Creator, *, archived: bool = False) -> Message:
    codes = await list_codes(turn.session, creator.id, archived=archived)
    lines = [turn.words("coupon-list", creator=creator.name) if codes else turn.words("coupon-none")]
    for each in codes:
        line = turn.words("coupon-line", code=each.code, off=_off(turn, each), uses=each.uses)
        lines.append(f"{line} · {turn.words('coupon-is-archived')}" if each.archived_at else line)
    buttons = [Button(text=each.code, data=f"coupon:show:{each.id}") for each in codes]
    rows: list[Row] = [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]
    other = "list" if archived else "all"
    last = (
        Button(text=turn.words("coupon-button-new"), data="coupon:new"),
        Button(text=turn.words(f"coupon-button-{other}"), data=f"coupon:{other}"),
    )
    return Message(text="\n".join([*lines, "", turn.words("coupon-form")]), buttons=(*rows, last))


async def _card(turn: Turn, code: DiscountCode) -> Message:
    lines = [turn.words("coupon-title", code=code.code, off=_off(turn, code)), *_narrowed(turn, code)]
    if code.products:
        titles = await turn.session.scalars(
            select(Product.title).where(Product.id.in_(code.products)).order_by(Product.id)
        )
        lines.append(turn.words("coupon-for", titles=shorten(", ".join(titles), TITLES_LENGTH)))
    if code.segment is not None and not await _fits_anybody(turn, code, code.segment):
        lines.append(turn.words("coupon-segment-none"))
    rows: list[Row] = []
    if code.archived_at is None:
        rows.append(
            (
                Button(text=turn.words("coupon-button-link"), data=f"coupon:link:{code.id}"),
                Button(text=turn.words("coupon-button-archive"), data=f"coupon:archive:{code.id}"),
            )
        )
    else:
        lines.append(turn.words("coupon-is-archived"))
    rows.append((Button(text=turn.words("coupon-button-list"), data="coupon:list"),))
    return Message(text="\n".join(lines), buttons=tuple(rows))


async def _fits_anybody(turn: Turn, code: DiscountCode, segment: str) -> bool:
    setup = turn.facts.published.setup(code.creator_id)
    try:
        known = setup.known(await saved_segments(turn.session, code.creator_id))
        asked = await where(turn.session, code.creator_id, segment, known, now=turn.now)
    except Refusal:
        # something that it names is gone
        return False
    theirs = (Lead.creator_id == code.creator_id, Lead.merged_into_id.is_(None), asked)
    return await turn.session.scalar(select(Lead.id).where(*theirs).limit(1)) is not None


def _narrowed(turn: Turn, code: DiscountCode) -> Iterator[str]:
    zone = zone_named(turn.facts.published.setup(code.creator_id).time_zone)
    if code.most_uses is None:
        yield turn.words("coupon-uses", uses=code.uses)
    else:
        yield turn.words("coupon-uses-of", uses=code.uses, most=code.most_uses)
    if code.most_per_person is not None:
        yield turn.words("coupon-each", most=code.most_per_person)
    if code.starts_at is not None:
        yield turn.words("coupon-from", at=moment(turn, code.starts_at, zone))
    if code.ends_at is not None:
        yield turn.words("coupon-until", at=moment(turn, code.ends_at, zone))
        if code.ends_at <= turn.now:
            yield turn.words("coupon-ended")
    if code.segment is not None:
        yield turn.words("coupon-segment", question=shorten(code.segment, TITLES_LENGTH))


def _off(turn: Turn, code: DiscountCode) -> str:
    if code.percent is not None:
        return turn.words("coupon-percent", percent=code.percent)
    amount = Money(code.amount_minor or 0, code.currency or "usd")
    return turn.words("coupon-amount", amount=amount.format(turn.person.speaks))


def _terms_of(code: DiscountCode) -> Terms:
    amount = None if code.amount_minor is None or code.currency is None else Money(code.amount_minor, code.currency)
    return Terms(
        percent=code.percent,
        amount=amount,
        products=tuple(code.products),
        segment=code.segment,
        starts_at=code.starts_at,
        ends_at=code.ends_at,
        most_uses=code.most_uses,
        most_per_person=code.most_per_person,
    )
