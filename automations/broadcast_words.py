"""A broadcast's message to one lead, put into words when it goes out."""

from dataclasses import dataclass, field

from automations.composing import Composer, Draft
from domain.broadcasts.definition import Content, content_of, variant_number
from domain.messages.plain import Message
from domain.shown import Showing
from store.models import Broadcast
from store.queries.outbox import Candidate


@dataclass
class BroadcastWords:
    """Puts the messages of one batch into words."""

    composer: Composer
    _contents: dict[int, Content] = field(default_factory=dict)

    async def message(self, row: Candidate, by: Showing) -> Message:
        """In the variant that its lead was given, in their language.

        Raises ValueError for a variant that there is not, Refusal for words that cannot be filled in.
        """
        content = await self._content(row.broadcast_id or 0)
        number = variant_number(row.step or "")
        if number >= len(content.variants):
            raise ValueError(f"this broadcast has no variant “{row.step}”")
        wording = content.variants[number].wording(row.language, by.setup.language)
        draft = Draft(wording.text, wording.buttons, file=wording.file, silent=content.silent)
        return await self.composer.compose(row, draft, by)

    async def _content(self, broadcast_id: int) -> Content:
        if broadcast_id not in self._contents:
            broadcast = await self.composer.session.get_one(Broadcast, broadcast_id)
            self._contents[broadcast_id] = content_of(broadcast)
        return self._contents[broadcast_id]
