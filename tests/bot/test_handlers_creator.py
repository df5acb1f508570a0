"""What a creator does in one line, and the one line that says how when it is wrong."""

import pytest
from sqlalchemy import select
from world import World

from bot.commands import CREATORS, EVERYONE
from domain.messages.catalogue import LANGUAGES, say
from store.models import Idea, Product

PRODUCT_FORM = 'Like this: /product add "Preset pack" 19.00 usd stock=50'
IDEA_FORM = "Like this: /idea add Studio tour #video !high due:2026-12-01"

PRODUCTS = [
    ('/product add "Preset pack" 19.00 usd stock=50', ("Preset pack", 1900, "usd", 50)),
    ("/product add “Sound pack” 9,50 EUR", ("Sound pack", 950, "eur", None)),
    ("/product add „Klangpaket“ 9 eur", ("Klangpaket", 900, "eur", None)),
    ("/product add «Pack» 1900 jpy stock=0", ("Pack", 1900, "jpy", 0)),
    ("/product add No quotes at all 5 usd", ("No quotes at all", 500, "usd", None)),
    ("/product ADD 'Single' 1.250 kwd", ("Single", 1250, "kwd", None)),
    ('/product add "Free one" 0 usd', ("Free one", 0, "usd", None)),
    ('/product add "<b>Bold</b> & co" 1 usd stock=1000000000', ("<b>Bold</b> & co", 100, "usd", 1_000_000_000)),
    ('/product add "' + "x" * 200 + '" 1 usd', ("x" * 200, 100, "usd", None)),
]
WRONG_PRODUCTS = [
    ("/product add", PRODUCT_FORM),
    ("/product add Pack", PRODUCT_FORM),
    ("/product add 19.00 usd", PRODUCT_FORM),
    ('/product add "Pack 19.00 usd', PRODUCT_FORM),
    ("/product add Pack nineteen usd", PRODUCT_FORM),
    ("/product add Pack -5 usd", PRODUCT_FORM),
    ("/product add Pack 19.00 usd stock=-1", "0 or more"),
    ("/product add Pack 19.00 usd stock=many", "0 or more"),
    ("/product add Pack 19.00 usd colour=red", PRODUCT_FORM),
    ("/product remove 1", PRODUCT_FORM),
    ("/product add Pack 19.00 dollars", "“dollars” is not a currency"),
    ("/product add Pack 19.0001 usd", "“19.0001”"),
    ("/product add Pack 1.900 usd", "can be read in two ways"),
    ("/product add Pack 19.5 jpy", "rices in JPY have 0 decimal places"),
    ("/product add Pack 99999999999 usd", "larger than one payment may be"),
    ("/product add Pack 1 usd stock=1000000001", "0 to a billion"),
    ('/product add "' + "x" * 201 + '" 1 usd', "1 to 200 characters"),
    ('/product add " " 1 usd', "1 to 200 characters"),
]
WRONG_IDEAS = [
    ("/idea add #video !high", IDEA_FORM),
    ("/idea add Tour due:someday", "“someday” is no day that I know"),
    ("/idea add Tour due:2026-02-30", "“2026-02-30” is no day that I know"),
    ("/idea remove 1", IDEA_FORM),
    ("/idea add " + "x" * 201, "1 to 200 characters"),
]


async def products(world: World) -> list[Product]:
    async with world.spark.database.reading() as session:
        return list(await session.scalars(select(Product).order_by(Product.id)))


async def says(world: World, text: str) -> str:
    """What the creator is answered."""
    sent = (await world.creator.post({"text": text}))["message_id"]

    async def answers() -> list[str]:
        return [said.text for said in await world.creator.chat() if said.by_bot and said.raw["message_id"] > sent]

    assert await world.until(answers), f"no answer to {text!r}"
    return (await answers())[0]


async def test_a_product_in_one_line_as_people_type_it(world: World):
    before = len(await products(world))
    for line, _ in PRODUCTS:
        assert (await says(world, line)).startswith("Added: no. "), line
    added = [(each.title, each.price_minor, each.currency, each.stock) for each in (await products(world))[before:]]
    assert added == [expected for _, expected in PRODUCTS]


async def test_a_wrong_product_line_gets_one_line_that_shows_the_right_form(world: World):
    before = len(await products(world))
    for line, told in WRONG_PRODUCTS:
        answer = await says(world, line)
        assert told in answer, (line, answer)
        assert "\n" not in answer
    assert len(await products(world)) == before


async def test_what_a_creator_typed_is_shown_as_it_was_typed(world: World):
    answer = await says(world, '/product add "<b>Bold</b> & co" 1 usd')
    assert "<b>Bold</b> & co" in answer
    assert "<b>Bold</b> & co" in await says(world, "/product list")
    assert "<i>x</i>" in await says(world, "/idea add <i>x</i> #<u>")


async def test_product_alone_is_a_menu_with_buttons(world: World):
    await says(world, "/product")
    await world.creator.tap("How to add one")
    await world.creator.hears("Like this: /product add")
    await world.creator.tap("List")
    await world.creator.hears("Preset pack – $19.00")


async def test_ideas_in_one_line(world: World):
    assert "no ideas yet" in (await says(world, "/idea")).lower()
    assert await says(world, "/idea add Studio tour #video !high due:2026-12-01") == (
        "💡 Idea 1: Studio tour #video !high due 2026-12-01"
    )
    assert (await says(world, "/idea add #One   thing\n!LOW more #two")).startswith("💡 Idea 2: thing more")
    async with world.spark.database.reading() as session:
        second = (await session.scalars(select(Idea).where(Idea.number == 2))).one()
    assert (second.title, second.priority, sorted(second.tags)) == ("thing more", "low", ["one", "two"])
    listed = await says(world, "/idea list")
    assert listed.index("2. thing more") < listed.index("1. Studio tour")


async def test_a_wrong_idea_line_gets_one_line_that_shows_the_right_form(world: World):
    for line, told in WRONG_IDEAS:
        answer = await says(world, line)
        assert told in answer, (line, answer)
    async with world.spark.database.reading() as session:
        assert (await session.scalars(select(Idea.id))).all() == []


@pytest.mark.parametrize("command", ["/product add Pack 1 usd", "/idea add Tour", "/token"])
async def test_what_is_for_creators_is_refused_to_everyone_else(world: World, command: str):
    before = len(await products(world))
    lena = await world.person("Lena")
    await lena.say(command)
    await lena.hears("This is for creators")
    assert len(await products(world)) == before


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_help_names_every_command(language: str):
    for text, names in (("help", EVERYONE), ("help-creator", CREATORS)):
        told = say(text, language, creator="Studio")
        assert [name for name in names if name != "help" and f"/{name} " not in told.replace(",", " ")] == []


async def test_the_command_menu_shows_each_person_only_what_is_theirs(world: World):
    lena = await world.person("Lena")
    await lena.say("/help")
    await lena.hears("What I can do")

    async def commands(person: int) -> set[str]:
        told = await world.control("GET", f"/people/{person}/chat")
        return {each["command"] for each in told["commands"]}

    async def creators_are_shown() -> bool:
        return "product" in await commands(world.creator.id)

    assert await world.until(creators_are_shown)
    assert {"product", "idea", "token", "shop"} <= await commands(world.creator.id)
    theirs = await commands(lena.id)
    assert {"shop", "library", "help"} <= theirs
    assert not {"product", "idea", "token"} & theirs
