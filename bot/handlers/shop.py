"""What leads look at: the shop by categories, pages and search, and the card of one product."""

from sqlalchemy import select
from telegram import CallbackQuery

from bot.handlers.edits import edit
from bot.numbers import read_id
from bot.replies import TapReply
from bot.turn import Turn
from domain.entitlements import owned_already
from domain.messages.catalogue import plain
from domain.messages.plain import Button, Message
from domain.open_shops import is_public
from domain.people import talk_to_creator
from domain.prices_shown import prices_in_list
from domain.product_card import Choice, Offer, product_card
from domain.products import NoSuchProduct
from domain.prompts import ask_next
from kit.errors import Reason
from kit.paging import Paging
from kit.text import search_words, shorten
from kit.tokens import digest_of
from store.models import Creator, Product
from store.queries.catalogue import ShopFilter, count_categories, list_shop

BUTTON_LENGTH = 60
SHOWN = 12
# fewer are looked through faster than a word is typed
MOST_AT_A_GLANCE = 6
IN_A_ROW = 2
MARK_LENGTH = 8
SEARCH_BYTES = 30
SEARCH_LENGTH = 100
_TO_BUY = ("buy:", "code:")
Row = tuple[Button, ...]


async def shop(turn: Turn, arguments: str) -> None:
    """`/shop` of the creator this chat is with; `/shop SLUG` goes to another one's, `/shop search WORDS` looks."""
    first, _, rest = arguments.strip().partition(" ")
    if first.lower() == "search" and rest.strip():
        creator = await turn.creator()
        await turn.lead(creator)
        await search_shop(turn, creator, rest)
        return
    slug = arguments.strip().lower()
    creator = await named_creator(turn, slug) if slug else await turn.creator()
    await turn.lead(creator)
    await send_shop(turn, creator)


async def send_shop(turn: Turn, creator: Creator) -> None:
    """All that this creator has on sale, from the first page on."""
    turn.send(await _screen(turn, creator, ShopFilter(), 0))


async def named_creator(turn: Turn, slug: str) -> Creator:
    """Raises Said where nobody is called so."""
    creator = await turn.session.scalar(select(Creator).where(Creator.slug == slug))
    if creator is None:
        raise turn.refusal("shop-unknown", slug=slug)
    return creator


async def search_shop(turn: Turn, creator: Creator, text: str) -> None:
    """Those whose words begin so, as a list of its own."""
    wanted = ShopFilter(search=" ".join(text.split())[:SEARCH_LENGTH])
    turn.send(await _screen(turn, creator, wanted, 0))


async def tap(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`shop:CREATOR:PAGE`, `shop:CREATOR:PAGE:c:MARK`, `shop:CREATOR:PAGE:s:WORDS`, `shop:CREATOR:ask`."""
    number, what, *rest = arguments
    creator = await turn.session.get(Creator, read_id(number))
    if creator is None:
        raise turn.refusal("not-understood")
    await turn.lead(creator)
    turn.replies.append(TapReply(query_id=query.id))
    if what == "ask":
        await ask_next(turn.session, turn.person.id, "shop-search", {"creator": creator.id}, now=turn.now)
        turn.say("shop-ask-search")
        return
    match rest:
        case []:
            wanted = ShopFilter()
        case ["c", mark]:
            wanted = ShopFilter(category=await _category(turn, creator, mark))
        case ["s", *words]:
            wanted = ShopFilter(search=":".join(words))
        case _:
            raise turn.refusal("not-understood")
    edit(turn, query, await _screen(turn, creator, wanted, read_id(what)))


async def show_product(turn: Turn, query: CallbackQuery, arguments: list[str]) -> None:
    """`product:ID` shows the card; with a variant and a quantity it changes the card that was tapped."""
    product_id, choice = read_choice(arguments)
    product = await on_sale(turn, product_id)
    turn.replies.append(TapReply(query_id=query.id))
    card = await card_of(turn, product, choice)
    if len(arguments) > 1:
        edit(turn, query, card)
    else:
        turn.send(card)


def read_choice(arguments: list[str]) -> tuple[int, Choice]:
    """`PRODUCT`, `PRODUCT:VARIANT:QUANTITY`, `PRODUCT:VARIANT:QUANTITY:CODE`. Raises ValueError."""
    product, *chosen = arguments
    match chosen:
        case []:
            return read_id(product), Choice()
        case [variant, quantity]:
            return read_id(product), Choice(read_id(variant), read_id(quantity))
        case [variant, quantity, code]:
            return read_id(product), Choice(read_id(variant), read_id(quantity), code)
        case _:
            raise ValueError("not a button of ours")


async def send_card(turn: Turn, product: Product, choice: Choice | None = None, *, above: str = "") -> None:
    """The product's card as a new message, with the buttons that this buyer has."""
    turn.send(await card_of(turn, product, choice, above=above))


async def card_of(turn: Turn, product: Product, choice: Choice | None = None, *, above: str = "") -> Message:
    lead, _ = await turn.lead(await turn.session.get_one(Creator, product.creator_id))
    offer = Offer(turn.facts.published.setup(product.creator_id), turn.now, turn.facts.rails, lead)
    chosen = choice.variant if choice is not None else 0
    right = await owned_already(turn.session, lead.id, product, chosen or None)
    if right is not None:
        above = "\n\n".join(part for part in (above, turn.words("card-yours")) if part)
    card = await product_card(turn.session, product, turn.person.speaks, offer, choice=choice, above=above)
    return card if right is None else _without_buying(turn, card, right)


def _without_buying(turn: Turn, card: Message, right: int) -> Message:
    """Of what is theirs: nobody pays twice for the same, and gets it again instead."""
    again = (Button(text=turn.words("button-again"), data=f"again:{right}"),)
    rest = [row for row in card.buttons if not any((each.data or "").startswith(_TO_BUY) for each in row)]
    return card.model_copy(update={"buttons": (again, *rest)})


async def on_sale(turn: Turn, product_id: int) -> Product:
    """A product that can be bought now; the chat is with its creator from here on. Raises NoSuchProduct."""
    product = await turn.session.get(Product, product_id)
    if product is None or not await is_public(turn.session, product, now=turn.now):
        raise NoSuchProduct("this is no longer for sale", why=Reason("refused-not_for_sale"))
    await talk_to_creator(turn.session, turn.person, product.creator_id)
    return product


async def _screen(turn: Turn, creator: Creator, wanted: ShopFilter, page: int) -> Message:
    """A page of products, each a button; below, the ways to see others."""
    language = turn.person.speaks
    found = await list_shop(turn.session, creator.id, wanted, Paging(SHOWN, page * SHOWN), now=turn.now)
    if page and not found.items:
        # some have gone since the button was shown
        return await _screen(turn, creator, wanted, max(found.total - 1, 0) // SHOWN)
    whole = wanted == ShopFilter()
    if whole and not found.total:
        return Message(text=turn.words("shop-empty", creator=creator.name))
    prices = await prices_in_list(turn.session, found.items, language)
    rows: list[Row] = [(Button(text=_label(each, prices[each.id]), data=f"product:{each.id}"),) for each in found.items]
    steps = []
    if page:
        steps.append(Button(text="‹", data=_behind(creator, page - 1, wanted)))
    if found.has_more:
        steps.append(Button(text="›", data=_behind(creator, page + 1, wanted)))
    if steps:
        rows.append(tuple(steps))
    if whole:
        rows += await _categories(turn, creator)
        if found.total > MOST_AT_A_GLANCE:
            rows.append((Button(text=turn.words("button-shop-search"), data=f"shop:{creator.id}:ask"),))
    else:
        rows.append((Button(text=turn.words("button-shop-all"), data=f"shop:{creator.id}:0"),))
    return Message(text=_title(turn, creator, wanted, found.total), buttons=tuple(rows))


def _title(turn: Turn, creator: Creator, wanted: ShopFilter, total: int) -> str:
    if wanted.search:
        key = "shop-found" if total else "shop-found-nothing"
        return turn.words(key, creator=creator.name, search=wanted.search, total=total)
    if wanted.category is not None:
        return turn.words("shop-category", creator=creator.name, category=wanted.category)
    return turn.words("shop", creator=creator.name)


async def _categories(turn: Turn, creator: Creator) -> list[Row]:
    known = await count_categories(turn.session, creator.id, now=turn.now)
    buttons = [
        Button(
            text=plain("button-category", turn.person.speaks, category=shorten(category, BUTTON_LENGTH), count=many),
            data=_behind(creator, 0, ShopFilter(category=category)),
        )
        for category, many in known.items()
    ]
    if len(buttons) < IN_A_ROW:
        # one category is the whole shop, or nearly
        return []
    return [tuple(buttons[at : at + IN_A_ROW]) for at in range(0, len(buttons), IN_A_ROW)]


async def _category(turn: Turn, creator: Creator, mark: str) -> str:
    for category in await count_categories(turn.session, creator.id, now=turn.now):
        if _mark(category) == mark:
            return category
    raise turn.refusal("shop-category-gone")


def _behind(creator: Creator, page: int, wanted: ShopFilter) -> str:
    data = f"shop:{creator.id}:{page}"
    if wanted.category is not None:
        return f"{data}:c:{_mark(wanted.category)}"
    return f"{data}:s:{_short(wanted.search)}" if wanted.search else data


def _short(search: str) -> str:
    """As much of the words as fits behind a button; the beginnings of words find what the words do."""
    words = " ".join(search_words(search))
    return words.encode()[:SEARCH_BYTES].decode(errors="ignore").strip()


def _mark(category: str) -> str:
    return digest_of(category)[:MARK_LENGTH]


def _label(product: Product, price: str) -> str:
    return f"{shorten(product.title, BUTTON_LENGTH - len(price) - 3)} · {price}"
