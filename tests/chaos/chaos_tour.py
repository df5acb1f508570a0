"""What people do: a creator who fills the shop, and a hundred leads on the whole tour, each at their own pace."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from chaos_client import Client, Json

CREATOR = 1001
GUIDE = "starter-guide.pdf"
PACK = "preset-pack.zip"
INTERESTS = ("Editing presets", "Video lessons", "One-to-one coaching")
ACTS = 10


class Progress:
    """Counts what people do, so that others can strike at a moment of the tours and not of the clock."""

    def __init__(self) -> None:
        self.acts = 0
        self._change = asyncio.Condition()

    async def note(self) -> None:
        async with self._change:
            self.acts += 1
            self._change.notify_all()

    async def reach(self, acts: int) -> None:
        async with self._change:
            await self._change.wait_for(lambda: self.acts >= acts)


@dataclass
class Tour:
    """One person from the deep link to the library. Everything is done once, and the bot has to answer in the end."""

    client: Client
    progress: Progress
    number: int
    patience: float
    dice: random.Random
    person: int = 0
    typed: dict[str, str] = field(default_factory=dict)
    # what the bot said on the buttons themselves, which is nothing when all goes well
    told_on_buttons: list[str] = field(default_factory=list)
    session_id: str = ""
    finished: bool = False
    _pressed: list[asyncio.Task[str | None]] = field(default_factory=list)

    async def go(self) -> None:
        self.person = await self.client.add_person(f"Ann{self.number}")
        await self._answer_questions()
        await self._buy()
        library = await self._write("/library", said("Yours"), "the library")
        shown = {button["text"] for button in buttons(library, "again:")}
        assert shown == {"Starter guide", "Preset pack"}, f"person {self.person} finds {shown} in the library"
        self.told_on_buttons = [told for told in await asyncio.gather(*self._pressed) if told]
        self.finished = True

    async def _answer_questions(self) -> None:
        name, email = f"Ann {self.number}", f"ann{self.number}@example.com"
        self.typed = {"name": name, "email": email}
        await self._write("/start ad42", said("What shall we call you?"), "the first question")
        await self._write(name, said("Good to have you here"), "the question for an e-mail")
        await self._write(email, said("And a phone number"), "the question for a phone")
        choice = await self._give_phone()
        interest = self.dice.choice(INTERESTS)
        self.typed["interest"] = interest
        after = await self._tap(choice, interest)
        await self._hear(said("When you feel like looking around"), "the end of the flow", after)
        await self._hear(file(GUIDE), "the starter guide", after)

    async def _give_phone(self) -> Json:
        self.typed["phone"] = phone = f"+1202555{self.number:04d}"
        asked = "the question for an interest"
        if self.number % 2:
            return await self._write(phone, said("Last one."), asked)
        return await self._write(None, said("Last one."), asked, contact={"phone_number": phone})

    async def _buy(self) -> None:
        shop = await self._write("/shop", lambda each: bool(buttons(each, "product:")), "the shop")
        after = await self._tap(shop, "Preset pack")
        card = await self._hear(lambda each: bool(buttons(each, "buy:")), "the product", after)
        after = await self._tap(card, "Buy")
        pay = await self._hear(lambda each: bool(checkouts(each)), "the checkout", after)
        self.session_id = checkouts(pay)[0]
        await self._think()
        await self.client.post(f"/stripe/sessions/{self.session_id}", {"outcome": "paid"})
        await self.progress.note()
        await self._hear(file(PACK), "what was paid for", after)

    async def _write(self, text: str | None, wanted: Callable[[Json], bool], what: str, **other: Any) -> Json:
        await self._think()
        after = await self.client.write(self.person, **({"text": text} if text is not None else other))
        await self.progress.note()
        return await self._hear(wanted, what, after)

    async def _tap(self, message: Json, label: str) -> int:
        """Presses the button without waiting for its answer: what it leads to comes as a message."""
        await self._think()
        (data,) = [each["data"] for each in buttons(message) if each["text"].startswith(label) or label == "Buy"]
        self._pressed.append(asyncio.create_task(self.client.tap(self.person, message, data)))
        # the tap is an update as soon as it is posted, long before it is answered
        await asyncio.wait(self._pressed[-1:], timeout=0.01)
        await self.progress.note()
        return int(message["message_id"])

    async def _hear(self, wanted: Callable[[Json], bool], what: str, after: int) -> Json:
        return await self.client.hear(self.person, wanted, what, after=after, within=self.patience)

    async def _think(self) -> None:
        # people take a moment, each their own, so that every stage of the tour is under way at once
        await asyncio.sleep(self.dice.uniform(0, 0.3))


def said(words: str) -> Callable[[Json], bool]:
    return lambda message: bool(message["text"].startswith(words))


def file(name: str) -> Callable[[Json], bool]:
    return lambda message: message.get("document", {}).get("file_name") == name


def buttons(message: Json, prefix: str = "") -> list[Json]:
    return [each for row in message["buttons"] for each in row if each.get("data", "").startswith(prefix)]


def checkouts(message: Json) -> list[str]:
    """The Checkout Sessions that a message leads to."""
    links = [each["url"] for row in message["buttons"] for each in row if "url" in each]
    return [link.rpartition("/")[2] for link in links if "/stripe/pay/" in link]


async def fill_shop(client: Client, *, stock: int, creator: int = CREATOR) -> None:
    """What is given away and what is sold, added by the creator in the chat."""
    await add_product(client, '"Starter guide" 0 usd', "Starter guide", GUIDE, creator=creator)
    await add_product(client, f'"Preset pack" 19.00 usd stock={stock}', "Preset pack", PACK, creator=creator)


async def add_product(client: Client, words: str, title: str, file_name: str, *, creator: int) -> None:
    after = await client.write(creator, text=f"/product add {words}")
    await client.hear(creator, said("Added: no."), "the product added", after=after, within=30)
    after = await client.write_document(creator, file_name, f"The bytes of {file_name}".encode())
    asked = await client.hear(creator, said("Got “"), "the question about the file", after=after, within=30)
    (data,) = [each["data"] for each in buttons(asked, "attach:") if each["text"] == title]
    await client.tap(creator, asked, data)
    done = f"“{title}” is now delivered"
    await client.hear(creator, said(done), "the file attached", after=asked["message_id"], within=30)


async def tour_together(
    client: Client, progress: Progress, *, people: int, over: float, patience: float, dice: random.Random
) -> list[Tour]:
    """Everybody's whole tour; people arrive spread over so many seconds."""
    tours = [Tour(client, progress, number, patience, random.Random(dice.random())) for number in range(people)]

    async def arrive(tour: Tour) -> None:
        await asyncio.sleep(tour.dice.uniform(0, over))
        await tour.go()

    async with asyncio.TaskGroup() as group:
        for tour in tours:
            group.create_task(arrive(tour))
    return tours
