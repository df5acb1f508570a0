"""What a creator is told when a trigger of theirs cannot do its part."""

import hashlib
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from domain.enrollments import Current
from domain.messages.catalogue import plain_why, say
from domain.messages.plain import Message
from domain.outbox import tell_creator
from kit.errors import Reason
from kit.text import shorten

_LONGEST = 300


async def tell_cannot_ask(session: AsyncSession, current: Current, why: Reason, *, now: datetime) -> None:
    """A trigger's segment cannot be asked, so nobody begins: told once for each wording and reason."""

    def told(language: str) -> Message:
        reason = shorten(plain_why(why, language), _LONGEST)
        return Message(text=say("trigger-cannot-ask", language, funnel=current.key, reason=reason))

    mark = hashlib.sha256(f"{current.version_id}:{plain_why(why)}".encode()).hexdigest()[:16]
    key = f"trigger-cannot-ask:{current.creator_id}:{current.key}:{mark}"
    await tell_creator(session, told, key=key, creator_id=current.creator_id, now=now)
