from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.flows.definition import Flow
from domain.flows.nodes import AnyNode
from domain.flows.talk import Facts, Talk, facts_of
from domain.leads import known_answers
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.errors import Reason, Refusal
from kit.log import get_logger
from kit.text import shorten
from store.models import FlowRun

REASON_LENGTH = 300
_log = get_logger(__name__)


@dataclass
class Way:
    """One walk through a flow: what it walks on, and what it has said so far."""

    session: AsyncSession
    talk: Talk
    run: FlowRun
    flow: Flow
    now: datetime
    shown: list[Message] = field(default_factory=list)
    # for a lead who cannot be written to, or wants no more of it: all is done but for what would be said
    unheard: bool = False
    _known: Mapping[str, str] | None = None
    _facts: Facts | None = None

    async def known(self) -> Mapping[str, str]:
        """The lead's answers so far; read once until `learned` says that there are others."""
        if self._known is None:
            self._known = await known_answers(self.session, self.talk.lead)
        return self._known

    async def facts(self) -> Facts:
        if self._facts is None:
            self._facts = await facts_of(self.session, self.talk, await self.known(), self.flow)
        return self._facts

    def learned(self) -> None:
        self._known = self._facts = None

    def say(self, message: Message) -> None:
        if self.unheard:
            return
        tracker = self.talk.setup.tracker
        self.shown.append(message if tracker is None else tracker.message(message, self.talk.lead.id))

    async def stumbled(self, node: AnyNode | None, failed: Exception | Reason) -> None:
        """Something in the creator's flow cannot be done. They are told once; the lead is not left standing."""
        lead, run = self.talk.lead, self.run
        place = node.key if node else run.node
        _log.warning("flow stumbled", run=run.id, flow=run.flow_key, node=place)

        def told(language: str) -> Message:
            why = shorten(_why(failed, language), REASON_LENGTH)
            return Message(text=say("flow-stumbled", language, flow=run.flow_key, node=place, reason=why))

        key = f"flow-stumbled:{run.version_id}:{place}"
        await tell_creator(self.session, told, key=key, creator_id=lead.creator_id, now=self.now)


def _why(failed: Exception | Reason, language: str) -> str:
    match failed:
        case Reason():
            return plain_why(failed, language)
        case Refusal(why=Reason() as why):
            return plain_why(why, language)
    return str(failed)
