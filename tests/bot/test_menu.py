"""The commands that Telegram shows beside the text field."""

from pathlib import Path

from sqlalchemy import select
from telegram import Bot
from world import TOKEN, World, a_world, seed

from bot.commands import CREATORS, EVERYONE, MOST_COMMANDS, Menu
from bot.request import AiohttpRequest
from domain.flows.definition import Flow
from domain.flows.heads import save_flow
from store.models import Creator

OWN = [f"walk_{number}" for number in range(110)]
CONFIG = f"""
telegram:
  default_creator: studio
creators:
  studio:
    name: Studio North
    currency: usd
    flows:
      walk:
        title: {{en: A walk, de: Ein Spaziergang}}
        trigger: [{", ".join(f"{{command: {each}}}" for each in OWN)}]
        nodes:
          - {{key: hello, do: say, text: Off we go.}}
"""


async def menus(world: World) -> list[dict[str, str]]:
    """Each one that was set: descriptions by command."""
    return [
        {each["command"]: each["description"] for each in call["params"]["commands"]}
        for call in await world.calls("setMyCommands")
    ]


async def test_of_more_commands_than_telegram_shows_sparks_stay_and_the_rest_work_all_the_same(
    store_url: str, tmp_path: Path
):
    async with a_world(store_url, tmp_path, CONFIG) as world:
        await seed(world)
        await world.spark.start()

        async def told() -> bool:
            return len(await menus(world)) == 2

        assert await world.until(told)
        for menu in await menus(world):
            assert len(menu) == MOST_COMMANDS
            assert set(EVERYONE) < set(menu)
            assert menu["walk_0"] in {"A walk", "Ein Spaziergang"}
        # a creator's own chat has more of Spark's
        await world.creator.say("/start")

        async def creators() -> bool:
            return any({*CREATORS, *EVERYONE} < set(menu) and len(menu) == MOST_COMMANDS for menu in await menus(world))

        assert await world.until(creators)
        lena = await world.person("Lena")
        await lena.say("/walk_109")
        await lena.hears("Off we go.")


async def test_a_flow_that_is_saved_while_spark_runs_is_in_the_menu_at_once(sqlite_url: str, tmp_path: Path):
    async with a_world(sqlite_url, tmp_path, CONFIG.partition("    flows:")[0]) as world:
        await seed(world)
        await world.spark.start()
        fair = Flow.model_validate(
            {"trigger": [{"command": "fair"}], "nodes": [{"key": "hi", "do": "say", "text": "See you at the fair."}]}
        )
        async with world.spark.database.transaction() as session:
            creator_id = (await session.scalars(select(Creator.id))).one()
            await save_flow(session, creator_id, {}, "fair", fair, now=world.spark.clock())

        async def shown() -> bool:
            return sum("fair" in menu for menu in await menus(world)) == 2

        assert await world.until(shown)


async def test_a_command_that_spark_has_taken_since_is_shown_once_as_sparks(store_url: str, tmp_path: Path):
    menu = Menu()
    menu.offer({"shop": "Mine", "skip": None, "fair": "x" * 300}, creator="Studio North", fallback="en")
    async with a_world(store_url, tmp_path, CONFIG) as world:
        base_url = f"{world.address}/telegram/bot"
        async with Bot(TOKEN, base_url, request=AiohttpRequest(), get_updates_request=AiohttpRequest()) as bot:
            await menu.show(bot)
        english = dict.fromkeys(EVERYONE) | {"fair": "From Studio North", "shop": "What is for sale"}
        german = dict.fromkeys(EVERYONE) | {"fair": "Von Studio North", "shop": "Was es zu kaufen gibt"}
        told = [
            {name: said if name in {"fair", "shop"} else None for name, said in each.items()}
            for each in await menus(world)
        ]
        assert told == [german, english]
