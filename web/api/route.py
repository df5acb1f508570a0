"""What an endpoint is: one row of the table in `web.api.table`, from which addresses, rights and documents are made."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, Literal, TypeVar

from aiohttp import web
from pydantic import BaseModel, ConfigDict
from sqlalchemy.ext.asyncio import AsyncSession

from domain.access import Act
from kit.errors import Forbidden, NotFound, Refusal
from store.models import Account
from web.auth import Caller, must_still
from web.tools import WebTools

Method = Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
Q = TypeVar("Q", bound=BaseModel)
B = TypeVar("B", bound=BaseModel)
# more than any number of ours has, and few enough for every store
_MOST_DIGITS = 18


class NoQuery(BaseModel):
    """Of an address that takes no parameters."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class NoBody(BaseModel):
    """Of an address that takes no body; one that is sent all the same is not read."""


@dataclass(frozen=True)
class Call(Generic[Q, B]):
    """One request that may be answered: who calls, what they sent, and the transaction it is answered in."""

    request: web.Request
    tools: WebTools
    query: Q
    body: B
    # None on a public address that was called without a token
    caller: Caller | None
    # whom it is done for; None where it is no creator's business
    for_creator: int | None
    # of a route whose `session` is "none" there is none
    open_session: AsyncSession | None

    @property
    def session(self) -> AsyncSession:
        if self.open_session is None:
            raise RuntimeError("this address opens its own transactions")
        return self.open_session

    @property
    def account(self) -> Account:
        if self.caller is None:
            raise RuntimeError("this address is public: there may be no account")
        return self.caller.account

    @property
    def creator_id(self) -> int:
        if self.for_creator is None:
            raise RuntimeError("this address is no creator's business")
        return self.for_creator

    def must(self, act: Act) -> None:
        """Beside the act of the address. Raises Forbidden for what is not theirs to do."""
        if self.caller is not None:
            self.caller.must(act)

    def may(self, act: Act) -> bool:
        """Whether that is theirs to do, beside the act of the address."""
        try:
            self.must(act)
        except Forbidden:
            return False
        return self.caller is not None

    async def must_still(self, session: AsyncSession, act: Act) -> None:
        """In the transaction of what took long to come. Raises NotSignedIn or Forbidden."""
        if self.caller is not None:
            await must_still(session, self.caller, act, self.creator_id)

    def number(self, name: str) -> int:
        """The number that the address names. Raises NotFound for what can be none of ours."""
        text = self.request.match_info[name]
        if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
            raise NotFound("there is nothing of that number")
        return int(text)

    def word(self, name: str) -> str:
        """The word that the address names, such as a funnel's; what no text can hold is not found."""
        text = self.request.match_info[name]
        if any(each == "\0" or "\ud800" <= each <= "\udfff" for each in text):
            raise NotFound("there is nothing of that name")
        return text

    def must_be(self, user_id: str) -> None:
        """Only one's own address, letter for letter: the `sub` of their token. `7` is not `07`."""
        if self.caller is None or user_id != self.caller.known_as:
            raise Forbidden("this address belongs to another account")


Plain = Call[NoQuery, NoBody]


@dataclass(frozen=True)
class Answered:
    """An answer with a status of its own; `response` is one that is no JSON, or is sent piece by piece."""

    body: BaseModel | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    response: web.StreamResponse | None = None


@dataclass(frozen=True)
class Media:
    """An answer or a body that is no JSON: `text/csv`, `text/event-stream`, `multipart/form-data`."""

    kind: str
    means: str = ""
    # of a form: its parts as JSON Schema, and which of them have to be there
    fields: Mapping[str, Any] = field(default_factory=dict)
    needs: Sequence[str] = ()
    # of a body; of a form, what stands in its parts
    example: Mapping[str, Any] | str | None = None


Does = Callable[[Call[Q, B]], Awaitable[BaseModel | Answered | None]]


@dataclass(frozen=True)
class Route(Generic[Q, B]):
    """An endpoint under /api/v1.

    `session` says in what it is answered: "read" in a consistent read; "write" in one transaction, after who calls was
    asked in a read; "none" where the handler orders wire calls, or streams, and opens its own.
    `answers` are the good statuses and what they carry, the first of them the usual one. `refuses` are the refusals
    that its act can raise; those that any request may meet are added by themselves.
    """

    method: Method
    # below /api/v1, as in `/leads/{lead_id}`
    path: str
    act: Act
    does: Does[Q, B]
    summary: str
    answers: Mapping[int, type[BaseModel] | Media | None]
    session: Literal["read", "write", "none"] = "read"
    query: type[Q] = NoQuery  # type: ignore[assignment]  # what a route without parameters takes
    body: type[B] = NoBody  # type: ignore[assignment]  # what a route without a body takes
    # of a body that is no JSON, which the handler reads itself; beside a `body`, either may come, and it reads both
    takes: Media | None = None
    refuses: tuple[type[Refusal], ...] = ()
    # how many a minute: of signing in, of what anybody may ask, of reads and of writes
    rate: Literal["sign_in", "public", "usual", "heavy"] = "usual"
    # a repeat under the same `Idempotency-Key` is answered the same, and does nothing
    repeatable: bool = False
    # bytes of a JSON body
    most: int = 64 * 1024
    # an example of the body, and of each answer by its status
    example: Mapping[str, Any] | None = None
    shows: Mapping[int, Any] = field(default_factory=dict)
    # headers of its usual answer, and what each of them says
    heads: Mapping[str, str] = field(default_factory=dict)
    # parts of the address that are words, though they are called `…_id`
    words: tuple[str, ...] = ()
    # the test that proves it: `tests/web/test_api_leads.py::test_…`, without the folder
    proves: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The noun it stands under, in the documents."""
        return self.path.split("/")[1]

    @property
    def is_own(self) -> bool:
        """Whether it stands under whoever calls (`Call.must_be`)."""
        return self.path.startswith("/{user_id}/")

    @property
    def usual(self) -> int:
        return next(iter(self.answers))
