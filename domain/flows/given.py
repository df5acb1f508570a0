"""What people may give to a question, and what it can come to."""

from dataclasses import dataclass
from datetime import date

from domain.leads import FieldValue
from kit.errors import Invalid, Reason
from store.models import Proof, Shape

# `OPTION` of a button that is none of the question's own options
DONE, SKIP, BACK = 900, 901, 902
YES, NO = 0, 1


class WrongAnswer(Invalid):
    """Its `why` tells the person; `str()` is the key of that text. A `free` one is told, and spends no try."""

    code = "wrong_answer"

    def __init__(self, key: str, /, *, free: bool = False, **values: object) -> None:
        self.free = free
        self.reason = Reason(key, **values)
        super().__init__(key, why=self.reason)


@dataclass(frozen=True, slots=True)
class Typed:
    text: str


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact from the phone's book; `own` when it is the person's very own, as Telegram tells."""

    phone: str
    own: bool


@dataclass(frozen=True, slots=True)
class SharedLocation:
    """In degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class SentFile:
    """A file that Telegram holds for one bot."""

    telegram_file_id: str
    shape: Shape
    file_name: str
    mime_type: str
    size: int | None


@dataclass(frozen=True, slots=True)
class Tapped:
    """A button of the question shown as `turn` of run `run_id`."""

    run_id: int
    turn: int
    option: int


@dataclass(frozen=True, slots=True)
class Skipped:
    """The question may be left out, and was."""


@dataclass(frozen=True, slots=True)
class Back:
    """The question before, once more."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something that answers no question: a sticker, a poll."""


Given = Typed | SharedContact | SharedLocation | SentFile | Tapped | Skipped | Back | Unreadable


@dataclass(frozen=True, slots=True)
class Ground:
    """Who answers, and when: their language, and the day in their time zone."""

    language: str
    today: date


@dataclass(frozen=True, slots=True)
class Answer:
    """With a `file` the value is for whoever keeps it: the id of the stored file."""

    value: FieldValue
    proof: Proof = Proof.TYPED
    file: SentFile | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """Of a choice of several: the values marked now, in the order of the options, and whether that was all."""

    values: tuple[str, ...]
    done: bool
