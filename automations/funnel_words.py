"""A funnel's message, put into words when it goes out: from the wording its lead began with, and what is true now."""

from dataclasses import dataclass, field

from automations.composing import Composer, Draft
from domain.definitions import media_file
from domain.funnels.definition import Funnel, SendStep
from domain.messages.plain import Message
from domain.reviews import may_review
from domain.shown import Showing
from store.models import Shape
from store.queries.outbox import Candidate
from store.queries.reviews import unreviewed_in


@dataclass
class FunnelWords:
    """Puts the messages of one batch into words."""

    composer: Composer
    _files: dict[tuple[int, str, Shape], int | None] = field(default_factory=dict)

    async def message(self, row: Candidate, funnel: Funnel, by: Showing) -> Message | None:
        """None when there is nothing to say any more.

        Raises ValueError for a message that the wording does not have, Refusal for one that cannot be filled in.
        """
        step = next((each for each in funnel.steps if isinstance(each, SendStep) and each.key == row.step), None)
        if step is None:
            raise ValueError(f"this version has no message “{row.step}”")
        to_review = await self._to_review(row) if step.asks_for_review else None
        if step.asks_for_review and to_review is None:
            return None
        draft = Draft(
            text=step.text or "",
            buttons=step.buttons,
            file=await self._file(row.creator_id, step),
            product=step.product,
            silent=step.silent,
            to_review=to_review,
        )
        return await self.composer.compose(row, draft, by)

    async def _to_review(self, row: Candidate) -> int | None:
        """What of the order they have said nothing of yet, and still own."""
        kind, _, number = (row.subject or "").partition(":")
        if kind != "order" or not number.isdecimal() or row.lead_id is None:
            return None
        for product_id in await unreviewed_in(self.composer.session, int(number), row.lead_id):
            if await may_review(self.composer.session, row.lead_id, product_id):
                return product_id
        return None

    async def _file(self, creator_id: int, step: SendStep) -> int | None:
        if step.sha256 is None:
            return None
        key = (creator_id, step.sha256, step.shape)
        if key not in self._files:
            self._files[key] = await media_file(self.composer.session, *key)
        return self._files[key]
