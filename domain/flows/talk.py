from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncSession

from domain.definitions import Published
from domain.flows.definition import Flow
from domain.leads import known_answers
from domain.messages.catalogue import word_for
from domain.messages.local import LocalText, pick
from domain.messages.templates import render
from domain.messages.values import Shown
from domain.setups import CreatorSetup
from domain.shown import Showing, showing, shown_answers
from store.models import Creator, Lead, Person

# what a creator's text may name
Facts = Mapping[str, Mapping[str, object]]


@dataclass(frozen=True)
class Talk:
    """One lead's chat with the creator they belong to, and what that creator has set up by now."""

    lead: Lead
    person: Person
    published: Published

    @property
    def setup(self) -> CreatorSetup:
        return self.published.setup(self.lead.creator_id)

    @property
    def language(self) -> str:
        return self.person.speaks

    def showing(self, flow: Flow | None = None) -> Showing:
        """How this lead's answers read, by the labels of `flow` before all others."""
        return showing(self.published, self.lead.creator_id, *([] if flow is None else [flow]))

    def label(self, text: LocalText) -> str:
        """In the lead's language, as it stands: buttons and titles are not filled in."""
        return pick(text, self.language, self.setup.language)

    def words(self, text: LocalText, facts: Facts) -> str:
        """In the lead's language, filled in. Raises BadTemplate."""
        return render(self.label(text), facts)


async def facts_of(
    session: AsyncSession, talk: Talk, known: Mapping[str, str] | None = None, flow: Flow | None = None
) -> Facts:
    """`lead`, with all that it has answered (`known`, when it has been read already), and `creator`.

    Answers read by the labels of `flow` before those of the flows as they are now.
    """
    lead, person = talk.lead, talk.person
    answers = await known_answers(session, lead) if known is None else known
    shown = await shown_answers(session, lead.id, answers, talk.showing(flow), talk.language)
    creator = await session.get_one(Creator, lead.creator_id)
    own = {"first_name": person.first_name, "username": person.username or "", "language": talk.language}
    return {
        "lead": {
            "source": lead.source or "",
            "stage": Shown(lead.stage, word_for(f"stage-{lead.stage}", lead.stage, talk.language)),
            "score": lead.score,
            **shown,
            **own,
        },
        "creator": talk.setup.words(creator.name, talk.language),
    }
