"""New wordings that somebody sends by chat or API: what they would change, for whom, and making them so."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from automations.changes import Change, Foreseen, foresee
from domain.access import Act
from domain.definitions import Published
from domain.funnels.asked_moves import ask_to_move
from domain.funnels.definition import Funnel
from domain.funnels.drafts import DraftGone
from domain.funnels.heads import NoSuchFunnel, find_funnel, refuse_of_file, save_funnel
from domain.funnels.moving import Policy, wordings
from domain.funnels.reading import Surroundings, check_names, surroundings
from domain.funnels.writing import differences
from kit.errors import Invalid, Reason
from store.models import RUNS, Creator, FunnelHead, FunnelState, FunnelVersion, Kept


class FunnelWrong(Invalid):
    """It was right when it was looked at; what it names has changed since."""

    code = "funnel_wrong"


@dataclass(frozen=True, slots=True)
class Proposed:
    """One funnel as it would be. `number` is the version that it is compared with, 0 for a new one."""

    key: str
    head: FunnelHead | None
    number: int
    # lines that go, that come, and some beside them
    changed: Sequence[str]
    foreseen: Sequence[Foreseen]

    @property
    def is_new(self) -> bool:
        return self.number == 0

    @property
    def runs_again(self) -> bool:
        """It is out of use now, or switched off for a mistake."""
        return self.head is not None and self.head.state in {FunnelState.ARCHIVED, FunnelState.DISABLED}

    @property
    def base(self) -> int | None:
        """The row of the wording that it is compared with."""
        return None if self.head is None else self.head.version_id

    @property
    def under_way(self) -> int:
        """How many have begun with another wording."""
        return sum(each.group.people for each in self.foreseen)

    def at_once(self, policy: Policy) -> int:
        """How many messages would go out in that same moment."""
        return sum(sum(each.at_once.values()) for each in self.foreseen if each.under(policy) == "moves")


async def around(session: AsyncSession, published: Published, creator: Creator) -> Surroundings:
    """What the creator's funnels may name now."""
    running = published.funnels.get(creator.id, {})
    return await surroundings(session, creator.id, published.setup(creator.id), creator.name, running)


async def propose(
    session: AsyncSession, published: Published, creator_id: int, funnels: Mapping[str, Funnel], *, now: datetime
) -> list[Proposed]:
    """Each beside what it is now; nothing is changed. Raises ManagedByFile for a name that is the file's."""
    return [await _propose(session, published, creator_id, key, funnels[key], now=now) for key in sorted(funnels)]


async def _propose(
    session: AsyncSession, published: Published, creator_id: int, key: str, new: Funnel, *, now: datetime
) -> Proposed:
    head = await _head(session, creator_id, key)
    if head is None or head.version_id is None:
        return Proposed(key, head, 0, await asyncio.to_thread(differences, None, new), ())
    refuse_of_file(head)
    version = await session.get_one(FunnelVersion, head.version_id)
    present = (await wordings(session, [version.id])).get(version.id)
    foreseen = await foresee(session, published, Change(creator_id, key, new, now))
    changed = await asyncio.to_thread(differences, present, new)
    return Proposed(key, head, version.number, changed, tuple(foreseen))


async def accept(
    session: AsyncSession,
    published: Published,
    creator: Creator,
    funnels: Mapping[str, Funnel],
    *,
    kept: Kept,
    policy: Policy,
    must: Callable[[Act], object],
    now: datetime,
    bases: Mapping[str, int] | None = None,
) -> list[FunnelHead]:
    """They are what those who begin now take, and those under way are soon dealt with as the policy says.

    They were found good before. `must` raises for what whoever accepts them may not do: what begins to run, or goes on
    with other words, sends. Raises ManagedByFile, FunnelWrong for what cannot work any more, and with `bases` DraftGone
    where a funnel is not as it was when it was compared.
    """
    for path, said in check_names(funnels, await around(session, published, creator)):
        place = ".".join(str(part) for part in path)
        raise FunnelWrong(
            f"{place}: {said}", fields={place: said}, why=Reason("refused-funnel-wrong", place=place, said=said)
        )
    heads = []
    for key in sorted(funnels):
        before = await _head(session, creator.id, key, lock=True)
        if bases is not None and (None if before is None else before.version_id) != bases.get(key):
            raise DraftGone("the funnel was changed meanwhile; send the file again")
        head = await save_funnel(session, creator.id, key, funnels[key], kept=kept, now=now)
        if head.state in RUNS:
            must(Act.RUN_FUNNELS)
        # keeping also ends what an earlier change had asked for
        await ask_to_move(session, head, policy, now=now)
        heads.append(head)
    return heads


async def _head(session: AsyncSession, creator_id: int, key: str, *, lock: bool = False) -> FunnelHead | None:
    try:
        return await find_funnel(session, creator_id, key, lock=lock)
    except NoSuchFunnel:
        return None
