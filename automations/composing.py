"""A message of a creator's as one lead reads it: filled in with what is true now, with buttons that lead somewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from automations.facts import facts_about
from domain.funnels.steps import FunnelButton
from domain.messages.catalogue import plain_why, word_for
from domain.messages.local import LocalText, pick
from domain.messages.plain import Button, Message, column
from domain.messages.templates import names_in, render, render_address
from domain.messages.values import Shown
from domain.messages.way_out import way_out
from domain.offers import pay_button
from domain.pricing import NotForSale
from domain.product_card import Offer, product_card
from domain.shown import Showing
from kit.errors import Reason
from store.models import Base, Creator, DiscountCode, Lead, Person, Product
from store.queries.outbox import Candidate

# what stands on the message's own row; the rest of a lead is read only where a text names it
_AT_HAND = frozenset({"first_name", "username", "language", "source", "stage", "score"})
Facts = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What a creator has written: words, alone, under a stored file or around a product's card, and buttons."""

    text: LocalText = ""
    buttons: Sequence[FunnelButton] = ()
    file: int | None = None
    # its slug
    product: str | None = None
    silent: bool = False
    # what a button for the stars of a review is about
    to_review: int | None = None


@dataclass
class Composer:
    """For the messages of one batch; what they have in common is read once."""

    session: AsyncSession
    now: datetime
    rows: Sequence[Candidate] = ()
    # leads, people and creators, once a text names what does not stand on the messages' own rows
    _known: list[Base] = field(default_factory=list)
    _creators: dict[int, str] = field(default_factory=dict)
    _products: dict[tuple[int, str], Product | None] = field(default_factory=dict)
    _codes: dict[tuple[int, str], int | None] = field(default_factory=dict)

    async def compose(self, row: Candidate, draft: Draft, by: Showing) -> Message:
        """As whoever it goes to reads it, with the way out of it. Raises Refusal for what cannot be filled in."""
        fallback = by.setup.language
        words = pick(draft.text, row.language, fallback)
        urls = [pick(each.url, row.language, fallback) for each in draft.buttons if each.url is not None]
        facts = await self._facts(row, by, [words, *urls])
        buttons = [button for each in draft.buttons if (button := await self._button(row, draft, each, facts, by))]
        said = render(words, facts) if words else ""
        message = await self._around(row, draft, (said, way_out(row.language)), by)
        message = message.model_copy(update={"buttons": message.buttons + column(*buttons), "silent": draft.silent})
        tracker = by.setup.tracker
        return message if tracker is None or row.lead_id is None else tracker.message(message, row.lead_id)

    async def _around(self, row: Candidate, draft: Draft, words: tuple[str, str], by: Showing) -> Message:
        """Raises NotForSale for the card of what is not: the words that go with it promise something."""
        said, way_out = words
        if draft.product is None:
            return Message(text="\n\n".join(part for part in (said, way_out) if part), file=draft.file)
        product = await self._product(row.creator_id, draft.product)
        if product is None:
            why = Reason("refused-no-card", product=draft.product)
            raise NotForSale(plain_why(why), why=why)
        offer = Offer(by.setup, self.now)
        return await product_card(self.session, product, row.language, offer, above=said, below=way_out)

    async def _facts(self, row: Candidate, by: Showing, texts: list[str]) -> Facts:
        named = {each for text in texts for each in _named(text)}
        if all(about == "creator" or (about == "lead" and name in _AT_HAND) for about, name in named):
            return await self._facts_at_hand(row, by, {name for about, name in named if about == "lead"})
        await self._know_all()
        lead = await self.session.get_one(Lead, row.lead_id)
        person = await self.session.get_one(Person, row.person_id)
        return await facts_about(self.session, lead, person, row.subject or "", by)

    async def _know_all(self) -> None:
        """Whom the batch is about, read at once: the session finds them again as long as they are kept here."""
        if self._known:
            return
        numbers: dict[type[Lead | Person | Creator], set[int | None]] = {
            Lead: {row.lead_id for row in self.rows},
            Person: {row.person_id for row in self.rows},
            Creator: {row.creator_id for row in self.rows},
        }
        for model, wanted in numbers.items():
            self._known += await self.session.scalars(select(model).where(model.id.in_(wanted - {None})))

    async def _facts_at_hand(self, row: Candidate, by: Showing, named: Collection[str | None]) -> Facts:
        if row.creator_id not in self._creators:
            self._creators[row.creator_id] = (await self.session.get_one(Creator, row.creator_id)).name
        lead: dict[str, object] = {
            "first_name": row.first_name,
            "username": row.username or "",
            "language": row.language,
            "source": row.source or "",
            "score": row.score,
        }
        if "stage" in named:
            stage = row.stage or ""
            lead["stage"] = Shown(stage, word_for(f"stage-{stage}", stage, row.language))
        return {"lead": lead, "creator": by.setup.words(self._creators[row.creator_id], row.language)}

    async def _button(
        self, row: Candidate, draft: Draft, button: FunnelButton, facts: Facts, by: Showing
    ) -> Button | None:
        """None for one that leads nowhere by now: the message goes out without it."""

        def words(text: LocalText) -> str:
            return pick(text, row.language, by.setup.language)

        label = words(button.text)
        if button.url is not None:
            url = render_address(words(button.url), facts).strip()
            return Button(text=label, url=url) if url else None
        if button.review is not None:
            return None if draft.to_review is None else Button(text=label, data=f"rate:{draft.to_review}")
        if button.flow is not None:
            return Button(text=label, data=f"begin:{row.creator_id}:{button.flow}")
        product = await self._product(row.creator_id, button.product or button.pay or "")
        code_id = 0 if button.code is None else await self._code(row.creator_id, button.code)
        if product is None or code_id is None:
            # where the code is gone too: nobody is sold it at another price than the one that was promised
            return None
        if button.pay is None:
            return Button(text=label, data=f"product:{product.id}")
        return pay_button(
            label, by.setup, product.id, row.lead_id or 0, now=self.now, code_id=code_id, good_for=button.good_for
        )

    async def _product(self, creator_id: int, slug: str) -> Product | None:
        """None for one that is not for sale."""
        if (creator_id, slug) not in self._products:
            on_sale = select(Product).where(Product.creator_id == creator_id, Product.slug == slug, Product.active)
            found = await self.session.scalar(on_sale.where(Product.archived_at.is_(None)))
            self._products[creator_id, slug] = found
        return self._products[creator_id, slug]

    async def _code(self, creator_id: int, code: str) -> int | None:
        """None for one that is not there any more."""
        if (creator_id, code) not in self._codes:
            found = select(DiscountCode.id).where(DiscountCode.creator_id == creator_id, DiscountCode.code == code)
            self._codes[creator_id, code] = await self.session.scalar(found.where(DiscountCode.archived_at.is_(None)))
        return self._codes[creator_id, code]


@lru_cache(maxsize=4096)
def _named(text: str) -> frozenset[tuple[str, str | None]]:
    return frozenset(names_in(text))
