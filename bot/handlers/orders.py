"""`/orders`: what a creator has sold, and what anybody has ordered."""

from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.handlers.lead_access import NAME_LENGTH, read_number
from bot.handlers.leads_screen import name_of
from bot.handlers.order_card import bought_screen, sale_screen, state_told
from bot.handlers.transfers import export_orders
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.access import Act
from domain.messages.plain import Button, Message
from kit.paging import Paging
from kit.text import shorten
from store.models import Creator
from store.queries.lead_lists import faces_of
from store.queries.order_card import order_details
from store.queries.order_lists import (
    CHOICES,
    OrderFilter,
    count_sales,
    find_bought,
    find_own_order,
    list_bought,
    list_sales,
)

SHOWN = 8
IN_A_ROW = 4
CHOICES_IN_A_ROW = 2
TITLE_LENGTH = 60
Row = tuple[Button, ...]


async def orders(turn: Turn, arguments: str) -> None:
    """`/orders`, `/orders 12`, `/orders todo`, `/orders mine`, `/orders export`, `/orders export paid`."""
    words = arguments.lower().split()
    creator = await turn.own_creator()
    match words:
        case [number] if (order_id := read_number(number)) is not None:
            turn.send(await card(turn, order_id))
        case ["mine"]:
            turn.send(await _bought(turn, 0))
        case [] if creator is None:
            turn.send(await _bought(turn, 0))
        case ["export"]:
            await export_orders(turn, await turn.as_creator(), "all")
        case ["export", choice] if choice in CHOICES:
            await export_orders(turn, await turn.as_creator(), choice)
        case [] | [_] if creator is not None and (not words or words[0] in CHOICES):
            await turn.as_creator(creator.id)
            turn.send(await _sales(turn, creator, words[0] if words else "all", 0))
        case _:
            raise turn.refusal("orders-form" if creator is not None else "orders-form-buyer")


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`orders:mine:PAGE`, `orders:CHOICE:PAGE`, `orders:export:CHOICE`."""
    what, rest = arguments
    turn.replies.append(TapReply(query_id=query.id))
    if what == "mine":
        edit(turn, query, await _bought(turn, read_id(rest)))
        return
    creator = await turn.as_creator()
    if what == "export" and rest in CHOICES:
        await export_orders(turn, creator, rest)
    elif what in CHOICES:
        edit(turn, query, await _sales(turn, creator, what, read_id(rest)))
    else:
        raise turn.refusal("not-understood")


async def card(turn: Turn, order_id: int) -> Message:
    """As this person may see it: their sale, or what they ordered. Raises Said for anybody else's."""
    own = await find_own_order(turn.session, turn.person.id, order_id)
    bought = await find_bought(turn.session, turn.person.id, order_id)
    if own is not None and (bought is None or await turn.may(Act.SEE_ORDERS, own[0].id)):
        await turn.allowed(own[0].id)
        return await sale_screen(turn, await order_details(turn.session, order_id))
    if bought is not None:
        return bought_screen(turn, await order_details(turn.session, order_id))
    raise turn.refusal("order-unknown", order=order_id)


async def _sales(turn: Turn, creator: Creator, choice: str, page: int) -> Message:
    found = await list_sales(turn.session, creator.id, OrderFilter(choice), Paging(SHOWN, page * SHOWN))
    if page and not found.items:
        return await _sales(turn, creator, choice, max(found.total - 1, 0) // SHOWN)
    faces = await faces_of(turn.session, [each.lead for each in found.items])
    lines = [
        turn.words("orders-title", creator=creator.name, choice=turn.words(f"orders-are-{choice}"), total=found.total),
        "",
    ]
    for each in found.items:
        name = name_of(turn, each.lead, faces.get(each.lead.id))
        lines.append(
            turn.words(
                "orders-line",
                order=each.order.id,
                title=shorten(each.title, TITLE_LENGTH),
                total=each.total.format(turn.person.speaks),
                state=state_told(turn, each.order),
                name=shorten(name, NAME_LENGTH),
            )
        )
    if not found.items:
        lines.append(turn.words("orders-none"))
    rows = _numbered([each.order.id for each in found.items], f"{choice}:{page}")
    rows += _steps(f"orders:{choice}", page, has_more=found.has_more)
    counts = await count_sales(turn.session, creator.id)
    others = [
        Button(text=f"{turn.words(f'orders-are-{each}')} · {count}", data=f"orders:{each}:0")
        for each, count in counts.items()
        if each != choice and count
    ]
    rows += [tuple(others[at : at + CHOICES_IN_A_ROW]) for at in range(0, len(others), CHOICES_IN_A_ROW)]
    last = []
    if found.total:
        last.append(Button(text=turn.words("orders-button-export"), data=f"orders:export:{choice}"))
    if (await list_bought(turn.session, turn.person.id, Paging(1))).total:
        last.append(Button(text=turn.words("orders-button-mine"), data="orders:mine:0"))
    return Message(text="\n".join(lines), buttons=(*rows, *((tuple(last),) if last else ())))


async def _bought(turn: Turn, page: int) -> Message:
    found = await list_bought(turn.session, turn.person.id, Paging(SHOWN, page * SHOWN))
    if not found.total:
        return Message(text=turn.words("orders-bought-none"))
    if page and not found.items:
        return await _bought(turn, (found.total - 1) // SHOWN)
    several = len({each.order.creator_id for each in found.items}) > 1
    lines = [turn.words("orders-bought", total=found.total), ""]
    for each in found.items:
        line = turn.words(
            "orders-bought-line",
            order=each.order.id,
            title=shorten(each.title, TITLE_LENGTH),
            total=each.total.format(turn.person.speaks),
            state=state_told(turn, each.order),
        )
        lines.append(f"{line} · {turn.words('orders-of', creator=each.creator)}" if several else line)
    rows = _numbered([each.order.id for each in found.items], "")
    rows += _steps("orders:mine", page, has_more=found.has_more)
    return Message(text="\n".join(lines), buttons=tuple(rows))


def _numbered(ids: list[int], place: str) -> list[Row]:
    end = f":{place}" if place else ""
    buttons = [Button(text=f"#{each}", data=f"order:show:{each}{end}") for each in ids]
    return [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]


def _steps(data: str, page: int, *, has_more: bool) -> list[Row]:
    steps = [Button(text="‹", data=f"{data}:{page - 1}")] if page else []
    if has_more:
        steps.append(Button(text="›", data=f"{data}:{page + 1}"))
    return [tuple(steps)] if steps else []
