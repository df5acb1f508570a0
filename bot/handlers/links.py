import re

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.lead_access import read_number
from bot.handlers.product_parts import split_words
from bot.numbers import read_id
from bot.replies import QrReply, TapReply
from bot.turn import Turn
from domain.links import archive_link, make_link, own_link
from domain.messages.plain import CALLBACK_BYTES, Button, Message, Rows, column
from kit.money import Money
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator, Link, LinkTarget, Product
from store.queries.ideas import IdeaFilter, list_ideas
from store.queries.links import count_links, idea_of, link_result, list_links

SHOWN = 10
LABEL_LENGTH = 60
_TARGETS = {each.value for each in LinkTarget}
_UTM = "utm_"
_TITLE = "title"
_KEYED = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL)


async def link(turn: Turn, arguments: str) -> None:
    """`/link` lists, `/link 3` shows one, `/link flow welcome "Instagram bio" utm_source=instagram` makes one."""
    creator = await turn.as_creator()
    words = _split(turn, arguments)
    match words:
        case [] | ["list"]:
            await _list(turn, creator, 0)
        case [word] if (number := read_number(word)) is not None:
            await _card(turn, creator, number)
        case [target, *rest] if target.lower() in _TARGETS:
            await _make(turn, creator, LinkTarget(target.lower()), rest)
        case _:
            raise turn.refusal("link-form")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`link:page:N`, `link:show:ID`, `link:archive:ID`, `link:new`, `link:new:TARGET`, `link:new:TARGET:NAME`."""
    creator = await turn.as_creator()
    turn.replies.append(TapReply(query_id=query.id))
    match arguments:
        case ["page", number]:
            await _list(turn, creator, read_id(number))
        case ["show", number]:
            await _card(turn, creator, read_id(number))
        case ["archive", number]:
            put_away = await own_link(turn.session, creator.id, read_id(number))
            await archive_link(turn.session, put_away, now=turn.now)
            turn.say("link-archived", title=put_away.title)
        case ["new"]:
            await _ask_target(turn)
        case ["new", "start"]:
            await _make(turn, creator, LinkTarget.START, [])
        case ["new", target] if target in _TARGETS:
            await _ask_name(turn, creator, LinkTarget(target))
        case ["new", target, name] if target in _TARGETS:
            await _make(turn, creator, LinkTarget(target), [name])
        case _:
            raise turn.refusal("not-understood")


def _split(turn: Turn, arguments: str) -> list[str]:
    try:
        return split_words(arguments)
    except ValueError:
        raise turn.refusal("link-form") from None


def _sorted(turn: Turn, words: list[str]) -> tuple[list[str], dict[str, str]]:
    """What stands alone, and what follows `title=` and `utm_…=`. Raises Said for any other, or one that comes twice."""
    plain: list[str] = []
    keyed: dict[str, str] = {}
    for word in words:
        found = _KEYED.fullmatch(word)
        if found is None:
            plain.append(word)
            continue
        key = found[1].lower()
        if key in keyed or not (key == _TITLE or key.startswith(_UTM)):
            raise turn.refusal("link-form")
        keyed[key] = found[2]
    return plain, keyed


async def _make(turn: Turn, creator: Creator, target: LinkTarget, words: list[str]) -> None:
    plain, keyed = _sorted(turn, words)
    if target == LinkTarget.START:
        plain = ["", *plain]
    if not plain:
        raise turn.refusal("link-form")
    name, *title = plain
    if _TITLE in keyed:
        if title or not keyed[_TITLE].strip():
            raise turn.refusal("link-form")
        title = [keyed.pop(_TITLE)]
    made = await make_link(
        turn.session,
        creator.id,
        turn.facts.published.setup(creator.id),
        target=target,
        name=name if target == LinkTarget.START else name.lower(),
        title=" ".join(title),
        utm={key.removeprefix(_UTM): value for key, value in keyed.items()},
        now=turn.now,
    )
    await show_link(turn, made)


async def _card(turn: Turn, creator: Creator, link_id: int) -> None:
    await show_link(turn, await own_link(turn.session, creator.id, link_id))


async def show_link(turn: Turn, shown: Link) -> None:
    """With its QR code as a picture."""
    result = await link_result(turn.session, shown.id)
    url = f"{turn.facts.link()}?start={shown.key}"
    revenue = ", ".join(Money(amount, code).format(turn.person.speaks) for code, amount in result.revenue.items())
    lines = [
        turn.words("link-card", number=shown.id, title=shown.title, target=await target_told(turn, shown), url=url),
        *(f"utm_{name}: {turn.words('link-value', value=value)}" for name, value in shown.utm.items()),
        turn.words("link-result", leads=result.first_leads, touches=result.touches, people=result.touched_leads),
    ]
    if result.orders:
        lines.append(turn.words("link-revenue", orders=result.orders, revenue=revenue))
    buttons: Rows = ()
    if shown.archived_at is None:
        buttons = column(Button(text=turn.words("link-button-archive"), data=f"link:archive:{shown.id}"))
    else:
        lines.append(turn.words("link-is-archived"))
    turn.replies.append(QrReply(url=url, message=Message(text="\n".join(lines), buttons=turn.offered(buttons))))


async def _list(turn: Turn, creator: Creator, page: int) -> None:
    total = await count_links(turn.session, creator.id)
    new = Button(text=turn.words("link-button-new"), data="link:new")
    if not total:
        turn.send(Message(text=turn.words("link-none"), buttons=column(new)))
        return
    links = await list_links(turn.session, creator.id, limit=SHOWN, offset=page * SHOWN)
    rows = [
        (Button(text=shorten(f"{each.id}. {each.title}", LABEL_LENGTH), data=f"link:show:{each.id}"),) for each in links
    ]
    steps = [Button(text="‹", data=f"link:page:{page - 1}")] if page else []
    if (page + 1) * SHOWN < total:
        steps.append(Button(text="›", data=f"link:page:{page + 1}"))
    buttons = (*rows, *((tuple(steps),) if steps else ()), (new,))
    turn.send(Message(text=turn.words("link-list", total=total), buttons=buttons))


async def _ask_target(turn: Turn) -> None:
    offered = [LinkTarget.START, LinkTarget.FLOW, LinkTarget.PRODUCT, LinkTarget.FUNNEL, LinkTarget.IDEA]
    buttons = [Button(text=turn.words(f"link-to-{each.value}"), data=f"link:new:{each.value}") for each in offered]
    turn.send(Message(text=turn.words("link-ask-target"), buttons=column(*buttons)))


async def _ask_name(turn: Turn, creator: Creator, target: LinkTarget) -> None:
    setup = turn.facts.published.setup(creator.id)
    match target:
        case LinkTarget.FLOW:
            named = [(key, key) for key in sorted(setup.flows)]
        case LinkTarget.FUNNEL:
            named = [(key, key) for key in sorted(setup.funnels)]
        case LinkTarget.IDEA:
            page = await list_ideas(turn.session, creator.id, IdeaFilter(), Paging(limit=SHOWN))
            named = [(str(idea.number), idea.title) for idea in page.items]
        case _:
            products = await turn.session.execute(
                select(Product.slug, Product.title)
                .where(Product.creator_id == creator.id, Product.active, Product.archived_at.is_(None))
                .order_by(Product.id.desc())
                .limit(SHOWN)
            )
            named = [(row.slug, row.title) for row in products]
    # what does not fit behind a button can still be typed
    fits = [each for each in named if len(f"link:new:{target.value}:{each[0]}".encode()) <= CALLBACK_BYTES]
    if not fits:
        raise turn.refusal("link-no-target")
    buttons = [
        Button(text=shorten(title, LABEL_LENGTH), data=f"link:new:{target.value}:{name}") for name, title in fits[:90]
    ]
    turn.send(Message(text=turn.words("link-ask-name"), buttons=column(*buttons)))


async def target_told(turn: Turn, shown: Link) -> str:
    """What a link leads to; an idea by its title too."""
    kind = turn.words(f"link-to-{shown.target.value}")
    idea = await idea_of(turn.session, shown)
    return f"{kind} {shown.name}".strip() + ("" if idea is None else f" – {idea}")
