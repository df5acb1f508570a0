from dataclasses import dataclass

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from domain.flows.nodes import AskNode
from kit.errors import Invalid


class WrongAnswer(Invalid):
    """Its `code` is also the key of the text that tells the person why."""

    code = "wrong-answer"


@dataclass(frozen=True, slots=True)
class Typed:
    text: str


@dataclass(frozen=True, slots=True)
class SharedContact:
    """A contact from the phone's book; `own` when it is the person's very own, as Telegram tells."""

    phone: str
    own: bool


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
class Unreadable:
    """Something that answers no question: a sticker, a voice note."""


Given = Typed | SharedContact | Tapped | Skipped | Unreadable


@dataclass(frozen=True, slots=True)
class Answer:
    value: str
    verified: bool = False


def read_answer(node: AskNode, given: Given) -> Answer:
    """What was given, checked and normalised for the question. Raises WrongAnswer with a text's key."""
    match node.kind, given:
        case "phone", SharedContact(phone=phone, own=True):
            return Answer(read_phone(phone if phone.startswith("+") else f"+{phone}"), verified=True)
        case _, SharedContact(own=False):
            raise WrongAnswer("answer-own-contact")
        case "phone", Typed(text=text):
            return Answer(read_phone(text))
        case "email", Typed(text=text):
            return Answer(_read_email(text))
        case "text", Typed(text=text):
            value = " ".join(text.split())
            if not 1 <= len(value) <= node.max_length:
                raise WrongAnswer("answer-too-long")
            return Answer(value)
    raise WrongAnswer(f"answer-needs-{node.kind}")


def read_phone(text: str) -> str:
    """A number in E.164, from any way of writing it with its country code. Raises WrongAnswer."""
    try:
        number = phonenumbers.parse(text, None)
    except phonenumbers.NumberParseException:
        raise WrongAnswer("answer-needs-phone") from None
    if not phonenumbers.is_possible_number(number):
        raise WrongAnswer("answer-needs-phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _read_email(text: str) -> str:
    try:
        return validate_email(text.strip(), check_deliverability=False).normalized.casefold()
    except EmailNotValidError:
        raise WrongAnswer("answer-needs-email") from None
