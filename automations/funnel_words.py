"""A funnel's message, put into words when it goes out: from the wording its lead began with, and what is true now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.facts import facts_about
from domain.definitions import media_file
from domain.funnels.definition import Funnel, FunnelButton, SendStep
from domain.messages.catalogue import say, word_for
from domain.messages.local import LocalText, pick
from domain.messages.plain import Button, Message, column
from domain.messages.templates import names_in, render, render_address
from domain.messages.values import Shown
from domain.offers import pay_button
from domain.product_card import Offer, product_card
from domain.reviews import may_review
from domain.shown import Showing
from store.models import Creator, DiscountCode, Lead, Person, Product, Shape
from store.queries.outbox import Candidate
from store.queries.reviews import unreviewed_in

# what stands on the message's own row; the rest of a lead is read only where a text names it
_AT_HAND = frozenset({"first_name", "username", "language", "source", "stage", "score"})
Facts = Mapping[str, Mapping[str, object]]


@dataclass
class FunnelWords:
    """Puts the messages of one batch into words; what they have in common is read once."""

    session: AsyncSession
    now: datetime
    _creators: dict[int, str] = field(default_factory=dict)
    _products: dict[tuple[int, str], Product | None] = field(default_factory=dict)
    _codes: dict[tuple[int, str], int | None] = field(default_factory=dict)
    _files: dict[tuple[int, str, Shape], int | None] = field(default_factory=dict)

    async def message(self, row: Candidate, funnel: Funnel, by: Showing) -> Message | None:
        """None when there is nothing to say any more.

        Raises KeyError for a step that the wording does not have, Refusal for a text that cannot be filled in.
        """
        step = funnel.step(row.step or "")
        if not isinstance(step, SendStep):
            raise KeyError(step.key)
        to_review = await self._to_review(row) if step.asks_for_review else None
        if step.asks_for_review and to_review is None:
            return None
        language = by.setup.language
        words = "" if step.text is None else pick(step.text, row.language, language)
        urls = [pick(each.url, row.language, language) for each in step.buttons if each.url is not None]
        facts = await self._facts(row, by, [words, *urls])
        buttons = [button for each in step.buttons if (button := await self._button(row, each, facts, by, to_review))]
        said, way_out = render(words, facts) if words else "", say("way-out", row.language)
        message = await self._around(row, step, (said, way_out), by)
        message = message.model_copy(update={"buttons": message.buttons + column(*buttons), "silent": step.silent})
        return (
            message
            if by.setup.tracker is None or row.lead_id is None
            else by.setup.tracker.message(message, row.lead_id)
        )

    async def _around(self, row: Candidate, step: SendStep, words: tuple[str, str], by: Showing) -> Message:
        """The words alone, under a file, or around a product's card; what is there no more is left out."""
        said, way_out = words
        if step.product is not None:
            product = await self._product(row.creator_id, step.product)
            if product is not None:
                offer = Offer(by.setup, self.now)
                return await product_card(self.session, product, row.language, offer, above=said, below=way_out)
        text = "\n\n".join(part for part in (said, way_out) if part)
        return Message(text=text, file=await self._file(row.creator_id, step))

    async def _facts(self, row: Candidate, by: Showing, texts: list[str]) -> Facts:
        named = {each for text in texts for each in _named(text)}
        if all(about == "creator" or (about == "lead" and name in _AT_HAND) for about, name in named):
            return await self._facts_at_hand(row, by)
        lead = await self.session.get_one(Lead, row.lead_id)
        person = await self.session.get_one(Person, row.person_id)
        return await facts_about(self.session, lead, person, row.subject or "", by)

    async def _facts_at_hand(self, row: Candidate, by: Showing) -> Facts:
        if row.creator_id not in self._creators:
            self._creators[row.creator_id] = (await self.session.get_one(Creator, row.creator_id)).name
        stage = row.stage or ""
        lead = {
            "first_name": row.first_name,
            "username": row.username or "",
            "language": row.language,
            "source": row.source or "",
            "stage": Shown(stage, word_for(f"stage-{stage}", stage, row.language)),
            "score": row.score,
        }
        return {"lead": lead, "creator": by.setup.words(self._creators[row.creator_id], row.language)}

    async def _button(
        self, row: Candidate, button: FunnelButton, facts: Facts, by: Showing, to_review: int | None
    ) -> Button | None:
        """None for one that leads nowhere by now: the message goes out without it."""

        def words(text: LocalText) -> str:
            return pick(text, row.language, by.setup.language)

        label = words(button.text)
        if button.url is not None:
            url = render_address(words(button.url), facts).strip()
            return Button(text=label, url=url) if url else None
        if button.review is not None:
            return Button(text=label, data=f"rate:{to_review}")
        if button.flow is not None:
            return Button(text=label, data=f"begin:{row.creator_id}:{button.flow}")
        product = await self._product(row.creator_id, button.product or button.pay or "")
        if product is None:
            return None
        if button.pay is None:
            return Button(text=label, data=f"product:{product.id}")
        code_id = None if button.code is None else await self._code(row.creator_id, button.code)
        return pay_button(
            label, by.setup, product.id, row.lead_id or 0, now=self.now, code_id=code_id or 0, good_for=button.good_for
        )

    async def _to_review(self, row: Candidate) -> int | None:
        """What of the order they have said nothing of yet, and still own."""
        kind, _, number = (row.subject or "").partition(":")
        if kind != "order" or not number.isdecimal() or row.lead_id is None:
            return None
        for product_id in await unreviewed_in(self.session, int(number), row.lead_id):
            if await may_review(self.session, row.lead_id, product_id):
                return product_id
        return None

    async def _product(self, creator_id: int, slug: str) -> Product | None:
        """None for one that is not for sale."""
        if (creator_id, slug) not in self._products:
            on_sale = select(Product).where(Product.creator_id == creator_id, Product.slug == slug, Product.active)
            found = await self.session.scalar(on_sale.where(Product.archived_at.is_(None)))
            self._products[creator_id, slug] = found
        return self._products[creator_id, slug]

    async def _code(self, creator_id: int, code: str) -> int | None:
        if (creator_id, code) not in self._codes:
            found = select(DiscountCode.id).where(DiscountCode.creator_id == creator_id, DiscountCode.code == code)
            self._codes[creator_id, code] = await self.session.scalar(found)
        return self._codes[creator_id, code]

    async def _file(self, creator_id: int, step: SendStep) -> int | None:
        if step.sha256 is None:
            return None
        shape = Shape.PHOTO if step.photo else Shape.VIDEO if step.video else Shape.DOCUMENT
        key = (creator_id, step.sha256, shape)
        if key not in self._files:
            self._files[key] = await media_file(self.session, *key)
        return self._files[key]


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[tuple[str, str | None]]:
    return frozenset(names_in(text))
